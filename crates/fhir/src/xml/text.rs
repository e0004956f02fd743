//! Characters and references of XML 1.0.

use std::borrow::Cow;

/// Whether XML 1.0 can carry a character (<https://www.w3.org/TR/xml/#charsets>).
pub(crate) fn is_xml_char(c: char) -> bool {
    matches!(c, '\t' | '\n' | '\r' | '\u{20}'..='\u{D7FF}' | '\u{E000}'..='\u{FFFD}' | '\u{10000}'..)
}

/// The place of the first character that XML 1.0 cannot carry, in bytes.
pub(crate) fn invalid_character(text: &str) -> Option<usize> {
    // Bytes first: only a control character, or the two noncharacters (EF BF BE, EF BF BF), can be.
    let suspicious = |b: u8| b < 0x20 && !matches!(b, b'\t' | b'\n' | b'\r') || b == 0xEF;
    if !text.bytes().any(suspicious) {
        return None;
    }
    text.char_indices()
        .find(|(_, c)| !is_xml_char(*c))
        .map(|(at, _)| at)
}

/// Why a text with references cannot be decoded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct BadReference;

/// The text that a raw XML text stands for: the five entities of XML and character references are
/// resolved, every other entity is refused, and in an attribute white space is normalised as XML
/// asks.
pub(crate) fn decode(raw: &str, attribute: bool) -> Result<Cow<'_, str>, BadReference> {
    let plain = |b: u8| b != b'&' && b != b'<' && !matches!(b, b'\t' | b'\n' | b'\r');
    if raw.bytes().all(plain) {
        return Ok(Cow::Borrowed(raw));
    }
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find(['&', '<', '\t', '\n', '\r']) {
        let (before, found) = rest.split_at_checked(at).ok_or(BadReference)?;
        out.push_str(before);
        let mut after = found.chars();
        rest = match after.next() {
            Some('&') => {
                let (name, tail) = after.as_str().split_once(';').ok_or(BadReference)?;
                out.push(resolve(name)?);
                tail
            }
            Some('\r') => {
                // A line end is one character, however it is written.
                out.push(if attribute { ' ' } else { '\n' });
                let tail = after.as_str();
                tail.strip_prefix('\n').unwrap_or(tail)
            }
            Some(space @ ('\t' | '\n')) => {
                out.push(if attribute { ' ' } else { space });
                after.as_str()
            }
            _ => return Err(BadReference),
        };
    }
    out.push_str(rest);
    Ok(Cow::Owned(out))
}

fn resolve(name: &str) -> Result<char, BadReference> {
    match name {
        "amp" => return Ok('&'),
        "lt" => return Ok('<'),
        "gt" => return Ok('>'),
        "quot" => return Ok('"'),
        "apos" => return Ok('\''),
        _ => {}
    }
    let number = name.strip_prefix('#').ok_or(BadReference)?;
    let (digits, radix) = match number.strip_prefix('x') {
        Some(digits) => (digits, 16),
        None => (number, 10),
    };
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_hexdigit()) {
        return Err(BadReference);
    }
    u32::from_str_radix(digits, radix)
        .ok()
        .and_then(char::from_u32)
        .filter(|c| is_xml_char(*c))
        .ok_or(BadReference)
}

/// Appends a text as the value of an attribute in double quotes. White space that a reader would
/// turn into spaces is written as references, so that it survives.
pub(crate) fn encode_attribute(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\t' => out.push_str("&#9;"),
            '\n' => out.push_str("&#10;"),
            '\r' => out.push_str("&#13;"),
            c => out.push(c),
        }
    }
}
