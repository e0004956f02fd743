//! Asking a FHIR terminology server about codes that cannot be decided offline.
//!
//! The main type is [`TerminologyServer`]: it takes the open [`CodeCheck`](validation::CodeCheck)s
//! of a validation and decides them by `$validate-code`
//! (<http://hl7.org/fhir/R4/valueset-operation-validate-code.html>).
//!
//! Invariants:
//! - Nothing personal leaves the site. A question holds a code system, its version, a code and a value
//!   set: never a display, an element, an id. Codes are sent for the code systems that the settings
//!   name only, and never a text that does not look like a code.
//! - Whatever the server does (slow, down, garbage, huge, answers to other questions), what it did
//!   not decide stays [`Decision::Unknown`](validation::Decision): no fault ever passes a code.
//! - Every call is bounded in time and size, and their number in flight; a server that fails again
//!   and again is left alone for a while.

mod answer;
mod batch;
mod breaker;
mod cache;
pub mod codes;
mod fetch;
mod question;
mod server;
mod settings;

pub use server::TerminologyServer;
pub use settings::Settings;
