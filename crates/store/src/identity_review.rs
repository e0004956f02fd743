//! Who is who, where a person has to decide (CS-2): the queue of cases and the list of decisions.

use identity::{Decision, NhsNumber, Point, Record};
use jiff::Timestamp;

use crate::{Answer, Sight, Tenant};

/// One side of a case: a stored Patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseSide {
    /// Whose record it is.
    pub tenant: Tenant,
    /// The id of the Patient.
    pub patient: String,
    /// The source that it came from.
    pub source: String,
}

impl CaseSide {
    /// The record, as decisions name it.
    pub fn record(&self) -> Record {
        Record::new(self.tenant.as_str(), &self.patient)
    }
}

/// How a case was found.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CaseFound {
    /// A file came in.
    Submission,
    /// A summary was asked for.
    Gathering,
    /// A number was traced.
    Trace,
}

impl CaseFound {
    const ALL: [Self; 3] = [Self::Submission, Self::Gathering, Self::Trace];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Submission => "submission",
            Self::Gathering => "gathering",
            Self::Trace => "trace",
        }
    }

    /// The way of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|found| found.as_str() == word)
    }
}

/// Two records that may be one person's, to be put before a person. It holds codes, never values.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewCase {
    /// One record.
    pub one: CaseSide,
    /// The other.
    pub other: CaseSide,
    /// How it was found.
    pub found: CaseFound,
    /// What speaks for one person.
    pub speaks_for: Vec<Point>,
    /// What speaks against.
    pub speaks_against: Vec<Point>,
}

/// A case as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// Its number.
    pub number: u64,
    /// When it was first seen.
    pub first_seen: Timestamp,
    /// How it was found first.
    pub found: CaseFound,
    /// The records that the reader may see: both, or only its own.
    pub sides: Vec<CaseSide>,
    /// What speaks for one person; empty to a reader who sees one side only (CS-22).
    pub speaks_for: Vec<Point>,
    /// What speaks against. To a reader who sees one side only: which parts of its own record are
    /// in question.
    pub speaks_against: Vec<Point>,
    /// The decision that settled it, by its number; nothing while it is open.
    pub decided: Option<u64>,
}

/// What became of a case that was raised.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Raised {
    /// It is new.
    New(u64),
    /// It was there already.
    Known(u64),
}

/// A decision to be written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewDecision {
    /// Who decided: a client's or a person's id, never a name out of a record.
    pub by: String,
    /// Why.
    pub note: Option<String>,
    /// What.
    pub decision: Decision,
    /// Of a merge: the identifier system of the authority that made it.
    pub authority: Option<String>,
}

/// A decision as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DecisionRow {
    /// Its number: the order of deciding.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// What was written.
    pub given: NewDecision,
}

/// What became of a decision.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decided {
    /// It is written, under this number.
    Written(u64),
    /// A record or decision that it is about is not the decider's own, or is not there.
    NotYours,
    /// The two records are of different tenants, which no merge may join.
    Beyond,
}

/// The queue and the list.
///
/// A reader sees a case as far as its own records go, and a decision when all of it is its own. Only
/// who owns every record that a decision is about may take it; for records of two tenants that is
/// whoever runs the deployment. The list only grows.
pub trait IdentityReview {
    /// Puts a case before a person. The same two records make one case, whichever comes first; what
    /// speaks for and against is that of the last time.
    fn raise<'a>(&'a self, case: &'a NewCase) -> Answer<'a, Raised>;

    /// The cases of the tenants that the reader is, the oldest first, from a number on; only open
    /// ones unless all are asked for.
    fn cases<'a>(
        &'a self,
        sight: &'a Sight,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Answer<'a, Vec<Case>>;

    /// One case.
    fn case<'a>(&'a self, sight: &'a Sight, number: u64) -> Answer<'a, Option<Case>>;

    /// Writes a decision.
    fn decide<'a>(&'a self, sight: &'a Sight, decision: &'a NewDecision) -> Answer<'a, Decided>;

    /// The decisions that are the reader's to see, the latest first.
    fn decisions<'a>(&'a self, sight: &'a Sight, limit: usize) -> Answer<'a, Vec<DecisionRow>>;

    /// Every decision that bears on these records and numbers, for [`identity::Known::of`]: about
    /// one of the records and another, about numbers that led to these or follow them, about registrations that
    /// were merged into these or that these were merged into, and whatever was undone of it. What
    /// touches a tenant out of sight is left out.
    fn decisions_about<'a>(
        &'a self,
        sight: &'a Sight,
        records: &'a [Record],
        numbers: &'a [NhsNumber],
    ) -> Answer<'a, Vec<(u64, Decision)>>;
}
