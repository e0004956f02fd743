//! The queue.
//!
//! Leases are measured by the clock itself, which is handed in as `now`: the moment of a
//! transaction stands still when the clock goes back, and no lease would end.

use std::time::Duration;

use super::record::micros;
use super::visible::View;
use super::{Part, Record, Session, Value, first};
use crate::{Backlog, Claim, Error, Fence, Job, JobQuery, JobState, NewJob, Sight, Tenant};

/// How much further ahead than granted a lease may end before the clock is taken to have gone back:
/// two processes do not read it at quite the same moment.
const SLACK: i64 = 5_000_000;

/// Whether a waiting job `j` may run as far as the clock goes. Four times `now`.
fn due(of: &str) -> String {
    format!(
        "(({of}.retry_at IS NULL AND ({of}.run_at IS NULL OR {of}.run_at <= ?))
          OR {of}.retry_at <= ? OR {of}.retry_at > ? + {of}.retry_after + {SLACK})"
    )
}

fn due_values(now: i64) -> [Value; 3] {
    [now.into(), now.into(), now.into()]
}

/// Whether the lease of a running job is over.
fn over(of: &str) -> String {
    format!("({of}.lease_until <= ? OR {of}.lease_until > ? + {of}.lease + {SLACK})")
}

fn over_values(now: i64) -> [Value; 2] {
    [now.into(), now.into()]
}

fn length(duration: Duration) -> i64 {
    i64::try_from(duration.as_micros())
        .unwrap_or(i64::MAX / 4)
        .min(i64::MAX / 4)
}

/// Queues a job, in the tenant that was entered.
pub(crate) async fn queue<S: Session>(
    s: &mut S,
    tenant: i64,
    now: i64,
    job: &NewJob,
) -> Result<(), Error> {
    s.execute(Part::new(
        "INSERT INTO job (tenant, submission, source, kind, argument, queued, run_at, state)
         VALUES (?, ?, ?, ?, ?, ?, ?, 'waiting')",
        [
            tenant.into(),
            (&job.submission).into(),
            (&job.source).into(),
            (&job.kind).into(),
            (&job.argument).into(),
            now.into(),
            job.run_at.map(micros).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// How often a claim looks again when another worker was quicker.
const LOOKS: usize = 8;

/// Takes the next job of any tenant.
pub(crate) async fn claim<S: Session>(
    s: &mut S,
    now: i64,
    worker: &str,
    lease: Duration,
) -> Result<Option<Claim>, Error> {
    let lease = length(lease);
    for _ in 0..LOOKS {
        let Some(mut row) = first(s, next(now)).await? else {
            return Ok(None);
        };
        let (tenant, number, attempts) = (row.int()?, row.int()?, row.int()?);
        let state = row.text()?;
        s.enter(tenant).await?;
        let taken = s
            .execute(Part::new(
                "UPDATE job SET state = 'running', attempts = attempts + 1, worker = ?,
                   lease_until = ?, lease = ?, retry_at = NULL, retry_after = NULL
                 WHERE tenant = ? AND number = ? AND attempts = ? AND state = ?",
                [
                    worker.into(),
                    now.saturating_add(lease).into(),
                    lease.into(),
                    tenant.into(),
                    number.into(),
                    attempts.into(),
                    state.into(),
                ],
            ))
            .await?;
        if taken == 0 {
            continue;
        }
        s.execute(Part::new(
            "INSERT INTO turn (tenant, served)
             VALUES (?, (SELECT coalesce(max(served), 0) + 1 FROM turn))
             ON CONFLICT (tenant) DO UPDATE SET served = excluded.served",
            [tenant.into()],
        ))
        .await?;
        let mut part = jobs();
        part.add(
            " WHERE j.tenant = ? AND j.number = ?",
            [tenant.into(), number.into()],
        );
        let job = match first(s, part).await? {
            Some(mut row) => read(&mut row)?,
            None => return Err(Error::Database("a claimed job is gone".to_owned())),
        };
        return Ok(Some(Claim {
            token: u64::from(job.attempts),
            job,
        }));
    }
    Ok(None)
}

/// Whether there is a job to claim.
pub(crate) async fn any<S: Session>(s: &mut S, now: i64) -> Result<bool, Error> {
    Ok(first(s, next(now)).await?.is_some())
}

/// The job whose turn it is. A job that runs stands in the way of every other of its source, and
/// one that waits in the way of those behind it, unless it is queued for a time to come and nobody
/// has begun it. One that was put back keeps its place.
pub(crate) fn next(now: i64) -> Part {
    let mut part = Part::new(
        "SELECT j.tenant, j.number, j.attempts, j.state FROM job j
         LEFT JOIN turn u ON u.tenant = j.tenant
         WHERE j.state IN ('waiting', 'running') AND ((j.state = 'waiting' AND ",
        [],
    );
    part.add(&due("j"), due_values(now));
    part.add(
        " AND NOT EXISTS (SELECT 1 FROM job b WHERE b.state IN ('waiting', 'running')
            AND b.tenant = j.tenant AND b.source = j.source AND b.number <> j.number
            AND (b.state = 'running' OR (b.number < j.number AND (b.attempts > 0 OR ",
        [],
    );
    part.add(&due("b"), due_values(now));
    part.add("))))) OR (j.state = 'running' AND ", []);
    part.add(&over("j"), over_values(now));
    part.add(
        ")) ORDER BY (SELECT count(*) FROM job o WHERE o.state IN ('waiting', 'running')
            AND o.state = 'running' AND o.tenant = j.tenant AND o.number <> j.number AND NOT ",
        [],
    );
    part.add(&over("o"), over_values(now));
    part.add("), coalesce(u.served, 0), j.number LIMIT 1", []);
    part
}

/// The tenant of a job whose claim still holds, which is entered.
async fn holder<S: Session>(s: &mut S, fence: Fence) -> Result<Option<i64>, Error> {
    let (Ok(job), Ok(token)) = (i64::try_from(fence.job), i64::try_from(fence.token)) else {
        return Ok(None);
    };
    let part = Part::new(
        format!(
            "SELECT tenant FROM job WHERE number = ? AND attempts = ? AND state = 'running'{}",
            s.dialect().for_update()
        ),
        [job.into(), token.into()],
    );
    let tenant = first(s, part).await?.map(|mut row| row.int()).transpose()?;
    if let Some(tenant) = tenant {
        s.enter(tenant).await?;
    }
    Ok(tenant)
}

/// Refuses a batch whose claim no longer holds, or is on another tenant's job.
pub(crate) async fn check<S: Session>(s: &mut S, tenant: i64, fence: Fence) -> Result<(), Error> {
    match holder(s, fence).await? {
        Some(holder) if holder == tenant => Ok(()),
        _ => Err(Error::Fenced),
    }
}

/// What names a job whose claim holds.
fn named(tenant: i64, fence: Fence) -> [Value; 2] {
    [
        tenant.into(),
        i64::try_from(fence.job).unwrap_or(i64::MAX).into(),
    ]
}

/// Prolongs a lease.
pub(crate) async fn renew<S: Session>(
    s: &mut S,
    now: i64,
    fence: Fence,
    lease: Duration,
) -> Result<bool, Error> {
    let Some(tenant) = holder(s, fence).await? else {
        return Ok(false);
    };
    let lease = length(lease);
    let mut part = Part::new(
        "UPDATE job SET lease_until = ?, lease = ?",
        [now.saturating_add(lease).into(), lease.into()],
    );
    part.add(" WHERE tenant = ? AND number = ?", named(tenant, fence));
    s.execute(part).await?;
    Ok(true)
}

/// Gives a job back.
pub(crate) async fn put_back<S: Session>(
    s: &mut S,
    now: i64,
    fence: Fence,
    after: Duration,
    error: Option<&str>,
) -> Result<bool, Error> {
    let Some(tenant) = holder(s, fence).await? else {
        return Ok(false);
    };
    let after = length(after);
    let mut part = Part::new(
        "UPDATE job SET state = 'waiting', lease_until = NULL, lease = NULL, retry_at = ?,
           retry_after = ?, last_error = ?",
        [now.saturating_add(after).into(), after.into(), error.into()],
    );
    part.add(" WHERE tenant = ? AND number = ?", named(tenant, fence));
    s.execute(part).await?;
    Ok(true)
}

/// Says how far a job is.
pub(crate) async fn progress<S: Session>(
    s: &mut S,
    tenant: i64,
    fence: Fence,
    progress: &str,
) -> Result<(), Error> {
    let mut part = Part::new("UPDATE job SET progress = ?", [progress.into()]);
    part.add(" WHERE tenant = ? AND number = ?", named(tenant, fence));
    s.execute(part).await?;
    Ok(())
}

/// Ends a job and drops its journal.
pub(crate) async fn finish<S: Session>(
    s: &mut S,
    tenant: i64,
    fence: Fence,
    state: JobState,
) -> Result<(), Error> {
    if !matches!(state, JobState::Done | JobState::Failed) {
        return Err(Error::Refused("a job ends as done or as failed"));
    }
    let mut part = Part::new(
        "UPDATE job SET state = ?, lease_until = NULL, lease = NULL",
        [state.as_str().into()],
    );
    part.add(" WHERE tenant = ? AND number = ?", named(tenant, fence));
    s.execute(part).await?;
    s.execute(Part::new(
        "DELETE FROM journal WHERE tenant = ? AND job = ?",
        named(tenant, fence),
    ))
    .await?;
    Ok(())
}

fn jobs() -> Part {
    Part::new(
        "SELECT j.number, t.name, j.submission, j.source, j.kind, j.argument, j.run_at, j.state,
           j.attempts, j.queued, j.lease_until, j.worker, j.progress, j.last_error
         FROM job j JOIN tenant t ON t.no = j.tenant",
        [],
    )
}

fn read(row: &mut Record) -> Result<Job, Error> {
    Ok(Job {
        number: row.count()?,
        tenant: Tenant::new(row.text()?),
        work: NewJob {
            submission: row.text()?,
            source: row.text()?,
            kind: row.text()?,
            argument: row.text()?,
            run_at: row.opt_instant()?,
        },
        state: JobState::from_word(&row.text()?).ok_or_else(|| {
            Error::Database("the state of a job is not one that is known".to_owned())
        })?,
        attempts: u32::try_from(row.int()?)
            .map_err(|_| Error::Database("a job was claimed too often".to_owned()))?,
        queued: row.instant()?,
        lease_until: row.opt_instant()?,
        worker: row.opt_text()?,
        progress: row.text()?,
        last_error: row.opt_text()?,
    })
}

/// Jobs of a tenant, the latest first.
pub(crate) async fn list<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    query: &JobQuery,
) -> Result<Vec<Job>, Error> {
    let Some(view) = View::within(s, sight, tenant).await?.filter(View::own) else {
        return Ok(Vec::new());
    };
    let mut part = jobs();
    part.add(" WHERE j.tenant = ?", [view.tenant_number().into()]);
    if let Some(submission) = &query.submission {
        part.add(" AND j.submission = ?", [submission.into()]);
    }
    if !query.states.is_empty() {
        part.add(
            &format!(" AND j.state {}", s.dialect().among()),
            [Value::list(query.states.iter().map(|state| state.as_str()))],
        );
    }
    part.add(" ORDER BY j.number DESC", []);
    s.query(part).await?.iter_mut().map(read).collect()
}

/// How much there is to do over all tenants.
pub(crate) async fn backlog<S: Session>(s: &mut S, now: i64) -> Result<Backlog, Error> {
    let mut backlog = Backlog::default();
    let mut waiting = Part::new(
        "SELECT count(*), min(j.queued) FROM job j
         WHERE j.state IN ('waiting', 'running') AND j.state = 'waiting' AND ",
        [],
    );
    waiting.add(&due("j"), due_values(now));
    if let Some(mut row) = first(s, waiting).await? {
        backlog.waiting = row.count()?;
        backlog.oldest = row.opt_instant()?;
    }
    let running = Part::new("SELECT count(*) FROM job j WHERE j.state = 'running'", []);
    if let Some(mut row) = first(s, running).await? {
        backlog.running = row.count()?;
    }
    let failed = Part::new("SELECT count(*) FROM job j WHERE j.state = 'failed'", []);
    if let Some(mut row) = first(s, failed).await? {
        backlog.failed = row.count()?;
    }
    Ok(backlog)
}
