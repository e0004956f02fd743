//! Words as the string index keeps them.

use identity::fold_name;

/// Case, accents, punctuation and white space do not count in a string search
/// (FHIR R4 search, section 3.1.1.4.7).
pub(crate) fn fold(text: &str) -> String {
    fold_name(text)
}
