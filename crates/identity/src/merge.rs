//! Merges of registrations: only by whoever gave out the identifiers of both.

use std::fmt;

use json::Value;

use crate::NHS_NUMBER_SYSTEM;
use crate::known::Record;

/// Why two registrations cannot be merged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MergeRefused {
    /// They are records of different tenants.
    OtherTenant,
    /// They are one and the same record.
    SameRecord,
    /// The NHS number is no organisation's own identifier.
    NhsNumber,
    /// One of them carries no identifier of this authority.
    OtherAuthority,
}

impl fmt::Display for MergeRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::OtherTenant => "a merge joins two records of one organisation; records of two organisations are linked by a decision instead",
            Self::SameRecord => "a record cannot be merged into itself",
            Self::NhsNumber => "the NHS number belongs to no source; a number that was replaced is recorded as superseded instead",
            Self::OtherAuthority => "one of the two carries no identifier of this system, so whoever gives these identifiers out cannot merge it",
        })
    }
}

impl std::error::Error for MergeRefused {}

/// Whether an authority, named by the identifier system that it gives out, may merge one record into
/// another: both must be of one tenant and carry an identifier of that very system.
///
/// # Errors
/// The reason why not.
pub fn check_merge(
    authority: &str,
    from: (&Record, &Value),
    into: (&Record, &Value),
) -> Result<(), MergeRefused> {
    if from.0.tenant != into.0.tenant {
        return Err(MergeRefused::OtherTenant);
    }
    if from.0 == into.0 {
        return Err(MergeRefused::SameRecord);
    }
    if authority == NHS_NUMBER_SYSTEM {
        return Err(MergeRefused::NhsNumber);
    }
    let issued = |patient: &Value| {
        patient.each("identifier").any(|identifier| {
            identifier.text("system") == Some(authority) && identifier.text("value").is_some()
        })
    };
    if issued(from.1) && issued(into.1) {
        Ok(())
    } else {
        Err(MergeRefused::OtherAuthority)
    }
}
