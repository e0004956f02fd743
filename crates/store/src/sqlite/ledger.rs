//! Submissions and the quarantine.

use rusqlite::types::Value;
use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use super::people;
use super::rows::{instant, micros};
use super::visible::View;
use crate::{
    Error, Label, MappingStamp, People, Quarantined, QuarantinedRow, SettleQuarantine, Sight,
    Submission, SubmissionState, Tenant,
};

/// Writes or replaces a submission's row.
pub(super) fn put_submission(
    connection: &Connection,
    tenant: i64,
    source: i64,
    submission: &Submission,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO submission (tenant, id, source, file_name, file_hash, as_of, received,
               mapping_name, mapping_version, mapping_hash, state, counts, report)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
             ON CONFLICT (tenant, id) DO UPDATE SET source = excluded.source,
               file_name = excluded.file_name, file_hash = excluded.file_hash,
               as_of = excluded.as_of, received = excluded.received,
               mapping_name = excluded.mapping_name, mapping_version = excluded.mapping_version,
               mapping_hash = excluded.mapping_hash, state = excluded.state,
               counts = excluded.counts, report = excluded.report",
        )?
        .execute(rusqlite::params![
            tenant,
            submission.id,
            source,
            submission.file_name,
            submission.file_hash,
            micros(submission.as_of),
            micros(submission.received),
            submission.mapping.name,
            submission.mapping.version,
            submission.mapping.hash,
            submission.state.as_str(),
            submission.counts,
            submission.report,
        ])?;
    Ok(())
}

/// Keeps something that was held back. Its source and as-of are those of its submission.
pub(super) fn hold(
    connection: &Connection,
    tenant: i64,
    submission: &str,
    held: &Quarantined,
) -> Result<(), Error> {
    let rows = connection
        .prepare_cached(
            "INSERT INTO quarantine (tenant, submission, source, as_of, place, rule, rtype, id,
               patient, nhs, labels, issues, raw)
             SELECT tenant, id, source, as_of, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11
             FROM submission WHERE tenant = ?1 AND id = ?2",
        )?
        .execute(rusqlite::params![
            tenant,
            submission,
            held.place,
            held.rule,
            held.rtype,
            held.id,
            held.patient,
            held.nhs_number,
            write_labels(&held.labels),
            held.issues,
            held.raw,
        ])?;
    if rows == 0 {
        return Err(Error::UnknownSubmission);
    }
    Ok(())
}

/// Settles earlier rows of a source; how many.
pub(super) fn settle(
    connection: &Connection,
    tenant: i64,
    source: i64,
    submission: &str,
    settle: &SettleQuarantine,
) -> Result<u64, Error> {
    let mut sql = "UPDATE quarantine SET settled = 1
         WHERE tenant = ? AND source = ? AND settled = 0 AND as_of <= ? AND submission <> ?"
        .to_owned();
    let mut values: Vec<Value> = vec![
        tenant.into(),
        source.into(),
        micros(settle.up_to).into(),
        submission.to_owned().into(),
    ];
    if let Some((rtype, id)) = &settle.only {
        sql.push_str(" AND rtype = ? AND id = ?");
        values.push(rtype.clone().into());
        values.push(id.clone().into());
    }
    let rows = connection
        .prepare_cached(&sql)?
        .execute(params_from_iter(values))?;
    Ok(rows as u64)
}

const HELD: &str = "SELECT q.number, q.submission, s.text, q.as_of, q.settled, q.place, q.rule,
   q.rtype, q.id, q.patient, q.nhs, q.labels, q.issues, q.raw
 FROM quarantine q JOIN word s ON s.no = q.source WHERE q.tenant = ?";

/// What is held back and open of a person.
pub(super) fn held_of_person(
    connection: &Connection,
    sight: &Sight,
    tenant: &Tenant,
    patient: &str,
) -> Result<Vec<QuarantinedRow>, Error> {
    let Some(view) = View::within(connection, sight, tenant)? else {
        return Ok(Vec::new());
    };
    if !view.sees_person(patient) {
        return Ok(Vec::new());
    }
    let number = people::nhs_number_of(connection, view.tenant_number(), patient)?;
    let sql =
        format!("{HELD} AND q.settled = 0 AND (q.patient = ? OR q.nhs = ?) ORDER BY q.number");
    let values = vec![
        view.tenant_number().into(),
        patient.to_owned().into(),
        number.map_or(Value::Null, Value::from),
    ];
    rows_of(connection, &view, &sql, values)
}

/// What is held back and open under an NHS number, wherever everyone is seen.
pub(super) fn held_of_number(
    connection: &Connection,
    sight: &Sight,
    number: &str,
) -> Result<Vec<QuarantinedRow>, Error> {
    let mut found = Vec::new();
    for reach in sight.reach() {
        if reach.people != People::All {
            continue;
        }
        let Some(view) = View::within(connection, sight, &reach.tenant)? else {
            continue;
        };
        let sql = format!("{HELD} AND q.settled = 0 AND q.nhs = ? ORDER BY q.number");
        let values = vec![view.tenant_number().into(), number.to_owned().into()];
        found.extend(rows_of(connection, &view, &sql, values)?);
    }
    Ok(found)
}

/// What a submission had held back.
pub(super) fn held_of_submission(
    connection: &Connection,
    sight: &Sight,
    tenant: &Tenant,
    submission: &str,
) -> Result<Vec<QuarantinedRow>, Error> {
    match View::within(connection, sight, tenant)? {
        Some(view) if view.own() => {
            let sql = format!("{HELD} AND q.submission = ? ORDER BY q.number");
            let values = vec![view.tenant_number().into(), submission.to_owned().into()];
            rows_of(connection, &view, &sql, values)
        }
        _ => Ok(Vec::new()),
    }
}

fn rows_of(
    connection: &Connection,
    view: &View<'_>,
    sql: &str,
    values: Vec<Value>,
) -> Result<Vec<QuarantinedRow>, Error> {
    let mut statement = connection.prepare_cached(sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        let mut held = held(row, view.tenant())?;
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

fn held(row: &Row<'_>, tenant: &Tenant) -> Result<QuarantinedRow, Error> {
    Ok(QuarantinedRow {
        number: row.get::<_, i64>(0)?.unsigned_abs(),
        tenant: tenant.clone(),
        submission: row.get(1)?,
        source: row.get(2)?,
        as_of: instant(row.get(3)?),
        settled: row.get(4)?,
        decided: None,
        held: Quarantined {
            place: row.get(5)?,
            rule: row.get(6)?,
            rtype: row.get(7)?,
            id: row.get(8)?,
            patient: row.get(9)?,
            nhs_number: row.get(10)?,
            labels: read_labels(&row.get::<_, String>(11)?),
            issues: row.get(12)?,
            raw: row.get(13)?,
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

const SUBMISSION: &str = "SELECT m.id, s.text, m.file_name, m.file_hash, m.as_of, m.received,
   m.mapping_name, m.mapping_version, m.mapping_hash, m.state, m.counts, m.report
 FROM submission m JOIN word s ON s.no = m.source WHERE m.tenant = ?";

/// One submission.
pub(super) fn submission(
    connection: &Connection,
    sight: &Sight,
    tenant: &Tenant,
    id: &str,
) -> Result<Option<Submission>, Error> {
    let Some(view) = View::within(connection, sight, tenant)? else {
        return Ok(None);
    };
    let sql = format!("{SUBMISSION} AND m.id = ?");
    let found = connection
        .prepare_cached(&sql)?
        .query_row((view.tenant_number(), id), |row| Ok(read(row, tenant)))
        .optional()?
        .transpose()?;
    Ok(found.map(|mut submission| {
        if !view.own() {
            submission.file_name.clear();
            submission.file_hash.clear();
            submission.counts.clear();
            submission.report.clear();
        }
        submission
    }))
}

/// The submissions of a tenant, the latest first.
pub(super) fn submissions(
    connection: &Connection,
    sight: &Sight,
    tenant: &Tenant,
    source: Option<&str>,
) -> Result<Vec<Submission>, Error> {
    let Some(view) = View::within(connection, sight, tenant)?.filter(View::own) else {
        return Ok(Vec::new());
    };
    let mut sql = SUBMISSION.to_owned();
    let mut values: Vec<Value> = vec![view.tenant_number().into()];
    if let Some(source) = source {
        sql.push_str(" AND m.source = (SELECT no FROM word WHERE text = ?)");
        values.push(source.to_owned().into());
    }
    sql.push_str(" ORDER BY m.received DESC, m.number DESC");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(read(row, tenant)?);
    }
    Ok(found)
}

fn read(row: &Row<'_>, tenant: &Tenant) -> Result<Submission, Error> {
    let state: String = row.get(9)?;
    let source: String = row.get(1)?;
    let id: String = row.get(0)?;
    let received = instant(row.get(5)?);
    Ok(Submission {
        file_name: row.get(2)?,
        file_hash: row.get(3)?,
        as_of: instant(row.get(4)?),
        mapping: MappingStamp {
            name: row.get(6)?,
            version: row.get(7)?,
            hash: row.get(8)?,
        },
        state: SubmissionState::from_word(&state).ok_or_else(|| {
            Error::Database("the state of a submission is not one that is known".to_owned())
        })?,
        counts: row.get(10)?,
        report: row.get(11)?,
        ..Submission::new(tenant.clone(), id, source, received)
    })
}
