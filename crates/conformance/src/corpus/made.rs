//! Resources for Causeway's own test profiles, put together from pieces.

use std::fs;
use std::path::Path;

use json::{Object, Value};

use crate::{Case, Format, Seeded, Set};

/// Kinds of rules that `made.json` has cases for.
const KINDS: [&str; 28] = [
    "slicing-value",
    "slicing-pattern",
    "slicing-type",
    "slicing-profile",
    "slicing-exists",
    "slicing-resolve",
    "slicing-extension",
    "slicing-nested",
    "slicing-closed",
    "slicing-ordered",
    "slicing-open-at-end",
    "slicing-cardinality",
    "re-slicing",
    "fixed-value",
    "pattern-value",
    "min-value",
    "max-value",
    "max-length",
    "binding-coding",
    "binding-concept",
    "binding-quantity",
    "binding-warning",
    "type-profile",
    "target-profile",
    "own-extension",
    "own-invariant",
    "own-cardinality",
    "bundle-reference",
];

/// The cases of a file of recipes: `{kind, profile, base, at: pointer, pool: [value…], most}`. Each
/// case is the base with some of the pool at the pointer: one value each where `most` is 0, else
/// arrays of up to `most` of them. `few` marks a recipe for a rule that the oracle does not have.
///
/// # Errors
/// When the file cannot be read or names a kind that is not known.
pub fn made(file: &Path, seed: u64, per_kind: usize) -> Result<Vec<Case>, String> {
    let text = fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?;
    let recipes = json::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
    let recipes = recipes.as_array().unwrap_or_default();
    let mut cases = Vec::new();
    for kind in KINDS {
        let of_kind: Vec<&Value> = recipes
            .iter()
            .filter(|recipe| recipe.text("kind") == Some(kind))
            .collect();
        // Recipes with single values have only so many; those with lists make up for them.
        let is_few = |recipe: &Value| recipe.get("few").is_some();
        let mut order: Vec<(usize, &Value)> = of_kind.iter().copied().enumerate().collect();
        order.sort_by_key(|(_, recipe)| (!is_few(recipe), most(recipe) > 0, pool_size(recipe)));
        let mut left = order.iter().filter(|(_, recipe)| !is_few(recipe)).count();
        let mut wanted = per_kind;
        for (number, recipe) in order {
            let mut seeded = Seeded::new(seed, &format!("{kind}-{number}"));
            let share = if is_few(recipe) {
                3
            } else {
                wanted.div_ceil(left.max(1))
            };
            let made = of_recipe(kind, number, recipe, share, &mut seeded)?;
            if !is_few(recipe) {
                wanted = wanted.saturating_sub(made.len());
                left = left.saturating_sub(1);
            }
            cases.extend(made);
        }
    }
    match recipes.iter().find(|recipe| {
        recipe
            .text("kind")
            .is_none_or(|kind| !KINDS.contains(&kind))
    }) {
        Some(stray) => Err(format!(
            "{}: no kind is called {:?}",
            file.display(),
            stray.text("kind")
        )),
        None => Ok(cases),
    }
}

fn most(recipe: &Value) -> usize {
    recipe
        .get("most")
        .and_then(Value::as_number)
        .and_then(json::Number::as_i64)
        .map_or(0, |most| usize::try_from(most).unwrap_or(0))
}

fn pool_size(recipe: &Value) -> usize {
    recipe.each("pool").count()
}

fn of_recipe(
    kind: &'static str,
    number: usize,
    recipe: &Value,
    share: usize,
    seeded: &mut Seeded,
) -> Result<Vec<Case>, String> {
    let wrong = || format!("{kind} {number}: needs base, at and pool");
    let base = recipe.get("base").ok_or_else(wrong)?;
    let at = recipe.text("at").ok_or_else(wrong)?;
    let pool = recipe
        .get("pool")
        .and_then(Value::as_array)
        .ok_or_else(wrong)?;
    let most = most(recipe);
    let profiles: Vec<String> = recipe
        .each("profile")
        .filter_map(Value::as_str)
        .map(str::to_owned)
        .collect();
    let mut seen: Vec<String> = Vec::new();
    let mut cases = Vec::new();
    for attempt in 0..share * 6 {
        if cases.len() >= share {
            break;
        }
        let (name, value) = if most == 0 {
            if attempt >= pool.len() {
                break;
            }
            (attempt.to_string(), pool.get(attempt).cloned())
        } else {
            let picks: Vec<usize> = (0..seeded.below(most + 1))
                .map(|_| seeded.below(pool.len()))
                .collect();
            let items: Vec<Value> = picks
                .iter()
                .filter_map(|&pick| pool.get(pick).cloned())
                .collect();
            let names: Vec<String> = picks.iter().map(usize::to_string).collect();
            let items = (!items.is_empty()).then_some(Value::Array(items));
            (names.join("-"), items)
        };
        if seen.contains(&name) {
            continue;
        }
        let resource = put(base, at, value).ok_or_else(wrong)?;
        cases.push(Case {
            name: format!("{kind}/{number}/{name}"),
            kind,
            set: Set::Base,
            profiles: profiles.clone(),
            format: Format::Json,
            text: String::from_utf8_lossy(&resource.to_bytes()).into_owned(),
        });
        seen.push(name);
    }
    Ok(cases)
}

/// The base with a value at a pointer whose parent is there. A pointer that ends in `/*` takes the
/// members of an object that is the value.
fn put(base: &Value, at: &str, value: Option<Value>) -> Option<Value> {
    let mut resource = base.clone();
    let (parent, name) = at.rsplit_once('/')?;
    let mut here = &mut resource;
    for step in parent.split('/').skip(1) {
        here = match here {
            Value::Array(items) => items.get_mut(step.parse::<usize>().ok()?)?,
            other => other.get_mut(step)?,
        };
    }
    let object: &mut Object = here.as_object_mut()?;
    match value {
        Some(Value::Object(members)) if name == "*" => {
            for (key, member) in members.iter() {
                object.insert(key, member.clone());
            }
        }
        Some(value) => {
            object.insert(name, value);
        }
        None => {}
    }
    Some(resource)
}
