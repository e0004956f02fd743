//! The cache of compiled plans.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use definitions::{Definitions, ElementId, Shape};

use super::{Node, Scope, TypeRule};
use crate::invariants::PathRules;

type Key = (Box<str>, Option<Box<str>>, ElementId, Box<str>, bool);

/// Plans by what they were compiled from. Each is made when first asked for, then kept.
#[derive(Debug)]
pub(crate) struct Plans {
    pub definitions: Definitions,
    /// The types that FHIRPath expressions are compiled with.
    pub model: fhirpath::Model,
    rules: PathRules,
    nodes: RwLock<HashMap<Key, Arc<Node>>>,
    types: RwLock<HashMap<Box<str>, Option<Arc<Node>>>>,
    profiles: RwLock<HashMap<Box<str>, Option<Arc<Node>>>>,
    extensions: RwLock<HashMap<Box<str>, Option<Arc<Node>>>>,
}

/// How many urls that come from data are remembered; beyond it they are looked up each time.
const MAX_REMEMBERED: usize = 10_000;

impl Plans {
    pub fn new(definitions: Definitions) -> Self {
        Self {
            model: fhirpath::Model::new(&definitions),
            rules: PathRules::default(),
            definitions,
            nodes: RwLock::default(),
            types: RwLock::default(),
            profiles: RwLock::default(),
            extensions: RwLock::default(),
        }
    }

    /// The plan of a type by its name.
    pub fn of_type(&self, name: &str) -> Option<Arc<Node>> {
        self.remembered(&self.types, name, || self.definitions.shape_of_type(name))
    }

    /// The plan of a profile by its canonical url, with or without a version.
    pub fn of_profile(&self, canonical: &str) -> Option<Arc<Node>> {
        self.remembered(&self.profiles, canonical, || {
            self.definitions.shape(canonical)
        })
    }

    /// The same; where the version that is asked for is not there, another one.
    pub fn of_profile_or_other(&self, canonical: &str) -> Option<Arc<Node>> {
        self.of_profile(canonical)
            .or_else(|| self.of_profile(canonical.split_once('|')?.0))
    }

    /// The plan of an extension by its url.
    pub fn of_extension(&self, url: &str) -> Option<Arc<Node>> {
        self.remembered(&self.extensions, url, || self.definitions.extension(url))
    }

    fn remembered(
        &self,
        cache: &RwLock<HashMap<Box<str>, Option<Arc<Node>>>>,
        name: &str,
        shape: impl FnOnce() -> Option<Shape>,
    ) -> Option<Arc<Node>> {
        if let Some(known) = cache
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(name)
        {
            return known.clone();
        }
        let node = shape().map(|shape| {
            let root = shape.root();
            self.node(&shape, root, shape.type_name())
        });
        let mut cache = cache.write().unwrap_or_else(PoisonError::into_inner);
        if cache.len() < MAX_REMEMBERED {
            cache.insert(name.into(), node.clone());
        }
        node
    }

    /// The plan for the children of an element of a Shape.
    pub fn node(&self, shape: &Shape, element: ElementId, type_code: &str) -> Arc<Node> {
        self.node_of(shape, element, type_code, false)
    }

    fn node_of(
        &self,
        shape: &Shape,
        element: ElementId,
        type_code: &str,
        is_partial: bool,
    ) -> Arc<Node> {
        let key = (
            shape.url().into(),
            shape.version().map(Box::from),
            element,
            type_code.into(),
            is_partial,
        );
        if let Some(node) = self
            .nodes
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&key)
        {
            return Arc::clone(node);
        }
        // Compiled outside the lock: compiling asks for no other plan, and the first one wins.
        let node = Arc::new(super::compile::node(
            &self.definitions,
            &self.rules,
            shape,
            element,
            type_code,
            is_partial,
        ));
        Arc::clone(
            self.nodes
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(key)
                .or_insert(node),
        )
    }

    /// The plans for the children of a value of a type.
    pub fn scope<'r>(&self, rule: &'r TypeRule) -> &'r Scope {
        rule.scope.get_or_init(|| {
            let (shape, element) = &rule.origin;
            let found = shape.element(*element);
            let inline = !found.children.is_empty();
            let any_of: Box<[Weak<Node>]> = if rule.profiles.len() > 1 && !inline {
                rule.profiles
                    .iter()
                    .filter_map(|profile| self.of_profile(profile))
                    .map(|node| Arc::downgrade(&node))
                    .collect()
            } else {
                self.definitions
                    .scope(shape, *element, &rule.code)
                    .map(|(shape, element)| Arc::downgrade(&self.node(&shape, element, &rule.code)))
                    .into_iter()
                    .collect()
            };
            let shared = (inline && found.types.len() > 1)
                .then(|| Arc::downgrade(&self.node_of(shape, *element, &rule.code, true)));
            Scope { any_of, shared }
        })
    }
}
