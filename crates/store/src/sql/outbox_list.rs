//! The outbox: what it holds, and what people do with dead letters.

use jiff::Timestamp;

use super::outbox::numbers;
use super::record::micros;
use super::visible::View;
use super::{Part, Session, Value, first};
use crate::{
    Error, OutboxBacklog, OutboxKey, OutboxQuery, OutboxRow, OutboxState, Sent, Sight, Tenant,
};

/// Which of these resources wait.
pub(crate) async fn waiting_among<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    resources: &[(String, String)],
) -> Result<Vec<(String, String)>, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(Vec::new());
    };
    let among = s.dialect().among();
    let part = Part::new(
        format!(
            "SELECT t.text, o.id FROM outbox o JOIN word t ON t.no = o.rtype
             WHERE o.tenant = ? AND o.destination = ? AND o.state = 0
               AND o.rtype IN (SELECT no FROM word WHERE text {among}) AND o.id {among}"
        ),
        [
            tenant.into(),
            destination.into(),
            types(resources),
            ids(resources),
        ],
    );
    let mut waiting = Vec::new();
    for mut row in s.query(part).await? {
        let found = (row.text()?, row.text()?);
        if resources.contains(&found) {
            waiting.push(found);
        }
    }
    Ok(waiting)
}

/// What a destination was told of these resources.
pub(crate) async fn sent<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    resources: &[(String, String)],
) -> Result<Vec<Sent>, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(Vec::new());
    };
    let among = s.dialect().among();
    let part = Part::new(
        format!(
            "SELECT t.text, o.id, o.ver, o.hash, o.etag, o.remote, o.gone
             FROM outbox_sent o JOIN word t ON t.no = o.rtype
             WHERE o.tenant = ? AND o.destination = ?
               AND o.rtype IN (SELECT no FROM word WHERE text {among}) AND o.id {among}"
        ),
        [
            tenant.into(),
            destination.into(),
            types(resources),
            ids(resources),
        ],
    );
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        let sent = Sent {
            rtype: row.text()?,
            id: row.text()?,
            version: row.count()?,
            hash: row.text()?,
            etag: row.opt_text()?,
            remote: row.opt_text()?,
            gone: row.flag()?,
        };
        let wanted = |(rtype, id): &(String, String)| *rtype == sent.rtype && *id == sent.id;
        if resources.iter().any(wanted) {
            found.push(sent);
        }
    }
    Ok(found)
}

fn types(resources: &[(String, String)]) -> Value {
    let mut types: Vec<&str> = resources.iter().map(|(rtype, _)| rtype.as_str()).collect();
    types.sort_unstable();
    types.dedup();
    Value::list(types)
}

fn ids(resources: &[(String, String)]) -> Value {
    Value::list(resources.iter().map(|(_, id)| id.as_str()))
}

/// The rows that are asked for.
pub(crate) async fn list<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    query: &OutboxQuery,
) -> Result<Vec<OutboxRow>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Vec::new());
    };
    if !view.own() {
        return Ok(Vec::new());
    }
    let mut part = Part::new(
        "SELECT d.text, t.text, o.id, o.state, o.attempts, o.queued, o.done, o.reason
         FROM outbox o JOIN word t ON t.no = o.rtype JOIN word d ON d.no = o.destination
         WHERE o.tenant = ?",
        [view.tenant_number().into()],
    );
    if let Some(destination) = &query.destination {
        part.add(" AND d.text = ?", [destination.into()]);
    }
    if let Some(state) = query.state {
        part.add(" AND o.state = ?", [state.number().into()]);
    }
    if let Some((rtype, id)) = &query.resource {
        part.add(" AND t.text = ? AND o.id = ?", [rtype.into(), id.into()]);
    }
    part.add(" ORDER BY o.queued, d.text, t.text, o.id", []);
    if let Some(limit) = query.limit {
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        part.add(" LIMIT ?", [limit.into()]);
    }
    let mut rows = Vec::new();
    for mut row in s.query(part).await? {
        rows.push(OutboxRow {
            destination: row.text()?,
            rtype: row.text()?,
            id: row.text()?,
            state: OutboxState::from_number(row.int()?)
                .ok_or_else(|| Error::Database("a state is not one that is known".to_owned()))?,
            attempts: u32::try_from(row.int()?).unwrap_or(u32::MAX),
            queued: row.instant()?,
            done: row.opt_instant()?,
            reason: row.opt_text()?,
        });
    }
    Ok(rows)
}

/// Sends dead letters again.
pub(crate) async fn retry<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    only: Option<&(String, String)>,
) -> Result<u64, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(0);
    };
    let mut lanes = Part::new(
        "UPDATE outbox_lane SET waiting = 1, run_at = 0
         WHERE tenant = ? AND destination = ? AND lane IN (SELECT o.lane FROM outbox o WHERE TRUE",
        [tenant.into(), destination.into()],
    );
    lanes.append(dead(tenant, destination, only));
    lanes.add(")", []);
    s.execute(lanes).await?;
    let mut rows = Part::new(
        "UPDATE outbox AS o SET state = 0, attempts = 0, done = NULL WHERE TRUE",
        [],
    );
    rows.append(dead(tenant, destination, only));
    s.execute(rows).await
}

/// Takes dead letters off the list.
pub(crate) async fn discard<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    only: Option<&(String, String)>,
) -> Result<u64, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(0);
    };
    let mut part = Part::new("DELETE FROM outbox AS o WHERE TRUE", []);
    part.append(dead(tenant, destination, only));
    s.execute(part).await
}

fn dead(tenant: i64, destination: i64, only: Option<&(String, String)>) -> Part {
    let mut part = Part::new(
        " AND o.tenant = ? AND o.destination = ? AND o.state = 1",
        [tenant.into(), destination.into()],
    );
    if let Some((rtype, id)) = only {
        part.add(
            " AND o.rtype = (SELECT no FROM word WHERE text = ?) AND o.id = ?",
            [rtype.into(), id.into()],
        );
    }
    part
}

/// Forgets delivered rows, and lanes in which nothing waits any more.
pub(crate) async fn trim<S: Session>(
    s: &mut S,
    key: &OutboxKey,
    before: Timestamp,
    most: usize,
) -> Result<u64, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(0);
    };
    let most = i64::try_from(most).unwrap_or(i64::MAX);
    let part = Part::new(
        "SELECT o.rtype, o.id, o.change FROM outbox o
         WHERE o.tenant = ? AND o.destination = ? AND o.state = 2 AND o.done < ?
         ORDER BY o.done LIMIT ?",
        [
            tenant.into(),
            destination.into(),
            micros(before).into(),
            most.into(),
        ],
    );
    let mut trimmed = 0;
    for mut row in s.query(part).await? {
        let part = Part::new(
            "DELETE FROM outbox WHERE tenant = ? AND destination = ? AND rtype = ? AND id = ?
               AND change = ? AND state = 2",
            [
                tenant.into(),
                destination.into(),
                row.int()?.into(),
                row.text()?.into(),
                row.int()?.into(),
            ],
        );
        trimmed += s.execute(part).await?;
    }
    Ok(trimmed)
}

/// How much there is to do.
pub(crate) async fn backlog<S: Session>(
    s: &mut S,
    key: &OutboxKey,
) -> Result<OutboxBacklog, Error> {
    let Some((tenant, destination)) = numbers(s, key).await? else {
        return Ok(OutboxBacklog::default());
    };
    let count = |state: OutboxState| {
        Part::new(
            "SELECT count(*), min(queued) FROM outbox
             WHERE tenant = ? AND destination = ? AND state = ?",
            [tenant.into(), destination.into(), state.number().into()],
        )
    };
    let mut backlog = OutboxBacklog::default();
    if let Some(mut row) = first(s, count(OutboxState::Waiting)).await? {
        backlog.waiting = row.count()?;
        backlog.oldest = row.opt_instant()?;
    }
    if let Some(mut row) = first(s, count(OutboxState::Dead)).await? {
        backlog.dead = row.count()?;
    }
    Ok(backlog)
}
