//! What one record says about who its person is.

use std::collections::BTreeSet;
use std::fmt;

use json::Value;

use crate::names::{is_former, letters};
use crate::verification::{self, VerificationStatus};
use crate::{NHS_NUMBER_SYSTEM, NhsNumber, fold_name};

/// What names a person across sources: all three parts must agree before facts are gathered (CS-2).
#[derive(Clone, PartialEq, Eq, Hash, Default)]
pub struct PersonKey {
    /// The NHS number, when there is exactly one valid one that is not marked as old.
    pub nhs_number: Option<NhsNumber>,
    /// The birth date as FHIR writes it; a partial date agrees with nothing.
    pub birth_date: Option<String>,
    /// The surname in use, folded by [`fold_name`].
    pub family: Option<String>,
}

/// Which parts there are, never what they say.
impl fmt::Debug for PersonKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PersonKey")
            .field("nhs_number", &self.nhs_number.is_some())
            .field("birth_date", &self.birth_date.is_some())
            .field("family", &self.family.is_some())
            .finish()
    }
}

impl PersonKey {
    /// The key of a FHIR Patient. The surname is that of the official name where there is one, else
    /// of the usual one, else of the first that has one; a former name never stands for a present
    /// one.
    pub fn of_patient(patient: &Value) -> Self {
        Self {
            nhs_number: nhs_number(patient),
            birth_date: patient
                .text("birthDate")
                .filter(|date| is_full_date(date))
                .map(str::to_owned),
            family: present_name(patient)
                .and_then(|name| name.text("family"))
                .map(fold_name)
                .filter(|family| !family.is_empty()),
        }
    }
}

/// Everything that the rule for linking looks at of one record: see [`crate::link`].
///
/// It holds personal values: its `Debug` says only which parts there are.
#[derive(Clone, PartialEq, Eq, Default)]
pub struct Claim {
    /// NHS number, full birth date and surname.
    pub key: PersonKey,
    /// The birth date as written, whole or not.
    pub birth_date: Option<String>,
    /// Other surnames that the record gives as present ones, folded.
    pub other_surnames: BTreeSet<String>,
    /// Surnames that the record gives as former ones (`name.use` old or maiden), folded.
    pub former_surnames: BTreeSet<String>,
    /// The parts of the surname in use, each folded: two for `Smith-Jones`.
    pub surname_parts: BTreeSet<String>,
    /// The first given names of all present names, folded.
    pub given: BTreeSet<String>,
    /// Whether the record says that the person is one of twins or more.
    pub multiple_birth: bool,
    /// `male` or `female`, where one of them is stated.
    pub sex: Option<String>,
    /// Whether the NHS number was traced: verification status 01 (CS-3).
    pub traced: bool,
}

impl fmt::Debug for Claim {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claim")
            .field("key", &self.key)
            .field("traced", &self.traced)
            .finish_non_exhaustive()
    }
}

impl Claim {
    /// What a FHIR Patient says.
    pub fn of_patient(patient: &Value) -> Self {
        let key = PersonKey::of_patient(patient);
        let present = present_name(patient);
        let mut claim = Self {
            birth_date: patient.text("birthDate").map(str::to_owned),
            surname_parts: present
                .and_then(|name| name.text("family"))
                .map(parts)
                .unwrap_or_default(),
            multiple_birth: patient.get("multipleBirthInteger").is_some()
                || patient.get("multipleBirthBoolean").and_then(Value::as_bool) == Some(true),
            sex: patient
                .text("gender")
                .filter(|sex| matches!(*sex, "male" | "female"))
                .map(str::to_owned),
            traced: verification::of_patient(patient) == Some(VerificationStatus::Verified),
            ..Self::default()
        };
        for name in patient.each("name") {
            let family = name.text("family").map(fold_name).filter(|f| !f.is_empty());
            if is_former(name) {
                claim.former_surnames.extend(family);
                continue;
            }
            claim
                .other_surnames
                .extend(family.filter(|family| Some(family) != key.family.as_ref()));
            let first = name.each("given").find_map(Value::as_str).map(fold_name);
            claim.given.extend(first.filter(|given| !given.is_empty()));
        }
        claim.key = key;
        claim
    }

    /// What a row of the person index says, where the Patient itself is not at hand: the three parts
    /// of the key, and nothing that could speak for or against beside them.
    pub fn of_keys(
        nhs_number: Option<&str>,
        birth_date: Option<&str>,
        folded_surname: Option<&str>,
    ) -> Self {
        Self {
            key: PersonKey {
                nhs_number: nhs_number.and_then(|number| number.parse().ok()),
                birth_date: birth_date
                    .filter(|date| is_full_date(date))
                    .map(str::to_owned),
                family: folded_surname
                    .filter(|family| !family.is_empty())
                    .map(str::to_owned),
            },
            birth_date: birth_date.map(str::to_owned),
            ..Self::default()
        }
    }

    /// Whether all three parts of the key are there: only then can anything be linked to it.
    pub fn is_whole(&self) -> bool {
        self.key.nhs_number.is_some() && self.key.birth_date.is_some() && self.key.family.is_some()
    }

    /// The surname in the form that surnames are compared in.
    pub(crate) fn surname(&self) -> Option<String> {
        self.key.family.as_deref().map(letters)
    }
}

/// Whether a FHIR date names a day.
pub(crate) fn is_full_date(date: &str) -> bool {
    date.len() == "yyyy-mm-dd".len()
        && date.bytes().enumerate().all(|(at, byte)| match at {
            4 | 7 => byte == b'-',
            _ => byte.is_ascii_digit(),
        })
}

/// The one NHS number of a Patient. Numbers marked as old are passed over; two different ones name
/// nobody.
fn nhs_number(patient: &Value) -> Option<NhsNumber> {
    let mut numbers = patient
        .each("identifier")
        .filter(|identifier| {
            identifier.text("system") == Some(NHS_NUMBER_SYSTEM)
                && identifier.text("use") != Some("old")
        })
        .filter_map(|identifier| identifier.text("value")?.parse::<NhsNumber>().ok());
    let first = numbers.next()?;
    numbers.all(|other| other == first).then_some(first)
}

/// The name that the surname in use is taken of.
fn present_name(patient: &Value) -> Option<&Value> {
    let named = |wanted: &str| {
        patient
            .each("name")
            .find(|name| name.text("use") == Some(wanted) && name.text("family").is_some())
    };
    named("official").or_else(|| named("usual")).or_else(|| {
        patient
            .each("name")
            .find(|name| !is_former(name) && name.text("family").is_some())
    })
}

/// The parts of a surname: of a double-barrelled one each half.
fn parts(surname: &str) -> BTreeSet<String> {
    surname
        .split(|c: char| c.is_whitespace() || matches!(c, '-' | '\u{2010}'..='\u{2015}'))
        .map(|part| letters(&fold_name(part)))
        .filter(|part| part.chars().count() > 1)
        .collect()
}
