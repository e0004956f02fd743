//! What people decided.

use super::record::micros;
use super::visible::View;
use super::{Part, Session};
use crate::{Deed, DeedRow, Error, Sight, Tenant};

/// Writes a deed down, in the tenant that was entered.
pub(crate) async fn put<S: Session>(s: &mut S, tenant: i64, deed: &Deed) -> Result<(), Error> {
    let about = deed.about.as_ref();
    s.execute(Part::new(
        "INSERT INTO deed (tenant, at, by, what, submission, about_type, about_id, note)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            tenant.into(),
            micros(deed.at).into(),
            (&deed.by).into(),
            (&deed.what).into(),
            (&deed.submission).into(),
            about.map(|(rtype, _)| rtype.as_str()).into(),
            about.map(|(_, id)| id.as_str()).into(),
            (&deed.note).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Deeds in order.
pub(crate) async fn list<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    submission: Option<&str>,
) -> Result<Vec<DeedRow>, Error> {
    let Some(view) = View::within(s, sight, tenant).await?.filter(View::own) else {
        return Ok(Vec::new());
    };
    let mut part = Part::new(
        "SELECT number, at, by, what, submission, about_type, about_id, note
         FROM deed WHERE tenant = ?",
        [view.tenant_number().into()],
    );
    if let Some(submission) = submission {
        part.add(" AND submission = ?", [submission.into()]);
    }
    part.add(" ORDER BY number", []);
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.push(DeedRow {
            number: row.count()?,
            tenant: tenant.clone(),
            deed: Deed {
                at: row.instant()?,
                by: row.text()?,
                what: row.text()?,
                submission: row.opt_text()?,
                about: row.opt_text()?.zip(row.opt_text()?),
                note: row.opt_text()?,
            },
        });
    }
    Ok(found)
}
