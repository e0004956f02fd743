//! What is read is written again as it was.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use json::{Value, parse};
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
fn a_duplicate_member_is_refused() {
    let error = parse(b"{\"a\":1,\n\"a\":2}").unwrap_err();
    assert_eq!(error.line, 2);
    let many: Vec<String> = (0..40).map(|n| format!("\"k{}\":1", n % 39)).collect();
    assert!(parse(format!("{{{}}}", many.join(",")).as_bytes()).is_err());
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

proptest! {
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
