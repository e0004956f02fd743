//! Who is who, on PostgreSQL. A case or a decision is about two tenants' records, so these are
//! written under the clock of what belongs to no tenant.

use identity::{Decision, NhsNumber, Record};
use jiff::Timestamp;

use super::PostgresStore;
use super::run::NOBODY;
use super::serve::{reading, writing};
use super::session::Pg;
use crate::sql::{identity_review, traced};
use crate::{
    Answer, Case, Decided, DecisionRow, IdentityReview, NewCase, NewDecision, Raised, Sight,
    Tenant, ToTrace, Traced, Traces,
};

impl IdentityReview for PostgresStore {
    fn raise<'a>(&'a self, case: &'a NewCase) -> Answer<'a, Raised> {
        Box::pin(async move {
            let known: Answer<'_, Option<u64>> =
                reading!(self, s => identity_review::known_case(s, case));
            if let Some(number) = known.await? {
                return Ok(Raised::Known(number));
            }
            let raised: Answer<'_, Raised> =
                writing!(self, NOBODY, s => identity_review::raise(s, case));
            raised.await
        })
    }

    fn cases<'a>(
        &'a self,
        sight: &'a Sight,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Answer<'a, Vec<Case>> {
        reading!(self, s => identity_review::cases(s, sight, all, after, limit))
    }

    fn case<'a>(&'a self, sight: &'a Sight, number: u64) -> Answer<'a, Option<Case>> {
        reading!(self, s => identity_review::case(s, sight, number))
    }

    fn decide<'a>(&'a self, sight: &'a Sight, decision: &'a NewDecision) -> Answer<'a, Decided> {
        writing!(self, NOBODY, s => identity_review::decide(s, sight, decision))
    }

    fn decisions<'a>(&'a self, sight: &'a Sight, limit: usize) -> Answer<'a, Vec<DecisionRow>> {
        reading!(self, s => identity_review::decisions(s, sight, limit))
    }

    fn decisions_about<'a>(
        &'a self,
        sight: &'a Sight,
        records: &'a [Record],
        numbers: &'a [NhsNumber],
    ) -> Answer<'a, Vec<(u64, Decision)>> {
        reading!(self, s => identity_review::decisions_about(s, sight, records, numbers))
    }
}

impl Traces for PostgresStore {
    fn put_traces<'a>(&'a self, traces: &'a [Traced]) -> Answer<'a, ()> {
        writing!(self, NOBODY, s => traced::put(s, traces))
    }

    fn traces<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patients: &'a [String],
    ) -> Answer<'a, Vec<Traced>> {
        reading!(self, s => traced::of(s, sight, tenant, patients))
    }

    fn trace_problems<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        limit: usize,
    ) -> Answer<'a, Vec<Traced>> {
        reading!(self, s => traced::problems(s, sight, tenant, limit))
    }

    fn to_trace<'a>(
        &'a self,
        tenant: &'a Tenant,
        now: Timestamp,
        from: u64,
        limit: usize,
    ) -> Answer<'a, ToTrace> {
        reading!(self, s => traced::due(s, tenant, now, from, limit))
    }
}
