//! Values of the primitive types.

use json::{Number, Value};

use crate::Seeded;

/// A value of a primitive type; `None` for a type that is not primitive, or that nothing can be
/// made up for.
pub fn of(type_code: &str, path: &str, seeded: &mut Seeded) -> Option<Value> {
    let number = seeded.below(1000);
    let texts: &[&str] = match type_code {
        "boolean" => return Some(seeded.chance(50).into()),
        "integer" | "unsignedInt" | "positiveInt" => {
            return Some(i64::try_from(number + 1).unwrap_or(1).into());
        }
        "decimal" => {
            let texts = ["0.5", "1.50", "12", "3.0", "100.25"];
            return Number::from_text(texts.get(number % 5)?).map(Value::from);
        }
        "string" | "http://hl7.org/fhirpath/System.String" => &["plain words", "a note", "x1"],
        "markdown" => &["some *marked* words", "a line"],
        "uri" | "canonical" | "url" if path.ends_with("ystem") => &["https://causeway.test/codes"],
        "uri" => &["https://causeway.test/thing", "urn:oid:2.16.840.1.113883"],
        "canonical" => &["https://causeway.test/canonical/a"],
        "url" => &["https://causeway.test/page"],
        "code" if path.ends_with("anguage") => &["en-GB"],
        "code" => &["some-code"],
        "id" => &["id-1", "A.b-2", "x"],
        "oid" => &["urn:oid:1.2.3.4", "urn:oid:2.16.840"],
        "uuid" => &[
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            "urn:uuid:0b0f0aa4-6d30-4b6e-8e5c-2ab2a0d4c8a1",
        ],
        "date" => &["2021", "2021-03", "2021-03-04"],
        "dateTime" => &["2021", "2021-03", "2021-03-04", "2021-03-04T05:06:07Z"],
        "instant" => &["2021-03-04T05:06:07Z", "2021-03-04T05:06:07.089+01:00"],
        "time" => &["05:06:07", "23:59:59.5"],
        "base64Binary" => &["AAAA", "c29tZSB0ZXh0"],
        _ => return None,
    };
    seeded.pick(texts).map(|&text| text.into())
}
