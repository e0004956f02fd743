//! Codes that are known by their form: languages, media types, units, currencies.

use std::sync::LazyLock;

use definitions::Definitions;
use terminology::{Membership, Terminology};

static TERMINOLOGY: LazyLock<Terminology> =
    LazyLock::new(|| Terminology::new(Definitions::embedded()));

const BY_FORM: [&str; 4] = [
    "http://hl7.org/fhir/ValueSet/all-languages",
    "http://hl7.org/fhir/ValueSet/mimetypes",
    "http://hl7.org/fhir/ValueSet/ucum-units",
    "http://hl7.org/fhir/ValueSet/currencies",
];

/// Any text is a code or not, and what is a unit stays one in a quotient.
pub fn grammar(bytes: &[u8]) {
    let Ok(code) = std::str::from_utf8(bytes) else {
        return;
    };
    for set in BY_FORM {
        let _ = TERMINOLOGY.contains(set, None, code);
    }
    let units = BY_FORM[2];
    // A unit may not be longer than a code; leave room for the quotient.
    if code.len() < 200 && TERMINOLOGY.contains(units, None, code) == Membership::In {
        let quotient = format!("({code})/d");
        assert_eq!(
            TERMINOLOGY.contains(units, None, &quotient),
            Membership::In,
            "{quotient}"
        );
    }
}
