//! Who is known: the organisations that send records and how they may be reached, the clients that
//! act for organisations, and the agreements by which one sees another's people.
//!
//! The main type is [`Known`]: what the configuration file says, with what operators recorded in the
//! store laid over it. [`watch`] keeps a running server at what is recorded.
//!
//! Invariants:
//! - What was recorded last counts, whatever the file says: an agreement that was ended stays ended,
//!   also where the file still has it (CS-19).
//! - A change that would leave something that cannot be used (an agreement with nobody, two tenants of
//!   one name) is refused before it is recorded, and never half in force.
//! - Nothing recorded is ever changed or removed: who recorded what, and when, stays.

mod entry;
mod known;
mod record;
mod watch;

pub use entry::{Agreement, Client, Entry, IDENTIFIER_KINDS, Kind, Organisation};
pub use known::{Known, Problem};
pub use record::{RecordError, end, put};
pub use watch::{read, watch};
