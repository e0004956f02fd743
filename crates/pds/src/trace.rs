//! What a trace comes to.

use std::collections::BTreeSet;

use identity::{NhsNumber, Point, VerificationStatus};
use jiff::Timestamp;

/// What PDS knows of the number that a record carries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The number is this person's: birth date and surname agree.
    Verified,
    /// PDS knows somebody under this number in whom birth date or surname differ, or are missing.
    Mismatch {
        /// What differs.
        against: BTreeSet<Point>,
    },
    /// The number was replaced.
    Superseded {
        /// By this one.
        by: NhsNumber,
        /// Whether birth date and surname agree with the person of the new number.
        agrees: bool,
    },
    /// The number was withdrawn, and nothing replaced it.
    Invalidated,
    /// PDS knows nobody under this number.
    NotFound,
}

/// `meta.security` of the answer (`http://terminology.hl7.org/CodeSystem/v3-Confidentiality`).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Confidentiality {
    /// U.
    Unrestricted,
    /// R: where the person lives, their contact details and GP may reach nobody.
    Restricted,
    /// V.
    VeryRestricted,
    /// Not said, or not understood: as good as restricted.
    Unknown,
}

/// The outcome of a trace.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trace {
    /// What PDS knows of the number.
    pub outcome: Outcome,
    /// How confidential the person is, where PDS found one.
    pub confidentiality: Option<Confidentiality>,
    /// Whether PDS says that the person has died.
    pub deceased: bool,
    /// When PDS was asked.
    pub at: Timestamp,
}

impl Trace {
    /// The verification status that follows for the number as the record carries it: 01 only when
    /// the number was found with agreeing demographics; 04 when nobody was found; 05 when what was
    /// found has to be resolved first.
    pub fn status(&self) -> VerificationStatus {
        match self.outcome {
            Outcome::Verified => VerificationStatus::Verified,
            Outcome::NotFound => VerificationStatus::NoMatch,
            Outcome::Mismatch { .. } | Outcome::Superseded { .. } | Outcome::Invalidated => {
                VerificationStatus::Conflict
            }
        }
    }

    /// Whether nothing may say where the person lives: so when PDS says it, or says nothing.
    pub fn restricted(&self) -> bool {
        matches!(
            self.confidentiality,
            Some(
                Confidentiality::Restricted
                    | Confidentiality::VeryRestricted
                    | Confidentiality::Unknown
            )
        )
    }
}
