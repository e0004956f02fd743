//! Outcomes of traces.

use identity::{Decision, VerificationStatus};
use jiff::Timestamp;

use super::record::micros;
use super::visible::View;
use super::{Dialect, Part, Record, Session, Value, first, identity_review, outbox};
use crate::{Error, NewDecision, PersonKeys, PersonRow, Sight, Status, Tenant, ToTrace, Traced};

/// Who decides that a number was replaced, where PDS said so.
const PDS: &str = "pds";

/// Keeps outcomes. Only a writer may.
pub(crate) async fn put<S: Session>(s: &mut S, traces: &[Traced]) -> Result<(), Error> {
    for traced in traces {
        let tenant = s.new_tenant(traced.tenant.as_str()).await?;
        s.enter(tenant).await?;
        let part = Part::new(
            "INSERT INTO identity_trace (tenant, patient, nhs, birth, family, status, restricted,
               deceased, superseded_by, at, again)
             VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
             ON CONFLICT (tenant, patient) DO UPDATE SET nhs = excluded.nhs,
               birth = excluded.birth, family = excluded.family, status = excluded.status,
               restricted = excluded.restricted, deceased = excluded.deceased,
               superseded_by = excluded.superseded_by, at = excluded.at, again = excluded.again",
            [
                tenant.into(),
                (&traced.patient).into(),
                (&traced.keys.nhs_number).into(),
                (&traced.keys.birth_date).into(),
                (&traced.keys.family).into(),
                traced.status.code().into(),
                traced.restricted.into(),
                traced.deceased.into(),
                traced
                    .superseded_by
                    .as_ref()
                    .map(identity::NhsNumber::as_str)
                    .into(),
                micros(traced.at).into(),
                micros(traced.again).into(),
            ],
        );
        s.execute(part).await?;
        // Destinations whose rule depends on the trace look at the person again.
        let part = Part::new(
            "SELECT rid FROM resource
             WHERE tenant = ? AND rtype = (SELECT no FROM word WHERE text = 'Patient') AND id = ?",
            [tenant.into(), (&traced.patient).into()],
        );
        let mut people = Vec::new();
        for mut row in s.query(part).await? {
            people.push(row.int()?);
        }
        outbox::note(s, tenant, people).await?;
        replaced(s, traced).await?;
    }
    Ok(())
}

/// Writes down that PDS answered with another number, unless that stands already.
async fn replaced<S: Session>(s: &mut S, traced: &Traced) -> Result<(), Error> {
    let old = traced
        .keys
        .nhs_number
        .as_deref()
        .and_then(|n| n.parse().ok());
    let (Some(old), Some(new)) = (old, traced.superseded_by.clone()) else {
        return Ok(());
    };
    let old: identity::NhsNumber = old;
    let part = Part::new(
        "SELECT number_new FROM identity_decision
         WHERE kind = 'supersede' AND tenant_one IS NULL AND number_old = ?
         ORDER BY number DESC LIMIT 1",
        [old.as_str().into()],
    );
    let known = match first(s, part).await? {
        Some(mut row) => row.opt_text()?,
        None => None,
    };
    if known.as_deref() == Some(new.as_str()) || old == new {
        return Ok(());
    }
    let decision = NewDecision {
        by: PDS.to_owned(),
        note: None,
        decision: Decision::Supersede {
            tenant: None,
            old,
            new,
        },
        authority: None,
    };
    identity_review::write(s, &decision).await?;
    Ok(())
}

/// The outcomes for Patients of a tenant in sight that still hold.
pub(crate) async fn of<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    patients: &[String],
) -> Result<Vec<Traced>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Vec::new());
    };
    // Whether somebody is restricted must be known whatever else of them is granted.
    let among = s.dialect().among();
    let mut part = held(s.dialect(), view.tenant_number());
    part.add(
        &format!(" AND x.patient {among} ORDER BY r.rid"),
        [Value::list(patients.iter().map(String::as_str))],
    );
    let mut found = read(s.query(part).await?, tenant)?;
    found.retain(|traced| view.sees_person(&traced.patient));
    Ok(found)
}

/// The outcomes of a tenant's own current people that verify nobody.
pub(crate) async fn problems<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    limit: usize,
) -> Result<Vec<Traced>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Vec::new());
    };
    if !view.own() {
        return Ok(Vec::new());
    }
    let mut part = held(s.dialect(), view.tenant_number());
    part.add(
        " AND x.status <> ? AND r.status = ? ORDER BY r.rid LIMIT ?",
        [
            VerificationStatus::Verified.code().into(),
            Status::Active.number().into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
    );
    read(s.query(part).await?, tenant)
}

/// The outcomes of a tenant that still hold; more conditions may follow.
fn held(dialect: Dialect, tenant: i64) -> Part {
    let join = dialect.join();
    Part::new(
        format!(
            "SELECT r.id, p.nhs, p.birth, p.family, x.status, x.restricted, x.deceased,
               x.superseded_by, x.at, x.again
             FROM identity_trace x
             {join} resource r ON r.tenant = x.tenant AND r.id = x.patient
             {join} person p ON p.tenant = r.tenant AND p.rid = r.rid
             WHERE x.tenant = ? AND r.rtype = (SELECT no FROM word WHERE text = 'Patient')
               AND {SAME_KEYS}"
        ),
        [tenant.into()],
    )
}

fn read(rows: Vec<Record>, tenant: &Tenant) -> Result<Vec<Traced>, Error> {
    let mut found = Vec::with_capacity(rows.len());
    for mut row in rows {
        let patient = row.text()?;
        let keys = PersonKeys {
            nhs_number: row.opt_text()?,
            birth_date: row.opt_text()?,
            family: row.opt_text()?,
        };
        found.push(Traced {
            tenant: tenant.clone(),
            patient,
            keys,
            status: VerificationStatus::from_code(&row.text()?)
                .ok_or_else(|| Error::Database("a status of a trace is unknown".to_owned()))?,
            restricted: row.flag()?,
            deceased: row.flag()?,
            superseded_by: row.opt_text()?.and_then(|number| number.parse().ok()),
            at: row.instant()?,
            again: row.instant()?,
        });
    }
    Ok(found)
}

/// A trace holds only as long as the person is still stored as the one who was asked about.
const SAME_KEYS: &str = "x.nhs IS NOT DISTINCT FROM p.nhs AND x.birth IS NOT DISTINCT FROM p.birth
  AND x.family IS NOT DISTINCT FROM p.family";

/// Current people of a tenant who are to be traced.
pub(crate) async fn due<S: Session>(
    s: &mut S,
    tenant: &Tenant,
    now: Timestamp,
    from: u64,
    limit: usize,
) -> Result<ToTrace, Error> {
    let Some(number) = super::tenant(s, tenant.as_str()).await? else {
        return Ok(ToTrace::default());
    };
    s.enter(number).await?;
    let join = s.dialect().join();
    let limit = limit.max(1);
    let part = Part::new(
        format!(
            "SELECT r.rid, r.id, w.text, p.nhs, p.birth, p.family
             FROM person p
             {join} resource r ON r.tenant = p.tenant AND r.rid = p.rid
             {join} word w ON w.no = p.source
             LEFT JOIN identity_trace x ON x.tenant = p.tenant AND x.patient = r.id
             WHERE p.tenant = ? AND p.rid >= ? AND p.nhs IS NOT NULL AND r.status = ?
               AND (x.patient IS NULL OR x.again <= ? OR NOT ({SAME_KEYS}))
             ORDER BY p.rid LIMIT ?"
        ),
        [
            number.into(),
            i64::try_from(from).unwrap_or(i64::MAX).into(),
            Status::Active.number().into(),
            micros(now).into(),
            i64::try_from(limit).unwrap_or(i64::MAX).into(),
        ],
    );
    let mut part_of = ToTrace::default();
    let mut last = 0;
    for mut row in s.query(part).await? {
        last = row.count()?;
        part_of.people.push(PersonRow {
            tenant: tenant.clone(),
            patient: row.text()?,
            source: row.text()?,
            status: Status::Active,
            keys: PersonKeys {
                nhs_number: row.opt_text()?,
                birth_date: row.opt_text()?,
                family: row.opt_text()?,
            },
        });
    }
    if part_of.people.len() == limit {
        part_of.next = Some(last + 1);
    }
    Ok(part_of)
}
