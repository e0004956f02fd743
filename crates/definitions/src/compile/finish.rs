//! From the tree to the flat list that a Shape is.

use std::sync::Arc;

use diagnostics::Issue;

use super::draft::{Draft, NodeId, ROOT};
use super::overlay::{by_url, is_extension};
use crate::form::Structure;
use crate::shape::ShapeData;
use crate::{Element, ElementId, Shape};

/// Writes ids and paths and puts the elements in order: an element, its children, its slices.
pub fn finish(draft: &Draft, structure: &Structure, issues: Vec<Issue>) -> Shape {
    let mut elements: Vec<Element> = Vec::with_capacity(draft.len());
    let mut waiting: Vec<(NodeId, Option<Place>)> = vec![(ROOT, None)];
    while let Some((node, place)) = waiting.pop() {
        let node = draft.node(node);
        let id = ElementId(u32::try_from(elements.len()).unwrap_or(u32::MAX));
        let mut element = node.element.clone();
        let above = place.as_ref().and_then(|place| {
            // A slice has the parent of the element that it is a slice of.
            elements.get(place.parent?.index())
        });
        (element.id, element.path) = match above {
            None => (node.segment.clone(), node.segment.clone()),
            Some(above) => {
                let segment = &node.segment;
                let id = match &element.slice_name {
                    Some(slice) => format!("{}.{segment}:{slice}", above.id),
                    None => format!("{}.{segment}", above.id),
                };
                (id.into(), format!("{}.{segment}", above.path).into())
            }
        };
        // Extensions are always told apart by url, and most definitions do not say so.
        if is_extension(&node.segment) && element.slice_name.is_none() && element.slicing.is_none()
        {
            element.slicing = Some(by_url());
        }
        elements.push(element);
        let parent = place.as_ref().and_then(|place| place.parent);
        if let Some(place) = place
            && let Some(owner) = elements.get_mut(place.owner.index())
        {
            if place.is_slice {
                owner.slices.push(id);
            } else {
                owner.children.push(id);
            }
        }
        let below = |child: &NodeId, is_slice: bool| {
            let place = Place {
                owner: id,
                parent: if is_slice { parent } else { Some(id) },
                is_slice,
            };
            (*child, Some(place))
        };
        waiting.extend(node.slices.iter().rev().map(|slice| below(slice, true)));
        waiting.extend(node.children.iter().rev().map(|child| below(child, false)));
    }
    Shape(Arc::new(ShapeData {
        url: structure.url.clone(),
        version: structure.version.clone(),
        id: structure.id.clone(),
        type_name: structure.type_name.clone(),
        kind: structure.kind,
        is_abstract: structure.is_abstract,
        is_profile: structure.is_profile,
        is_retired: structure.is_retired,
        base: structure.base.clone(),
        contexts: structure.contexts.clone(),
        context_invariants: structure.context_invariants.clone(),
        elements,
        issues,
    }))
}

struct Place {
    /// The element that lists it, as a child or as a slice.
    owner: ElementId,
    /// The element whose id and path its own begin with.
    parent: Option<ElementId>,
    is_slice: bool,
}
