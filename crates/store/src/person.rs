//! The person index: who the stored Patients are.

use serde::{Deserialize, Serialize};

use crate::{Status, Tenant};

/// What identifies the person that a Patient resource is about. A part that is not known is `None`.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PersonKeys {
    /// The NHS number: ten digits without spaces.
    pub nhs_number: Option<String>,
    /// The birth date as written: `1938-02-14`.
    pub birth_date: Option<String>,
    /// The surname, folded (`identity::fold_name`).
    pub family: Option<String>,
}

/// How persons of one source are looked for (CS-1).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PersonMatch {
    /// By NHS number: ten digits.
    NhsNumber(String),
    /// By folded surname and birth date together.
    FamilyAndBirthDate {
        /// The surname, folded.
        family: String,
        /// The birth date as written.
        birth_date: String,
    },
}

/// One stored person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PersonRow {
    /// Whose record it is.
    pub tenant: Tenant,
    /// The id of the Patient.
    pub patient: String,
    /// The source that the Patient came from.
    pub source: String,
    /// Whether the Patient is current.
    pub status: Status,
    /// What identifies the person.
    pub keys: PersonKeys,
}
