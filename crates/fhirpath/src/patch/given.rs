//! The value that an operation brings.

use json::{Object, Value};

use crate::model::Member;
use crate::{Model, Ty};

/// How deep a value in parts may nest.
const MAX_DEPTH: usize = 16;

/// A value for a child of a type, under the name that it has in JSON.
pub(super) struct Given {
    pub key: String,
    /// The names that the child can have with other types.
    pub others: Vec<String>,
    pub is_array: bool,
    pub value: Option<Value>,
    /// The member beside a primitive.
    pub shadow: Option<Value>,
}

impl Given {
    /// Reads the `value` part of an operation for a child of a type.
    pub fn read(part: &Value, owner: Ty, name: &str, model: &Model) -> Result<Self, String> {
        read(part, owner, name, model, MAX_DEPTH)
    }
}

fn read(part: &Value, owner: Ty, name: &str, model: &Model, depth: usize) -> Result<Given, String> {
    let Some(depth) = depth.checked_sub(1) else {
        return Err("its `value` is nested too deeply".to_owned());
    };
    let name = name.strip_suffix("[x]").unwrap_or(name);
    let member: &Member = match (model.member(owner, name), model.key(owner, name)) {
        (Some(member), _) => member,
        (None, Some((member, _))) => member,
        (None, None) => {
            return Err(format!("{} has no `{name}`", model.name(owner)));
        }
    };
    let given = |key: &str, value: Option<Value>, shadow: Option<Value>| Given {
        key: key.to_owned(),
        others: member
            .choices
            .iter()
            .map(|choice| choice.key.to_string())
            .collect(),
        is_array: member.is_array,
        value,
        shadow,
    };
    if let Some((suffix, value, shadow)) = typed_value(part) {
        let choice = member
            .choices
            .iter()
            .find(|choice| fits(choice.ty, suffix, value, model))
            .ok_or_else(|| format!("`{name}` cannot hold a {suffix}"))?;
        return Ok(given(&choice.key, value.cloned(), shadow.cloned()));
    }
    let Some(choice) = member.choices.first() else {
        return Err(format!("`{name}` has no type"));
    };
    if let Some(resource) = part.get("resource") {
        if !model.is_any_resource(choice.ty) {
            return Err(format!("`{name}` cannot hold a resource"));
        }
        return Ok(given(&choice.key, Some(resource.clone()), None));
    }
    // An element with children of its own comes in parts.
    let mut object = Object::new();
    for part in part.each("part") {
        let name = part
            .text("name")
            .ok_or("a part of its `value` has no `name`")?;
        let child = read(part, choice.ty, name, model, depth)?;
        super::edit::put_in(&mut object, &child)?;
    }
    if object.is_empty() {
        return Err("its `value` holds nothing".to_owned());
    }
    Ok(given(&choice.key, Some(object.into()), None))
}

/// The type, the value and the member beside of `valueString` and its like.
fn typed_value(part: &Value) -> Option<(&str, Option<&Value>, Option<&Value>)> {
    let object = part.as_object()?;
    let suffix = object.iter().find_map(|(key, _)| {
        let key = key.strip_prefix('_').unwrap_or(key);
        key.strip_prefix("value").filter(|rest| !rest.is_empty())
    })?;
    let member = |prefix: &str| {
        object
            .iter()
            .find_map(|(key, value)| (key.strip_prefix(prefix) == Some(suffix)).then_some(value))
    };
    Some((suffix, member("value"), member("_value")))
}

/// Whether a child of a type can hold a value of the type that `value[x]` names. Primitives that
/// JSON writes alike stand for each other: a code may come as a string.
fn fits(ty: Ty, suffix: &str, value: Option<&Value>, model: &Model) -> bool {
    let name = model.name(ty);
    let same = |one: &str, two: &str| {
        one.len() == two.len()
            && one
                .get(..1)
                .zip(two.get(..1))
                .is_some_and(|(one, two)| one.eq_ignore_ascii_case(two))
            && one.get(1..) == two.get(1..)
    };
    if same(name, suffix) {
        return true;
    }
    let Some(primitive) = fhir::Primitive::named(name) else {
        return false;
    };
    value.is_some_and(|value| {
        !matches!(value, Value::Object(_)) && primitive.check_value(value).is_ok()
    })
}
