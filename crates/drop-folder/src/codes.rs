//! The codes of the issues that this crate raises.

/// The settings of a watched folder cannot be used.
pub const SETTINGS: &str = "P301";
/// The folder itself cannot be used.
pub const FOLDER: &str = "P302";
