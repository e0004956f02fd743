//! Finding the element of a draft that a differential's element is about.

use diagnostics::IssueType;

use super::draft::{NodeId, ROOT};
use super::overlay::{Overlay, add_constraints, by_type, by_url, is_extension};
use crate::form::ElementRule;
use crate::{ElementId, ElementType, Shape, SlicingRules, codes};

/// Where an element of a differential belongs.
pub struct Place {
    /// The element itself.
    pub target: NodeId,
    /// Whether it was not there before: the definition of a new element.
    pub is_new: bool,
    /// The same element in slices that were there before.
    pub mirrors: Vec<Mirror>,
}

/// An element of a slice that a rule for the sliced element holds for too.
#[derive(Clone, Copy)]
pub struct Mirror {
    pub node: NodeId,
    /// Whether it is the slice itself rather than something inside it.
    pub is_slice: bool,
}

/// Why a walk ends early.
enum Lost {
    /// The element does not exist.
    Unknown,
    /// The draft is full.
    Full,
}

impl Overlay<'_> {
    /// Finds the place, growing what is needed on the way. `None`, and a note, when there is none.
    pub(super) fn walk(&mut self, rule: &ElementRule) -> Option<Place> {
        let mut ids = rule.id.split('.');
        let mut paths = rule.path.split('.').peekable();
        let mut place = Place {
            target: ROOT,
            is_new: false,
            mirrors: Vec::new(),
        };
        ids.next();
        paths.next();
        while let Some(segment) = paths.next() {
            let slice = ids.next().and_then(|id| id.split_once(':')).map(|(_, s)| s);
            let is_last = paths.peek().is_none();
            match self.step(&place, segment, slice, is_last, rule) {
                Ok(next) => place = next,
                Err(Lost::Unknown) => {
                    let why = format!("is not in its base: there is no `{segment}`");
                    self.note(codes::ELEMENT_UNKNOWN, IssueType::NotFound, rule, &why);
                    return None;
                }
                Err(Lost::Full) => {
                    let why = "makes the definition larger than Causeway allows";
                    self.note(codes::TOO_LARGE, IssueType::TooLong, rule, why);
                    return None;
                }
            }
        }
        Some(place)
    }

    fn step(
        &mut self,
        from: &Place,
        segment: &str,
        slice: Option<&str>,
        is_last: bool,
        rule: &ElementRule,
    ) -> Result<Place, Lost> {
        let mut next = Place {
            target: from.target,
            is_new: false,
            mirrors: Vec::new(),
        };
        match self.child(from.target, segment, rule)? {
            Some(child) => next.target = child,
            None => match self.shorthand(from.target, segment)? {
                Some(slice) => {
                    next.target = slice;
                    return Ok(next);
                }
                None if is_last && !self.structure.is_profile => {
                    next.target = self
                        .draft
                        .add_child(from.target, segment)
                        .ok_or(Lost::Full)?;
                    next.is_new = true;
                }
                None => return Err(Lost::Unknown),
            },
        }
        if let Some(name) = slice {
            next.target = self.slice(next.target, name)?;
        }
        for mirror in &from.mirrors {
            let Some(mut child) = self.child(mirror.node, segment, rule)? else {
                continue;
            };
            if let Some(name) = slice {
                child = self.slice(child, name)?;
            }
            next.mirrors.push(Mirror {
                node: child,
                is_slice: false,
            });
        }
        // What is said of a sliced element holds for its slices. A choice's slices are its types:
        // what is said of the choice as a whole is said of each.
        let sliced: Vec<NodeId> = std::iter::once(next.target)
            .chain(next.mirrors.iter().map(|mirror| mirror.node))
            .collect();
        let mut waiting = sliced;
        while let Some(node) = waiting.pop() {
            for &slice in &self.draft.node(node).slices {
                next.mirrors.push(Mirror {
                    node: slice,
                    is_slice: true,
                });
                waiting.push(slice);
            }
        }
        Ok(next)
    }

    /// The child of a node, grown from the node's type when it is not there yet.
    fn child(
        &mut self,
        parent: NodeId,
        segment: &str,
        rule: &ElementRule,
    ) -> Result<Option<NodeId>, Lost> {
        if let Some(child) = self.draft.child(parent, segment) {
            return Ok(Some(child));
        }
        if parent != ROOT {
            self.grow(parent, rule)?;
        }
        Ok(self.draft.child(parent, segment))
    }

    /// Puts inline copies of the children of a node's type (or of what its contentReference names)
    /// under it.
    fn grow(&mut self, node: NodeId, rule: &ElementRule) -> Result<(), Lost> {
        let Some((shape, at)) = self.content(node, rule) else {
            return Ok(());
        };
        let first = self.draft.node(node).children.is_empty();
        if !self.draft.graft(node, &shape, at) {
            return Err(Lost::Full);
        }
        if first {
            // The type's root is no longer visited on its own, so its invariants move in.
            let mut constraints = shape.element(at).constraints.clone();
            let element = &mut self.draft.node_mut(node).element;
            let own = std::mem::take(&mut element.constraints);
            add_constraints(&mut constraints, &own);
            element.constraints = constraints;
            if element.types.is_empty() {
                element.types.clone_from(&shape.element(at).types);
            }
        }
        Ok(())
    }

    fn content(&mut self, node: NodeId, rule: &ElementRule) -> Option<(Shape, ElementId)> {
        let element = &self.draft.node(node).element;
        if let Some(reference) = element.content_reference.clone() {
            let named = self.definitions.content_reference(
                &reference,
                &self.structure.type_name,
                Some(self.trail),
            );
            if named.is_none() {
                let why = "shares the content of an element that is not there";
                self.note(codes::CONTENT_REFERENCE, IssueType::NotFound, rule, why);
            }
            return named;
        }
        let (profile, code) = match element.types.as_slice() {
            [] => return None,
            [one] => match one.profiles.as_slice() {
                [profile] => (Some(profile.clone()), one.code.clone()),
                _ => (None, one.code.clone()),
            },
            // What several types have in common.
            _ => (None, "Element".into()),
        };
        let shape = profile
            .and_then(|profile| self.definitions.find(&profile, Some(self.trail)))
            .or_else(|| self.definitions.type_shape(&code, Some(self.trail)));
        match shape {
            Some(shape) => {
                let root = shape.root();
                Some((shape, root))
            }
            None => {
                let why = format!("is inside the type {code}, which is not there");
                self.note(codes::TYPE_MISSING, IssueType::NotFound, rule, &why);
                None
            }
        }
    }

    /// The slice of an element, made when it is not there yet.
    fn slice(&mut self, sliced: NodeId, name: &str) -> Result<NodeId, Lost> {
        // A slice of a slice is named `slice/part`.
        let mut owner = sliced;
        for (end, _) in name.match_indices('/') {
            if let Some(prefix) = name.get(..end)
                && let Some(found) = self.draft.slice(owner, prefix)
            {
                owner = found;
            }
        }
        if let Some(found) = self.draft.slice(owner, name) {
            return Ok(found);
        }
        let node = self.draft.node_mut(owner);
        if node.element.slicing.is_none() {
            if is_extension(&node.segment) {
                node.element.slicing = Some(by_url());
            } else if node.element.is_choice {
                node.element.slicing = Some(by_type(SlicingRules::Open));
            }
        }
        let slice = self.draft.add_slice(owner, name).ok_or(Lost::Full)?;
        let element = &mut self.draft.node_mut(slice).element;
        if element.is_choice
            && let Some(only) = type_of_shorthand(name, &element.name, &element.types)
        {
            element.types = vec![only];
        }
        Ok(slice)
    }

    /// The slice that `valueQuantity` means where the element is `value[x]`: the choice is
    /// narrowed to the types that the differential names in this way.
    fn shorthand(&mut self, parent: NodeId, segment: &str) -> Result<Option<NodeId>, Lost> {
        let found = self
            .draft
            .node(parent)
            .children
            .iter()
            .copied()
            .find_map(|child| {
                let element = &self.draft.node(child).element;
                if !element.is_choice {
                    return None;
                }
                let before = self
                    .shortened
                    .iter()
                    .find_map(|(node, types)| (*node == child).then_some(types))
                    .unwrap_or(&element.types);
                let only = type_of_shorthand(segment, &element.name, before)?;
                Some((child, only))
            });
        let Some((choice, only)) = found else {
            return Ok(None);
        };
        if let Some(slice) = self.draft.slice(choice, segment) {
            return Ok(Some(slice));
        }
        let element = &mut self.draft.node_mut(choice).element;
        if self.shortened.iter().any(|(node, _)| *node == choice) {
            element.types.push(only.clone());
        } else {
            let before = std::mem::replace(&mut element.types, vec![only.clone()]);
            self.shortened.push((choice, before));
            if element.slicing.is_none() {
                element.slicing = Some(by_type(SlicingRules::Closed));
            }
        }
        let slice = self.draft.add_slice(choice, segment).ok_or(Lost::Full)?;
        self.draft.node_mut(slice).element.types = vec![only];
        Ok(Some(slice))
    }
}

/// The type that `valueQuantity` names, when `value` can have it.
fn type_of_shorthand(name: &str, choice: &str, types: &[ElementType]) -> Option<ElementType> {
    let suffix = name.strip_prefix(choice)?;
    let first = suffix.chars().next()?;
    if !first.is_ascii_uppercase() {
        return None;
    }
    types
        .iter()
        .find(|known| {
            let mut code = known.code.chars();
            code.next()
                .is_some_and(|letter| letter.to_ascii_uppercase() == first)
                && suffix.get(1..) == Some(code.as_str())
        })
        .cloned()
}
