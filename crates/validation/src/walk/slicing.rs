//! Which slice an item is in.

use fhir::Reference;
use json::Value;
use terminology::Membership;

use super::Walk;
use super::compare::{contains, equals};
use super::element::Item;
use crate::codes;
use crate::plan::{Child, Node, Rule, Slices, Step, Test, TypeRule, Wanted};

impl<'v> Walk<'_, 'v> {
    #[allow(
        clippy::too_many_arguments,
        reason = "one step of the walk, split off for reading"
    )]
    pub(super) fn sliced(
        &mut self,
        child: &Child,
        rule: &Rule,
        slicing: &Slices,
        of_type: &TypeRule,
        items: &[Item<'v>],
        node: &Node,
        places: &[Box<str>],
    ) {
        let mut counts = vec![0usize; slicing.slices.len()];
        let mut groups: Vec<Option<usize>> = Vec::with_capacity(items.len());
        let mut last = 0usize;
        let mut outside = false;
        for item in items {
            let found = slicing.slices.iter().position(|slice| {
                slice
                    .tests
                    .as_ref()
                    .is_some_and(|tests| tests.iter().all(|test| self.passes(test, *item, of_type)))
            });
            groups.push(found);
            match found {
                Some(index) => {
                    if let Some(count) = counts.get_mut(index) {
                        *count += 1;
                    }
                    if (slicing.ordered && index < last) || (slicing.open_at_end && outside) {
                        self.at(*item, Self::out_of_order);
                    }
                    last = last.max(index);
                }
                None => {
                    outside = true;
                    let decidable = slicing.slices.iter().all(|slice| slice.tests.is_some());
                    if slicing.closed && decidable {
                        self.at(*item, |walk| walk.in_no_slice(slicing));
                    }
                }
            }
        }
        for (slice, count) in slicing.slices.iter().zip(&counts) {
            if slice.tests.is_none() {
                continue;
            }
            if *count < slice.rule.min as usize {
                self.slice_too_few(None, slice, *count);
            }
            if slice.rule.max != u32::MAX && *count > slice.rule.max as usize {
                self.raise(codes::SLICE_TOO_MANY, |issue| {
                    issue.say(format!(
                        "the part named {} occurs {count} times and may occur at most {} times",
                        slice.name, slice.rule.max
                    ));
                    issue.mend("keep what is allowed, or do not claim the profile");
                });
            }
        }
        for (item, group) in items.iter().zip(&groups) {
            let slice = group.and_then(|index| slicing.slices.get(index));
            let rule = slice.map_or(rule, |slice| &slice.rule);
            if child.is_extension {
                let named = slice.map(|slice| &slice.rule);
                self.at(*item, |walk| {
                    walk.extension(*item, rule, of_type, named, node, places);
                });
                continue;
            }
            let Some(typed) = rule.type_named(&of_type.code).or_else(|| {
                let nested = item.value.and_then(|value| value.text("resourceType"))?;
                rule.type_named(nested)
            }) else {
                self.at(*item, |walk| walk.wrong_type(rule));
                continue;
            };
            match &rule.slicing {
                // A slice that is sliced again.
                Some(inner) if slice.is_some() => {
                    self.sliced(child, rule, inner, typed, &[*item], node, places);
                }
                _ => self.at(*item, |walk| walk.item(*item, rule, typed)),
            }
        }
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

    fn wrong_type(&mut self, rule: &Rule) {
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
            Test::Value(steps, wanted) => any(value, steps, &mut |value| {
                wanted.iter().any(|wanted| match wanted {
                    Wanted::Fixed(fixed) => equals(value, fixed),
                    Wanted::Pattern(pattern) => contains(value, pattern),
                    Wanted::In(value_set) => self.is_in(value_set, value),
                })
            }),
            Test::Exists(steps, wanted) => any(value, steps, &mut |_| true) == *wanted,
            Test::Type(steps, types) => self.has_type(value, steps, types, of_type),
            Test::Profile(steps, profiles) => self.meets(value, steps, profiles),
        }
    }

    fn is_in(&self, value_set: &str, value: &Value) -> bool {
        let terminology = self.validator.terminology();
        let coding = |coding: &Value| {
            coding.text("code").is_some_and(|code| {
                terminology.contains(value_set, coding.text("system"), code) == Membership::In
            })
        };
        match value {
            Value::String(code) => terminology.contains(value_set, None, code) == Membership::In,
            value => coding(value) || value.each("coding").any(coding),
        }
    }

    fn has_type(
        &self,
        value: &Value,
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
            [before @ .., Step::Resolve] => any(value, before, &mut |reference| {
                self.target_type(reference).is_some_and(is)
            }),
            // A resource says its type; a choice element says it in its name.
            [before @ .., Step::Child(name)] => any(value, before, &mut |parent| {
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

    /// The type of the resource that a reference points at, where its text or this resource says it.
    pub(super) fn target_type<'a>(&self, reference: &'a Value) -> Option<&'a str>
    where
        'v: 'a,
    {
        match Reference::parse(reference.text("reference")?)? {
            Reference::Contained(id) => self.contained(id)?.text("resourceType"),
            other => other.type_name(),
        }
        .or_else(|| reference.text("type"))
    }

    fn meets(&mut self, value: &'v Value, steps: &[Step], profiles: &[Box<str>]) -> bool {
        let mut places: Vec<&'v Value> = Vec::new();
        collect(value, steps, &mut places);
        places.into_iter().any(|place| {
            profiles.iter().any(|profile| {
                let Some(node) = self.validator.plans().of_profile(profile) else {
                    return false;
                };
                let Some(object) = place.as_object() else {
                    return false;
                };
                let mark = self.mark();
                self.object(place, object, &node, &[]);
                !self.roll_back(mark)
            })
        })
    }
}

/// Whether something at a path satisfies a test.
fn any(value: &Value, steps: &[Step], test: &mut dyn FnMut(&Value) -> bool) -> bool {
    match (steps, value) {
        (_, Value::Array(items)) => items.iter().any(|item| any(item, steps, test)),
        ([], value) => test(value),
        ([step, rest @ ..], value) => match step {
            Step::Child(name) => match value.get(name) {
                Some(child) => any(child, rest, test),
                None => choice(value, name).is_some_and(|child| any(child, rest, test)),
            },
            Step::Extension(url) => value
                .each("extension")
                .filter(|extension| extension.text("url") == Some(url))
                .any(|extension| any(extension, rest, test)),
            Step::OfType(_) => any(value, rest, test),
            Step::Resolve => false,
        },
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

fn collect<'v>(value: &'v Value, steps: &[Step], out: &mut Vec<&'v Value>) {
    match (steps, value) {
        (_, Value::Array(items)) => {
            for item in items {
                collect(item, steps, out);
            }
        }
        ([], value) => out.push(value),
        ([Step::Child(name), rest @ ..], value) => {
            if let Some(child) = value.get(name).or_else(|| choice(value, name)) {
                collect(child, rest, out);
            }
        }
        ([Step::Extension(url), rest @ ..], value) => {
            for extension in value.each("extension") {
                if extension.text("url") == Some(url) {
                    collect(extension, rest, out);
                }
            }
        }
        ([Step::OfType(_), rest @ ..], value) => collect(value, rest, out),
        ([Step::Resolve, ..], _) => {}
    }
}
