//! The codes of this crate's issues. `auth` has A001 to A029, `access` A030 to A049, `search`
//! A050 to A069.

/// The path names nothing that is served.
pub const NO_ROUTE: &str = "A070";
/// The resource is not there, or not for this caller.
pub const NOT_FOUND: &str = "A071";
/// The resource was deleted.
pub const GONE: &str = "A072";
/// The method does not fit the path.
pub const METHOD: &str = "A073";
/// No representation fits what the caller accepts.
pub const NOT_ACCEPTABLE: &str = "A074";
/// The body is of a kind that is not taken here.
pub const MEDIA_TYPE: &str = "A075";
/// The body is too large.
pub const TOO_LARGE: &str = "A076";
/// A header cannot be used.
pub const HEADER: &str = "A077";
/// The body or the parameters cannot be read.
pub const BAD_REQUEST: &str = "A078";
/// The type is not open to callers.
pub const CLOSED: &str = "A079";
/// The place in a list is not one that this caller was given.
pub const CURSOR: &str = "A080";
/// The summary was refused (CS-2).
pub const NO_SUMMARY: &str = "A081";
/// More than one person fits.
pub const SEVERAL: &str = "A082";
/// It took too long.
pub const TIMEOUT: &str = "A083";
/// The store cannot answer.
pub const STORE: &str = "A084";
/// Something is wrong inside Causeway.
pub const INTERNAL: &str = "A085";
/// An `X-Request-ID` was used before for something else.
pub const KEY_IN_USE: &str = "A086";
/// Too much waits already.
pub const BUSY: &str = "A087";
/// It does not fit where the thing stands.
pub const CONFLICT: &str = "A088";
/// There is no such source, or no mapping for it.
pub const NO_SOURCE: &str = "A089";
/// A file or what is said of it cannot be used.
pub const UNUSABLE: &str = "A090";
