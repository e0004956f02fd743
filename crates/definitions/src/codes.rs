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
/// A FHIR package is for another version of FHIR than R4.
pub const OTHER_FHIR_VERSION: &str = "D011";
/// A definition is for another version of FHIR than its package; it is left out.
pub const FOREIGN_DEFINITION: &str = "D012";
/// A package that another needs is not there.
pub const DEPENDENCY_MISSING: &str = "D013";
/// A package that another needs is there in another version, which is used.
pub const DEPENDENCY_VERSION: &str = "D014";
/// Packages need each other in a circle.
pub const DEPENDENCY_CYCLE: &str = "D015";
/// Two packages define one url in one version with different content.
pub const DUPLICATE_URL: &str = "D016";
/// A package defines one of FHIR's own types, which only R4 core may.
pub const CORE_TYPE: &str = "D017";
/// The base of a definition is missing, and its publisher's snapshot stands in for it.
pub const SNAPSHOT_USED: &str = "D018";
/// A package has definitions that their publisher has retired.
pub const RETIRED: &str = "D019";
/// A package holds two files of one name.
pub const DUPLICATE_FILE: &str = "D020";
/// A definition refers to another that is not there.
pub const UNRESOLVED: &str = "D021";
/// A package that is asked for is not there.
pub const PACKAGE_MISSING: &str = "D022";
/// A registry cannot be asked, or does not have what it is asked for.
pub const REGISTRY: &str = "D023";
/// A downloaded package is not what its registry says it is.
pub const INTEGRITY: &str = "D024";
