//! What an operator sees of the outbox and does with dead letters: the commands
//! `causeway outbox list`, `retry` and `discard`.

use std::fmt::Write as _;

use access::Access;
use store::{Error, OutboxBacklog, OutboxKey, OutboxQuery, OutboxRow, Store, Tenant};

/// The rows of a tenant's outbox that are asked for.
///
/// # Errors
/// The store's.
pub async fn list(
    store: &dyn Store,
    tenant: &Tenant,
    query: &OutboxQuery,
) -> Result<Vec<OutboxRow>, Error> {
    store.outbox(&Access::pipeline(tenant), tenant, query).await
}

/// Sends dead letters again: one resource's (`Type/id`), or all of a destination. How many.
///
/// # Errors
/// The store's.
pub async fn retry(
    store: &dyn Store,
    key: &OutboxKey,
    only: Option<&(String, String)>,
) -> Result<u64, Error> {
    let count = store.retry_dead(key, only).await?;
    tracing::info!(
        destination = key.destination,
        count,
        "dead letters are sent again"
    );
    Ok(count)
}

/// Takes dead letters off the list: one resource's, or all of a destination. How many. The
/// destination lacks them until they change again.
///
/// # Errors
/// The store's.
pub async fn discard(
    store: &dyn Store,
    key: &OutboxKey,
    only: Option<&(String, String)>,
) -> Result<u64, Error> {
    let count = store.discard_dead(key, only).await?;
    tracing::warn!(
        destination = key.destination,
        count,
        "dead letters are taken off the list without being sent"
    );
    Ok(count)
}

/// Each destination of a tenant with how much there is to do for it.
///
/// # Errors
/// The store's.
pub async fn backlogs(
    store: &dyn Store,
    tenant: &Tenant,
) -> Result<Vec<(String, OutboxBacklog)>, Error> {
    let mut backlogs = Vec::new();
    for destination in store.destinations(tenant).await? {
        let key = OutboxKey {
            tenant: tenant.clone(),
            destination: destination.clone(),
        };
        backlogs.push((destination, store.outbox_backlog(&key).await?));
    }
    Ok(backlogs)
}

/// Rows as a text for a terminal, one a line.
pub fn text(rows: &[OutboxRow]) -> String {
    let mut text = String::new();
    for row in rows {
        let _ = write!(
            text,
            "{}  {}  {}/{}  changed {:.0}",
            row.destination,
            row.state.as_str(),
            row.rtype,
            row.id,
            row.queued
        );
        if row.attempts > 0 {
            let _ = write!(text, "  tries {}", row.attempts);
        }
        if let Some(reason) = &row.reason {
            let _ = write!(text, "  {reason}");
        }
        text.push('\n');
    }
    text
}

/// Rows as JSON, an array.
pub fn json(rows: &[OutboxRow]) -> serde_json::Value {
    rows.iter()
        .map(|row| {
            serde_json::json!({
                "destination": row.destination,
                "state": row.state.as_str(),
                "resource": format!("{}/{}", row.rtype, row.id),
                "attempts": row.attempts,
                "changed": row.queued.to_string(),
                "done": row.done.map(|done| done.to_string()),
                "reason": row.reason,
            })
        })
        .collect()
}
