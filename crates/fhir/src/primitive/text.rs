//! Strings, codes, ids and base64.

use super::Malformed;

/// `string` and `markdown` end here (R4: 1024 * 1024 characters).
const MAX_STRING: usize = 1024 * 1024;

/// Whether all bytes are printable ASCII from `first` on (a space, or what follows it), as those of
/// nearly all texts are. It looks at every byte, which is faster than to stop at one that is not.
pub(super) fn is_ascii_from(first: u8, text: &str) -> bool {
    text.bytes().fold(true, |all, byte| {
        all & (byte.wrapping_sub(first) < 0x7F - first)
    })
}

pub(super) fn string(text: &str) -> Result<(), Malformed> {
    if is_usual(text) {
        return Ok(());
    }
    markdown(text)?;
    // R4's pattern of a string has white space only as space, tab and line ends.
    if text.contains(['\u{b}', '\u{c}']) {
        return Err(Malformed("holds a control character"));
    }
    Ok(())
}

/// A text of the usual kind: not empty, not too long, and of printable ASCII.
fn is_usual(text: &str) -> bool {
    (1..=MAX_STRING).contains(&text.len()) && is_ascii_from(b' ', text)
}

pub(super) fn markdown(text: &str) -> Result<(), Malformed> {
    if is_usual(text) {
        return Ok(());
    }
    if text.is_empty() {
        return Err(Malformed("is empty: leave the element out instead"));
    }
    // R4 lets control characters through and advises against them (see `advice`); nothing good ever
    // came of a NUL.
    if text.contains('\0') {
        return Err(Malformed("holds a control character"));
    }
    if text.len() > MAX_STRING && text.chars().count() > MAX_STRING {
        return Err(Malformed("is longer than 1,048,576 characters"));
    }
    Ok(())
}

const WHITE_SPACE: Malformed = Malformed("holds nothing but white space");

/// What R4 advises against in a text, though it allows it: characters that XML cannot carry, and
/// nothing but white space, which XML may lose altogether.
pub(super) fn advice(text: &str) -> Option<Malformed> {
    if is_ascii_from(b' ', text) {
        let is_space = text.bytes().all(|byte| byte == b' ');
        return is_space.then_some(WHITE_SPACE);
    }
    if crate::xml::text::invalid_character(text).is_some() {
        return Some(Malformed(
            "holds a control character, so the resource cannot be written as XML",
        ));
    }
    text.chars().all(char::is_whitespace).then_some(WHITE_SPACE)
}

/// The same for white space at an end, which XML may lose.
pub(super) fn advice_on_ends(text: &str) -> Option<Malformed> {
    let ends = [text.chars().next(), text.chars().next_back()];
    ends.iter()
        .flatten()
        .any(|c| c.is_whitespace())
        .then_some(Malformed("begins or ends with white space"))
}

/// No white space but single spaces, and these at neither end.
pub(super) fn code(text: &str) -> Result<(), Malformed> {
    if is_ascii_from(b'!', text) && !text.is_empty() {
        return Ok(());
    }
    let mut after_space = true;
    for c in text.chars() {
        let space = c == ' ';
        if (space && after_space) || (c.is_whitespace() && !space) {
            return Err(Malformed(
                "is not a code: white space at an end, twice in a row, or other than a space",
            ));
        }
        if c < ' ' {
            return Err(Malformed("holds a control character"));
        }
        after_space = space;
    }
    match (text.is_empty(), after_space) {
        (true, _) => Err(Malformed("is empty: leave the element out instead")),
        (false, true) => Err(Malformed(
            "is not a code: white space at an end, twice in a row, or other than a space",
        )),
        (false, false) => Ok(()),
    }
}

pub(super) fn id(text: &str) -> Result<(), Malformed> {
    if text.is_empty() || text.len() > 64 {
        return Err(Malformed("is not an id: 1 to 64 characters"));
    }
    let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'.';
    if text.bytes().fold(true, |all, byte| all & allowed(byte)) {
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
