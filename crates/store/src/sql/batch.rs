//! What a batch does besides writing resources.

use super::record::micros;
use super::{Part, Session, deeds, jobs, journal, pending, quarantine, submissions};
use crate::{Batch, Committed, Counted, Error, Outcome, Retired, SayAgain, Unconfirm};

/// What comes before the resources: the claim is checked and the submission's row is written. The
/// tenant's number.
pub(crate) async fn open<S: Session>(s: &mut S, batch: &Batch) -> Result<i64, Error> {
    let tenant = s.new_tenant(batch.tenant.as_str()).await?;
    s.enter(tenant).await?;
    match batch.fence {
        Some(fence) => jobs::check(s, tenant, fence).await?,
        None if batch.journal.is_some() || batch.progress.is_some() || batch.finish.is_some() => {
            return Err(Error::Refused("what is said of a job needs a claim on it"));
        }
        None => {}
    }
    if let Some(submission) = &batch.submission {
        submissions::put(s, tenant, submission).await?;
    }
    Ok(tenant)
}

/// What comes after the resources are written and retired. `committed` has what became of those;
/// the rest is counted into it.
pub(crate) async fn close<S: Session>(
    s: &mut S,
    now: i64,
    tenant: i64,
    batch: &mut Batch,
    committed: &mut Committed,
) -> Result<(), Error> {
    let submission = batch.submission_id.clone();
    for unconfirm in &batch.unconfirm {
        committed.unconfirmed += take_back(s, tenant, unconfirm).await?;
    }
    if let Some(again) = &batch.say_again {
        committed.said_again += say_again(s, tenant, &submission, again).await?;
        committed.held_again +=
            quarantine::hold_again(s, tenant, &submission, &again.earlier).await?;
    }
    for settle in &batch.settle {
        committed.settled += quarantine::settle(s, tenant, &submission, settle).await?;
    }
    for decide in &batch.decide {
        committed.settled += quarantine::decide(s, tenant, decide).await?;
    }
    quarantine::hold(s, tenant, &submission, &batch.quarantine).await?;
    for close in &batch.close_pending {
        pending::close(s, tenant, &submission, close).await?;
    }
    pending::put(s, tenant, &submission, &batch.pending).await?;
    for deed in &batch.deeds {
        deeds::put(s, tenant, deed).await?;
    }
    for job in &batch.jobs {
        jobs::queue(s, tenant, now, job).await?;
    }
    let Some(fence) = batch.fence else {
        return Ok(());
    };
    if let Some(entry) = batch.journal.take() {
        journal::append(s, tenant, fence, entry, counted(committed)).await?;
    }
    if let Some(progress) = &batch.progress {
        jobs::progress(s, tenant, fence, progress).await?;
    }
    if let Some(state) = batch.finish {
        jobs::finish(s, tenant, fence, state).await?;
    }
    Ok(())
}

fn counted(committed: &Committed) -> Counted {
    let mut counted = Counted::default();
    for outcome in &committed.writes {
        let count = match outcome {
            Outcome::Created { .. } => &mut counted.created,
            Outcome::Updated { .. } => &mut counted.updated,
            Outcome::Unchanged { .. } => &mut counted.unchanged,
            Outcome::Older { .. } => &mut counted.older,
            Outcome::Conflict { .. } => &mut counted.conflict,
        };
        *count += 1;
    }
    for outcome in committed.retired.iter().flatten() {
        counted.retired += u64::from(matches!(outcome, Retired::Retired { .. }));
    }
    counted
}

/// Gives resources back the as-of and the submission that their current version was written with.
async fn take_back<S: Session>(
    s: &mut S,
    tenant: i64,
    unconfirm: &Unconfirm,
) -> Result<u64, Error> {
    let mut count = 0;
    for (rtype, id) in &unconfirm.ids {
        let Some(rtype) = s.word(rtype).await? else {
            continue;
        };
        count += s
            .execute(Part::new(
                "UPDATE resource SET
                   as_of = (SELECT v.as_of FROM version v WHERE v.tenant = resource.tenant
                     AND v.rid = resource.rid AND v.ver = resource.ver),
                   submission = (SELECT v.submission FROM version v
                     WHERE v.tenant = resource.tenant AND v.rid = resource.rid
                       AND v.ver = resource.ver)
                 WHERE tenant = ? AND rtype = ? AND id = ? AND submission = ?
                   AND EXISTS (SELECT 1 FROM version v WHERE v.tenant = resource.tenant
                     AND v.rid = resource.rid AND v.ver = resource.ver
                     AND v.submission <> resource.submission)",
                [
                    tenant.into(),
                    rtype.into(),
                    id.into(),
                    (&unconfirm.submission).into(),
                ],
            ))
            .await?;
    }
    Ok(count)
}

/// Everything that a submission said last is said again by a later one.
async fn say_again<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &str,
    again: &SayAgain,
) -> Result<u64, Error> {
    let Some(source) = s.word(&again.source).await? else {
        return Ok(0);
    };
    let as_of = micros(again.as_of);
    s.execute(Part::new(
        "UPDATE resource SET as_of = ?, submission = ?
         WHERE tenant = ? AND source = ? AND submission = ? AND status <> 1 AND as_of <= ?",
        [
            as_of.into(),
            submission.into(),
            tenant.into(),
            source.into(),
            (&again.earlier).into(),
            as_of.into(),
        ],
    ))
    .await
}
