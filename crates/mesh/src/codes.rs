//! The codes of the issues that this crate raises.

/// The settings of a mailbox cannot be used.
pub const SETTINGS: &str = "P201";
