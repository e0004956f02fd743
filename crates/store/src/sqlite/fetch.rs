//! Reading resources one by one, and a person's as a whole.

use rusqlite::types::Value;
use rusqlite::{Connection, Row, params_from_iter};

use super::rows::instant;
use super::visible::View;
use crate::{Current, Error, Scan, Sight, Status, Stored, Tenant};

/// The columns of a current resource `r` with its version `v`, as [`stored`] reads them.
const CURRENT: &str = "SELECT t.text, r.id, r.ver, r.updated, r.status, r.patient, s.text, r.as_of,
   r.submission, v.body
 FROM resource r
 CROSS JOIN version v ON v.vid = r.vid
 CROSS JOIN word t ON t.no = r.rtype
 CROSS JOIN word s ON s.no = r.source
 WHERE 1";

/// The same of any version `v` of `r`. The as-of and submission of the current version are those
/// that last confirmed it.
const VERSIONS: &str = "SELECT t.text, r.id, v.ver, v.updated, v.status, v.patient, s.text,
   iif(v.vid = r.vid, r.as_of, v.as_of), iif(v.vid = r.vid, r.submission, v.submission), v.body
 FROM resource r
 CROSS JOIN version v ON v.tenant = r.tenant AND v.rid = r.rid
 CROSS JOIN word t ON t.no = r.rtype
 CROSS JOIN word s ON s.no = v.source
 WHERE 1";

const BY_KEY: &str = " AND r.rtype = (SELECT no FROM word WHERE text = ?) AND r.id = ?";

/// The current version of a resource.
pub(super) fn read(
    connection: &Connection,
    sight: &Sight,
    rtype: &str,
    id: &str,
) -> Result<Option<Stored>, Error> {
    let mut found = None;
    for view in View::all(connection, sight)? {
        if !view.sees_type(rtype) {
            continue;
        }
        let mut sql = CURRENT.to_owned();
        let mut values = by_key(&mut sql, rtype, id);
        view.condition(&mut sql, &mut values);
        for stored in all(connection, &sql, values, view.tenant())? {
            if found.replace(stored).is_some() {
                return Err(Error::Ambiguous);
            }
        }
    }
    Ok(found)
}

/// The versions of a resource, newest first; one of them when a version is given.
pub(super) fn history(
    connection: &Connection,
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
    for view in View::all(connection, sight)? {
        if !view.sees_type(rtype) {
            continue;
        }
        let mut sql = VERSIONS.to_owned();
        let mut values = by_key(&mut sql, rtype, id);
        view.condition(&mut sql, &mut values);
        view.version_condition(&mut sql, &mut values);
        if let Some(version) = version {
            sql.push_str(" AND v.ver = ?");
            values.push(version.into());
        }
        sql.push_str(" ORDER BY v.ver DESC");
        let versions = all(connection, &sql, values, view.tenant())?;
        if !versions.is_empty() && !found.is_empty() {
            return Err(Error::Ambiguous);
        }
        found.extend(versions);
    }
    Ok(found)
}

fn by_key(sql: &mut String, rtype: &str, id: &str) -> Vec<Value> {
    sql.push_str(BY_KEY);
    vec![rtype.to_owned().into(), id.to_owned().into()]
}

/// The Patient and its compartment.
pub(super) fn everything_about(
    connection: &Connection,
    sight: &Sight,
    tenant: &Tenant,
    patient: &str,
) -> Result<Vec<Stored>, Error> {
    let Some(view) = View::within(connection, sight, tenant)? else {
        return Ok(Vec::new());
    };
    let mut sql = CURRENT.to_owned();
    sql.push_str(" AND r.patient = ? AND r.status <> 3");
    let mut values = vec![patient.to_owned().into()];
    view.condition(&mut sql, &mut values);
    view.types(&mut sql, &mut values);
    sql.push_str(" ORDER BY r.rid");
    all(connection, &sql, values, tenant)
}

/// A part of everything.
pub(super) fn scan(
    connection: &Connection,
    sight: &Sight,
    tenant: &Tenant,
    from: u64,
    limit: usize,
) -> Result<Scan, Error> {
    let Some(view) = View::within(connection, sight, tenant)? else {
        return Ok(Scan::default());
    };
    let Ok(from) = i64::try_from(from) else {
        return Ok(Scan::default());
    };
    // The keys first: how far a part reaches must not depend on what is decoded of it.
    let mut sql = "SELECT r.rid FROM resource r WHERE r.rid >= ? AND r.status <> 3".to_owned();
    let mut values = vec![from.into()];
    view.condition(&mut sql, &mut values);
    view.types(&mut sql, &mut values);
    sql.push_str(" ORDER BY r.rid LIMIT ?");
    values.push(i64::try_from(limit.max(1)).unwrap_or(i64::MAX).into());
    let keys = connection
        .prepare_cached(&sql)?
        .query_map(params_from_iter(values), |row| row.get::<_, i64>(0))?
        .collect::<Result<Vec<_>, _>>()?;
    let is_last = keys.len() < limit.max(1);
    let mut items = Vec::with_capacity(keys.len());
    for key in &keys {
        items.extend(by_row(connection, tenant, *key)?);
    }
    let next = keys
        .last()
        .filter(|_| !is_last)
        .and_then(|last| u64::try_from(last.saturating_add(1)).ok());
    Ok(Scan { items, next })
}

/// What a source has said.
pub(super) fn current_of_source(
    connection: &Connection,
    sight: &Sight,
    tenant: &Tenant,
    source: &str,
) -> Result<Vec<Current>, Error> {
    let Some(view) = View::within(connection, sight, tenant)? else {
        return Ok(Vec::new());
    };
    let mut sql = "SELECT t.text, r.id, r.ver, r.patient, r.status, r.as_of
         FROM resource r CROSS JOIN word t ON t.no = r.rtype
         WHERE r.source = (SELECT no FROM word WHERE text = ?) AND r.status <> 3"
        .to_owned();
    let mut values = vec![source.to_owned().into()];
    view.condition(&mut sql, &mut values);
    view.types(&mut sql, &mut values);
    sql.push_str(" ORDER BY r.rid");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(Current {
            rtype: row.get(0)?,
            id: row.get(1)?,
            version: row.get::<_, i64>(2)?.unsigned_abs(),
            patient: row.get(3)?,
            status: status(row.get(4)?)?,
            as_of: instant(row.get(5)?),
        });
    }
    Ok(found)
}

/// The current resource with this row number, which a search has already found to be in sight.
pub(super) fn by_row(
    connection: &Connection,
    tenant: &Tenant,
    rid: i64,
) -> Result<Option<Stored>, Error> {
    let sql = format!("{CURRENT} AND r.rid = ?");
    Ok(all(connection, &sql, vec![rid.into()], tenant)?.pop())
}

fn all(
    connection: &Connection,
    sql: &str,
    values: Vec<Value>,
    tenant: &Tenant,
) -> Result<Vec<Stored>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(stored(row, tenant)?);
    }
    Ok(found)
}

fn stored(row: &Row<'_>, tenant: &Tenant) -> Result<Stored, Error> {
    Ok(Stored {
        tenant: tenant.clone(),
        rtype: row.get(0)?,
        id: row.get(1)?,
        version: row.get::<_, i64>(2)?.unsigned_abs(),
        updated: instant(row.get(3)?),
        status: status(row.get(4)?)?,
        patient: row.get(5)?,
        source: row.get(6)?,
        as_of: instant(row.get(7)?),
        submission: row.get(8)?,
        body: row.get(9)?,
    })
}

fn status(number: i64) -> Result<Status, Error> {
    Status::from_number(number)
        .ok_or_else(|| Error::Database("a status is not one that is known".to_owned()))
}
