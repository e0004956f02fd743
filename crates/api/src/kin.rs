//! Whose records are one person's: who is gathered with whom, and what waits for somebody to decide
//! (CS-2).

use std::collections::BTreeSet;

use identity::{Claim, Decision, Known, NhsNumber, Record, gather, verification};
use json::{Object, Value};
use store::{CaseFound, CaseSide, NewCase, PersonRow, Status, Tenant, Traced};

use crate::gather::provider;
use crate::serve::Inner;
use crate::vault::Reader;

/// How many records of one person are gathered.
pub(crate) const MAX_RECORDS: usize = 50;
/// How many NHS numbers one person may have had.
const MAX_NUMBERS: usize = 20;
/// How often what was found is looked at for what belongs to it.
const ROUNDS: usize = 4;

/// The records that may be one person's, and what was decided about them.
#[derive(Default)]
pub(crate) struct Kin {
    pub(crate) people: Vec<PersonRow>,
    decisions: Vec<(u64, Decision)>,
    /// Whether there are more than are gathered: then a part would read as the whole.
    pub(crate) too_many: bool,
}

impl Kin {
    /// Everyone in sight under a number, under those that it replaced or that replaced it, and
    /// whoever was merged or linked with them.
    pub(crate) async fn of(
        reader: &Reader,
        number: Option<NhsNumber>,
        person: Option<PersonRow>,
    ) -> Result<Self, store::Error> {
        let mut kin = Self::default();
        let mut numbers: BTreeSet<NhsNumber> = number.into_iter().collect();
        let mut asked: BTreeSet<NhsNumber> = BTreeSet::new();
        kin.add(person);
        for _ in 0..ROUNDS {
            for number in numbers.difference(&asked) {
                let found = reader.people(number.as_str()).await?;
                found.into_iter().for_each(|row| kin.add(Some(row)));
            }
            asked.clone_from(&numbers);
            let before = (kin.people.len(), numbers.len());
            let records: Vec<Record> = kin.people.iter().map(record).collect();
            // A record that was linked by a person may carry another number than was asked for.
            let theirs = kin.people.iter().filter_map(nhs_number);
            let about: Vec<NhsNumber> = numbers.iter().cloned().chain(theirs).collect();
            kin.decisions = reader.decisions_about(&records, &about).await?;
            let known = kin.known();
            for number in &asked {
                numbers.extend(known.related_numbers(number));
            }
            for record in &records {
                let related = known.absorbed(record).into_iter();
                let related = related
                    .chain([known.survivor(record)])
                    .chain(known.linked_with(record));
                for other in related {
                    if !records.contains(&other) {
                        let tenant = Tenant::new(other.tenant);
                        kin.add(reader.person(&tenant, &other.patient).await?);
                    }
                }
            }
            kin.too_many = kin.people.len() > MAX_RECORDS || numbers.len() > MAX_NUMBERS;
            if kin.too_many || before == (kin.people.len(), numbers.len()) {
                break;
            }
        }
        Ok(kin)
    }

    fn add(&mut self, row: Option<PersonRow>) {
        if let Some(row) = row
            && self
                .people
                .iter()
                .all(|known| record(known) != record(&row))
        {
            self.people.push(row);
        }
    }

    /// Those whose record is current.
    pub(crate) fn current(&self) -> impl Iterator<Item = &PersonRow> {
        self.people
            .iter()
            .filter(|row| row.status == Status::Active)
    }

    /// What was decided.
    pub(crate) fn known(&self) -> Known {
        Known::of(self.decisions.iter().cloned())
    }

    /// What was decided, with organisations named as a summary names them.
    pub(crate) fn known_to_readers(&self, inner: &Inner) -> Known {
        let named = |record: &Record| {
            Record::new(
                provider(inner, &Tenant::new(record.tenant.as_str())).ods,
                &record.patient,
            )
        };
        Known::of(self.decisions.iter().map(|(number, decision)| {
            let decision = match decision {
                Decision::Rule { one, other, ruling } => Decision::Rule {
                    one: named(one),
                    other: named(other),
                    ruling: *ruling,
                },
                Decision::Merge { from, into } => Decision::Merge {
                    from: named(from),
                    into: named(into),
                },
                Decision::Supersede { tenant, old, new } => Decision::Supersede {
                    tenant: tenant
                        .as_ref()
                        .map(|tenant| provider(inner, &Tenant::new(tenant.as_str())).ods),
                    old: old.clone(),
                    new: new.clone(),
                },
                Decision::Undo { decision } => Decision::Undo {
                    decision: *decision,
                },
            };
            (*number, decision)
        }))
    }

    /// Puts before a person what the rule leaves in doubt. That it could not be written down keeps
    /// nobody from reading: nothing in doubt is shown together anyway.
    pub(crate) async fn raise(&self, reader: &Reader, claims: &[(PersonRow, Claim)]) {
        let records: Vec<(Record, Claim)> = claims
            .iter()
            .map(|(row, claim)| (record(row), claim.clone()))
            .collect();
        for doubt in gather(&records, &self.known()).doubts {
            let (Some((one, _)), Some((other, _))) =
                (claims.get(doubt.one), claims.get(doubt.other))
            else {
                continue;
            };
            let case = NewCase {
                one: side(one),
                other: side(other),
                found: CaseFound::Gathering,
                speaks_for: doubt.reasons.speaks_for.into_iter().collect(),
                speaks_against: doubt.reasons.speaks_against.into_iter().collect(),
            };
            if let Err(error) = reader.raise(&case).await {
                tracing::warn!(%error, "a doubt about who is who was not put into the review queue");
            }
        }
    }
}

fn record(row: &PersonRow) -> Record {
    Record::new(row.tenant.as_str(), &row.patient)
}

fn nhs_number(row: &PersonRow) -> Option<NhsNumber> {
    row.keys.nhs_number.as_deref()?.parse().ok()
}

fn side(row: &PersonRow) -> CaseSide {
    CaseSide {
        tenant: row.tenant.clone(),
        patient: row.patient.clone(),
        source: row.source.clone(),
    }
}

/// Says with a Patient what PDS said: the status of its NHS number, and that it is restricted
/// (`http://terminology.hl7.org/CodeSystem/v3-Confidentiality`).
pub(crate) fn say_traced(patient: &mut Value, traced: &Traced) {
    verification::set(patient, traced.status);
    if !traced.restricted {
        return;
    }
    let label = Object::new()
        .with(
            "system",
            "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        )
        .with("code", "R")
        .with("display", "restricted");
    let Some(patient) = patient.as_object_mut() else {
        return;
    };
    if !patient.contains("meta") {
        patient.insert("meta", Object::new());
    }
    if let Some(Value::Object(meta)) = patient.get_mut("meta") {
        match meta.get_mut("security") {
            Some(Value::Array(labels)) => labels.push(label.into()),
            _ => drop(meta.insert("security", vec![Value::from(label)])),
        }
    }
}
