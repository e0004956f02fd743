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
/// The file says that it is of another organisation than its sender.
pub const OTHER_SENDER: &str = "P010";
/// Nothing is known of this organisation by which the file's sender could be checked.
pub const SENDER_NOT_KNOWN: &str = "P011";
/// The file does not say whose it is.
pub const SENDER_NOT_SAID: &str = "P012";
/// There is no mapping to read the file with, or it may not be used here.
pub const NO_MAPPING: &str = "P013";
/// The file's bytes cannot be read from the archive.
pub const ARCHIVE: &str = "P014";
/// Causeway itself could not finish the file.
pub const GIVEN_UP: &str = "P015";
/// The same bytes as the last file of the source.
pub const SAME_AGAIN: &str = "P016";
/// A newer file has answered what this one asked.
pub const ANSWERED: &str = "P017";
/// The file was taken back.
pub const WITHDRAWN: &str = "P018";
/// Records of the quarantine of which today's mapping makes nothing.
pub const MADE_NOTHING: &str = "P019";
/// What a person decided about what waited.
pub const DECIDED: &str = "P020";
/// What the source's mapping made before, and the present one does not.
pub const NO_LONGER_MADE: &str = "P021";
