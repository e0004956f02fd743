//! From a Shape to a plan.

use std::sync::OnceLock;

use definitions::{Definitions, Element, ElementId, Kind, Shape, Slicing, SlicingRules};
use fhir::Primitive;

use super::{
    Bound, Child, Judged, Member, NameIndex, Node, Root, Rule, Slice, Slices, Special, TypeKind,
    TypeRule, discriminator,
};
use crate::invariants::{self, Invariant, PathRules};

/// Re-slicing a slice of a slice: nobody goes further than this.
const MAX_SLICE_DEPTH: usize = 4;

pub(super) fn node(
    definitions: &Definitions,
    rules: &PathRules,
    shape: &Shape,
    element: ElementId,
    type_code: &str,
    is_partial: bool,
) -> Node {
    let compile = Compile {
        definitions,
        rules,
        shape,
    };
    let own = shape.element(element);
    let is_root = element == shape.root();
    let primitive = Primitive::named(type_code).is_some();
    let children: Box<[Child]> = own
        .children
        .iter()
        .map(|&child| (child, shape.element(child)))
        // The value of a primitive is not a member of the object that holds its extensions.
        .filter(|(_, child)| !(primitive && &*child.name == "value"))
        .map(|(id, child)| compile.child(id, child, type_code))
        .collect();
    let mut members: Vec<Member> = Vec::new();
    for (index, child) in children.iter().enumerate() {
        if child.is_choice {
            for (of_type, rule) in child.rule.types.iter().enumerate() {
                members.push(Member {
                    name: choice_name(&child.name, &rule.code),
                    child: index,
                    of_type,
                });
            }
        } else {
            members.push(Member {
                name: child.name.clone(),
                child: index,
                of_type: 0,
            });
        }
    }
    // Of two that are equally like a misspelt one, the longer is suggested.
    members.sort_by(|a, b| (a.name.len(), &a.name).cmp(&(b.name.len(), &b.name)));
    let required = children
        .iter()
        .enumerate()
        .filter(|(_, child)| child.rule.min > 0 || has_required_slice(&child.rule))
        .map(|(index, _)| index)
        .collect();
    Node {
        type_name: type_code.into(),
        path: path_root(own, type_code).into(),
        index: NameIndex::new(members.iter().map(|member| &*member.name)),
        members: members.into(),
        children,
        required,
        invariants: if is_partial {
            Box::default()
        } else {
            invariants::of(&own.constraints, path_root(own, type_code), rules)
        },
        is_partial,
        root: is_root.then(|| Root {
            url: shape.url().into(),
            is_resource: shape.kind() == Kind::Resource,
            is_profile: shape.is_profile(),
            is_modifier: own.is_modifier,
            contexts: shape.contexts().into(),
            context_paths: PathRules::default(),
            context_invariants: shape.context_invariants().into(),
            places: compile.ancestry(shape.type_name()).into(),
        }),
    }
}

/// What FHIRPath starts from at an element: its type, or its path where its children are its own or
/// its type is open.
fn path_root<'e>(element: &'e Element, type_code: &'e str) -> &'e str {
    match type_code {
        "" | "BackboneElement" | "Element" | "Resource" | "DomainResource" => &element.path,
        code => code,
    }
}

fn has_required_slice(rule: &Rule) -> bool {
    rule.slicing
        .iter()
        .flat_map(|slicing| slicing.slices.iter())
        .any(|slice| {
            slice.tests.is_some() && (slice.rule.min > 0 || has_required_slice(&slice.rule))
        })
}

/// `value` and `Quantity` make `valueQuantity`; `value` and `string` make `valueString`.
fn choice_name(name: &str, type_code: &str) -> Box<str> {
    let mut chars = type_code.chars();
    let first = chars.next().map(|c| c.to_ascii_uppercase());
    name.chars()
        .chain(first)
        .chain(chars)
        .collect::<String>()
        .into()
}

/// What a reference may point at.
struct Target {
    type_name: Box<str>,
    profile: Option<Box<str>>,
}

fn names(targets: &[Target]) -> Box<[Box<str>]> {
    let mut names: Vec<Box<str>> = Vec::new();
    for target in targets {
        if !names.contains(&target.type_name) {
            names.push(target.type_name.clone());
        }
    }
    names.into()
}

/// The profiles of those types that are not allowed as they are.
fn profiled(targets: &[Target]) -> Box<[(Box<str>, Box<str>)]> {
    let plain = |type_name: &str| {
        targets
            .iter()
            .any(|target| target.profile.is_none() && *target.type_name == *type_name)
    };
    targets
        .iter()
        .filter(|target| !plain(&target.type_name))
        .filter_map(|target| Some((target.type_name.clone(), target.profile.clone()?)))
        .collect()
}

struct Compile<'d> {
    definitions: &'d Definitions,
    rules: &'d PathRules,
    shape: &'d Shape,
}

impl Compile<'_> {
    fn child(&self, id: ElementId, element: &Element, parent_type: &str) -> Child {
        Child {
            name: element.name.clone(),
            is_choice: element.is_choice,
            is_array: element.is_array,
            is_extension: matches!(&*element.name, "extension" | "modifierExtension"),
            is_id: &*element.name == "id",
            rule: self.rule(id, element, parent_type, None, 0),
        }
    }

    fn rule(
        &self,
        id: ElementId,
        element: &Element,
        parent_type: &str,
        outer: Option<&Slicing>,
        depth: usize,
    ) -> Rule {
        Rule {
            min: element.min,
            max: element.max.unwrap_or(u32::MAX),
            types: self.types(id, element, parent_type),
            fixed: element.fixed.clone(),
            pattern: element.pattern.clone(),
            binding: element.binding.as_ref().and_then(|binding| {
                Some(Bound {
                    value_set: binding.value_set.clone()?,
                    strength: binding.strength,
                    max_value_set: binding.max_value_set.clone(),
                })
            }),
            min_value: element.min_value.clone(),
            max_value: element.max_value.clone(),
            max_length: element
                .max_length
                .and_then(|length| usize::try_from(length).ok()),
            invariants: self.invariants(element),
            slicing: self.slicing(element, parent_type, outer, depth),
            is_plain: element.fixed.is_none()
                && element.pattern.is_none()
                && element.binding.is_none()
                && element.min_value.is_none()
                && element.max_value.is_none()
                && element.max_length.is_none(),
        }
    }

    /// The constraints on an element. Of those on one of several types each value shows its own.
    fn invariants(&self, element: &Element) -> Box<[Invariant]> {
        let code = match element.types.as_slice() {
            [only] => &only.code,
            _ => "",
        };
        invariants::of(&element.constraints, path_root(element, code), self.rules)
    }

    fn types(&self, id: ElementId, element: &Element, parent_type: &str) -> Box<[TypeRule]> {
        let rule = |code: &str, profiles: &[Box<str>], targets: &[Box<str>]| {
            let targets = self.targets(targets);
            TypeRule {
                code: code.into(),
                kind: self.kind(code),
                special: Special::of(code),
                profiles: profiles.into(),
                target_profiles: profiled(&targets),
                targets: names(&targets),
                places: self.places(element, code, parent_type),
                origin: (self.shape.clone(), id),
                scope: OnceLock::new(),
                judged: Judged::default(),
            }
        };
        if element.types.is_empty() {
            return [rule("", &[], &[])].into();
        }
        // One rule a type name: several entries of one name are alternatives.
        let mut names: Vec<&str> = Vec::new();
        for entry in &element.types {
            if !names.contains(&&*entry.code) {
                names.push(&entry.code);
            }
        }
        names
            .into_iter()
            .map(|name| {
                let same = || element.types.iter().filter(|entry| *entry.code == *name);
                let open = same().any(|entry| entry.target_profiles.is_empty());
                let targets: Vec<Box<str>> = if open {
                    Vec::new()
                } else {
                    same()
                        .flat_map(|entry| entry.target_profiles.iter().cloned())
                        .collect()
                };
                let bare = same().any(|entry| entry.profiles.is_empty());
                let profiles: Vec<Box<str>> = if bare {
                    Vec::new()
                } else {
                    same()
                        .flat_map(|entry| entry.profiles.iter().cloned())
                        .collect()
                };
                rule(name, &profiles, &targets)
            })
            .collect()
    }

    fn kind(&self, code: &str) -> TypeKind {
        if let Some(primitive) = Primitive::named(code) {
            return TypeKind::Primitive(primitive);
        }
        let is_resource = self
            .definitions
            .shape_of_type(code)
            .is_some_and(|shape| shape.kind() == Kind::Resource);
        if is_resource {
            TypeKind::Resource
        } else {
            TypeKind::Complex
        }
    }

    /// The resource types that target profiles stand for, each with the profile where it is not the
    /// type's own definition; empty where any is allowed or one of them is not known.
    fn targets(&self, profiles: &[Box<str>]) -> Vec<Target> {
        let mut targets: Vec<Target> = Vec::new();
        for profile in profiles {
            let target = match profile.strip_prefix("http://hl7.org/fhir/StructureDefinition/") {
                // A type of R4 itself needs no look into its definition.
                Some(name) if self.definitions.resource_types().any(|known| known == name) => {
                    Target {
                        type_name: name.into(),
                        profile: None,
                    }
                }
                _ => match self.definitions.shape(profile) {
                    Some(shape) => Target {
                        type_name: shape.type_name().into(),
                        profile: shape.is_profile().then(|| profile.clone()),
                    },
                    None => return Vec::new(),
                },
            };
            if matches!(&*target.type_name, "Resource" | "DomainResource") {
                return Vec::new();
            }
            targets.push(target);
        }
        targets
    }

    /// The names under which an extension's context may mean a value of this element: its path, the
    /// element as its parent's type has it, its type, and what that is derived from.
    fn places(&self, element: &Element, code: &str, parent_type: &str) -> Box<[Box<str>]> {
        let path: Box<str> = element.path.trim_end_matches("[x]").into();
        let of_parent = format!("{parent_type}.{}", element.name).into_boxed_str();
        let mut places = vec![path, of_parent];
        // An element that repeats another stands for it: an item inside an item is an item.
        if let Some((_, named)) = element
            .content_reference
            .as_deref()
            .and_then(|reference| reference.split_once('#'))
        {
            places.push(named.into());
        }
        places.extend(self.ancestry(code));
        places.dedup();
        places.into()
    }

    /// A type and what it is derived from, up to `Element` or `Resource`.
    fn ancestry(&self, type_name: &str) -> Vec<Box<str>> {
        let mut names: Vec<Box<str>> = Vec::new();
        let mut next = Some(Box::<str>::from(type_name));
        while let Some(name) = next.take() {
            if names.contains(&name) {
                break;
            }
            next = self
                .definitions
                .shape_of_type(&name)
                .and_then(|shape| shape.base().map(Box::from))
                .and_then(|base: Box<str>| base.rsplit('/').next().map(Box::from));
            names.push(name);
        }
        names
    }

    /// How an element, or a slice, is sliced. A slice that is sliced again without a word on how is
    /// told apart as the slices around it are; what is in none of its parts is still in the slice.
    fn slicing(
        &self,
        element: &Element,
        parent_type: &str,
        outer: Option<&Slicing>,
        depth: usize,
    ) -> Option<Slices> {
        if element.slices.is_empty() || depth > MAX_SLICE_DEPTH {
            return None;
        }
        let rules = element
            .slicing
            .as_ref()
            .map_or(SlicingRules::Open, |slicing| slicing.rules);
        let slicing = element.slicing.as_ref().or(outer);
        let ordered = slicing.is_some_and(|slicing| slicing.ordered);
        let discriminators =
            slicing.map_or([].as_slice(), |slicing| slicing.discriminators.as_slice());
        let slices: Box<[Slice]> = element
            .slices
            .iter()
            .map(|&id| {
                let slice = self.shape.element(id);
                Slice {
                    name: slice.slice_name.clone().unwrap_or_default(),
                    rule: self.rule(id, slice, parent_type, slicing, depth + 1),
                    tests: discriminator::tests(self.definitions, self.shape, id, discriminators),
                }
            })
            .collect();
        Some(Slices {
            closed: rules == SlicingRules::Closed,
            open_at_end: rules == SlicingRules::OpenAtEnd,
            ordered,
            by_text: discriminator::by_text(&slices),
            slices,
        })
    }
}
