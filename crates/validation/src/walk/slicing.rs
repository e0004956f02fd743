//! Which slice an item is in.

use json::Value;
use smallvec::SmallVec;
use terminology::Membership;

use super::Walk;
use super::compare::{contains, equals};
use super::element::Item;
use crate::codes;
use crate::invariants::{has, has_choice};
use crate::plan::{ByText, Child, Node, Rule, Slice, Slices, Step, Test, TypeRule, Wanted};

/// An element whose repetitions are told apart, with where it stands.
pub(super) struct Sliced<'p> {
    pub child: &'p Child,
    /// The rule of the element, or of the slice that is sliced again.
    pub rule: &'p Rule,
    /// Whether that is the rule of a slice.
    pub is_slice: bool,
    pub node: &'p Node,
    pub places: &'p [Box<str>],
}

impl<'v> Walk<'_, 'v> {
    /// Puts items into slices, counts them, and looks at each by the rule of its slice.
    pub(super) fn sliced(
        &mut self,
        place: &Sliced<'_>,
        slicing: &Slices,
        of_type: &TypeRule,
        items: &[Item<'v>],
    ) {
        let groups = self.assign(slicing, of_type, items);
        for (index, slice) in slicing.slices.iter().enumerate() {
            let of_slice = || groups.iter().filter(move |group| **group == Some(index));
            self.count_slice(slice, of_slice().count());
            if let Some(inner) = &slice.rule.slicing {
                // A slice that is sliced again.
                let own: Vec<Item<'v>> = items
                    .iter()
                    .zip(&groups)
                    .filter(|(_, group)| **group == Some(index))
                    .map(|(item, _)| *item)
                    .collect();
                let typed = slice.rule.type_named(&of_type.code);
                if own.is_empty() {
                    if slice.rule.min == 0 && slice.tests.is_some() {
                        self.missing_slices(None, inner);
                    }
                } else if let Some(typed) = typed {
                    let place = Sliced {
                        rule: &slice.rule,
                        is_slice: true,
                        ..*place
                    };
                    self.sliced(&place, inner, typed, &own);
                }
            }
        }
        for (item, group) in items.iter().zip(&groups) {
            let slice = group.and_then(|index| slicing.slices.get(index));
            if slice.is_some_and(|slice| slice.rule.slicing.is_some()) {
                continue;
            }
            let rule = slice.map_or(place.rule, |slice| &slice.rule);
            self.at(*item, |walk| {
                let is_slice = slice.is_some() || place.is_slice;
                walk.in_slice(place, rule, is_slice, of_type, *item);
            });
        }
    }

    fn in_slice(
        &mut self,
        place: &Sliced<'_>,
        rule: &Rule,
        is_slice: bool,
        of_type: &TypeRule,
        item: Item<'v>,
    ) {
        if place.child.is_extension {
            let named = is_slice.then_some(rule);
            self.extension(item, rule, of_type, named, place.node, place.places);
            return;
        }
        let typed = rule.type_named(&of_type.code).or_else(|| {
            let nested = item.value.and_then(|value| value.text("resourceType"))?;
            rule.type_named(nested)
        });
        match typed {
            Some(typed) => self.item(item, rule, typed),
            None => self.wrong_type(rule),
        }
    }

    /// The slice of each item, with what is wrong with the places of the items.
    fn assign(
        &mut self,
        slicing: &Slices,
        of_type: &TypeRule,
        items: &[Item<'v>],
    ) -> SmallVec<[Option<usize>; 8]> {
        let decidable = slicing.slices.iter().all(|slice| slice.tests.is_some());
        let mut groups = SmallVec::with_capacity(items.len());
        let mut last = 0usize;
        let mut outside = false;
        for item in items {
            let found = self.slice_of(slicing, of_type, *item);
            groups.push(found);
            match found {
                Some(index) => {
                    if (slicing.ordered && index < last) || (slicing.open_at_end && outside) {
                        self.at(*item, Self::out_of_order);
                    }
                    last = last.max(index);
                }
                None => {
                    outside = true;
                    if slicing.closed && decidable {
                        self.at(*item, |walk| walk.in_no_slice(slicing));
                    }
                }
            }
        }
        groups
    }

    /// The slice of an item, told on the item where it is in two.
    fn slice_of(&mut self, slicing: &Slices, of_type: &TypeRule, item: Item<'v>) -> Option<usize> {
        if let Some(ByText { child, texts }) = &slicing.by_text
            && let Some(Value::String(text)) = item.value.and_then(|value| value.get(child))
        {
            return texts.iter().position(|known| **known == *text.as_str());
        }
        let mut found: Option<usize> = None;
        for (index, slice) in slicing.slices.iter().enumerate() {
            let Some(tests) = &slice.tests else { continue };
            if !tests.iter().all(|test| self.passes(test, item, of_type)) {
                continue;
            }
            if let Some(first) = found.and_then(|first| slicing.slices.get(first)) {
                if first.can_be_told_from(slice) {
                    self.at(item, |walk| walk.in_two_slices(first, slice));
                }
                break;
            }
            found = Some(index);
            if slicing.by_text.is_some() {
                break;
            }
        }
        found
    }

    /// The slices that must be there, where nothing is that could be in one. Of a slice that is
    /// missing its parts are not missed as well.
    pub(super) fn missing_slices(&mut self, below: Option<&str>, slicing: &Slices) {
        for slice in slicing.slices.iter().filter(|slice| slice.tests.is_some()) {
            if slice.rule.min > 0 {
                self.slice_too_few(below, slice, 0);
            } else if let Some(inner) = &slice.rule.slicing {
                self.missing_slices(below, inner);
            }
        }
    }

    fn count_slice(&mut self, slice: &Slice, count: usize) {
        if slice.tests.is_none() {
            return;
        }
        if count < slice.rule.min as usize {
            self.slice_too_few(None, slice, count);
        }
        if slice.rule.max != u32::MAX && count > slice.rule.max as usize {
            self.raise(codes::SLICE_TOO_MANY, |issue| {
                issue.say(format!(
                    "the part named {} occurs {count} times and may occur at most {} times",
                    slice.name, slice.rule.max
                ));
                issue.mend("keep what is allowed, or do not claim the profile");
            });
        }
    }

    fn in_two_slices(&mut self, one: &Slice, other: &Slice) {
        self.raise(codes::SLICE_AMBIGUOUS, |issue| {
            issue.say(format!(
                "the item is both what the profile names {} and what it names {}",
                one.name, other.name
            ));
            issue.mend("split it, so that each item is one of them");
        });
    }

    fn out_of_order(&mut self) {
        self.raise(codes::SLICE_ORDER, |issue| {
            issue.say("the items are not in the order that the profile asks for".to_owned());
            issue.mend("put them in the order of the profile's slices, others at the end");
        });
    }

    fn in_no_slice(&mut self, slicing: &Slices) {
        self.raise(codes::SLICE_CLOSED, |issue| {
            let names: Vec<&str> = slicing.slices.iter().map(|slice| &*slice.name).collect();
            issue.say(format!(
                "the item is none of those that the profile allows: {}",
                names.join(", ")
            ));
            issue.mend("leave it out, or do not claim the profile");
        });
    }

    pub(super) fn wrong_type(&mut self, rule: &Rule) {
        self.raise(codes::CHOICE_TYPE, |issue| {
            let names: Vec<&str> = rule.types.iter().map(|of_type| &*of_type.code).collect();
            issue.say("the value may not have this type here".to_owned());
            issue.mend(format!("allowed: {}", names.join(", ")));
        });
    }

    fn passes(&mut self, test: &Test, item: Item<'v>, of_type: &TypeRule) -> bool {
        let Some(value) = item.value else {
            return match test {
                Test::Exists(_, wanted) => !wanted,
                Test::Type(steps, types) => steps.is_empty() && types.contains(&of_type.code),
                _ => false,
            };
        };
        match test {
            Test::Value(steps, wanted) => self.any(value, steps, &mut |value| {
                wanted.iter().any(|wanted| match wanted {
                    Wanted::Fixed(fixed) => equals(value, fixed),
                    Wanted::Pattern(pattern) => contains(value, pattern),
                    Wanted::In(value_set) => self.is_in(value_set, value),
                })
            }),
            Test::Exists(steps, wanted) => self.exists(value, steps) == *wanted,
            Test::Type(steps, types) => self.has_type(value, steps, types, of_type),
            Test::Profile(steps, profiles) => self.meets(value, steps, profiles),
        }
    }

    fn is_in(&self, value_set: &str, value: &Value) -> bool {
        let is_in = |system: Option<&str>, code: &str| {
            self.validator.membership(value_set, system, code) == Membership::In
        };
        let coding = |coding: &Value| {
            coding
                .text("code")
                .is_some_and(|code| is_in(coding.text("system"), code))
        };
        match value {
            Value::String(code) => is_in(None, code),
            value => coding(value) || value.each("coding").any(coding),
        }
    }

    fn exists(&self, value: &'v Value, steps: &[Step]) -> bool {
        match steps {
            // A primitive may be there with extensions alone.
            [before @ .., Step::Child(name)] => self.any(value, before, &mut |parent| {
                has(parent, name) || has_choice(parent, name)
            }),
            _ => self.any(value, steps, &mut |_| true),
        }
    }

    fn has_type(
        &self,
        value: &'v Value,
        steps: &[Step],
        types: &[Box<str>],
        of_type: &TypeRule,
    ) -> bool {
        let is = |name: &str| types.iter().any(|wanted| **wanted == *name);
        match steps {
            [] => match value.text("resourceType") {
                Some(name) => is(name),
                None => is(&of_type.code),
            },
            [before @ .., Step::Resolve] => self.any(value, before, &mut |reference| {
                self.target_type(reference).is_some_and(is)
            }),
            // A resource says its type; a choice element says it in its name.
            [before @ .., Step::Child(name)] => self.any(value, before, &mut |parent| {
                parent.as_object().is_some_and(|object| {
                    object.iter().any(|(key, value)| {
                        if key == &**name {
                            value
                                .text("resourceType")
                                .or_else(|| value.item(0)?.text("resourceType"))
                                .is_some_and(is)
                        } else {
                            key.strip_prefix(&**name).is_some_and(|of_type| {
                                types
                                    .iter()
                                    .any(|wanted| wanted.eq_ignore_ascii_case(of_type))
                            })
                        }
                    })
                })
            }),
            _ => false,
        }
    }

    fn meets(&mut self, value: &'v Value, steps: &[Step], profiles: &[Box<str>]) -> bool {
        let mut places: Vec<&'v Value> = Vec::new();
        self.any(value, steps, &mut |place| {
            places.push(place);
            false
        });
        places.into_iter().any(|place| {
            profiles
                .iter()
                .any(|profile| self.conforms(place, profile) == Some(true))
        })
    }

    /// Whether something at a path satisfies a test.
    fn any(
        &self,
        value: &'v Value,
        steps: &[Step],
        test: &mut dyn FnMut(&'v Value) -> bool,
    ) -> bool {
        match (steps, value) {
            (_, Value::Array(items)) => items.iter().any(|item| self.any(item, steps, test)),
            ([], value) => test(value),
            ([Step::Child(name), Step::OfType(of_type), rest @ ..], value) => {
                match value.get(name) {
                    Some(child) => self.any(child, steps.get(1..).unwrap_or_default(), test),
                    None => {
                        typed(value, name, of_type).is_some_and(|child| self.any(child, rest, test))
                    }
                }
            }
            ([step, rest @ ..], value) => match step {
                Step::Child(name) => match value.get(name) {
                    Some(child) => self.any(child, rest, test),
                    None => choice(value, name).is_some_and(|child| self.any(child, rest, test)),
                },
                Step::Extension(url) => value
                    .each("extension")
                    .filter(|extension| extension.text("url") == Some(url))
                    .any(|extension| self.any(extension, rest, test)),
                Step::OfType(of_type) => {
                    value
                        .text("resourceType")
                        .is_none_or(|name| *name == **of_type)
                        && self.any(value, rest, test)
                }
                Step::Resolve => self
                    .target(value)
                    .is_some_and(|target| self.any(target, rest, test)),
            },
        }
    }
}

/// The member of a choice element, whatever its type.
fn choice<'v>(value: &'v Value, name: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find_map(|(key, child)| {
        key.strip_prefix(name)
            .is_some_and(|of_type| of_type.starts_with(|c: char| c.is_ascii_uppercase()))
            .then_some(child)
    })
}

/// The member of a choice element that has one type.
fn typed<'v>(value: &'v Value, name: &str, of_type: &str) -> Option<&'v Value> {
    value.as_object()?.iter().find_map(|(key, child)| {
        key.strip_prefix(name)
            .is_some_and(|own| own.eq_ignore_ascii_case(of_type))
            .then_some(child)
    })
}
