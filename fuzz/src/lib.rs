//! What must hold for any bytes at all: one function a target.
//!
//! Each takes bytes as a stranger may send them and returns when all is well: a panic is a finding,
//! and so is a call that does not end or eats the memory. `fuzz_targets/` hands them to libFuzzer;
//! `tests/any_input.rs` of the main workspace runs the same functions, bounded, on every toolchain.

mod checks;
pub mod seeds;

pub use checks::*;
