//! Hashes: of keys, to find records by; of contents, to tell whether two records say the same.

use std::borrow::Cow;
use std::hash::{DefaultHasher, Hash, Hasher};

use source::{RawCell, Row};

/// The hash of the parts of a key, each with its length.
pub(super) fn hash_parts(parts: &[Cow<'_, str>]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for part in parts {
        part.hash(&mut hasher);
    }
    hasher.finish()
}

/// The hash of a name that begins with whose it is.
pub(super) fn join_hash(person: u64, rest: u64) -> u64 {
    let mut hasher = DefaultHasher::new();
    (person, rest).hash(&mut hasher);
    hasher.finish()
}

/// The hash of a text.
pub(super) fn text_hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}

/// Feeds a raw cell into a hash.
pub(super) fn hash_cell(raw: &RawCell<'_>, hasher: &mut DefaultHasher) {
    match raw {
        RawCell::Missing => 0_u8.hash(hasher),
        RawCell::Text(text)
        | RawCell::Number(text)
        | RawCell::Rounded(text)
        | RawCell::Error(text) => {
            1_u8.hash(hasher);
            text.trim().hash(hasher);
        }
        RawCell::Bool(truth) => (2_u8, truth).hash(hasher),
        RawCell::Date(date) => (3_u8, date.year(), date.month(), date.day()).hash(hasher),
        RawCell::DateTime(moment) => (4_u8, moment.to_string()).hash(hasher),
        RawCell::Time(time) => (5_u8, time.to_string()).hash(hasher),
        RawCell::Items(items) => {
            6_u8.hash(hasher);
            for item in *items {
                item.to_string().hash(hasher);
            }
        }
        RawCell::Object => 7_u8.hash(hasher),
    }
}

/// The hash of one cell; 0 for a blank one.
pub(super) fn cell_hash(row: &Row<'_>, column: usize) -> u32 {
    let raw = row.raw(column);
    if matches!(raw, RawCell::Missing) {
        return 0;
    }
    let mut hasher = DefaultHasher::new();
    hash_cell(&raw, &mut hasher);
    narrow(hasher.finish()).max(1)
}

/// The hash of some cells of a record, and of a text that belongs to it.
pub(super) fn row_hash(
    row: &Row<'_>,
    columns: &[usize],
    above: &[(u8, usize)],
    item: Option<&str>,
) -> u32 {
    let mut hasher = DefaultHasher::new();
    for &column in columns {
        hash_cell(&row.raw(column), &mut hasher);
    }
    for &(up, column) in above {
        let mut at = Some(row);
        for _ in 0..up {
            at = at.and_then(Row::parent);
        }
        if let Some(at) = at {
            hash_cell(&at.raw(column), &mut hasher);
        }
    }
    item.hash(&mut hasher);
    narrow(hasher.finish())
}

#[allow(clippy::cast_possible_truncation)]
fn narrow(hash: u64) -> u32 {
    (hash ^ (hash >> 32)) as u32
}
