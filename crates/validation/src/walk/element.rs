//! The occurrences of an element: array or single, how many, of which type.

use diagnostics::IssueType;
use json::{Object, Value};
use smallvec::SmallVec;

use super::path::Segment;
use super::slicing::Sliced;
use super::{MAX_DEPTH, Walk};
use crate::codes;
use crate::plan::{Child, Node, Rule, Special, TypeKind, TypeRule};

/// One occurrence: its value, and the id and extensions of a primitive.
#[derive(Clone, Copy)]
pub(super) struct Item<'v> {
    pub index: Option<usize>,
    pub value: Option<&'v Value>,
    pub more: Option<&'v Value>,
}

impl<'v> Walk<'_, 'v> {
    pub(super) fn occurrences(
        &mut self,
        child: &Child,
        of_type: usize,
        value: Option<&'v Value>,
        more: Option<&'v Value>,
        node: &Node,
        places: &[Box<str>],
    ) {
        let Some(rule) = child.rule.types.get(of_type) else {
            return;
        };
        if more.is_some() && !matches!(rule.kind, TypeKind::Primitive(_)) {
            self.raise(codes::UNKNOWN_ELEMENT, |issue| {
                issue.say(format!(
                    "_{} is not allowed: only a primitive has a member with an underscore",
                    child.name
                ));
                issue.mend("put the id and the extensions into the element itself");
            });
        }
        let single = match (value, more) {
            (Some(Value::Array(_)), _) | (None, Some(Value::Array(_))) => false,
            (Some(_), Some(Value::Array(_))) if child.is_array => false,
            _ => true,
        };
        if single {
            if child.is_array {
                self.raise(codes::NOT_AN_ARRAY, |issue| {
                    issue.say(format!("{} may repeat, so it must be an array", child.name));
                    issue.mend("put the value into [ and ]");
                });
            }
            let item = Item {
                index: None,
                value,
                more,
            };
            self.few(child, rule, &[item], node, places);
            return;
        }
        if !child.is_array {
            self.raise(codes::UNEXPECTED_ARRAY, |issue| {
                issue.say(format!(
                    "{} does not repeat, so it must not be an array",
                    child.name
                ));
                issue.mend("keep one value, without [ and ]");
            });
            return;
        }
        let values = array(value);
        let mores = array(more);
        for lone in [value, more].into_iter().flatten() {
            if lone.as_array().is_none() {
                self.raise(codes::NOT_AN_ARRAY, |issue| {
                    issue.say(format!("{} may repeat, so it must be an array", child.name));
                    issue.mend("put the value into [ and ]");
                });
                return;
            }
            if lone.as_array().is_some_and(<[Value]>::is_empty) {
                self.raise(codes::EMPTY, |issue| {
                    issue.say("an array must not be empty".to_owned());
                    issue.mend("leave the element out");
                });
            }
        }
        if value.is_some() && more.is_some() && values.len() != mores.len() {
            self.raise(codes::UNALIGNED, |issue| {
                issue.say(format!(
                    "the arrays {0} and _{0} have different lengths, so it is open what belongs to what",
                    child.name
                ));
                issue.mend("fill the shorter one up with null");
            });
        }
        let count = values.len().max(mores.len());
        let item = |index: usize| Item {
            index: Some(index),
            value: values.get(index),
            more: mores.get(index),
        };
        if count == 1 {
            self.few(child, rule, &[item(0)], node, places);
        } else {
            let items: SmallVec<[Item<'v>; 4]> = (0..count).map(item).collect();
            self.few(child, rule, &items, node, places);
        }
    }

    /// Counts the occurrences, puts them into slices where there are any, and looks at each.
    fn few(
        &mut self,
        child: &Child,
        of_type: &TypeRule,
        items: &[Item<'v>],
        node: &Node,
        places: &[Box<str>],
    ) {
        let rule = &child.rule;
        self.count(&child.name, rule, items.len());
        match &rule.slicing {
            None if child.is_extension => {
                for item in items {
                    self.at(*item, |walk| {
                        walk.extension(*item, rule, of_type, None, node, places)
                    });
                }
            }
            None => {
                for item in items {
                    let typed = match of_type.kind {
                        TypeKind::Resource if rule.types.len() > 1 => item
                            .value
                            .and_then(|value| value.text("resourceType"))
                            .map_or(Some(of_type), |name| rule.type_named(name)),
                        _ => Some(of_type),
                    };
                    self.at(*item, |walk| match typed {
                        Some(typed) => walk.item(*item, rule, typed),
                        None => walk.wrong_type(rule),
                    });
                }
            }
            Some(slicing) => {
                let place = Sliced {
                    child,
                    rule,
                    is_slice: false,
                    node,
                    places,
                };
                self.sliced(&place, slicing, of_type, items);
            }
        }
    }

    pub(super) fn count(&mut self, name: &str, rule: &Rule, count: usize) {
        if rule.max != u32::MAX && count > rule.max as usize {
            self.too_many(name, rule.max, count);
        }
        if count < rule.min as usize {
            self.too_few(name, rule.min, count);
        }
    }

    /// Does something at an item's place.
    pub(super) fn at(&mut self, item: Item<'v>, act: impl FnOnce(&mut Self)) {
        match item.index {
            Some(index) => {
                self.path.push(Segment::Index(index));
                act(self);
                self.path.pop();
            }
            None => act(self),
        }
    }

    /// One occurrence against the rule of its element or slice.
    pub(super) fn item(&mut self, item: Item<'v>, rule: &Rule, of_type: &TypeRule) {
        match of_type.kind {
            TypeKind::Primitive(primitive) => {
                self.primitive(item, rule, of_type, primitive);
                return;
            }
            TypeKind::Resource => {
                let Some(value) = item.value else { return };
                self.nested(value, rule, of_type);
                return;
            }
            TypeKind::Complex => {}
        }
        let Some(value) = item.value else { return };
        let Value::Object(object) = value else {
            self.raise(
                if matches!(value, Value::Null) {
                    codes::NULL
                } else {
                    codes::JSON_TYPE
                },
                |issue| {
                    issue.value(value);
                    issue.say(format!("an object belongs here, not {}", article(value)));
                    issue.mend("write the element with its children");
                },
            );
            return;
        };
        // A coded value is judged by itself, unless it lies so deep that its depth is at fault.
        let is_coded = matches!(of_type.special, Special::Coding | Special::CodeableConcept)
            && self.path.len() < MAX_DEPTH / 2
            && self.validator.remembers()
            && rule
                .types
                .as_ptr_range()
                .contains(&std::ptr::from_ref(of_type));
        if !is_coded {
            self.complex(value, object, rule, of_type);
        } else if !of_type.judged.knows(value, self.report.wants_open()) {
            let before = self.report.raised();
            self.complex(value, object, rule, of_type);
            if self.report.raised() == before {
                let plans = self.validator.plans();
                let is_settled = self.report.wants_open();
                of_type.judged.keep(value, is_settled, plans, of_type);
            }
        }
        self.invariants(Some(value), None, &of_type.code, &rule.invariants);
    }

    /// What the rule of an element says of an object and, by the plans of its type, what is in it.
    fn complex(&mut self, value: &'v Value, object: &'v Object, rule: &Rule, of_type: &TypeRule) {
        if !(rule.is_plain && of_type.special == Special::None) {
            self.fixed(value, rule);
            self.bound(value, rule, of_type);
            self.limits(value, rule);
        }
        if of_type.special == Special::Reference {
            self.reference(value, of_type);
        }
        let plans = self.validator.plans();
        let scope = plans.scope(of_type);
        match &*scope.any_of {
            [] => {}
            [only] => {
                if let Some(node) = plans.at(*only) {
                    self.object(value, object, node, &of_type.places);
                }
            }
            several => {
                let nodes: Vec<&Node> = several.iter().filter_map(|id| plans.at(*id)).collect();
                self.one_of(&nodes, |walk, node| {
                    walk.object(value, object, node, &of_type.places);
                });
            }
        }
        if let Some(node) = scope.shared.and_then(|id| plans.at(id)) {
            self.object(value, object, node, &of_type.places);
        }
    }

    /// Looks with several plans, of which one must hold; if none does, says what the one misses that
    /// misses least.
    pub(super) fn one_of(&mut self, nodes: &[&Node], mut look: impl FnMut(&mut Self, &Node)) {
        let mut nearest: Option<(usize, &Node)> = None;
        for &node in nodes {
            let mark = self.mark();
            look(self, node);
            let misses = self.errors_since(mark);
            if misses == 0 {
                return;
            }
            self.roll_back(mark);
            if nearest.is_none_or(|(least, _)| misses < least) {
                nearest = Some((misses, node));
            }
        }
        if let Some((_, node)) = nearest {
            look(self, node);
        }
    }

    pub(super) fn fixed(&mut self, value: &'v Value, rule: &Rule) {
        if let Some(fixed) = &rule.fixed
            && !super::compare::equals(value, fixed)
        {
            self.raise(codes::FIXED, |issue| {
                issue.kind(IssueType::Value);
                issue.value(value);
                issue.say("the value differs from the one that the profile fixes".to_owned());
                issue.mend(format!("write {fixed}"));
            });
        }
        if let Some(pattern) = &rule.pattern
            && !super::compare::contains(value, pattern)
        {
            self.raise(codes::PATTERN, |issue| {
                issue.kind(IssueType::Value);
                issue.value(value);
                issue.say("the value lacks what the profile's pattern asks for".to_owned());
                issue.mend(format!("it must hold {pattern}"));
            });
        }
    }
}

fn array(value: Option<&Value>) -> &[Value] {
    value.and_then(Value::as_array).unwrap_or_default()
}

pub(super) fn article(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "a boolean",
        Value::Number(_) => "a number",
        Value::String(_) => "a string",
        Value::Array(_) => "an array",
        Value::Object(_) => "an object",
    }
}
