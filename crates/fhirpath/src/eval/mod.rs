//! Running a plan.
//!
//! Items are handed on one by one ([`Run::visit`]) and whoever has enough stops the flow, so that a
//! path or a test of one holds no collection. What needs all items at once collects them.

mod arithmetic;
mod convert;
mod equality;
mod existence;
mod fhir_calls;
mod fold;
mod logic;
mod numbers;
mod order;
mod profile_calls;
mod select;
mod sets;
mod text;
mod trees;
mod utility;
mod walk;

use std::cell::{Cell, OnceCell};
use std::ops::ControlFlow;

use crate::error::Fault;
use crate::function::Function;
use crate::item::{Collection, Item, Text};
use crate::moment::Moment;
use crate::plan::{Expr, Op};
use crate::{Environment, Model};

pub(crate) use fold::fold;

/// Whether the one who receives items wants more of them.
pub(crate) type Flow = Result<ControlFlow<()>, Fault>;

/// Receives items.
pub(crate) type Sink<'k, 'v> = &'k mut dyn FnMut(Item<'v>) -> Flow;

const TOO_MANY_STEPS: &str = "the expression takes more steps than are allowed";

/// How many bytes of text are one step's work.
const BYTES_A_STEP: usize = 64;

const MORE: Flow = Ok(ControlFlow::Continue(()));
const ENOUGH: Flow = Ok(ControlFlow::Break(()));

/// What `$this`, `$index` and `$total` are.
#[derive(Clone, Copy)]
pub(crate) struct Scope<'s, 'v> {
    pub this: Option<&'s Item<'v>>,
    pub index: usize,
    pub total: Option<&'s Collection<'v>>,
}

/// One evaluation.
pub(crate) struct Run<'p, 'e, 'v> {
    model: &'p Model,
    environment: &'p Environment<'e, 'v>,
    context: Option<&'p Item<'v>>,
    steps: Cell<u64>,
    /// Whether a comparison was broken off because there were no steps left.
    exhausted: Cell<bool>,
    now: OnceCell<Moment>,
}

impl<'p, 'e, 'v> Run<'p, 'e, 'v> {
    pub fn new(
        model: &'p Model,
        environment: &'p Environment<'e, 'v>,
        context: Option<&'p Item<'v>>,
    ) -> Self {
        Self {
            model,
            environment,
            context,
            steps: Cell::new(environment.limits.steps),
            exhausted: Cell::new(false),
            now: OnceCell::new(),
        }
    }

    /// What was worked out, unless a comparison was broken off on the way.
    pub fn finish<T>(&self, result: Result<T, Fault>) -> Result<T, Fault> {
        match self.exhausted.get() {
            true => Err(Fault::limit(0, TOO_MANY_STEPS)),
            false => result,
        }
    }

    /// Counts a step of a comparison; whether it can go on.
    fn spend(&self) -> bool {
        let left = self.steps.get().checked_sub(1);
        self.steps.set(left.unwrap_or_default());
        if left.is_none() {
            self.exhausted.set(true);
        }
        left.is_some()
    }

    /// Counts a step.
    fn step(&self, at: u32) -> Result<(), Fault> {
        self.charge(1, at)
    }

    /// Counts what is done with a text: long ones cost more, so that the time for all of them and
    /// the memory of those that are made stay bounded too.
    fn charge_text(&self, text: &str, at: u32) -> Result<(), Fault> {
        match text.len() {
            0..BYTES_A_STEP => Ok(()),
            length => self.charge((length / BYTES_A_STEP) as u64, at),
        }
    }

    /// Counts an item that is copied.
    fn charge_copy(&self, item: &Item<'v>, at: u32) -> Result<(), Fault> {
        match item {
            Item::String(Text::Owned(text)) => self.charge_text(text, at),
            _ => Ok(()),
        }
    }

    fn charge(&self, steps: u64, at: u32) -> Result<(), Fault> {
        match self.steps.get().checked_sub(steps) {
            Some(left) => {
                self.steps.set(left);
                Ok(())
            }
            None => Err(Fault::limit(at, TOO_MANY_STEPS)),
        }
    }

    /// Hands each item of an expression on.
    pub fn visit(&self, expr: &Expr, scope: Scope<'_, 'v>, sink: Sink<'_, 'v>) -> Flow {
        self.step(expr.at)?;
        match &expr.op {
            Op::Constants(items) => {
                for item in items {
                    if sink(item.clone())?.is_break() {
                        return ENOUGH;
                    }
                }
                MORE
            }
            Op::This => {
                if let Some(this) = scope.this {
                    self.charge_copy(this, expr.at)?;
                }
                give(scope.this.cloned(), sink)
            }
            Op::Index => sink(Item::Integer(
                i64::try_from(scope.index).unwrap_or(i64::MAX),
            )),
            Op::Total => {
                for item in scope.total.into_iter().flatten() {
                    self.step(expr.at)?;
                    self.charge_copy(item, expr.at)?;
                    if sink(item.clone())?.is_break() {
                        return ENOUGH;
                    }
                }
                MORE
            }
            Op::Resource => give(self.environment.resource.map(Item::Node), sink),
            Op::RootResource => give(self.environment.root.map(Item::Node), sink),
            Op::Context => give(self.context.cloned(), sink),
            Op::Variable(name) => self.variable(name, sink),
            Op::Member(on, member) => match (&on.op, scope.this) {
                // The most frequent case, without a detour.
                (Op::This, Some(Item::Node(node))) => self.emit_member(node, member, expr.at, sink),
                _ => self.visit(on, scope, &mut |item| match &item {
                    Item::Node(node) => self.emit_member(node, member, expr.at, sink),
                    _ => MORE,
                }),
            },
            Op::Named(on, name) => self.visit(on, scope, &mut |item| {
                self.emit_named(&item, name, expr.at, sink)
            }),
            Op::OfType(on, test) => self.visit(on, scope, &mut |item| match test
                .accepts(&item, self.model)
            {
                true => sink(item),
                false => MORE,
            }),
            Op::As(on, test) => match self.one(on, scope)? {
                Some(item) if test.accepts(&item, self.model) => sink(item),
                _ => MORE,
            },
            Op::At(on, index) => self.visit_at(on, index, scope, sink),
            Op::Negate(of) => give(self.negated(of, scope, expr.at)?, sink),
            Op::Arithmetic(operator, left, right) => give(
                self.calculated(*operator, left, right, scope, expr.at)?,
                sink,
            ),
            Op::Concatenate(left, right) => {
                give(self.concatenated(left, right, scope, expr.at)?, sink)
            }
            Op::Union(parts) => self.visit_union(parts, scope, expr.at, sink),
            Op::Sort(on, keys) => self.visit_sorted(on, keys, scope, expr.at, sink),
            Op::Call(function, input, arguments) if !is_boolean(*function) => {
                self.visit_call(*function, input, arguments, scope, expr.at, sink)
            }
            Op::Is(..)
            | Op::Logic(..)
            | Op::Equality(..)
            | Op::Order(..)
            | Op::In(..)
            | Op::Matches(..)
            | Op::Call(..) => give(self.truth(expr, scope)?.map(Item::Boolean), sink),
        }
    }

    fn visit_call(
        &self,
        function: Function,
        input: &Expr,
        arguments: &[Expr],
        scope: Scope<'_, 'v>,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        use Function as F;
        let call = Call {
            function,
            input,
            arguments,
            at,
        };
        match function {
            F::Where
            | F::Select
            | F::Repeat
            | F::Iif
            | F::Aggregate
            | F::Single
            | F::First
            | F::Last
            | F::Tail
            | F::Skip
            | F::Take => self.visit_selected(&call, scope, sink),
            F::Distinct | F::Intersect | F::Exclude | F::Combine | F::Union => {
                self.visit_set(&call, scope, sink)
            }
            F::Count => {
                let mut count = 0i64;
                let _ = self.visit(input, scope, &mut |_| {
                    count += 1;
                    MORE
                })?;
                sink(Item::Integer(count))
            }
            F::Children | F::Descendants => self.visit(input, scope, &mut |item| {
                self.emit_below(&item, function == F::Descendants, at, sink)
            }),
            F::To(system) => give(self.converted(system, &call, scope)?, sink),
            F::Abs
            | F::Ceiling
            | F::Exp
            | F::Floor
            | F::Ln
            | F::Log
            | F::Power
            | F::Round
            | F::Sqrt
            | F::Truncate => give(self.number_call(&call, scope)?, sink),
            F::LowBoundary | F::HighBoundary | F::Precision => {
                give(self.boundary_call(&call, scope)?, sink)
            }
            F::Trace | F::Now | F::Today | F::TimeOfDay | F::Type => {
                self.visit_utility(&call, scope, sink)
            }
            F::Extension | F::GetValue | F::Resolve | F::CheckModifiers => {
                self.visit_fhir(&call, scope, sink)
            }
            F::ToChars | F::Split => self.visit_texts(&call, scope, sink),
            F::Join => give(self.joined(&call, scope)?.map(Item::String), sink),
            F::IndexOf | F::LastIndexOf | F::Length => {
                give(self.text_measure(&call, scope)?.map(Item::Integer), sink)
            }
            _ => give(self.text_call(&call, scope)?.map(Item::String), sink),
        }
    }

    fn variable(&self, name: &str, sink: Sink<'_, 'v>) -> Flow {
        let variables = self.environment.variables;
        let found = variables.iter().find(|(known, _)| *known == name);
        for item in found.into_iter().flat_map(|(_, items)| items) {
            if sink(item.clone())?.is_break() {
                return ENOUGH;
            }
        }
        MORE
    }

    /// All items of an expression.
    pub fn collect(&self, expr: &Expr, scope: Scope<'_, 'v>) -> Result<Collection<'v>, Fault> {
        let mut items = Collection::new();
        let most = self.environment.limits.items;
        let _ = self.visit(expr, scope, &mut |item| {
            if items.len() == most {
                return Err(Fault::limit(
                    expr.at,
                    "a collection has more items than are allowed",
                ));
            }
            items.push(item);
            MORE
        })?;
        Ok(items)
    }

    /// The only item of an expression; several are an error.
    fn one(&self, expr: &Expr, scope: Scope<'_, 'v>) -> Result<Option<Item<'v>>, Fault> {
        if let (Op::This, Some(this)) = (&expr.op, scope.this) {
            self.charge_copy(this, expr.at)?;
            return Ok(Some(this.clone()));
        }
        let mut found = None;
        let _ = self.visit(expr, scope, &mut |item| {
            if found.is_some() {
                return Err(Fault::input(
                    expr.at,
                    "several items stand where one is wanted",
                ));
            }
            found = Some(item);
            MORE
        })?;
        Ok(found)
    }

    /// The only item of an expression as a value of FHIRPath's own types.
    fn one_system(&self, expr: &Expr, scope: Scope<'_, 'v>) -> Result<Option<Item<'v>>, Fault> {
        let item = self.one(expr, scope)?;
        Ok(item.and_then(|item| item.system(self.model)))
    }

    /// The only item of an expression as an integer.
    fn one_integer(&self, expr: &Expr, scope: Scope<'_, 'v>) -> Result<Option<i64>, Fault> {
        match self.one_system(expr, scope)? {
            None => Ok(None),
            Some(Item::Integer(integer)) => Ok(Some(integer)),
            Some(_) => Err(Fault::input(expr.at, "an integer is wanted")),
        }
    }

    /// The only item of an expression as a text.
    fn one_text(&self, expr: &Expr, scope: Scope<'_, 'v>) -> Result<Option<Text<'v>>, Fault> {
        let text = match self.one(expr, scope)? {
            None => return Ok(None),
            Some(Item::String(text)) => text,
            Some(Item::Node(node)) => match (node.value, node.text()) {
                (_, Some(text)) => Text::Borrowed(text),
                (None, _) => return Ok(None),
                _ => return Err(Fault::input(expr.at, "text is wanted")),
            },
            Some(_) => return Err(Fault::input(expr.at, "text is wanted")),
        };
        self.charge_text(&text, expr.at)?;
        Ok(Some(text))
    }

    /// Whether an expression gives anything.
    fn exists(&self, expr: &Expr, scope: Scope<'_, 'v>) -> Result<bool, Fault> {
        Ok(self.visit(expr, scope, &mut |_| ENOUGH)?.is_break())
    }
}

/// A call as it is written.
pub(crate) struct Call<'c> {
    function: Function,
    input: &'c Expr,
    arguments: &'c [Expr],
    at: u32,
}

impl Call<'_> {
    fn argument(&self, at: usize) -> Option<&Expr> {
        self.arguments.get(at)
    }
}

/// Hands an item on, if there is one.
fn give<'v>(item: Option<Item<'v>>, sink: Sink<'_, 'v>) -> Flow {
    match item {
        Some(item) => sink(item),
        None => MORE,
    }
}

/// Whether a function answers yes or no.
pub(crate) fn is_boolean(function: Function) -> bool {
    use Function as F;
    matches!(
        function,
        F::Empty
            | F::Exists
            | F::All
            | F::AllTrue
            | F::AnyTrue
            | F::AllFalse
            | F::AnyFalse
            | F::SubsetOf
            | F::SupersetOf
            | F::IsDistinct
            | F::ConvertsTo(_)
            | F::StartsWith
            | F::EndsWith
            | F::ContainsText
            | F::Matches
            | F::MatchesFull
            | F::Not
            | F::HasExtension
            | F::HasValue
            | F::ConformsTo
            | F::MemberOf
            | F::Subsumes
            | F::SubsumedBy
            | F::HtmlChecks
            | F::Comparable
    )
}
