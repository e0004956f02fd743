//! A mapping's life after it is written: reviewed by a clinician, installed, activated for an
//! organisation, rolled back.
//!
//! The main types are [`Registry`], over a store, and [`Standing`]: whether what lies in a folder
//! now is what somebody reviewed. Reviews are recorded by [`review`] in the folder's
//! [`REVIEW_FILE`].
//!
//! Invariants:
//! - A review counts for one content, told by the hash over all files that decide what the mapping
//!   makes. The review file itself is not among them. One changed byte makes the review void (CS-21).
//! - A review is only recorded of a mapping that checks without an error and passes its own tests.
//! - What is installed is byte for byte what was checked: it is loaded again from the bytes that are
//!   kept, and must come to the same hash, whenever it is used.
//! - Where reviews are asked for ([`Gate::ReviewedOnly`], the default), nothing unreviewed becomes
//!   active. The store decides that in the same transaction.
//! - Every step is on the store's list of what happened, with who did it.

mod gate;
mod package;
mod registry;
mod review;
mod review_file;
mod standing;
mod yaml;

pub use gate::Gate;
pub use package::{Damaged, load_package, package_of};
pub use registry::{Registry, RegistryError};
pub use review::{ReviewRefused, Reviewed, Reviewer, review};
pub use review_file::{REVIEW_FILE, Review, ReviewFile, ReviewFileError};
pub use standing::{Standing, file_hashes};
