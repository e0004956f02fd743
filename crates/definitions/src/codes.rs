//! The codes of the issues that this crate raises.

/// A definition cannot be read: something that every definition has is missing or malformed.
pub const UNREADABLE: &str = "D001";
/// The definition that another is laid over is not there.
pub const BASE_MISSING: &str = "D002";
/// A definition is laid over itself, directly or by way of others.
pub const BASE_CYCLE: &str = "D003";
/// A differential names an element that its base does not have.
pub const ELEMENT_UNKNOWN: &str = "D004";
/// A definition grows beyond the limit.
pub const TOO_LARGE: &str = "D005";
/// A differential gives an element a type that its base does not allow.
pub const TYPE_NOT_ALLOWED: &str = "D006";
/// A reference to a definition names a version that is not there; another one was used.
pub const OTHER_VERSION: &str = "D007";
/// A type that a differential walks into is not there.
pub const TYPE_MISSING: &str = "D008";
/// A contentReference points nowhere.
pub const CONTENT_REFERENCE: &str = "D009";
/// A FHIR package cannot be used at all.
pub const PACKAGE: &str = "D010";
