//! Choosing items and making others of them.

use std::collections::HashSet;

use crate::error::Fault;
use crate::eval::sets::Seen;
use crate::eval::{Call, ENOUGH, Flow, MORE, Run, Scope, Sink, give};
use crate::function::Function;
use crate::item::{Collection, Item, Node};
use crate::plan::Expr;

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn visit_selected(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        use Function as F;
        let input = call.input;
        match (call.function, call.arguments) {
            (F::Where, [criteria]) => self.each(input, scope, &mut |item, inner| match self
                .truth(criteria, inner)?
            {
                Some(true) => sink(item.clone()),
                _ => MORE,
            }),
            (F::Select, [projection]) => self.each(input, scope, &mut |_, inner| {
                self.visit(projection, inner, sink)
            }),
            (F::Repeat, [projection]) => self.repeat(input, projection, scope, sink),
            (F::Iif, [criteria, rest @ ..]) => {
                let item = self.one(input, scope)?;
                let inner = Scope {
                    this: item.as_ref(),
                    ..scope
                };
                let chosen = match self.truth(criteria, inner)? {
                    Some(true) => rest.first(),
                    _ => rest.get(1),
                };
                match chosen {
                    Some(chosen) => self.visit(chosen, inner, sink),
                    None => MORE,
                }
            }
            (F::Aggregate, [body, first @ ..]) => {
                let mut total = match first {
                    [first, ..] => self.collect(first, scope)?,
                    [] => Collection::new(),
                };
                let _ = self.each(input, scope, &mut |_, inner| {
                    let next = self.collect(
                        body,
                        Scope {
                            total: Some(&total),
                            ..inner
                        },
                    )?;
                    total = next;
                    MORE
                })?;
                for item in total {
                    if sink(item)?.is_break() {
                        return ENOUGH;
                    }
                }
                MORE
            }
            (F::Single, _) => give(self.one(input, scope)?, sink),
            (F::First, _) => {
                let mut first = None;
                let _ = self.visit(input, scope, &mut |item| {
                    first = Some(item);
                    ENOUGH
                })?;
                give(first, sink)
            }
            (F::Last, _) => {
                let mut last = None;
                let _ = self.visit(input, scope, &mut |item| {
                    last = Some(item);
                    MORE
                })?;
                give(last, sink)
            }
            (F::Tail, _) => self.slice(input, scope, 1, usize::MAX, sink),
            (F::Skip, [count]) => match self.one_integer(count, scope)? {
                Some(count) => {
                    let count = usize::try_from(count).unwrap_or(0);
                    self.slice(input, scope, count, usize::MAX, sink)
                }
                None => MORE,
            },
            (F::Take, [count]) => match self.one_integer(count, scope)? {
                Some(count) => {
                    let count = usize::try_from(count).unwrap_or(0);
                    self.slice(input, scope, 0, count, sink)
                }
                None => MORE,
            },
            _ => MORE,
        }
    }

    pub(super) fn visit_at(
        &self,
        on: &Expr,
        index: &Expr,
        scope: Scope<'_, 'v>,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        match self.one_integer(index, scope)?.map(usize::try_from) {
            Some(Ok(index)) => self.slice(on, scope, index, 1, sink),
            _ => MORE,
        }
    }

    /// Visits the items of an expression, each with the scope in which it is `$this`.
    fn each(
        &self,
        input: &Expr,
        scope: Scope<'_, 'v>,
        work: &mut dyn FnMut(&Item<'v>, Scope<'_, 'v>) -> Flow,
    ) -> Flow {
        let mut index = 0;
        self.visit(input, scope, &mut |item| {
            let inner = Scope {
                this: Some(&item),
                index,
                ..scope
            };
            index += 1;
            work(&item, inner)
        })
    }

    /// Some items after others; what comes behind them is left alone.
    fn slice(
        &self,
        input: &Expr,
        scope: Scope<'_, 'v>,
        skip: usize,
        take: usize,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        if take == 0 {
            return MORE;
        }
        let (mut at, mut taken, mut stopped) = (0usize, 0usize, false);
        let _ = self.visit(input, scope, &mut |item| {
            at += 1;
            if at <= skip {
                return MORE;
            }
            taken += 1;
            if sink(item)?.is_break() {
                stopped = true;
                return ENOUGH;
            }
            match taken == take {
                true => ENOUGH,
                false => MORE,
            }
        })?;
        match stopped {
            true => ENOUGH,
            false => MORE,
        }
    }

    /// Finds what a projection leads to, again and again, until nothing new comes. Nodes are new
    /// unless they are the same place; values, unless they are equal.
    fn repeat(
        &self,
        input: &Expr,
        projection: &Expr,
        scope: Scope<'_, 'v>,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let mut waiting: Vec<Item<'v>> = self.collect(input, scope)?.into_vec();
        waiting.reverse();
        let mut places: HashSet<(usize, usize)> = HashSet::new();
        let mut seen = Seen::default();
        let most = self.environment.limits.items;
        while let Some(item) = waiting.pop() {
            let inner = Scope {
                this: Some(&item),
                index: 0,
                ..scope
            };
            let mut found = Vec::new();
            let _ = self.visit(projection, inner, &mut |item| {
                let is_new = match &item {
                    Item::Node(node) => places.insert(place(node)),
                    other => self.is_new(&mut seen, other, projection.at)?,
                };
                if is_new {
                    found.push(item);
                }
                match waiting.len() + found.len() > most {
                    true => Err(Fault::limit(
                        projection.at,
                        "a collection has more items than are allowed",
                    )),
                    false => MORE,
                }
            })?;
            for item in &found {
                self.charge_copy(item, projection.at)?;
                if sink(item.clone())?.is_break() {
                    return ENOUGH;
                }
            }
            waiting.extend(found.into_iter().rev());
        }
        MORE
    }
}

/// Where a node is in memory: the same for the same part of a resource only.
fn place(node: &Node<'_>) -> (usize, usize) {
    let address =
        |part: Option<&json::Value>| part.map_or(0, |part| std::ptr::from_ref(part).addr());
    (address(node.value), address(node.shadow))
}
