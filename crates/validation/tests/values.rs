//! Fixed and pattern values, and the least and the most that a profile allows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use proptest::prelude::*;
use support::{parse, sound, with_definition};
use validation::Validator;

const URL: &str = "http://example.org/profile";

/// A validator of Observations whose value has this type, and this said of it.
fn observations(of_type: &str, rule: &str) -> Validator {
    with_definition(&format!(
        r#"{{"resourceType":"StructureDefinition","id":"test","url":"{URL}","name":"Test","status":"active",
            "kind":"resource","abstract":false,"type":"Observation","derivation":"constraint",
            "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","differential":{{"element":[
            {{"id":"Observation.value[x]","path":"Observation.value[x]","type":[{{"code":"{of_type}"}}],{rule}}}]}}}}"#
    ))
}

/// A validator of sampled data of which the period must be this.
fn periods(rule: &str) -> Validator {
    with_definition(&format!(
        r#"{{"resourceType":"StructureDefinition","id":"test","url":"{URL}","name":"Test","status":"active",
            "kind":"resource","abstract":false,"type":"Observation","derivation":"constraint",
            "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Observation","differential":{{"element":[
            {{"id":"Observation.value[x]","path":"Observation.value[x]","type":[{{"code":"SampledData"}}]}},
            {{"id":"Observation.value[x].period","path":"Observation.value[x].period",{rule}}}]}}}}"#
    ))
}

/// The codes of the errors of an Observation with this value.
fn codes(validator: &Validator, value: &str) -> Vec<String> {
    let text = format!(
        r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},{value}}}"#
    );
    validator
        .validate(&parse(&text), &[URL])
        .iter()
        .filter(|issue| issue.is_error())
        .map(|issue| issue.code.to_string())
        .collect()
}

fn period(validator: &Validator, period: &str) -> Vec<String> {
    codes(
        validator,
        &format!(
            r#""valueSampledData":{{"origin":{{"value":0}},"period":{period},"dimensions":1,"data":"1 2"}}"#
        ),
    )
}

const NONE: [&str; 0] = [];

#[test]
fn the_precision_of_a_decimal_is_part_of_its_value() {
    for (rule, code) in [("fixedDecimal", "V030"), ("patternDecimal", "V031")] {
        let whole = periods(&format!(r#""{rule}":1"#));
        assert_eq!(period(&whole, "1"), NONE);
        assert_eq!(period(&whole, "1.0"), [code]);
        assert_eq!(period(&whole, "1.00"), [code]);
        assert_eq!(period(&whole, "2"), [code]);
        let tenths = periods(&format!(r#""{rule}":1.0"#));
        assert_eq!(period(&tenths, "1.0"), NONE);
        assert_eq!(period(&tenths, "10e-1"), NONE);
        assert_eq!(period(&tenths, "1"), [code]);
        assert_eq!(period(&tenths, "-1.0"), [code]);
    }
    // Inside a value as well.
    for (rule, code) in [("fixedQuantity", "V030"), ("patternQuantity", "V031")] {
        let quantity = observations("Quantity", &format!(r#""{rule}":{{"value":0.10}}"#));
        assert_eq!(codes(&quantity, r#""valueQuantity":{"value":0.10}"#), NONE);
        assert_eq!(codes(&quantity, r#""valueQuantity":{"value":0.1}"#), [code]);
    }
    // More digits than a binary number holds.
    let long = periods(r#""fixedDecimal":0.1000000000000000000000001"#);
    assert_eq!(period(&long, "0.1000000000000000000000001"), NONE);
    assert_eq!(period(&long, "0.1000000000000000000000002"), ["V030"]);
}

#[test]
fn limits_of_decimals_are_exact() {
    let least = periods(r#""minValueDecimal":0.1"#);
    for inside in [
        "0.1",
        "0.10",
        "1e-1",
        "0.10000000000000000000000000000000001",
        "1e400",
    ] {
        assert_eq!(period(&least, inside), NONE, "{inside}");
    }
    for outside in [
        "0.09999999999999999999999999999999999",
        "0",
        "-1",
        "-0.0",
        "1e-400",
        "1e-99999999999999999999",
        "-1e400",
    ] {
        assert_eq!(period(&least, outside), ["V025"], "{outside}");
    }
    let most = periods(r#""maxValueDecimal":-5"#);
    for inside in [
        "-5",
        "-5.0",
        "-5.00000000000000000000000000000000001",
        "-1e1",
    ] {
        assert_eq!(period(&most, inside), NONE, "{inside}");
    }
    for outside in ["-4.99999999999999999999999999999999999", "0", "5"] {
        assert_eq!(period(&most, outside), ["V025"], "{outside}");
    }
}

fn quantity(validator: &Validator, value: &str, unit: &str) -> Vec<String> {
    codes(
        validator,
        &format!(
            r#""valueQuantity":{{"value":{value},"system":"http://unitsofmeasure.org","code":"{unit}"}}"#
        ),
    )
}

fn limited(name: &str, value: &str, unit: &str) -> Validator {
    observations(
        "Quantity",
        &format!(
            r#""{name}":{{"value":{value},"system":"http://unitsofmeasure.org","code":"{unit}"}}"#
        ),
    )
}

#[test]
fn limits_of_quantities_hold_in_every_unit_of_the_dimension() {
    let least = limited("minValueQuantity", "5", "mg");
    for (value, unit) in [("5", "mg"), ("5000", "ug"), ("0.005", "g"), ("1", "kg")] {
        assert_eq!(quantity(&least, value, unit), NONE, "{value} {unit}");
    }
    for (value, unit) in [
        ("4.999", "mg"),
        ("4999", "ug"),
        ("0.0049999999999", "g"),
        ("-1", "kg"),
    ] {
        assert_eq!(quantity(&least, value, unit), ["V025"], "{value} {unit}");
    }
    let most = limited("maxValueQuantity", "5", "mg");
    assert_eq!(quantity(&most, "5000", "ug"), NONE);
    assert_eq!(quantity(&most, "5000.001", "ug"), ["V025"]);
    assert_eq!(quantity(&most, "1", "g"), ["V025"]);
    let fever = limited("maxValueQuantity", "42", "Cel");
    assert_eq!(quantity(&fever, "107", "[degF]"), NONE);
    assert_eq!(quantity(&fever, "108", "[degF]"), ["V025"]);
    assert_eq!(quantity(&fever, "315.15", "K"), NONE);
    assert_eq!(quantity(&fever, "315.16", "K"), ["V025"]);
}

#[test]
fn what_no_unit_relates_is_not_compared_and_said() {
    let most = limited("maxValueQuantity", "5", "mg");
    let warned = |value: &str| {
        let text = format!(
            r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},{value}}}"#
        );
        let issues = most.validate(&parse(&text), &[URL]);
        sound(&issues);
        issues.iter().any(|issue| issue.code == "V025")
    };
    assert!(!warned(
        r#""valueQuantity":{"value":4,"system":"http://unitsofmeasure.org","code":"ug"}"#
    ));
    // Another dimension, a unit of one's own, and no number.
    assert_eq!(quantity(&most, "9", "mL"), NONE);
    for other in [
        r#""valueQuantity":{"value":9,"unit":"mg"}"#,
        r#""valueQuantity":{"value":9,"system":"https://example.org/units","code":"g"}"#,
        r#""valueQuantity":{"value":9,"comparator":"<","system":"http://unitsofmeasure.org","code":"g"}"#,
    ] {
        assert_eq!(codes(&most, other), NONE, "{other}");
        assert!(warned(other), "{other}");
    }
}

#[test]
fn the_system_of_a_quantity_is_absolute() {
    let any = observations("Quantity", r#""min":0"#);
    for relative in ["a", "units/of-measure", "/units"] {
        let value = format!(r#""valueQuantity":{{"value":1,"system":"{relative}","code":"a"}}"#);
        assert_eq!(codes(&any, &value), ["V026"], "{relative}");
    }
    for absolute in ["urn:oid:2.16.840.1.113883.6.8", "https://example.org/units"] {
        let value = format!(r#""valueQuantity":{{"value":1,"system":"{absolute}","code":"a"}}"#);
        assert_eq!(codes(&any, &value), NONE, "{absolute}");
    }
}

/// An Age, a Duration and their like carry the codes of UCUM as any quantity does (R4, age-1).
#[test]
fn a_kind_of_quantity_has_a_unit_of_its_system() {
    let condition = |code: &str| {
        let text = format!(
            r#"{{"resourceType":"Condition","subject":{{"display":"x"}},
                "onsetAge":{{"value":42,"unit":"a","system":"http://unitsofmeasure.org","code":"{code}"}}}}"#
        );
        let found = Validator::embedded().validate(&parse(&text), &[]);
        let errors = found.iter().filter(|issue| issue.is_error());
        errors
            .map(|issue| issue.code.to_string())
            .collect::<Vec<_>>()
    };
    assert_eq!(condition("a"), NONE);
    assert!(condition("some-code").contains(&"V042".to_owned()));
    assert!(condition("years").contains(&"V042".to_owned()));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Numbers are compared as their scaled integers are.
    #[test]
    fn limits_agree_with_integers(value in -99_999i64..99_999, limit in -99_999i64..99_999, scale in 0u32..6, exponent in -3i32..3) {
        let written = |number: i64| {
            let digits = format!("{:0>width$}", number.abs(), width = scale as usize + 1);
            let (whole, fraction) = digits.split_at(digits.len() - scale as usize);
            let whole = whole.trim_start_matches('0');
            format!(
                "{}{}{}{}e{exponent}",
                if number < 0 { "-" } else { "" },
                if whole.is_empty() { "0" } else { whole },
                if scale > 0 { "." } else { "" },
                fraction
            )
        };
        let least = periods(&format!(r#""minValueDecimal":{}"#, written(limit)));
        prop_assert_eq!(period(&least, &written(value)).is_empty(), value >= limit);
        let fixed = periods(&format!(r#""fixedDecimal":{}"#, written(limit)));
        prop_assert_eq!(period(&fixed, &written(value)).is_empty(), value == limit);
    }
}
