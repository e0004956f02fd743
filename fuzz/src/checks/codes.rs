//! Codes that are known by their form: languages, media types, units, currencies.

use std::sync::LazyLock;

use definitions::Definitions;
use terminology::{Membership, Terminology};

static TERMINOLOGY: LazyLock<Terminology> =
    LazyLock::new(|| Terminology::new(Definitions::embedded()));

const UNITS: &str = "http://hl7.org/fhir/ValueSet/ucum-units";

const BY_FORM: [&str; 4] = [
    "http://hl7.org/fhir/ValueSet/all-languages",
    "http://hl7.org/fhir/ValueSet/mimetypes",
    UNITS,
    "http://hl7.org/fhir/ValueSet/currencies",
];

/// Any text is a code or not, and a unit is made of the characters that UCUM has
/// (<https://ucum.org/ucum>, section 2: ASCII 33 to 126).
pub fn grammar(bytes: &[u8]) {
    let Ok(code) = std::str::from_utf8(bytes) else {
        return;
    };
    for set in BY_FORM {
        let _ = TERMINOLOGY.contains(set, None, code);
    }
    if TERMINOLOGY.contains(UNITS, None, code) == Membership::In {
        assert!(
            !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_graphic()),
            "{code:?} is no unit"
        );
    }
}
