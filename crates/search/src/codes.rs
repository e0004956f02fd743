//! The codes of this crate's issues.

/// A parameter that this server does not search by.
pub const UNKNOWN_PARAMETER: &str = "A050";
/// A modifier, prefix or chain that this server does not support.
pub const UNSUPPORTED: &str = "A051";
/// A value that does not have the form that its parameter wants.
pub const MALFORMED_VALUE: &str = "A052";
/// An NHS number whose check digit is wrong.
pub const NHS_NUMBER: &str = "A053";
/// Too many parameters or values, or a value that is too long.
pub const TOO_MUCH: &str = "A054";
