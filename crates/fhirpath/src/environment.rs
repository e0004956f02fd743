//! What an expression sees besides the node that it starts from.

use jiff::Zoned;

use crate::{Collection, Node};

/// What an evaluation may use up. Going beyond is an error, never a hang.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// Steps: each operator, each function, each node that is looked at.
    pub steps: u64,
    /// Items in a collection that must be held.
    pub items: usize,
    /// Bytes of a text that the expression makes.
    pub text: usize,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            steps: 5_000_000,
            items: 200_000,
            text: 1 << 20,
        }
    }
}

/// A code to be decided about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Coded<'v> {
    /// The code system; `None` for an element of type `code`.
    pub system: Option<&'v str>,
    /// The code.
    pub code: &'v str,
}

/// What only the program around knows: other resources, terminology, profiles.
pub trait Services<'v> {
    /// The resource that a reference points at. The engine itself looks in `%rootResource`: among
    /// the contained resources, and the entries of a Bundle.
    fn resolve(&self, reference: &str) -> Option<Node<'v>> {
        let _ = reference;
        None
    }

    /// Whether a code is in a value set; `None` when that cannot be decided.
    fn member_of(&self, coded: &Coded<'_>, value_set: &str) -> Option<bool> {
        let _ = (coded, value_set);
        None
    }

    /// Whether one code of a system subsumes another; `None` when that cannot be decided.
    fn subsumes(&self, system: &str, one: &str, other: &str) -> Option<bool> {
        let _ = (system, one, other);
        None
    }

    /// Whether a node conforms to a profile; `None` when that cannot be decided.
    fn conforms_to(&self, node: Node<'v>, profile: &str) -> Option<bool> {
        let _ = (node, profile);
        None
    }

    /// What `trace()` is given.
    fn trace(&self, name: &str, items: &Collection<'v>) {
        let _ = (name, items);
    }
}

/// Knows nothing: what is not in the resource is not found, what is not in it is not decided.
#[derive(Debug, Clone, Copy, Default)]
pub struct NoServices;

impl Services<'_> for NoServices {}

/// What an expression sees besides the node that it starts from.
#[derive(Clone)]
pub struct Environment<'e, 'v> {
    pub(crate) resource: Option<Node<'v>>,
    pub(crate) root: Option<Node<'v>>,
    pub(crate) services: &'e dyn Services<'v>,
    pub(crate) now: Option<Zoned>,
    pub(crate) limits: Limits,
    pub(crate) variables: &'e [(&'e str, Collection<'v>)],
}

impl std::fmt::Debug for Environment<'_, '_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Environment").finish_non_exhaustive()
    }
}

impl<'e, 'v> Environment<'e, 'v> {
    /// The environment of a node in a resource, which is both `%resource` and `%rootResource`.
    pub fn new(resource: Node<'v>) -> Self {
        Self {
            resource: Some(resource),
            root: Some(resource),
            services: &NoServices,
            now: None,
            limits: Limits::default(),
            variables: &[],
        }
    }

    /// The resource that contains `%resource`: `%rootResource`.
    #[must_use]
    pub fn root(mut self, root: Node<'v>) -> Self {
        self.root = Some(root);
        self
    }

    /// What is known outside.
    #[must_use]
    pub fn services(mut self, services: &'e dyn Services<'v>) -> Self {
        self.services = services;
        self
    }

    /// What `now()` and `today()` give; without it, the clock's time in UTC.
    #[must_use]
    pub fn now(mut self, now: Zoned) -> Self {
        self.now = Some(now);
        self
    }

    /// What it may use up.
    #[must_use]
    pub fn limits(mut self, limits: Limits) -> Self {
        self.limits = limits;
        self
    }

    /// The values of the `%variables` that were declared in [`crate::Options::variables`].
    #[must_use]
    pub fn variables(mut self, variables: &'e [(&'e str, Collection<'v>)]) -> Self {
        self.variables = variables;
        self
    }
}
