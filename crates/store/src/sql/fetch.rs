//! Reading resources one by one, and a person's as a whole.

use super::visible::View;
use super::{Part, Record, Session};
use crate::{Current, Error, Scan, Sight, Stored, Tenant};

/// A current resource `r` with its version `v`, as [`stored`] reads them.
fn current<S: Session>(s: &S) -> Part {
    let join = s.dialect().join();
    Part::new(
        format!(
            "SELECT t.text, r.id, r.ver, r.updated, r.status, r.patient, s.text, r.as_of,
               r.submission, v.body
             FROM resource r
             {join} version v ON v.tenant = r.tenant AND v.vid = r.vid
             {join} word t ON t.no = r.rtype
             {join} word s ON s.no = r.source
             WHERE TRUE"
        ),
        [],
    )
}

/// The same of any version `v` of `r`. The as-of and submission of the current version are those
/// that last confirmed it.
fn versions<S: Session>(s: &S) -> Part {
    let join = s.dialect().join();
    Part::new(
        format!(
            "SELECT t.text, r.id, v.ver, v.updated, v.status, v.patient, s.text,
               CASE WHEN v.vid = r.vid THEN r.as_of ELSE v.as_of END,
               CASE WHEN v.vid = r.vid THEN r.submission ELSE v.submission END, v.body
             FROM resource r
             {join} version v ON v.tenant = r.tenant AND v.rid = r.rid
             {join} word t ON t.no = r.rtype
             {join} word s ON s.no = v.source
             WHERE TRUE"
        ),
        [],
    )
}

/// The current version of a resource.
pub(crate) async fn read<S: Session>(
    s: &mut S,
    sight: &Sight,
    rtype: &str,
    id: &str,
) -> Result<Option<Stored>, Error> {
    let mut found = None;
    for view in View::all(s, sight).await? {
        if !view.sees_type(rtype) {
            continue;
        }
        view.enter(s).await?;
        let mut part = current(s);
        by_key(&mut part, rtype, id);
        view.condition(&mut part);
        for stored in all(s, part, view.tenant()).await? {
            if found.replace(stored).is_some() {
                return Err(Error::Ambiguous);
            }
        }
    }
    Ok(found)
}

/// The versions of a resource, newest first; one of them when a version is given.
pub(crate) async fn history<S: Session>(
    s: &mut S,
    sight: &Sight,
    rtype: &str,
    id: &str,
    version: Option<u64>,
) -> Result<Vec<Stored>, Error> {
    let mut found: Vec<Stored> = Vec::new();
    let version = match version.map(i64::try_from) {
        Some(Err(_)) => return Ok(found),
        Some(Ok(version)) => Some(version),
        None => None,
    };
    for view in View::all(s, sight).await? {
        if !view.sees_type(rtype) {
            continue;
        }
        view.enter(s).await?;
        let mut part = versions(s);
        by_key(&mut part, rtype, id);
        view.condition(&mut part);
        view.version_condition(&mut part);
        if let Some(version) = version {
            part.add(" AND v.ver = ?", [version.into()]);
        }
        part.add(" ORDER BY v.ver DESC", []);
        let versions = all(s, part, view.tenant()).await?;
        if !versions.is_empty() && !found.is_empty() {
            return Err(Error::Ambiguous);
        }
        found.extend(versions);
    }
    Ok(found)
}

fn by_key(part: &mut Part, rtype: &str, id: &str) {
    part.add(
        " AND r.rtype = (SELECT no FROM word WHERE text = ?) AND r.id = ?",
        [rtype.into(), id.into()],
    );
}

/// The Patient and its compartment.
pub(crate) async fn everything_about<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    patient: &str,
) -> Result<Vec<Stored>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Vec::new());
    };
    let mut part = current(s);
    part.add(" AND r.patient = ? AND r.status <> 3", [patient.into()]);
    view.condition(&mut part);
    view.types(&mut part);
    part.add(" ORDER BY r.rid", []);
    all(s, part, tenant).await
}

/// A part of everything.
pub(crate) async fn scan<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    from: u64,
    limit: usize,
) -> Result<Scan, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Scan::default());
    };
    let Ok(from) = i64::try_from(from) else {
        return Ok(Scan::default());
    };
    // The keys first: how far a part reaches must not depend on what is decoded of it.
    let mut part = Part::new(
        format!(
            "SELECT r.rid FROM resource r {} WHERE r.rid >= ? AND r.status <> 3",
            s.dialect().by_row()
        ),
        [from.into()],
    );
    view.condition(&mut part);
    view.types(&mut part);
    let limit = limit.max(1);
    part.add(
        " ORDER BY r.rid LIMIT ?",
        [i64::try_from(limit).unwrap_or(i64::MAX).into()],
    );
    let mut keys = Vec::new();
    for mut row in s.query(part).await? {
        keys.push(row.int()?);
    }
    let next = keys
        .last()
        .filter(|_| keys.len() >= limit)
        .and_then(|last| u64::try_from(last.saturating_add(1)).ok());
    let items = by_rows(s, &view, keys).await?;
    Ok(Scan { items, next })
}

/// What a source has said.
pub(crate) async fn current_of_source<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    source: &str,
) -> Result<Vec<Current>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Vec::new());
    };
    let join = s.dialect().join();
    let mut part = Part::new(
        format!(
            "SELECT t.text, r.id, r.ver, r.patient, r.status, r.as_of
             FROM resource r {join} word t ON t.no = r.rtype
             WHERE r.source = (SELECT no FROM word WHERE text = ?) AND r.status <> 3"
        ),
        [source.into()],
    );
    view.condition(&mut part);
    view.types(&mut part);
    part.add(" ORDER BY r.rid", []);
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.push(Current {
            rtype: row.text()?,
            id: row.text()?,
            version: row.count()?,
            patient: row.opt_text()?,
            status: row.status()?,
            as_of: row.instant()?,
        });
    }
    Ok(found)
}

/// The current resources with these row numbers, in their order, which are known to be in sight
/// already.
pub(crate) async fn by_rows<S: Session>(
    s: &mut S,
    view: &View<'_>,
    rids: Vec<i64>,
) -> Result<Vec<Stored>, Error> {
    if rids.is_empty() {
        return Ok(Vec::new());
    }
    let part = rows_at(s, view.tenant_number(), rids);
    all(s, part, view.tenant()).await
}

/// The query for current resources by their row numbers.
pub(crate) fn rows_at<S: Session>(s: &S, tenant: i64, rids: Vec<i64>) -> Part {
    let mut part = current(s);
    let (among, beside) = (s.dialect().among(), s.dialect().beside("r.tenant"));
    part.add(
        &format!(" AND {beside} = ? AND r.rid {among} ORDER BY r.rid"),
        [tenant.into(), super::Value::Ints(rids)],
    );
    part
}

async fn all<S: Session>(s: &mut S, part: Part, tenant: &Tenant) -> Result<Vec<Stored>, Error> {
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.push(stored(&mut row, tenant)?);
    }
    Ok(found)
}

fn stored(row: &mut Record, tenant: &Tenant) -> Result<Stored, Error> {
    Ok(Stored {
        tenant: tenant.clone(),
        rtype: row.text()?,
        id: row.text()?,
        version: row.count()?,
        updated: row.instant()?,
        status: row.status()?,
        patient: row.opt_text()?,
        source: row.text()?,
        as_of: row.instant()?,
        submission: row.text()?,
        body: row.bytes()?,
    })
}
