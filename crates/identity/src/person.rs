//! When two records are one person's (CS-2).

use json::Value;

use crate::{NHS_NUMBER_SYSTEM, NhsNumber, fold_name};

/// What names a person across sources: all three parts must agree before facts are gathered.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct PersonKey {
    /// The NHS number, when there is a valid one.
    pub nhs_number: Option<NhsNumber>,
    /// The birth date as FHIR writes it; a partial date agrees with nothing.
    pub birth_date: Option<String>,
    /// The family name, folded by [`fold_name`].
    pub family: Option<String>,
}

/// How two keys compare.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Agreement {
    /// NHS number, birth date and family name agree: one person.
    Same,
    /// The NHS numbers agree and something else does not: for a person to review, never merged.
    Conflict,
    /// Nothing says that they are one person.
    Different,
}

impl PersonKey {
    /// The key of a FHIR Patient. The family name is that of the official name where there is one,
    /// else of the first name that has one.
    pub fn of_patient(patient: &Value) -> Self {
        let nhs_number = patient
            .each("identifier")
            .filter(|identifier| identifier.text("system") == Some(NHS_NUMBER_SYSTEM))
            .find_map(|identifier| identifier.text("value")?.parse().ok());
        let birth_date = patient
            .text("birthDate")
            .filter(|date| date.len() == "yyyy-mm-dd".len())
            .map(str::to_owned);
        let official = patient
            .each("name")
            .find(|name| name.text("use") == Some("official") && name.text("family").is_some());
        let family = official
            .or_else(|| {
                patient
                    .each("name")
                    .find(|name| name.text("family").is_some())
            })
            .and_then(|name| name.text("family"))
            .map(fold_name)
            .filter(|family| !family.is_empty());
        Self {
            nhs_number,
            birth_date,
            family,
        }
    }

    /// Compares two keys by the rule of CS-2.
    pub fn compare(&self, other: &Self) -> Agreement {
        if self.nhs_number.is_none() || self.nhs_number != other.nhs_number {
            return Agreement::Different;
        }
        let agree =
            |mine: &Option<String>, theirs: &Option<String>| mine.is_some() && mine == theirs;
        if agree(&self.birth_date, &other.birth_date) && agree(&self.family, &other.family) {
            Agreement::Same
        } else {
            Agreement::Conflict
        }
    }
}
