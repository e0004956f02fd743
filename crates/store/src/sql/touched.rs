//! What submissions have left behind.

use std::collections::BTreeMap;

use super::visible::View;
use super::{Part, Session, Value};
use crate::{Error, Sight, Tenant, Touched, TouchedPart, VersionHead};

/// A part of what submissions of a source have left behind, in the order of the rows: no index is
/// kept for it, because submissions are rarely taken back and resources are written all the time.
pub(crate) async fn touched<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    source: &str,
    submissions: &[String],
    from: u64,
    limit: usize,
) -> Result<TouchedPart, Error> {
    // What a submission has retired is what most needs to be found again.
    let sight = sight.clone().with_retired();
    let Some(view) = View::within(s, &sight, tenant).await?.filter(View::own) else {
        return Ok(TouchedPart::default());
    };
    let Ok(from) = i64::try_from(from) else {
        return Ok(TouchedPart::default());
    };
    let (among, by_row, join) = (
        s.dialect().among(),
        s.dialect().by_row(),
        s.dialect().join(),
    );
    let list = || Value::list(submissions.iter().map(String::as_str));
    let mut part = Part::new(
        format!(
            "SELECT r.rid, t.text, r.id, r.patient, r.status, r.as_of, r.submission
             FROM resource r {by_row} {join} word t ON t.no = r.rtype
             WHERE r.rid >= ? AND r.source = (SELECT no FROM word WHERE text = ?)
               AND (r.submission {among} OR EXISTS (SELECT 1 FROM version v
                 WHERE v.tenant = r.tenant AND v.rid = r.rid AND v.submission {among}))"
        ),
        [from.into(), source.into(), list(), list()],
    );
    view.condition(&mut part);
    view.types(&mut part);
    let limit = limit.max(1);
    part.add(
        " ORDER BY r.rid LIMIT ?",
        [i64::try_from(limit).unwrap_or(i64::MAX).into()],
    );
    let mut found: BTreeMap<i64, Touched> = BTreeMap::new();
    for mut row in s.query(part).await? {
        found.insert(
            row.int()?,
            Touched {
                rtype: row.text()?,
                id: row.text()?,
                patient: row.opt_text()?,
                status: row.status()?,
                as_of: row.instant()?,
                submission: row.text()?,
                versions: Vec::new(),
            },
        );
    }
    let next = found
        .keys()
        .next_back()
        .filter(|_| found.len() >= limit)
        .and_then(|last| u64::try_from(last.saturating_add(1)).ok());
    let versions = Part::new(
        format!(
            "SELECT v.rid, v.ver, v.status, v.as_of, v.submission FROM version v
             WHERE v.tenant = ? AND v.rid {among} ORDER BY v.rid, v.ver DESC"
        ),
        [
            view.tenant_number().into(),
            Value::Ints(found.keys().copied().collect()),
        ],
    );
    for mut row in s.query(versions).await? {
        if let Some(touched) = found.get_mut(&row.int()?) {
            touched.versions.push(VersionHead {
                version: row.count()?,
                status: row.status()?,
                as_of: row.instant()?,
                submission: row.text()?,
            });
        }
    }
    Ok(TouchedPart {
        items: found.into_values().collect(),
        next,
    })
}
