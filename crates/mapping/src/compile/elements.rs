//! Maps to objects: each key an element of the type or profile.

use std::borrow::Cow;
use std::sync::Arc;

use definitions::{ElementId, Shape};

use super::Compiler;
use super::parts::Sources;
use super::scope::Scope;
use super::target::choice_name;
use crate::codes;
use crate::findings::{nearest, suggest};
use crate::program::{Field, Item, Object, Op, Target};
use crate::yaml::{Data, Node, Spot};

/// Where an object is made: the Shape and the element whose children its keys are, and its path.
#[derive(Clone)]
pub(crate) struct Site {
    pub shape: Shape,
    pub element: ElementId,
    pub path: String,
    pub is_root: bool,
}

/// An element that a key names.
pub(super) struct Named {
    pub id: ElementId,
    /// The type that the key names: `valueQuantity`.
    pub code: Option<String>,
}

impl Compiler<'_> {
    /// Compiles a map into an object. `own` are the keys that are no elements here.
    pub fn object(
        &mut self,
        node: &Node,
        site: &Site,
        own: &[&str],
        scope: &mut Scope,
    ) -> Option<(Object, bool)> {
        let entries = node.entries()?;
        let is_element = |this: &Self, key: &str| this.named(site, key).is_some();
        let mut object = Object {
            spot: node.spot,
            ..Object::default()
        };
        let outer = (
            scope.variables.len(),
            scope.known.clone(),
            scope.facts.clone(),
            scope.unsure,
        );
        let mut nullable = false;
        for (key, value) in entries {
            match key.text() {
                Some("each") if !own.contains(&"each") && !is_element(self, "each") => {
                    object.each = self.each(value, scope);
                    nullable = true;
                }
                _ => {}
            }
        }
        if node.get("when").is_some() && !own.contains(&"when") && !is_element(self, "when") {
            object.when = self.conditions(node, "when", scope);
            nullable = true;
        }
        let mut conditions: Vec<bool> = Vec::new();
        // The mandatory fields that may be nothing, with the place of what feeds them; and all fields
        // with whether they may be nothing.
        let mut optional: Vec<(usize, Spot)> = Vec::new();
        let mut fed: Vec<(usize, bool)> = Vec::new();
        let mut written: Vec<ElementId> = Vec::new();
        // Elements that an unknown key was meant for: they are not missed as well.
        let mut meant: Vec<ElementId> = Vec::new();
        for (key, value) in entries {
            let Some(name) = key.text() else { continue };
            if own.contains(&name)
                || (matches!(name, "when" | "each" | "slice") && !is_element(self, name))
            {
                continue;
            }
            if matches!(name, "extension" | "modifierExtension") {
                if let Some(field) = self.extensions(key, value, site, scope) {
                    object.has_expressions |= has_expressions(&field.items);
                    fed.push((object.fields.len(), true));
                    object.fields.push(field);
                }
                continue;
            }
            let Some(named) = self.named(site, name) else {
                let near = self.unknown_element(key, name, site);
                self.findings.lose_all(value);
                meant.extend(near.and_then(|near| Some(self.named(site, &near)?.id)));
                continue;
            };
            if written.contains(&named.id) {
                self.findings.lose_all(value);
                // The same key twice is a fault of the text, and reported as one.
                let twice = entries
                    .iter()
                    .filter(|(other, _)| other.text() == Some(name));
                if twice.count() > 1 {
                    continue;
                }
                self.findings.error(
                    codes::DUPLICATE_KEY,
                    key.spot,
                    format!("'{name}' names an element that another key has filled"),
                    "keep one of them",
                );
                continue;
            }
            written.push(named.id);
            let errors = self.findings.issues.len();
            if let Some((field, may_be_nothing)) = self.field(key, value, site, &named, scope) {
                if has_expressions(&field.items) {
                    object.has_expressions = true;
                    conditions.push(may_be_nothing);
                }
                // What is wrong for another reason, or hangs on a condition that could not be read, is
                // not judged.
                let judged = errors == self.findings.issues.len() && !scope.unsure;
                if may_be_nothing && field.mandatory && judged {
                    optional.push((object.fields.len(), first_spot(value)));
                }
                fed.push((object.fields.len(), may_be_nothing));
                object.fields.push(field);
            }
        }
        nullable |= !conditions.is_empty() && conditions.iter().all(|nullable| *nullable);
        self.optional_feeds(&object, site, &optional, &fed);
        written.extend(meant);
        self.fill(&mut object, site, &written);
        self.order(&mut object, site);
        scope.variables.truncate(outer.0);
        (scope.known, scope.facts, scope.unsure) = (outer.1, outer.2, outer.3);
        Some((object, nullable))
    }

    /// Reports mandatory elements that are fed only by what may be blank. Inside an object this matters
    /// only where something else makes the object all the same: otherwise it is not made at all.
    fn optional_feeds(
        &mut self,
        object: &Object,
        site: &Site,
        optional: &[(usize, Spot)],
        fed: &[(usize, bool)],
    ) {
        for &(index, spot) in optional {
            let Some(field) = object.fields.get(index) else {
                continue;
            };
            let own = Sources::of(&field.items);
            let stands_without = site.is_root
                || fed.iter().any(|&(other, may_be_nothing)| {
                    object.fields.get(other).is_some_and(|field| {
                        other != index
                            && has_expressions(&field.items)
                            && (!may_be_nothing || !Sources::of(&field.items).within(&own))
                    })
                });
            if stands_without {
                self.findings.error(
                    codes::OPTIONAL_FEED,
                    spot,
                    format!("{} is mandatory, and what feeds it may be blank", field.path),
                    "make its column required, test it with present(…) in when, or end the pipe with | onMissing(quarantine)",
                );
            }
        }
    }

    /// The element that a key names.
    pub(super) fn named(&self, site: &Site, key: &str) -> Option<Named> {
        let parent = site.shape.element(site.element);
        for &id in &parent.children {
            let element = site.shape.element(id);
            if &*element.name == key {
                return Some(Named { id, code: None });
            }
            if element.is_choice
                && let Some(suffix) = key.strip_prefix(&*element.name)
                && let Some(ty) = element
                    .types
                    .iter()
                    .find(|ty| choice_name("", &ty.code) == suffix)
            {
                return Some(Named {
                    id,
                    code: Some(ty.code.to_string()),
                });
            }
        }
        None
    }

    /// Reports an element that the type does not have, and gives the one that may have been meant.
    pub(super) fn unknown_element(
        &mut self,
        key: &Node,
        name: &str,
        site: &Site,
    ) -> Option<String> {
        let parent = site.shape.element(site.element);
        let known: Vec<String> = parent
            .children
            .iter()
            .flat_map(|&id| {
                let element = site.shape.element(id);
                let mut names = vec![element.name.to_string()];
                if element.is_choice && element.types.len() <= 12 {
                    names.extend(
                        element
                            .types
                            .iter()
                            .map(|ty| choice_name(&element.name, &ty.code)),
                    );
                }
                names
            })
            .collect();
        // A type that a choice does not take: those that it takes are the answer.
        let types = parent.children.iter().find_map(|&id| {
            let element = site.shape.element(id);
            let rest = name.strip_prefix(&*element.name)?;
            let is_type = element.is_choice && rest.starts_with(|c: char| c.is_uppercase());
            (is_type && element.types.len() <= 12).then(|| {
                let names = element
                    .types
                    .iter()
                    .map(|ty| choice_name(&element.name, &ty.code));
                names.collect::<Vec<_>>().join(", ")
            })
        });
        let help = match types {
            Some(types) => format!("it may be: {types}"),
            None => suggest(name, known.iter().map(String::as_str), "elements"),
        };
        self.findings.error(
            codes::UNKNOWN_ELEMENT,
            key.spot,
            format!("{} has no element '{name}'", site.path),
            help,
        );
        nearest(name, known.iter().map(String::as_str)).map(str::to_owned)
    }

    pub(super) fn field(
        &mut self,
        key: &Node,
        value: &Node,
        site: &Site,
        named: &Named,
        scope: &mut Scope,
    ) -> Option<(Field, bool)> {
        let element = site.shape.element(named.id).clone();
        let path: Arc<str> = format!("{}.{}", site.path, element.name).into();
        if site.is_root
            && matches!(
                &*element.name,
                "id" | "contained" | "implicitRules" | "text"
            )
        {
            self.findings.error(
                codes::RESERVED_ELEMENT,
                key.spot,
                format!("{path} is made by Causeway"),
                "take it out",
            );
            return None;
        }
        if element.max == Some(0) {
            self.findings.error(
                codes::TOO_MANY,
                key.spot,
                format!("the profile does not allow {path}"),
                "take it out, or use another profile",
            );
            return None;
        }
        let nodes = self.expanded(value, &element, &path);
        let nodes: &[Node] = &nodes;
        let most = if element.is_array {
            element.max
        } else {
            Some(1)
        };
        if self.slice_twice(nodes, site, named.id, &path) {
            return None;
        }
        if let Some(most) = most
            && let Some(beyond) = nodes.get(most as usize)
        {
            self.findings.lose_all(value);
            self.findings.error(
                codes::TOO_MANY,
                beyond.spot,
                format!("{path} takes at most {most}, and this is {}", nodes.len()),
                "keep as many as it takes",
            );
            return None;
        }
        if most == Some(1)
            && let Some(each) = nodes.iter().find_map(|node| node.get("each"))
        {
            self.findings.lose_all(value);
            self.findings.error(
                codes::TOO_MANY,
                each.spot,
                format!("{path} takes at most 1, and each makes several"),
                "put each on the rule, or on an element that repeats",
            );
            return None;
        }
        let mut json_name = element.name.to_string();
        let mut items = Vec::with_capacity(nodes.len());
        let mut nullable = true;
        let mut slices = Vec::new();
        let is_about = site.is_root && matches!(&*element.name, "patient" | "subject" | "for");
        for node in nodes {
            let target = self.slice_of(node, site, named.id, &path);
            let Some((id, slice)) = target else {
                self.findings.lose_all(node);
                slices.extend(self.meant_slice(node, site, named.id));
                continue;
            };
            slices.extend(slice);
            let chosen = self.item(node, site, id, named.code.as_deref(), &path, scope);
            let Some(((mut item, may_be_nothing), code)) = chosen else {
                continue;
            };
            if element.is_choice
                && let Some(code) = &code
            {
                json_name = choice_name(&element.name, code);
            }
            if element.min > 0 || is_about {
                make_mandatory(&mut item);
            }
            nullable &= may_be_nothing;
            items.push(item);
        }
        if items.is_empty() {
            return None;
        }
        self.fill_slices(&mut items, site, named.id, &slices, &path, value.spot);
        Some((
            Field {
                name: json_name.into(),
                array: element.is_array,
                items,
                mandatory: element.min > 0,
                path,
                spot: key.spot,
            },
            nullable,
        ))
    }

    /// The items of an element, the fragments that they use merged in.
    pub(super) fn expanded<'n>(
        &mut self,
        value: &'n Node,
        element: &definitions::Element,
        path: &str,
    ) -> Cow<'n, [Node]> {
        let nodes: &[Node] = match &value.data {
            Data::List(items) => items,
            _ => std::slice::from_ref(value),
        };
        if nodes.iter().all(|node| node.get("fragment").is_none()) {
            return Cow::Borrowed(nodes);
        }
        let fits = |target: &str| {
            *element.path == *target || element.types.iter().any(|ty| *ty.code == *target)
        };
        let fragments = self.fragments;
        Cow::Owned(
            nodes
                .iter()
                .flat_map(|node| {
                    fragments
                        .expanded(node, &fits, path, self.findings)
                        .into_owned()
                })
                .collect(),
        )
    }

    /// The slice that an item names, or the element itself.
    fn slice_of(
        &mut self,
        node: &Node,
        site: &Site,
        id: ElementId,
        path: &str,
    ) -> Option<(ElementId, Option<String>)> {
        let Some(slice) = node.get("slice") else {
            return Some((id, None));
        };
        let name = crate::declare::constant_text(self.findings, slice, "slice")?;
        if let Some(found) = site.shape.slice(id, name) {
            return Some((found, Some(name.to_owned())));
        }
        let element = site.shape.element(id);
        let known: Vec<String> = element
            .slices
            .iter()
            .filter_map(|&slice| {
                site.shape
                    .element(slice)
                    .slice_name
                    .as_deref()
                    .map(str::to_owned)
            })
            .collect();
        self.findings.error(
            codes::UNKNOWN_SLICE,
            slice.spot,
            format!("{path} has no slice '{name}'"),
            suggest(name, known.iter().map(String::as_str), "slices"),
        );
        None
    }

    /// Reports a slice that more items name than the profile allows. Items that a condition guards may
    /// exclude each other, so they are not counted.
    fn slice_twice(&mut self, nodes: &[Node], site: &Site, id: ElementId, path: &str) -> bool {
        let mut counts: Vec<(&str, u32)> = Vec::new();
        for node in nodes {
            let Some(slice) = node.get("slice") else {
                continue;
            };
            let Some(name) = slice.constant() else {
                continue;
            };
            if node.get("when").is_some() || node.get("each").is_some() {
                continue;
            }
            let position = counts.iter().position(|(known, _)| *known == name);
            let count = match position.and_then(|position| counts.get_mut(position)) {
                Some((_, count)) => {
                    *count += 1;
                    *count
                }
                None => {
                    counts.push((name, 1));
                    1
                }
            };
            let most = site
                .shape
                .slice(id, name)
                .and_then(|slice| site.shape.element(slice).max);
            if let Some(most) = most.filter(|most| count > *most) {
                for node in nodes {
                    self.findings.lose_all(node);
                }
                self.findings.error(
                    codes::TOO_MANY,
                    slice.spot,
                    format!("the profile allows the slice '{name}' of {path} {most} time, and this is one more"),
                    "keep one, or guard each with when",
                );
                return true;
            }
        }
        false
    }

    /// The slice that a misspelt name was meant for.
    fn meant_slice(&self, node: &Node, site: &Site, id: ElementId) -> Option<String> {
        let name = node.get("slice")?.text()?;
        let element = site.shape.element(id);
        let known = element
            .slices
            .iter()
            .filter_map(|&slice| site.shape.element(slice).slice_name.as_deref());
        nearest(name, known).map(str::to_owned)
    }

    /// Puts the fields in the order in which FHIR has them.
    pub(super) fn order(&self, object: &mut Object, site: &Site) {
        let parent = site.shape.element(site.element);
        let position = |name: &str| {
            parent.children.iter().position(|&id| {
                let element = site.shape.element(id);
                &*element.name == name
                    || (element.is_choice && name.starts_with(&*element.name) && {
                        let suffix = name.get(element.name.len()..).unwrap_or_default();
                        element
                            .types
                            .iter()
                            .any(|ty| choice_name("", &ty.code) == suffix)
                    })
            })
        };
        object
            .fields
            .sort_by_key(|field| position(&field.name).unwrap_or(usize::MAX));
    }
}

/// The place of a value: of a list, its first item.
fn first_spot(node: &Node) -> Spot {
    match &node.data {
        Data::List(items) => items.first().map_or(node.spot, |item| item.spot),
        _ => node.spot,
    }
}

/// Whether any item depends on the record.
pub(crate) fn has_expressions(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Constant(_) | Item::Local(_) => false,
        Item::Value { .. } | Item::Concept { .. } => true,
        Item::Primitive { value, extension } => {
            value
                .as_ref()
                .is_some_and(|value| has_expressions(std::slice::from_ref(&**value)))
                || extension.has_expressions
        }
        Item::Object(object) => {
            object.has_expressions || object.when.is_some() || object.each.is_some()
        }
    })
}

/// Marks the references of an item as such that the resource cannot stand without.
fn make_mandatory(item: &mut Item) {
    fn mark(op: &mut Op) {
        match op {
            Op::Reference(reference) => reference.mandatory = true,
            Op::If(parts) => {
                mark(&mut parts.1);
                mark(&mut parts.2);
            }
            Op::Coalesce(ops, _) => ops.iter_mut().for_each(mark),
            Op::OnMissing { value, .. } => mark(value),
            _ => {}
        }
    }
    match item {
        Item::Value {
            op,
            target: Target::Reference,
            ..
        } => mark(op),
        Item::Object(object) => {
            for field in &mut object.fields {
                if &*field.name == "reference" {
                    for item in &mut field.items {
                        if let Item::Value { op, .. } = item {
                            mark(op);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}
