//! What the checker finds: for each code the smallest mapping that causes it, and how it is shown.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

/// A mapping without a finding. Each case changes one thing.
const GOOD: &str = r#"mapping: small
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: snapshot
  asOf: stated
  tables:
    rows:
      key: ID
      identity: [ID]
      columns:
        ID: { type: string, required: true }
        Name: { type: string, required: true }
        Sex: { type: code, values: [Male, Female] }
        Born: { type: date, formats: [dd/MM/yyyy] }
codes:
  sex: { to: http://hl7.org/fhir/administrative-gender, rows: { Male: male, Female: female } }
make:
  Patient:
    from: rows
    profile: UKCore-Patient
    name: [ { family: "=[Name]" } ]
    gender: =[Sex] | code(sex)
    birthDate: =[Born]
  Flag:
    from: rows
    when: =present([Born])
    profile: UKCore-Flag
    status: active
    code: { text: Born }
    subject: =Patient()
"#;

#[test]
fn the_mapping_that_the_cases_change_has_no_finding() {
    let loaded = support::load("small", GOOD, &[]);
    assert!(loaded.issues.is_empty(), "{}", support::render(&loaded));
    assert!(loaded.mapping.is_some());
}

/// Changes the mapping, and looks for a code among the findings.
fn finds(name: &str, code: &str, from: &str, to: &str) {
    assert!(
        GOOD.contains(from),
        "{name}: the text to change is not there"
    );
    let loaded = support::load("small", &GOOD.replacen(from, to, 1), &[]);
    let shown = support::render(&loaded);
    assert!(
        loaded.issues.iter().any(|issue| issue.code == code),
        "{name}: {code} is not found:\n{shown}"
    );
    for issue in &loaded.issues {
        assert!(
            issue.help.is_some(),
            "{name}: {issue} does not say how to mend it"
        );
        assert!(issue.mapping.is_some(), "{name}: {issue} has no place");
    }
    assert_eq!(
        loaded.mapping.is_none(),
        diagnostics::has_errors(&loaded.issues),
        "{name}: an error refuses the mapping, a warning does not"
    );
    insta::assert_snapshot!(name, shown);
}

macro_rules! cases {
    ($($name:ident $code:literal $from:literal => $to:literal;)*) => {
        $(#[test] fn $name() { finds(stringify!($name), $code, $from, $to); })*
    };
}

cases! {
    yaml_that_cannot_be_read "M002" "{ family: \"=[Name]\" }" => "{ family: =[Name] }";
    a_key_written_twice "M003" "  extent: snapshot" => "  extent: snapshot\n  extent: changes";
    an_unknown_key "M004" "extent: snapshot" => "extend: snapshot";
    a_missing_key "M005" "version: 1.0.0\n" => "";
    a_type_that_does_not_exist "M006" "type: date," => "type: dat,";
    a_name_that_is_not_the_folders "M006" "mapping: small" => "mapping: tall";
    an_expression_that_breaks_off "M007" "=[Sex] | code(sex)" => "=[Sex] | code(sex";
    a_text_without_end "M007" "=present([Born])" => "=present([Born)";
    a_comparison_of_three "M007" "=present([Born])" => "=1 < 2 < 3";
    an_unknown_function "M008" "| code(sex)" => "| cod(sex)";
    no_clock "M008" "=present([Born])" => "=[Born] < today()";
    too_many_arguments "M009" "=present([Born])" => "=present([Born], 1)";
    an_unsuitable_argument "M009" "=[Born]\n  Flag" => "=quantity([Born], \"kg\")\n  Flag";
    an_unknown_code_table "M010" "code(sex)" => "code(gender)";
    an_unknown_variable "M010" "=present([Born])" => "=present(born)";
    another_fhir_version "M011" "fhir: 4.0.1" => "fhir: 5.0.0";
    no_extent "M020" "  extent: snapshot\n" => "";
    no_as_of "M021" "  asOf: stated\n" => "";
    an_as_of_that_is_no_date "M021" "asOf: stated" => "asOf: =rows.[Name]";
    an_unknown_column "M022" "=[Born]\n" => "=[Bron]\n";
    an_unknown_column_in_a_key "M022" "key: ID" => "key: IDD";
    an_unused_column "M023" "    birthDate: =[Born]\n  Flag:\n    from: rows\n    when: =present([Born])" => "  Flag:\n    from: rows";
    a_bad_date_format "M024" "[dd/MM/yyyy]" => "[dd/MM/yy]";
    a_date_format_with_a_time "M024" "[dd/MM/yyyy]" => "[dd/MM/yyyy HH:mm]";
    no_date_format "M024" "{ type: date, formats: [dd/MM/yyyy] }" => "date";
    an_unknown_table "M025" "from: rows" => "from: row";
    a_denied_column_in_use "M026" "Born: { type: date, formats: [dd/MM/yyyy] }" => "Born: { deny: secret }";
    a_label_outside_the_list "M027" "=present([Born])" => "=[Sex] = \"Mail\"";
    a_key_of_another_size "M028" "=present([Born])" => "=rows(\"a\", \"b\").[Name] = \"x\"";
    a_code_table_that_is_not_there "M001" "rows: { Male: male, Female: female } }" => "file: codes/none.csv }";
    an_incomplete_code_table "M041" "Female: female }" => "}";
    an_unreachable_row "M042" "Female: female }" => "Female: female, Other: other }";
    a_code_outside_the_binding "M043" "Female: female }" => "Female: woman }";
    a_constant_outside_the_binding "M043" "status: active" => "status: activ";
    an_unused_code_table "M044" "    gender: =[Sex] | code(sex)\n" => "    gender: =if([Sex] = \"Male\", \"male\", \"female\")\n";
    two_rows_of_one_label "M045" "Female: female }" => "Female: female, male: other }";
    an_unknown_resource_type "M050" "  Flag:" => "  Flagg:";
    an_unknown_profile "M050" "UKCore-Flag" => "UKCore-Flagg";
    a_profile_of_another_type "M050" "UKCore-Flag" => "UKCore-Patient";
    an_unknown_element "M051" "birthDate:" => "birthdate:";
    a_wrong_type "M052" "birthDate: =[Born]" => "birthDate: =[Name]";
    a_text_for_a_concept "M052" "code: { text: Born }" => "code: =[Name]";
    a_condition_that_is_none "M052" "=present([Born])" => "=[Name]";
    too_many_values "M053" "birthDate: =[Born]" => "birthDate: [ \"=[Born]\", 1938-02-11 ]";
    a_missing_mandatory_element "M054" "    status: active\n" => "";
    a_mandatory_element_fed_by_what_may_be_blank "M055" "code: { text: Born }" => "code: =[Sex] | textOnly";
    an_unknown_slice "M056" "birthDate: =[Born]" => "birthDate: =[Born]\n    identifier: [ { slice: nhsNumbr, value: \"=[ID]\" } ]";
    an_unknown_extension "M057" "birthDate: =[Born]" => "birthDate: =[Born]\n    extension: { ethnicCategry: x }";
    an_extension_without_a_definition "M057" "birthDate: =[Born]" => "birthDate: =[Born]\n    extension: { \"https://example.org/x\": { valueString: \"=[Name]\" } }";
    a_contradiction_of_what_is_fixed "M058" "birthDate: =[Born]" => "birthDate: =[Born]\n    identifier: [ { slice: nhsNumber, system: \"https://example.org/other\", value: \"=[ID]\" } ]";
    a_reference_to_no_rule "M059" "=Patient()" => "=Patiant()";
    a_reference_to_a_type_that_is_not_allowed "M060" "    birthDate: =[Born]\n" => "    birthDate: =[Born]\n  Consent:\n    from: rows\n    status: active\n    scope: { text: x }\n    category: [ { text: x } ]\n    policyRule: { text: x }\n    patient: =Flag()\n";
    a_reference_with_too_many_keys "M061" "=Patient()" => "=Patient([ID], [Name])";
    rules_in_a_circle "M061" "    birthDate: =[Born]\n" => "    birthDate: =[Born]\n    link: [ { other: \"=Patient()\", type: seealso } ]\n";
    a_volatile_id "M062" "ID: { type: string, required: true }" => "ID: { type: string, required: true, volatile: true }";
    a_volatile_key "M062" "key: ID
      identity: [ID]
      columns:
        ID: { type: string, required: true }" => "key: ID
      columns:
        ID: { type: string, required: true, volatile: true }";
    two_rules_of_one_name "M063" "  Flag:" => "  Patient:";
    an_element_of_the_engines_own "M064" "    birthDate: =[Born]" => "    birthDate: =[Born]\n    id: x";
    a_rule_key_that_hides_an_element "M064" "  Flag:\n    from: rows\n    when: =present([Born])\n    profile: UKCore-Flag\n    status: active\n    code: { text: Born }\n    subject: =Patient()\n" => "  MeasureReport:\n    from: rows\n    group: ID\n    status: complete\n    type: individual\n    measure: https://example.org/m\n    period: { start: \"=[Born]\" }\n";
    free_text_that_nobody_asked "M065" "  Flag:\n    from: rows\n    when: =present([Born])\n    profile: UKCore-Flag\n    status: active\n    code: { text: Born }" => "  Condition:\n    from: rows\n    when: =present([Born])\n    profile: UKCore-Condition\n    code: =[Name] | textOnly";
    a_rule_that_never_applies "M066" "=present([Born])" => "=false";
    a_constant_of_the_wrong_format "M067" "birthDate: =[Born]" => "birthDate: 11/02/1938";
}

#[test]
fn a_volatile_column_may_only_join() {
    let text = GOOD
        .replace(
            "ID: { type: string, required: true }",
            "ID: { type: string, required: true, volatile: true }",
        )
        .replace("identity: [ID]", "identity: [Name]");
    let loaded = support::load("small", &text, &[]);
    assert!(loaded.issues.is_empty(), "{}", support::render(&loaded));
}

#[test]
fn a_description_is_an_element_and_no_comment() {
    let text = GOOD.replace("    subject: =Patient()\n", "    subject: =Patient()\n  Task:\n    from: rows\n    status: completed\n    intent: plan\n    description: =[Name]\n    for: =Patient()\n");
    let loaded = support::load("small", &text, &[]);
    let mapping = loaded.mapping.expect("it checks");
    let (made, _) = support::run(
        &mapping,
        "x.csv",
        b"ID,Name,Sex,Born\n1,Ada,Male,11/02/1938\n",
    );
    assert_eq!(made.one("Task").resource.text("description"), Some("Ada"));
}

#[test]
fn a_concept_prefers_to_stay_one() {
    let text = GOOD.replace("    subject: =Patient()\n", "    subject: =Patient()\n  Observation:\n    from: rows\n    when: =present([Sex])\n    status: final\n    code: { text: Sex }\n    subject: =Patient()\n    value: =[Sex] | code(sex)\n");
    let loaded = support::load("small", &text, &[]);
    let mapping = loaded.mapping.expect("it checks");
    let (made, _) = support::run(&mapping, "x.csv", b"ID,Name,Sex,Born\n1,Ada,Male,\n");
    assert!(
        made.one("Observation")
            .resource
            .get("valueCodeableConcept")
            .is_some()
    );
}

#[test]
fn every_finding_is_reported_at_once() {
    let text = GOOD
        .replace("birthDate:", "birthdate:")
        .replace("status: active", "status: activ")
        .replace("=Patient()", "=Patiant()");
    let loaded = support::load("small", &text, &[]);
    let codes: Vec<&str> = loaded.issues.iter().map(|issue| &*issue.code).collect();
    for code in ["M051", "M043", "M059"] {
        assert!(codes.contains(&code), "{codes:?}");
    }
}
