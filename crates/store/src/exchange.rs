//! What was said to a national service, and what it said: a record that only grows.

use jiff::Timestamp;

/// One side of an exchange. The record locator asks for each of these to be kept of every pointer
/// that is registered or taken away.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Exchange {
    /// The request, by its `X-Request-ID`: the answer to it has the same.
    pub request: String,
    /// Whether this is the answer.
    pub is_answer: bool,
    /// When it was sent, or came.
    pub at: Timestamp,
    /// `POST`, `DELETE`.
    pub verb: String,
    /// The address that was called.
    pub url: String,
    /// The ODS code of the organisation for which it was called.
    pub ods: String,
    /// The ASID of the system that called, where it has one.
    pub asid: Option<String>,
    /// Who called, where a person did.
    pub user: Option<String>,
    /// The NHS number that it is about.
    pub nhs_number: String,
    /// The body.
    pub body: Option<String>,
    /// Of an answer: the status. `None`: none came.
    pub status: Option<u16>,
    /// Of an answer: the pointer's id.
    pub pointer: Option<String>,
}
