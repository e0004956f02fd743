//! What PDS said of a person's NHS number (CS-3): a status, and nothing of who they are.

use identity::{NhsNumber, VerificationStatus};
use jiff::Timestamp;

use crate::{Answer, PersonKeys, PersonRow, Sight, Tenant};

/// The outcome of a trace of one stored Patient.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Traced {
    /// Whose record it is.
    pub tenant: Tenant,
    /// The id of the Patient.
    pub patient: String,
    /// What the record said when it was traced: the outcome holds only as long as it says so.
    pub keys: PersonKeys,
    /// The verification status that follows.
    pub status: VerificationStatus,
    /// Whether PDS marks the person as restricted or very restricted: then nothing may say where
    /// they live.
    pub restricted: bool,
    /// Whether PDS says that the person has died.
    pub deceased: bool,
    /// The number that replaced the one asked for, where PDS answered with another.
    pub superseded_by: Option<NhsNumber>,
    /// When it was traced.
    pub at: Timestamp,
    /// When it is to be traced again.
    pub again: Timestamp,
}

/// A part of the people to be traced.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct ToTrace {
    /// Who: those with an NHS number that was never traced, was traced under other keys, or is due.
    pub people: Vec<PersonRow>,
    /// Where the next part begins; nothing when this was the last.
    pub next: Option<u64>,
}

/// Outcomes of traces.
pub trait Traces {
    /// Keeps outcomes, each in place of the one before. A number that was replaced becomes a decision
    /// of PDS ([`identity::Decision::Supersede`], by `pds`), written once.
    fn put_traces<'a>(&'a self, traces: &'a [Traced]) -> Answer<'a, ()>;

    /// The outcomes for these Patients of a tenant in sight that still hold: those whose keys are
    /// what the stored Patient says now.
    fn traces<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patients: &'a [String],
    ) -> Answer<'a, Vec<Traced>>;

    /// Outcomes of the reader's own people who are not verified, and still hold: what somebody at the
    /// source has to look at.
    fn trace_problems<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        limit: usize,
    ) -> Answer<'a, Vec<Traced>>;

    /// Current people of a tenant who are to be traced at a moment, part by part: the first part
    /// begins at 0. For the tracing worker, never for a caller.
    fn to_trace<'a>(
        &'a self,
        tenant: &'a Tenant,
        now: Timestamp,
        from: u64,
        limit: usize,
    ) -> Answer<'a, ToTrace>;
}
