//! Uses of fragments: the map that uses one is merged with what the fragment makes.

use std::borrow::Cow;
use std::cell::RefCell;
use std::rc::Rc;

use crate::codes;
use crate::declare::fragments::FragmentDecl;
use crate::findings::{Findings, suggest};
use crate::yaml::{Data, Node, Spot};

/// The fragments of a mapping, and their uses so far.
#[derive(Debug, Default)]
pub(crate) struct Fragments {
    pub decls: Vec<FragmentDecl>,
    /// The names of all fragments in reach, for "did you mean".
    pub known: Vec<String>,
    frames: RefCell<Vec<Option<Rc<Frame>>>>,
    expanded: RefCell<usize>,
}

/// One use of a fragment, or its definition.
#[derive(Debug)]
pub(crate) struct Frame {
    pub fragment: usize,
    /// The file or the use that it stands in.
    pub above: u16,
    /// By parameter; nothing at the definition, where no values are known.
    pub arguments: Option<Vec<Option<Node>>>,
}

/// Nodes that uses of fragments may make of one mapping.
const MAX_NODES: usize = 200_000;

impl Fragments {
    pub fn new(decls: Vec<FragmentDecl>, known: Vec<String>) -> Self {
        let fragments = Self {
            decls,
            known,
            ..Self::default()
        };
        for (index, decl) in fragments.decls.iter().enumerate() {
            let frame = Frame {
                fragment: index,
                above: 0,
                arguments: None,
            };
            fragments.enter(decl.origin, frame);
        }
        fragments
    }

    fn enter(&self, origin: u16, frame: Frame) {
        let mut frames = self.frames.borrow_mut();
        let index = usize::from(origin);
        if frames.len() <= index {
            frames.resize(index + 1, None);
        }
        if let Some(slot) = frames.get_mut(index) {
            *slot = Some(Rc::new(frame));
        }
    }

    /// The use that a spot is there by; nothing for the mapping's own.
    pub fn frame(&self, origin: u16) -> Option<Rc<Frame>> {
        self.frames.borrow().get(usize::from(origin))?.clone()
    }

    /// The fragment that a spot stands in.
    pub fn decl(&self, origin: u16) -> Option<(usize, &FragmentDecl)> {
        let index = self.frame(origin)?.fragment;
        Some((index, self.decls.get(index)?))
    }

    /// A map with the fragments that it uses merged in: usually one map, several where a fragment is
    /// a list. `fits` says whether a fragment for a type belongs here.
    pub fn expanded<'n>(
        &self,
        node: &'n Node,
        fits: &dyn Fn(&str) -> bool,
        place: &str,
        findings: &mut Findings,
    ) -> Cow<'n, [Node]> {
        if node.get("fragment").is_none() {
            return Cow::Borrowed(std::slice::from_ref(node));
        }
        let mut nodes = vec![node.clone()];
        // What a fragment makes may use others in turn.
        while let Some(index) = nodes.iter().position(|node| node.get("fragment").is_some()) {
            let node = nodes.remove(index);
            let expanded = self.once(node, fits, place, findings);
            nodes.splice(index..index, expanded);
        }
        Cow::Owned(nodes)
    }

    fn once(
        &self,
        node: Node,
        fits: &dyn Fn(&str) -> bool,
        place: &str,
        findings: &mut Findings,
    ) -> Vec<Node> {
        let spot = node.spot;
        let Data::Map(entries) = node.data else {
            return Vec::new();
        };
        let mut own = Vec::with_capacity(entries.len());
        let mut uses = Vec::new();
        for (key, value) in entries {
            if key.text() == Some("fragment") {
                uses.push(value);
            } else {
                own.push((key, value));
            }
        }
        let mut merged = own;
        for value in uses {
            let several = value.entries().is_some_and(|uses| uses.len() > 1);
            for (name, arguments) in uses_of(&value, findings) {
                let Some(made) = self.made(name, arguments, fits, place, findings) else {
                    continue;
                };
                match made.data {
                    Data::Map(entries) => merge(&mut merged, entries, findings),
                    Data::List(items) if merged.is_empty() && !several => return items,
                    _ => findings.error(
                        codes::FRAGMENT_PLACE,
                        name.spot,
                        "this fragment makes several items, so nothing else can stand in its map",
                        "write it as an item of its own",
                    ),
                }
            }
        }
        vec![Node {
            spot,
            data: Data::Map(merged),
        }]
    }

    /// What one use makes: the fragment's `make`, standing where it is used.
    fn made(
        &self,
        name: &Node,
        arguments: Option<&Node>,
        fits: &dyn Fn(&str) -> bool,
        place: &str,
        findings: &mut Findings,
    ) -> Option<Node> {
        let text = name.text().unwrap_or_default();
        let Some((index, decl)) = self
            .decls
            .iter()
            .enumerate()
            .find(|(_, decl)| decl.name == text)
        else {
            // What it was given is not unused for that.
            if let Some(arguments) = arguments {
                findings.lose_all(arguments);
            }
            // One that is there and cannot be read has said so itself.
            if !self.known.iter().any(|known| known == text) {
                findings.error(
                    codes::UNKNOWN_FRAGMENT,
                    name.spot,
                    format!("there is no fragment '{text}'"),
                    suggest(
                        text,
                        self.known.iter().map(String::as_str),
                        "fragments in common/",
                    ),
                );
            }
            return None;
        };
        if let Some(arguments) = arguments
            && findings.muted.iter().any(|file| **file == *decl.file)
        {
            findings.lose_all(arguments);
        }
        if !fits(&decl.target) {
            findings.error(
                codes::FRAGMENT_PLACE,
                name.spot,
                format!(
                    "the fragment {text} is for {}, and {place} is none",
                    decl.target
                ),
                "use it where its type stands, or another fragment",
            );
            return None;
        }
        if self.inside(name.spot, index) {
            findings.error(
                codes::NAME_CIRCLE,
                name.spot,
                format!("the fragment {text} uses itself, by way of others or directly"),
                "take the use out",
            );
            return None;
        }
        let given = given(decl, name, arguments, findings);
        let count = size(&decl.make);
        *self.expanded.borrow_mut() += count;
        let origin = (*self.expanded.borrow() <= MAX_NODES)
            .then(|| findings.origins.add(&decl.file, Some(name.spot)))
            .flatten();
        let Some(origin) = origin else {
            findings.error(
                codes::EXPANDS,
                name.spot,
                "the mapping uses too many fragments, or too large ones",
                "use fewer",
            );
            return None;
        };
        self.enter(
            origin,
            Frame {
                fragment: index,
                above: name.spot.origin,
                arguments: Some(given),
            },
        );
        Some(decl.make.clone().with_origin(origin))
    }

    /// Whether a spot stands inside a use of a fragment.
    fn inside(&self, spot: Spot, fragment: usize) -> bool {
        let mut origin = spot.origin;
        while let Some(frame) = self.frame(origin) {
            if frame.fragment == fragment {
                return true;
            }
            // Uses are numbered as they are met, so this ends.
            origin = frame.above;
        }
        false
    }
}

/// The fragments that the value of `fragment` names, with their arguments.
fn uses_of<'n>(value: &'n Node, findings: &mut Findings) -> Vec<(&'n Node, Option<&'n Node>)> {
    match &value.data {
        Data::Scalar { .. } => vec![(value, None)],
        Data::Map(uses) => uses
            .iter()
            .map(|(name, arguments)| (name, Some(arguments)))
            .collect(),
        _ => {
            findings.error(
                codes::BAD_VALUE,
                value.spot,
                "fragment is a name, or a map from names to arguments",
                "for example: fragment: { uk-name: { family: \"=[Last Name]\" } }",
            );
            Vec::new()
        }
    }
}

/// The arguments of a use, by parameter.
fn given(
    decl: &FragmentDecl,
    name: &Node,
    arguments: Option<&Node>,
    findings: &mut Findings,
) -> Vec<Option<Node>> {
    let arguments = arguments.filter(|node| !matches!(node.data, Data::Empty));
    if let Some(node) = arguments {
        let Some(entries) = node.entries() else {
            findings.error(
                codes::FRAGMENT_ARGUMENT,
                node.spot,
                format!(
                    "arguments are a map from names to values, and this is {}",
                    node.kind()
                ),
                "for example: { family: \"=[Last Name]\" }",
            );
            return decl
                .parameters
                .iter()
                .map(|one| one.default.clone())
                .collect();
        };
        for (key, value) in entries {
            let text = key.text().unwrap_or_default();
            if !decl.parameters.iter().any(|one| one.name == text) {
                findings.error(
                    codes::FRAGMENT_ARGUMENT,
                    key.spot,
                    format!("the fragment {} has no parameter '{text}'", decl.name),
                    suggest(
                        text,
                        decl.parameters.iter().map(|one| one.name.as_str()),
                        "parameters",
                    ),
                );
            }
            if value.text().is_none() && !matches!(value.data, Data::Empty) {
                findings.error(
                    codes::FRAGMENT_ARGUMENT,
                    value.spot,
                    format!("an argument is one value, and this is {}", value.kind()),
                    "write a constant or an expression",
                );
            }
        }
    }
    decl.parameters
        .iter()
        .map(|parameter| {
            let value = arguments
                .and_then(|node| node.get(&parameter.name))
                .filter(|value| value.text().is_some());
            if value.is_none() && parameter.required {
                findings.error(
                    codes::FRAGMENT_ARGUMENT,
                    name.spot,
                    format!(
                        "the fragment {} needs its parameter '{}'",
                        decl.name, parameter.name
                    ),
                    format!("add {}:", parameter.name),
                );
            }
            value.or(parameter.default.as_ref()).cloned()
        })
        .collect()
}

/// Puts what a fragment makes into the map that uses it.
fn merge(own: &mut Vec<(Node, Node)>, made: Vec<(Node, Node)>, findings: &mut Findings) {
    for (key, value) in made {
        let name = key.text().unwrap_or_default().to_owned();
        // Conditions are joined by `and`, warnings stand side by side.
        if matches!(name.as_str(), "when" | "warn") {
            own.push((key, value));
            continue;
        }
        let known = own
            .iter_mut()
            .find(|(known, _)| known.text() == Some(name.as_str()));
        match known {
            None => own.push((key, value)),
            Some((
                _,
                Node {
                    data: Data::Map(inner),
                    ..
                },
            )) if matches!(name.as_str(), "extension" | "modifierExtension")
                && matches!(value.data, Data::Map(_)) =>
            {
                if let Data::Map(entries) = value.data {
                    merge(inner, entries, findings);
                }
            }
            Some((known, _)) => findings.error(
                codes::ELEMENT_TWICE,
                known.spot,
                format!("'{name}' stands here, and a fragment that is used here makes it too"),
                "take it out, or do not use the fragment",
            ),
        }
    }
}

fn size(node: &Node) -> usize {
    match &node.data {
        Data::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Data::Map(entries) => {
            1 + entries
                .iter()
                .map(|(_, value)| 1 + size(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}
