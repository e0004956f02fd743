//! Places in a list, sealed: a caller learns nothing from one, cannot make one, and cannot use one
//! that was given to somebody else or for another search.

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};
use store::Cursor;

/// A key of this process's own.
pub(crate) fn random_key() -> [u8; 32] {
    let mut hash = Sha256::new();
    for _ in 0..3 {
        hash.update(uuid::Uuid::new_v4().as_bytes());
    }
    hash.finalize().into()
}

fn mac(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut mac = match Hmac::<Sha256>::new_from_slice(key) {
        Ok(mac) => mac,
        // An HMAC takes keys of any length.
        Err(_) => return [0; 32],
    };
    for part in parts {
        mac.update(&(part.len() as u64).to_be_bytes());
        mac.update(part);
    }
    mac.finalize().into_bytes().into()
}

/// Seals a place for a caller and a search.
pub(crate) fn seal(key: &[u8; 32], caller: &str, search: &str, place: Cursor) -> String {
    seal_text(key, caller, search, &place.to_string())
}

/// Opens a seal; `None` when it was not made for this caller and this search with this key.
pub(crate) fn open(key: &[u8; 32], caller: &str, search: &str, sealed: &str) -> Option<Cursor> {
    open_text(key, caller, search, sealed)?.parse().ok()
}

/// Seals a place that is a text. The tag is made from all three and hides the place
/// (a synthetic nonce, as in SIV, RFC 5297): the same place for the same caller has one seal.
pub(crate) fn seal_text(key: &[u8; 32], caller: &str, search: &str, text: &str) -> String {
    let tag = tag(key, caller, search, text.as_bytes());
    let hidden = hide(key, &tag, text.as_bytes());
    tag.iter()
        .chain(&hidden)
        .map(|byte| format!("{byte:02x}"))
        .collect()
}

/// Opens what [`seal_text`] sealed.
pub(crate) fn open_text(
    key: &[u8; 32],
    caller: &str,
    search: &str,
    sealed: &str,
) -> Option<String> {
    if sealed.len() > 512 || !sealed.is_ascii() || !sealed.len().is_multiple_of(2) {
        return None;
    }
    let bytes: Vec<u8> = (0..sealed.len() / 2)
        .map(|at| u8::from_str_radix(sealed.get(at * 2..at * 2 + 2)?, 16).ok())
        .collect::<Option<_>>()?;
    let (tag_given, hidden) = bytes.split_at_checked(16)?;
    let text = hide(key, tag_given, hidden);
    let wanted = tag(key, caller, search, &text);
    // Every byte is compared, whichever differs first.
    let differs = wanted
        .iter()
        .zip(tag_given)
        .fold(0, |differs, (a, b)| differs | (a ^ b));
    if differs != 0 {
        return None;
    }
    String::from_utf8(text).ok()
}

fn tag(key: &[u8; 32], caller: &str, search: &str, text: &[u8]) -> Vec<u8> {
    let mac = mac(key, &[b"tag", caller.as_bytes(), search.as_bytes(), text]);
    mac.iter().take(16).copied().collect()
}

fn hide(key: &[u8; 32], tag: &[u8], text: &[u8]) -> Vec<u8> {
    let stream = (0_u64..).flat_map(|block| mac(key, &[b"hide", tag, &block.to_be_bytes()]));
    text.iter()
        .zip(stream)
        .map(|(byte, mask)| byte ^ mask)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn b2_a_place_opens_only_for_its_caller_and_its_search() {
        let key = random_key();
        let place: Cursor = "3-1f".parse().unwrap();
        let sealed = seal(&key, "gp", "Patient?a=b", place);
        assert_eq!(open(&key, "gp", "Patient?a=b", &sealed), Some(place));
        assert_eq!(open(&key, "other", "Patient?a=b", &sealed), None);
        assert_eq!(open(&key, "gp", "Patient?a=c", &sealed), None);
        assert_eq!(open(&random_key(), "gp", "Patient?a=b", &sealed), None);
        assert!(!sealed.contains("1f-") && !sealed.contains("3-1f"));
        for broken in [
            "",
            "zz",
            "00",
            &sealed[..sealed.len() - 2],
            &sealed.replace('a', "b"),
            "é€",
        ] {
            if broken != sealed {
                assert_eq!(open(&key, "gp", "Patient?a=b", broken), None);
            }
        }
    }
}
