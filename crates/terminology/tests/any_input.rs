//! No text, however odd, brings the terminology down.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::sync::LazyLock;

use definitions::Definitions;
use definitions::form::{Definition, Filter, Include, ValueSet};
use proptest::prelude::*;
use terminology::{Membership, Terminology};

static TERMINOLOGY: LazyLock<Terminology> =
    LazyLock::new(|| Terminology::new(Definitions::embedded()));

const BY_FORM: &[&str] = &[
    "http://hl7.org/fhir/ValueSet/all-languages",
    "http://hl7.org/fhir/ValueSet/mimetypes",
    "http://hl7.org/fhir/ValueSet/ucum-units",
    "http://hl7.org/fhir/ValueSet/currencies",
];

proptest! {
    #[test]
    fn any_code_is_answered(code in any::<String>()) {
        for set in BY_FORM {
            TERMINOLOGY.contains(set, None, &code);
        }
    }

    #[test]
    fn any_unit_like_code_is_answered(code in "[a-z0-9./(){}\\[\\]+*^-]{0,24}") {
        let answer = TERMINOLOGY.contains("http://hl7.org/fhir/ValueSet/ucum-units", None, &code);
        // A unit in brackets is one that can be divided. Only a whole unit may begin with its divisor:
        // UCUM, section 2.1, has the leading slash outside of what brackets hold.
        if answer == Membership::In && !code.starts_with('/') {
            let quotient = format!("({code})/d");
            prop_assert_eq!(
                TERMINOLOGY.contains("http://hl7.org/fhir/ValueSet/ucum-units", None, &quotient),
                Membership::In
            );
        }
    }

    #[test]
    fn any_expression_is_read_and_never_guessed(expression in "[0-9 <^|()ORMINUSand]{0,40}") {
        let url: Box<str> = "http://example.org/v".into();
        let set = Definition::ValueSet(ValueSet {
            url: url.clone(),
            version: None,
            is_retired: false,
            includes: vec![Include {
                system: Some("http://snomed.info/sct".into()),
                filters: vec![Filter {
                    property: "constraint".into(),
                    op: "=".into(),
                    value: expression.as_str().into(),
                }],
                ..Include::default()
            }],
            excludes: Vec::new(),
            leaves_out_inactive: false,
            expansion: None,
        });
        let terminology = Terminology::new(&Definitions::embedded().with(&[set]).unwrap());
        // Only codes that the expression names can be certain.
        for (_, code) in terminology.certain_codes(&url) {
            prop_assert!(expression.contains(code));
        }
        if terminology.codes(&url).is_some() {
            prop_assert!(!expression.contains(['<', '^', 'M']));
        }
    }
}
