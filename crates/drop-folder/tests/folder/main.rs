//! A watched folder: what it takes, what it leaves, and what happens when it is stopped anywhere.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod faults;
mod rules;
mod stand_in;
mod tray;
mod whole;
