//! What a job's workers need to know again.

use super::{Part, Session, Value, first};
use crate::{Counted, Error, Fence, JournalRow};

/// Adds the next row, in the tenant that was entered, under a claim that holds.
pub(crate) async fn append<S: Session>(
    s: &mut S,
    tenant: i64,
    fence: Fence,
    entry: Vec<u8>,
    counted: Counted,
) -> Result<(), Error> {
    let job = i64::try_from(fence.job).map_err(|_| Error::Fenced)?;
    let last = Part::new(
        "SELECT coalesce(max(number), 0) FROM journal WHERE tenant = ? AND job = ?",
        [tenant.into(), job.into()],
    );
    let last = match first(s, last).await? {
        Some(mut row) => row.int()?,
        None => 0,
    };
    let mut values: Vec<Value> = vec![tenant.into(), job.into(), (last + 1).into(), entry.into()];
    for count in [
        counted.created,
        counted.updated,
        counted.unchanged,
        counted.older,
        counted.conflict,
        counted.retired,
    ] {
        values.push(super::archive::whole(count)?);
    }
    s.execute(Part::new(
        "INSERT INTO journal (tenant, job, number, entry, created, updated, unchanged, older,
           conflict, retired)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        values,
    ))
    .await?;
    Ok(())
}

/// The rows of a job, in order.
pub(crate) async fn list<S: Session>(s: &mut S, job: u64) -> Result<Vec<JournalRow>, Error> {
    let Ok(job) = i64::try_from(job) else {
        return Ok(Vec::new());
    };
    let tenant = Part::new("SELECT tenant FROM job WHERE number = ?", [job.into()]);
    let Some(mut row) = first(s, tenant).await? else {
        return Ok(Vec::new());
    };
    let tenant = row.int()?;
    s.enter(tenant).await?;
    let part = Part::new(
        "SELECT number, entry, created, updated, unchanged, older, conflict, retired
         FROM journal WHERE tenant = ? AND job = ? ORDER BY number",
        [tenant.into(), job.into()],
    );
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.push(JournalRow {
            number: u32::try_from(row.int()?)
                .map_err(|_| Error::Database("a journal is too long".to_owned()))?,
            entry: row.bytes()?,
            counted: Counted {
                created: row.count()?,
                updated: row.count()?,
                unchanged: row.count()?,
                older: row.count()?,
                conflict: row.count()?,
                retired: row.count()?,
            },
        });
    }
    Ok(found)
}
