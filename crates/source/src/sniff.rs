//! Telling by its first bytes that a file is something else than it was taken for.

/// How many bytes are looked at.
pub(crate) const HEAD: usize = 4096;

/// What a file is by its first bytes, when that is neither text nor a table of it. The words fit
/// after "this is".
pub(crate) fn kind(head: &[u8]) -> Option<&'static str> {
    let magic: [(&[u8], &'static str); 9] = [
        (b"PK\x03\x04", "a ZIP archive or an Excel workbook (.xlsx)"),
        (b"PK\x05\x06", "an empty ZIP archive"),
        (b"%PDF", "a PDF document"),
        (
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1",
            "an old Excel workbook (.xls) or a workbook protected by a password",
        ),
        (b"\x1F\x8B", "a gzip archive"),
        (b"Rar!", "a RAR archive"),
        (b"7z\xBC\xAF", "a 7-Zip archive"),
        (b"\x89PNG", "an image"),
        (b"\xFF\xD8\xFF", "an image"),
    ];
    magic
        .iter()
        .find(|(bytes, _)| head.starts_with(bytes))
        .map(|(_, words)| *words)
}

/// What a text is by its beginning, when that is another format.
pub(crate) fn markup(text: &str) -> Option<&'static str> {
    let text = text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']);
    let begins = |with: &str| {
        text.get(..with.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(with))
    };
    if begins("<!doctype html") || begins("<html") {
        Some("an HTML page")
    } else if begins("<?xml") || begins("<!doctype") {
        Some("an XML document")
    } else if begins("{\\rtf") {
        Some("an RTF document")
    } else if begins("MSH|") {
        Some("an HL7 v2 message")
    } else {
        None
    }
}

/// Whether a text begins as a JSON object or array does. A CSV header hardly ever does.
pub(crate) fn looks_like_json(text: &str) -> bool {
    let text = text.trim_start_matches(['\u{FEFF}', ' ', '\t', '\r', '\n']);
    let after = |open: char| text.strip_prefix(open).map(str::trim_start);
    after('{').is_some_and(|rest| rest.starts_with(['"', '}']))
        || after('[').is_some_and(|rest| rest.starts_with(['{', '[', ']', '"']))
}

/// Whether bytes are no text at all: many control characters.
pub(crate) fn is_binary(head: &[u8]) -> bool {
    let control = head
        .iter()
        .filter(|b| matches!(b, 0x00..=0x08 | 0x0B | 0x0E..=0x19 | 0x1B..=0x1F | 0x7F))
        .count();
    control * 20 > head.len()
}
