//! The NHS dictionary of medicines and devices: the XML files of a weekly release
//! (`f_vmp2_….xml` and so on; NHSBSA, dm+d Technical Specification).

use std::collections::HashSet;
use std::io::BufRead;

use diagnostics::Issue;
use quick_xml::Reader;
use quick_xml::events::Event;

use super::compile::{Found, LeftOut};
use super::draft::{Draft, Listed};
use super::input::Entry;
use super::{ACTIVE, Class, DMD};
use crate::sctid;

/// A record of a file: its element, the element of its identifier, and its class.
const RECORDS: [(&str, &str, &str, Class); 6] = [
    ("f_vtm", "VTM", "VTMID", Class::Vtm),
    ("f_vmp", "VMP", "VPID", Class::Vmp),
    ("f_amp", "AMP", "APID", Class::Amp),
    ("f_vmpp", "VMPP", "VPPID", Class::Vmpp),
    ("f_ampp", "AMPP", "APPID", Class::Ampp),
    ("f_ingredient", "ING", "ISID", Class::Ingredient),
];

/// Longer than any text in a record that matters here.
const MAX_TEXT: usize = 4096;

fn kind(name: &str) -> Option<(&'static str, &'static str, Class)> {
    let name = name.to_ascii_lowercase();
    let stem = name.strip_suffix(".xml")?;
    let stem = stem.trim_end_matches(|c: char| c.is_ascii_digit() || c == '_');
    RECORDS
        .iter()
        .find(|(file, ..)| *file == stem)
        .map(|&(_, record, id, class)| (record, id, class))
}

/// Whether a file is one of dm+d's.
pub fn is_part(entry: &Entry) -> bool {
    kind(&entry.name).is_some()
}

struct Record {
    id: u64,
    class: Class,
    is_invalid: bool,
    names: Vec<String>,
}

/// Reads a release.
pub fn read(entries: &[Entry], left_out: &mut LeftOut) -> Result<Draft, Box<Issue>> {
    let mut records = Vec::new();
    for entry in entries {
        if let Some((record, id, class)) = kind(&entry.name) {
            entry.read(|bytes| {
                records_of(entry, bytes, (record, id, class), left_out, &mut records)
            })?;
        }
    }
    // Some ten thousand entries with a line of text each: they fit into memory.
    let listed = records
        .iter()
        .map(|record| Listed {
            id: record.id,
            date: 0,
            mark: record.class as u8 | if record.is_invalid { 0 } else { ACTIVE },
        })
        .collect();
    let mut draft = Draft::new(DMD, listed).map_err(|error| Found::spool(&error))?;
    let mut sources = HashSet::new();
    for entry in entries.iter().filter(|entry| is_part(entry)) {
        if sources.insert(&entry.name) {
            draft.source(&entry.name);
        }
    }
    for record in &records {
        let Some(place) = draft.place(record.id) else {
            continue;
        };
        // The last is the fullest: the description of an actual product names its supplier.
        for (rank, name) in (1_u8..).zip(&record.names) {
            draft
                .name(place, name, rank)
                .map_err(|error| Found::spool(&error))?;
        }
    }
    Ok(draft)
}

fn records_of(
    entry: &Entry,
    bytes: &mut dyn BufRead,
    (record_name, id_name, class): (&str, &str, Class),
    left_out: &mut LeftOut,
    into: &mut Vec<Record>,
) -> Result<(), Box<Issue>> {
    let mut reader = Reader::from_reader(bytes);
    let mut buffer = Vec::new();
    let mut record: Option<(Option<u64>, bool, [String; 2])> = None;
    let mut field: Option<String> = None;
    let mut text = String::new();
    let mut depth = 0_usize;
    loop {
        buffer.clear();
        let event = reader
            .read_event_into(&mut buffer)
            .map_err(|error| entry.unreadable(&error.to_string()))?;
        match event {
            Event::Start(start) => {
                if record.is_some() {
                    depth += 1;
                    if depth == 1 {
                        field = Some(start.name().as_ref().to_owned());
                        text.clear();
                    }
                } else if start.name().as_ref() == record_name {
                    record = Some((None, false, Default::default()));
                    depth = 0;
                }
            }
            Event::Text(found) if field.is_some() && text.len() < MAX_TEXT => {
                text.push_str(&found);
            }
            Event::CData(found) if field.is_some() && text.len() < MAX_TEXT => {
                text.push_str(&found);
            }
            Event::GeneralRef(found) if field.is_some() && text.len() < MAX_TEXT => {
                match found.resolve_char_ref() {
                    Ok(Some(character)) => text.push(character),
                    _ => text.push_str(
                        quick_xml::escape::resolve_predefined_entity(&found)
                            .ok_or_else(|| entry.unreadable("it has an entity of its own"))?,
                    ),
                }
            }
            Event::End(_) => {
                if let Some((id, is_invalid, names)) = &mut record {
                    if depth == 0 {
                        let [name, description] = std::mem::take(names);
                        match id {
                            Some(id) => into.push(Record {
                                id: *id,
                                class,
                                is_invalid: *is_invalid,
                                names: [name, description]
                                    .into_iter()
                                    .filter(|name| !name.is_empty())
                                    .collect(),
                            }),
                            None => left_out.count(&entry.name, reader.buffer_position()),
                        }
                        record = None;
                    } else {
                        depth -= 1;
                        if depth == 0
                            && let Some(field) = field.take()
                        {
                            let value = text.trim();
                            let [name, description] = names;
                            if field == id_name {
                                *id = sctid::concept(value);
                            } else {
                                match field.as_str() {
                                    "INVALID" => *is_invalid = value == "1",
                                    "NM" => value.clone_into(name),
                                    "DESC" if class == Class::Amp => value.clone_into(description),
                                    _ => {}
                                }
                            }
                        }
                    }
                }
            }
            Event::Eof if record.is_some() => return Err(entry.unreadable("it is cut short")),
            Event::Eof => return Ok(()),
            _ => {}
        }
    }
}
