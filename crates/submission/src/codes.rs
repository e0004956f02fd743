//! The codes of the issues that this crate raises.

/// The file is older than what is stored of its source.
pub const OLDER_FILE: &str = "P001";
/// A stored person's NHS number, birth date or surname would change.
pub const IDENTITY_CHANGED: &str = "P002";
/// Two records of one source carry one NHS number and disagree about who it is.
pub const NUMBER_SHARED: &str = "P003";
/// Two records of one source seem to be one person.
pub const REGISTERED_TWICE: &str = "P004";
/// Facts vanished from a snapshot and wait for a person to confirm.
pub const WAITS_FOR_CONFIRMATION: &str = "P005";
/// Records could not be read, so what vanished cannot be told.
pub const VANISHED_UNKNOWN: &str = "P006";
/// Some facts are older than what is stored of them.
pub const OLDER_FACTS: &str = "P007";
/// The file says that it is true as of a moment that has not come yet.
pub const FUTURE: &str = "P008";
/// A stored resource cannot be read.
pub const STORED_UNREADABLE: &str = "P009";
