//! Mappings: contents, reviews, and the list of what happened.

use sha2::{Digest as _, Sha256};

use super::{Part, Record, Session, Value, first};
use crate::{
    ActiveMapping, Error, InstalledMapping, MappingChange, MappingEvent, MappingFile, MappingOrder,
    MappingOutcome, MappingPackage, MappingReview, MappingStamp, MappingStep, Tenant, UsedMapping,
};

/// Does an order inside a writer's transaction; the caller commits or rolls back. Of two orders at
/// once, the second must see what the first did: whoever calls this sees to it that one waits.
pub(crate) async fn order<S: Session>(
    s: &mut S,
    order: &MappingOrder,
) -> Result<MappingOutcome, Error> {
    let by = &order.by;
    match &order.change {
        MappingChange::Install {
            package,
            reviews,
            review_file,
        } => install(s, by, package, reviews, review_file.as_deref()).await,
        MappingChange::Activate {
            tenant,
            source,
            name,
            version,
            reviewed_only,
        } => {
            let slot = Slot::new(s, tenant, source, name).await?;
            activate(s, by, &slot, version, *reviewed_only).await
        }
        MappingChange::RollBack {
            tenant,
            source,
            name,
            reviewed_only,
        } => {
            let slot = Slot::new(s, tenant, source, name).await?;
            roll_back(s, by, &slot, *reviewed_only).await
        }
    }
}

/// What one choice is made for: an organisation's files of one source, or of all, by one mapping.
struct Slot<'a> {
    tenant: i64,
    source: &'a Option<String>,
    name: &'a str,
}

impl<'a> Slot<'a> {
    async fn new<S: Session>(
        s: &mut S,
        tenant: &Tenant,
        source: &'a Option<String>,
        name: &'a str,
    ) -> Result<Self, Error> {
        Ok(Self {
            tenant: s.new_tenant(tenant.as_str()).await?,
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

impl Effective {
    async fn of<S: Session>(
        s: &mut S,
        which: &str,
        values: Vec<Value>,
    ) -> Result<Option<Self>, Error> {
        let sql = format!(
            "SELECT e.number, e.under, p.name, p.version, p.hash
             FROM mapping_event e JOIN mapping_package p ON p.hash = e.package
             WHERE {which} ORDER BY e.number DESC LIMIT 1"
        );
        let Some(mut row) = first(s, Part::new(sql, values)).await? else {
            return Ok(None);
        };
        Ok(Some(Self {
            number: row.int()?,
            under: row.opt_int()?,
            stamp: stamp(&mut row)?,
        }))
    }

    async fn in_slot<S: Session>(s: &mut S, slot: &Slot<'_>) -> Result<Option<Self>, Error> {
        let which = "e.tenant = ? AND e.source IS NOT DISTINCT FROM ? AND e.name = ?";
        let values = vec![slot.tenant.into(), slot.source.into(), slot.name.into()];
        Self::of(s, which, values).await
    }
}

fn stamp(row: &mut Record) -> Result<MappingStamp, Error> {
    Ok(MappingStamp {
        name: row.text()?,
        version: row.text()?,
        hash: row.text()?,
    })
}

async fn is_reviewed<S: Session>(s: &mut S, hash: &str) -> Result<bool, Error> {
    let part = Part::new(
        "SELECT 1 FROM mapping_review WHERE package = ? LIMIT 1",
        [hash.into()],
    );
    Ok(first(s, part).await?.is_some())
}

async fn install<S: Session>(
    s: &mut S,
    by: &str,
    package: &MappingPackage,
    reviews: &[MappingReview],
    review_file: Option<&[u8]>,
) -> Result<MappingOutcome, Error> {
    let part = Part::new(
        "SELECT hash FROM mapping_package WHERE name = ? AND version = ?",
        [
            (&package.stamp.name).into(),
            (&package.stamp.version).into(),
        ],
    );
    let kept = match first(s, part).await? {
        Some(mut row) => Some(row.text()?),
        None => None,
    };
    let new = match kept {
        Some(kept) if kept != package.stamp.hash => {
            return Ok(MappingOutcome::OtherContent { kept });
        }
        Some(_) => false,
        None => {
            put_package(s, package).await?;
            true
        }
    };
    let known = reviews_of(s, &package.stamp.hash).await?;
    let mut added = 0;
    for review in reviews.iter().filter(|review| !known.contains(review)) {
        s.execute(Part::new(
            "INSERT INTO mapping_review (package, reviewer, role, registration, date, note)
             VALUES (?, ?, ?, ?, ?, ?)",
            [
                (&package.stamp.hash).into(),
                (&review.reviewer).into(),
                (&review.role).into(),
                (&review.registration).into(),
                (&review.date).into(),
                (&review.note).into(),
            ],
        ))
        .await?;
        added += 1;
    }
    if new || added > 0 {
        let step = if new {
            MappingStep::Installed
        } else {
            MappingStep::Reviewed
        };
        let review_file = match review_file {
            Some(content) => Some(put_blob(s, content).await?),
            None => None,
        };
        let part = Part::new(
            "INSERT INTO mapping_event (at, by, step, package, name, review_file)
             VALUES (?, ?, ?, ?, ?, ?)",
            [
                s.moment().into(),
                by.into(),
                step.as_str().into(),
                (&package.stamp.hash).into(),
                (&package.stamp.name).into(),
                review_file.into(),
            ],
        );
        s.execute(part).await?;
    }
    Ok(MappingOutcome::Installed {
        new,
        reviews: added,
    })
}

async fn put_package<S: Session>(s: &mut S, package: &MappingPackage) -> Result<(), Error> {
    s.execute(Part::new(
        "INSERT INTO mapping_package (hash, name, version, types) VALUES (?, ?, ?, ?)",
        [
            (&package.stamp.hash).into(),
            (&package.stamp.name).into(),
            (&package.stamp.version).into(),
            package.types.join(" ").into(),
        ],
    ))
    .await?;
    for file in &package.files {
        let blob = put_blob(s, &file.content).await?;
        s.execute(Part::new(
            "INSERT INTO mapping_file (package, path, blob) VALUES (?, ?, ?)",
            [
                (&package.stamp.hash).into(),
                (&file.path).into(),
                blob.into(),
            ],
        ))
        .await?;
    }
    Ok(())
}

/// Keeps bytes under their SHA-256; the same bytes are kept once.
async fn put_blob<S: Session>(s: &mut S, content: &[u8]) -> Result<String, Error> {
    let hash = Sha256::digest(content)
        .iter()
        .fold(String::with_capacity(64), |mut text, byte| {
            use std::fmt::Write as _;
            let _ = write!(text, "{byte:02x}");
            text
        });
    s.execute(Part::new(
        "INSERT INTO mapping_blob (hash, content) VALUES (?, ?) ON CONFLICT DO NOTHING",
        [(&hash).into(), content.to_vec().into()],
    ))
    .await?;
    Ok(hash)
}

async fn activate<S: Session>(
    s: &mut S,
    by: &str,
    slot: &Slot<'_>,
    version: &str,
    reviewed_only: bool,
) -> Result<MappingOutcome, Error> {
    let part = Part::new(
        "SELECT name, version, hash FROM mapping_package WHERE name = ? AND version = ?",
        [slot.name.into(), version.into()],
    );
    let wanted = match first(s, part).await? {
        Some(mut row) => stamp(&mut row)?,
        None => return Ok(MappingOutcome::NotInstalled),
    };
    if reviewed_only && !is_reviewed(s, &wanted.hash).await? {
        return Ok(MappingOutcome::NotReviewed { mapping: wanted });
    }
    let before = Effective::in_slot(s, slot).await?;
    if before
        .as_ref()
        .is_some_and(|before| before.stamp.hash == wanted.hash)
    {
        return Ok(MappingOutcome::AlreadyActive);
    }
    let under = before.as_ref().map(|before| before.number);
    put_choice(s, by, slot, MappingStep::Activated, &wanted.hash, under).await?;
    Ok(MappingOutcome::Activated {
        before: before.map(|before| before.stamp),
    })
}

async fn roll_back<S: Session>(
    s: &mut S,
    by: &str,
    slot: &Slot<'_>,
    reviewed_only: bool,
) -> Result<MappingOutcome, Error> {
    let Some(now) = Effective::in_slot(s, slot).await? else {
        return Ok(MappingOutcome::NothingBefore);
    };
    let Some(under) = now.under else {
        return Ok(MappingOutcome::NothingBefore);
    };
    let before = Effective::of(s, "e.number = ?", vec![under.into()])
        .await?
        .ok_or_else(|| Error::Database("an event that another names is not there".to_owned()))?;
    if reviewed_only && !is_reviewed(s, &before.stamp.hash).await? {
        return Ok(MappingOutcome::NotReviewed {
            mapping: before.stamp,
        });
    }
    // The event stands where the one that it goes back to stood, so that the next roll-back goes on
    // from there and never forward again.
    let (step, hash) = (MappingStep::RolledBack, &before.stamp.hash);
    put_choice(s, by, slot, step, hash, before.under).await?;
    Ok(MappingOutcome::RolledBack {
        from: now.stamp,
        to: before.stamp,
    })
}

async fn put_choice<S: Session>(
    s: &mut S,
    by: &str,
    slot: &Slot<'_>,
    step: MappingStep,
    package: &str,
    under: Option<i64>,
) -> Result<(), Error> {
    let part = Part::new(
        "INSERT INTO mapping_event (at, by, step, package, name, tenant, source, under)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
        [
            s.moment().into(),
            by.into(),
            step.as_str().into(),
            package.into(),
            slot.name.into(),
            slot.tenant.into(),
            slot.source.into(),
            under.into(),
        ],
    );
    s.execute(part).await?;
    Ok(())
}

/// The reviews of a content, the oldest first.
pub(crate) async fn reviews_of<S: Session>(
    s: &mut S,
    hash: &str,
) -> Result<Vec<MappingReview>, Error> {
    let part = Part::new(
        "SELECT reviewer, role, registration, date, note FROM mapping_review
         WHERE package = ? ORDER BY number",
        [hash.into()],
    );
    let mut reviews = Vec::new();
    for mut row in s.query(part).await? {
        reviews.push(MappingReview {
            reviewer: row.text()?,
            role: row.text()?,
            registration: row.opt_text()?,
            date: row.text()?,
            note: row.opt_text()?,
        });
    }
    Ok(reviews)
}

/// What is installed, by name and then in the order of installing.
pub(crate) async fn installed<S: Session>(s: &mut S) -> Result<Vec<InstalledMapping>, Error> {
    let part = Part::new(
        "SELECT p.name, p.version, p.hash, p.types, e.at, e.by
         FROM mapping_package p
         JOIN mapping_event e ON e.package = p.hash AND e.step = 'installed'
         ORDER BY p.name, e.number",
        [],
    );
    let mut installed = Vec::new();
    for mut row in s.query(part).await? {
        installed.push(InstalledMapping {
            stamp: stamp(&mut row)?,
            types: words(&row.text()?),
            installed: row.instant()?,
            by: row.text()?,
            reviews: Vec::new(),
        });
    }
    for one in &mut installed {
        one.reviews = reviews_of(s, &one.stamp.hash).await?;
    }
    Ok(installed)
}

fn words(text: &str) -> Vec<String> {
    text.split_whitespace().map(str::to_owned).collect()
}

/// A content with its files.
pub(crate) async fn package<S: Session>(
    s: &mut S,
    hash: &str,
) -> Result<Option<MappingPackage>, Error> {
    let part = Part::new(
        "SELECT name, version, hash, types FROM mapping_package WHERE hash = ?",
        [hash.into()],
    );
    let Some(mut head) = first(s, part).await? else {
        return Ok(None);
    };
    let (stamp, types) = (stamp(&mut head)?, words(&head.text()?));
    let part = Part::new(
        "SELECT f.path, b.content FROM mapping_file f JOIN mapping_blob b ON b.hash = f.blob
         WHERE f.package = ? ORDER BY f.path",
        [hash.into()],
    );
    let mut files = Vec::new();
    for mut row in s.query(part).await? {
        files.push(MappingFile {
            path: row.text()?,
            content: row.bytes()?,
        });
    }
    Ok(Some(MappingPackage {
        stamp,
        types,
        files,
    }))
}

/// What is active, of one tenant or of all.
pub(crate) async fn active<S: Session>(
    s: &mut S,
    tenant: Option<&Tenant>,
) -> Result<Vec<ActiveMapping>, Error> {
    let mut part = Part::new(
        "SELECT t.name, e.source, p.name, p.version, p.hash, e.at, e.by
         FROM mapping_event e
         JOIN mapping_package p ON p.hash = e.package
         JOIN tenant t ON t.no = e.tenant
         WHERE e.number = (
           SELECT max(l.number) FROM mapping_event l
           WHERE l.tenant = e.tenant AND l.source IS NOT DISTINCT FROM e.source
             AND l.name = e.name)",
        [],
    );
    if let Some(tenant) = tenant {
        part.add(" AND t.name = ?", [tenant.as_str().into()]);
    }
    part.add(" ORDER BY t.name, p.name, e.source NULLS FIRST", []);
    let mut active = Vec::new();
    for mut row in s.query(part).await? {
        active.push(ActiveMapping {
            tenant: Tenant::new(row.text()?),
            source: row.opt_text()?,
            stamp: stamp(&mut row)?,
            since: row.instant()?,
            by: row.text()?,
        });
    }
    Ok(active)
}

/// Everything that happened, the oldest first.
pub(crate) async fn events<S: Session>(s: &mut S) -> Result<Vec<MappingEvent>, Error> {
    let part = Part::new(
        "SELECT e.number, e.at, e.by, e.step, p.name, p.version, p.hash, t.name, e.source
         FROM mapping_event e
         JOIN mapping_package p ON p.hash = e.package
         LEFT JOIN tenant t ON t.no = e.tenant
         ORDER BY e.number",
        [],
    );
    let mut events = Vec::new();
    for mut row in s.query(part).await? {
        events.push(MappingEvent {
            number: row.count()?,
            at: row.instant()?,
            by: row.text()?,
            step: MappingStep::from_word(&row.text()?)
                .ok_or_else(|| Error::Database("a step of a mapping is unknown".to_owned()))?,
            stamp: stamp(&mut row)?,
            tenant: row.opt_text()?.map(Tenant::new),
            source: row.opt_text()?,
        });
    }
    Ok(events)
}

/// The tenants, and in each the mappings by which anything was stored: a refused submission stored
/// nothing, and one that was cut short may have.
pub(crate) async fn used<S: Session>(s: &mut S) -> Result<Vec<UsedMapping>, Error> {
    let mut used = Vec::new();
    let tenants = Part::new("SELECT no, name FROM tenant ORDER BY name", []);
    for mut tenant in s.query(tenants).await? {
        let (number, name) = (tenant.int()?, tenant.text()?);
        s.enter(number).await?;
        let part = Part::new(
            "SELECT m.mapping_name, m.mapping_version, m.mapping_hash, count(*),
               EXISTS (SELECT 1 FROM mapping_review r WHERE r.package = m.mapping_hash)
             FROM submission m WHERE m.tenant = ? AND m.state <> 'refused'
             GROUP BY m.mapping_name, m.mapping_version, m.mapping_hash
             ORDER BY m.mapping_name, m.mapping_version, m.mapping_hash",
            [number.into()],
        );
        for mut row in s.query(part).await? {
            used.push(UsedMapping {
                tenant: Tenant::new(name.as_str()),
                stamp: stamp(&mut row)?,
                submissions: row.count()?,
                reviewed: row.flag()?,
            });
        }
    }
    Ok(used)
}
