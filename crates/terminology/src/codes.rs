//! The codes of the issues that terminology raises.

/// A compiled release cannot be used.
pub const RELEASE_UNUSABLE: &str = "T001";
/// The files of a release cannot be read.
pub const SOURCE_UNREADABLE: &str = "T002";
/// The files given are not a release that is understood.
pub const NOT_A_RELEASE: &str = "T003";
/// A line or record of a release file was left out.
pub const LEFT_OUT: &str = "T004";
/// A compiled release cannot be written.
pub const NOT_WRITTEN: &str = "T005";
