//! Strings, codes, ids and base64.

use super::Malformed;

/// `string` and `markdown` end here (R4: 1024 * 1024 characters).
const MAX_STRING: usize = 1024 * 1024;

pub(super) fn string(text: &str) -> Result<(), Malformed> {
    if text.is_empty() {
        return Err(Malformed("is empty: leave the element out instead"));
    }
    // The usual case in one pass over bytes: printable ASCII with something in it.
    let bytes = text.as_bytes();
    if bytes.len() <= MAX_STRING
        && bytes.iter().all(|b| (0x20..0x7F).contains(b))
        && bytes.iter().any(|b| *b != b' ')
    {
        return Ok(());
    }
    let mut visible = false;
    for c in text.chars() {
        if (c < ' ' && !matches!(c, '\t' | '\n' | '\r')) || matches!(c, '\u{FFFE}' | '\u{FFFF}') {
            return Err(Malformed("holds a control character"));
        }
        visible |= !c.is_whitespace();
    }
    if !visible {
        return Err(Malformed(
            "holds only white space: leave the element out instead",
        ));
    }
    if text.len() > MAX_STRING && text.chars().count() > MAX_STRING {
        return Err(Malformed("is longer than 1,048,576 characters"));
    }
    Ok(())
}

/// No white space at either end, and only single white space between.
pub(super) fn code(text: &str) -> Result<(), Malformed> {
    let mut after_space = true;
    for c in text.chars() {
        let space = c.is_whitespace();
        if space && after_space {
            return Err(Malformed(
                "is not a code: white space at an end, or twice in a row",
            ));
        }
        if c < ' ' && !space {
            return Err(Malformed("holds a control character"));
        }
        after_space = space;
    }
    match (text.is_empty(), after_space) {
        (true, _) => Err(Malformed("is empty: leave the element out instead")),
        (false, true) => Err(Malformed(
            "is not a code: white space at an end, or twice in a row",
        )),
        (false, false) => Ok(()),
    }
}

pub(super) fn id(text: &str) -> Result<(), Malformed> {
    if text.is_empty() || text.len() > 64 {
        return Err(Malformed("is not an id: 1 to 64 characters"));
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if text.bytes().all(allowed) {
        Ok(())
    } else {
        Err(Malformed(
            "is not an id: only letters A to Z, digits, hyphen and full stop",
        ))
    }
}

/// RFC 4648 base64 with optional white space anywhere between groups.
pub(super) fn base64(text: &str) -> Result<(), Malformed> {
    let mut symbols = 0usize;
    let mut padding = 0usize;
    for byte in text.bytes() {
        match byte {
            b' ' | b'\t' | b'\r' | b'\n' => {}
            b'=' => padding += 1,
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'+' | b'/' if padding == 0 => symbols += 1,
            _ => return Err(Malformed("is not base64")),
        }
    }
    if symbols == 0 || padding > 2 || !(symbols + padding).is_multiple_of(4) {
        return Err(Malformed("is not base64: its length or padding is wrong"));
    }
    Ok(())
}
