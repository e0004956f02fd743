//! What is sent, to whom, in which order, and what becomes of it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod auth;
mod elsewhere;
mod faults;
mod foreign;
mod receiver;
mod sending;
mod site;
mod withheld;
