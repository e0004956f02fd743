//! URIs, OIDs and UUIDs.

use super::Malformed;
use super::text::is_ascii_from;

/// R4 asks a uri only to hold no white space. It may be relative, and it is never fetched. A UUID or
/// an OID in it must be one.
pub(super) fn uri(text: &str) -> Result<(), Malformed> {
    if !text.starts_with(['u', 'o']) && !text.is_empty() && is_ascii_from(b'!', text) {
        return Ok(());
    }
    if text.starts_with("urn:uuid:") {
        let end = text.find(['|', '#', '?']).unwrap_or(text.len());
        return uuid(text.get(..end).unwrap_or(text));
    }
    if text.starts_with("urn:oid:") {
        let end = text.find(['|', '#', '?']).unwrap_or(text.len());
        return oid(text.get(..end).unwrap_or(text));
    }
    if text.starts_with("oid:") || text.starts_with("uuid:") {
        return Err(Malformed(
            "is not a URI: an OID begins with urn:oid: and a UUID with urn:uuid:",
        ));
    }
    if text.is_empty() {
        return Err(Malformed("is empty: leave the element out instead"));
    }
    if is_ascii_from(b'!', text) {
        return Ok(());
    }
    if text.chars().any(|c| c.is_whitespace() || c.is_control()) {
        return Err(Malformed("is not a URI: it holds white space"));
    }
    Ok(())
}

pub(super) fn oid(text: &str) -> Result<(), Malformed> {
    let malformed = Malformed("is not an OID: write urn:oid: and numbers with full stops between");
    let arcs = text.strip_prefix("urn:oid:").ok_or(malformed)?;
    let mut arcs = arcs.split('.');
    if !matches!(arcs.next(), Some("0" | "1" | "2")) {
        return Err(malformed);
    }
    let mut more = false;
    for arc in arcs {
        let digits = !arc.is_empty() && arc.bytes().all(|b| b.is_ascii_digit());
        if !digits || (arc.len() > 1 && arc.starts_with('0')) {
            return Err(malformed);
        }
        more = true;
    }
    if more { Ok(()) } else { Err(malformed) }
}

pub(super) fn uuid(text: &str) -> Result<(), Malformed> {
    let malformed =
        Malformed("is not a UUID: write urn:uuid: and 8-4-4-4-12 hexadecimal digits in lower case");
    let digits = text.strip_prefix("urn:uuid:").ok_or(malformed)?;
    let mut lengths = [8usize, 4, 4, 4, 12].into_iter();
    let mut groups = digits.split('-');
    loop {
        match (lengths.next(), groups.next()) {
            (None, None) => return Ok(()),
            (Some(length), Some(group))
                if group.len() == length
                    && group
                        .bytes()
                        .all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) => {}
            _ => return Err(malformed),
        }
    }
}
