//! Looking through a workbook's container before anything interprets it.

use std::io::{self, BufReader, Read};

use diagnostics::{InputPlace, Issue, IssueType};
use zip::ZipArchive;
use zip::result::ZipError;

use crate::input::Input;
use crate::text::{empty, fill, unreadable, wrong_format};
use crate::{codes, limits, sniff};

/// The longest text without any markup in it. A cell of a workbook has at most 32,767 characters.
const TEXT_BYTES: u64 = 16 << 20;

/// Makes sure that an input is a workbook that can be unpacked whole and within the limits: every
/// part that will be read is unpacked once and its checksum compared, so that a truncated file is
/// found before its first row is used.
pub(super) fn check(input: &Input, place: &InputPlace) -> Result<(), Vec<Issue>> {
    let failed = |error: io::Error| vec![unreadable(&error, place.clone())];
    let mut reader = input.open().map_err(failed)?;
    let mut head = vec![0; sniff::HEAD];
    let length = fill(&mut *reader, &mut head).map_err(failed)?;
    head.truncate(length);
    if head.is_empty() {
        return Err(vec![empty(place.clone())]);
    }
    if head.starts_with(b"\xD0\xCF\x11\xE0") {
        return Err(vec![compound(input, place)]);
    }
    if !head.starts_with(b"PK") {
        let found = sniff::kind(&head)
            .or_else(|| sniff::markup(&String::from_utf8_lossy(&head)))
            .unwrap_or("not an Excel workbook, perhaps a text file");
        return Err(vec![wrong_format(found, "XLSX", place.clone())]);
    }
    let size = input.len().map_err(failed)?;
    let reader = BufReader::new(input.open().map_err(failed)?);
    let mut archive =
        ZipArchive::new(reader).map_err(|error| vec![archive_issue(&error, place)])?;
    let count = archive.len();
    if count > limits::WORKBOOK_PARTS {
        return Err(vec![bomb(place)]);
    }
    let mut names = Vec::with_capacity(count);
    for name in archive.file_names() {
        names.push(
            name.map_err(|error| vec![archive_issue(&error, place)])?
                .into_owned(),
        );
    }
    if let Some(found) = other_container(&names) {
        return Err(vec![wrong_format(found, "XLSX", place.clone())]);
    }
    let mut weight = Weight {
        packed: size,
        ..Weight::default()
    };
    for (index, name) in names.iter().enumerate() {
        let name = name.to_ascii_lowercase();
        // Pictures and the like are never unpacked.
        if !name.ends_with(".xml") && !name.ends_with(".rels") {
            continue;
        }
        let mut part = archive
            .by_index(index)
            .map_err(|error| vec![archive_issue(&error, place)])?;
        weight.held_in_memory = !name.contains("/worksheets/");
        unpack(&mut part, &mut weight).map_err(|problem| {
            vec![match problem {
                Problem::TooLarge => bomb(place),
                Problem::Damaged => truncated(place),
            }]
        })?;
    }
    Ok(())
}

enum Problem {
    TooLarge,
    Damaged,
}

#[derive(Default)]
struct Weight {
    packed: u64,
    total: u64,
    memory: u64,
    held_in_memory: bool,
}

fn unpack(part: &mut impl Read, weight: &mut Weight) -> Result<(), Problem> {
    let mut buffer = vec![0; 64 << 10];
    let mut run = 0_u64;
    loop {
        let length = part.read(&mut buffer).map_err(|_| Problem::Damaged)?;
        let Some(chunk) = buffer.get(..length).filter(|chunk| !chunk.is_empty()) else {
            return Ok(());
        };
        weight.total += length as u64;
        if weight.held_in_memory {
            weight.memory += length as u64;
        }
        for piece in chunk.split_inclusive(|byte| *byte == b'<') {
            run += piece.len() as u64;
            if run > TEXT_BYTES {
                return Err(Problem::TooLarge);
            }
            if piece.ends_with(b"<") {
                run = 0;
            }
        }
        let ratio = weight.total / weight.packed.max(1);
        let swollen = weight.total > limits::WORKBOOK_RATIO_FROM && ratio > limits::WORKBOOK_RATIO;
        if weight.total > limits::WORKBOOK_BYTES
            || weight.memory > limits::WORKBOOK_MEMORY_BYTES
            || swollen
        {
            return Err(Problem::TooLarge);
        }
    }
}

/// What a ZIP archive holds when it is not an XLSX workbook.
fn other_container(names: &[String]) -> Option<&'static str> {
    let has = |prefix: &str| {
        names.iter().any(|name| {
            name.trim_start_matches('/')
                .to_ascii_lowercase()
                .starts_with(prefix)
        })
    };
    if has("xl/workbook.bin") {
        Some("a binary Excel workbook (.xlsb)")
    } else if has("xl/") {
        None
    } else if has("word/") {
        Some("a Word document")
    } else if has("ppt/") {
        Some("a PowerPoint presentation")
    } else if has("content.xml") && has("meta-inf/") {
        Some("an OpenDocument file")
    } else if has("_rels/.rels") {
        // A workbook may keep its parts elsewhere; its own package says where.
        None
    } else {
        Some("a ZIP archive, not an Excel workbook")
    }
}

/// The container of old workbooks, and of new ones that a password protects.
fn compound(input: &Input, place: &InputPlace) -> Issue {
    let encrypted = input.open().is_ok_and(|reader| {
        let mut bytes = Vec::new();
        let name: Vec<u8> = "EncryptedPackage"
            .encode_utf16()
            .flat_map(u16::to_le_bytes)
            .collect();
        // Its directory may lie anywhere; a workbook beyond this size is called an old one.
        let read = reader.take(32 << 20).read_to_end(&mut bytes).is_ok();
        read && bytes.windows(name.len()).any(|window| window == name)
    });
    if encrypted {
        return password(place);
    }
    wrong_format("an old Excel workbook (.xls)", "XLSX", place.clone())
}

fn password(place: &InputPlace) -> Issue {
    Issue::error(
        codes::ENCRYPTED,
        IssueType::NotSupported,
        "the workbook is protected by a password, so it cannot be read",
    )
    .help("remove the password (File, Info, Protect Workbook) and send it by a protected way")
    .at_input(place.clone())
}

fn archive_issue(error: &ZipError, place: &InputPlace) -> Issue {
    match error {
        ZipError::UnsupportedArchive(reason) if *reason == ZipError::PASSWORD_REQUIRED => {
            password(place)
        }
        _ => truncated(place),
    }
}

fn truncated(place: &InputPlace) -> Issue {
    Issue::error(
        codes::BAD_WORKBOOK,
        IssueType::Incomplete,
        "the workbook is truncated or damaged: its container cannot be unpacked whole",
    )
    .help("send it again; if it still happens, open it, save it under a new name and send that")
    .at_input(place.clone())
}

fn bomb(place: &InputPlace) -> Issue {
    Issue::error(
        codes::BOMB,
        IssueType::TooLong,
        format!(
            "the workbook is larger, once unpacked, than is allowed ({} MiB in all, {} MiB of texts and styles, {} times its packed size)",
            limits::WORKBOOK_BYTES >> 20,
            limits::WORKBOOK_MEMORY_BYTES >> 20,
            limits::WORKBOOK_RATIO
        ),
    )
    .help("export fewer people in one workbook, or export as CSV")
    .at_input(place.clone())
}
