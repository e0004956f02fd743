//! Each primitive type takes what R4 allows and nothing else.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use fhir::Primitive;
use json::{Number, Value};
use proptest::prelude::*;

fn value(primitive: Primitive, text: &str) -> Value {
    match primitive.json_kind() {
        fhir::JsonKind::Number => Number::from_text(text).map_or(Value::Null, Value::Number),
        fhir::JsonKind::Boolean => json::parse(text.as_bytes()).unwrap_or_default(),
        fhir::JsonKind::String => Value::from(text),
    }
}

fn takes(type_name: &str, good: &[&str], bad: &[&str]) {
    let primitive = Primitive::named(type_name).unwrap();
    for text in good {
        let value = value(primitive, text);
        assert_eq!(
            Primitive::check(type_name, &value),
            Ok(()),
            "{type_name} {text:?}"
        );
    }
    for text in bad {
        let value = value(primitive, text);
        assert!(
            Primitive::check(type_name, &value).is_err(),
            "{type_name} {text:?}"
        );
    }
}

#[test]
fn dates_are_days_of_the_calendar() {
    takes(
        "date",
        &[
            "2024",
            "2024-02",
            "2024-02-29",
            "1900-12-31",
            "0001",
            "9999-12-31",
            "2000-02-29",
        ],
        &[
            "",
            "24",
            "2024-2",
            "2024-02-30",
            "2023-02-29",
            "1900-02-29",
            "2024-13",
            "2024-00-01",
            "2024-01-00",
            "2024-04-31",
            "0000",
            "2024-02-29T10:00:00Z",
            "2024/02/29",
            "29-02-2024",
            "2024-1-1",
            "20240229",
            " 2024",
            "2024-02-29 ",
            "２０２４",
            "-2024",
            "+2024",
            "2024-",
        ],
    );
}

#[test]
fn date_times_with_a_time_have_a_zone() {
    takes(
        "dateTime",
        &[
            "2024",
            "2024-02",
            "2024-02-29",
            "2024-02-29T10:00:00Z",
            "2024-02-29T10:00:00+01:00",
            "2024-02-29T10:00:00.123456789-11:30",
            "2024-02-29T23:59:60Z",
            "2024-02-29T00:00:00+14:00",
            "2024-02-29T00:00:00-13:59",
        ],
        &[
            "2024-02-29T10:00:00",
            "2024-02-29T10:00Z",
            "2024-02-29T24:00:00Z",
            "2024-02-29T10:60:00Z",
            "2024-02-29T10:00:61Z",
            "2024-02-29T10:00:00.Z",
            "2024-02-29T10:00:00+14:01",
            "2024-02-29T10:00:00+15:00",
            "2024-02-29T10:00:00+01",
            "2024-02-29 10:00:00Z",
            "2024-02-30T10:00:00Z",
            "2024-02T10:00:00Z",
            "2024-02-29T",
            "2024-02-29t10:00:00z",
            "2024-02-29T10:00:00Zx",
            "2024-02-29T10:00:00+01:60",
            "2024-02-29é10:00:00Z",
        ],
    );
    takes(
        "instant",
        &["2024-02-29T10:00:00Z", "2024-02-29T10:00:00.1+01:00"],
        &[
            "2024",
            "2024-02-29",
            "2024-02-29T10:00:00",
            "2024-02-29T10:00Z",
        ],
    );
    takes(
        "time",
        &["00:00:00", "23:59:59.999", "23:59:60"],
        &["24:00:00", "10:00", "10:00:00Z", "1:00:00", "10:00:00.", ""],
    );
}

#[test]
fn numbers_keep_to_their_range() {
    takes(
        "integer",
        &["0", "-0", "-1", "2147483647", "-2147483648"],
        &["2147483648", "-2147483649", "1.0", "1e1", "-01", "\"1\""],
    );
    takes(
        "unsignedInt",
        &["0", "2147483647"],
        &["-1", "-0", "2147483648", "1.5"],
    );
    takes(
        "positiveInt",
        &["1", "2147483647"],
        &["0", "-1", "2147483648"],
    );
    takes(
        "decimal",
        &["0.10", "-0.0", "1e10", "12345678901234567890.123"],
        &["\"1\""],
    );
    assert!(Primitive::Integer.check_text("+1").is_err());
    assert!(Primitive::Decimal.check_text(".5").is_err());
    assert!(Primitive::Decimal.check_text("NaN").is_err());
    assert!(Primitive::Integer.check_text("007").is_err());
}

#[test]
fn booleans_are_not_strings() {
    takes("boolean", &["true", "false"], &["\"true\"", "1", "null"]);
}

#[test]
fn texts_say_something() {
    takes(
        "string",
        &[
            "a",
            " a ",
            "a\nb\tc",
            "é",
            "\u{1F600}",
            " ",
            "\u{a0}",
            "a\u{1}",
        ],
        &["", "a\0", "a\u{b}"],
    );
    takes("markdown", &["# a\r\n", " \n", "a\u{b}"], &["", "a\0"]);
    takes(
        "code",
        &["a", "a b", "mm[Hg]"],
        &["", " ", " a", "a ", "a  b", "a\tb", "a\u{a0}b", "a\u{1}"],
    );
    takes(
        "id",
        &["a", "A-1.b", &"x".repeat(64)],
        &["", "a b", "a_b", &"x".repeat(65), "é"],
    );
    let long = "x".repeat(1024 * 1024 + 1);
    takes("string", &[&long[1..]], &[&long]);
}

/// R4 allows what XML may lose, and advises against it.
#[test]
fn white_space_round_a_text_is_advised_against() {
    for text in [" ", "\n\t", "\u{a0}", " a", "a "] {
        assert!(Primitive::String.advice(text).is_some(), "{text:?}");
        assert_eq!(Primitive::Code.advice(text), None);
    }
    for text in ["a\u{1}", "\u{FFFE}"] {
        assert!(Primitive::String.advice(text).is_some(), "{text:?}");
        assert!(Primitive::Markdown.advice(text).is_some(), "{text:?}");
    }
    assert_eq!(Primitive::String.advice("a b"), None);
    assert_eq!(Primitive::Markdown.advice(" a\n"), None);
    assert!(Primitive::Markdown.advice(" \n").is_some());
}

#[test]
fn uris_have_no_white_space() {
    takes(
        "uri",
        &["urn:x", "a", "http://example.org/é#1"],
        &["", " ", "a b", "a\n", "oid:1.2", "uuid:x"],
    );
    takes("url", &["https://example.org"], &["https://example.org/ "]);
    takes("canonical", &["http://example.org|1.0#a"], &["a b"]);
    takes(
        "oid",
        &["urn:oid:1.2.3.0", "urn:oid:2.16.840.1.113883"],
        &[
            "1.2.3",
            "urn:oid:3.1",
            "urn:oid:1",
            "urn:oid:1.02",
            "urn:oid:1..2",
            "urn:oid:1.2.",
        ],
    );
    takes(
        "uuid",
        &["urn:uuid:c757873d-ec9a-4326-a141-556f43239520"],
        &[
            "c757873d-ec9a-4326-a141-556f43239520",
            "urn:uuid:C757873D-ec9a-4326-a141-556f43239520",
            "urn:uuid:c757873d-ec9a-4326-a141-556f4323952",
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520-",
        ],
    );
}

#[test]
fn base64_is_whole_groups() {
    takes(
        "base64Binary",
        &["QQ==", "QUI=", "QUJD", "QU JD\nQUJD"],
        &[
            "", " ", "Q", "QQ", "QQ=", "QQ===", "=QQQ", "QQ==QQ==", "Q-_Q", "QUJD=",
        ],
    );
}

#[test]
fn a_reason_never_quotes_the_value() {
    for primitive in Primitive::ALL {
        if let Err(malformed) = primitive.check_value(&Value::from(" 9990000018 \u{1} ")) {
            assert!(!malformed.to_string().contains("999"));
        }
    }
    assert!(Primitive::check("HumanName", &Value::from("x")).is_err());
}

proptest! {
    #[test]
    fn nothing_panics(text in ".*") {
        for primitive in Primitive::ALL {
            let _ = primitive.check_text(&text);
            let _ = fhir::Reference::parse(&text);
        }
    }

    #[test]
    fn a_date_is_taken_exactly_if_the_calendar_has_it(year in 1i16..=9999, month in 0u8..=14, day in 0u8..=33) {
        let text = format!("{year:04}-{month:02}-{day:02}");
        let exists = jiff::civil::Date::new(year, month as i8, day as i8).is_ok();
        prop_assert_eq!(Primitive::Date.check_text(&text).is_ok(), exists);
        let with_time = format!("{text}T10:00:00Z");
        prop_assert_eq!(Primitive::Instant.check_text(&with_time).is_ok(), exists);
    }
}
