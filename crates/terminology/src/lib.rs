//! Which codes are in which value sets and code systems.
//!
//! The main type is [`Terminology`]: it turns the value sets of [`definitions`] into codes, each
//! once when first asked for, and answers from memory.
//!
//! Invariants:
//! - What cannot be decided offline is [`Membership::Unknown`], never a guess. A set that cannot be
//!   listed still refuses codes of systems that it does not draw from.
//! - Asking about a code allocates nothing once its set was asked about before.
//! - Value sets that import each other in a circle end, as not listable.

mod ecl;
mod expand;
mod grammar;
mod set;
mod system;
mod terminology;

pub use set::{Extent, Membership};
pub use terminology::Terminology;
