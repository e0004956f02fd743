//! Whether contributions are about one person (CS-2), and which of them a summary may use (CS-21).

use std::fmt;

use identity::{Claim, Record, Ruling};

use crate::settings::{Mode, Settings};
use crate::{Contribution, Review};

/// Why no summary was made. The words hold no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing to gather from.
    NoContribution,
    /// The records under one NHS number disagree on birth date or surname, and nothing tells which
    /// of them is meant.
    Disagree {
        /// The organisations whose records disagree, each by its name, with its phone.
        organisations: Vec<(String, Option<String>)>,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoContribution => f.write_str("no record of this person can be summarised"),
            Self::Disagree { organisations } => {
                let ask: Vec<String> = organisations
                    .iter()
                    .map(|(name, phone)| match phone {
                        Some(phone) => format!("{name} (phone {phone})"),
                        None => name.clone(),
                    })
                    .collect();
                write!(
                    f,
                    "the records held by {} under this NHS number differ in birth date or surname, \
                     so they are not gathered until somebody has found out whose it is; ask the \
                     organisations, or ask for the summary of one Patient by its id",
                    ask.join(" and ")
                )
            }
        }
    }
}

impl std::error::Error for Refusal {}

/// The contributions that a summary uses, and those it leaves out.
pub(crate) struct People<'a> {
    pub(crate) used: Vec<&'a Contribution>,
    pub(crate) left_out: Vec<LeftOut<'a>>,
}

/// A contribution that is left out as a whole.
pub(crate) struct LeftOut<'a> {
    pub(crate) contribution: &'a Contribution,
    pub(crate) why: Why,
}

/// Why a contribution is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Why {
    /// Its NHS number, birth date or surname differs from the others' (CS-2).
    Differs,
    /// Its mapping has not been reviewed and this is live care (CS-21).
    Unreviewed,
}

/// Splits contributions into those about one agreed person and those left out.
pub(crate) fn agree<'a>(
    contributions: &'a [Contribution],
    settings: &Settings,
) -> Result<People<'a>, Refusal> {
    let mut ordered: Vec<&Contribution> = contributions.iter().collect();
    ordered.sort_by(|a, b| {
        (&a.organisation, &a.tenant, &a.source).cmp(&(&b.organisation, &b.tenant, &b.source))
    });
    let (usable, unreviewed): (Vec<_>, Vec<_>) = ordered
        .into_iter()
        .partition(|c| settings.mode != Mode::Live || c.review == Review::Reviewed);
    let mut left_out: Vec<LeftOut<'a>> = unreviewed
        .into_iter()
        .map(|contribution| LeftOut {
            contribution,
            why: Why::Unreviewed,
        })
        .collect();

    let used = match usable.as_slice() {
        [] => return Err(Refusal::NoContribution),
        [only] => vec![*only],
        several => {
            let (used, different) = same_person(several, settings)?;
            left_out.extend(different.into_iter().map(|contribution| LeftOut {
                contribution,
                why: Why::Differs,
            }));
            used
        }
    };
    Ok(People { used, left_out })
}

type Split<'a> = (Vec<&'a Contribution>, Vec<&'a Contribution>);

/// What a contribution is to the rule for linking.
pub(crate) fn record_of(contribution: &Contribution) -> (Record, Claim) {
    let id = contribution.patient.text("id").unwrap_or_default();
    (
        Record::new(&contribution.tenant, id),
        Claim::of_patient(&contribution.patient),
    )
}

/// The contributions that are one person's by [`identity::gather`], and those that may be. Of several
/// persons the one that was asked for by id is meant, else one whose number somebody traced, else the
/// one whom more organisations know; a tie is refused. A record without a whole key never decides
/// who is meant.
fn same_person<'a>(
    contributions: &[&'a Contribution],
    settings: &Settings,
) -> Result<Split<'a>, Refusal> {
    let records: Vec<(Record, Claim)> = contributions.iter().map(|c| record_of(c)).collect();
    let persons = identity::gather(&records, &settings.known).persons;
    let subject = settings.subject.as_deref();
    let asked = |at: &usize| {
        records
            .get(*at)
            .is_some_and(|(r, _)| Some(r.patient.as_str()) == subject)
    };
    let claims = |person: &[usize]| -> Vec<&Claim> {
        person
            .iter()
            .filter_map(|at| records.get(*at).map(|(_, claim)| claim))
            .collect()
    };
    let weight = |person: &[usize]| {
        let claims = claims(person);
        (
            person.iter().any(asked),
            claims.iter().any(|claim| claim.is_whole()),
            claims.iter().any(|claim| claim.traced),
            claims.len(),
        )
    };
    let best = persons.iter().map(|person| weight(person)).max();
    let mut winners = persons.iter().filter(|person| Some(weight(person)) == best);
    let used = match (winners.next(), winners.next(), best) {
        // Somebody must be asked for, or be named whole.
        (Some(used), None, Some((asked, whole, ..))) if asked || whole => used,
        _ => {
            return Err(Refusal::Disagree {
                organisations: ask(contributions),
            });
        }
    };
    let mut split: Split<'a> = (Vec::new(), Vec::new());
    for (at, contribution) in contributions.iter().enumerate() {
        if used.contains(&at) {
            split.0.push(contribution);
        } else if subject.is_none() || !kept_apart(&records, at, used, settings) {
            split.1.push(contribution);
        }
    }
    Ok(split)
}

/// Whether somebody has decided that a record is none of this person's: then it is nothing that is
/// missing here. Where a number was asked for, it still is: it may be the other one's.
fn kept_apart(records: &[(Record, Claim)], at: usize, used: &[usize], settings: &Settings) -> bool {
    let record = |at: usize| records.get(at).map(|(record, _)| record);
    used.iter().all(|other| {
        record(at)
            .zip(record(*other))
            .is_some_and(|(a, b)| settings.known.ruling(a, b) == Some(Ruling::KeepApart))
    })
}

/// Whom to ask: each organisation once, with its phone.
fn ask(contributions: &[&Contribution]) -> Vec<(String, Option<String>)> {
    let mut ask: Vec<(String, Option<String>)> = contributions
        .iter()
        .map(|c| (c.organisation.clone(), c.phone.clone()))
        .collect();
    ask.dedup();
    ask
}
