//! Pieces of files, as they come in and as they are kept.

use super::record::{Record, Value, micros};
use super::visible::View;
use super::{Part, Session, first};
use crate::{Blob, Chunk, ChunkHead, Error, Sight, Tenant};

/// Keeps pieces of an upload; a piece that is kept again, because the sender was not answered, is
/// the same piece.
pub(crate) async fn keep<S: Session>(
    s: &mut S,
    now: i64,
    tenant: &Tenant,
    upload: &str,
    chunks: Vec<Chunk>,
) -> Result<(), Error> {
    let tenant = s.new_tenant(tenant.as_str()).await?;
    s.enter(tenant).await?;
    let sealed = Part::new(
        "SELECT 1 FROM blob WHERE tenant = ? AND upload = ?",
        [tenant.into(), upload.into()],
    );
    if first(s, sealed).await?.is_some() {
        return Err(Error::Refused("the upload is sealed already"));
    }
    s.execute(Part::new(
        "INSERT INTO upload (tenant, name, begun) VALUES (?, ?, ?)
         ON CONFLICT (tenant, name) DO NOTHING",
        [tenant.into(), upload.into(), now.into()],
    ))
    .await?;
    for chunk in chunks {
        s.execute(Part::new(
            "INSERT INTO chunk (tenant, upload, number, first_byte, length, lines_before, bytes)
             VALUES (?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (tenant, upload, number) DO UPDATE SET
               first_byte = excluded.first_byte, length = excluded.length,
               lines_before = excluded.lines_before, bytes = excluded.bytes",
            [
                tenant.into(),
                upload.into(),
                i64::from(chunk.head.number).into(),
                whole(chunk.head.first_byte)?,
                i64::from(chunk.head.length).into(),
                whole(chunk.head.lines_before)?,
                chunk.bytes.into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

/// A number that a column can hold.
pub(super) fn whole(number: u64) -> Result<Value, Error> {
    i64::try_from(number)
        .map(Value::from)
        .map_err(|_| Error::Refused("a number is larger than can be kept"))
}

/// Forgets an upload that is not sealed.
pub(crate) async fn abandon<S: Session>(
    s: &mut S,
    tenant: &Tenant,
    upload: &str,
) -> Result<(), Error> {
    match super::tenant(s, tenant.as_str()).await? {
        None => Ok(()),
        Some(tenant) => {
            s.enter(tenant).await?;
            drop_upload(s, tenant, upload).await
        }
    }
}

/// Takes away what an upload has brought, in the tenant that was entered. A sealed one is left
/// alone: its row is gone.
pub(super) async fn drop_upload<S: Session>(
    s: &mut S,
    tenant: i64,
    upload: &str,
) -> Result<(), Error> {
    let key = || [tenant.into(), upload.into()];
    let open = s
        .execute(Part::new(
            "DELETE FROM upload WHERE tenant = ? AND name = ?",
            key(),
        ))
        .await?;
    if open > 0 {
        s.execute(Part::new(
            "DELETE FROM chunk WHERE tenant = ? AND upload = ?",
            key(),
        ))
        .await?;
    }
    Ok(())
}

/// Forgets uploads of every tenant that were begun before a moment.
pub(crate) async fn abandon_older<S: Session>(s: &mut S, before: i64) -> Result<u64, Error> {
    let old = s
        .query(Part::new(
            "SELECT tenant, name FROM upload WHERE begun < ?",
            [before.into()],
        ))
        .await?;
    let count = old.len() as u64;
    for mut row in old {
        let (tenant, name) = (row.int()?, row.text()?);
        s.enter(tenant).await?;
        drop_upload(s, tenant, &name).await?;
    }
    Ok(count)
}

/// A kept file, seen by the tenant itself.
pub(crate) async fn blob<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    hash: &str,
) -> Result<Option<Blob>, Error> {
    let Some(view) = View::within(s, sight, tenant).await?.filter(View::own) else {
        return Ok(None);
    };
    let part = Part::new(
        "SELECT size, chunks, codec, key_name, sealed_key, kept, keep_until, erased
         FROM blob WHERE tenant = ? AND hash = ?",
        [view.tenant_number().into(), hash.into()],
    );
    let Some(mut row) = first(s, part).await? else {
        return Ok(None);
    };
    Ok(Some(Blob {
        tenant: tenant.clone(),
        hash: hash.to_owned(),
        size: row.count()?,
        chunks: small(&mut row)?,
        codec: row.text()?,
        key: row.opt_text()?,
        sealed_key: row.opt_bytes()?,
        kept: row.instant()?,
        keep_until: row.opt_instant()?,
        erased: row.opt_instant()?,
    }))
}

fn small(row: &mut Record) -> Result<u32, Error> {
    u32::try_from(row.int()?)
        .map_err(|_| Error::Database("a number of pieces is out of range".to_owned()))
}

const OF_BLOB: &str = "FROM blob b JOIN chunk c ON c.tenant = b.tenant AND c.upload = b.upload
 WHERE b.tenant = ? AND b.hash = ? AND b.erased IS NULL";

/// Where the pieces of a file begin.
pub(crate) async fn chunk_heads<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    hash: &str,
) -> Result<Vec<ChunkHead>, Error> {
    let Some(view) = View::within(s, sight, tenant).await?.filter(View::own) else {
        return Ok(Vec::new());
    };
    let part = Part::new(
        format!(
            "SELECT c.number, c.first_byte, c.length, c.lines_before {OF_BLOB} ORDER BY c.number"
        ),
        [view.tenant_number().into(), hash.into()],
    );
    s.query(part).await?.iter_mut().map(head).collect()
}

/// The heads of the pieces of an upload that is under way, in the tenant that was entered.
pub(super) async fn heads_of_upload<S: Session>(
    s: &mut S,
    tenant: i64,
    upload: &str,
) -> Result<Vec<ChunkHead>, Error> {
    let part = Part::new(
        "SELECT c.number, c.first_byte, c.length, c.lines_before FROM chunk c
         WHERE c.tenant = ? AND c.upload = ? ORDER BY c.number",
        [tenant.into(), upload.into()],
    );
    s.query(part).await?.iter_mut().map(head).collect()
}

fn head(row: &mut Record) -> Result<ChunkHead, Error> {
    Ok(ChunkHead {
        number: small(row)?,
        first_byte: row.count()?,
        length: small(row)?,
        lines_before: row.count()?,
    })
}

/// One piece of a file.
pub(crate) async fn chunk<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    hash: &str,
    number: u32,
) -> Result<Option<Chunk>, Error> {
    let Some(view) = View::within(s, sight, tenant).await?.filter(View::own) else {
        return Ok(None);
    };
    let part = Part::new(
        format!(
            "SELECT c.number, c.first_byte, c.length, c.lines_before, c.bytes {OF_BLOB}
             AND c.number = ?"
        ),
        [
            view.tenant_number().into(),
            hash.into(),
            i64::from(number).into(),
        ],
    );
    let Some(mut row) = first(s, part).await? else {
        return Ok(None);
    };
    Ok(Some(Chunk {
        head: head(&mut row)?,
        bytes: row.bytes()?,
    }))
}

/// Files of every tenant whose time is over and that no job needs.
pub(crate) async fn expired<S: Session>(
    s: &mut S,
    now: jiff::Timestamp,
    limit: usize,
) -> Result<Vec<(Tenant, String)>, Error> {
    let part = Part::new(
        "SELECT b.tenant, t.name, b.hash FROM blob b JOIN tenant t ON t.no = b.tenant
         WHERE b.keep_until IS NOT NULL AND b.keep_until <= ? AND b.erased IS NULL
         ORDER BY b.keep_until",
        [micros(now).into()],
    );
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        if found.len() >= limit {
            break;
        }
        let (tenant, name, hash) = (row.int()?, row.text()?, row.text()?);
        s.enter(tenant).await?;
        let needed = Part::new(
            "SELECT 1 FROM submission m
             JOIN job j ON j.tenant = m.tenant AND j.submission = m.id
             WHERE m.tenant = ? AND m.file_hash = ? AND j.state IN ('waiting', 'running')
             LIMIT 1",
            [tenant.into(), hash.as_str().into()],
        );
        if first(s, needed).await?.is_none() {
            found.push((Tenant::new(name), hash));
        }
    }
    Ok(found)
}
