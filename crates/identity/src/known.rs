//! What people have decided about who is who, and what follows from it.

use std::collections::{BTreeMap, BTreeSet};

use crate::NhsNumber;

/// One record of a person: a Patient of a tenant.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Record {
    /// The tenant.
    pub tenant: String,
    /// The id of the Patient.
    pub patient: String,
}

impl Record {
    /// A record.
    pub fn new(tenant: impl Into<String>, patient: impl Into<String>) -> Self {
        Self {
            tenant: tenant.into(),
            patient: patient.into(),
        }
    }
}

/// What a person decided about two records.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ruling {
    /// They are one person's.
    Link,
    /// They are not.
    KeepApart,
}

/// One entry of the list of decisions. The list only grows: what was wrong is undone by a later
/// entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// About exactly these two records, whichever comes first.
    Rule {
        /// One record.
        one: Record,
        /// The other.
        other: Record,
        /// What was decided.
        ruling: Ruling,
    },
    /// An NHS number was replaced by another.
    Supersede {
        /// Whose records it holds for; everyone's when PDS has said so.
        tenant: Option<String>,
        /// The number that no longer names anybody.
        old: NhsNumber,
        /// The number that does.
        new: NhsNumber,
    },
    /// One registration of a tenant was merged into another by whoever gave out both of their local
    /// identifiers.
    Merge {
        /// The registration that is given up.
        from: Record,
        /// The one that stays.
        into: Record,
    },
    /// An earlier decision, by its number, no longer holds: what held before it holds again.
    Undo {
        /// The number of that decision.
        decision: u64,
    },
}

/// The decisions that were not undone, in the order of their numbers, without the undoings.
pub fn standing(
    decisions: impl IntoIterator<Item = (u64, Decision)>,
) -> impl Iterator<Item = (u64, Decision)> {
    let decisions: BTreeMap<u64, Decision> = decisions.into_iter().collect();
    let mut undone = BTreeSet::new();
    // From the last backwards: an undoing that was itself undone undoes nothing. One can only undo
    // what came before it.
    for (number, decision) in decisions.iter().rev() {
        if let Decision::Undo { decision } = decision
            && decision < number
            && !undone.contains(number)
        {
            undone.insert(*decision);
        }
    }
    decisions.into_iter().filter(move |(number, decision)| {
        !undone.contains(number) && !matches!(decision, Decision::Undo { .. })
    })
}

/// The decisions that hold. Made of the list, never changed by hand.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Known {
    rulings: BTreeMap<(Record, Record), Ruling>,
    superseded: BTreeMap<(Option<String>, NhsNumber), NhsNumber>,
    merged: BTreeMap<Record, Record>,
}

impl Known {
    /// What holds after these decisions, each with its number, in any order: of two about the same
    /// thing the later one, unless it was undone.
    pub fn of(decisions: impl IntoIterator<Item = (u64, Decision)>) -> Self {
        let mut known = Self::default();
        for (_, decision) in standing(decisions) {
            known.add(decision);
        }
        known
    }

    fn add(&mut self, decision: Decision) {
        match decision {
            Decision::Rule { one, other, ruling } => {
                if one != other {
                    self.rulings.insert(pair(one, other), ruling);
                }
            }
            Decision::Supersede { tenant, old, new } => {
                if old != new {
                    self.superseded.insert((tenant, old), new);
                }
            }
            // No merge reaches beyond its tenant, whatever the list says.
            Decision::Merge { from, into } => {
                if from.tenant == into.tenant && !self.leads_through(&into, &from) {
                    self.merged.insert(from, into);
                }
            }
            Decision::Undo { .. } => {}
        }
    }

    /// What was decided about exactly these two records.
    pub fn ruling(&self, one: &Record, other: &Record) -> Option<Ruling> {
        self.rulings.get(&pair(one.clone(), other.clone())).copied()
    }

    /// The number that a number stands for in a tenant's records today. A chain is followed to its
    /// end; a ring names nobody new, and the number stands as it is.
    pub fn current_number<'a>(&'a self, tenant: &str, number: &'a NhsNumber) -> &'a NhsNumber {
        let mut seen = BTreeSet::from([number]);
        let mut at = number;
        while let Some(next) = self.next_number(tenant, at) {
            if !seen.insert(next) {
                return number;
            }
            at = next;
        }
        at
    }

    fn next_number(&self, tenant: &str, number: &NhsNumber) -> Option<&NhsNumber> {
        self.superseded
            .get(&(Some(tenant.to_owned()), number.clone()))
            .or_else(|| self.superseded.get(&(None, number.clone())))
    }

    /// The registration that a record stands for today: its own, unless it was merged.
    pub fn survivor(&self, record: &Record) -> Record {
        let mut at = record;
        // Merges make no ring: see `add`.
        while let Some(next) = self.merged.get(at) {
            at = next;
        }
        at.clone()
    }

    /// Whether a number was replaced in some tenant's records.
    pub fn is_superseded(&self, number: &NhsNumber) -> bool {
        self.superseded.keys().any(|(_, old)| old == number)
    }

    /// A number with all that it replaced or that replaced it in some tenant's records, through
    /// others too.
    pub fn related_numbers(&self, number: &NhsNumber) -> BTreeSet<NhsNumber> {
        let mut found = BTreeSet::from([number.clone()]);
        let mut wanted = vec![number];
        while let Some(at) = wanted.pop() {
            for ((_, old), new) in &self.superseded {
                for related in [(old, new), (new, old)] {
                    if related.0 == at && found.insert(related.1.clone()) {
                        wanted.push(related.1);
                    }
                }
            }
        }
        found
    }

    /// The records that somebody has decided to be the same person's as this one.
    pub fn linked_with(&self, record: &Record) -> Vec<Record> {
        self.rulings
            .iter()
            .filter(|(_, ruling)| **ruling == Ruling::Link)
            .filter_map(|((one, other), _)| {
                if one == record {
                    Some(other.clone())
                } else if other == record {
                    Some(one.clone())
                } else {
                    None
                }
            })
            .collect()
    }

    /// Whether a record is another one, or was merged into it or through it.
    fn leads_through(&self, record: &Record, through: &Record) -> bool {
        let mut at = Some(record);
        while let Some(record) = at {
            if record == through {
                return true;
            }
            at = self.merged.get(record);
        }
        false
    }

    /// The registrations that were merged into a record, through others too.
    pub fn absorbed(&self, record: &Record) -> Vec<Record> {
        self.merged
            .keys()
            .filter(|from| *from != record && self.survivor(from) == *record)
            .cloned()
            .collect()
    }

    /// Whether nothing was decided.
    pub fn is_empty(&self) -> bool {
        self.rulings.is_empty() && self.superseded.is_empty() && self.merged.is_empty()
    }
}

fn pair(one: Record, other: Record) -> (Record, Record) {
    if one <= other {
        (one, other)
    } else {
        (other, one)
    }
}
