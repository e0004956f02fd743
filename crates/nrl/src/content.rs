//! Comparing a pointer with what the locator has.

use json::Value;
use sha2::{Digest as _, Sha256};

/// Members that the locator adds or that tell how a pointer came about, not what it says.
const BESIDE: [&str; 5] = ["id", "meta", "date", "relatesTo", "identifier"];

/// A pointer without them, its members in one order.
pub(crate) fn said(pointer: &Value) -> Value {
    let mut pointer = pointer.clone();
    if let Some(object) = pointer.as_object_mut() {
        for name in BESIDE {
            object.remove(name);
        }
    }
    sort(&mut pointer);
    pointer
}

fn sort(value: &mut Value) {
    match value {
        Value::Object(object) => {
            object.sort_by_key(str::to_owned);
            for (_, child) in object.iter_mut() {
                sort(child);
            }
        }
        Value::Array(items) => items.iter_mut().for_each(sort),
        _ => {}
    }
}

/// A hash over what a pointer says.
pub(crate) fn hash(pointer: &Value) -> String {
    use std::fmt::Write as _;
    let digest = Sha256::digest(said(pointer).to_bytes());
    digest.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

/// The first address of a pointer.
pub(crate) fn address(pointer: &Value) -> Option<&str> {
    pointer
        .each("content")
        .next()?
        .get("attachment")?
        .text("url")
}
