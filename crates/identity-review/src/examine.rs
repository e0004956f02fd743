//! Doubts about people whom a file has brought.

use std::collections::BTreeSet;

use identity::{Known, Linking, NhsNumber, Party, Record, link};
use store::{CaseFound, CaseSide, NewCase, PersonRow, Raised, Sight, Status, Store, Tenant};

use crate::claim_of;

/// What was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Examined {
    /// How many people were looked at.
    pub people: usize,
    /// How many doubts are new.
    pub new: usize,
    /// How many were known already.
    pub known: usize,
}

/// Compares people of a tenant with everyone who carries the same NHS number, or one that it
/// replaced or that replaced it, and puts what the rule leaves in doubt into the review queue. To be
/// called after a file was stored, with the Patients that it created or changed; the sight is that of
/// the deployment over all its tenants.
///
/// # Errors
/// What the store says; what was raised before stays raised, and doing it again raises nothing twice.
pub async fn examine(
    store: &dyn Store,
    sight: &Sight,
    tenant: &Tenant,
    patients: &[String],
) -> Result<Examined, store::Error> {
    let mut examined = Examined::default();
    for patient in patients {
        let Some(person) = store.person(sight, tenant, patient).await? else {
            continue;
        };
        if person.status != Status::Active {
            continue;
        }
        examined.people += 1;
        one(store, sight, &person, &mut examined).await?;
    }
    Ok(examined)
}

async fn one(
    store: &dyn Store,
    sight: &Sight,
    person: &PersonRow,
    examined: &mut Examined,
) -> Result<(), store::Error> {
    let number: Option<NhsNumber> = person
        .keys
        .nhs_number
        .as_deref()
        .and_then(|n| n.parse().ok());
    let Some(number) = number else {
        return Ok(());
    };
    let numbers = store
        .decisions_about(sight, &[], std::slice::from_ref(&number))
        .await?;
    let related: BTreeSet<NhsNumber> = Known::of(numbers).related_numbers(&number);
    let mut others: Vec<PersonRow> = Vec::new();
    for number in &related {
        others.extend(store.people_by_nhs_number(sight, number.as_str()).await?);
    }
    others.retain(|other| other.status == Status::Active && record(other) != record(person));
    if others.is_empty() {
        return Ok(());
    }
    let records: Vec<Record> = others.iter().chain([person]).map(record).collect();
    let related: Vec<NhsNumber> = related.into_iter().collect();
    let known = Known::of(store.decisions_about(sight, &records, &related).await?);
    let mine = record(person);
    let Some((my_claim, _)) = claim_of(store, sight, &person.tenant, &person.patient).await? else {
        return Ok(());
    };
    for other in others {
        let Some((claim, _)) = claim_of(store, sight, &other.tenant, &other.patient).await? else {
            continue;
        };
        let theirs = record(&other);
        let (a, b) = (
            Party {
                record: &mine,
                claim: &my_claim,
            },
            Party {
                record: &theirs,
                claim: &claim,
            },
        );
        let Linking::Conflict(reasons) = link(a, b, &known) else {
            continue;
        };
        let case = NewCase {
            one: side(person),
            other: side(&other),
            found: CaseFound::Submission,
            speaks_for: reasons.speaks_for.into_iter().collect(),
            speaks_against: reasons.speaks_against.into_iter().collect(),
        };
        match store.raise(&case).await? {
            Raised::New(_) => examined.new += 1,
            Raised::Known(_) => examined.known += 1,
        }
    }
    Ok(())
}

fn record(row: &PersonRow) -> Record {
    Record::new(row.tenant.as_str(), &row.patient)
}

fn side(row: &PersonRow) -> CaseSide {
    CaseSide {
        tenant: row.tenant.clone(),
        patient: row.patient.clone(),
        source: row.source.clone(),
    }
}
