//! A private PostgreSQL for tests.
//!
//! [`database`] gives a test a database of its own on a server that is started once in a test
//! process; a test that stops its server starts one for itself with [`Server::start`]. The server
//! listens on a free port of the loopback address, keeps its files in a folder of its own and
//! synchronises them to disk as a real one does. It ends, and its folder goes, when the test process
//! ends, however it ends.
//!
//! Invariants:
//! - No server that was running before is touched.
//! - Where PostgreSQL is not installed, a test is told so ([`database`] gives `None` and says it on
//!   standard error); where `CI` is set, that is a failure instead: a test that did not run proves
//!   nothing.
//! - A test connects as a role that owns nothing and is no superuser, as a gateway should.

mod programs;
mod server;

use std::sync::OnceLock;

pub use self::server::{Database, Server};

/// A database of its own for one test; `None` where PostgreSQL is not installed.
///
/// # Panics
/// When PostgreSQL is installed and cannot be started, or is missing while `CI` is set.
pub fn database() -> Option<Database> {
    static SERVER: OnceLock<Option<Server>> = OnceLock::new();
    Some(SERVER.get_or_init(Server::start).as_ref()?.database())
}
