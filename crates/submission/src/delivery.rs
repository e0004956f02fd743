//! A file that has arrived.

use std::sync::Arc;

use jiff::Timestamp;
use mapping::Mapping;
use store::Tenant;

/// A file, whose it is, and what to read it with.
pub struct Delivery {
    /// The organisation that sends it.
    pub tenant: Tenant,
    /// The source at that organisation, by name: two homes of one group are two sources.
    pub source: String,
    /// What to read it with.
    pub mapping: Arc<Mapping>,
    /// The bytes, readable more than once.
    pub input: source::Input,
    /// What moment the sender says it is true of, as a FHIR date or dateTime.
    pub as_of: Option<String>,
    /// When it arrived.
    pub received: Timestamp,
}
