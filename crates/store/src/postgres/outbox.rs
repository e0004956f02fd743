//! The outbox on PostgreSQL.

use std::time::Duration;

use jiff::Timestamp;

use super::PostgresStore;
use super::serve::{reading, writing};
use super::session::Pg;
use crate::sql::{exchange, outbox, outbox_list};
use crate::{
    Answer, Error, Exchange, LaneClaim, LaneEnd, Outbox, OutboxBacklog, OutboxKey, OutboxQuery,
    OutboxRow, Sent, SettledItem, Sight, Tenant,
};

impl Outbox for PostgresStore {
    fn begin_destination<'a>(&'a self, key: &'a OutboxKey, policy: &'a str) -> Answer<'a, ()> {
        writing!(self, key.tenant.as_str(), s => outbox::begin(s, key, policy))
    }

    fn destinations<'a>(&'a self, tenant: &'a Tenant) -> Answer<'a, Vec<String>> {
        reading!(self, s => outbox::destinations(s, tenant.as_str()))
    }

    fn end_destination<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, ()> {
        writing!(self, key.tenant.as_str(), s => outbox::end(s, key))
    }

    fn queue_more<'a>(&'a self, key: &'a OutboxKey, most: usize) -> Answer<'a, bool> {
        writing!(self, key.tenant.as_str(), s => outbox::queue_more(s, key, most))
    }

    fn queue_person<'a>(&'a self, key: &'a OutboxKey, patient: &'a str) -> Answer<'a, u64> {
        writing!(self, key.tenant.as_str(), s => outbox::queue_person(s, key, patient))
    }

    fn claim_lane<'a>(
        &'a self,
        key: &'a OutboxKey,
        worker: &'a str,
        lease: Duration,
    ) -> Answer<'a, Option<LaneClaim>> {
        Box::pin(async move {
            // Most of the time there is nothing to do: found out without writing.
            let any: Answer<'_, bool> = reading!(self, s => claimable(s, key, lease));
            if !any.await? {
                return Ok(None);
            }
            let claim: Answer<'_, Option<LaneClaim>> = writing!(self, key.tenant.as_str(), s => {
                outbox::claim(s, key, worker, lease, s.clock())
            });
            claim.await
        })
    }

    fn renew_lane<'a>(&'a self, claim: &'a LaneClaim, lease: Duration) -> Answer<'a, bool> {
        writing!(self, claim.key.tenant.as_str(), s => outbox::renew(s, claim, lease, s.clock()))
    }

    fn settle_lane<'a>(
        &'a self,
        claim: &'a LaneClaim,
        items: &'a [SettledItem],
        end: Option<LaneEnd>,
    ) -> Answer<'a, bool> {
        writing!(self, claim.key.tenant.as_str(), [end] s => {
            outbox::settle(s, claim, items, *end, s.clock())
        })
    }

    fn waiting_among<'a>(
        &'a self,
        key: &'a OutboxKey,
        resources: &'a [(String, String)],
    ) -> Answer<'a, Vec<(String, String)>> {
        reading!(self, s => outbox_list::waiting_among(s, key, resources))
    }

    fn sent<'a>(
        &'a self,
        key: &'a OutboxKey,
        resources: &'a [(String, String)],
    ) -> Answer<'a, Vec<Sent>> {
        reading!(self, s => outbox_list::sent(s, key, resources))
    }

    fn outbox<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a OutboxQuery,
    ) -> Answer<'a, Vec<OutboxRow>> {
        reading!(self, s => outbox_list::list(s, sight, tenant, query))
    }

    fn retry_dead<'a>(
        &'a self,
        key: &'a OutboxKey,
        only: Option<&'a (String, String)>,
    ) -> Answer<'a, u64> {
        writing!(self, key.tenant.as_str(), s => outbox_list::retry(s, key, only))
    }

    fn discard_dead<'a>(
        &'a self,
        key: &'a OutboxKey,
        only: Option<&'a (String, String)>,
    ) -> Answer<'a, u64> {
        writing!(self, key.tenant.as_str(), s => outbox_list::discard(s, key, only))
    }

    fn trim_delivered<'a>(
        &'a self,
        key: &'a OutboxKey,
        before: Timestamp,
        most: usize,
    ) -> Answer<'a, u64> {
        writing!(self, key.tenant.as_str(), s => outbox_list::trim(s, key, before, most))
    }

    fn look_anew<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, ()> {
        writing!(self, key.tenant.as_str(), s => outbox::look_anew(s, key))
    }

    fn log_exchange<'a>(&'a self, tenant: &'a Tenant, exchange: &'a Exchange) -> Answer<'a, ()> {
        writing!(self, tenant.as_str(), s => exchange::add(s, tenant, exchange))
    }

    fn exchanges<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        nhs_number: Option<&'a str>,
    ) -> Answer<'a, Vec<Exchange>> {
        reading!(self, s => exchange::list(s, sight, tenant, nhs_number))
    }

    fn outbox_backlog<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, OutboxBacklog> {
        reading!(self, s => outbox_list::backlog(s, key))
    }
}

async fn claimable(s: &mut Pg, key: &OutboxKey, lease: Duration) -> Result<bool, Error> {
    let now = s.ask_clock().await?;
    outbox::claimable(s, key, lease, now).await
}
