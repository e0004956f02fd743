//! One lane: what is to be sent of it, and the sending.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use store::{
    Error, LaneClaim, LaneEnd, OutboxItem, OutboxOutcome, Sent, SettledItem, Sight, Status, Store,
    Stored,
};

use crate::breaker::Breaker;
use crate::destination::Verdict;
use crate::order::{order, references};
use crate::parcel::{Change, Parcel};
use crate::route::{NoLonger, Route, hex};
use crate::{DeliveryOptions, backoff::Backoff};

/// How many rows are settled in one transaction.
const TOGETHER: usize = 50;

/// How many resources go in one transaction Bundle.
const BUNDLE: usize = 200;

/// A lane being worked on.
pub(crate) struct Lane<'a> {
    pub(crate) store: &'a dyn Store,
    pub(crate) route: &'a Route,
    pub(crate) breaker: &'a Breaker,
    pub(crate) options: &'a DeliveryOptions,
    pub(crate) stopping: &'a (dyn Fn() -> bool + Sync),
    pub(crate) claim: LaneClaim,
    pub(crate) held_since: Instant,
    pub(crate) settled: Vec<SettledItem>,
    pub(crate) told: Told,
    /// The receiver's ids of what was sent of this lane just now.
    pub(crate) remotes: BTreeMap<String, String>,
}

/// What a lane came to, for metrics.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Told {
    pub(crate) delivered: u64,
    pub(crate) failed: u64,
    pub(crate) dead: u64,
}

/// Why a lane is left before its end.
enum Left {
    /// The store failed; the lease runs out by itself.
    Store(Error),
    /// Another worker has the lane.
    Lost,
    /// It is to be taken again after so long.
    Again {
        after: Option<Duration>,
        failed: bool,
    },
}

impl From<Error> for Left {
    fn from(error: Error) -> Self {
        Self::Store(error)
    }
}

impl<'a> Lane<'a> {
    /// Sends all that waits in it, and lets it go.
    pub(crate) async fn deliver(mut self) -> Result<Told, Error> {
        let left = self.work().await;
        let end = match left {
            Ok(()) => LaneEnd {
                after: Duration::ZERO,
                failed: false,
            },
            Err(Left::Again { after, failed }) => LaneEnd {
                after: after.unwrap_or_else(|| self.backoff().after(self.claim.failures + 1)),
                failed,
            },
            Err(Left::Lost) => {
                tracing::warn!(
                    destination = self.route.key.destination,
                    "another worker has taken a lane over"
                );
                return Ok(self.told);
            }
            Err(Left::Store(error)) => return Err(error),
        };
        let settled = std::mem::take(&mut self.settled);
        self.store
            .settle_lane(&self.claim, &settled, Some(end))
            .await?;
        Ok(self.told)
    }

    fn backoff(&self) -> Backoff {
        Backoff {
            first: self.options.first_wait,
            longest: self.options.longest_wait,
        }
    }

    async fn work(&mut self) -> Result<(), Left> {
        let mut parcels = self.parcels().await?;
        let order = order(&parcels);
        let ready = self.ready(&parcels, &order).await?;
        // After it is known what waits in other lanes, and not before: what waits no longer has a place
        // at the receiver by now, which an earlier look would have missed.
        if self.route.destination.assigns_ids() {
            self.find_remotes(&mut parcels).await?;
        }
        let mut one_by_one = ready.go.as_slice();
        while !one_by_one.is_empty() {
            let (part, rest) = one_by_one.split_at(one_by_one.len().min(BUNDLE));
            self.send(&parcels, part).await?;
            one_by_one = rest;
        }
        if ready.waits {
            // What is referred to is on its way in a lane of its own.
            return Err(Left::Again {
                after: Some(self.options.pause),
                failed: false,
            });
        }
        Ok(())
    }

    /// What is to be sent; what needs no sending is settled.
    async fn parcels(&mut self) -> Result<Vec<Parcel>, Left> {
        let sight = self.route.shares.sight(Timestamp::now()).with_retired();
        let items = self.claim.items.clone();
        let keys: Vec<(String, String)> = items
            .iter()
            .map(|item| (item.rtype.clone(), item.id.clone()))
            .collect();
        let mut before: BTreeMap<(String, String), Sent> = self
            .store
            .sent(&self.claim.key, &keys)
            .await?
            .into_iter()
            .map(|sent| ((sent.rtype.clone(), sent.id.clone()), sent))
            .collect();
        let mut parcels = Vec::new();
        for item in items {
            let before = before.remove(&(item.rtype.clone(), item.id.clone()));
            if let Some(parcel) = self.parcel(&sight, &item, before).await? {
                parcels.push(parcel);
            }
            self.keep_lease().await?;
        }
        Ok(parcels)
    }

    async fn parcel(
        &mut self,
        sight: &Sight,
        item: &OutboxItem,
        before: Option<Sent>,
    ) -> Result<Option<Parcel>, Left> {
        let stored = self.store.read(sight, &item.rtype, &item.id).await?;
        let there = before.as_ref().is_some_and(|sent| !sent.gone);
        let stored = stored.filter(|stored| stored.status != Status::Deleted);
        let version = stored.as_ref().map_or(0, |stored| stored.version);
        let stands = stored.filter(|stored| {
            stored.status == Status::Active || there && self.route.no_longer == NoLonger::Update
        });
        if item.rtype == "Patient" && !self.route.destination.decides() {
            self.follow_patient(item, before.as_ref(), stands.is_some())
                .await?;
        }
        let change = match stands {
            Some(stored) => match self.put(stored, before.as_ref()) {
                Some(change) => change,
                None => {
                    self.settle(item, OutboxOutcome::Delivered(None));
                    return Ok(None);
                }
            },
            None if there => Change::Remove,
            None => {
                // A person who was never sent is noted as gone: when that changes, all is queued.
                let noted = (item.rtype == "Patient").then(|| gone(item, before.as_ref()));
                self.settle(item, OutboxOutcome::Delivered(noted));
                return Ok(None);
            }
        };
        Ok(Some(Parcel {
            rtype: item.rtype.clone(),
            id: item.id.clone(),
            version,
            change,
            before,
            remotes: BTreeMap::new(),
        }))
    }

    /// `None`: the destination has these very bytes.
    fn put(&self, stored: Stored, before: Option<&Sent>) -> Option<Change> {
        let body = match self.route.bytes(stored) {
            Ok(body) => body,
            // What is stored was written by the store; should it not be readable, nothing is sent.
            Err(_) => {
                return Some(Change::Put {
                    body: Vec::new(),
                    refers_to: Vec::new(),
                });
            }
        };
        let hash = hash(&body);
        let known = before.is_some_and(|sent| !sent.gone && sent.hash == hash);
        if known && !self.route.destination.decides() {
            return None;
        }
        let refers_to = json::parse(&body).map_or_else(|_| Vec::new(), |tree| references(&tree));
        Some(Change::Put { body, refers_to })
    }

    /// A person who comes into sight, or goes out of it, takes all that is about them along.
    async fn follow_patient(
        &self,
        item: &OutboxItem,
        before: Option<&Sent>,
        stands: bool,
    ) -> Result<(), Left> {
        let turned = match before {
            Some(sent) => sent.gone == stands,
            None => false,
        };
        if turned {
            self.store.queue_person(&self.claim.key, &item.id).await?;
        }
        Ok(())
    }

    async fn find_remotes(&self, parcels: &mut [Parcel]) -> Result<(), Left> {
        let wanted: BTreeSet<(String, String)> = parcels
            .iter()
            .filter_map(|parcel| match &parcel.change {
                Change::Put { refers_to, .. } => Some(refers_to),
                Change::Remove => None,
            })
            .flatten()
            .filter_map(|target| split(target))
            .collect();
        let wanted: Vec<_> = wanted.into_iter().collect();
        let remotes: BTreeMap<String, String> = self
            .store
            .sent(&self.claim.key, &wanted)
            .await?
            .into_iter()
            .filter(|sent| !sent.gone)
            .filter_map(|sent| Some((format!("{}/{}", sent.rtype, sent.id), sent.remote?)))
            .collect();
        for parcel in parcels {
            if let Change::Put { refers_to, .. } = &parcel.change {
                parcel.remotes = refers_to
                    .iter()
                    .filter_map(|target| Some((target.clone(), remotes.get(target)?.clone())))
                    .collect();
            }
        }
        Ok(())
    }

    /// Which parcels may go now: those that refer to nothing that waits in another lane, and to
    /// nothing that is held back here.
    async fn ready(&self, parcels: &[Parcel], order: &[usize]) -> Result<Ready, Left> {
        let own: BTreeSet<String> = parcels.iter().map(Parcel::reference).collect();
        let outside: BTreeSet<(String, String)> = parcels
            .iter()
            .filter_map(|parcel| match &parcel.change {
                Change::Put { refers_to, .. } => Some(refers_to),
                Change::Remove => None,
            })
            .flatten()
            .filter(|target| !own.contains(*target))
            .filter_map(|target| split(target))
            .collect();
        let outside: Vec<_> = outside.into_iter().collect();
        let mut held: BTreeSet<String> = if outside.is_empty() {
            BTreeSet::new()
        } else {
            let waiting = self.store.waiting_among(&self.claim.key, &outside).await?;
            let in_lane: BTreeSet<_> = self
                .claim
                .items
                .iter()
                .map(|item| (item.rtype.as_str(), item.id.as_str()))
                .collect();
            waiting
                .into_iter()
                .filter(|(rtype, id)| !in_lane.contains(&(rtype.as_str(), id.as_str())))
                .map(|(rtype, id)| format!("{rtype}/{id}"))
                .collect()
        };
        let mut ready = Ready::default();
        for index in order {
            let Some(parcel) = parcels.get(*index) else {
                continue;
            };
            let waits = match &parcel.change {
                Change::Put { refers_to, .. } => {
                    refers_to.iter().any(|target| held.contains(target))
                }
                Change::Remove => false,
            };
            if waits {
                held.insert(parcel.reference());
                ready.waits = true;
            } else {
                ready.go.push(*index);
            }
        }
        Ok(ready)
    }

    async fn send(&mut self, parcels: &[Parcel], part: &[usize]) -> Result<(), Left> {
        let chosen: Vec<&Parcel> = part
            .iter()
            .filter_map(|index| parcels.get(*index))
            .collect();
        if chosen.len() > 1 {
            self.hold().await?;
            if let Some(verdicts) = self.route.destination.send_together(&chosen).await {
                let refused = |verdict: &Verdict| matches!(verdict, Verdict::Refused { .. });
                // One of them is at fault: one by one it is found out which.
                if !verdicts.iter().any(refused) {
                    for (parcel, verdict) in chosen.iter().zip(verdicts) {
                        self.judge(parcel, verdict).await?;
                    }
                    return Ok(());
                }
            }
        }
        let destination = Arc::clone(&self.route.destination);
        for parcel in chosen {
            self.hold().await?;
            let verdict = match &parcel.change {
                Change::Put { body, .. } if body.is_empty() => Verdict::Refused {
                    reason: "the stored resource cannot be read".to_owned(),
                },
                _ if self.remotes.is_empty() => destination.send(parcel).await,
                _ => {
                    let mut parcel = parcel.clone();
                    parcel.remotes.extend(self.remotes.clone());
                    destination.send(&parcel).await
                }
            };
            self.judge(parcel, verdict).await?;
        }
        Ok(())
    }

    /// Before each sending: stops where the process stops, and holds the lease for long enough.
    async fn hold(&mut self) -> Result<(), Left> {
        if (self.stopping)() {
            return Err(Left::Again {
                after: Some(Duration::ZERO),
                failed: false,
            });
        }
        self.keep_lease().await
    }

    async fn keep_lease(&mut self) -> Result<(), Left> {
        let lease = self.options.lease(&*self.route.destination);
        if self.held_since.elapsed() < lease / 3 {
            return Ok(());
        }
        self.held_since = Instant::now();
        if self.store.renew_lane(&self.claim, lease).await? {
            Ok(())
        } else {
            Err(Left::Lost)
        }
    }

    async fn judge(&mut self, parcel: &Parcel, verdict: Verdict) -> Result<(), Left> {
        let Some(item) = self.item(parcel) else {
            return Ok(());
        };
        match verdict {
            Verdict::Done { etag, remote } => {
                self.breaker.answered(Timestamp::now());
                self.told.delivered += 1;
                if self.route.destination.assigns_ids()
                    && let Some(remote) = &remote
                {
                    self.remotes.insert(parcel.reference(), remote.clone());
                }
                let sent = sent(parcel, etag, remote);
                self.settle(&item, OutboxOutcome::Delivered(Some(sent)));
                self.write_part().await
            }
            Verdict::Absent { note } => {
                self.breaker.answered(Timestamp::now());
                let mut sent = sent(parcel, note, None);
                sent.hash.clear();
                sent.gone = true;
                self.settle(&item, OutboxOutcome::Delivered(Some(sent)));
                self.write_part().await
            }
            Verdict::Refused { reason } => {
                self.breaker.answered(Timestamp::now());
                self.dead(parcel, &item, reason);
                self.write_part().await
            }
            Verdict::Failed {
                reason,
                after,
                down,
            } => {
                // A destination that takes others and not this one: that is this one's fault.
                let counts = !down || self.breaker.answered_since(item.tried);
                if down {
                    self.breaker.failed(Instant::now(), after);
                } else {
                    self.breaker.answered(Timestamp::now());
                }
                if counts && item.attempts.saturating_add(1) >= self.options.most_attempts {
                    let reason = format!("{reason}; given up after {} tries", item.attempts + 1);
                    self.dead(parcel, &item, reason);
                    return self.write_part().await;
                }
                self.told.failed += 1;
                tracing::info!(
                    destination = self.route.key.destination,
                    rtype = parcel.rtype,
                    reason,
                    "not delivered; it is tried again"
                );
                self.settle(&item, OutboxOutcome::Again { reason, counts });
                Err(Left::Again {
                    after,
                    failed: true,
                })
            }
        }
    }

    fn dead(&mut self, parcel: &Parcel, item: &OutboxItem, reason: String) {
        self.told.dead += 1;
        tracing::warn!(
            destination = self.route.key.destination,
            rtype = parcel.rtype,
            reason,
            "given up: it is on the list of dead letters"
        );
        self.settle(item, OutboxOutcome::Dead { reason });
    }

    fn item(&self, parcel: &Parcel) -> Option<OutboxItem> {
        let same = |item: &&OutboxItem| item.rtype == parcel.rtype && item.id == parcel.id;
        self.claim.items.iter().find(same).cloned()
    }

    fn settle(&mut self, item: &OutboxItem, outcome: OutboxOutcome) {
        self.settled.push(SettledItem {
            rtype: item.rtype.clone(),
            id: item.id.clone(),
            change: item.change,
            outcome,
        });
    }

    /// Writes what is settled when there is enough of it: less is sent twice after a crash.
    async fn write_part(&mut self) -> Result<(), Left> {
        if self.settled.len() < TOGETHER {
            return Ok(());
        }
        let settled = std::mem::take(&mut self.settled);
        if self.store.settle_lane(&self.claim, &settled, None).await? {
            Ok(())
        } else {
            Err(Left::Lost)
        }
    }
}

#[derive(Default)]
struct Ready {
    go: Vec<usize>,
    waits: bool,
}

fn split(reference: &str) -> Option<(String, String)> {
    let (rtype, id) = reference.split_once('/')?;
    Some((rtype.to_owned(), id.to_owned()))
}

fn hash(body: &[u8]) -> String {
    hex(&Sha256::digest(body))
}

fn sent(parcel: &Parcel, etag: Option<String>, remote: Option<String>) -> Sent {
    let (hash, gone) = match &parcel.change {
        Change::Put { body, .. } => (hash(body), false),
        Change::Remove => (String::new(), true),
    };
    let known = parcel.before.as_ref().and_then(|sent| sent.remote.clone());
    Sent {
        rtype: parcel.rtype.clone(),
        id: parcel.id.clone(),
        version: parcel.version,
        hash,
        etag,
        remote: remote.or(known),
        gone,
    }
}

fn gone(item: &OutboxItem, before: Option<&Sent>) -> Sent {
    Sent {
        rtype: item.rtype.clone(),
        id: item.id.clone(),
        version: before.map_or(0, |sent| sent.version),
        hash: String::new(),
        etag: None,
        remote: before.and_then(|sent| sent.remote.clone()),
        gone: true,
    }
}
