//! SNOMED CT in Release Format 2: the snapshot files of concepts, descriptions, relationships,
//! simple reference sets and the language reference sets (SNOMED CT Release File Specification).

use std::collections::HashMap;
use std::io::BufRead;

use csv::{ByteRecord, ReaderBuilder};
use diagnostics::Issue;

use super::compile::{Found, LeftOut};
use super::draft::{Draft, Listed};
use super::input::Entry;
use super::{ACTIVE, SNOMED};

/// `is a`: what a relationship of the hierarchy says.
const IS_A: u64 = 116_680_003;
/// The type of a fully specified name.
const FULLY_SPECIFIED: u64 = 900_000_000_000_003_001;
/// The type of a synonym.
const SYNONYM: u64 = 900_000_000_000_013_009;
/// The acceptability of a preferred term.
const PREFERRED: u64 = 900_000_000_000_548_007;
/// Language reference sets whose preferred terms are shown, the best last: United States English,
/// Great Britain English, and those of the NHS for medicines and for all else.
const LANGUAGES: [u64; 4] = [
    900_000_000_000_509_007,
    900_000_000_000_508_004,
    999_000_691_000_001_104,
    999_001_261_000_000_100,
];

/// What a file of a release holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    Concepts,
    Descriptions,
    Relationships,
    Languages,
    ReferenceSets,
}

fn kind(name: &str) -> Option<Kind> {
    // A beta release puts an x before each name.
    let name = name.strip_prefix('x').unwrap_or(name);
    if !name.ends_with(".txt") || !name.contains("Snapshot") {
        return None;
    }
    [
        ("sct2_Concept_", Kind::Concepts),
        ("sct2_Description_", Kind::Descriptions),
        ("sct2_Relationship_", Kind::Relationships),
        ("der2_cRefset_Language", Kind::Languages),
        ("der2_Refset_", Kind::ReferenceSets),
    ]
    .into_iter()
    .find(|(prefix, _)| name.starts_with(prefix))
    .map(|(_, kind)| kind)
}

/// Whether a file is one of SNOMED CT's.
pub fn is_part(entry: &Entry) -> bool {
    kind(&entry.name).is_some()
}

/// Reads a release; of several given together the newest row of each concept counts.
pub fn read(entries: &[Entry], left_out: &mut LeftOut) -> Result<Draft, Box<Issue>> {
    let of = |wanted: Kind| {
        entries
            .iter()
            .filter(move |entry| kind(&entry.name) == Some(wanted))
    };
    let mut listed = Vec::new();
    for entry in of(Kind::Concepts) {
        rows(
            entry,
            ["id", "effectiveTime", "active"],
            left_out,
            |[id, date, active]| {
                listed.push(Listed {
                    id: number(id)?,
                    date: number(date).and_then(|date| u32::try_from(date).ok())?,
                    mark: if active == b"1" { ACTIVE } else { 0 },
                });
                Some(())
            },
        )?;
    }
    let mut draft = Draft::new(SNOMED, listed).map_err(|error| Found::spool(&error))?;
    for entry in entries.iter().filter(|entry| is_part(entry)) {
        draft.source(&entry.name);
    }
    for entry in of(Kind::Relationships) {
        rows(
            entry,
            ["active", "sourceId", "destinationId", "typeId"],
            left_out,
            |[active, source, destination, kind]| {
                if active == b"1" && number(kind)? == IS_A {
                    // One end may belong to an extension that was not given.
                    let child = draft.place(number(source)?)?;
                    let parent = draft.place(number(destination)?)?;
                    draft.parent(child, parent);
                }
                Some(())
            },
        )?;
    }
    for entry in of(Kind::ReferenceSets) {
        rows(
            entry,
            ["active", "refsetId", "referencedComponentId"],
            left_out,
            |[active, set, component]| {
                let set = number(set)?;
                draft.reference_set(set);
                // Descriptions may be members, too: they are no codes.
                if active == b"1"
                    && let Some(place) = draft.place(number(component)?)
                {
                    draft.member(set, place);
                }
                Some(())
            },
        )?;
    }
    let mut preferred: HashMap<u64, u8> = HashMap::new();
    for entry in of(Kind::Languages) {
        rows(
            entry,
            [
                "active",
                "refsetId",
                "referencedComponentId",
                "acceptabilityId",
            ],
            left_out,
            |[active, set, description, acceptability]| {
                if active == b"1" && number(acceptability)? == PREFERRED {
                    let set = number(set)?;
                    let rank = LANGUAGES.iter().position(|known| *known == set);
                    // Preferred in some other language is better than not at all.
                    let rank = rank.map_or(3, |rank| rank as u8 + 4);
                    let known = preferred.entry(number(description)?).or_default();
                    *known = rank.max(*known);
                }
                Some(())
            },
        )?;
    }
    let mut spool = Ok(());
    for entry in of(Kind::Descriptions) {
        rows(
            entry,
            ["id", "active", "conceptId", "typeId", "term"],
            left_out,
            |[id, active, concept, kind, term]| {
                if active != b"1" {
                    return Some(());
                }
                let place = draft.place(number(concept)?)?;
                let rank = match number(kind)? {
                    SYNONYM => preferred.get(&number(id)?).copied().unwrap_or(2),
                    FULLY_SPECIFIED => 1,
                    _ => return Some(()),
                };
                let term = std::str::from_utf8(term).ok()?;
                if spool.is_ok() {
                    spool = draft.name(place, term, rank);
                }
                Some(())
            },
        )?;
    }
    spool.map_err(|error| Found::spool(&error))?;
    Ok(draft)
}

fn number(field: &[u8]) -> Option<u64> {
    std::str::from_utf8(field).ok()?.parse().ok()
}

/// Goes through the rows of a file. `take` gets the columns asked for and says `None` of a row that
/// it can do nothing with: such rows are counted.
fn rows<const N: usize>(
    entry: &Entry,
    columns: [&str; N],
    left_out: &mut LeftOut,
    mut take: impl FnMut([&[u8]; N]) -> Option<()>,
) -> Result<(), Box<Issue>> {
    entry.read(|bytes: &mut dyn BufRead| {
        let mut reader = ReaderBuilder::new()
            .delimiter(b'\t')
            .quoting(false)
            .flexible(true)
            .from_reader(bytes);
        let header = reader
            .byte_headers()
            .map_err(|error| entry.unreadable(&error.to_string()))?;
        let mut places = [0; N];
        for (place, column) in places.iter_mut().zip(columns) {
            *place = header
                .iter()
                .position(|name| name == column.as_bytes())
                .ok_or_else(|| entry.unreadable(&format!("it has no column {column}")))?;
        }
        let mut record = ByteRecord::new();
        let mut line = 1_u64;
        loop {
            line += 1;
            match reader.read_byte_record(&mut record) {
                Ok(false) => return Ok(()),
                Ok(true) => {
                    let mut fields: [&[u8]; N] = [b""; N];
                    let mut is_whole = true;
                    for (field, place) in fields.iter_mut().zip(places) {
                        match record.get(place) {
                            Some(found) => *field = found,
                            None => is_whole = false,
                        }
                    }
                    if !is_whole || take(fields).is_none() {
                        left_out.count(&entry.name, line);
                    }
                }
                Err(error) => {
                    return Err(entry.unreadable(&format!("line {line}: {error}")));
                }
            }
        }
    })
}
