//! Coded values that were found to have nothing wrong with them. A mapping writes the same category,
//! code and status into thousands of records, so the first ones are kept, and one that is equal to
//! them in every member is not looked at again.
//!
//! That is the same verdict only because such a value is judged by itself: it has no extension and no
//! id, and no invariant is stated on what is in it. Nothing is kept where that is not so.

use std::sync::OnceLock;

use fhir::Primitive;
use json::Value;

use super::{Node, Plans, Rule, Special, Step, Test, TypeKind, TypeRule, quick_hash};

/// How many values of a type at one place are kept, a power of two.
const SLOTS: usize = 16;

/// How many slots from its own a value may lie.
const PROBES: usize = 3;

/// The most codings that a value may have, and the most bytes of text in all.
const MAX_CODINGS: usize = 4;
const MAX_TEXT: usize = 400;

/// Coded values deep in each other are not FHIR's.
const MAX_DEPTH: usize = 4;

/// The good values of a type at one place.
#[derive(Debug, Default)]
pub(crate) struct Judged(OnceLock<Box<[OnceLock<Good>]>>);

#[derive(Debug)]
struct Good {
    value: Box<Value>,
    /// Whether nothing was left for a terminology server to decide either.
    is_settled: bool,
}

impl Judged {
    /// Whether an equal value was found good.
    pub fn knows(&self, value: &Value, settled_only: bool) -> bool {
        let Some(slots) = self.0.get().filter(|slots| !slots.is_empty()) else {
            return false;
        };
        let Some(start) = start(value) else {
            return false;
        };
        for slot in probes(slots, start) {
            match slot.get() {
                Some(good) if *good.value == *value && (good.is_settled || !settled_only) => {
                    return true;
                }
                Some(_) => {}
                None => return false,
            }
        }
        false
    }

    /// Keeps a value that was found good, if there is room, and if it is one to be judged by itself.
    pub fn keep(&self, value: &Value, is_settled: bool, plans: &Plans, rule: &TypeRule) {
        let slots = self.0.get_or_init(|| {
            if judges_alone(plans, rule, 0) {
                (0..SLOTS).map(|_| OnceLock::new()).collect()
            } else {
                Box::default()
            }
        });
        let Some(start) = start(value).filter(|_| !slots.is_empty()) else {
            return;
        };
        let Some(slot) = probes(slots, start).find(|slot| slot.get().is_none()) else {
            return;
        };
        if text_in(value).is_some_and(|length| length <= MAX_TEXT) {
            // Another thread may have taken the slot: then this value is not kept.
            let _ = slot.set(Good {
                value: Box::new(value.clone()),
                is_settled,
            });
        }
    }
}

/// Where a value is looked for: by its first code.
fn start(value: &Value) -> Option<u64> {
    let code = match value.get("coding") {
        Some(codings) => codings.item(0)?.text("code")?,
        None => value.text("code")?,
    };
    Some(quick_hash(code))
}

#[allow(
    clippy::cast_possible_truncation,
    reason = "only the low bits of a hash are wanted"
)]
fn probes(slots: &[OnceLock<Good>], start: u64) -> impl Iterator<Item = &OnceLock<Good>> {
    (0..PROBES).filter_map(move |step| slots.get((start as usize + step) & (SLOTS - 1)))
}

/// How much text is in a value; `None` for one with anything in it that no coding has.
fn text_in(value: &Value) -> Option<usize> {
    let mut length = 0;
    for (name, member) in value.as_object()?.iter() {
        length += match (name, member) {
            ("system" | "version" | "code" | "display" | "text", Value::String(text)) => text.len(),
            ("userSelected", Value::Bool(_)) => 0,
            ("coding", Value::Array(codings)) if codings.len() <= MAX_CODINGS => codings
                .iter()
                .map(|coding| text_in(coding).filter(|_| coding.get("coding").is_none()))
                .sum::<Option<usize>>()?,
            _ => return None,
        };
    }
    Some(length)
}

/// Whether what a plan says of a value without extensions and ids depends on nothing else.
fn judges_alone(plans: &Plans, of_type: &TypeRule, depth: usize) -> bool {
    let scope = plans.scope(of_type);
    depth < MAX_DEPTH
        && scope.any_of.iter().chain(&scope.shared).all(|id| {
            plans
                .at(*id)
                .is_some_and(|node| node_alone(plans, node, depth))
        })
}

fn node_alone(plans: &Plans, node: &Node, depth: usize) -> bool {
    node.invariants.is_empty()
        && node
            .children
            .iter()
            .filter(|child| !child.is_extension && !child.is_id)
            .all(|child| rule_alone(plans, &child.rule, depth))
}

fn rule_alone(plans: &Plans, rule: &Rule, depth: usize) -> bool {
    let types_alone = rule.types.iter().all(|of_type| match of_type.kind {
        TypeKind::Primitive(primitive) => primitive != Primitive::Xhtml,
        TypeKind::Resource => false,
        TypeKind::Complex => {
            of_type.special == Special::Coding && judges_alone(plans, of_type, depth + 1)
        }
    });
    let slices_alone = rule
        .slicing
        .iter()
        .flat_map(|slicing| &slicing.slices)
        .all(|slice| {
            slice.tests.iter().flatten().all(test_alone) && rule_alone(plans, &slice.rule, depth)
        });
    types_alone && slices_alone && rule.invariants.is_empty()
}

fn test_alone(test: &Test) -> bool {
    let (Test::Value(steps, _) | Test::Exists(steps, _) | Test::Type(steps, _)) = test else {
        return false;
    };
    !steps.contains(&Step::Resolve)
}
