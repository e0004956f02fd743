//! One NHS number, two people: in a file that is converted without a store.

use std::collections::HashMap;
use std::hash::{DefaultHasher, Hash, Hasher as _};

use diagnostics::{InputPlace, Issue, IssueType};
use identity::PersonKey;

use crate::codes;

/// The NHS numbers of a file and whose they are: three machine words a person, so that memory grows
/// far slower than the file.
#[derive(Debug, Default)]
pub(crate) struct Numbers {
    owners: HashMap<u64, Owner>,
}

#[derive(Debug)]
struct Owner {
    id: u64,
    /// Birth date and family name.
    person: u64,
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
    /// What is to be said of a Patient whose NHS number an earlier one of the file has.
    pub(crate) fn shared(&mut self, key: NumberKey, place: &InputPlace) -> Option<Issue> {
        let new = key.owner;
        let Some(first) = self.owners.get(&key.number) else {
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
