//! Pointers in the National Record Locator (NRL): they tell ambulances, hospitals and surgeries that
//! a care record of a person exists, and where.
//!
//! The main type is [`Nrl`], a destination of the outbox: for each person of a tenant it sees to it
//! that there is one pointer or none, as [`eligible`] decides. The rules are those of the producer
//! interface, version 3 (<https://digital.nhs.uk/developer/api-catalogue/national-record-locator-fhir>).
//!
//! Invariants:
//! - Nobody is pointed to whose NHS number was not traced (verification status 01), who has died, who
//!   is restricted, or whose record may not be shared with the organisations that ask the locator.
//! - A pointer holds an address, codes and the NHS number that the locator keys it by; the address
//!   holds an opaque id and nothing of the person.
//! - Before a pointer is registered the locator is asked what it has, so that a request whose answer
//!   was lost makes no second pointer.
//! - Every registration and deletion is on record, request and answer, before the next step; where
//!   the request cannot be recorded it is not sent.

mod content;
mod eligible;
mod locator;
mod pointer;
mod reconcile;
mod settings;

pub use eligible::{Eligibility, Ineligible, eligible};
pub use locator::Nrl;
pub use pointer::{Details, Kind, pointer};
pub use reconcile::compare_every;
pub use settings::{NrlSettings, SettingsError, route};
