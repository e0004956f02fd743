//! Whether contributions are about one person (CS-2), and which of them a summary may use (CS-21).

use std::collections::BTreeMap;
use std::fmt;

use identity::PersonKey;

use crate::settings::{Mode, Settings};
use crate::withhold::is_traced;
use crate::{Contribution, Review};

/// Why no summary was made. The words hold no personal data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// There is nothing to gather from.
    NoContribution,
    /// The records under one NHS number disagree on birth date or surname, and nothing tells which
    /// of them is meant: the organisations, each by its name.
    Disagree {
        /// The organisations whose records disagree.
        organisations: Vec<String>,
    },
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoContribution => f.write_str("no record of this person can be summarised"),
            Self::Disagree { organisations } => write!(
                f,
                "the records held by {} under this NHS number differ in birth date or surname, so \
                 they are not gathered; ask the organisations, or ask for the summary of one \
                 Patient by its id",
                organisations.join(" and ")
            ),
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
            let (used, different) = same_person(several, settings.subject.as_deref())?;
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

/// The contributions that agree in all three parts of the key. Between groups that disagree, one
/// the one that was asked for by id comes first, then one that somebody traced, then the larger; a
/// tie is refused.
fn same_person<'a>(
    contributions: &[&'a Contribution],
    subject: Option<&str>,
) -> Result<Split<'a>, Refusal> {
    let is_subject = |c: &&Contribution| subject.is_some() && c.patient.text("id") == subject;
    let mut groups: BTreeMap<(String, String, String), Vec<&'a Contribution>> = BTreeMap::new();
    let mut unkeyed = Vec::new();
    for contribution in contributions {
        let key = PersonKey::of_patient(&contribution.patient);
        match (key.nhs_number, key.birth_date, key.family) {
            (Some(number), Some(birth), Some(family)) => groups
                .entry((number.as_str().to_owned(), birth, family))
                .or_default()
                .push(contribution),
            _ => unkeyed.push(*contribution),
        }
    }
    let weight = |group: &[&Contribution]| {
        let traced = group.iter().filter(|c| is_traced(&c.patient)).count();
        (group.iter().any(is_subject), traced > 0, group.len())
    };
    if let Some(alone) = unkeyed.iter().copied().find(|c| is_subject(c)) {
        // What was asked for names nobody whom others could agree with: it stands alone.
        let others = contributions.iter().copied().filter(|c| !is_subject(c));
        return Ok((vec![alone], others.collect()));
    }
    let best = groups.values().map(|group| weight(group)).max();
    let winners = groups.values().filter(|g| Some(weight(g)) == best).count();
    let disagree = || Refusal::Disagree {
        organisations: contributions
            .iter()
            .map(|c| c.organisation.clone())
            .collect(),
    };
    if winners != 1 {
        return Err(disagree());
    }
    let (mut used, mut different) = (Vec::new(), unkeyed);
    for (_, group) in groups {
        if Some(weight(&group)) == best {
            used = group;
        } else {
            different.extend(group);
        }
    }
    Ok((used, different))
}
