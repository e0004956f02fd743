//! The rows that make a resource findable.

use jiff::Timestamp;

/// One value of one search parameter of one resource. Made by whoever knows the resource and its
/// search parameters; the store keeps them beside the resource in the same transaction.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum IndexRow {
    /// A coded value, identifier, boolean or contact point.
    Token {
        /// The search parameter's code: `identifier`.
        param: String,
        /// The system; empty when the value has none.
        system: String,
        /// The code or value.
        code: String,
    },
    /// A reference to another resource by type and id.
    Reference {
        /// The search parameter's code: `subject`.
        param: String,
        /// The target's type: `Patient`.
        rtype: String,
        /// The target's id.
        id: String,
    },
    /// A date or period as the half-open range of instants it covers: `2020-03` is from the first
    /// of March to the first of April. An open end is [`Timestamp::MIN`] or [`Timestamp::MAX`].
    Date {
        /// The search parameter's code: `birthdate`.
        param: String,
        /// The first instant it covers.
        lo: Timestamp,
        /// The first instant after it.
        hi: Timestamp,
    },
    /// A text, already folded for comparing.
    String {
        /// The search parameter's code: `family`.
        param: String,
        /// The folded text.
        norm: String,
    },
}
