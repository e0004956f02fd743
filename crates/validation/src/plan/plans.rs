//! The cache of compiled plans.

use std::collections::HashMap;
use std::sync::{PoisonError, RwLock};

use definitions::{Definitions, ElementId, Shape};

use super::arena::Nodes;
use super::lookup::Remembered;
use super::{Node, NodeId, Scope, TypeRule};
use crate::invariants::PathRules;

type Key = (Box<str>, Option<Box<str>>, ElementId, Box<str>, bool);

/// Plans by what they were compiled from. Each is made when first asked for, then kept.
#[derive(Debug)]
pub(crate) struct Plans {
    pub definitions: Definitions,
    /// The types that FHIRPath expressions are compiled with.
    pub model: fhirpath::Model,
    rules: PathRules,
    nodes: Nodes,
    /// What each plan was compiled from.
    places: RwLock<HashMap<Key, NodeId>>,
    types: Remembered<Option<NodeId>>,
    profiles: Remembered<Option<NodeId>>,
    extensions: Remembered<Option<NodeId>>,
}

impl Plans {
    pub fn new(definitions: Definitions) -> Self {
        Self {
            model: fhirpath::Model::new(&definitions),
            rules: PathRules::default(),
            definitions,
            nodes: Nodes::default(),
            places: RwLock::default(),
            types: Remembered::default(),
            profiles: Remembered::default(),
            extensions: Remembered::default(),
        }
    }

    /// The plan in a place.
    pub fn at(&self, id: NodeId) -> Option<&Node> {
        self.nodes.get(id)
    }

    /// The plan of a type by its name.
    pub fn of_type(&self, name: &str) -> Option<&Node> {
        self.at(self.id_of_type(name)?)
    }

    /// Where the plan of a type is.
    pub fn id_of_type(&self, name: &str) -> Option<NodeId> {
        self.types
            .get(name, || self.root(&self.definitions.shape_of_type(name)?))
    }

    /// The plan of a profile by its canonical url, with or without a version.
    pub fn of_profile(&self, canonical: &str) -> Option<&Node> {
        self.at(self.id_of_profile(canonical)?)
    }

    fn id_of_profile(&self, canonical: &str) -> Option<NodeId> {
        self.profiles
            .get(canonical, || self.root(&self.definitions.shape(canonical)?))
    }

    /// The same; where the version that is asked for is not there, another one.
    pub fn of_profile_or_other(&self, canonical: &str) -> Option<&Node> {
        self.of_profile(canonical)
            .or_else(|| self.of_profile(canonical.split_once('|')?.0))
    }

    /// The plan of an extension by its url.
    pub fn of_extension(&self, url: &str) -> Option<&Node> {
        let id = self
            .extensions
            .get(url, || self.root(&self.definitions.extension(url)?))?;
        self.at(id)
    }

    fn root(&self, shape: &Shape) -> Option<NodeId> {
        self.node(shape, shape.root(), shape.type_name(), false)
    }

    /// The plan for the children of an element of a Shape.
    fn node(
        &self,
        shape: &Shape,
        element: ElementId,
        type_code: &str,
        is_partial: bool,
    ) -> Option<NodeId> {
        let key = (
            shape.url().into(),
            shape.version().map(Box::from),
            element,
            type_code.into(),
            is_partial,
        );
        let places = self.places.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = places.get(&key) {
            return Some(*id);
        }
        drop(places);
        // Compiled outside the lock: compiling asks for no other plan, and the first one wins.
        let node = super::compile::node(
            &self.definitions,
            &self.rules,
            shape,
            element,
            type_code,
            is_partial,
        );
        let mut places = self.places.write().unwrap_or_else(PoisonError::into_inner);
        if let Some(id) = places.get(&key) {
            return Some(*id);
        }
        let id = self.nodes.put(places.len(), node)?;
        places.insert(key, id);
        Some(id)
    }

    /// The plans for the children of a value of a type.
    pub fn scope<'r>(&self, rule: &'r TypeRule) -> &'r Scope {
        rule.scope.get_or_init(|| {
            let (shape, element) = &rule.origin;
            let found = shape.element(*element);
            let inline = !found.children.is_empty();
            let any_of: Box<[NodeId]> = if rule.profiles.len() > 1 && !inline {
                rule.profiles
                    .iter()
                    .filter_map(|profile| self.id_of_profile(profile))
                    .collect()
            } else {
                self.definitions
                    .scope(shape, *element, &rule.code)
                    .and_then(|(shape, element)| self.node(&shape, element, &rule.code, false))
                    .into_iter()
                    .collect()
            };
            let shared = (inline && found.types.len() > 1)
                .then(|| self.node(shape, *element, &rule.code, true))
                .flatten();
            Scope { any_of, shared }
        })
    }
}
