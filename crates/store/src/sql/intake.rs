//! A file that has come in whole.

use super::archive::{drop_upload, heads_of_upload, whole};
use super::record::micros;
use super::{Part, Session, deeds, first, jobs, submissions};
use crate::{Accepted, Arrival, Error, Idempotency, Submission, Upload};

/// Seals, writes and queues everything that belongs to an arrival. Whatever the answer, the caller
/// commits: for anything but a new one the pieces are taken away.
pub(crate) async fn accept<S: Session>(
    s: &mut S,
    now: i64,
    arrival: &Arrival,
) -> Result<Accepted, Error> {
    let submission = &arrival.submission;
    let tenant = s.new_tenant(submission.tenant.as_str()).await?;
    s.enter(tenant).await?;
    let answer = known(s, tenant, arrival).await?;
    if answer != Accepted::New {
        if let Some(upload) = &arrival.upload {
            drop_upload(s, tenant, &upload.name).await?;
        }
        return Ok(answer);
    }
    let taken = Part::new(
        "SELECT 1 FROM submission WHERE tenant = ? AND id = ?",
        [tenant.into(), submission.id.as_str().into()],
    );
    if first(s, taken).await?.is_some() {
        return Err(Error::Refused("the submission's id is taken"));
    }
    match &arrival.upload {
        Some(upload) => seal(s, tenant, submission, upload).await?,
        None => is_kept(s, tenant, submission).await?,
    }
    submissions::put(s, tenant, submission).await?;
    if let Some(key) = &arrival.idempotency {
        remember(s, tenant, key, &submission.id).await?;
    }
    if let Some(job) = &arrival.job {
        jobs::queue(s, tenant, now, job).await?;
    }
    for deed in &arrival.deeds {
        deeds::put(s, tenant, deed).await?;
    }
    Ok(Accepted::New)
}

/// Whether it is new, and there is room for it.
async fn known<S: Session>(s: &mut S, tenant: i64, arrival: &Arrival) -> Result<Accepted, Error> {
    if let Some(key) = &arrival.idempotency {
        let part = Part::new(
            "SELECT request, submission FROM idempotency
             WHERE tenant = ? AND client = ? AND key = ?",
            [
                tenant.into(),
                key.client.as_str().into(),
                key.key.as_str().into(),
            ],
        );
        if let Some(mut row) = first(s, part).await? {
            let (request, submission) = (row.text()?, row.text()?);
            return Ok(if request == key.request {
                Accepted::Again { submission }
            } else {
                Accepted::KeyInUse
            });
        }
    }
    if let (Some(most), Some(_)) = (arrival.most_waiting, &arrival.job) {
        let part = Part::new(
            "SELECT count(*) FROM job WHERE tenant = ? AND state IN ('waiting', 'running')
               AND state = 'waiting'",
            [tenant.into()],
        );
        let waiting = match first(s, part).await? {
            Some(mut row) => row.count()?,
            None => 0,
        };
        if waiting >= u64::from(most) {
            return Ok(Accepted::Busy);
        }
    }
    Ok(Accepted::New)
}

async fn remember<S: Session>(
    s: &mut S,
    tenant: i64,
    key: &Idempotency,
    submission: &str,
) -> Result<(), Error> {
    s.execute(Part::new(
        "INSERT INTO idempotency (tenant, client, key, request, submission)
         VALUES (?, ?, ?, ?, ?)",
        [
            tenant.into(),
            key.client.as_str().into(),
            key.key.as_str().into(),
            key.request.as_str().into(),
            submission.into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Makes an upload's pieces a kept file.
async fn seal<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &Submission,
    upload: &Upload,
) -> Result<(), Error> {
    let blob = &upload.blob;
    if blob.hash != submission.file_hash || blob.tenant != submission.tenant {
        return Err(Error::Refused("the upload is of another submission"));
    }
    whole_upload(s, tenant, upload).await?;
    let part = Part::new(
        format!(
            "SELECT size, erased, keep_until FROM blob WHERE tenant = ? AND hash = ?{}",
            s.dialect().for_update()
        ),
        [tenant.into(), blob.hash.as_str().into()],
    );
    let keep_until = blob.keep_until.map(micros);
    if let Some(mut row) = first(s, part).await? {
        if row.count()? != blob.size {
            return Err(Error::Refused("bytes of this hash have another length"));
        }
        let (erased, kept_until) = (row.opt_int()?, row.opt_int()?);
        if erased.is_none() {
            drop_upload(s, tenant, &upload.name).await?;
            let longer = keep_until.zip(kept_until).map(|(a, b)| a.max(b));
            s.execute(Part::new(
                "UPDATE blob SET keep_until = ? WHERE tenant = ? AND hash = ?",
                [longer.into(), tenant.into(), blob.hash.as_str().into()],
            ))
            .await?;
            return Ok(());
        }
    }
    s.execute(Part::new(
        "DELETE FROM upload WHERE tenant = ? AND name = ?",
        [tenant.into(), upload.name.as_str().into()],
    ))
    .await?;
    // Bytes that were erased and came again are kept again.
    s.execute(Part::new(
        "INSERT INTO blob (tenant, hash, upload, size, chunks, codec, key_name, sealed_key, kept,
           keep_until)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, hash) DO UPDATE SET upload = excluded.upload,
           chunks = excluded.chunks, codec = excluded.codec, key_name = excluded.key_name,
           sealed_key = excluded.sealed_key, kept = excluded.kept,
           keep_until = excluded.keep_until, erased = NULL",
        [
            tenant.into(),
            blob.hash.as_str().into(),
            upload.name.as_str().into(),
            whole(blob.size)?,
            i64::from(blob.chunks).into(),
            blob.codec.as_str().into(),
            (&blob.key).into(),
            blob.sealed_key.clone().into(),
            micros(blob.kept).into(),
            keep_until.into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Refuses an upload of which a piece is missing, or that is not as long as it says.
async fn whole_upload<S: Session>(s: &mut S, tenant: i64, upload: &Upload) -> Result<(), Error> {
    let heads = heads_of_upload(s, tenant, &upload.name).await?;
    let mut next = 0u64;
    for (number, head) in heads.iter().enumerate() {
        if number != head.number as usize || head.first_byte != next {
            return Err(Error::Refused("a piece of the upload is missing"));
        }
        next = next.saturating_add(u64::from(head.length));
    }
    if heads.len() != upload.blob.chunks as usize || next != upload.blob.size {
        return Err(Error::Refused("a piece of the upload is missing"));
    }
    Ok(())
}

/// Refuses to run bytes again that are not in the archive any more.
async fn is_kept<S: Session>(s: &mut S, tenant: i64, submission: &Submission) -> Result<(), Error> {
    if submission.file_hash.is_empty() {
        return Ok(());
    }
    let part = Part::new(
        "SELECT 1 FROM blob WHERE tenant = ? AND hash = ? AND erased IS NULL",
        [tenant.into(), submission.file_hash.as_str().into()],
    );
    match first(s, part).await? {
        Some(_) => Ok(()),
        None => Err(Error::Refused("the file's bytes are not in the archive")),
    }
}
