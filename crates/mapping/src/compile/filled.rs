//! What the profile fixes is filled in, what it makes mandatory is asked for.

use std::sync::Arc;

use definitions::{ElementId, Shape};
use json::Value;

use super::Compiler;
use super::elements::Site;
use super::target::{choice_name, is_primitive};
use crate::codes;
use crate::program::{Constant, Field, Item, Object};
use crate::yaml::Spot;

/// How deep a mandatory element may nest fixed values.
const MAX_DEPTH: u32 = 6;

impl Compiler<'_> {
    /// Fills the elements that the mapping does not write and the profile determines, and reports
    /// the mandatory ones that nothing feeds.
    pub(super) fn fill(&mut self, object: &mut Object, site: &Site, written: &[ElementId]) {
        let parent = site.shape.element(site.element).clone();
        for &id in &parent.children {
            let element = site.shape.element(id).clone();
            // Inside an object that is made anyway, what is fixed is written even where it is optional.
            let wanted = element.min > 0 || (element.fixed.is_some() && !site.is_root);
            if written.contains(&id) || !wanted || &*element.name == "extension" {
                continue;
            }
            if let Some((name, value)) = self.determined(&site.shape, id, MAX_DEPTH) {
                let value = if element.is_array {
                    match value {
                        Value::Array(items) => items,
                        one => vec![one],
                    }
                } else {
                    vec![value]
                };
                object.fields.push(Field {
                    name: name.into(),
                    array: element.is_array,
                    items: by_profile(value, object.spot),
                    mandatory: true,
                    path: format!("{}.{}", site.path, element.name).into(),
                    spot: object.spot,
                });
                continue;
            }
            if site.is_root && matches!(&*element.name, "id" | "meta") {
                continue;
            }
            if written.is_empty() && !site.is_root && object.fields.is_empty() {
                continue;
            }
            self.findings.error(
                codes::MISSING_ELEMENT,
                object.spot,
                format!(
                    "{}.{} is mandatory and nothing feeds it",
                    site.path, element.name
                ),
                format!("add {}:", element.name),
            );
        }
    }

    /// The value of an element that the profile leaves no choice about, with its JSON name.
    fn determined(&self, shape: &Shape, id: ElementId, depth: u32) -> Option<(String, Value)> {
        let element = shape.element(id);
        let single = match element.types.as_slice() {
            [one] => Some(one.code.to_string()),
            _ => None,
        };
        let name = match (&single, element.is_choice) {
            (Some(code), true) => choice_name(&element.name, code),
            (None, true) => return None,
            _ => element.name.to_string(),
        };
        if let Some(fixed) = &element.fixed {
            return Some((name, fixed.clone()));
        }
        if let Some(pattern) = &element.pattern
            && (!pattern.as_object().is_some_and(json::Object::is_empty))
        {
            return Some((name, pattern.clone()));
        }
        let mandatory: Vec<ElementId> = element
            .slices
            .iter()
            .copied()
            .filter(|&slice| shape.element(slice).min > 0)
            .collect();
        if !mandatory.is_empty() && element.is_array {
            let items: Option<Vec<Value>> = mandatory
                .iter()
                .map(|&slice| Some(self.determined(shape, slice, depth.checked_sub(1)?)?.1))
                .collect();
            return Some((name, Value::Array(items?)));
        }
        let code = single?;
        if is_primitive(&code) || code == "Extension" || depth == 0 {
            return None;
        }
        let (inner, root) = self.definitions.scope(shape, id, &code)?;
        let mut object = json::Object::new();
        for &child in &inner.element(root).children {
            let child_element = inner.element(child);
            // An optional child counts where the profile speaks of it: where it, or what is written
            // inside it, is fixed.
            let speaks = child_element.fixed.is_some()
                || child_element.pattern.is_some()
                || !child_element.children.is_empty();
            if child_element.min == 0 && !speaks {
                continue;
            }
            let found = self.determined(&inner, child, depth - 1);
            if found.is_none() && child_element.min == 0 {
                continue;
            }
            let (name, value) = found?;
            let value = match value {
                Value::Array(_) => value,
                one if child_element.is_array => Value::Array(vec![one]),
                one => one,
            };
            object.insert(name, value);
        }
        let essential = match code.as_str() {
            "Coding" => "code",
            "CodeableConcept" => "coding",
            "Identifier" | "Quantity" | "ContactPoint" => "value",
            _ => return (!object.is_empty()).then_some((name, Value::Object(object))),
        };
        object
            .contains(essential)
            .then_some((name, Value::Object(object)))
    }

    /// Adds the mandatory slices that the profile determines and the mapping does not write.
    pub(super) fn fill_slices(
        &mut self,
        items: &mut Vec<Item>,
        site: &Site,
        id: ElementId,
        named: &[String],
        path: &str,
        spot: Spot,
    ) {
        let element = site.shape.element(id).clone();
        let mut added = Vec::new();
        for &slice in &element.slices {
            let slice_element = site.shape.element(slice);
            let Some(name) = slice_element.slice_name.as_deref() else {
                continue;
            };
            if slice_element.min == 0 || named.iter().any(|known| known == name) {
                continue;
            }
            let Some((_, value)) = self.determined(&site.shape, slice, MAX_DEPTH) else {
                self.lacking_slice(items, site, slice, name, path, spot);
                continue;
            };
            let present = items.iter().any(|item| match item {
                Item::Constant(known) => covers(&known.value, &value),
                Item::Object(object) => covers(&constant_object(object), &value),
                _ => false,
            });
            if !present {
                added.push(Item::Constant(Constant::by_profile(value, spot)));
            }
        }
        items.splice(0..0, added);
    }

    /// A mandatory slice that the profile leaves open must be among the items, where these are
    /// constants; what expressions give is judged when they are run.
    fn lacking_slice(
        &mut self,
        items: &[Item],
        site: &Site,
        slice: ElementId,
        name: &str,
        path: &str,
        spot: Spot,
    ) {
        let mut fixed = json::Object::new();
        let element = site.shape.element(slice);
        let code = element
            .types
            .first()
            .map(|ty| ty.code.to_string())
            .unwrap_or_default();
        let Some((inner, root)) = self.definitions.scope(&site.shape, slice, &code) else {
            return;
        };
        for &child in &inner.element(root).children {
            let child = inner.element(child);
            if let Some(value) = child.fixed.as_ref().or(child.pattern.as_ref()) {
                fixed.insert(&*child.name, value.clone());
            }
        }
        if fixed.is_empty() {
            return;
        }
        let fixed = Value::Object(fixed);
        let may_be = items.iter().any(|item| match item {
            Item::Constant(known) => covers(&known.value, &fixed),
            Item::Object(object) => {
                object.has_expressions || covers(&constant_object(object), &fixed)
            }
            _ => true,
        });
        if !may_be {
            self.findings.error(
                codes::MISSING_ELEMENT,
                spot,
                format!("{path} lacks the slice '{name}', which the profile makes mandatory"),
                format!("add an item with slice: {name}"),
            );
        }
    }

    /// A quantity takes the unit that the profile fixes, where the mapping does not write another.
    pub(super) fn fit_quantity(
        &mut self,
        op: &mut crate::program::Op,
        site: &Site,
        id: ElementId,
        path: &str,
        spot: Spot,
    ) {
        use crate::program::Op;
        match op {
            Op::Quantity { unit, .. } => {
                let fixed = |name: &str| {
                    let child = site.shape.child(id, name)?;
                    let element = site.shape.element(child);
                    element
                        .fixed
                        .as_ref()
                        .or(element.pattern.as_ref())?
                        .as_str()
                        .map(str::to_owned)
                };
                let mut fitted = (**unit).clone();
                if let Some(code) = fixed("code")
                    && *code != *fitted.code
                {
                    self.contradiction(&format!("{path}.code"), &Value::from(code.as_str()), spot);
                }
                if let Some(shown) = fixed("unit") {
                    if fitted.unit != fitted.code && *shown != *fitted.unit {
                        self.contradiction(
                            &format!("{path}.unit"),
                            &Value::from(shown.as_str()),
                            spot,
                        );
                    }
                    fitted.unit = shown.into();
                }
                *unit = Arc::new(fitted);
            }
            Op::If(parts) => {
                self.fit_quantity(&mut parts.1, site, id, path, spot);
                self.fit_quantity(&mut parts.2, site, id, path, spot);
            }
            Op::Coalesce(ops, _) => {
                for op in ops {
                    self.fit_quantity(op, site, id, path, spot);
                }
            }
            Op::OnMissing { value, .. } => self.fit_quantity(value, site, id, path, spot),
            _ => {}
        }
    }

    /// Lays the members of a fixed value or a pattern into an object that the mapping writes.
    pub(super) fn merge(&mut self, object: &mut Object, pattern: &Value, site: &Site) {
        let Some(members) = pattern.as_object() else {
            return;
        };
        for (name, wanted) in members.iter() {
            let path: Arc<str> = format!("{}.{name}", site.path).into();
            let Some(field) = object.fields.iter_mut().find(|field| &*field.name == name) else {
                let items = match wanted {
                    Value::Array(items) => items.clone(),
                    one => vec![one.clone()],
                };
                object.fields.push(Field {
                    name: name.into(),
                    array: matches!(wanted, Value::Array(_)),
                    items: by_profile(items, object.spot),
                    mandatory: true,
                    path,
                    spot: object.spot,
                });
                continue;
            };
            let constants: Vec<Value> = field.items.iter().filter_map(constant_of).collect();
            match wanted {
                Value::Array(wanted) => {
                    let lacking: Vec<Item> = wanted
                        .iter()
                        .filter(|wanted| !constants.iter().any(|known| covers(known, wanted)))
                        .map(|wanted| {
                            Item::Constant(Constant::by_profile(wanted.clone(), field.spot))
                        })
                        .collect();
                    field.items.splice(0..0, lacking);
                }
                wanted => {
                    let contradicts = constants
                        .first()
                        .is_some_and(|known| !covers(known, wanted));
                    let spot = field.spot;
                    if contradicts {
                        self.contradiction(&path, wanted, spot);
                    }
                }
            }
        }
    }

    /// As [`Compiler::object`], with elements that something else fills.
    pub(super) fn object_with(
        &mut self,
        node: &crate::yaml::Node,
        site: &Site,
        filled: &[&str],
        scope: &mut super::scope::Scope,
    ) -> Option<(Object, bool)> {
        let before = self.findings.issues.len();
        let result = self.object(node, site, &[], scope);
        let mut index = before;
        while index < self.findings.issues.len() {
            let drop = self.findings.issues.get(index).is_some_and(|issue| {
                issue.code == codes::MISSING_ELEMENT
                    && filled
                        .iter()
                        .any(|name| issue.message.starts_with(&format!("{}.{name} ", site.path)))
            });
            if drop {
                self.findings.issues.remove(index);
            } else {
                index += 1;
            }
        }
        result
    }
}

fn constant_of(item: &Item) -> Option<Value> {
    match item {
        Item::Constant(constant) => Some(constant.value.clone()),
        Item::Object(object) => Some(constant_object(object)),
        _ => None,
    }
}

fn by_profile(values: Vec<Value>, spot: Spot) -> Vec<Item> {
    values
        .into_iter()
        .map(|value| Item::Constant(Constant::by_profile(value, spot)))
        .collect()
}

/// What the profile adds to the constant members of an object; null where the mapping writes it.
pub(crate) fn fixed_part(object: &Object) -> Option<Value> {
    let mut out = json::Object::with_capacity(object.fields.len());
    for field in &object.fields {
        let mut values: Vec<Value> = field
            .items
            .iter()
            .map(|item| {
                match item {
                    Item::Constant(constant) => constant.fixed.as_deref().cloned(),
                    Item::Object(object) => fixed_part(object),
                    _ => None,
                }
                .unwrap_or(Value::Null)
            })
            .collect();
        if values.iter().all(|value| *value == Value::Null) {
            continue;
        }
        let value = if field.array {
            Value::Array(values)
        } else {
            values.swap_remove(0)
        };
        out.insert(field.name.clone(), value);
    }
    (!out.is_empty()).then_some(Value::Object(out))
}

/// The constant members of an object.
pub(crate) fn constant_object(object: &Object) -> Value {
    let mut out = json::Object::with_capacity(object.fields.len());
    for field in &object.fields {
        let mut values: Vec<Value> = field.items.iter().filter_map(constant_of).collect();
        if values.is_empty() {
            continue;
        }
        let value = if field.array {
            Value::Array(values)
        } else {
            values.swap_remove(0)
        };
        out.insert(field.name.clone(), value);
    }
    Value::Object(out)
}

/// Whether a value holds everything that a pattern holds.
pub(crate) fn covers(value: &Value, pattern: &Value) -> bool {
    match (value, pattern) {
        (Value::Object(value), Value::Object(pattern)) => pattern
            .iter()
            .all(|(name, wanted)| value.get(name).is_some_and(|known| covers(known, wanted))),
        (Value::Array(values), Value::Array(wanted)) => wanted
            .iter()
            .all(|wanted| values.iter().any(|known| covers(known, wanted))),
        (value, pattern) => value == pattern,
    }
}
