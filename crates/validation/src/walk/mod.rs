//! The walk of a resource over its plans.

mod binding;
mod bundle;
mod compare;
mod decimal;
mod document;
mod element;
mod extension;
mod invariant;
mod limit;
mod narrative;
mod path;
mod reference;
mod report;
mod resolve;
mod resource;
mod slicing;
mod terms;
mod value;

use std::collections::HashMap;

use diagnostics::IssueType;
use json::{Object, Value};
use smallvec::SmallVec;

use crate::Validator;
use crate::codes;
use crate::plan::{Child, Node};
use path::Segment;
use report::Findings;
use resolve::Inside;

/// Deeper than this, nothing in FHIR goes; the reader of JSON stops at 128 already.
const MAX_DEPTH: usize = 160;

/// References lead from resource to resource; profiles of profiles of profiles go no further.
const MAX_TRIALS: usize = 24;

/// The ids of the elements of a resource, with the element that each is of.
type Ids<'v> = Vec<(&'v str, *const Object)>;

/// One walk over one resource.
pub(crate) struct Walk<'w, 'v> {
    validator: &'w Validator,
    report: Findings,
    root: &'v str,
    path: Vec<Segment<'v>>,
    /// The resources around the place, the innermost last.
    resources: SmallVec<[&'v Value; 2]>,
    /// The nearest resources that are not contained, the innermost last.
    containers: SmallVec<[&'v Value; 2]>,
    /// The Bundles around the place, the innermost last.
    bundles: Vec<Inside<'v>>,
    /// The objects around the place, the innermost last.
    holders: Vec<&'v Value>,
    /// The extensions around the place, with where each stands, the innermost last.
    extensions: SmallVec<[(&'v str, usize); 2]>,
    /// Where in the path each resource around the place begins.
    begins: SmallVec<[usize; 2]>,
    /// The ids of the elements of each resource around the place.
    ids: SmallVec<[Ids<'v>; 2]>,
    /// What trials of a resource against a profile have shown.
    tried: HashMap<(*const Value, *const Node), bool>,
    /// How deep trials are in trials.
    trials: usize,
}

impl<'w, 'v> Walk<'w, 'v> {
    pub fn new(validator: &'w Validator, root: &'v str) -> Self {
        Self {
            validator,
            report: Findings::default(),
            root,
            path: Vec::with_capacity(16),
            resources: SmallVec::new(),
            containers: SmallVec::new(),
            bundles: Vec::new(),
            holders: Vec::with_capacity(16),
            extensions: SmallVec::new(),
            begins: SmallVec::new(),
            ids: SmallVec::new(),
            tried: HashMap::new(),
            trials: 0,
        }
    }

    /// The same, which keeps the code checks that nobody can decide here.
    pub fn collecting_open(mut self) -> Self {
        self.report = self.report.collecting_open();
        self
    }

    /// What was found.
    pub fn finish(self) -> crate::Report {
        self.report.finish(self.root)
    }

    /// The members of an object against what it may hold. `places` are the names under which
    /// extensions may mean this object.
    fn object(&mut self, this: &'v Value, object: &'v Object, node: &Node, places: &[Box<str>]) {
        self.members(this, object, node, places, false);
    }

    /// The same for an object that may be the id and extensions of a value beside it.
    fn members(
        &mut self,
        this: &'v Value,
        object: &'v Object,
        node: &Node,
        places: &[Box<str>],
        beside_value: bool,
    ) {
        if self.path.len() > MAX_DEPTH {
            self.too_deep();
            return;
        }
        self.holders.push(this);
        let mut seen = Seen::default();
        // Most objects have no ids and extensions of primitives: then nobody looks for them.
        let has_shadows = object.iter().any(|(key, _)| key.starts_with('_'));
        let is_resource = node.root.as_ref().is_some_and(|root| root.is_resource);
        // ele-1 is a rule of elements: a resource may say nothing but its type.
        let mut says_something = is_resource || (beside_value && !object.is_empty());
        for (key, value) in object.iter() {
            if is_resource && key == "resourceType" {
                continue;
            }
            let shadow = key.strip_prefix('_');
            let name = shadow.unwrap_or(key);
            let Some((child, member)) = node.member(name) else {
                if node.is_partial {
                    continue;
                }
                self.unknown_member(key, value, node);
                says_something = true;
                continue;
            };
            if shadow.is_some() && object.contains(name) {
                // Seen together with its value.
                continue;
            }
            if child.is_id {
                if !is_resource && let Some(id) = value.as_str() {
                    self.element_id(id, object);
                }
            } else {
                says_something = true;
            }
            if seen.replace(member.child) && child.is_choice {
                self.path.push(Segment::Member(key));
                self.raise(codes::TWO_CHOICES, |issue| {
                    issue.say(format!(
                        "{}[x] occurs with two types, and only one is allowed",
                        child.name
                    ));
                    issue.mend("keep the one that is meant");
                });
                self.path.pop();
            }
            let (value, more) = match shadow {
                None if has_shadows => (Some(value), self.shadow_of(object, name)),
                None => (Some(value), None),
                Some(_) => (None, Some(value)),
            };
            self.path.push(if child.is_choice {
                Segment::Choice(name_in(key), child.name.len())
            } else {
                Segment::Member(name_in(key))
            });
            self.occurrences(child, member.of_type, value, more, node, places);
            self.path.pop();
        }
        if !says_something && !node.is_partial {
            self.raise(codes::EMPTY, |issue| {
                issue.say("an element must have a value or children (ele-1)".to_owned());
                issue.mend("leave the element out");
            });
        }
        for &index in &node.required {
            if let Some(child) = node.children.get(index)
                && !seen.has(index)
            {
                self.missing(child);
            }
        }
        self.holders.pop();
        self.invariants(Some(this), None, &node.type_name, &node.invariants);
    }

    /// The path from the resource around the place.
    fn path_in_resource(&self) -> &[Segment<'v>] {
        let begin = self.begins.last().copied().unwrap_or(0);
        self.path.get(begin..).unwrap_or_default()
    }

    /// The id of an element is its own in the resource (R4, Element.id). Those of a snapshot repeat
    /// those of its differential.
    fn element_id(&mut self, id: &'v str, object: &'v Object) {
        let in_definition = matches!(
            self.path_in_resource(),
            [Segment::Member("snapshot" | "differential"), ..]
        );
        let Some(known) = self.ids.last_mut() else {
            return;
        };
        if in_definition {
            return;
        }
        let place: *const Object = object;
        if known
            .iter()
            .any(|(other, own)| *other == id && *own != place)
        {
            self.raise_below(Some("id"), codes::DUPLICATE_ID, |issue| {
                issue.kind(IssueType::Conflict);
                issue.value(&Value::from(id));
                issue.say("another element of this resource has the same id".to_owned());
                issue.mend("give each element an id of its own, or none");
            });
        } else {
            known.push((id, place));
        }
    }

    /// The member that holds the ids and extensions of a primitive.
    fn shadow_of(&self, object: &'v Object, name: &str) -> Option<&'v Value> {
        object.iter().find_map(|(key, value)| {
            (key.len() == name.len() + 1 && key.strip_prefix('_') == Some(name)).then_some(value)
        })
    }

    fn missing(&mut self, child: &Child) {
        if child.rule.min > 0 {
            self.too_few(&child.name, child.rule.min, 0);
        } else if let Some(slicing) = &child.rule.slicing {
            self.missing_slices(Some(&child.name), slicing);
        }
    }
}

/// The name of a member without the underscore of its shadow.
fn name_in(key: &str) -> &str {
    key.strip_prefix('_').unwrap_or(key)
}

/// Which children were seen: bits, with room for any number.
#[derive(Default)]
struct Seen {
    first: u128,
    more: Vec<u128>,
}

impl Seen {
    /// Marks a child; whether it was marked before.
    fn replace(&mut self, index: usize) -> bool {
        let word = if index < 128 {
            &mut self.first
        } else {
            let at = index / 128 - 1;
            if self.more.len() <= at {
                self.more.resize(at + 1, 0);
            }
            match self.more.get_mut(at) {
                Some(word) => word,
                None => return false,
            }
        };
        let bit = 1u128 << (index % 128);
        let before = *word & bit != 0;
        *word |= bit;
        before
    }

    fn has(&self, index: usize) -> bool {
        let word = if index < 128 {
            self.first
        } else {
            self.more.get(index / 128 - 1).copied().unwrap_or(0)
        };
        word & (1u128 << (index % 128)) != 0
    }
}
