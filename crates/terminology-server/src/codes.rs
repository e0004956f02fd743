//! The codes of the issues that the terminology server raises.

/// The settings of the terminology server cannot be used.
pub const SETTINGS: &str = "T010";
