//! Person by person: what would change.

use rusqlite::{Connection, OptionalExtension as _, Row};
use serde::Serialize;

use crate::changes::{Effect, ResourceChange, compare};
use crate::error::DifferenceError;
use crate::saying::Shown;
use crate::spool::Spool;
use crate::totals::Totals;
use crate::words;

/// How many changes of what is about nobody are handed on at once.
const PART: usize = 500;

/// What would change of one person, or of things that are about nobody.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PersonChange {
    /// Which person of the export: 1 is the first. `None` for what is about nobody.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub number: Option<u64>,
    /// The record that the person comes from.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<String>,
    /// The Patient's id with the old mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_id: Option<String>,
    /// The Patient's id with the new mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
    /// The name, where names are to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The NHS number, where names are to be shown.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nhs_number: Option<String>,
    /// What would change.
    pub changes: Vec<ResourceChange>,
}

/// Lists the people in the order of the export: those with a Patient, then those of whom only other
/// things are known.
pub(crate) fn list(spool: &Spool) -> Result<(), DifferenceError> {
    spool.connection.execute_batch(
        "INSERT INTO who (old, new, place)
           SELECT o.id, n.id, o.place FROM item o
           LEFT JOIN pair p ON p.old = o.no LEFT JOIN item n ON n.no = p.new
           WHERE o.side = 0 AND o.rtype = 'Patient' ORDER BY o.no;
         INSERT INTO who (new, place)
           SELECT n.id, n.place FROM item n
           WHERE n.side = 1 AND n.rtype = 'Patient' AND n.no NOT IN (SELECT new FROM pair)
           ORDER BY n.no;
         INSERT INTO who (old, new, place)
           SELECT person, person, place FROM (
             SELECT person, place, no FROM held WHERE person IS NOT NULL
             UNION ALL SELECT person, place, no FROM item WHERE person IS NOT NULL)
           WHERE person NOT IN (SELECT old FROM who WHERE old IS NOT NULL)
             AND person NOT IN (SELECT new FROM who WHERE new IS NOT NULL)
           GROUP BY person ORDER BY min(no);",
    )?;
    Ok(())
}

/// Whom the changes are gathered for.
struct Who {
    number: Option<u64>,
    old: Option<String>,
    new: Option<String>,
    place: Option<String>,
}

impl Who {
    fn at(row: &Row<'_>) -> rusqlite::Result<Self> {
        let (old, new): (Option<String>, Option<String>) = (row.get(1)?, row.get(2)?);
        Ok(Self {
            number: Some(row.get::<_, i64>(0)?.unsigned_abs()),
            // Somebody who is made by one side only has the same id in the other's quarantine.
            old: old.clone().or_else(|| new.clone()),
            new: new.or(old),
            place: row.get(3)?,
        })
    }

    fn nobody() -> Self {
        Self {
            number: None,
            old: None,
            new: None,
            place: None,
        }
    }
}

/// Hands on each person with a change, then what is about nobody.
pub(crate) fn report<E: From<DifferenceError>>(
    spool: &Spool,
    show_names: bool,
    totals: &mut Totals,
    each: &mut dyn FnMut(&PersonChange) -> Result<(), E>,
) -> Result<(), E> {
    let connection = &spool.connection;
    let disk = |error: rusqlite::Error| E::from(DifferenceError::from(error));
    let shown = Shown { names: show_names };
    let mut last = 0;
    loop {
        let next = connection
            .prepare_cached("SELECT no, old, new, place FROM who WHERE no > ?1 ORDER BY no LIMIT 1")
            .and_then(|mut statement| statement.query_row([last], Who::at).optional())
            .map_err(disk)?;
        let Some(who) = next else { break };
        last = who
            .number
            .and_then(|number| i64::try_from(number).ok())
            .unwrap_or(i64::MAX);
        let mut person = PersonChange {
            number: who.number,
            place: who.place.clone(),
            ..PersonChange::default()
        };
        gather(connection, &who, shown, totals, &mut |change| {
            person.changes.push(change);
            Ok(())
        })?;
        if person.changes.is_empty() {
            continue;
        }
        known(connection, &who, shown, &mut person).map_err(disk)?;
        totals.people_changed += 1;
        each(&person)?;
    }
    let mut part = PersonChange::default();
    gather(connection, &Who::nobody(), shown, totals, &mut |change| {
        part.changes.push(change);
        if part.changes.len() < PART {
            return Ok(());
        }
        let whole = std::mem::take(&mut part);
        each(&whole)
    })?;
    if part.changes.is_empty() {
        Ok(())
    } else {
        each(&part)
    }
}

/// The ids of a person, and who it is where that is to be shown.
fn known(
    connection: &Connection,
    who: &Who,
    shown: Shown,
    person: &mut PersonChange,
) -> rusqlite::Result<()> {
    for side in [0, 1] {
        let id = if side == 0 { &who.old } else { &who.new };
        let body: Option<Vec<u8>> = connection
            .prepare_cached(
                "SELECT body FROM item WHERE rtype = 'Patient' AND id = ?1 AND side = ?2",
            )?
            .query_row((id, side), |row| row.get(0))
            .optional()?;
        let Some(body) = body else { continue };
        let slot = if side == 0 {
            &mut person.old_id
        } else {
            &mut person.new_id
        };
        slot.clone_from(id);
        if shown.names
            && let Ok(patient) = json::parse(&body)
        {
            person.name = words::name_of(&patient);
            person.nhs_number = words::nhs_number_of(&patient);
        }
    }
    Ok(())
}

/// Something that a side held back.
struct Held {
    rtype: Option<String>,
    id: Option<String>,
    place: String,
    rule: Option<String>,
    reasons: String,
}

impl Held {
    fn is(&self, other: &Self) -> bool {
        self.rtype == other.rtype && self.place == other.place && self.rule == other.rule
    }
}

fn held(connection: &Connection, side: i64, person: Option<&str>) -> rusqlite::Result<Vec<Held>> {
    let mut statement = connection.prepare_cached(
        "SELECT rtype, id, place, rule, reasons FROM held
         WHERE side = ?1 AND person IS ?2 ORDER BY no",
    )?;
    let rows = statement.query_map((side, person), |row| {
        Ok(Held {
            rtype: row.get(0)?,
            id: row.get(1)?,
            place: row.get(2)?,
            rule: row.get(3)?,
            reasons: row.get(4)?,
        })
    })?;
    rows.collect()
}

fn gather<E: From<DifferenceError>>(
    connection: &Connection,
    who: &Who,
    shown: Shown,
    totals: &mut Totals,
    take: &mut dyn FnMut(ResourceChange) -> Result<(), E>,
) -> Result<(), E> {
    let disk = |error: rusqlite::Error| E::from(DifferenceError::from(error));
    let (old, new) = (who.old.as_deref(), who.new.as_deref());
    let mut held_then = held(connection, 0, old).map_err(disk)?;
    let mut held_now = held(connection, 1, new).map_err(disk)?;
    // What both hold back is no change.
    let both: Vec<bool> = held_then
        .iter()
        .map(|then| {
            let at = held_now.iter().position(|now| now.is(then));
            at.map(|at| held_now.remove(at)).is_some()
        })
        .collect();
    let mut both = both.into_iter();
    held_then.retain(|_| !both.next().unwrap_or(false));

    let mut pairs = connection
        .prepare_cached(
            "SELECT o.rtype, o.id, n.id, n.place, o.body, n.body
             FROM item o JOIN pair p ON p.old = o.no JOIN item n ON n.no = p.new
             WHERE o.side = 0 AND o.person IS ?1 AND o.content <> n.content ORDER BY o.no",
        )
        .map_err(disk)?;
    let mut rows = pairs.query([old]).map_err(disk)?;
    while let Some(row) = rows.next().map_err(disk)? {
        if let Some(change) = changed(connection, row, shown).map_err(disk)? {
            totals.effect(&change.resource_type, change.effect, change.id_changes());
            take(change)?;
        }
    }
    for (side, person, effect) in [(0, old, Effect::Removed), (1, new, Effect::Added)] {
        let paired = if side == 0 { "old" } else { "new" };
        let mut alone = connection
            .prepare_cached(&format!(
                "SELECT rtype, id, place, rule, body FROM item
                 WHERE side = ?1 AND person IS ?2
                   AND NOT EXISTS (SELECT 1 FROM pair WHERE pair.{paired} = item.no) ORDER BY no"
            ))
            .map_err(disk)?;
        let mut rows = alone.query((side, person)).map_err(disk)?;
        while let Some(row) = rows.next().map_err(disk)? {
            let others = if side == 0 {
                &mut held_now
            } else {
                &mut held_then
            };
            let change = alone_change(row, effect, others, shown).map_err(disk)?;
            totals.effect(&change.resource_type, change.effect, false);
            take(change)?;
        }
    }
    for (held, effect) in [
        (held_then, Effect::NoLongerHeldBack),
        (held_now, Effect::HeldBack),
    ] {
        for one in held {
            let rtype = one.rtype.unwrap_or_else(|| "record".to_owned());
            take(ResourceChange {
                effect,
                noun: words::noun(&rtype).to_owned(),
                resource_type: rtype,
                old_id: None,
                new_id: one.id,
                place: one.place,
                label: None,
                elements: Vec::new(),
                reason: Some(one.reasons),
            })?;
        }
    }
    Ok(())
}

fn changed(
    connection: &Connection,
    row: &Row<'_>,
    shown: Shown,
) -> rusqlite::Result<Option<ResourceChange>> {
    let (rtype, old_id, new_id, place): (String, String, String, String) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    let (old, new): (Vec<u8>, Vec<u8>) = (row.get(4)?, row.get(5)?);
    // What was written by this very program is read back.
    let (Ok(mut old), Ok(new)) = (json::parse(&old), json::parse(&new)) else {
        return Ok(None);
    };
    renamed(connection, &mut old)?;
    let elements = compare(&rtype, &old, &new, shown);
    let moved = old_id != new_id;
    if elements.is_empty() && !moved {
        return Ok(None);
    }
    Ok(Some(ResourceChange {
        effect: if elements.is_empty() {
            Effect::SameButId
        } else {
            Effect::Changed
        },
        noun: words::noun(&rtype).to_owned(),
        label: words::label(&rtype, &old, shown).or_else(|| words::label(&rtype, &new, shown)),
        resource_type: rtype,
        old_id: Some(old_id),
        new_id: Some(new_id),
        place,
        elements,
        reason: None,
    }))
}

fn alone_change(
    row: &Row<'_>,
    effect: Effect,
    others: &mut Vec<Held>,
    shown: Shown,
) -> rusqlite::Result<ResourceChange> {
    let (rtype, id, place, rule): (String, String, String, String) =
        (row.get(0)?, row.get(1)?, row.get(2)?, row.get(3)?);
    let body: Vec<u8> = row.get(4)?;
    let label = json::parse(&body)
        .ok()
        .and_then(|resource| words::label(&rtype, &resource, shown));
    // It is not made any more because it is held back now, or it was held back before.
    let held = others
        .iter()
        .position(|held| {
            held.rtype.as_deref() == Some(&*rtype)
                && (held.id.as_deref() == Some(&*id)
                    || (held.place == place && held.rule.as_deref() == Some(&*rule)))
        })
        .map(|at| others.remove(at));
    let (old_id, new_id) = match effect {
        Effect::Added => (None, Some(id)),
        _ => (Some(id), None),
    };
    Ok(ResourceChange {
        effect,
        noun: words::noun(&rtype).to_owned(),
        resource_type: rtype,
        old_id,
        new_id,
        place,
        label,
        elements: Vec::new(),
        reason: held.map(|held| held.reasons),
    })
}

/// Gives what the old side refers to the ids that it has on the new side.
fn renamed(connection: &Connection, value: &mut json::Value) -> rusqlite::Result<()> {
    match value {
        json::Value::Object(object) => {
            let named = object
                .get("reference")
                .and_then(json::Value::as_str)
                .and_then(fhir::Reference::parse)
                .and_then(|reference| match reference {
                    fhir::Reference::Local { type_name, id, .. } => {
                        Some((type_name.to_owned(), id.to_owned()))
                    }
                    _ => None,
                });
            if let Some((rtype, id)) = named {
                let now: Option<String> = connection
                    .prepare_cached(
                        "SELECT n.id FROM item o JOIN pair p ON p.old = o.no
                         JOIN item n ON n.no = p.new
                         WHERE o.rtype = ?1 AND o.id = ?2 AND o.side = 0",
                    )?
                    .query_row((&rtype, &id), |row| row.get(0))
                    .optional()?;
                if let Some(now) = now {
                    object.insert("reference", format!("{rtype}/{now}"));
                }
            }
            for (_, child) in object.iter_mut() {
                renamed(connection, child)?;
            }
        }
        json::Value::Array(items) => {
            for item in items {
                renamed(connection, item)?;
            }
        }
        _ => {}
    }
    Ok(())
}
