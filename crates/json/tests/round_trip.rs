//! What is read is written again as it was.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use json::{Begins, Value, Visitor, parse};
use proptest::prelude::*;

fn same(text: &str) {
    assert_eq!(parse(text.as_bytes()).unwrap().to_string(), text);
}

#[test]
fn numbers_keep_their_text() {
    for text in ["0.10", "1e10", "-0", "12345678901234567890123", "1.50E-3"] {
        same(text);
    }
}

#[test]
fn order_and_escapes_are_kept() {
    same(r#"{"b":1,"a":["\u0001","\n\"\\","é",null,true,{}]}"#);
}

#[test]
fn a_duplicate_member_is_refused_where_it_stands() {
    let error = parse(b"{\"a\":1,\n \"a\":2}").unwrap_err();
    assert_eq!((error.line, error.column), (2, 2));
    // Escapes do not hide it, and the place is in characters.
    let error = parse("{\"x\":{\"é\":1, \"\\u00e9\":2}}".as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column), (1, 14), "{error}");
    let many: Vec<String> = (0..40).map(|n| format!("\"k{}\":[1]", n % 39)).collect();
    let error = parse(format!("{{{}\n}}", many.join(",\n")).as_bytes()).unwrap_err();
    assert_eq!((error.line, error.column), (40, 1));
}

#[test]
fn what_is_wrong_is_said_with_its_place() {
    for (text, line, column, words) in [
        (&b"{\"a\": \"\xff\"}"[..], 1, 8, "byte 8 is not UTF-8"),
        (b"{\n  // none\n}", 2, 3, "no comments"),
        (b"{\"a\": 'b'}", 1, 7, "double quotes"),
        (b"{\"a\": 1} x", 1, 10, "trailing"),
        (b"{\"a\": \"\x00\"}", 1, 8, "control"),
        (b"{\"a\": 1,\n", 2, 1, "too early"),
        ("\u{feff}{\"é\": x}".as_bytes(), 1, 7, "expected"),
    ] {
        let error = parse(text).unwrap_err();
        let shown = String::from_utf8_lossy(text).into_owned();
        assert!(error.message.contains(words), "{shown}: {error}");
        assert_eq!(
            (error.line, error.column),
            (line, column),
            "{shown}: {error}"
        );
    }
}

#[test]
fn a_byte_order_mark_is_passed_over_once() {
    assert!(parse("\u{feff}[]".as_bytes()).is_ok());
    assert!(parse("\u{feff}\u{feff}[]".as_bytes()).is_err());
    assert!(parse("[\u{feff}]".as_bytes()).is_err());
}

#[test]
fn a_huge_number_is_kept_or_refused() {
    let digits = "9".repeat(4_000);
    same(&digits);
    same(&format!("-0.{digits}e-{digits}"));
    assert!(parse("9".repeat(1_000_000).as_bytes()).is_err());
}

#[test]
fn bad_text_is_an_error_with_a_place() {
    for text in [
        "",
        "{",
        "[1,]",
        "{\"a\"}",
        "01",
        "NaN",
        "Infinity",
        "1 2",
        "\"\\ud800\"",
        "[\u{1}]",
    ] {
        assert!(parse(text.as_bytes()).is_err(), "{text:?}");
    }
    assert!(parse(b"\"\xff\"").is_err());
}

#[test]
fn depth_is_bounded() {
    let deep = "[".repeat(100_000);
    assert!(
        parse(deep.as_bytes())
            .unwrap_err()
            .message
            .contains("deeper")
    );
}

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        ".*".prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::Array),
            prop::collection::vec((".*", inner), 0..6).prop_map(|members| {
                let mut object = json::Object::new();
                for (name, value) in members {
                    object.insert(name, value);
                }
                Value::Object(object)
            }),
        ]
    })
}

/// Takes down the path of everything in a value.
#[derive(Default)]
struct Paths {
    path: Vec<String>,
    seen: Vec<(String, usize)>,
}

impl Paths {
    fn take(&mut self, step: String, offset: usize) -> bool {
        self.path.push(step);
        self.seen.push((self.path.concat(), offset));
        true
    }
}

impl Visitor for Paths {
    fn member(&mut self, name: &str, offset: usize, _: Begins) -> bool {
        self.take(format!(".{name}"), offset)
    }
    fn item(&mut self, index: usize, offset: usize, _: Begins) -> bool {
        self.take(format!("[{index}]"), offset)
    }
    fn leave(&mut self) {
        self.path.pop();
    }
}

fn paths(value: &Value, path: &str, out: &mut Vec<String>) {
    for (name, value) in value.as_object().into_iter().flat_map(json::Object::iter) {
        let path = format!("{path}.{name}");
        out.push(path.clone());
        paths(value, &path, out);
    }
    for (index, value) in value.as_array().into_iter().flatten().enumerate() {
        let path = format!("{path}[{index}]");
        out.push(path.clone());
        paths(value, &path, out);
    }
}

proptest! {
    #[test]
    fn a_scan_sees_what_the_tree_holds(value in any_value(), pretty in any::<bool>()) {
        let text = if pretty { value.to_pretty().into_bytes() } else { value.to_bytes() };
        let mut scanned = Paths::default();
        json::scan(&text, &mut scanned);
        let mut expected = Vec::new();
        paths(&value, "", &mut expected);
        prop_assert_eq!(scanned.seen.iter().map(|seen| seen.0.clone()).collect::<Vec<_>>(), expected);
        for (path, offset) in scanned.seen {
            let first = text[offset];
            prop_assert!(path.ends_with(']') || first == b'"', "{} {}", path, offset);
        }
    }

    #[test]
    fn a_scan_that_looks_into_nothing_sees_the_top(value in any_value()) {
        struct Top(usize);
        impl Visitor for Top {
            fn member(&mut self, _: &str, _: usize, _: Begins) -> bool { self.0 += 1; false }
            fn item(&mut self, _: usize, _: usize, _: Begins) -> bool { self.0 += 1; false }
            fn leave(&mut self) {}
        }
        let mut top = Top(0);
        json::scan(&value.to_bytes(), &mut top);
        let expected = value.as_object().map(json::Object::len).or(value.as_array().map(<[Value]>::len));
        prop_assert_eq!(top.0, expected.unwrap_or(0));
    }

    #[test]
    fn a_scan_of_anything_ends(bytes in prop::collection::vec(any::<u8>(), 0..200), json in "[\\[\\]{}:,\"\\\\a ]{0,40}") {
        json::scan(&bytes, &mut Paths::default());
        json::scan(json.as_bytes(), &mut Paths::default());
    }

    #[test]
    fn any_tree_survives(value in any_value()) {
        prop_assert_eq!(&parse(&value.to_bytes()).unwrap(), &value);
        prop_assert_eq!(&parse(value.to_pretty().as_bytes()).unwrap(), &value);
    }

    #[test]
    fn any_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = parse(&bytes);
    }

    #[test]
    fn serde_json_agrees(value in any_value()) {
        let theirs: serde_json::Value = serde_json::from_slice(&value.to_bytes()).unwrap();
        prop_assert_eq!(serde_json::to_value(&value).unwrap(), theirs);
    }
}

proptest! {
    #[test]
    fn any_text_is_written_so_that_it_is_read_as_it_was(
        text in "([ -~]|[\\x00-\\x1f]|\"|\\\\|é|\u{1F600}){0,40}",
    ) {
        let written = Value::from(text.as_str()).to_bytes();
        prop_assert!(written.iter().all(|byte| *byte >= 0x20));
        prop_assert_eq!(parse(&written).unwrap(), Value::from(text.as_str()));
    }
}
