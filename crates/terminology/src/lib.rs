//! Which codes are in which value sets and code systems.
//!
//! The main type is [`Terminology`]: it turns the value sets of [`definitions`] into codes, each
//! once when first asked for, and answers from memory.
//!
//! Invariants:
//! - What cannot be decided offline is [`Membership::Unknown`], never a guess. A set that cannot be
//!   listed still refuses codes of systems that it does not draw from.
//! - Asking about a code of a listed set allocates nothing once the set was asked about before.
//! - Licensed codes (SNOMED CT, dm+d) are never shipped: a site compiles its own release files into a
//!   [`Release`], which is read as far as it is asked.
//! - Value sets that import each other in a circle end, as not listable.

pub mod codes;
mod ecl;
mod expand;
mod filter;
mod grammar;
mod reason;
pub mod release;
mod rest;
pub mod sctid;
mod set;
mod system;
mod terminology;

pub use reason::Reason;
pub use release::Release;
pub use set::{Extent, Membership};
pub use terminology::{Known, Terminology};
