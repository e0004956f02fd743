//! The person index.

use rusqlite::{Connection, OptionalExtension as _, Row, params_from_iter};

use super::visible::View;
use crate::{Error, PersonKeys, PersonMatch, PersonRow, Sight, Status, Tenant};

/// Writes, replaces or takes away what identifies the person of a Patient.
pub(super) fn put(
    connection: &Connection,
    tenant: i64,
    rid: i64,
    source: i64,
    keys: Option<&PersonKeys>,
) -> Result<(), Error> {
    match keys {
        None => connection
            .prepare_cached("DELETE FROM person WHERE tenant = ?1 AND rid = ?2")?
            .execute((tenant, rid)),
        Some(keys) => connection
            .prepare_cached(
                "INSERT INTO person (tenant, rid, source, nhs, birth, family)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)
                 ON CONFLICT (tenant, rid) DO UPDATE SET source = excluded.source,
                   nhs = excluded.nhs, birth = excluded.birth, family = excluded.family",
            )?
            .execute((
                tenant,
                rid,
                source,
                &keys.nhs_number,
                &keys.birth_date,
                &keys.family,
            )),
    }?;
    Ok(())
}

/// Whom to look for.
pub(super) enum Wanted<'a> {
    NhsNumber(&'a str),
    OfSource(&'a str, &'a PersonMatch),
    Patient(&'a str),
}

/// The tenants that have a person with this NHS number, by name.
pub(super) fn tenants_of(connection: &Connection, nhs_number: &str) -> Result<Vec<Tenant>, Error> {
    let tenants = connection
        .prepare_cached(
            "SELECT DISTINCT t.name FROM person p JOIN tenant t ON t.no = p.tenant
             WHERE p.nhs = ?1 ORDER BY t.no",
        )?
        .query_map([nhs_number], |row| {
            Ok(Tenant::new(row.get::<_, String>(0)?))
        })?
        .collect::<Result<_, _>>()?;
    Ok(tenants)
}

/// The persons of one tenant who are wanted and in sight.
pub(super) fn find(
    connection: &Connection,
    sight: &Sight,
    tenant: &Tenant,
    wanted: &Wanted<'_>,
) -> Result<Vec<PersonRow>, Error> {
    let Some(view) = View::within(connection, sight, tenant)? else {
        return Ok(Vec::new());
    };
    if !view.sees_type("Patient") {
        return Ok(Vec::new());
    }
    let from = match wanted {
        Wanted::Patient(_) => "resource r CROSS JOIN person p ON p.rid = r.rid",
        _ => "person p CROSS JOIN resource r ON r.rid = p.rid",
    };
    let mut sql = format!(
        "SELECT r.id, s.text, r.status, p.nhs, p.birth, p.family
         FROM {from} CROSS JOIN word s ON s.no = p.source
         WHERE p.tenant = ?"
    );
    let mut values = vec![view.tenant_number().into()];
    match wanted {
        Wanted::NhsNumber(number) => {
            sql.push_str(" AND p.nhs = ?");
            values.push((*number).to_owned().into());
        }
        Wanted::OfSource(source, matching) => {
            sql.push_str(" AND p.source = (SELECT no FROM word WHERE text = ?)");
            values.push((*source).to_owned().into());
            match matching {
                PersonMatch::NhsNumber(number) => {
                    sql.push_str(" AND p.nhs = ?");
                    values.push(number.clone().into());
                }
                PersonMatch::FamilyAndBirthDate { family, birth_date } => {
                    sql.push_str(" AND p.family = ? AND p.birth = ?");
                    values.push(family.clone().into());
                    values.push(birth_date.clone().into());
                }
            }
        }
        Wanted::Patient(id) => {
            sql.push_str(
                " AND r.rtype = (SELECT no FROM word WHERE text = 'Patient') AND r.id = ?",
            );
            values.push((*id).to_owned().into());
        }
    }
    view.condition(&mut sql, &mut values);
    sql.push_str(" ORDER BY r.rid");
    let mut statement = connection.prepare_cached(&sql)?;
    let mut rows = statement.query(params_from_iter(values))?;
    let mut found = Vec::new();
    while let Some(row) = rows.next()? {
        found.push(person(row, tenant)?);
    }
    Ok(found)
}

/// The NHS number of a stored Patient, whoever may see it.
pub(super) fn nhs_number_of(
    connection: &Connection,
    tenant: i64,
    patient: &str,
) -> Result<Option<String>, Error> {
    let number = connection
        .prepare_cached(
            "SELECT p.nhs FROM resource r CROSS JOIN person p ON p.tenant = r.tenant AND p.rid = r.rid
             WHERE r.tenant = ?1 AND r.rtype = (SELECT no FROM word WHERE text = 'Patient')
               AND r.id = ?2",
        )?
        .query_row((tenant, patient), |row| row.get(0))
        .optional()?;
    Ok(number.flatten())
}

fn person(row: &Row<'_>, tenant: &Tenant) -> Result<PersonRow, Error> {
    Ok(PersonRow {
        tenant: tenant.clone(),
        patient: row.get(0)?,
        source: row.get(1)?,
        status: Status::from_number(row.get(2)?)
            .ok_or_else(|| Error::Database("a status is not one that is known".to_owned()))?,
        keys: PersonKeys {
            nhs_number: row.get(3)?,
            birth_date: row.get(4)?,
            family: row.get(5)?,
        },
    })
}
