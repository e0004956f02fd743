//! The person index.

use super::visible::View;
use super::{Part, Session, first};
use crate::{Error, PersonKeys, PersonMatch, PersonRow, Sight, Tenant};

/// Writes, replaces or takes away what identifies the person of a Patient.
pub(crate) async fn put<S: Session>(
    s: &mut S,
    tenant: i64,
    rid: i64,
    source: i64,
    keys: Option<&PersonKeys>,
) -> Result<(), Error> {
    let part = match keys {
        None => Part::new(
            "DELETE FROM person WHERE tenant = ? AND rid = ?",
            [tenant.into(), rid.into()],
        ),
        Some(keys) => Part::new(
            "INSERT INTO person (tenant, rid, source, nhs, birth, family)
             VALUES (?, ?, ?, ?, ?, ?)
             ON CONFLICT (tenant, rid) DO UPDATE SET source = excluded.source,
               nhs = excluded.nhs, birth = excluded.birth, family = excluded.family",
            [
                tenant.into(),
                rid.into(),
                source.into(),
                (&keys.nhs_number).into(),
                (&keys.birth_date).into(),
                (&keys.family).into(),
            ],
        ),
    };
    s.execute(part).await?;
    Ok(())
}

/// Whom to look for.
pub(crate) enum Wanted<'a> {
    NhsNumber(&'a str),
    OfSource(&'a str, &'a PersonMatch),
    Patient(&'a str),
}

/// The persons who carry an NHS number, over all tenants in sight: the index tells which tenants
/// know the number, and each of them is then asked under the sight.
pub(crate) async fn by_nhs_number<S: Session>(
    s: &mut S,
    sight: &Sight,
    number: &str,
) -> Result<Vec<PersonRow>, Error> {
    s.ask_across(number).await?;
    let part = Part::new(
        "SELECT t.name FROM tenant t
         WHERE t.no IN (SELECT p.tenant FROM person p WHERE p.nhs = ?) ORDER BY t.no",
        [number.into()],
    );
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        let tenant = Tenant::new(row.text()?);
        found.extend(find(s, sight, &tenant, &Wanted::NhsNumber(number)).await?);
    }
    Ok(found)
}

/// The persons of one tenant who are wanted and in sight.
pub(crate) async fn find<S: Session>(
    s: &mut S,
    sight: &Sight,
    tenant: &Tenant,
    wanted: &Wanted<'_>,
) -> Result<Vec<PersonRow>, Error> {
    let Some(view) = View::within(s, sight, tenant).await? else {
        return Ok(Vec::new());
    };
    if !view.sees_type("Patient") {
        return Ok(Vec::new());
    }
    let join = s.dialect().join();
    let from = match wanted {
        Wanted::Patient(_) => {
            format!("resource r {join} person p ON p.tenant = r.tenant AND p.rid = r.rid")
        }
        _ => format!("person p {join} resource r ON r.tenant = p.tenant AND r.rid = p.rid"),
    };
    let mut part = Part::new(
        format!(
            "SELECT r.id, s.text, r.status, p.nhs, p.birth, p.family
             FROM {from} {join} word s ON s.no = p.source
             WHERE p.tenant = ?"
        ),
        [view.tenant_number().into()],
    );
    match wanted {
        Wanted::NhsNumber(number) => part.add(" AND p.nhs = ?", [(*number).into()]),
        Wanted::OfSource(source, matching) => {
            part.add(
                " AND p.source = (SELECT no FROM word WHERE text = ?)",
                [(*source).into()],
            );
            match matching {
                PersonMatch::NhsNumber(number) => part.add(" AND p.nhs = ?", [number.into()]),
                PersonMatch::FamilyAndBirthDate { family, birth_date } => part.add(
                    " AND p.family = ? AND p.birth = ?",
                    [family.into(), birth_date.into()],
                ),
            }
        }
        Wanted::Patient(id) => part.add(
            " AND r.rtype = (SELECT no FROM word WHERE text = 'Patient') AND r.id = ?",
            [(*id).into()],
        ),
    }
    view.condition(&mut part);
    part.add(" ORDER BY r.rid", []);
    let mut found = Vec::new();
    for mut row in s.query(part).await? {
        found.push(PersonRow {
            tenant: tenant.clone(),
            patient: row.text()?,
            source: row.text()?,
            status: row.status()?,
            keys: PersonKeys {
                nhs_number: row.opt_text()?,
                birth_date: row.opt_text()?,
                family: row.opt_text()?,
            },
        });
    }
    Ok(found)
}

/// The NHS number of a stored Patient, whoever may see it.
pub(crate) async fn nhs_number_of<S: Session>(
    s: &mut S,
    tenant: i64,
    patient: &str,
) -> Result<Option<String>, Error> {
    let join = s.dialect().join();
    let part = Part::new(
        format!(
            "SELECT p.nhs FROM resource r {join} person p ON p.tenant = r.tenant AND p.rid = r.rid
             WHERE r.tenant = ? AND r.rtype = (SELECT no FROM word WHERE text = 'Patient')
               AND r.id = ?"
        ),
        [tenant.into(), patient.into()],
    );
    match first(s, part).await? {
        Some(mut row) => row.opt_text(),
        None => Ok(None),
    }
}
