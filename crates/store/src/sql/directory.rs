//! Who is known, as operators record it: a list of changes that only grows.

use super::record::micros;
use super::{Part, Record, Session, first};
use crate::{DirectoryChange, DirectoryRow, Error};

/// Writes a change; its number. Only a writer may.
pub(crate) async fn record<S: Session>(s: &mut S, change: &DirectoryChange) -> Result<u64, Error> {
    let part = Part::new(
        "INSERT INTO directory_change (at, by, kind, name, content)
         VALUES (?, ?, ?, ?, ?) RETURNING number",
        [
            micros(change.at).into(),
            (&change.by).into(),
            (&change.kind).into(),
            (&change.key).into(),
            (&change.content).into(),
        ],
    );
    let row = first(s, part).await?;
    row.ok_or_else(|| Error::Database("a change was not written".to_owned()))?
        .count()
}

const CHANGE: &str =
    "SELECT d.number, d.at, d.by, d.kind, d.name, d.content FROM directory_change d";

/// The last change of every entry.
pub(crate) async fn current<S: Session>(s: &mut S) -> Result<Vec<DirectoryRow>, Error> {
    let sql = format!(
        "{CHANGE} WHERE NOT EXISTS (SELECT 1 FROM directory_change later
           WHERE later.kind = d.kind AND later.name = d.name AND later.number > d.number)
         ORDER BY d.kind, d.name"
    );
    rows(s, Part::new(sql, [])).await
}

/// Every change of an entry, the oldest first.
pub(crate) async fn history<S: Session>(
    s: &mut S,
    kind: &str,
    key: &str,
) -> Result<Vec<DirectoryRow>, Error> {
    let sql = format!("{CHANGE} WHERE d.kind = ? AND d.name = ? ORDER BY d.number");
    rows(s, Part::new(sql, [kind.into(), key.into()])).await
}

/// The number of the last change of all.
pub(crate) async fn number<S: Session>(s: &mut S) -> Result<u64, Error> {
    let part = Part::new("SELECT coalesce(max(number), 0) FROM directory_change", []);
    match first(s, part).await? {
        Some(mut row) => row.count(),
        None => Ok(0),
    }
}

async fn rows<S: Session>(s: &mut S, part: Part) -> Result<Vec<DirectoryRow>, Error> {
    let rows = s.query(part).await?;
    rows.into_iter().map(row).collect()
}

fn row(mut row: Record) -> Result<DirectoryRow, Error> {
    Ok(DirectoryRow {
        number: row.count()?,
        change: DirectoryChange {
            at: row.instant()?,
            by: row.text()?,
            kind: row.text()?,
            key: row.text()?,
            content: row.opt_text()?,
        },
    })
}
