//! A Shape in the making: a tree that elements can be put into.

use crate::{Element, ElementId, Shape};

/// The largest Shape. Those of R4 and UK Core stay under 1,500 elements.
pub const MAX_ELEMENTS: usize = 20_000;

/// A place in a [`Draft`].
pub type NodeId = usize;

/// An element with its place in the tree. Its `id`, `path`, `children` and `slices` are written
/// when the draft is finished.
#[derive(Debug, Default)]
pub struct Node {
    /// The last part of the path: `value[x]`.
    pub segment: Box<str>,
    /// What is known of it.
    pub element: Element,
    /// Its inline children.
    pub children: Vec<NodeId>,
    /// Its slices.
    pub slices: Vec<NodeId>,
}

/// The tree.
#[derive(Debug)]
pub struct Draft {
    nodes: Vec<Node>,
    fallback: Node,
}

/// The root.
pub const ROOT: NodeId = 0;

impl Draft {
    /// Only a root.
    pub fn bare(type_name: &str) -> Self {
        let root = Node {
            segment: type_name.into(),
            element: Element {
                name: type_name.into(),
                ..Element::default()
            },
            ..Node::default()
        };
        Self {
            nodes: vec![root],
            fallback: Node::default(),
        }
    }

    /// A copy of a Shape, its root renamed to the type that is defined.
    pub fn over(base: &Shape, type_name: &str) -> Self {
        let nodes = base
            .iter()
            .map(|(_, element)| Node {
                segment: segment(&element.path).into(),
                children: element.children.iter().map(|id| id.index()).collect(),
                slices: element.slices.iter().map(|id| id.index()).collect(),
                element: bare_copy(element),
            })
            .collect();
        let mut draft = Self {
            nodes,
            fallback: Node::default(),
        };
        let root = draft.node_mut(ROOT);
        root.segment = type_name.into();
        root.element.name = type_name.into();
        draft
    }

    /// How many elements there are.
    pub fn len(&self) -> usize {
        self.nodes.len()
    }

    /// A node.
    pub fn node(&self, id: NodeId) -> &Node {
        self.nodes.get(id).unwrap_or(&self.fallback)
    }

    /// A node, for changing.
    pub fn node_mut(&mut self, id: NodeId) -> &mut Node {
        self.nodes.get_mut(id).unwrap_or(&mut self.fallback)
    }

    /// The child with a path part.
    pub fn child(&self, parent: NodeId, segment: &str) -> Option<NodeId> {
        self.node(parent)
            .children
            .iter()
            .copied()
            .find(|&child| &*self.node(child).segment == segment)
    }

    /// The slice with a name.
    pub fn slice(&self, sliced: NodeId, name: &str) -> Option<NodeId> {
        self.node(sliced)
            .slices
            .iter()
            .copied()
            .find(|&slice| self.node(slice).element.slice_name.as_deref() == Some(name))
    }

    /// Adds a child that the base does not have; `None` when the draft is full.
    pub fn add_child(&mut self, parent: NodeId, segment: &str) -> Option<NodeId> {
        let is_choice = segment.ends_with("[x]");
        let id = self.push(Node {
            segment: segment.into(),
            element: Element {
                name: segment.trim_end_matches("[x]").into(),
                is_choice,
                ..Element::default()
            },
            ..Node::default()
        })?;
        self.node_mut(parent).children.push(id);
        Some(id)
    }

    /// Adds to a node the children that an element of a Shape has and the node does not, with
    /// everything below them. `false` when the draft is full.
    pub fn graft(&mut self, node: NodeId, shape: &Shape, at: ElementId) -> bool {
        let mut waiting: Vec<(ElementId, NodeId, bool)> = Vec::new();
        for &child in &shape.element(at).children {
            if self
                .child(node, segment(&shape.element(child).path))
                .is_none()
            {
                waiting.push((child, node, false));
            }
        }
        waiting.reverse();
        while let Some((from, parent, as_slice)) = waiting.pop() {
            let element = shape.element(from);
            let Some(copy) = self.push(Node {
                segment: segment(&element.path).into(),
                element: bare_copy(element),
                ..Node::default()
            }) else {
                return false;
            };
            let parent = self.node_mut(parent);
            if as_slice {
                parent.slices.push(copy);
            } else {
                parent.children.push(copy);
            }
            waiting.extend(element.slices.iter().rev().map(|&id| (id, copy, true)));
            waiting.extend(element.children.iter().rev().map(|&id| (id, copy, false)));
        }
        true
    }

    /// Adds a slice: a copy of the sliced element and all below it, without its minimum, slicing
    /// and slices. `None` when the draft is full.
    pub fn add_slice(&mut self, sliced: NodeId, name: &str) -> Option<NodeId> {
        let original = self.node(sliced);
        let mut element = original.element.clone();
        element.slice_name = Some(name.into());
        element.min = 0;
        element.slicing = None;
        let mut waiting: Vec<(NodeId, NodeId, bool)> = Vec::new();
        let children = original.children.clone();
        let slice = self.push(Node {
            segment: self.node(sliced).segment.clone(),
            element,
            ..Node::default()
        })?;
        waiting.extend(
            children
                .into_iter()
                .rev()
                .map(|child| (child, slice, false)),
        );
        while let Some((from, parent, as_slice)) = waiting.pop() {
            let original = self.node(from);
            let (children, slices) = (original.children.clone(), original.slices.clone());
            let copy = Node {
                segment: original.segment.clone(),
                element: original.element.clone(),
                ..Node::default()
            };
            let copy = self.push(copy)?;
            let parent = self.node_mut(parent);
            if as_slice {
                parent.slices.push(copy);
            } else {
                parent.children.push(copy);
            }
            waiting.extend(slices.into_iter().rev().map(|id| (id, copy, true)));
            waiting.extend(children.into_iter().rev().map(|id| (id, copy, false)));
        }
        self.node_mut(sliced).slices.push(slice);
        Some(slice)
    }

    fn push(&mut self, node: Node) -> Option<NodeId> {
        if self.nodes.len() >= MAX_ELEMENTS {
            return None;
        }
        self.nodes.push(node);
        Some(self.nodes.len() - 1)
    }
}

/// The last part of a path.
fn segment(path: &str) -> &str {
    path.rsplit('.').next().unwrap_or(path)
}

/// A copy without what is written when the draft is finished.
fn bare_copy(element: &Element) -> Element {
    let mut copy = element.clone();
    copy.children = Vec::new();
    copy.slices = Vec::new();
    copy
}
