//! What waits for a person (CS-4).

use super::record::micros;
use super::visible::View;
use super::{Part, Session, first};
use crate::{ClosePending, Error, Pending, PendingRow, Sight, Tenant};

/// Writes down what waits because of a submission, in the tenant that was entered.
pub(crate) async fn put<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &str,
    pending: &[Pending],
) -> Result<(), Error> {
    if pending.is_empty() {
        return Ok(());
    }
    let of = Part::new(
        "SELECT source, as_of FROM submission WHERE tenant = ? AND id = ?",
        [tenant.into(), submission.into()],
    );
    let mut of = first(s, of).await?.ok_or(Error::UnknownSubmission)?;
    let (source, as_of) = (of.int()?, of.int()?);
    for one in pending {
        let rtype = s.new_word(&one.rtype).await?;
        s.execute(Part::new(
            "INSERT INTO pending (tenant, submission, source, as_of, rtype, id, patient, why)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            [
                tenant.into(),
                submission.into(),
                source.into(),
                as_of.into(),
                rtype.into(),
                (&one.id).into(),
                (&one.patient).into(),
                (&one.why).into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

/// Closes rows; how many.
pub(crate) async fn close<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &str,
    close: &ClosePending,
) -> Result<u64, Error> {
    let source = s.new_word(&close.source).await?;
    let moment = s.moment();
    let mut part = Part::new(
        "UPDATE pending SET closed = ? WHERE tenant = ? AND source = ? AND closed IS NULL",
        [moment.into(), tenant.into(), source.into()],
    );
    match &close.submission {
        Some(of) => part.add(" AND submission = ?", [of.into()]),
        None => part.add(
            " AND submission <> ? AND as_of <= ?",
            [submission.into(), micros(close.up_to).into()],
        ),
    }
    s.execute(part).await
}

/// What waits.
pub(crate) async fn list<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    submission: Option<&str>,
) -> Result<Vec<PendingRow>, Error> {
    // A fact may have been retired meanwhile: it waits all the same.
    let sight = sight.clone().with_retired();
    let Some(view) = View::within(s, &sight, tenant).await?.filter(View::own) else {
        return Ok(Vec::new());
    };
    let mut part = Part::new(
        "SELECT p.number, p.submission, s.text, p.as_of, t.text, p.id, p.patient, p.why
         FROM pending p JOIN word s ON s.no = p.source JOIN word t ON t.no = p.rtype
         WHERE p.tenant = ? AND p.closed IS NULL",
        [view.tenant_number().into()],
    );
    if let Some(submission) = submission {
        part.add(" AND p.submission = ?", [submission.into()]);
    }
    part.add(
        " AND EXISTS (SELECT 1 FROM resource r WHERE r.rtype = p.rtype AND r.id = p.id",
        [],
    );
    view.condition(&mut part);
    view.types(&mut part);
    part.add(") ORDER BY p.number", []);
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.push(PendingRow {
            number: row.count()?,
            submission: row.text()?,
            source: row.text()?,
            as_of: row.instant()?,
            pending: Pending {
                rtype: row.text()?,
                id: row.text()?,
                patient: row.opt_text()?,
                why: row.text()?,
            },
        });
    }
    Ok(found)
}
