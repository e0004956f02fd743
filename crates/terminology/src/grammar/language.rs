//! Language tags: RFC 5646 section 2.1 (BCP 47), read by `oxilangtag`.

use oxilangtag::LanguageTag;

use crate::Membership;

/// The two-letter languages of the register (ISO 639-1).
const TWO_LETTERS: &str = "\
aa ab ae af ak am an ar as av ay az ba be bg bh bi bm bn bo br bs ca ce ch co cr cs cu cv cy da de dv \
dz ee el en eo es et eu fa ff fi fj fo fr fy ga gd gl gn gu gv ha he hi ho hr ht hu hy hz ia id ie ig \
ii ik in io is it iu iw ja ji jv jw ka kg ki kj kk kl km kn ko kr ks ku kv kw ky la lb lg li ln lo lt \
lu lv mg mh mi mk ml mn mo mr ms mt my na nb nd ne ng nl nn no nr nv ny oc oj om or os pa pi pl ps pt \
qu rm rn ro ru rw sa sc sd se sg sh si sk sl sm sn so sq sr ss st su sv sw ta te tg th ti tk tl tn to \
tr ts tt tw ty ug uk ur uz ve vi vo wa wo xh yi yo za zh zu";

/// A well-formed tag is in; one whose two-letter language is not registered is not decided.
pub fn accepts(code: &str) -> Membership {
    if LanguageTag::parse(code).is_err() {
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
