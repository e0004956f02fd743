//! The forms of the identifiers and codes of the NHS.

use crate::named::NamedRule;

/// The rules, asked by the system that they are on.
pub(crate) const RULES: &[NamedRule] = &[];
