//! Submissions.

use super::archive::whole;
use super::record::micros;
use super::visible::View;
use super::{Part, Record, Session, Value, first};
use crate::{Error, MappingStamp, Sight, Submission, SubmissionQuery, SubmissionState, Tenant};

/// Writes or replaces a submission's row, in the tenant that was entered.
pub(crate) async fn put<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &Submission,
) -> Result<(), Error> {
    let source = s.new_word(&submission.source).await?;
    s.execute(Part::new(
        "INSERT INTO submission (tenant, id, source, file_name, file_hash, as_of, received,
           mapping_name, mapping_version, mapping_hash, state, counts, report, size, way, sender,
           reply_to, rerun_of, stated_as_of, engine)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, id) DO UPDATE SET source = excluded.source,
           file_name = excluded.file_name, file_hash = excluded.file_hash,
           as_of = excluded.as_of, received = excluded.received,
           mapping_name = excluded.mapping_name, mapping_version = excluded.mapping_version,
           mapping_hash = excluded.mapping_hash, state = excluded.state,
           counts = excluded.counts, report = excluded.report, size = excluded.size,
           way = excluded.way, sender = excluded.sender, reply_to = excluded.reply_to,
           rerun_of = excluded.rerun_of, stated_as_of = excluded.stated_as_of,
           engine = excluded.engine",
        [
            tenant.into(),
            (&submission.id).into(),
            source.into(),
            (&submission.file_name).into(),
            (&submission.file_hash).into(),
            micros(submission.as_of).into(),
            micros(submission.received).into(),
            (&submission.mapping.name).into(),
            (&submission.mapping.version).into(),
            (&submission.mapping.hash).into(),
            submission.state.as_str().into(),
            (&submission.counts).into(),
            (&submission.report).into(),
            whole(submission.size)?,
            (&submission.way).into(),
            (&submission.sender).into(),
            (&submission.reply_to).into(),
            (&submission.of).into(),
            (&submission.stated_as_of).into(),
            (&submission.engine).into(),
        ],
    ))
    .await?;
    Ok(())
}

fn submissions_in(view: &View<'_>) -> Part {
    Part::new(
        "SELECT m.id, s.text, m.received, m.file_name, m.file_hash, m.as_of,
           m.mapping_name, m.mapping_version, m.mapping_hash, m.state, m.counts, m.report,
           m.size, m.way, m.sender, m.reply_to, m.rerun_of, m.stated_as_of, m.engine
         FROM submission m JOIN word s ON s.no = m.source WHERE m.tenant = ?",
        [view.tenant_number().into()],
    )
}

/// One submission.
pub(crate) async fn submission<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Submission>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(None);
    };
    let mut part = submissions_in(&view);
    part.add(" AND m.id = ?", [id.into()]);
    let Some(mut row) = first(s, part).await? else {
        return Ok(None);
    };
    let mut submission = read(&mut row, tenant)?;
    if !view.own() {
        // What another organisation may know: that it came, from which source, as of when (CS-22).
        submission = Submission {
            as_of: submission.as_of,
            mapping: submission.mapping,
            state: submission.state,
            counts: String::new(),
            report: String::new(),
            ..Submission::new(
                tenant.clone(),
                submission.id,
                submission.source,
                submission.received,
            )
        };
    }
    Ok(Some(submission))
}

/// The submissions of a tenant that are asked for, the latest first.
pub(crate) async fn find<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    query: &SubmissionQuery,
) -> Result<Vec<Submission>, Error> {
    let Some(view) = View::within(s, sight, tenant).await?.filter(View::own) else {
        return Ok(Vec::new());
    };
    let mut part = submissions_in(&view);
    if let Some(source) = &query.source {
        part.add(
            " AND m.source = (SELECT no FROM word WHERE text = ?)",
            [source.into()],
        );
    }
    if !query.states.is_empty() {
        part.add(
            &format!(" AND m.state {}", s.dialect().among()),
            [Value::list(query.states.iter().map(|state| state.as_str()))],
        );
    }
    let exact = [
        (" AND m.file_hash = ?", &query.file_hash),
        (" AND m.mapping_hash = ?", &query.mapping_hash),
        (" AND m.rerun_of = ?", &query.of),
    ];
    for (sql, value) in exact {
        if let Some(value) = value {
            part.add(sql, [value.into()]);
        }
    }
    if let Some(from) = query.received_from {
        part.add(" AND m.received >= ?", [micros(from).into()]);
    }
    if let Some(before) = query.received_before {
        part.add(" AND m.received < ?", [micros(before).into()]);
    }
    if let Some(after) = &query.after {
        let place = Part::new(
            "SELECT received, number FROM submission WHERE tenant = ? AND id = ?",
            [view.tenant_number().into(), after.into()],
        );
        let Some(mut place) = first(s, place).await? else {
            return Ok(Vec::new());
        };
        let (received, number) = (place.int()?, place.int()?);
        part.add(
            " AND (m.received < ? OR (m.received = ? AND m.number < ?))",
            [received.into(), received.into(), number.into()],
        );
    }
    part.add(" ORDER BY m.received DESC, m.number DESC", []);
    if let Some(limit) = query.limit {
        part.add(
            " LIMIT ?",
            [i64::try_from(limit).unwrap_or(i64::MAX).into()],
        );
    }
    s.query(part)
        .await?
        .iter_mut()
        .map(|row| read(row, tenant))
        .collect()
}

fn read(row: &mut Record, tenant: &Tenant) -> Result<Submission, Error> {
    let (id, source, received) = (row.text()?, row.text()?, row.instant()?);
    Ok(Submission {
        file_name: row.text()?,
        file_hash: row.text()?,
        as_of: row.instant()?,
        mapping: MappingStamp {
            name: row.text()?,
            version: row.text()?,
            hash: row.text()?,
        },
        state: SubmissionState::from_word(&row.text()?).ok_or_else(|| {
            Error::Database("the state of a submission is not one that is known".to_owned())
        })?,
        counts: row.text()?,
        report: row.text()?,
        size: row.count()?,
        way: row.text()?,
        sender: row.text()?,
        reply_to: row.opt_text()?,
        of: row.opt_text()?,
        stated_as_of: row.opt_text()?,
        engine: row.text()?,
        ..Submission::new(tenant.clone(), id, source, received)
    })
}
