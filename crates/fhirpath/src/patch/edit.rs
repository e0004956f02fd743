//! Changing the tree. A list of primitives and the one beside it change together.

use json::{Object, Value};

use super::given::Given;
use super::place::Step;

const GONE: &str = "its `path` leads to nothing";

fn at<'v>(mut here: &'v mut Value, steps: &[Step]) -> Option<&'v mut Value> {
    for step in steps {
        here = match step {
            Step::Member(name) => here.get_mut(name)?,
            Step::Item(index) => here.as_array_mut()?.get_mut(*index)?,
        };
    }
    Some(here)
}

fn object_at<'v>(resource: &'v mut Value, steps: &[Step]) -> Result<&'v mut Object, String> {
    at(resource, steps)
        .and_then(Value::as_object_mut)
        .ok_or_else(|| "its `path` leads to an element that has no children".to_owned())
}

/// The two lists of a repeating element: values, and what stands beside them.
struct Lists {
    values: Vec<Value>,
    shadows: Vec<Value>,
}

/// Changes a list. Nulls fill gaps, and a list of nulls only goes.
fn edit_list(
    object: &mut Object,
    key: &str,
    edit: impl FnOnce(&mut Lists) -> Result<(), String>,
) -> Result<(), String> {
    let shadow_key = format!("_{key}");
    let items = |object: &Object, key: &str| match object.get(key) {
        Some(Value::Array(items)) => items.clone(),
        Some(Value::Null) | None => Vec::new(),
        Some(one) => vec![one.clone()],
    };
    let mut lists = Lists {
        values: items(object, key),
        shadows: items(object, &shadow_key),
    };
    let length = lists.values.len().max(lists.shadows.len());
    lists.values.resize(length, Value::Null);
    lists.shadows.resize(length, Value::Null);
    edit(&mut lists)?;
    for (key, items) in [(key, lists.values), (&shadow_key, lists.shadows)] {
        match items.iter().all(|item| *item == Value::Null) {
            true => {
                object.remove(key);
            }
            false => {
                object.insert(key, items);
            }
        }
    }
    Ok(())
}

/// Appends to a list, or sets a child that is not there yet.
pub(super) fn put(resource: &mut Value, steps: &[Step], given: &Given) -> Result<(), String> {
    put_in(object_at(resource, steps)?, given)
}

/// As [`put`], in an object.
pub(super) fn put_in(object: &mut Object, given: &Given) -> Result<(), String> {
    if given.is_array {
        return edit_list(object, &given.key, |lists| {
            lists.values.push(given.value.clone().unwrap_or_default());
            lists.shadows.push(given.shadow.clone().unwrap_or_default());
            Ok(())
        });
    }
    let there = |key: &String| object.contains(key) || object.contains(&format!("_{key}"));
    if given.others.iter().any(there) {
        return Err("what it adds is there already and does not repeat: use replace".to_owned());
    }
    set(object, given);
    Ok(())
}

fn set(object: &mut Object, given: &Given) {
    let pairs = [
        (given.key.clone(), &given.value),
        (format!("_{}", given.key), &given.shadow),
    ];
    for (key, part) in pairs {
        match part {
            Some(part) => {
                object.insert(key, part.clone());
            }
            None => {
                object.remove(&key);
            }
        }
    }
}

/// The object that a list is in, and the list's name.
fn owner_of(steps: &[Step]) -> Result<(&[Step], &str), String> {
    match steps {
        [above @ .., Step::Member(key)] => Ok((above, key)),
        _ => Err(GONE.to_owned()),
    }
}

/// Inserts into a list.
pub(super) fn insert(
    resource: &mut Value,
    list: &[Step],
    given: &Given,
    index: usize,
) -> Result<(), String> {
    let (above, key) = owner_of(list)?;
    edit_list(object_at(resource, above)?, key, |lists| {
        if index > lists.values.len() {
            return Err(format!(
                "its `index` is {index}, and the list has {} items",
                lists.values.len()
            ));
        }
        lists
            .values
            .insert(index, given.value.clone().unwrap_or_default());
        lists
            .shadows
            .insert(index, given.shadow.clone().unwrap_or_default());
        Ok(())
    })
}

/// Moves an item within a list.
pub(super) fn shift(
    resource: &mut Value,
    list: &[Step],
    source: usize,
    destination: usize,
) -> Result<(), String> {
    let (above, key) = owner_of(list)?;
    edit_list(object_at(resource, above)?, key, |lists| {
        let length = lists.values.len();
        for (name, index) in [("source", source), ("destination", destination)] {
            if index >= length {
                return Err(format!(
                    "its `{name}` is {index}, and the list has {length} items"
                ));
            }
        }
        for items in [&mut lists.values, &mut lists.shadows] {
            let item = items.remove(source);
            items.insert(destination, item);
        }
        Ok(())
    })
}

/// Puts another value in the place of one.
pub(super) fn replace(resource: &mut Value, steps: &[Step], given: &Given) -> Result<(), String> {
    match steps {
        [list @ .., Step::Item(index)] => {
            let (above, key) = owner_of(list)?;
            edit_list(object_at(resource, above)?, key, |lists| {
                for (items, part) in [
                    (&mut lists.values, &given.value),
                    (&mut lists.shadows, &given.shadow),
                ] {
                    *items.get_mut(*index).ok_or(GONE)? = part.clone().unwrap_or_default();
                }
                Ok(())
            })
        }
        [above @ .., Step::Member(key)] => {
            let object = object_at(resource, above)?;
            if *key != given.key {
                object.remove(key);
                object.remove(&format!("_{key}"));
            }
            set(object, given);
            Ok(())
        }
        [] => Err("a resource cannot be replaced as a whole".to_owned()),
    }
}

/// Takes an element away, and what is empty without it.
pub(super) fn remove(resource: &mut Value, steps: &[Step]) -> Result<(), String> {
    let above = match steps {
        [list @ .., Step::Item(index)] => {
            let (above, key) = owner_of(list)?;
            edit_list(object_at(resource, above)?, key, |lists| {
                if *index >= lists.values.len() {
                    return Err(GONE.to_owned());
                }
                // Beside a list of values the places stay, so that each stands beside its own.
                if key.starts_with('_') {
                    *lists.values.get_mut(*index).ok_or(GONE)? = Value::Null;
                    return Ok(());
                }
                lists.values.remove(*index);
                lists.shadows.remove(*index);
                Ok(())
            })?;
            above
        }
        [above @ .., Step::Member(key)] => {
            let object = object_at(resource, above)?;
            object.remove(key);
            object.remove(&format!("_{key}"));
            above
        }
        [] => return Err("a resource cannot be deleted by a patch".to_owned()),
    };
    // FHIR knows no empty elements.
    let empty = object_at(resource, above)?.is_empty();
    match empty && !above.is_empty() {
        true => remove(resource, above),
        false => Ok(()),
    }
}
