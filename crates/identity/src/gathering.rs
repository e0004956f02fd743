//! Several records: which of them are one person's, and which wait for somebody to decide.

use std::collections::BTreeSet;

use crate::Claim;
use crate::known::{Known, Record};
use crate::linking::{Linking, Party, Point, Reasons, link};

/// Two records that a person has to look at.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Doubt {
    /// The one, by its place among the records.
    pub one: usize,
    /// The other.
    pub other: usize,
    /// Why.
    pub reasons: Reasons,
}

/// Records as persons.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Gathering {
    /// The records of each person, by their places, in order; each record is in exactly one group.
    pub persons: Vec<Vec<usize>>,
    /// What waits for a person to decide.
    pub doubts: Vec<Doubt>,
}

/// Gathers records into persons by [`link`].
///
/// Within a group every record is linked with every other. Where links do not fit together (one
/// agrees with two that do not agree with each other), nobody can tell which link is wrong: all of
/// them stand alone, and what does not fit is a doubt. A record that was merged into another one
/// goes where that one goes, when that one is among the records.
pub fn gather(records: &[(Record, Claim)], known: &Known) -> Gathering {
    let mut gathering = Gathering::default();
    let standing: Vec<usize> = (0..records.len())
        .filter(|at| survivor_among(records, *at, known).is_none())
        .collect();
    let matrix = Matrix::of(records, &standing, known);
    for component in matrix.components() {
        let whole = component
            .iter()
            .all(|one| component.iter().all(|other| matrix.linked(*one, *other)));
        if whole {
            gathering.persons.push(
                component
                    .iter()
                    .filter_map(|at| standing.get(*at).copied())
                    .collect(),
            );
        } else {
            for (n, one) in component.iter().enumerate() {
                gathering
                    .persons
                    .extend(standing.get(*one).map(|at| vec![*at]));
                for other in component.iter().skip(n + 1) {
                    if matrix.at(*one, *other) == Some(&Linking::Apart)
                        && let (Some(one), Some(other)) = (standing.get(*one), standing.get(*other))
                    {
                        gathering.doubts.push(Doubt {
                            one: *one,
                            other: *other,
                            reasons: Reasons {
                                speaks_against: BTreeSet::from([Point::NotWithTheOthers]),
                                ..Reasons::default()
                            },
                        });
                    }
                }
            }
        }
    }
    gathering.doubts.extend(matrix.conflicts(&standing));
    gathering
        .doubts
        .sort_by_key(|doubt| (doubt.one, doubt.other));
    for at in 0..records.len() {
        let Some(survivor) = survivor_among(records, at, known) else {
            continue;
        };
        if let Some(person) = gathering
            .persons
            .iter_mut()
            .find(|person| person.contains(&survivor))
        {
            person.push(at);
            person.sort_unstable();
        }
    }
    gathering.persons.sort();
    gathering
}

/// Where the record is that this one was merged into.
fn survivor_among(records: &[(Record, Claim)], at: usize, known: &Known) -> Option<usize> {
    let (record, _) = records.get(at)?;
    let survivor = known.survivor(record);
    if survivor == *record {
        return None;
    }
    records.iter().position(|(other, _)| *other == survivor)
}

/// What each two of the records that stand are to each other.
struct Matrix {
    size: usize,
    cells: Vec<Linking>,
}

impl Matrix {
    fn of(records: &[(Record, Claim)], standing: &[usize], known: &Known) -> Self {
        let party = |at: &usize| {
            records
                .get(*at)
                .map(|(record, claim)| Party { record, claim })
        };
        let mut cells = Vec::with_capacity(standing.len() * standing.len());
        for one in standing {
            for other in standing {
                cells.push(match (party(one), party(other)) {
                    (Some(a), Some(b)) => link(a, b, known),
                    _ => Linking::Apart,
                });
            }
        }
        Self {
            size: standing.len(),
            cells,
        }
    }

    fn at(&self, one: usize, other: usize) -> Option<&Linking> {
        self.cells.get(one * self.size + other)
    }

    fn linked(&self, one: usize, other: usize) -> bool {
        self.at(one, other).is_some_and(Linking::is_linked)
    }

    fn components(&self) -> Vec<Vec<usize>> {
        let mut seen = BTreeSet::new();
        let mut found = Vec::new();
        for start in 0..self.size {
            if !seen.insert(start) {
                continue;
            }
            let mut component = vec![start];
            let mut next = 0;
            while let Some(at) = component.get(next).copied() {
                next += 1;
                for other in 0..self.size {
                    if self.linked(at, other) && seen.insert(other) {
                        component.push(other);
                    }
                }
            }
            component.sort_unstable();
            found.push(component);
        }
        found
    }

    fn conflicts(&self, standing: &[usize]) -> Vec<Doubt> {
        let mut doubts = Vec::new();
        for one in 0..self.size {
            for other in one + 1..self.size {
                if let Some(Linking::Conflict(reasons)) = self.at(one, other)
                    && let (Some(one), Some(other)) = (standing.get(one), standing.get(other))
                {
                    doubts.push(Doubt {
                        one: *one,
                        other: *other,
                        reasons: reasons.clone(),
                    });
                }
            }
        }
        doubts
    }
}
