//! The tree as the elements of an XML text build it up.

use json::{CompactString, Number, Object, Value};

use super::tag::Tag;
use crate::{JsonKind, Primitive};

/// How often an element has occurred, as far as it stands in arrays.
pub(super) fn count(object: &Object, name: &str) -> usize {
    let length = |name: &str| {
        object
            .get(name)
            .and_then(Value::as_array)
            .map(<[Value]>::len)
    };
    length(name)
        .or_else(|| length(&shadow_of(name)))
        .unwrap_or(0)
}

/// The JSON name of the member that holds a primitive's id and extensions.
fn shadow_of(name: &str) -> CompactString {
    let mut shadow = CompactString::with_capacity(name.len() + 1);
    shadow.push('_');
    shadow.push_str(name);
    shadow
}

/// Adds an occurrence of a child: in an array where the model says so, or where the model knows
/// nothing and it occurs again. A second occurrence of a single element becomes an array too, which
/// the validator then refuses. [`align`] must follow when all are there.
pub(super) fn add(
    object: &mut Object,
    name: &str,
    value: Value,
    more: Option<Value>,
    is_array: Option<bool>,
) {
    let shadow = shadow_of(name);
    let before = match (object.get(name), object.get(&shadow)) {
        (None, None) => 0,
        (value, more) => length(value).max(length(more)),
    };
    // A primitive with extensions only has no member of its own name.
    let says_value = value != Value::Null || more.is_none();
    if before == 0 && is_array != Some(true) {
        if says_value {
            object.insert(name, value);
        }
        if let Some(more) = more {
            object.insert(shadow, more);
        }
        return;
    }
    if says_value {
        push(object, name, value, before);
    }
    if let Some(more) = more {
        push(object, &shadow, more, before);
    }
}

/// The number of occurrences that a member stands for.
fn length(member: Option<&Value>) -> usize {
    match member {
        None => 0,
        Some(Value::Array(items)) => items.len(),
        Some(_) => 1,
    }
}

/// Appends to the array of that name, which so far has (or would have) `before` items.
fn push(object: &mut Object, name: &str, value: Value, before: usize) {
    match object.get_mut(name) {
        Some(Value::Array(items)) => {
            items.resize(before, Value::Null);
            items.push(value);
        }
        Some(single) => {
            let first = std::mem::take(single);
            *single = Value::Array(vec![first, value]);
        }
        None => {
            let mut items = vec![Value::Null; before];
            items.push(value);
            object.insert(name, Value::Array(items));
        }
    }
}

/// Brings the array of a primitive's values and that of its ids and extensions to one length.
pub(super) fn align(object: &mut Object) {
    if !object.iter().any(|(name, _)| name.starts_with('_')) {
        return;
    }
    let shadows: Vec<CompactString> = object
        .iter()
        .filter(|(name, value)| name.starts_with('_') && value.as_array().is_some())
        .map(|(name, _)| name.into())
        .collect();
    for shadow in shadows {
        let name = shadow.strip_prefix('_').unwrap_or(&shadow);
        let whole = length(object.get(name)).max(length(object.get(&shadow)));
        for name in [name, &*shadow] {
            if let Some(Value::Array(items)) = object.get_mut(name) {
                items.resize(whole, Value::Null);
            }
        }
    }
}

pub(super) fn attributes(tag: &Tag, is_extension: bool) -> Object {
    let mut object = Object::new();
    if let Some(id) = &tag.id {
        object.insert("id", id.clone());
    }
    if let Some(url) = tag.url.as_ref().filter(|_| is_extension) {
        object.insert("url", url.clone());
    }
    object
}

/// A primitive's text as the JSON type that carries it. A text that is no number or truth stays a
/// string, so that the validator can say what is wrong with it.
pub(super) fn typed(primitive: Primitive, text: &str) -> Value {
    match primitive.json_kind() {
        JsonKind::Boolean if text == "true" => Value::Bool(true),
        JsonKind::Boolean if text == "false" => Value::Bool(false),
        JsonKind::Number => match Number::from_text(text) {
            Some(number) => Value::Number(number),
            None => Value::from(text),
        },
        _ => Value::from(text),
    }
}
