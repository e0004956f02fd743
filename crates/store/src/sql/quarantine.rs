//! What was held back.

use super::record::micros;
use super::visible::View;
use super::{Part, Record, Session, Value, first, people};
use crate::{
    DecideQuarantine, Error, Label, People, QuarantineQuery, Quarantined, QuarantinedRow,
    SettleQuarantine, Sight, Tenant,
};

/// Keeps what was held back. Its source and as-of are those of its submission.
pub(crate) async fn hold<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &str,
    held: &[Quarantined],
) -> Result<(), Error> {
    if held.is_empty() {
        return Ok(());
    }
    let (source, as_of) = said_by(s, tenant, submission).await?;
    for one in held {
        s.execute(Part::new(
            "INSERT INTO quarantine (tenant, submission, source, as_of, place, rule, rtype, id,
               patient, nhs, labels, issues, raw)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            [
                tenant.into(),
                submission.into(),
                source.into(),
                as_of.into(),
                (&one.place).into(),
                (&one.rule).into(),
                (&one.rtype).into(),
                (&one.id).into(),
                (&one.patient).into(),
                (&one.nhs_number).into(),
                write_labels(&one.labels).into(),
                (&one.issues).into(),
                (&one.raw).into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

/// The source and the as-of of a submission.
async fn said_by<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &str,
) -> Result<(i64, i64), Error> {
    let of = Part::new(
        "SELECT source, as_of FROM submission WHERE tenant = ? AND id = ?",
        [tenant.into(), submission.into()],
    );
    let mut of = first(s, of).await?.ok_or(Error::UnknownSubmission)?;
    Ok((of.int()?, of.int()?))
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

/// Settles rows as a person decided, those that are open; how many.
pub(crate) async fn decide<S: Session>(
    s: &mut S,
    tenant: i64,
    decide: &DecideQuarantine,
) -> Result<u64, Error> {
    let (among, beside) = (s.dialect().among(), s.dialect().beside("tenant"));
    s.execute(Part::new(
        format!(
            "UPDATE quarantine SET settled = 1, decided = ?
             WHERE {beside} = ? AND settled = 0 AND number {among}"
        ),
        [
            (&decide.decided).into(),
            tenant.into(),
            numbers(&decide.numbers),
        ],
    ))
    .await
}

fn numbers(numbers: &[u64]) -> Value {
    Value::Ints(
        numbers
            .iter()
            .filter_map(|number| i64::try_from(*number).ok())
            .collect(),
    )
}

/// The open rows of an earlier submission are held back again for a later one, and settled for the
/// earlier; how many.
pub(crate) async fn hold_again<S: Session>(
    s: &mut S,
    tenant: i64,
    submission: &str,
    earlier: &str,
) -> Result<u64, Error> {
    let (source, as_of) = said_by(s, tenant, submission).await?;
    s.execute(Part::new(
        "INSERT INTO quarantine (tenant, submission, source, as_of, place, rule, rtype, id,
           patient, nhs, labels, issues, raw)
         SELECT q.tenant, CAST(? AS TEXT), CAST(? AS BIGINT), CAST(? AS BIGINT), q.place, q.rule,
           q.rtype, q.id, q.patient, q.nhs, q.labels, q.issues, q.raw
         FROM quarantine q WHERE q.tenant = ? AND q.submission = ? AND q.settled = 0
         ORDER BY q.number",
        [
            submission.into(),
            source.into(),
            as_of.into(),
            tenant.into(),
            earlier.into(),
        ],
    ))
    .await?;
    s.execute(Part::new(
        "UPDATE quarantine SET settled = 1 WHERE tenant = ? AND submission = ? AND settled = 0",
        [tenant.into(), earlier.into()],
    ))
    .await
}

const HELD: &str = "SELECT q.number, q.submission, s.text, q.as_of, q.settled, q.decided, q.place,
   q.rule, q.rtype, q.id, q.patient, q.nhs, q.labels, q.issues, q.raw
 FROM quarantine q JOIN word s ON s.no = q.source WHERE q.tenant = ?";

fn held_in(view: &View<'_>) -> Part {
    Part::new(HELD, [view.tenant_number().into()])
}

/// What is held back and open of a person.
pub(crate) async fn of_person<S: Session>(
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
pub(crate) async fn of_number<S: Session>(
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

/// How many rows are read at once where the last word on a row is not the database's.
const PART: usize = 500;

/// The rows that are asked for, seen by the tenant itself.
pub(crate) async fn find<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    query: &QuarantineQuery,
) -> Result<Vec<QuarantinedRow>, Error> {
    let Some(view) = View::within(s, sight, tenant).await?.filter(View::own) else {
        return Ok(Vec::new());
    };
    let limit = query.limit.unwrap_or(usize::MAX);
    let mut after = match query.after.map(i64::try_from) {
        None => 0,
        Some(Ok(after)) => after,
        Some(Err(_)) => return Ok(Vec::new()),
    };
    let mut found = Vec::new();
    while found.len() < limit {
        let rows = s.query(asked(s.dialect(), &view, query, after)).await?;
        let is_last = rows.len() < PART;
        for mut row in rows {
            let row = held(&mut row, view.tenant())?;
            after = i64::try_from(row.number).unwrap_or(i64::MAX);
            let wanted = query
                .code
                .as_deref()
                .is_none_or(|code| has_code(&row.held.issues, code));
            if wanted && let Some(row) = seen(&view, row) {
                found.push(row);
            }
        }
        if is_last {
            break;
        }
    }
    found.truncate(limit);
    Ok(found)
}

fn asked(dialect: super::Dialect, view: &View<'_>, query: &QuarantineQuery, after: i64) -> Part {
    let mut part = held_in(view);
    part.add(" AND q.number > ?", [after.into()]);
    if let Some(submission) = &query.submission {
        part.add(" AND q.submission = ?", [submission.into()]);
    }
    if let Some(source) = &query.source {
        part.add(
            " AND q.source = (SELECT no FROM word WHERE text = ?)",
            [source.into()],
        );
    }
    if query.open {
        part.add(" AND q.settled = 0", []);
    }
    if let Some(code) = &query.code {
        part.add(
            &format!(" AND {}", dialect.holds("q.issues")),
            [code.into()],
        );
    }
    if !query.numbers.is_empty() {
        part.add(
            &format!(" AND q.number {}", dialect.among()),
            [numbers(&query.numbers)],
        );
    }
    part.add(" ORDER BY q.number LIMIT ?", [(PART as i64).into()]);
    part
}

fn has_code(issues: &str, code: &str) -> bool {
    match json::parse(issues.as_bytes()) {
        Ok(json::Value::Array(issues)) => {
            issues.iter().any(|issue| issue.text("code") == Some(code))
        }
        _ => false,
    }
}

async fn rows_of<S: Session>(
    s: &mut S,
    view: &View<'_>,
    part: Part,
) -> Result<Vec<QuarantinedRow>, Error> {
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.extend(seen(view, held(&mut row, view.tenant())?));
    }
    Ok(found)
}

/// The row as this reader may see it, where it may be seen at all.
fn seen(view: &View<'_>, mut row: QuarantinedRow) -> Option<QuarantinedRow> {
    let held = &row.held;
    let hidden = view.withholds(&held.labels)
        || held.rtype.as_deref().is_some_and(|t| !view.sees_type(t))
        || held
            .patient
            .as_deref()
            .is_some_and(|patient| !view.sees_person(patient));
    if hidden {
        return None;
    }
    if !view.own() {
        row.held = Quarantined {
            rtype: row.held.rtype,
            patient: row.held.patient,
            ..Quarantined::default()
        };
    }
    Some(row)
}

fn held(row: &mut Record, tenant: &Tenant) -> Result<QuarantinedRow, Error> {
    Ok(QuarantinedRow {
        number: row.count()?,
        tenant: tenant.clone(),
        submission: row.text()?,
        source: row.text()?,
        as_of: row.instant()?,
        settled: row.flag()?,
        decided: row.opt_text()?,
        held: Quarantined {
            place: row.text()?,
            rule: row.opt_text()?,
            rtype: row.opt_text()?,
            id: row.opt_text()?,
            patient: row.opt_text()?,
            nhs_number: row.opt_text()?,
            labels: read_labels(&row.text()?)?,
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

/// Labels hide what carries them, so labels that cannot be read are never taken for none.
fn read_labels(text: &str) -> Result<Vec<Label>, Error> {
    let unreadable = || Error::Database("the labels of a held-back row cannot be read".to_owned());
    let Ok(json::Value::Array(pairs)) = json::parse(text.as_bytes()) else {
        return Err(unreadable());
    };
    pairs
        .iter()
        .map(|pair| {
            let part = |number| pair.item(number).and_then(json::Value::as_str);
            let (system, code) = part(0).zip(part(1)).ok_or_else(unreadable)?;
            Ok(Label::new(system, code))
        })
        .collect()
}
