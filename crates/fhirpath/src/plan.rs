//! A compiled expression.

use std::sync::Arc;

use definitions::Definitions;
use regex::Regex;

use crate::ast::Operator;
use crate::compile;
use crate::error::{CompileError, CompileErrorKind, EvaluationError, Mistake};
use crate::eval::{Run, Scope};
use crate::function::Function;
use crate::item::{Collection, Item, Node};
use crate::kinds::{Kind, System};
use crate::model::Member;
use crate::{Environment, Model, Ty};

/// How an expression is to be compiled.
#[derive(Debug, Clone, Copy, Default)]
pub struct Options<'o> {
    /// Functions that ask for an order (`first`, `skip`, …) are refused where there is none, as
    /// after `children()`.
    pub ordered: bool,
    /// `as` on several items keeps those of the type, as R4's invariants and search parameters use it;
    /// without, it is an error.
    pub as_filters: bool,
    /// A path that starts from another resource type than the root's leads to nothing, as in search
    /// parameters of several types; without, it is an error.
    pub other_roots: bool,
    /// Names of `%variables` that [`Environment::variables`] will give.
    pub variables: &'o [&'o str],
}

impl Options<'_> {
    /// As R4's own definitions are written: their invariants use `as` to choose among several items
    /// (`dom-3`), though the language allows it of one only.
    pub fn definitions() -> Self {
        Self {
            as_filters: true,
            ..Self::default()
        }
    }
}

/// A compiled expression. It can be shared between threads and run at the same time.
#[derive(Debug)]
pub struct Plan {
    text: Box<str>,
    roots: Vec<Ty>,
    expression: Expr,
    gives: Option<Vec<Kind>>,
    model: Model,
}

/// An operation with the offset that it is written at.
#[derive(Debug)]
pub(crate) struct Expr {
    pub op: Op,
    pub at: u32,
}

#[derive(Debug)]
pub(crate) enum Op {
    Constants(Vec<Item<'static>>),
    This,
    Index,
    Total,
    Resource,
    RootResource,
    Context,
    Variable(Box<str>),
    /// A child whose place is known.
    Member(Box<Expr>, Arc<Member>),
    /// A child of whatever type each item turns out to have.
    Named(Box<Expr>, Box<str>),
    /// Those of a type.
    OfType(Box<Expr>, Test),
    /// The only item, when it is of a type.
    As(Box<Expr>, Test),
    Is(Box<Expr>, Test),
    At(Box<Expr>, Box<Expr>),
    Negate(Box<Expr>),
    /// `and`, `or`, `xor`, `implies`.
    Logic(Operator, Box<Expr>, Box<Expr>),
    Equality(Equality, Box<Expr>, Box<Expr>),
    Order(Operator, Box<Expr>, Box<Expr>),
    Arithmetic(Operator, Box<Expr>, Box<Expr>),
    Concatenate(Box<Expr>, Box<Expr>),
    Union(Vec<Expr>),
    /// Whether the first is in the second.
    In(Box<Expr>, Box<Expr>),
    Call(Function, Box<Expr>, Vec<Expr>),
    /// `matches` with a pattern that is known beforehand.
    Matches(Box<Expr>, Regex),
    /// `sort`, each key with whether it is descending.
    Sort(Box<Expr>, Vec<(Expr, bool)>),
}

impl Expr {
    fn value_set(&self) -> Option<&str> {
        match &self.op {
            Op::Member(_, member) => member.value_set.as_deref(),
            Op::OfType(on, _)
            | Op::As(on, _)
            | Op::At(on, _)
            | Op::Call(Function::Where, on, _) => on.value_set(),
            _ => None,
        }
    }
}

/// `=`, `!=`, `~`, `!~`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Equality {
    pub equivalent: bool,
    pub negated: bool,
}

/// What an item's type is compared with.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Test {
    pub fhir: Option<Ty>,
    pub system: Option<System>,
    /// For a primitive type: that type itself, none that specialises it.
    pub exact: bool,
}

impl Test {
    pub fn accepts(&self, item: &Item<'_>, model: &Model) -> bool {
        match item {
            Item::Node(node) => self.fhir.is_some_and(|ty| {
                node.ty == ty
                    || (model.is_a(node.ty, ty) && !(self.exact && model.primitive(ty).is_some()))
            }),
            other => self.system.is_some() && System::of(other) == self.system,
        }
    }
}

impl Plan {
    /// Compiles an expression for nodes of a type (`HumanName`), or of the types that the element at
    /// a path has (`Patient.contact`, `Observation.value[x]`).
    ///
    /// # Errors
    /// When the root is unknown, the expression breaks the grammar or the limits, names what does
    /// not exist, or combines what cannot be combined.
    pub fn compile(expression: &str, root: &str, model: &Model) -> Result<Self, CompileError> {
        Self::compile_with(expression, root, model, &Options::default())
    }

    /// As [`Plan::compile`], with options.
    ///
    /// # Errors
    /// As [`Plan::compile`].
    pub fn compile_with(
        expression: &str,
        root: &str,
        model: &Model,
        options: &Options<'_>,
    ) -> Result<Self, CompileError> {
        let Some(roots) = model.types_at(root) else {
            let message = format!("`{root}` is no type and no element");
            return Err(Mistake::new(CompileErrorKind::UnknownType, 0, message).in_text(expression));
        };
        Self::compile_for(expression, &roots, model, options)
    }

    /// As [`Plan::compile_with`], for nodes of these types.
    ///
    /// # Errors
    /// As [`Plan::compile`].
    pub fn compile_for(
        expression: &str,
        roots: &[Ty],
        model: &Model,
        options: &Options<'_>,
    ) -> Result<Self, CompileError> {
        let compiled = compile::compile(expression, roots, model, options)
            .map_err(|mistake| mistake.in_text(expression))?;
        Ok(Self {
            text: expression.into(),
            roots: roots.to_vec(),
            expression: compiled.0,
            gives: compiled.1.kinds,
            model: model.clone(),
        })
    }

    /// The expression as it was written.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The types that it was compiled for.
    pub fn roots(&self) -> &[Ty] {
        &self.roots
    }

    /// The types that it was compiled with.
    pub fn model(&self) -> &Model {
        &self.model
    }

    /// The definitions that it was compiled with.
    pub fn definitions(&self) -> &Definitions {
        self.model.definitions()
    }

    /// The names of the types that the expression can give: `code`, `Quantity`; of FHIRPath's own,
    /// `System.Boolean`. `None` when that is not known before it is run.
    pub fn gives(&self) -> Option<Vec<String>> {
        let name = |kind: &Kind| match kind {
            Kind::Fhir(ty) => self.model.name(*ty).to_owned(),
            Kind::System(system) => format!("System.{}", system.name()),
        };
        Some(self.gives.as_ref()?.iter().map(name).collect())
    }

    /// The value set that the codes it leads to are bound to, where the expression ends in one
    /// element.
    pub fn value_set(&self) -> Option<&str> {
        self.expression.value_set()
    }

    /// All that the expression gives for a node.
    ///
    /// # Errors
    /// When the data are not what an operator or function can take, when something outside could
    /// not be decided, or when a limit is reached.
    pub fn evaluate<'v>(
        &self,
        node: Node<'v>,
        environment: &Environment<'_, 'v>,
    ) -> Result<Collection<'v>, EvaluationError> {
        self.run(node, environment, |run, scope| {
            run.collect(&self.expression, scope)
        })
    }

    /// Whether the expression is true of a node: `None` when it gives nothing. One item that is no
    /// boolean counts as true (FHIRPath N1, section 4.5).
    ///
    /// # Errors
    /// As [`Plan::evaluate`], and when it gives several items.
    pub fn test<'v>(
        &self,
        node: Node<'v>,
        environment: &Environment<'_, 'v>,
    ) -> Result<Option<bool>, EvaluationError> {
        self.run(node, environment, |run, scope| {
            run.truth(&self.expression, scope)
        })
    }

    /// Whether an invariant holds: only `true` does, nothing does not.
    ///
    /// # Errors
    /// As [`Plan::test`].
    pub fn holds<'v>(
        &self,
        node: Node<'v>,
        environment: &Environment<'_, 'v>,
    ) -> Result<bool, EvaluationError> {
        Ok(self.test(node, environment)? == Some(true))
    }

    fn run<'v, T>(
        &self,
        node: Node<'v>,
        environment: &Environment<'_, 'v>,
        work: impl FnOnce(&Run<'_, '_, 'v>, Scope<'_, 'v>) -> Result<T, crate::error::Fault>,
    ) -> Result<T, EvaluationError> {
        let this = Item::Node(Node {
            ty: self
                .model
                .refine(node.ty, node.value.unwrap_or(&json::Value::Null)),
            ..node
        });
        let run = Run::new(&self.model, environment, Some(&this));
        let scope = Scope {
            this: Some(&this),
            index: 0,
            total: None,
        };
        run.finish(work(&run, scope))
            .map_err(|fault| fault.in_text(&self.text))
    }
}
