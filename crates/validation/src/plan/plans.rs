//! The cache of compiled plans.

use std::collections::HashMap;
use std::sync::{Arc, PoisonError, RwLock, Weak};

use definitions::{Definitions, ElementId, Shape};

use super::{Node, TypeRule};

type Key = (Box<str>, Option<Box<str>>, ElementId, Box<str>);

/// Plans by what they were compiled from. Each is made when first asked for, then kept.
#[derive(Debug)]
pub(crate) struct Plans {
    pub definitions: Definitions,
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
        let key = (
            shape.url().into(),
            shape.version().map(Box::from),
            element,
            type_code.into(),
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
            shape,
            element,
            type_code,
        ));
        Arc::clone(
            self.nodes
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(key)
                .or_insert(node),
        )
    }

    /// The plans for the children of a value of a type: one, or several of which it must meet one.
    /// None where nothing is known of the type.
    pub fn scope<'r>(&self, rule: &'r TypeRule) -> &'r [Weak<Node>] {
        rule.scope.get_or_init(|| {
            let (shape, element) = &rule.origin;
            let scoped = |shape: &Shape, element| {
                self.definitions
                    .scope(shape, element, &rule.code)
                    .map(|(shape, element)| Arc::downgrade(&self.node(&shape, element, &rule.code)))
            };
            let inline = !shape.element(*element).children.is_empty();
            if rule.profiles.len() > 1 && !inline {
                rule.profiles
                    .iter()
                    .filter_map(|profile| self.of_profile(profile))
                    .map(|node| Arc::downgrade(&node))
                    .collect()
            } else {
                scoped(shape, *element).into_iter().collect()
            }
        })
    }
}
