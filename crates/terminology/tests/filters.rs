//! Every filter operator, supplements, inactive codes and shipped expansions.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use definitions::form::Definition;
use definitions::{Definitions, package};
use terminology::Membership::{self, In, Out, Unknown};
use terminology::Terminology;

const SYSTEM: &str = "http://example.org/beasts";

/// beast > dog > puppy, and beast > cat, which is no longer used.
const BEASTS: &str = r#"{"resourceType":"CodeSystem","url":"http://example.org/beasts","version":"2",
  "status":"active","content":"complete","caseSensitive":true,"concept":[
   {"code":"beast","display":"Beast","property":[{"code":"notSelectable","valueBoolean":true}],"concept":[
     {"code":"dog","display":"Dog","designation":[{"language":"cy","value":"Ci"}],
      "property":[{"code":"legs","valueInteger":4}],"concept":[{"code":"puppy","display":"Puppy"}]},
     {"code":"cat","display":"Cat","property":[{"code":"status","valueCode":"retired"},
       {"code":"legs","valueInteger":3}]}]}]}"#;

fn with(resources: &[String]) -> Terminology {
    let all: Vec<Definition> = std::iter::once(BEASTS)
        .chain(resources.iter().map(String::as_str))
        .map(|text| {
            package::read(&json::parse(text.as_bytes()).unwrap())
                .unwrap()
                .unwrap()
        })
        .collect();
    Terminology::new(&Definitions::embedded().with(&all).unwrap())
}

fn set(name: &str, compose: &str) -> String {
    format!(
        r#"{{"resourceType":"ValueSet","url":"http://example.org/{name}","status":"active",{compose}}}"#
    )
}

#[test]
fn every_operator_chooses_what_it_says() {
    let cases = [
        ("concept", "is-a", "dog", Some("dog puppy")),
        ("concept", "descendent-of", "beast", Some("dog puppy cat")),
        ("concept", "is-not-a", "dog", Some("beast cat")),
        ("concept", "generalizes", "puppy", Some("beast dog puppy")),
        ("concept", "child-of", "beast", Some("dog cat")),
        ("concept", "descendent-leaf", "beast", Some("puppy cat")),
        ("concept", "=", "cat", Some("cat")),
        ("code", "in", "cat, dog", Some("cat dog")),
        ("code", "not-in", "cat,dog", Some("beast puppy")),
        ("code", "regex", "[a-d].*", Some("beast dog cat")),
        ("code", "regex", "o", Some("")),
        ("display", "regex", "P.*", Some("puppy")),
        ("parent", "=", "dog", Some("puppy")),
        ("child", "=", "puppy", Some("dog")),
        ("legs", "=", "4", Some("dog")),
        ("legs", "exists", "true", Some("dog cat")),
        ("legs", "exists", "false", Some("beast puppy")),
        ("legs", "in", "3,4", Some("dog cat")),
        ("inactive", "=", "true", Some("cat")),
        ("notSelectable", "=", "true", Some("beast")),
        // What is not kept, not understood or not readable is not decided.
        ("wings", "=", "2", None),
        ("concept", "nearly", "dog", None),
        ("code", "regex", "(", None),
        ("legs", "exists", "perhaps", None),
    ];
    let sets: Vec<String> = cases
        .iter()
        .enumerate()
        .map(|(at, (property, op, value, _))| {
            set(
                &at.to_string(),
                &format!(
                    r#""compose":{{"include":[{{"system":"{SYSTEM}","filter":[{{"property":"{property}","op":"{op}","value":"{value}"}}]}}]}}"#
                ),
            )
        })
        .collect();
    let terminology = with(&sets);
    for (at, (property, op, value, expected)) in cases.iter().enumerate() {
        let url = format!("http://example.org/{at}");
        for code in ["beast", "dog", "puppy", "cat"] {
            let wanted = expected.map_or(Unknown, |listed| {
                if listed.split(' ').any(|one| one == code) {
                    In
                } else {
                    Out
                }
            });
            let found = terminology.contains(&url, Some(SYSTEM), code);
            assert_eq!(found, wanted, "{property} {op} {value}: {code}");
            let why = terminology.why_unknown(&url, Some(SYSTEM), code);
            assert_eq!(why.is_some(), wanted == Unknown);
        }
    }
}

#[test]
fn inactive_codes_are_left_out_only_where_the_set_says_so() {
    let all = format!(r#"{{"include":[{{"system":"{SYSTEM}"}}]"#);
    let terminology = with(&[
        set("all", &format!(r#""compose":{all}}}"#)),
        set("active", &format!(r#""compose":{all},"inactive":false}}"#)),
    ]);
    let ask = |name: &str| terminology.contains(&format!("http://example.org/{name}"), None, "cat");
    assert_eq!((ask("all"), ask("active")), (In, Out));
    let known = terminology.concept(SYSTEM, "cat").unwrap();
    assert!(known.is_inactive && !known.is_abstract);
    assert!(terminology.concept(SYSTEM, "beast").unwrap().is_abstract);
    assert_eq!(terminology.concept(SYSTEM, "hen"), None);
}

#[test]
fn names_of_all_languages_and_of_supplements_fit() {
    let terminology = with(&[
        r#"{"resourceType":"CodeSystem","url":"http://example.org/more",
        "status":"active","content":"supplement","supplements":"http://example.org/beasts",
        "concept":[{"code":"dog","designation":[{"language":"de","value":"Hund"}]}]}"#
            .to_owned(),
    ]);
    let ask = |name: &str| -> Membership { terminology.display_fits(SYSTEM, "dog", name) };
    for good in ["Dog", "dog", " DOG ", "Ci", "Hund"] {
        assert_eq!(ask(good), In, "{good}");
    }
    assert_eq!(ask("Cat"), Out);
    assert_eq!(terminology.display_fits(SYSTEM, "hen", "Hen"), Unknown);
    // A supplement defines no code of its own.
    assert_eq!(
        terminology.code_in_system("http://example.org/more", "dog"),
        Unknown
    );
}

#[test]
fn a_version_that_is_not_here_leaves_the_include_open() {
    let of = |version: &str| {
        format!(r#""compose":{{"include":[{{"system":"{SYSTEM}","version":"{version}"}}]}}"#)
    };
    let terminology = with(&[set("right", &of("2")), set("wrong", &of("3"))]);
    let ask = |name: &str| terminology.contains(&format!("http://example.org/{name}"), None, "dog");
    assert_eq!((ask("right"), ask("wrong")), (In, Unknown));
}

#[test]
fn an_expansion_decides_what_the_composition_cannot() {
    let compose = r#""compose":{"include":[{"system":"http://snomed.info/sct","filter":[
        {"property":"concept","op":"is-a","value":"404684003"}]}]}"#;
    let whole = r#""expansion":{"timestamp":"2026-01-01","total":1,"contains":[
        {"system":"http://snomed.info/sct","code":"73211009"}]}"#;
    let terminology = with(&[
        set("none", compose),
        set("whole", &format!("{compose},{whole}")),
        set(
            "page",
            &format!("{compose},{}", whole.replace("\"total\":1", "\"total\":9")),
        ),
    ]);
    let ask = |name: &str, code: &str| {
        let url = format!("http://example.org/{name}");
        terminology.contains(&url, Some("http://snomed.info/sct"), code)
    };
    assert_eq!(ask("none", "73211009"), Unknown);
    assert_eq!(ask("none", "404684003"), In);
    assert_eq!(ask("whole", "73211009"), In);
    assert_eq!(ask("whole", "716186003"), Out);
    assert_eq!(ask("page", "73211009"), Unknown);
}

#[test]
fn a_difference_keeps_what_is_certain() {
    let terminology = with(&[set(
        "less",
        r#""compose":{"include":[{"system":"http://snomed.info/sct"},{"system":"http://example.org/beasts"}],
           "exclude":[{"system":"http://snomed.info/sct","filter":[{"property":"concept","op":"is-a","value":"73211009"}]},
             {"valueSet":["http://example.org/nowhere"]}]}"#,
    )]);
    let url = "http://example.org/less";
    let sct = Some("http://snomed.info/sct");
    assert_eq!(terminology.contains(url, sct, "73211009"), Out);
    assert_eq!(terminology.contains(url, sct, "716186003"), Unknown);
    assert_eq!(terminology.contains(url, Some(SYSTEM), "hen"), Out);
    assert_eq!(terminology.contains(url, Some(SYSTEM), "dog"), Unknown);
    assert_eq!(
        terminology.contains(url, Some("http://example.org/x"), "dog"),
        Out
    );
    let why = terminology.why_unknown(url, Some(SYSTEM), "dog").unwrap();
    assert!(why.to_string().contains("nowhere"), "{why}");
}
