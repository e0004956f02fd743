//! How much of everything, then and now.

use std::collections::BTreeMap;

use diagnostics::{Issue, Severity};
use serde::Serialize;

use crate::changes::Effect;
use crate::run::Side;

/// A count before and after.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
pub struct Held {
    /// With the old mapping.
    pub then: u64,
    /// With the new one.
    pub now: u64,
}

impl Held {
    fn add(&mut self, side: Side) {
        match side {
            Side::Old => self.then += 1,
            Side::New => self.now += 1,
        }
    }
}

/// What becomes of the resources of one type.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TypeTotals {
    /// How many are made.
    pub made: Held,
    /// How many are made now and were not.
    pub added: u64,
    /// How many were made and are not any more.
    pub removed: u64,
    /// How many say something else.
    pub changed: u64,
    /// How many get another id.
    pub ids_changed: u64,
}

/// An issue that is met more often or less often than before.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct IssueChange {
    /// Its code.
    pub code: String,
    /// How bad.
    pub severity: Severity,
    /// What it says.
    pub message: String,
    /// How often.
    #[serde(flatten)]
    pub times: Held,
}

/// The totals of a comparison.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Totals {
    /// How many people are made.
    pub people: Held,
    /// Of how many people something would change.
    pub people_changed: u64,
    /// What becomes of the resources, by type.
    pub resources: BTreeMap<String, TypeTotals>,
    /// How much is held back, by the type that it would be; records of which that is not known under
    /// `record`.
    pub held_back: BTreeMap<String, Held>,
    #[serde(skip)]
    issues: BTreeMap<(Severity, String, String), Held>,
}

impl Totals {
    pub(crate) fn made(&mut self, side: Side, rtype: &str) {
        self.of(rtype).made.add(side);
        if rtype == "Patient" {
            self.people.add(side);
        }
    }

    pub(crate) fn held(&mut self, side: Side, rtype: Option<&str>) {
        let rtype = rtype.unwrap_or("record");
        self.held_back
            .entry(rtype.to_owned())
            .or_default()
            .add(side);
    }

    pub(crate) fn issue(&mut self, side: Side, issue: &Issue) {
        let key = (
            issue.severity,
            issue.code.to_string(),
            issue.message.clone(),
        );
        self.issues.entry(key).or_default().add(side);
    }

    pub(crate) fn effect(&mut self, rtype: &str, effect: Effect, id_changes: bool) {
        let of = self.of(rtype);
        of.ids_changed += u64::from(id_changes);
        match effect {
            Effect::Added => of.added += 1,
            Effect::Removed => of.removed += 1,
            Effect::Changed => of.changed += 1,
            Effect::SameButId | Effect::HeldBack | Effect::NoLongerHeldBack => {}
        }
    }

    fn of(&mut self, rtype: &str) -> &mut TypeTotals {
        self.resources.entry(rtype.to_owned()).or_default()
    }

    /// The issues that are met more often or less often than before: errors first.
    pub fn issues(&self) -> Vec<IssueChange> {
        self.issues
            .iter()
            .filter(|(_, times)| times.then != times.now)
            .map(|((severity, code, message), times)| IssueChange {
                code: code.clone(),
                severity: *severity,
                message: message.clone(),
                times: *times,
            })
            .collect()
    }

    /// Whether anything would change.
    pub fn changes(&self) -> bool {
        self.people_changed > 0
            || self.people.then != self.people.now
            || self
                .resources
                .values()
                .any(|of| of.added + of.removed + of.changed + of.ids_changed > 0)
            || self.held_back.values().any(|held| held.then != held.now)
            || !self.issues().is_empty()
    }
}
