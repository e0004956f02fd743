//! Submissions and the quarantine.

use super::record::micros;
use super::visible::View;
use super::{Part, Record, Session, Value, first, people};
use crate::{
    Error, Label, MappingStamp, People, Quarantined, QuarantinedRow, SettleQuarantine, Sight,
    Submission, SubmissionState, Tenant,
};

/// Writes or replaces a submission's row.
pub(crate) async fn put_submission<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &Submission,
) -> Result<(), Error> {
    let source = s.new_word(&submission.source).await?;
    s.execute(Part::new(
        "INSERT INTO submission (tenant, id, source, file_name, file_hash, as_of, received,
           mapping_name, mapping_version, mapping_hash, state, counts, report)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
         ON CONFLICT (tenant, id) DO UPDATE SET source = excluded.source,
           file_name = excluded.file_name, file_hash = excluded.file_hash,
           as_of = excluded.as_of, received = excluded.received,
           mapping_name = excluded.mapping_name, mapping_version = excluded.mapping_version,
           mapping_hash = excluded.mapping_hash, state = excluded.state,
           counts = excluded.counts, report = excluded.report",
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
        ],
    ))
    .await?;
    Ok(())
}

/// Keeps something that was held back. Its source and as-of are those of its submission.
pub(crate) async fn hold<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &str,
    held: &Quarantined,
) -> Result<(), Error> {
    let of = Part::new(
        "SELECT source, as_of FROM submission WHERE tenant = ? AND id = ?",
        [tenant.into(), submission.into()],
    );
    let mut of = first(s, of).await?.ok_or(Error::UnknownSubmission)?;
    s.execute(Part::new(
        "INSERT INTO quarantine (tenant, submission, source, as_of, place, rule, rtype, id,
           patient, nhs, labels, issues, raw)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
        [
            tenant.into(),
            submission.into(),
            of.int()?.into(),
            of.int()?.into(),
            (&held.place).into(),
            (&held.rule).into(),
            (&held.rtype).into(),
            (&held.id).into(),
            (&held.patient).into(),
            (&held.nhs_number).into(),
            write_labels(&held.labels).into(),
            (&held.issues).into(),
            (&held.raw).into(),
        ],
    ))
    .await?;
    Ok(())
}

/// Settles earlier rows of a source; how many.
pub(crate) async fn settle<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &str,
    settle: &SettleQuarantine,
) -> Result<u64, Error> {
    let source = s.new_word(&settle.source).await?;
    let mut part = Part::new(
        "UPDATE quarantine SET settled = 1
         WHERE tenant = ? AND source = ? AND settled = 0 AND as_of <= ? AND submission <> ?",
        [
            tenant.into(),
            source.into(),
            micros(settle.up_to).into(),
            submission.into(),
        ],
    );
    if let Some((rtype, id)) = &settle.only {
        part.add(" AND rtype = ? AND id = ?", [rtype.into(), id.into()]);
    }
    s.execute(part).await
}

const HELD: &str = "SELECT q.number, q.submission, s.text, q.as_of, q.settled, q.place, q.rule,
   q.rtype, q.id, q.patient, q.nhs, q.labels, q.issues, q.raw
 FROM quarantine q JOIN word s ON s.no = q.source WHERE q.tenant = ?";

fn held_in(view: &View<'_>) -> Part {
    Part::new(HELD, [view.tenant_number().into()])
}

/// What is held back and open of a person.
pub(crate) async fn held_of_person<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    patient: &str,
) -> Result<Vec<QuarantinedRow>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Vec::new());
    };
    if !view.sees_person(patient) {
        return Ok(Vec::new());
    }
    let number = people::nhs_number_of(s, view.tenant_number(), patient).await?;
    let mut part = held_in(&view);
    part.add(
        " AND q.settled = 0 AND (q.patient = ? OR q.nhs = ?) ORDER BY q.number",
        [patient.into(), number.into()],
    );
    rows_of(s, &view, part).await
}

/// What is held back and open under an NHS number, wherever everyone is seen.
pub(crate) async fn held_of_number<S: Session>(
    s: &mut S,
    sight: &Sight,
    number: &str,
) -> Result<Vec<QuarantinedRow>, Error> {
    let mut found = Vec::new();
    for reach in sight.reach() {
        if reach.people != People::All {
            continue;
        }
        let Some(view) = View::within(s, sight, &reach.tenant).await? else {
            continue;
        };
        let mut part = held_in(&view);
        part.add(
            " AND q.settled = 0 AND q.nhs = ? ORDER BY q.number",
            [number.into()],
        );
        found.extend(rows_of(s, &view, part).await?);
    }
    Ok(found)
}

/// What a submission had held back.
pub(crate) async fn held_of_submission<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    submission: &str,
) -> Result<Vec<QuarantinedRow>, Error> {
    match View::within(s, sight, tenant).await? {
        Some(view) if view.own() => {
            let mut part = held_in(&view);
            part.add(
                " AND q.submission = ? ORDER BY q.number",
                [submission.into()],
            );
            rows_of(s, &view, part).await
        }
        _ => Ok(Vec::new()),
    }
}

async fn rows_of<S: Session>(
    s: &mut S,
    view: &View<'_>,
    part: Part,
) -> Result<Vec<QuarantinedRow>, Error> {
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        let mut held = held(&mut row, view.tenant())?;
        let hidden = view.withholds(&held.held.labels)
            || held
                .held
                .rtype
                .as_deref()
                .is_some_and(|rtype| !view.sees_type(rtype))
            || held
                .held
                .patient
                .as_deref()
                .is_some_and(|patient| !view.sees_person(patient));
        if hidden {
            continue;
        }
        if !view.own() {
            held.held = Quarantined {
                rtype: held.held.rtype,
                patient: held.held.patient,
                ..Quarantined::default()
            };
        }
        found.push(held);
    }
    Ok(found)
}

fn held(row: &mut Record, tenant: &Tenant) -> Result<QuarantinedRow, Error> {
    Ok(QuarantinedRow {
        number: row.count()?,
        tenant: tenant.clone(),
        submission: row.text()?,
        source: row.text()?,
        as_of: row.instant()?,
        settled: row.flag()?,
        decided: None,
        held: Quarantined {
            place: row.text()?,
            rule: row.opt_text()?,
            rtype: row.opt_text()?,
            id: row.opt_text()?,
            patient: row.opt_text()?,
            nhs_number: row.opt_text()?,
            labels: read_labels(&row.text()?),
            issues: row.text()?,
            raw: row.text()?,
        },
    })
}

fn write_labels(labels: &[Label]) -> String {
    let pairs = labels
        .iter()
        .map(|label| {
            json::Value::Array(vec![
                label.system.as_str().into(),
                label.code.as_str().into(),
            ])
        })
        .collect();
    String::from_utf8_lossy(&json::Value::Array(pairs).to_bytes()).into_owned()
}

fn read_labels(text: &str) -> Vec<Label> {
    let Ok(json::Value::Array(pairs)) = json::parse(text.as_bytes()) else {
        return Vec::new();
    };
    pairs
        .iter()
        .filter_map(|pair| Some(Label::new(pair.item(0)?.as_str()?, pair.item(1)?.as_str()?)))
        .collect()
}

fn submissions_in(view: &View<'_>) -> Part {
    let tenant: Value = view.tenant_number().into();
    Part::new(
        "SELECT m.id, s.text, m.received, m.file_name, m.file_hash, m.as_of,
           m.mapping_name, m.mapping_version, m.mapping_hash, m.state, m.counts, m.report
         FROM submission m JOIN word s ON s.no = m.source WHERE m.tenant = ?",
        [tenant],
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
        submission.file_name.clear();
        submission.file_hash.clear();
        submission.counts.clear();
        submission.report.clear();
    }
    Ok(Some(submission))
}

/// The submissions of a tenant, the latest first.
pub(crate) async fn submissions<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    source: Option<&str>,
) -> Result<Vec<Submission>, Error> {
    let Some(view) = View::within(s, sight, tenant).await?.filter(View::own) else {
        return Ok(Vec::new());
    };
    let mut part = submissions_in(&view);
    if let Some(source) = source {
        part.add(
            " AND m.source = (SELECT no FROM word WHERE text = ?)",
            [source.into()],
        );
    }
    part.add(" ORDER BY m.received DESC, m.number DESC", []);
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.push(read(&mut row, tenant)?);
    }
    Ok(found)
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
        ..Submission::new(tenant.clone(), id, source, received)
    })
}
