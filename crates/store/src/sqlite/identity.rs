//! Who is who, in the embedded store.

use identity::{Decision, NhsNumber, Record};
use jiff::Timestamp;

use super::SqliteStore;
use super::session::Lite;
use crate::sql::{identity_review, now, traced};
use crate::{
    Answer, Case, Decided, DecisionRow, IdentityReview, NewCase, NewDecision, Raised, Sight,
    Tenant, ToTrace, Traced, Traces,
};

impl IdentityReview for SqliteStore {
    fn raise<'a>(&'a self, case: &'a NewCase) -> Answer<'a, Raised> {
        let case = case.clone();
        Box::pin(async move {
            let asked = case.clone();
            let known = self
                .reading(move |connection| {
                    now(identity_review::known_case(
                        &mut Lite::reader(connection),
                        &asked,
                    ))
                })
                .await?;
            if let Some(number) = known {
                return Ok(Raised::Known(number));
            }
            self.writer
                .run(move |connection, memory| {
                    now(identity_review::raise(
                        &mut Lite::writer(connection, memory),
                        &case,
                    ))
                })
                .await
        })
    }

    fn cases<'a>(
        &'a self,
        sight: &'a Sight,
        all: bool,
        after: u64,
        limit: usize,
    ) -> Answer<'a, Vec<Case>> {
        let sight = sight.clone();
        self.reading(move |connection| {
            now(identity_review::cases(
                &mut Lite::reader(connection),
                &sight,
                all,
                after,
                limit,
            ))
        })
    }

    fn case<'a>(&'a self, sight: &'a Sight, number: u64) -> Answer<'a, Option<Case>> {
        let sight = sight.clone();
        self.reading(move |connection| {
            now(identity_review::case(
                &mut Lite::reader(connection),
                &sight,
                number,
            ))
        })
    }

    fn decide<'a>(&'a self, sight: &'a Sight, decision: &'a NewDecision) -> Answer<'a, Decided> {
        let (sight, decision) = (sight.clone(), decision.clone());
        Box::pin(self.writer.run(move |connection, memory| {
            now(identity_review::decide(
                &mut Lite::writer(connection, memory),
                &sight,
                &decision,
            ))
        }))
    }

    fn decisions<'a>(&'a self, sight: &'a Sight, limit: usize) -> Answer<'a, Vec<DecisionRow>> {
        let sight = sight.clone();
        self.reading(move |connection| {
            now(identity_review::decisions(
                &mut Lite::reader(connection),
                &sight,
                limit,
            ))
        })
    }

    fn decisions_about<'a>(
        &'a self,
        sight: &'a Sight,
        records: &'a [Record],
        numbers: &'a [NhsNumber],
    ) -> Answer<'a, Vec<(u64, Decision)>> {
        let (sight, records, numbers) = (sight.clone(), records.to_vec(), numbers.to_vec());
        self.reading(move |connection| {
            now(identity_review::decisions_about(
                &mut Lite::reader(connection),
                &sight,
                &records,
                &numbers,
            ))
        })
    }
}

impl Traces for SqliteStore {
    fn put_traces<'a>(&'a self, traces: &'a [Traced]) -> Answer<'a, ()> {
        let traces = traces.to_vec();
        Box::pin(self.writer.run(move |connection, memory| {
            now(traced::put(&mut Lite::writer(connection, memory), &traces))
        }))
    }

    fn traces<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patients: &'a [String],
    ) -> Answer<'a, Vec<Traced>> {
        let (sight, tenant, patients) = (sight.clone(), tenant.clone(), patients.to_vec());
        self.reading(move |connection| {
            now(traced::of(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &patients,
            ))
        })
    }

    fn trace_problems<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        limit: usize,
    ) -> Answer<'a, Vec<Traced>> {
        let (sight, tenant) = (sight.clone(), tenant.clone());
        self.reading(move |connection| {
            now(traced::problems(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                limit,
            ))
        })
    }

    fn to_trace<'a>(
        &'a self,
        tenant: &'a Tenant,
        at: Timestamp,
        from: u64,
        limit: usize,
    ) -> Answer<'a, ToTrace> {
        let tenant = tenant.clone();
        self.reading(move |connection| {
            now(traced::due(
                &mut Lite::reader(connection),
                &tenant,
                at,
                from,
                limit,
            ))
        })
    }
}
