//! What the end-to-end tests share: the real binary, started as a user starts it, and a client that
//! knows nothing of it but its address and a token.
#![allow(
    dead_code,
    unused_imports,
    missing_docs,
    clippy::expect_used,
    clippy::panic,
    clippy::unwrap_used,
    clippy::indexing_slicing
)]

mod binary;
mod cutter;
mod demo;
mod files;
mod openid;
mod server;
mod site;

pub use binary::{Finished, binary, causeway, causeway_with_input, root};
pub use cutter::{Cut, Cutter};
pub use demo::{Demo, Reply, client};
pub use files::{copy_folder, first_sample};
pub use openid::OpenIdProvider;
pub use server::{Server, free_port};
pub use site::{Process, Site, reply};
