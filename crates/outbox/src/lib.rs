//! Ways out: what has changed in the store is sent on to other systems.
//!
//! The main type is [`Delivery`]: its workers take what waits in the store's outbox, look up what may
//! be sent of it now, and hand it to a [`Destination`]. [`Fhir`] is a destination that is a FHIR
//! server.
//!
//! Invariants:
//! - Nothing is lost: a row leaves the outbox when the destination has said that it has it, or when
//!   it was given up with a reason and listed. What was sent and not noted is sent again; a resource
//!   has one place at the receiver, so it is not doubled there.
//! - A person's resources go in order: what is referred to before what refers to it, and one worker
//!   at a time.
//! - What is sent is what is current and may be seen at that moment: a [`store::Sight`] that `access`
//!   decides, without where an untraced person lives (CS-3). What may no longer be seen is taken away
//!   where it was sent before, and nowhere else.
//! - No reason, log line or metric holds a value of a record (CS-22).

mod backoff;
mod breaker;
mod delivery;
mod destination;
mod fhir;
mod lane;
pub mod letters;
mod order;
mod outcome;
mod parcel;
mod route;
mod settings;

pub use delivery::{Delivery, DeliveryOptions, StartError};
pub use destination::{Destination, Sending, Verdict};
pub use fhir::{
    Answer, Ask, Client, Conflict, Fhir, FhirSettings, Matching, NoAnswer, OAuthSettings,
    SigningAlgorithm, Unusable, judge,
};
pub use parcel::{Change, Parcel};
pub use route::{NoLonger, Route, Shared, Shares};
pub use settings::{DestinationSettings, SettingsError, routes};
