//! Invariants as FHIRPath plans: compiled when first met, then kept.

use std::collections::HashMap;
use std::sync::{Arc, OnceLock, PoisonError, RwLock};

use fhirpath::{Environment, EvaluationErrorKind, Model, Node, Options, Plan, Ty};
use json::Value;

/// One expression for one type of element.
#[derive(Debug)]
pub(crate) struct PathRule {
    pub key: Box<str>,
    /// What it asks for, in its publisher's words.
    pub human: Option<Box<str>>,
    expression: Box<str>,
    /// A type, or the path of an element that has children of its own.
    root: Box<str>,
    compiled: OnceLock<Option<Compiled>>,
}

#[derive(Debug)]
struct Compiled {
    plan: Plan,
    /// The type of the node, where there is one only.
    ty: Option<Ty>,
}

/// What became of an invariant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Outcome {
    Holds,
    Broken,
    /// The expression cannot be compiled.
    Unusable,
    /// The expression cannot be evaluated over these data.
    Failed,
    /// It needs something that nobody here knows.
    Undecided,
}

impl PathRule {
    fn compiled(&self, model: &Model) -> Option<&Compiled> {
        self.compiled
            .get_or_init(|| {
                let types = model.types_at(&self.root)?;
                let expression = super::errata::meant(&self.expression);
                let options = Options {
                    // A context of another type of resource is met by nothing here.
                    other_roots: self.key.is_empty(),
                    ..Options::definitions()
                };
                let plan = Plan::compile_for(expression, &types, model, &options).ok()?;
                let ty = match types.as_slice() {
                    [only] => Some(*only),
                    _ => None,
                };
                Some(Compiled { plan, ty })
            })
            .as_ref()
    }

    /// Whether it holds for a value, with the shadow of a primitive. `type_code` is the type that a
    /// value of a choice has.
    pub fn outcome<'v>(
        &self,
        model: &Model,
        (value, shadow): (Option<&'v Value>, Option<&'v Value>),
        type_code: &str,
        environment: &Environment<'_, 'v>,
    ) -> Outcome {
        let Some(compiled) = self.compiled(model) else {
            return Outcome::Unusable;
        };
        let Some(ty) = compiled.ty.or_else(|| model.ty(type_code)) else {
            return Outcome::Unusable;
        };
        let node = Node::primitive(value, shadow, ty);
        match compiled.plan.holds(node, environment) {
            Ok(true) => Outcome::Holds,
            Ok(false) => Outcome::Broken,
            Err(error) if error.kind == EvaluationErrorKind::Undecided => Outcome::Undecided,
            Err(_) => Outcome::Failed,
        }
    }
}

impl PathRule {
    /// Whether what the expression gives for a resource has a value in it; `None` where it cannot be
    /// told.
    pub fn selects(&self, model: &Model, resource: &Value, wanted: &Value) -> Option<bool> {
        let compiled = self.compiled(model)?;
        let node = model.resource_node(resource);
        let found = compiled.plan.evaluate(node, &Environment::new(node)).ok()?;
        Some(found.iter().any(|item| {
            item.as_node().is_some_and(|node| {
                // The extensions of a primitive stand in its shadow.
                [node.value(), node.shadow()]
                    .into_iter()
                    .flatten()
                    .any(|value| std::ptr::eq(value, wanted))
            })
        }))
    }
}

/// What tells one rule from another: key, expression, root.
type Key = (Box<str>, Box<str>, Box<str>);

/// The rules of all plans: profiles repeat those of what they are laid over.
#[derive(Debug, Default)]
pub(crate) struct PathRules(RwLock<HashMap<Key, Arc<PathRule>>>);

impl PathRules {
    pub fn rule(
        &self,
        key: &str,
        expression: &str,
        root: &str,
        human: Option<&str>,
    ) -> Arc<PathRule> {
        let name: Key = (key.into(), expression.into(), root.into());
        if let Some(known) = self
            .0
            .read()
            .unwrap_or_else(PoisonError::into_inner)
            .get(&name)
        {
            return Arc::clone(known);
        }
        let rule = Arc::new(PathRule {
            key: key.into(),
            human: human.map(Box::from),
            expression: expression.into(),
            root: root.into(),
            compiled: OnceLock::new(),
        });
        Arc::clone(
            self.0
                .write()
                .unwrap_or_else(PoisonError::into_inner)
                .entry(name)
                .or_insert(rule),
        )
    }
}
