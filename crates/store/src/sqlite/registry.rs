//! Mappings: contents, reviews, and the list of what happened.

use rusqlite::{Connection, OptionalExtension as _, Row};
use sha2::{Digest as _, Sha256};

use super::apply::Memory;
use super::rows::instant;
use crate::{
    ActiveMapping, Error, InstalledMapping, MappingChange, MappingEvent, MappingFile, MappingOrder,
    MappingOutcome, MappingPackage, MappingReview, MappingStamp, MappingStep, Tenant, UsedMapping,
};

/// Does an order inside the writer's transaction; the caller commits or rolls back.
pub(super) fn order(
    connection: &Connection,
    memory: &mut Memory,
    order: MappingOrder,
) -> Result<MappingOutcome, Error> {
    let by = order.by;
    match order.change {
        MappingChange::Install {
            package,
            reviews,
            review_file,
        } => install(
            connection,
            memory,
            &by,
            &package,
            &reviews,
            review_file.as_deref(),
        ),
        MappingChange::Activate {
            tenant,
            source,
            name,
            version,
            reviewed_only,
        } => {
            let slot = Slot::new(connection, memory, &tenant, source, &name)?;
            activate(connection, memory, &by, &slot, &version, reviewed_only)
        }
        MappingChange::RollBack {
            tenant,
            source,
            name,
            reviewed_only,
        } => {
            let slot = Slot::new(connection, memory, &tenant, source, &name)?;
            roll_back(connection, memory, &by, &slot, reviewed_only)
        }
    }
}

/// What one choice is made for: an organisation's files of one source, or of all, by one mapping.
struct Slot<'a> {
    tenant: i64,
    source: Option<String>,
    name: &'a str,
}

impl<'a> Slot<'a> {
    fn new(
        connection: &Connection,
        memory: &mut Memory,
        tenant: &Tenant,
        source: Option<String>,
        name: &'a str,
    ) -> Result<Self, Error> {
        Ok(Self {
            tenant: memory.tenant(connection, tenant.as_str())?,
            source,
            name,
        })
    }
}

/// The event that is in effect for a slot.
struct Effective {
    number: i64,
    /// The event that was in effect before it: where a roll-back goes.
    under: Option<i64>,
    stamp: MappingStamp,
}

const EFFECTIVE: &str = "
SELECT e.number, e.under, p.name, p.version, p.hash
FROM mapping_event e JOIN mapping_package p ON p.hash = e.package ";

fn effective_row(row: &Row<'_>) -> rusqlite::Result<Effective> {
    Ok(Effective {
        number: row.get(0)?,
        under: row.get(1)?,
        stamp: stamp(row, 2)?,
    })
}

fn stamp(row: &Row<'_>, from: usize) -> rusqlite::Result<MappingStamp> {
    Ok(MappingStamp {
        name: row.get(from)?,
        version: row.get(from + 1)?,
        hash: row.get(from + 2)?,
    })
}

fn effective(connection: &Connection, slot: &Slot<'_>) -> Result<Option<Effective>, Error> {
    Ok(connection
        .prepare_cached(&format!(
            "{EFFECTIVE} WHERE e.tenant = ?1 AND e.source IS ?2 AND e.name = ?3
             ORDER BY e.number DESC LIMIT 1"
        ))?
        .query_row((slot.tenant, &slot.source, slot.name), effective_row)
        .optional()?)
}

fn is_reviewed(connection: &Connection, hash: &str) -> Result<bool, Error> {
    Ok(connection
        .prepare_cached("SELECT EXISTS (SELECT 1 FROM mapping_review WHERE package = ?1)")?
        .query_row([hash], |row| row.get(0))?)
}

fn install(
    connection: &Connection,
    memory: &Memory,
    by: &str,
    package: &MappingPackage,
    reviews: &[MappingReview],
    review_file: Option<&[u8]>,
) -> Result<MappingOutcome, Error> {
    let kept: Option<String> = connection
        .prepare_cached("SELECT hash FROM mapping_package WHERE name = ?1 AND version = ?2")?
        .query_row((&package.stamp.name, &package.stamp.version), |row| {
            row.get(0)
        })
        .optional()?;
    let new = match kept {
        Some(kept) if kept != package.stamp.hash => {
            return Ok(MappingOutcome::OtherContent { kept });
        }
        Some(_) => false,
        None => {
            put_package(connection, package)?;
            true
        }
    };
    let known = reviews_of(connection, &package.stamp.hash)?;
    let mut added = 0;
    for review in reviews.iter().filter(|review| !known.contains(review)) {
        connection
            .prepare_cached(
                "INSERT INTO mapping_review (package, reviewer, role, registration, date, note)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((
                &package.stamp.hash,
                &review.reviewer,
                &review.role,
                &review.registration,
                &review.date,
                &review.note,
            ))?;
        added += 1;
    }
    if new || added > 0 {
        let step = if new {
            MappingStep::Installed
        } else {
            MappingStep::Reviewed
        };
        let review_file = review_file
            .map(|content| put_blob(connection, content))
            .transpose()?;
        connection
            .prepare_cached(
                "INSERT INTO mapping_event (at, by, step, package, name, review_file)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
            )?
            .execute((
                memory.now(),
                by,
                step.as_str(),
                &package.stamp.hash,
                &package.stamp.name,
                review_file,
            ))?;
    }
    Ok(MappingOutcome::Installed {
        new,
        reviews: added,
    })
}

fn put_package(connection: &Connection, package: &MappingPackage) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO mapping_package (hash, name, version, types) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute((
            &package.stamp.hash,
            &package.stamp.name,
            &package.stamp.version,
            package.types.join(" "),
        ))?;
    for file in &package.files {
        let blob = put_blob(connection, &file.content)?;
        connection
            .prepare_cached("INSERT INTO mapping_file (package, path, blob) VALUES (?1, ?2, ?3)")?
            .execute((&package.stamp.hash, &file.path, blob))?;
    }
    Ok(())
}

/// Keeps bytes under their SHA-256; the same bytes are kept once.
fn put_blob(connection: &Connection, content: &[u8]) -> Result<String, Error> {
    let hash = Sha256::digest(content)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            use std::fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
            text
        });
    connection
        .prepare_cached("INSERT OR IGNORE INTO mapping_blob (hash, content) VALUES (?1, ?2)")?
        .execute((&hash, content))?;
    Ok(hash)
}

fn activate(
    connection: &Connection,
    memory: &Memory,
    by: &str,
    slot: &Slot<'_>,
    version: &str,
    reviewed_only: bool,
) -> Result<MappingOutcome, Error> {
    let wanted = connection
        .prepare_cached(
            "SELECT name, version, hash FROM mapping_package WHERE name = ?1 AND version = ?2",
        )?
        .query_row((slot.name, version), |row| stamp(row, 0))
        .optional()?;
    let Some(wanted) = wanted else {
        return Ok(MappingOutcome::NotInstalled);
    };
    if reviewed_only && !is_reviewed(connection, &wanted.hash)? {
        return Ok(MappingOutcome::NotReviewed { mapping: wanted });
    }
    let before = effective(connection, slot)?;
    if before
        .as_ref()
        .is_some_and(|before| before.stamp.hash == wanted.hash)
    {
        return Ok(MappingOutcome::AlreadyActive);
    }
    let under = before.as_ref().map(|before| before.number);
    put_choice(
        connection,
        memory,
        by,
        slot,
        MappingStep::Activated,
        &wanted.hash,
        under,
    )?;
    Ok(MappingOutcome::Activated {
        before: before.map(|before| before.stamp),
    })
}

fn roll_back(
    connection: &Connection,
    memory: &Memory,
    by: &str,
    slot: &Slot<'_>,
    reviewed_only: bool,
) -> Result<MappingOutcome, Error> {
    let Some(now) = effective(connection, slot)? else {
        return Ok(MappingOutcome::NothingBefore);
    };
    let Some(under) = now.under else {
        return Ok(MappingOutcome::NothingBefore);
    };
    let before = connection
        .prepare_cached(&format!("{EFFECTIVE} WHERE e.number = ?1"))?
        .query_row([under], effective_row)?;
    if reviewed_only && !is_reviewed(connection, &before.stamp.hash)? {
        return Ok(MappingOutcome::NotReviewed {
            mapping: before.stamp,
        });
    }
    // The event stands where the one that it goes back to stood, so that the next roll-back goes on
    // from there and never forward again.
    put_choice(
        connection,
        memory,
        by,
        slot,
        MappingStep::RolledBack,
        &before.stamp.hash,
        before.under,
    )?;
    Ok(MappingOutcome::RolledBack {
        from: now.stamp,
        to: before.stamp,
    })
}

fn put_choice(
    connection: &Connection,
    memory: &Memory,
    by: &str,
    slot: &Slot<'_>,
    step: MappingStep,
    package: &str,
    under: Option<i64>,
) -> Result<(), Error> {
    connection
        .prepare_cached(
            "INSERT INTO mapping_event (at, by, step, package, name, tenant, source, under)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
        )?
        .execute((
            memory.now(),
            by,
            step.as_str(),
            package,
            slot.name,
            slot.tenant,
            &slot.source,
            under,
        ))?;
    Ok(())
}

/// The reviews of a content, the oldest first.
pub(super) fn reviews_of(connection: &Connection, hash: &str) -> Result<Vec<MappingReview>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT reviewer, role, registration, date, note FROM mapping_review
         WHERE package = ?1 ORDER BY number",
    )?;
    let rows = statement.query_map([hash], |row| {
        Ok(MappingReview {
            reviewer: row.get(0)?,
            role: row.get(1)?,
            registration: row.get(2)?,
            date: row.get(3)?,
            note: row.get(4)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// What is installed, by name and then in the order of installing.
pub(super) fn installed(connection: &Connection) -> Result<Vec<InstalledMapping>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT p.name, p.version, p.hash, p.types, e.at, e.by
         FROM mapping_package p
         JOIN mapping_event e ON e.package = p.hash AND e.step = 'installed'
         ORDER BY p.name, e.number",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(InstalledMapping {
            stamp: stamp(row, 0)?,
            types: words(&row.get::<_, String>(3)?),
            installed: instant(row.get(4)?),
            by: row.get(5)?,
            reviews: Vec::new(),
        })
    })?;
    let mut installed: Vec<InstalledMapping> = rows.collect::<Result<_, _>>()?;
    for one in &mut installed {
        one.reviews = reviews_of(connection, &one.stamp.hash)?;
    }
    Ok(installed)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A content with its files.
pub(super) fn package(
    connection: &Connection,
    hash: &str,
) -> Result<Option<MappingPackage>, Error> {
    let head = connection
        .prepare_cached("SELECT name, version, hash, types FROM mapping_package WHERE hash = ?1")?
        .query_row([hash], |row| {
            Ok((stamp(row, 0)?, words(&row.get::<_, String>(3)?)))
        })
        .optional()?;
    let Some((stamp, types)) = head else {
        return Ok(None);
    };
    let mut statement = connection.prepare_cached(
        "SELECT f.path, b.content FROM mapping_file f JOIN mapping_blob b ON b.hash = f.blob
         WHERE f.package = ?1 ORDER BY f.path",
    )?;
    let files = statement.query_map([hash], |row| {
        Ok(MappingFile {
            path: row.get(0)?,
            content: row.get(1)?,
        })
    })?;
    Ok(Some(MappingPackage {
        stamp,
        types,
        files: files.collect::<Result<_, _>>()?,
    }))
}

/// What is active, of one tenant or of all.
pub(super) fn active(
    connection: &Connection,
    tenant: Option<&Tenant>,
) -> Result<Vec<ActiveMapping>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT t.name, e.source, p.name, p.version, p.hash, e.at, e.by
         FROM mapping_event e
         JOIN mapping_package p ON p.hash = e.package
         JOIN tenant t ON t.no = e.tenant
         WHERE (?1 IS NULL OR t.name = ?1) AND e.number = (
           SELECT max(l.number) FROM mapping_event l
           WHERE l.tenant = e.tenant AND l.source IS e.source AND l.name = e.name)
         ORDER BY t.name, p.name, e.source",
    )?;
    let rows = statement.query_map([tenant.map(Tenant::as_str)], |row| {
        Ok(ActiveMapping {
            tenant: Tenant::new(row.get::<_, String>(0)?),
            source: row.get(1)?,
            stamp: stamp(row, 2)?,
            since: instant(row.get(5)?),
            by: row.get(6)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}

/// Everything that happened, the oldest first.
pub(super) fn events(connection: &Connection) -> Result<Vec<MappingEvent>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT e.number, e.at, e.by, e.step, p.name, p.version, p.hash, t.name, e.source
         FROM mapping_event e
         JOIN mapping_package p ON p.hash = e.package
         LEFT JOIN tenant t ON t.no = e.tenant
         ORDER BY e.number",
    )?;
    let mut events = Vec::new();
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        let step: String = row.get(3)?;
        events.push(MappingEvent {
            number: row.get::<_, i64>(0)?.unsigned_abs(),
            at: instant(row.get(1)?),
            by: row.get(2)?,
            step: MappingStep::from_word(&step)
                .ok_or_else(|| Error::Database("a step of a mapping is unknown".to_owned()))?,
            stamp: stamp(row, 4)?,
            tenant: row.get::<_, Option<String>>(7)?.map(Tenant::new),
            source: row.get(8)?,
        });
    }
    Ok(events)
}

/// The mappings by which anything was stored: a refused submission stored nothing, and one that was
/// cut short may have.
pub(super) fn used(connection: &Connection) -> Result<Vec<UsedMapping>, Error> {
    let mut statement = connection.prepare_cached(
        "SELECT t.name, s.mapping_name, s.mapping_version, s.mapping_hash, count(*),
           EXISTS (SELECT 1 FROM mapping_review r WHERE r.package = s.mapping_hash)
         FROM submission s JOIN tenant t ON t.no = s.tenant
         WHERE s.state <> 'refused'
         GROUP BY t.name, s.mapping_name, s.mapping_version, s.mapping_hash
         ORDER BY t.name, s.mapping_name, s.mapping_version, s.mapping_hash",
    )?;
    let rows = statement.query_map([], |row| {
        Ok(UsedMapping {
            tenant: Tenant::new(row.get::<_, String>(0)?),
            stamp: stamp(row, 1)?,
            submissions: row.get::<_, i64>(4)?.unsigned_abs(),
            reviewed: row.get(5)?,
        })
    })?;
    Ok(rows.collect::<Result<_, _>>()?)
}
