//! One organisation's view of the person.

use jiff::Timestamp;

/// What one provider organisation says about a person, from one of its Patient records.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Contribution {
    /// The tenant: the ODS code of the organisation.
    pub tenant: String,
    /// The organisation's name, as a person should read it.
    pub organisation: String,
    /// Whom to phone when something is missing or unclear (CS-7), when known.
    pub phone: Option<String>,
    /// The source's name, for resources that carry no `urn:causeway:source` tag of their own.
    pub source: String,
    /// As of when the source says this, as a FHIR `date` or `dateTime`; `None` when nobody stated
    /// it, which the summary says openly.
    pub as_of: Option<String>,
    /// When Causeway received it. Never shown as the time of the data.
    pub received: Timestamp,
    /// Whether a clinician has reviewed the mapping that made it (CS-21).
    pub review: Review,
    /// The Patient resource.
    pub patient: json::Value,
    /// The person's resources, and those they refer to (Organization, Practitioner, Medication …).
    pub resources: Vec<Stated>,
    /// What could not be processed and is therefore missing (CS-7): never content.
    pub held_back: Vec<HeldBack>,
    /// Resource types of this organisation that the reader is not granted: the affected sections
    /// say so, whether or not there are any.
    pub not_shared: Vec<String>,
}

/// A resource and when it was stated.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stated {
    /// The resource.
    pub resource: json::Value,
    /// As of when, where it differs from the contribution's.
    pub as_of: Option<String>,
    /// When it was received, where it differs from the contribution's.
    pub received: Option<Timestamp>,
    /// The source no longer reports it (CS-4): it is not shown as current.
    pub retired: bool,
}

impl From<json::Value> for Stated {
    /// A resource as current and as old as its contribution.
    fn from(resource: json::Value) -> Self {
        Self {
            resource,
            as_of: None,
            received: None,
            retired: false,
        }
    }
}

/// How many resources of a type are missing because they could not be processed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeldBack {
    /// The FHIR type that the records would have become, for example `AllergyIntolerance`. An
    /// unknown or empty type counts against the whole summary.
    pub resource_type: String,
    /// How many.
    pub count: u32,
}

/// The clinical review of the mapping behind a contribution (CS-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Review {
    /// Somebody reviewed this version of the mapping.
    Reviewed,
    /// Nobody did: a live summary leaves the contribution out and says so.
    #[default]
    Unreviewed,
    /// The mapping is a demonstration: treated as unreviewed.
    Demo,
}
