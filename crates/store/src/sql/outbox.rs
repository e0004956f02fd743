//! The outbox: queueing what has changed, and taking it by the lane.

use std::time::Duration;

use super::{Part, Session, Value, first, tenant};
use crate::{
    Error, LaneClaim, LaneEnd, OutboxItem, OutboxKey, OutboxOutcome, OutboxState, SettledItem,
};

/// No lane is put off for longer than this; one that is, is so by a clock that has gone back.
const LONGEST: Duration = Duration::from_secs(6 * 3600);

/// How often a worker that lost a lane to another looks for the next one before it gives up.
const TRIES: usize = 16;

/// The lane of a resource `r` whose type is the word `w`.
const LANE: &str = "COALESCE('Patient/' || r.patient, w.text || '/' || r.id)";

/// The numbers of a tenant and a destination that are known.
pub(super) async fn numbers<S: Session>(
    s: &mut S,
    key: &OutboxKey,
) -> Result<Option<(i64, i64)>, Error> {
    let Some(tenant) = tenant(s, key.tenant.as_str()).await? else {
        return Ok(None);
    };
    let Some(destination) = s.word(&key.destination).await? else {
        return Ok(None);
    };
    s.enter(tenant).await?;
    Ok(Some((tenant, destination)))
}

/// Begins a destination, or goes on with it.
pub(crate) async fn begin<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    policy: &str,
) -> Result<(), Error> {
    let tenant = s.new_tenant(key.tenant.as_str()).await?;
    let destination = s.new_word(&key.destination).await?;
    s.enter(tenant).await?;
    let part = Part::new(
        "INSERT INTO destination (tenant, destination, policy, begun, ended, queue_from)
         VALUES (?, ?, ?, ?, NULL, 0)
         ON CONFLICT (tenant, destination) DO UPDATE SET
           queue_from = CASE
             WHEN destination.policy = excluded.policy AND destination.ended IS NULL
             THEN destination.queue_from ELSE 0 END,
           policy = excluded.policy, ended = NULL",
        [
            tenant.into(),
            destination.into(),
            policy.into(),
            s.moment().into(),
        ],
    );
    s.execute(part).await?;
    Ok(())
}

/// The destinations of a tenant.
pub(crate) async fn destinations<S: Session>(s: &mut S, name: &str) -> Result<Vec<String>, Error> {
    let Some(tenant) = tenant(s, name).await? else {
        return Ok(Vec::new());
    };
    s.enter(tenant).await?;
    let part = Part::new(
        "SELECT w.text FROM destination d JOIN word w ON w.no = d.destination
         WHERE d.tenant = ? AND d.ended IS NULL ORDER BY w.text",
        [tenant.into()],
    );
    let mut names = Vec::new();
    for mut row in s.query(part).await? {
        names.push(row.text()?);
    }
    Ok(names)
}

/// Ends a destination.
pub(crate) async fn end<S: Session>(s: &mut S, key: &OutboxKey) -> Result<(), Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(());
    };
    let values = || [tenant.into(), destination.into()];
    let ended = s.moment();
    let mut part = Part::new("UPDATE destination SET ended = ?", [ended.into()]);
    part.add(
        " WHERE tenant = ? AND destination = ? AND ended IS NULL",
        values(),
    );
    if s.execute(part).await? == 0 {
        return Ok(());
    }
    for sql in [
        "DELETE FROM outbox_lane WHERE tenant = ? AND destination = ?",
        "DELETE FROM outbox WHERE tenant = ? AND destination = ? AND state = 0",
    ] {
        s.execute(Part::new(sql, values())).await?;
    }
    Ok(())
}

/// Queues resources that a batch has changed, by row number, for every destination of the tenant.
/// The last thing of a batch. The session is in the tenant already.
pub(crate) async fn note<S: Session>(s: &mut S, tenant: i64, rids: Vec<i64>) -> Result<(), Error> {
    if rids.is_empty() {
        return Ok(());
    }
    let any = Part::new(
        "SELECT 1 FROM destination WHERE tenant = ? AND ended IS NULL LIMIT 1",
        [tenant.into()],
    );
    if first(s, any).await?.is_none() {
        return Ok(());
    }
    queue(s, tenant, None, rids).await.map(drop)
}

/// Queues resources for one destination or for all; how many rows. The lanes come first: whoever
/// settles a lane holds it, so the two never wait for each other.
async fn queue<S: Session>(
    s: &mut S,
    tenant: i64,
    destination: Option<i64>,
    rids: Vec<i64>,
) -> Result<u64, Error> {
    let among = s.dialect().among();
    let moment = s.moment();
    let mut from = Part::new(
        " FROM resource r
          JOIN word w ON w.no = r.rtype
          JOIN destination d ON d.tenant = r.tenant AND d.ended IS NULL",
        [],
    );
    if let Some(destination) = destination {
        from.add(" AND d.destination = ?", [destination.into()]);
    }
    let beside = s.dialect().beside("r.tenant");
    from.add(
        &format!(" WHERE {beside} = ? AND r.rid {among}"),
        [tenant.into(), Value::Ints(rids)],
    );
    let mut lanes = Part::new(
        format!(
            "INSERT INTO outbox_lane (tenant, destination, lane, token, waiting, shared, since,
               run_at, failures)
             SELECT r.tenant, d.destination, {LANE}, 0, 1,
               MIN(CASE WHEN r.patient IS NULL THEN 1 ELSE 0 END), CAST(? AS BIGINT), 0, 0"
        ),
        [moment.into()],
    );
    lanes.append(from.clone());
    lanes.add(
        &format!(
            " GROUP BY r.tenant, d.destination, {LANE} ORDER BY d.destination, {LANE}
             ON CONFLICT (tenant, destination, lane) DO UPDATE SET
               since = CASE WHEN outbox_lane.waiting = 1 THEN outbox_lane.since
                 ELSE excluded.since END,
               waiting = 1, shared = excluded.shared"
        ),
        [],
    );
    s.execute(lanes).await?;
    let mut rows = Part::new(
        format!(
            "INSERT INTO outbox (tenant, destination, rtype, id, lane, change, state, attempts,
               queued)
             SELECT r.tenant, d.destination, r.rtype, r.id, {LANE}, 1, 0, 0, CAST(? AS BIGINT)"
        ),
        [moment.into()],
    );
    rows.append(from);
    rows.add(
        " ORDER BY d.destination, r.rtype, r.id
          ON CONFLICT (tenant, destination, rtype, id) DO UPDATE SET
            change = outbox.change + 1, lane = excluded.lane, attempts = 0, done = NULL,
            queued = CASE WHEN outbox.state = 0 THEN outbox.queued ELSE excluded.queued END,
            state = 0",
        [],
    );
    s.execute(rows).await
}

/// Queues the next part of everything.
pub(crate) async fn queue_more<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    most: usize,
) -> Result<bool, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(false);
    };
    let lock = s.dialect().for_update();
    let part = Part::new(
        format!(
            "SELECT queue_from FROM destination
             WHERE tenant = ? AND destination = ? AND ended IS NULL{lock}"
        ),
        [tenant.into(), destination.into()],
    );
    let Some(mut row) = first(s, part).await? else {
        return Ok(false);
    };
    let Some(from) = row.opt_int()? else {
        return Ok(false);
    };
    let most = most.max(1);
    let part = Part::new(
        "SELECT rid FROM resource WHERE tenant = ? AND rid >= ? ORDER BY rid LIMIT ?",
        [
            tenant.into(),
            from.into(),
            i64::try_from(most).unwrap_or(i64::MAX).into(),
        ],
    );
    let mut rids = Vec::new();
    for mut row in s.query(part).await? {
        rids.push(row.int()?);
    }
    let next = rids
        .last()
        .filter(|_| rids.len() >= most)
        .map(|last| last.saturating_add(1));
    if !rids.is_empty() {
        queue(s, tenant, Some(destination), rids).await?;
    }
    let part = Part::new(
        "UPDATE destination SET queue_from = ? WHERE tenant = ? AND destination = ?",
        [next.into(), tenant.into(), destination.into()],
    );
    s.execute(part).await?;
    Ok(next.is_some())
}

/// Lets a destination look at everything anew.
pub(crate) async fn look_anew<S: Session>(s: &mut S, key: &OutboxKey) -> Result<(), Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(());
    };
    for sql in [
        "UPDATE destination SET queue_from = 0
         WHERE tenant = ? AND destination = ? AND ended IS NULL",
        "UPDATE outbox_sent SET etag = NULL WHERE tenant = ? AND destination = ?",
    ] {
        s.execute(Part::new(sql, [tenant.into(), destination.into()]))
            .await?;
    }
    Ok(())
}

/// Queues everything about a person.
pub(crate) async fn queue_person<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    patient: &str,
) -> Result<u64, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(0);
    };
    let part = Part::new(
        "SELECT rid FROM resource WHERE tenant = ? AND patient = ?",
        [tenant.into(), patient.into()],
    );
    let mut rids = Vec::new();
    for mut row in s.query(part).await? {
        rids.push(row.int()?);
    }
    if rids.is_empty() {
        return Ok(0);
    }
    queue(s, tenant, Some(destination), rids).await
}

fn micros(span: Duration) -> i64 {
    i64::try_from(span.as_micros()).unwrap_or(i64::MAX)
}

/// The next lane that may be taken.
fn next_lane(tenant: i64, destination: i64, lease: Duration, now: i64) -> Part {
    Part::new(
        "SELECT lane, token, failures FROM outbox_lane
         WHERE tenant = ? AND destination = ? AND waiting = 1
           AND (run_at <= ? OR run_at > ?)
           AND (lease_until IS NULL OR lease_until <= ? OR lease_until > ?)
         ORDER BY shared DESC, since, lane LIMIT 1",
        [
            tenant.into(),
            destination.into(),
            now.into(),
            now.saturating_add(micros(LONGEST)).into(),
            now.into(),
            now.saturating_add(micros(lease)).into(),
        ],
    )
}

/// Whether there is a lane to be taken.
pub(crate) async fn claimable<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    lease: Duration,
    now: i64,
) -> Result<bool, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(false);
    };
    let found = first(s, next_lane(tenant, destination, lease, now)).await?;
    Ok(found.is_some())
}

/// Takes the next lane. `now` is the wall clock, in microseconds.
pub(crate) async fn claim<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    worker: &str,
    lease: Duration,
    now: i64,
) -> Result<Option<LaneClaim>, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(None);
    };
    for _ in 0..TRIES {
        let part = next_lane(tenant, destination, lease, now);
        let Some(mut row) = first(s, part).await? else {
            return Ok(None);
        };
        let (lane, token, failures) = (row.text()?, row.int()?, row.int()?);
        let part = Part::new(
            "UPDATE outbox_lane SET token = ?, worker = ?, lease_until = ?
             WHERE tenant = ? AND destination = ? AND lane = ? AND token = ? AND waiting = 1",
            [
                (token + 1).into(),
                worker.into(),
                now.saturating_add(micros(lease)).into(),
                tenant.into(),
                destination.into(),
                lane.as_str().into(),
                token.into(),
            ],
        );
        if s.execute(part).await? == 0 {
            continue; // Another worker was faster.
        }
        let items = items(s, tenant, destination, &lane).await?;
        if items.is_empty() {
            // All of it was given up or discarded.
            let at = [tenant.into(), destination.into(), lane.into()];
            let sql = "UPDATE outbox_lane SET waiting = 0, lease_until = NULL
                 WHERE tenant = ? AND destination = ? AND lane = ?";
            s.execute(Part::new(sql, at)).await?;
            continue;
        }
        return Ok(Some(LaneClaim {
            key: key.clone(),
            lane,
            token: (token + 1).unsigned_abs(),
            failures: u32::try_from(failures).unwrap_or(u32::MAX),
            items,
        }));
    }
    Ok(None)
}

async fn items<S: Session>(
    s: &mut S,
    tenant: i64,
    destination: i64,
    lane: &str,
) -> Result<Vec<OutboxItem>, Error> {
    let part = Part::new(
        "SELECT t.text, o.id, o.change, o.attempts, o.tried
         FROM outbox o JOIN word t ON t.no = o.rtype
         WHERE o.tenant = ? AND o.destination = ? AND o.lane = ? AND o.state = 0
         ORDER BY CASE WHEN t.text = 'Patient' THEN 0 ELSE 1 END, o.queued, t.text, o.id",
        [tenant.into(), destination.into(), lane.into()],
    );
    let mut items = Vec::new();
    for mut row in s.query(part).await? {
        items.push(OutboxItem {
            rtype: row.text()?,
            id: row.text()?,
            change: row.count()?,
            attempts: u32::try_from(row.int()?).unwrap_or(u32::MAX),
            tried: row.opt_instant()?,
        });
    }
    Ok(items)
}

/// Whether a claim still holds; the lane is held until the transaction ends.
async fn holds<S: Session>(
    s: &mut S,
    claim: &LaneClaim,
    now: i64,
) -> Result<Option<(i64, i64)>, Error> {
    let Some((tenant, destination)) = numbers(s, &claim.key).await? else {
        return Ok(None);
    };
    let lock = s.dialect().for_update();
    let part = Part::new(
        format!(
            "SELECT 1 FROM outbox_lane
             WHERE tenant = ? AND destination = ? AND lane = ? AND token = ?
               AND lease_until > ?{lock}"
        ),
        [
            tenant.into(),
            destination.into(),
            claim.lane.as_str().into(),
            i64::try_from(claim.token).unwrap_or(i64::MAX).into(),
            now.into(),
        ],
    );
    Ok(first(s, part).await?.map(|_| (tenant, destination)))
}

/// Prolongs a lease.
pub(crate) async fn renew<S: Session>(
    s: &mut S,
    claim: &LaneClaim,
    lease: Duration,
    now: i64,
) -> Result<bool, Error> {
    let Some((tenant, destination)) = holds(s, claim, now).await? else {
        return Ok(false);
    };
    let part = Part::new(
        "UPDATE outbox_lane SET lease_until = ?
         WHERE tenant = ? AND destination = ? AND lane = ?",
        [
            now.saturating_add(micros(lease)).into(),
            tenant.into(),
            destination.into(),
            claim.lane.as_str().into(),
        ],
    );
    Ok(s.execute(part).await? > 0)
}

/// Writes what became of rows of a claim, and lets go of the lane with `end`.
pub(crate) async fn settle<S: Session>(
    s: &mut S,
    claim: &LaneClaim,
    items: &[SettledItem],
    end: Option<LaneEnd>,
    now: i64,
) -> Result<bool, Error> {
    let Some((tenant, destination)) = holds(s, claim, now).await? else {
        return Ok(false);
    };
    for item in items {
        settle_one(s, tenant, destination, item, now).await?;
    }
    let Some(end) = end else {
        return Ok(true);
    };
    let place = || {
        [
            Value::from(tenant),
            destination.into(),
            claim.lane.as_str().into(),
        ]
    };
    let part = Part::new(
        "SELECT min(queued) FROM outbox
         WHERE tenant = ? AND destination = ? AND lane = ? AND state = 0",
        place(),
    );
    let since = match first(s, part).await? {
        Some(mut row) => row.opt_int()?,
        None => None,
    };
    let run_at = now.saturating_add(micros(end.after.min(LONGEST)));
    let mut part = Part::new(
        format!(
            "UPDATE outbox_lane SET waiting = ?, lease_until = NULL, run_at = ?,
               failures = {}",
            if end.failed { "failures + 1" } else { "0" }
        ),
        [Value::from(since.is_some()), run_at.into()],
    );
    if let Some(since) = since {
        part.add(", since = ?", [since.into()]);
    }
    part.add(
        " WHERE tenant = ? AND destination = ? AND lane = ?",
        place(),
    );
    s.execute(part).await?;
    Ok(true)
}

async fn settle_one<S: Session>(
    s: &mut S,
    tenant: i64,
    destination: i64,
    item: &SettledItem,
    now: i64,
) -> Result<(), Error> {
    let Some(rtype) = s.word(&item.rtype).await? else {
        return Ok(());
    };
    let (state, reason, counts) = match &item.outcome {
        OutboxOutcome::Delivered(_) => (OutboxState::Delivered, None, false),
        OutboxOutcome::Again { reason, counts } => {
            (OutboxState::Waiting, Some(reason.as_str()), *counts)
        }
        OutboxOutcome::Dead { reason } => (OutboxState::Dead, Some(reason.as_str()), true),
    };
    let ended = (state != OutboxState::Waiting).then_some(now);
    let part = Part::new(
        "UPDATE outbox SET state = ?, reason = ?, done = ?, tried = ?, attempts = attempts + ?
         WHERE tenant = ? AND destination = ? AND rtype = ? AND id = ? AND change = ?
           AND state = 0",
        [
            state.number().into(),
            reason.into(),
            ended.into(),
            now.into(),
            counts.into(),
            tenant.into(),
            destination.into(),
            rtype.into(),
            item.id.as_str().into(),
            i64::try_from(item.change).unwrap_or(i64::MAX).into(),
        ],
    );
    s.execute(part).await?;
    let OutboxOutcome::Delivered(Some(sent)) = &item.outcome else {
        return Ok(());
    };
    let part = Part::new(
        "INSERT INTO outbox_sent (tenant, destination, rtype, id, ver, hash, etag, remote, gone, at)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, destination, rtype, id) DO UPDATE SET
           ver = excluded.ver, hash = excluded.hash, etag = excluded.etag,
           remote = excluded.remote, gone = excluded.gone, at = excluded.at",
        [
            tenant.into(),
            destination.into(),
            rtype.into(),
            item.id.as_str().into(),
            i64::try_from(sent.version).unwrap_or(i64::MAX).into(),
            sent.hash.as_str().into(),
            (&sent.etag).into(),
            (&sent.remote).into(),
            sent.gone.into(),
            now.into(),
        ],
    );
    s.execute(part).await?;
    Ok(())
}
