//! Language tags: RFC 5646 section 2.1 (BCP 47).

use crate::Membership;

/// The two-letter languages of the register (ISO 639-1).
const TWO_LETTERS: &str = "\
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv \
dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig \
ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt \
lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt \
qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to \
tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// Tags that were registered before the grammar was.
const GRANDFATHERED: &[&str] = &[
    "en-gb-oed",
    "i-ami",
    "i-bnn",
    "i-default",
    "i-enochian",
    "i-hak",
    "i-klingon",
    "i-lux",
    "i-mingo",
    "i-navajo",
    "i-pwn",
    "i-tao",
    "i-tay",
    "i-tsu",
    "sgn-be-fr",
    "sgn-be-nl",
    "sgn-ch-de",
    "art-lojban",
    "cel-gaulish",
    "no-bok",
    "no-nyn",
    "zh-guoyu",
    "zh-hakka",
    "zh-min",
    "zh-min-nan",
    "zh-xiang",
];

/// A well-formed tag is in; one whose two-letter language is not registered is not decided.
pub fn accepts(code: &str) -> Membership {
    if GRANDFATHERED
        .iter()
        .any(|known| known.eq_ignore_ascii_case(code))
    {
        return Membership::In;
    }
    if !is_well_formed(code) {
        return Membership::Out;
    }
    let language = code.split('-').next().unwrap_or(code);
    let is_registered = language.len() != 2
        || TWO_LETTERS
            .split(' ')
            .any(|known| known.eq_ignore_ascii_case(language));
    if is_registered {
        Membership::In
    } else {
        Membership::Unknown
    }
}

fn is_well_formed(code: &str) -> bool {
    let mut parts = code.split('-').peekable();
    if parts
        .peek()
        .is_some_and(|first| first.eq_ignore_ascii_case("x"))
    {
        return is_private(parts);
    }
    let Some(language) = parts.next() else {
        return false;
    };
    if !is_alpha(language, 2, 8) {
        return false;
    }
    if language.len() <= 3 {
        let mut extended = 0;
        while extended < 3 && parts.next_if(|part| is_alpha(part, 3, 3)).is_some() {
            extended += 1;
        }
    }
    // Script, then region.
    let _ = parts.next_if(|part| is_alpha(part, 4, 4));
    let _ = parts.next_if(|part| is_alpha(part, 2, 2) || is_digits(part, 3));
    while parts.next_if(|part| is_variant(part)).is_some() {}
    while let Some(singleton) = parts.peek() {
        if singleton.eq_ignore_ascii_case("x") {
            return is_private(parts);
        }
        if singleton.len() != 1 || !is_alphanumeric(singleton, 1, 1) {
            return false;
        }
        parts.next();
        let mut length = 0;
        while parts.next_if(|part| is_alphanumeric(part, 2, 8)).is_some() {
            length += 1;
        }
        if length == 0 {
            return false;
        }
    }
    true
}

/// `x` and at least one part.
fn is_private<'p>(mut parts: impl Iterator<Item = &'p str>) -> bool {
    parts.next();
    let mut length = 0;
    for part in parts {
        if !is_alphanumeric(part, 1, 8) {
            return false;
        }
        length += 1;
    }
    length > 0
}

fn is_variant(part: &str) -> bool {
    is_alphanumeric(part, 5, 8)
        || (is_alphanumeric(part, 4, 4) && part.starts_with(|c: char| c.is_ascii_digit()))
}

fn is_alpha(part: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn is_alphanumeric(part: &str, least: usize, most: usize) -> bool {
    (least..=most).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

fn is_digits(part: &str, length: usize) -> bool {
    part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tags_of_the_rfc() {
        for good in [
            "en",
            "en-GB",
            "cy",
            "zh-Hant",
            "zh-cmn-Hans-CN",
            "sl-rozaj-biske",
            "de-CH-1901",
            "es-419",
            "sgn-GB",
            "bfi",
            "hy-Latn-IT-arevela",
            "en-US-u-islamcal",
            "x-whatever",
            "de-CH-x-phonebk",
            "i-klingon",
            "EN-gb",
        ] {
            assert_eq!(accepts(good), Membership::In, "{good}");
        }
    }

    #[test]
    fn what_is_no_tag() {
        for bad in [
            "",
            "q1",
            "q2",
            "q3",
            "q4",
            "q5",
            "e",
            "en_GB",
            "en GB",
            "English language",
            "en-",
            "-en",
            "de-419-DE",
            "a-DE",
            "en-u",
            "x",
            "x-",
        ] {
            assert_eq!(accepts(bad), Membership::Out, "{bad}");
        }
        assert_eq!(accepts("xx"), Membership::Unknown);
    }
}
