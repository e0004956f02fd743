//! A watched mailbox: against the service's own sandbox, and against a service that misbehaves.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod faults;
mod sandbox;
mod stand_in;
