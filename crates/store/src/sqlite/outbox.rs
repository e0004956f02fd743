//! The outbox in the embedded store.

use std::time::Duration;

use jiff::Timestamp;

use super::SqliteStore;
use super::session::Lite;
use crate::sql::record::micros;
use crate::sql::{exchange, now, outbox, outbox_list};
use crate::{
    Answer, Exchange, LaneClaim, LaneEnd, Outbox, OutboxBacklog, OutboxKey, OutboxQuery, OutboxRow,
    Sent, SettledItem, Sight, Tenant,
};

impl Outbox for SqliteStore {
    fn begin_destination<'a>(&'a self, key: &'a OutboxKey, policy: &'a str) -> Answer<'a, ()> {
        let (key, policy) = (key.clone(), policy.to_owned());
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox::begin(
                &mut Lite::writer(connection, memory),
                &key,
                &policy,
            ))
        }))
    }

    fn destinations<'a>(&'a self, tenant: &'a Tenant) -> Answer<'a, Vec<String>> {
        let tenant = tenant.clone();
        self.reading(move |connection| {
            now(outbox::destinations(
                &mut Lite::reader(connection),
                tenant.as_str(),
            ))
        })
    }

    fn end_destination<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, ()> {
        let key = key.clone();
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox::end(&mut Lite::writer(connection, memory), &key))
        }))
    }

    fn queue_more<'a>(&'a self, key: &'a OutboxKey, most: usize) -> Answer<'a, bool> {
        let key = key.clone();
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox::queue_more(
                &mut Lite::writer(connection, memory),
                &key,
                most,
            ))
        }))
    }

    fn queue_person<'a>(&'a self, key: &'a OutboxKey, patient: &'a str) -> Answer<'a, u64> {
        let (key, patient) = (key.clone(), patient.to_owned());
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox::queue_person(
                &mut Lite::writer(connection, memory),
                &key,
                &patient,
            ))
        }))
    }

    fn claim_lane<'a>(
        &'a self,
        key: &'a OutboxKey,
        worker: &'a str,
        lease: Duration,
    ) -> Answer<'a, Option<LaneClaim>> {
        let (key, worker) = (key.clone(), worker.to_owned());
        let clock = self.clock.clone();
        Box::pin(async move {
            // Looking costs a reader; only what is there to be taken costs the writer.
            let (looked, moment) = (key.clone(), micros(clock.now()));
            let any = self.reading(move |connection| {
                now(outbox::claimable(
                    &mut Lite::reader(connection),
                    &looked,
                    lease,
                    moment,
                ))
            });
            if !any.await? {
                return Ok(None);
            }
            self.writer
                .run(move |connection, memory| {
                    now(outbox::claim(
                        &mut Lite::writer(connection, memory),
                        &key,
                        &worker,
                        lease,
                        micros(clock.now()),
                    ))
                })
                .await
        })
    }

    fn renew_lane<'a>(&'a self, claim: &'a LaneClaim, lease: Duration) -> Answer<'a, bool> {
        let (claim, clock) = (claim.clone(), self.clock.clone());
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox::renew(
                &mut Lite::writer(connection, memory),
                &claim,
                lease,
                micros(clock.now()),
            ))
        }))
    }

    fn settle_lane<'a>(
        &'a self,
        claim: &'a LaneClaim,
        items: &'a [SettledItem],
        end: Option<LaneEnd>,
    ) -> Answer<'a, bool> {
        let (claim, items, clock) = (claim.clone(), items.to_vec(), self.clock.clone());
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox::settle(
                &mut Lite::writer(connection, memory),
                &claim,
                &items,
                end,
                micros(clock.now()),
            ))
        }))
    }

    fn waiting_among<'a>(
        &'a self,
        key: &'a OutboxKey,
        resources: &'a [(String, String)],
    ) -> Answer<'a, Vec<(String, String)>> {
        let (key, resources) = (key.clone(), resources.to_vec());
        self.reading(move |connection| {
            now(outbox_list::waiting_among(
                &mut Lite::reader(connection),
                &key,
                &resources,
            ))
        })
    }

    fn sent<'a>(
        &'a self,
        key: &'a OutboxKey,
        resources: &'a [(String, String)],
    ) -> Answer<'a, Vec<Sent>> {
        let (key, resources) = (key.clone(), resources.to_vec());
        self.reading(move |connection| {
            now(outbox_list::sent(
                &mut Lite::reader(connection),
                &key,
                &resources,
            ))
        })
    }

    fn outbox<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a OutboxQuery,
    ) -> Answer<'a, Vec<OutboxRow>> {
        let (sight, tenant, query) = (sight.clone(), tenant.clone(), query.clone());
        self.reading(move |connection| {
            now(outbox_list::list(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &query,
            ))
        })
    }

    fn retry_dead<'a>(
        &'a self,
        key: &'a OutboxKey,
        only: Option<&'a (String, String)>,
    ) -> Answer<'a, u64> {
        let (key, only) = (key.clone(), only.cloned());
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox_list::retry(
                &mut Lite::writer(connection, memory),
                &key,
                only.as_ref(),
            ))
        }))
    }

    fn discard_dead<'a>(
        &'a self,
        key: &'a OutboxKey,
        only: Option<&'a (String, String)>,
    ) -> Answer<'a, u64> {
        let (key, only) = (key.clone(), only.cloned());
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox_list::discard(
                &mut Lite::writer(connection, memory),
                &key,
                only.as_ref(),
            ))
        }))
    }

    fn trim_delivered<'a>(
        &'a self,
        key: &'a OutboxKey,
        before: Timestamp,
        most: usize,
    ) -> Answer<'a, u64> {
        let key = key.clone();
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox_list::trim(
                &mut Lite::writer(connection, memory),
                &key,
                before,
                most,
            ))
        }))
    }

    fn look_anew<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, ()> {
        let key = key.clone();
        Box::pin(self.writer.run(move |connection, memory| {
            now(outbox::look_anew(
                &mut Lite::writer(connection, memory),
                &key,
            ))
        }))
    }

    fn log_exchange<'a>(&'a self, tenant: &'a Tenant, exchange: &'a Exchange) -> Answer<'a, ()> {
        let (tenant, said) = (tenant.clone(), exchange.clone());
        Box::pin(self.writer.run(move |connection, memory| {
            now(exchange::add(
                &mut Lite::writer(connection, memory),
                &tenant,
                &said,
            ))
        }))
    }

    fn exchanges<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        nhs_number: Option<&'a str>,
    ) -> Answer<'a, Vec<Exchange>> {
        let (sight, tenant) = (sight.clone(), tenant.clone());
        let number = nhs_number.map(str::to_owned);
        self.reading(move |connection| {
            now(exchange::list(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                number.as_deref(),
            ))
        })
    }

    fn outbox_backlog<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, OutboxBacklog> {
        let key = key.clone();
        self.reading(move |connection| {
            now(outbox_list::backlog(&mut Lite::reader(connection), &key))
        })
    }
}
