//! How primitive values are written.

use json::{Number, Object, Value};

use super::edit::{Change, Mutant};
use super::{Base, Places, World};
use crate::Seeded;
use crate::grow::capital;

/// An extension of Causeway's own that takes a value of any type.
pub const ANY_VALUE: &str = "https://causeway.test/StructureDefinition/any-value";

/// Values of one primitive type that are wrong, and some that only look so.
pub fn of(
    type_code: &'static str,
    _: &World<'_>,
    base: &Base,
    places: &Places,
    seeded: &mut Seeded,
) -> Vec<Mutant> {
    let mut found = Vec::new();
    let texts = texts(type_code);
    for member in &places.members {
        if &*member.of_type.code != type_code || member.element().fixed.is_some() {
            continue;
        }
        if let Some(&text) = seeded.pick(texts) {
            let rule = format!("{text}@member");
            found.push(Mutant::set(
                &rule,
                text,
                &member.first(),
                written(type_code, text),
            ));
        }
    }
    // Elements of some types are rare; an extension can have any.
    if base.resource.get("extension").is_none()
        && places.sites.first().is_some_and(has_extension)
        && let Some(&text) = seeded.pick(texts)
    {
        let extension = Object::new().with("url", ANY_VALUE).with(
            format!("value{}", capital(type_code)),
            written(type_code, text),
        );
        found.push(Mutant::new(
            text,
            format!("extension:{text}"),
            vec![Change::Set(
                "/extension".to_owned(),
                Value::Array(vec![extension.into()]),
            )],
        ));
    }
    found
}

fn has_extension(site: &super::Site) -> bool {
    site.shape
        .element(site.id)
        .children
        .iter()
        .any(|&id| &*site.shape.element(id).name == "extension")
}

/// Numbers and booleans as JSON has them, where the text is one.
fn written(type_code: &str, text: &str) -> Value {
    match type_code {
        "boolean" => match text {
            "true" => true.into(),
            "false" => false.into(),
            "1" => 1i64.into(),
            _ => text.into(),
        },
        "decimal" | "integer" | "positiveInt" | "unsignedInt" => {
            Number::from_text(text).map_or_else(|| text.into(), Value::from)
        }
        _ => text.into(),
    }
}

/// Texts to try. Those that the two validators are known to judge differently, and that somebody has
/// looked at, stand among enough others.
fn texts(type_code: &str) -> &'static [&'static str] {
    match type_code {
        "base64Binary" => &[
            "=",
            "A",
            "AAA",
            "AA==",
            "AAA=",
            "AA AA",
            "AAAA\n",
            "A-_A",
            "@@@@",
            "AAAAA",
            "AA=",
            "c29tZSB0ZXh0",
            "TWFu",
            "TWE=",
            "TQ==",
            "Zm9vYg==",
            "AAAAAAAAAAA=",
            "AAAAAAA",
            "ABCDEFGHI",
            "AAAABBBB",
            "abcd+/==",
            "ABCDE",
            "QQ==",
            "QUI=",
            "AAAAAA==",
        ],
        "boolean" => &[
            "1", "yes", "TRUE", "True", "t", "true", "false", "0", " true", "N",
        ],
        "canonical" => &[
            "a b",
            "http://x y",
            "https://causeway.test/a|1.0",
            "#",
            "#here",
            "Patient/1",
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            "https://causeway.test/a#b",
            "a",
            " https://causeway.test/a",
            "urn:oid:2.16.840.1.113883.4",
            "http://",
            "Questionnaire/q|2",
            "https://causeway.test/Questionnaire/q",
            "http://hl7.org/fhir/ValueSet/languages|4.0.1",
            "./a",
        ],
        "code" => &[
            " code",
            "code ",
            "two  spaces",
            "a\tb",
            "one space",
            "a\nb",
            "code-1",
            "x",
            "\u{e4}",
            "\u{a0}x",
        ],
        "date" => &[
            "2021-13",
            "2021-00",
            "2021-02-30",
            "2021-1-1",
            "21",
            "2021/01/01",
            "2021-01-01T00:00:00Z",
            "0000",
            "20210101",
            "2020-02-29",
            "2021-02-29",
            "2021-04-31",
            "yesterday",
            "2021-",
            "12021",
            " 2021",
            "2021-12-32",
            "1800-01-01",
            "9999-12-31",
            "2021-06",
            "1955",
        ],
        "dateTime" => &[
            "2021-01-01T10:00",
            "2021-01-01T10:00:00",
            "2021-01-01T24:00:00Z",
            "2021-01-01T10:60:00Z",
            "2021-01-01 10:00:00Z",
            "2021-01-01T10:00Z",
            "2021-01-01T10:00:00+15:00",
            "2021-01-01T10:00:00+14:00",
            "2021-01-01T10:00:60Z",
            "2021-01-01T10:00:00.123Z",
            "2021-01-01T",
            "2021-13-01T10:00:00Z",
            "2021-02-30T10:00:00Z",
            "2021-01-01T10:00:00z",
            "2021-01-01T10:00:00-00:00",
            "2021-01",
            "2021-01-01Z",
            "2021-01-01T1:00:00Z",
            "now",
            "2021-01-01T10:00:00-05:00",
            "2020-02-29T23:59:59Z",
        ],
        "decimal" => &[
            "1.",
            "x",
            "1e5",
            "1E-5",
            "0.000000000000000001",
            "123456789012345678",
            "-0.0",
            "NaN",
            "Infinity",
            "1,5",
            "007",
            "+1",
            "1.50",
            "0x10",
            "-0.5",
            "12.125",
        ],
        "id" => &[
            "a b",
            "a_b",
            "a/b",
            "",
            "\u{e4}",
            "0123456789012345678901234567890123456789012345678901234567890123",
            "01234567890123456789012345678901234567890123456789012345678901234",
            "a#b",
            "A-1.b",
            "a:b",
            "..",
            "-",
        ],
        "instant" => &[
            "2021",
            "2021-01-01",
            "2021-01-01T10:00:00",
            "2021-01-01T10:00Z",
            "2021-01-01T10:00:00Z",
            "2021-01-01T10:00:00.000+01:00",
            "2021-02-30T10:00:00Z",
            "2021-01-01T25:00:00Z",
            "2021-01-01T10:00:60Z",
            "2021-01-01T10:00:00+1",
            "2021-01-01T10:00:00.Z",
            "x",
            "2021-01-01T10:00:00.123Z",
        ],
        "integer" => &[
            "1.0",
            "1.5",
            "2147483647",
            "2147483648",
            "-2147483648",
            "-2147483649",
            "1e3",
            "x",
            "-0",
            "-5",
            "007",
            "99999999999",
            "0",
            "12",
            "1000000",
            "-17",
        ],
        "markdown" | "string" => &[
            "",
            " ",
            "   ",
            "\t",
            "\n",
            " leading",
            "trailing ",
            "a\u{1}b",
            "a\u{7f}b",
            "line\nline",
            "tab\there",
            "\u{a0}",
            "<b>bold</b>",
            "\u{1f600}",
            "a\rb",
            "plain",
            "\u{e9}t\u{e9}",
            "# heading",
            "a \"quoted\" word",
            "back\\slash",
            "{curly}",
            "$dollar",
            "100%",
        ],
        "oid" => &[
            "1.2.3",
            "urn:oid:3.1.2.3.4.5",
            "urn:oid:1",
            "urn:oid:01.2.3.4.5",
            "urn:oid:1.02.3.4.5",
            "urn:oid:1.2.3.4.5.",
            "oid:1.2.3.4.5",
            "urn:oid:1..2.3.4.5",
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            "urn:oid:2.999.1.2.3",
            "urn:OID:1.2.3.4.5",
            "urn:oid:1.2.3.4.a",
            "urn:oid:2.16.840.1.113883.2.1",
            "urn:oid:1.2.826.0.1.3680043",
            "urn:oid:0.9.2342.192",
        ],
        "positiveInt" => &[
            "0",
            "-1",
            "1",
            "1.0",
            "2147483647",
            "2147483648",
            "x",
            "1e3",
            "5",
            "00",
            "1.5",
        ],
        "time" => &[
            "10:00",
            "10:00:00",
            "24:00:00",
            "10:60:00",
            "10:00:60",
            "1:00:00",
            "10:00:00Z",
            "10:00:00.5",
            "10:00:00.",
            "T10:00:00",
            "25:00:00",
            "100000",
            "10:00:00+01:00",
            "noon",
            "23:59:59",
            "00:00:00",
            "12:34:56",
            "00:00",
            "23:59:60",
            "-10:00:00",
            "10.00.00",
            "10:00:00 ",
            "1000",
        ],
        "unsignedInt" => &[
            "-1",
            "0",
            "1.0",
            "2147483647",
            "2147483648",
            "x",
            "1e3",
            "5",
            "01",
        ],
        "uri" | "url" => &[
            "a b",
            " https://causeway.test",
            "https://causeway.test ",
            "urn:oid:2.16.840.1.113883.4",
            "urn:oid:x",
            "urn:uuid:x",
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
            "a",
            "",
            "http://a/<b>",
            "http://a/\u{e4}",
            "http://",
            "x\ty",
            "https://causeway.test/a?b=c&d",
            "https://causeway.test/a#b",
            "ftp://causeway.test/a",
        ],
        "uuid" => &[
            "c757873d-ec9a-4326-a141-556f43239520",
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            "urn:uuid:C757873D-EC9A-4326-A141-556F43239520",
            "urn:uuid:c757873dec9a4326a141556f43239520",
            "urn:uuid:c757873d-ec9a-4326-a141-556f4323952",
            "urn:uuid:g757873d-ec9a-4326-a141-556f43239520",
            "uuid:c757873d-ec9a-4326-a141-556f43239520",
            "urn:oid:1.2",
            "urn:uuid:",
            "urn:uuid:c757873d-ec9a-4326-a141-556f432395200",
        ],
        _ => &["x"],
    }
}
