//! What could not be stored, kept for a person to decide (CS-7).

use jiff::Timestamp;

use crate::{Label, Tenant};

/// One thing held back: a record, or a resource made from it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Quarantined {
    /// Where it is in the input, in words: `people.csv row 12`.
    pub place: String,
    /// The rule of the mapping that made it, where one did.
    pub rule: Option<String>,
    /// The resource type, where one is known.
    pub rtype: Option<String>,
    /// The id that the resource would have, where it is known.
    pub id: Option<String>,
    /// The Patient id of the person it is about, where it is known.
    pub patient: Option<String>,
    /// The NHS number it carries, where it is a valid one: finds the person when the Patient itself
    /// is what was held back.
    pub nhs_number: Option<String>,
    /// Labels it would carry: a held-back safeguarding flag is not hinted at either.
    pub labels: Vec<Label>,
    /// The issues, as a JSON array.
    pub issues: String,
    /// What was held back, as it was: the resource or the record, as JSON text.
    pub raw: String,
}

/// One row of the quarantine as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct QuarantinedRow {
    /// Its number, for asking about it again.
    pub number: u64,
    /// Whose it is.
    pub tenant: Tenant,
    /// The submission that it came with.
    pub submission: String,
    /// The source of that submission.
    pub source: String,
    /// The as-of of that submission.
    pub as_of: Timestamp,
    /// Whether it has been settled: a later submission carried the same thing through, or a person
    /// decided.
    pub settled: bool,
    /// What a person decided about it, where one did: `released`, `discarded`.
    pub decided: Option<String>,
    /// The thing. For a reader who is not the tenant itself, `issues` and `raw` are empty: that
    /// something is missing may be said, what it says may not (CS-22).
    pub held: Quarantined,
}

/// Which rows of a tenant's quarantine are asked for, in the order in which they were held back.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct QuarantineQuery {
    /// Of one submission.
    pub submission: Option<String>,
    /// Of one source.
    pub source: Option<String>,
    /// With an issue of this code.
    pub code: Option<String>,
    /// Only those that nobody and nothing has settled.
    pub open: bool,
    /// These rows, by number; all when empty.
    pub numbers: Vec<u64>,
    /// Only those with a larger number.
    pub after: Option<u64>,
    /// At most so many; no bound when `None`.
    pub limit: Option<usize>,
}

/// A person's decision about rows of the quarantine: they are settled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecideQuarantine {
    /// The rows, by number.
    pub numbers: Vec<u64>,
    /// What was decided: `released`, `discarded`.
    pub decided: String,
}
