//! Mailboxes and folders, joined to a real intake over a real store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod bench;
mod folders;
mod mailboxes;
// The sandbox is started as in the MESH client's own tests, which need more of it.
#[allow(dead_code)]
#[path = "../../../mesh/tests/mailbox/sandbox/peer.rs"]
mod peer;
