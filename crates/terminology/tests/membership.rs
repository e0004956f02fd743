//! What is in, what is out, and what is left undecided.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use definitions::form::Definition;
use definitions::{Definitions, package};
use terminology::Membership::{In, Out, Unknown};
use terminology::{Extent, Terminology};

const GENDER: &str = "http://hl7.org/fhir/ValueSet/administrative-gender";
const GENDERS: &str = "http://hl7.org/fhir/administrative-gender";
const SNOMED: &str = "http://snomed.info/sct";

fn embedded() -> Terminology {
    Terminology::new(Definitions::embedded())
}

fn with(resources: &[&str]) -> Terminology {
    let all: Vec<Definition> = resources
        .iter()
        .map(|text| {
            package::read(&json::parse(text.as_bytes()).unwrap())
                .unwrap()
                .unwrap()
        })
        .collect();
    Terminology::new(&Definitions::embedded().with(&all).unwrap())
}

#[test]
fn a_listed_set_decides_everything() {
    let terminology = embedded();
    assert_eq!(terminology.contains(GENDER, None, "female"), In);
    assert_eq!(terminology.contains(GENDER, Some(GENDERS), "female"), In);
    assert_eq!(terminology.contains(GENDER, None, "Female"), Out);
    assert_eq!(terminology.contains(GENDER, Some(SNOMED), "female"), Out);
    assert_eq!(terminology.system_of(GENDER, "female"), Some(GENDERS));
    assert_eq!(terminology.system_of(GENDER, "F"), None);
    let codes = terminology.codes(GENDER).unwrap();
    let codes: Vec<&str> = codes.into_iter().map(|(_, code)| code).collect();
    assert_eq!(codes, ["male", "female", "other", "unknown"]);
}

#[test]
fn a_version_that_is_not_here_decides_nothing() {
    let terminology = embedded();
    assert_eq!(
        terminology.contains(&format!("{GENDER}|4.0.1"), None, "x"),
        Out
    );
    assert_eq!(
        terminology.contains(&format!("{GENDER}|9.9.9"), None, "x"),
        Unknown
    );
    assert_eq!(
        terminology.contains("http://example.org/none", None, "x"),
        Unknown
    );
    assert!(!terminology.knows_value_set("http://example.org/none"));
}

#[test]
fn a_set_that_needs_a_server_still_refuses_foreign_systems() {
    let terminology = embedded();
    let set = "http://hl7.org/fhir/ValueSet/condition-code";
    assert_eq!(terminology.contains(set, Some(SNOMED), "38341003"), Unknown);
    assert_eq!(terminology.contains(set, Some(GENDERS), "male"), Out);
    assert_eq!(terminology.codes(set), None);
    assert_eq!(terminology.extent(set).unwrap(), [(SNOMED, Extent::Open)]);
}

#[test]
fn languages_media_types_and_units_are_told_by_their_form() {
    let terminology = embedded();
    let languages = "http://hl7.org/fhir/ValueSet/all-languages";
    assert_eq!(
        terminology.contains(languages, Some("urn:ietf:bcp:47"), "en-GB"),
        In
    );
    assert_eq!(
        terminology.contains(languages, Some("urn:ietf:bcp:47"), "q4"),
        Out
    );
    assert_eq!(
        terminology.contains(
            languages,
            Some("https://fhir.hl7.org.uk/CodeSystem/UKCore-HumanLanguage"),
            "en"
        ),
        Out
    );
    let types = "http://hl7.org/fhir/ValueSet/mimetypes|4.0.1";
    assert_eq!(terminology.contains(types, None, "text/plain"), In);
    assert_eq!(terminology.contains(types, None, "xml"), In);
    assert_eq!(terminology.contains(types, None, "pdf"), Out);
    let units = "http://hl7.org/fhir/ValueSet/ucum-units";
    assert_eq!(
        terminology.contains(units, Some("http://unitsofmeasure.org"), "mm[Hg]"),
        In
    );
    assert_eq!(
        terminology.contains(units, Some("http://unitsofmeasure.org"), "mm Hg"),
        Out
    );
    let distances = "http://hl7.org/fhir/ValueSet/all-distance-units";
    for (code, expected) in [
        ("cm", In),
        ("km", In),
        ("[in_i]", In),
        ("s", Out),
        ("metre", Out),
    ] {
        assert_eq!(
            terminology.contains(distances, Some("http://unitsofmeasure.org"), code),
            expected,
            "{code}"
        );
    }
}

#[test]
fn a_hierarchy_is_followed_with_all_its_parents() {
    let terminology = embedded();
    let set = "http://terminology.hl7.org/ValueSet/v3-PersonalRelationshipRoleType";
    let roles = "http://terminology.hl7.org/CodeSystem/v3-RoleCode";
    for code in ["FAMMEMB", "MTH", "TWIN", "FRND"] {
        assert_eq!(terminology.contains(set, Some(roles), code), In, "{code}");
    }
    assert_eq!(terminology.contains(set, Some(roles), "HOSP"), Out);
    // The code that only groups the others is taken out of the set again.
    assert_eq!(
        terminology.contains(set, Some(roles), "_PersonalRelationshipRoleType"),
        Out
    );
}

#[test]
fn code_systems_answer_for_themselves() {
    let terminology = embedded();
    assert_eq!(terminology.knows_system(GENDERS), Some(true));
    assert_eq!(terminology.knows_system("urn:ietf:bcp:47"), Some(false));
    assert_eq!(terminology.knows_system(SNOMED), Some(false));
    assert_eq!(terminology.knows_system("http://example.org/none"), None);
    assert_eq!(terminology.code_in_system(GENDERS, "male"), In);
    assert_eq!(terminology.code_in_system(GENDERS, "m"), Out);
    assert_eq!(terminology.code_in_system(SNOMED, "1"), Unknown);
    assert_eq!(terminology.display(GENDERS, "male"), Some("Male"));
    let ethnic = "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland";
    assert!(terminology.display(ethnic, "A").is_some());
    // Example and fragment systems list some codes; others may exist.
    let services = "http://terminology.hl7.org/CodeSystem/service-type";
    assert_eq!(terminology.knows_system(services), Some(false));
    assert_eq!(
        terminology.code_in_system(services, "no such code"),
        Unknown
    );
}

#[test]
fn case_is_ignored_only_where_the_system_says_so() {
    let terminology = with(&[
        r#"{"resourceType":"CodeSystem","url":"http://example.org/loose","status":"active",
            "content":"complete","caseSensitive":false,"concept":[{"code":"Aa"}]}"#,
        r#"{"resourceType":"ValueSet","url":"http://example.org/v","status":"active",
            "compose":{"include":[{"system":"http://example.org/loose"}]}}"#,
    ]);
    assert_eq!(terminology.contains("http://example.org/v", None, "aA"), In);
    assert_eq!(
        terminology.code_in_system("http://example.org/loose", "AA"),
        In
    );
    assert_eq!(terminology.contains(GENDER, None, "MALE"), Out);
}

#[test]
fn imports_meet_and_exclusions_are_taken_out() {
    let terminology = with(&[
        r#"{"resourceType":"ValueSet","url":"http://example.org/some","status":"active","compose":{
            "include":[{"system":"http://hl7.org/fhir/administrative-gender",
                "concept":[{"code":"male"},{"code":"female"},{"code":"other"}]},
               {"system":"http://snomed.info/sct","concept":[{"code":"1"},{"code":"2"}]}],
            "exclude":[{"system":"http://snomed.info/sct","concept":[{"code":"2"}]},
               {"system":"http://hl7.org/fhir/administrative-gender","concept":[{"code":"other"}]}]}}"#,
        r#"{"resourceType":"ValueSet","url":"http://example.org/meet","status":"active","compose":{
            "include":[{"valueSet":["http://example.org/some"],
                "system":"http://hl7.org/fhir/administrative-gender"}]}}"#,
        r#"{"resourceType":"ValueSet","url":"http://example.org/less","status":"active","compose":{
            "include":[{"system":"http://snomed.info/sct"}],
            "exclude":[{"system":"http://snomed.info/sct","concept":[{"code":"7"}]}]}}"#,
        r#"{"resourceType":"ValueSet","url":"http://example.org/lost","status":"active","compose":{
            "include":[{"valueSet":["http://example.org/nowhere"]},
                {"system":"http://hl7.org/fhir/administrative-gender"}]}}"#,
    ]);
    let some = terminology.codes("http://example.org/some").unwrap();
    assert_eq!(
        some,
        [(GENDERS, "male"), (GENDERS, "female"), (SNOMED, "1")]
    );
    let meet = terminology.codes("http://example.org/meet").unwrap();
    assert_eq!(meet, [(GENDERS, "male"), (GENDERS, "female")]);
    let less = "http://example.org/less";
    assert_eq!(terminology.contains(less, Some(SNOMED), "7"), Out);
    assert_eq!(terminology.contains(less, Some(SNOMED), "8"), Unknown);
    let lost = "http://example.org/lost";
    assert_eq!(terminology.contains(lost, None, "male"), In);
    assert_eq!(
        terminology.contains(lost, Some("http://example.org/x"), "y"),
        Unknown
    );
    assert_eq!(terminology.extent(lost), None);
}

#[test]
fn sets_that_import_each_other_end() {
    let terminology = with(&[
        r#"{"resourceType":"ValueSet","url":"http://example.org/a","status":"active","compose":{
            "include":[{"valueSet":["http://example.org/b"]}]}}"#,
        r#"{"resourceType":"ValueSet","url":"http://example.org/b","status":"active","compose":{
            "include":[{"valueSet":["http://example.org/a"]}]}}"#,
    ]);
    assert_eq!(
        terminology.contains("http://example.org/a", None, "x"),
        Unknown
    );
    assert_eq!(
        terminology.contains("http://example.org/b", None, "x"),
        Unknown
    );
}

#[test]
fn snomed_lists_are_listed_and_descendants_left_open() {
    let terminology = embedded();
    let acvpu = "https://fhir.hl7.org.uk/ValueSet/UKCore-ACVPU";
    assert_eq!(terminology.codes(acvpu).unwrap().len(), 5);
    assert_eq!(terminology.contains(acvpu, Some(SNOMED), "248234008"), In);
    assert_eq!(terminology.contains(acvpu, Some(SNOMED), "1"), Out);
}
