//! From a node to its children.

use json::{Object, Value};

use crate::error::Fault;
use crate::eval::{Flow, MORE, Run, Sink};
use crate::item::{Item, Node, Text};
use crate::model::{Member, Ty};

/// How deep resources nest; the JSON reader's own limit.
const MAX_DEPTH: usize = json::MAX_DEPTH;

/// The object that holds a node's children: for a primitive the one beside it.
fn object_of<'v>(node: &Node<'v>) -> Option<&'v Object> {
    node.value
        .and_then(Value::as_object)
        .or_else(|| node.shadow?.as_object())
}

impl<'v> Run<'_, '_, 'v> {
    /// Hands the children of a known member on.
    pub(super) fn emit_member(
        &self,
        node: &Node<'v>,
        member: &Member,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let Some(object) = object_of(node) else {
            // The value of a primitive is a child in the definitions.
            return match &*member.name {
                "value" => super::give(node.system(self.model), sink),
                _ => MORE,
            };
        };
        let choice = match member.choices.as_slice() {
            [only] if !member.is_choice => Some(only),
            _ => object.iter().find_map(|(key, _)| {
                let key = key.strip_prefix('_').unwrap_or(key);
                if !key.starts_with(&*member.name) {
                    return None;
                }
                member.choices.iter().find(|choice| &*choice.key == key)
            }),
        };
        let Some(choice) = choice else {
            return MORE;
        };
        let (value, shadow) = match member.may_be_primitive {
            true => with_shadow(object, &choice.key),
            false => (object.get(&choice.key), None),
        };
        self.emit(value, shadow, choice.ty, at, sink)
    }

    /// Hands the children of a name on, whatever type the item has.
    pub(super) fn emit_named(
        &self,
        item: &Item<'v>,
        name: &str,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        match item {
            Item::Node(node) => match self.model.member(node.ty, name) {
                Some(member) => self.emit_member(node, member, at, sink),
                None if node.ty == Ty::UNKNOWN => {
                    let Some(object) = object_of(node) else {
                        return MORE;
                    };
                    let (value, shadow) = with_shadow(object, name);
                    self.emit(value, shadow, Ty::UNKNOWN, at, sink)
                }
                None => MORE,
            },
            Item::Type(namespace, of_type) => match name {
                "namespace" => sink(Item::String(Text::Borrowed(namespace))),
                "name" => sink(Item::String(of_type.clone())),
                _ => MORE,
            },
            _ => MORE,
        }
    }

    /// Hands on what stands under a name: one node, or those of an array.
    pub(super) fn emit(
        &self,
        value: Option<&'v Value>,
        shadow: Option<&'v Value>,
        ty: Ty,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let items = |part: Option<&'v Value>| part.and_then(Value::as_array);
        let (values, shadows) = (items(value), items(shadow));
        if values.is_none() && shadows.is_none() {
            return self.emit_node(value, shadow, ty, at, sink);
        }
        let count = |part: Option<&[Value]>| part.map_or(0, <[Value]>::len);
        for index in 0..count(values).max(count(shadows)) {
            let part = |part: Option<&'v [Value]>| part.and_then(|part| part.get(index));
            if self
                .emit_node(part(values), part(shadows), ty, at, sink)?
                .is_break()
            {
                return super::ENOUGH;
            }
        }
        MORE
    }

    fn emit_node(
        &self,
        value: Option<&'v Value>,
        shadow: Option<&'v Value>,
        ty: Ty,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let mut node = Node::primitive(value, shadow, ty);
        if node.value.is_none() && node.shadow.is_none() {
            return MORE;
        }
        self.step(at)?;
        if let Some(value) = node.value {
            node.ty = self.model.refine(ty, value);
        }
        sink(Item::Node(node))
    }

    /// Hands all children of an item on, with all that is below them when asked for.
    pub(super) fn emit_below(
        &self,
        item: &Item<'v>,
        all: bool,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let Item::Node(node) = item else {
            return MORE;
        };
        if !all {
            return self.emit_children(node, at, sink);
        }
        self.emit_descendants(node, at, MAX_DEPTH, sink)
    }

    fn emit_descendants(&self, node: &Node<'v>, at: u32, depth: usize, sink: Sink<'_, 'v>) -> Flow {
        let Some(depth) = depth.checked_sub(1) else {
            return Err(Fault::limit(at, "the resource is nested too deeply"));
        };
        self.emit_children(node, at, &mut |child| {
            let below = match &child {
                Item::Node(node) => Some(*node),
                _ => None,
            };
            if sink(child)?.is_break() {
                return super::ENOUGH;
            }
            match below {
                Some(node) => self.emit_descendants(&node, at, depth, sink),
                None => MORE,
            }
        })
    }

    fn emit_children(&self, node: &Node<'v>, at: u32, sink: Sink<'_, 'v>) -> Flow {
        let Some(object) = object_of(node) else {
            return MORE;
        };
        for (key, value) in object.iter() {
            let name = key.strip_prefix('_').unwrap_or(key);
            let is_shadow = name.len() < key.len();
            // A shadow comes with its value, when it has one.
            if (is_shadow && object.contains(name)) || name == "resourceType" {
                continue;
            }
            let ty = self
                .model
                .key(node.ty, name)
                .map_or(Ty::UNKNOWN, |(_, choice)| choice.ty);
            let flow = if is_shadow {
                self.emit(None, Some(value), ty, at, sink)?
            } else {
                let (_, shadow) = with_shadow(object, key);
                self.emit(Some(value), shadow, ty, at, sink)?
            };
            if flow.is_break() {
                return super::ENOUGH;
            }
        }
        MORE
    }
}

/// A member and the one beside it, in one pass.
fn with_shadow<'v>(object: &'v Object, key: &str) -> (Option<&'v Value>, Option<&'v Value>) {
    let (mut value, mut shadow) = (None, None);
    for (name, found) in object.iter() {
        if name == key {
            value = Some(found);
        } else if name.len() == key.len() + 1 && name.strip_prefix('_') == Some(key) {
            shadow = Some(found);
        }
    }
    (value, shadow)
}
