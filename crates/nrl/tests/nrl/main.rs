//! Pointers, against a stand-in that enforces the locator's rules.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod life;
mod rules;
mod site;
mod stand_in;
