//! One NHS number, two people: in a file that is converted without a store.

use std::hash::{DefaultHasher, Hash, Hasher as _};

use diagnostics::{InputPlace, Issue, IssueType};
use identity::PersonKey;
use spill::{Budget, Reader, Stored, Table, Writer};

use crate::codes;

/// How many bytes of them are kept in memory; the rest is in a temporary file.
const MEMORY: usize = 4 << 20;

/// The NHS numbers of a file and whose they are.
#[derive(Debug)]
pub(crate) struct Numbers {
    budget: Budget,
    owners: Table<Owner>,
}

impl Default for Numbers {
    fn default() -> Self {
        let budget = Budget::new(MEMORY);
        Self {
            owners: Table::new(&budget),
            budget,
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Owner {
    id: u64,
    /// Birth date and family name.
    person: u64,
}

impl Stored for Owner {
    const FIXED: Option<usize> = Some(16);

    fn write(&self, out: &mut Writer<'_>) {
        out.u64(self.id);
        out.u64(self.person);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            id: from.u64()?,
            person: from.u64()?,
        })
    }
}

/// An NHS number and whose it is.
#[derive(Debug)]
pub(crate) struct NumberKey {
    number: u64,
    owner: Owner,
}

impl NumberKey {
    /// Of a Patient; nothing for one without an NHS number.
    pub(crate) fn of(id: &str, patient: &json::Value) -> Option<Self> {
        let key = PersonKey::of_patient(patient);
        Some(Self {
            number: key.nhs_number.as_ref()?.as_str().parse().ok()?,
            owner: Owner {
                id: hash(&id),
                person: hash(&(&key.birth_date, &key.family)),
            },
        })
    }
}

impl Numbers {
    /// Why the temporary file failed, if it did: then what was said of numbers may lack something.
    pub(crate) fn failure(&self) -> Option<std::io::Error> {
        let error = self.budget.take_failure()?;
        let say = format!(
            "a temporary file failed: {error}; free space in the folder for temporary files (TMPDIR)"
        );
        Some(std::io::Error::new(error.kind(), say))
    }

    /// What is to be said of a Patient whose NHS number an earlier one of the file has.
    pub(crate) fn shared(&mut self, key: NumberKey, place: &InputPlace) -> Option<Issue> {
        let new = key.owner;
        let Some(first) = self.owners.get(key.number) else {
            self.owners.insert(key.number, new);
            return None;
        };
        if first.id == new.id {
            return None;
        }
        let issue = if first.person == new.person {
            Issue::warning(
                codes::REGISTERED_TWICE,
                IssueType::MultipleMatches,
                "this person seems to be registered twice in this source",
            )
            .help("merge the two registrations in the source system; until then both are kept")
        } else {
            Issue::warning(
                codes::NUMBER_SHARED,
                IssueType::Conflict,
                "another person of this file has this NHS number; a server would store only one of the two",
            )
            .help("one of the two has the wrong NHS number: check both with their GP")
        };
        Some(
            issue
                .at_element("Patient.identifier")
                .at_input(place.clone()),
        )
    }
}

fn hash(value: &impl Hash) -> u64 {
    let mut hasher = DefaultHasher::new();
    value.hash(&mut hasher);
    hasher.finish()
}
