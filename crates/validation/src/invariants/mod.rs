//! Invariants: those met most often in Rust, all others as FHIRPath plans ([`path`]).
//!
//! Each entry of [`natively_checked`] does exactly what the FHIRPath expression beside it says for
//! the elements that R4 and UK Core state it on; it is used only where a definition states that key
//! with that expression, so a definition that changes the expression is not checked by the old
//! function. Two are wider than their text: `ref-1` and `dom-3` are part of the walk itself
//! (a contained reference must resolve; a contained resource must be referred to), as are `ele-1`
//! (the walk finds empty elements) and `txt-1`/`txt-2` (the narrative's allow-list). Two are kinder
//! than their text: `app-4` misspells the status `noshow`, which is taken too, and `rng-2` gives a
//! range with two different units the benefit of the doubt. As in FHIRPath, `per-1` and `inv-1` do
//! not hold where the two times are not precise enough to be compared.

mod datatypes;
mod errata;
mod path;
mod resources;
mod ukcore;

use std::cmp::Ordering;
use std::sync::Arc;

use definitions::{Constraint, ConstraintSeverity};
use json::Value;

/// What an invariant sees: the element, the resource that it is in, the nearest resource that is
/// not contained.
pub(crate) struct Focus<'v> {
    pub this: &'v Value,
    pub resource: &'v Value,
}

pub(crate) use path::{Outcome, PathRule, PathRules};

type Holds = fn(&Focus<'_>) -> bool;

pub(crate) struct Native {
    key: &'static str,
    expression: &'static str,
    holds: Holds,
    /// What must be so, in words, for the message.
    words: &'static str,
}

/// An invariant as a plan holds it.
#[derive(Clone)]
pub(crate) struct Invariant {
    pub rule: Checked,
    pub is_error: bool,
    /// Good practice, worth telling to somebody who asks, and nobody else.
    pub is_best_practice: bool,
}

/// How an invariant is checked.
#[derive(Clone)]
pub(crate) enum Checked {
    /// In Rust; the rule says the same and stands by to prove it.
    Native(&'static Native, Arc<PathRule>),
    Path(Arc<PathRule>),
}

impl Native {
    pub fn holds(&self, focus: &Focus<'_>) -> bool {
        (self.holds)(focus)
    }
}

impl Invariant {
    pub fn key(&self) -> &str {
        match &self.rule {
            Checked::Native(native, _) => native.key,
            Checked::Path(rule) => &rule.key,
        }
    }

    /// What must be so, in words.
    pub fn words(&self) -> &str {
        match &self.rule {
            Checked::Native(native, _) => native.words,
            Checked::Path(rule) => rule.human.as_deref().unwrap_or(&rule.key),
        }
    }
}

impl std::fmt::Debug for Invariant {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.key())
    }
}

fn all() -> impl Iterator<Item = &'static Native> {
    datatypes::NATIVE
        .iter()
        .chain(resources::NATIVE)
        .chain(ukcore::NATIVE)
}

/// The invariants that are checked, as pairs of key and FHIRPath expression.
pub fn natively_checked() -> impl Iterator<Item = (&'static str, &'static str)> {
    all().map(|native| (native.key, native.expression))
}

/// Those that the walk itself checks, wherever R4 states them.
const WALKED: [&str; 5] = ["ele-1", "dom-3", "ref-1", "txt-1", "txt-2"];

/// An element's constraints, for nodes of a type or of an element's path.
pub(crate) fn of(constraints: &[Constraint], root: &str, rules: &PathRules) -> Box<[Invariant]> {
    constraints
        .iter()
        .filter_map(|constraint| {
            let expression = constraint.expression.as_deref()?;
            if WALKED.contains(&&*constraint.key) {
                return None;
            }
            let native = all()
                .find(|native| *constraint.key == *native.key && expression == native.expression);
            let human = constraint.human.as_deref();
            let rule = rules.rule(&constraint.key, expression, root, human);
            Some(Invariant {
                rule: match native {
                    Some(native) => Checked::Native(native, rule),
                    None => Checked::Path(rule),
                },
                is_error: constraint.severity == ConstraintSeverity::Error,
                is_best_practice: constraint.is_best_practice,
            })
        })
        .collect()
}

/// Whether an element is there: with a value or, for a primitive, with extensions alone.
pub(crate) fn has(value: &Value, name: &str) -> bool {
    let there = |value: &Value| match value {
        Value::Null => false,
        Value::Array(items) => !items.is_empty(),
        _ => true,
    };
    let Some(object) = value.as_object() else {
        return false;
    };
    object.iter().any(|(key, value)| {
        let own = match key.len().wrapping_sub(name.len()) {
            0 => key,
            1 => key.strip_prefix('_').unwrap_or_default(),
            _ => return false,
        };
        own == name && there(value)
    })
}

/// Whether a choice element is there with any type.
pub(crate) fn has_choice(value: &Value, name: &str) -> bool {
    let Some(object) = value.as_object() else {
        return false;
    };
    object.iter().any(|(key, _)| {
        key.strip_prefix('_')
            .unwrap_or(key)
            .strip_prefix(name)
            .is_some_and(|of_type| of_type.starts_with(|c: char| c.is_ascii_uppercase()))
    })
}

/// Whether an element has a primitive value.
fn has_value(value: &Value, name: &str) -> bool {
    matches!(
        value.get(name),
        Some(Value::String(_) | Value::Number(_) | Value::Bool(_))
    )
}

/// Whether a CodeableConcept element has a coding of that system with one of these codes.
fn is_coded(value: &Value, name: &str, system: &str, codes: &[&str]) -> bool {
    value
        .each(name)
        .flat_map(|concept| concept.each("coding"))
        .any(|coding| {
            coding.text("system") == Some(system)
                && coding
                    .text("code")
                    .is_some_and(|code| codes.contains(&code))
        })
}

/// Compares two dates or times as FHIRPath does: `None` where their precisions or time zones leave
/// it open.
fn compare_times(left: &str, right: &str) -> Option<Ordering> {
    if let (Some(left), Some(right)) = (timestamp(left), timestamp(right)) {
        return Some(left.cmp(&right));
    }
    // Component by component as far as both go; without a difference there, the precisions decide:
    // equal when they are the same, open when one says more.
    let (left_date, left_time) = split(left);
    let (right_date, right_time) = split(right);
    let mut left_parts = left_date.split('-');
    let mut right_parts = right_date.split('-');
    loop {
        match (left_parts.next(), right_parts.next()) {
            (Some(left), Some(right)) => match left.cmp(right) {
                Ordering::Equal => {}
                different => return Some(different),
            },
            (None, None) if left_time.is_none() && right_time.is_none() => {
                return Some(Ordering::Equal);
            }
            _ => return None,
        }
    }
}

fn split(text: &str) -> (&str, Option<&str>) {
    match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    }
}

fn timestamp(text: &str) -> Option<jiff::Timestamp> {
    text.contains('T').then(|| text.parse().ok()).flatten()
}

/// Compares two decimals by their value; `None` when one is not a number.
fn compare_numbers(left: &Value, right: &Value) -> Option<Ordering> {
    left.as_number()?
        .to_f64()
        .partial_cmp(&right.as_number()?.to_f64())
}
