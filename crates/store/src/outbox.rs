//! What is to be sent on: which resources have changed since a destination was last told.
//!
//! There is one row for each destination and resource, not one for each change: what is sent is
//! looked up when it is sent, so a change that nobody has fetched yet is carried by the next one.
//! Rows are taken by the *lane*: all that waits of one person, or one resource that is nobody's.
//! One worker has a lane at a time, which keeps a person's changes in order.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Answer, Error, Exchange, Sight, Tenant};

/// One tenant's destination.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct OutboxKey {
    /// Whose records.
    pub tenant: Tenant,
    /// The destination's name, as configuration names it.
    pub destination: String,
}

/// Where a row stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum OutboxState {
    /// It is to be sent; it may have failed before.
    Waiting,
    /// It was given up: a person has to look.
    Dead,
    /// The destination has what is current.
    Delivered,
}

impl OutboxState {
    const ALL: [Self; 3] = [Self::Waiting, Self::Dead, Self::Delivered];

    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Waiting => 0,
            Self::Dead => 1,
            Self::Delivered => 2,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.number() == number)
    }

    /// The word that is shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Dead => "dead",
            Self::Delivered => "delivered",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A resource that waits, in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxItem {
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// Which change of it: another number means that it has changed since.
    pub change: u64,
    /// How often sending it has failed by its own fault.
    pub attempts: u32,
    /// When sending it failed last.
    pub tried: Option<Timestamp>,
}

/// All that waits of one lane, in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaneClaim {
    /// Whose lane.
    pub key: OutboxKey,
    /// The lane: `Patient/id`, or type and id of what is nobody's.
    pub lane: String,
    /// The fencing token: larger with every claim.
    pub token: u64,
    /// How often in a row the lane has been put back.
    pub failures: u32,
    /// What waits: the Patient first, the rest in the order of its changes.
    pub items: Vec<OutboxItem>,
}

/// What a destination was told of a resource last.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sent {
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// The version that was sent.
    pub version: u64,
    /// The SHA-256 of the bytes, in hexadecimal; empty when it was taken away there.
    pub hash: String,
    /// The receiver's version, as its `ETag` says.
    pub etag: Option<String>,
    /// The receiver's own id for it, where that is another.
    pub remote: Option<String>,
    /// Whether it was taken away there.
    pub gone: bool,
}

/// What became of one row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OutboxOutcome {
    /// The destination has what is current. `None`: nothing had to be sent.
    Delivered(Option<Sent>),
    /// To be tried again.
    Again {
        /// Why; codes and statuses, never a value of a record.
        reason: String,
        /// Whether it is the row's own fault: a destination that is down is nobody's.
        counts: bool,
    },
    /// Given up.
    Dead {
        /// Why; codes and statuses, never a value of a record.
        reason: String,
    },
}

/// The outcome of one row of a claim.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettledItem {
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// The change that was looked at. Where the resource has changed since, the row goes on waiting.
    pub change: u64,
    /// What became of it.
    pub outcome: OutboxOutcome,
}

/// How a worker lets go of a lane.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LaneEnd {
    /// What still waits is not to be taken before so long.
    pub after: Duration,
    /// Whether it failed: the next claim says how often in a row.
    pub failed: bool,
}

/// One row as it is shown.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxRow {
    /// The destination.
    pub destination: String,
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// Where it stands.
    pub state: OutboxState,
    /// How often sending it has failed by its own fault.
    pub attempts: u32,
    /// When it changed.
    pub queued: Timestamp,
    /// When it was delivered or given up.
    pub done: Option<Timestamp>,
    /// Why it failed last.
    pub reason: Option<String>,
}

/// Which rows are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct OutboxQuery {
    /// To one destination.
    pub destination: Option<String>,
    /// In one state.
    pub state: Option<OutboxState>,
    /// Of one resource, by type and id.
    pub resource: Option<(String, String)>,
    /// At most so many; no bound when `None`.
    pub limit: Option<usize>,
}

/// How much there is to do for a destination: for metrics and health.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct OutboxBacklog {
    /// Rows that wait.
    pub waiting: u64,
    /// Rows that were given up.
    pub dead: u64,
    /// Since when the longest waiting one waits.
    pub oldest: Option<Timestamp>,
}

/// The durable outbox.
///
/// A batch that changes a resource of a tenant with destinations writes the rows in its own
/// transaction. All but the list are for Causeway's own delivery, never for a caller.
pub trait Outbox {
    /// Begins a destination, or goes on with it. `policy` says what may be sent there: with another
    /// one than before, everything is queued again ([`Outbox::queue_more`]).
    fn begin_destination<'a>(&'a self, key: &'a OutboxKey, policy: &'a str) -> Answer<'a, ()> {
        let _ = (key, policy);
        not_built()
    }

    /// The destinations that a tenant has begun and not ended.
    fn destinations<'a>(&'a self, tenant: &'a Tenant) -> Answer<'a, Vec<String>> {
        let _ = tenant;
        not_built()
    }

    /// Ends a destination: nothing is queued for it any more. What it was told stays on record.
    fn end_destination<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, ()> {
        let _ = key;
        not_built()
    }

    /// Queues the next part of everything for a destination that has not been told it yet. `false`:
    /// nothing is left.
    fn queue_more<'a>(&'a self, key: &'a OutboxKey, most: usize) -> Answer<'a, bool> {
        let _ = (key, most);
        not_built()
    }

    /// Queues everything about a person: whether it may be seen has changed.
    fn queue_person<'a>(&'a self, key: &'a OutboxKey, patient: &'a str) -> Answer<'a, u64> {
        let _ = (key, patient);
        not_built()
    }

    /// Takes the next lane: what is nobody's first, for others refer to it.
    fn claim_lane<'a>(
        &'a self,
        key: &'a OutboxKey,
        worker: &'a str,
        lease: Duration,
    ) -> Answer<'a, Option<LaneClaim>> {
        let _ = (key, worker, lease);
        not_built()
    }

    /// Prolongs a lease. `false`: the claim no longer holds, and the worker must stop.
    fn renew_lane<'a>(&'a self, claim: &'a LaneClaim, lease: Duration) -> Answer<'a, bool> {
        let _ = (claim, lease);
        not_built()
    }

    /// Writes what became of rows of a claim, and with `end` lets go of the lane. `false`: the claim
    /// no longer held, and nothing was written.
    fn settle_lane<'a>(
        &'a self,
        claim: &'a LaneClaim,
        items: &'a [SettledItem],
        end: Option<LaneEnd>,
    ) -> Answer<'a, bool> {
        let _ = (claim, items, end);
        not_built()
    }

    /// Which of these resources, by type and id, wait for a destination.
    fn waiting_among<'a>(
        &'a self,
        key: &'a OutboxKey,
        resources: &'a [(String, String)],
    ) -> Answer<'a, Vec<(String, String)>> {
        let _ = (key, resources);
        not_built()
    }

    /// What a destination was told of these resources.
    fn sent<'a>(
        &'a self,
        key: &'a OutboxKey,
        resources: &'a [(String, String)],
    ) -> Answer<'a, Vec<Sent>> {
        let _ = (key, resources);
        not_built()
    }

    /// Rows of a tenant's outbox, the longest waiting first. Only the tenant itself sees them.
    fn outbox<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a OutboxQuery,
    ) -> Answer<'a, Vec<OutboxRow>> {
        let _ = (sight, tenant, query);
        not_built()
    }

    /// Sends dead letters again: one resource's, or all of the destination. How many.
    fn retry_dead<'a>(
        &'a self,
        key: &'a OutboxKey,
        only: Option<&'a (String, String)>,
    ) -> Answer<'a, u64> {
        let _ = (key, only);
        not_built()
    }

    /// Takes dead letters off the list: one resource's, or all of the destination. How many. The next
    /// change of the resource queues it anew.
    fn discard_dead<'a>(
        &'a self,
        key: &'a OutboxKey,
        only: Option<&'a (String, String)>,
    ) -> Answer<'a, u64> {
        let _ = (key, only);
        not_built()
    }

    /// Forgets rows that were delivered before a moment, at most so many. What the destination was
    /// told stays on record.
    fn trim_delivered<'a>(
        &'a self,
        key: &'a OutboxKey,
        before: Timestamp,
        most: usize,
    ) -> Answer<'a, u64> {
        let _ = (key, before, most);
        not_built()
    }

    /// Lets a destination look at everything anew, as if what the receiver said of its copies were not
    /// known: for a comparison with what is there.
    fn look_anew<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, ()> {
        let _ = key;
        not_built()
    }

    /// Adds to the record of what was said to a national service. It only grows.
    fn log_exchange<'a>(&'a self, tenant: &'a Tenant, exchange: &'a Exchange) -> Answer<'a, ()> {
        let _ = (tenant, exchange);
        not_built()
    }

    /// What was said about a person by NHS number, or about all of a tenant's, in order. Only the
    /// tenant itself sees it.
    fn exchanges<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        nhs_number: Option<&'a str>,
    ) -> Answer<'a, Vec<Exchange>> {
        let _ = (sight, tenant, nhs_number);
        not_built()
    }

    /// How much there is to do.
    fn outbox_backlog<'a>(&'a self, key: &'a OutboxKey) -> Answer<'a, OutboxBacklog> {
        let _ = key;
        not_built()
    }
}

fn not_built<'a, T>() -> Answer<'a, T> {
    Box::pin(async { Err(Error::Database("not built yet".to_owned())) })
}
