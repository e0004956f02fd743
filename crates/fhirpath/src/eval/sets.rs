//! Collections as sets: nothing twice.

use std::collections::HashSet;

use crate::error::Fault;
use crate::eval::{Call, ENOUGH, Flow, MORE, Run, Scope, Sink};
use crate::function::Function;
use crate::item::{Collection, Item};
use crate::plan::Expr;

/// What was seen before. Texts, the usual case, are found by their hash.
#[derive(Default)]
pub(super) struct Seen<'v> {
    texts: HashSet<Box<str>>,
    others: Vec<Item<'v>>,
}

impl<'v> Run<'_, '_, 'v> {
    /// Notes an item; whether it was not there yet.
    pub(super) fn is_new(
        &self,
        seen: &mut Seen<'v>,
        item: &Item<'v>,
        at: u32,
    ) -> Result<bool, Fault> {
        if seen.texts.len() + seen.others.len() >= self.environment.limits.items {
            return Err(Fault::limit(
                at,
                "a collection has more items than are allowed",
            ));
        }
        let system = item.system(self.model);
        if let Some(Item::String(text)) = &system {
            self.step(at)?;
            self.charge_text(text, at)?;
            return Ok(!seen.texts.contains(&**text) && seen.texts.insert((**text).into()));
        }
        for other in &seen.others {
            self.step(at)?;
            if self.equal(item, other) == Some(true) {
                return Ok(false);
            }
        }
        seen.others.push(item.clone());
        Ok(true)
    }

    pub(super) fn visit_union(
        &self,
        parts: &[Expr],
        scope: Scope<'_, 'v>,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let mut seen = Seen::default();
        for part in parts {
            if self.visit_new(&mut seen, part, scope, at, sink)?.is_break() {
                return ENOUGH;
            }
        }
        MORE
    }

    /// Hands on what was not seen before.
    fn visit_new(
        &self,
        seen: &mut Seen<'v>,
        expr: &Expr,
        scope: Scope<'_, 'v>,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        self.visit(
            expr,
            scope,
            &mut |item| match self.is_new(seen, &item, at)? {
                true => sink(item),
                false => MORE,
            },
        )
    }

    pub(super) fn visit_set(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let at = call.at;
        match (call.function, call.argument(0)) {
            (Function::Distinct, _) => {
                self.visit_new(&mut Seen::default(), call.input, scope, at, sink)
            }
            (Function::Union, Some(other)) => {
                let mut seen = Seen::default();
                if self
                    .visit_new(&mut seen, call.input, scope, at, sink)?
                    .is_break()
                {
                    return ENOUGH;
                }
                self.visit_new(&mut seen, other, scope, at, sink)
            }
            (Function::Combine, Some(other)) => {
                if self.visit(call.input, scope, sink)?.is_break() {
                    return ENOUGH;
                }
                self.visit(other, scope, sink)
            }
            (Function::Intersect, Some(other)) => {
                let others = self.collect(other, scope)?;
                let mut seen = Seen::default();
                self.visit(call.input, scope, &mut |item| {
                    if self.is_among(&item, &others, at)? && self.is_new(&mut seen, &item, at)? {
                        return sink(item);
                    }
                    MORE
                })
            }
            (Function::Exclude, Some(other)) => {
                let others = self.collect(other, scope)?;
                self.visit(
                    call.input,
                    scope,
                    &mut |item| match self.is_among(&item, &others, at)? {
                        true => MORE,
                        false => sink(item),
                    },
                )
            }
            _ => MORE,
        }
    }

    fn is_among(&self, item: &Item<'v>, others: &Collection<'v>, at: u32) -> Result<bool, Fault> {
        for other in others {
            self.step(at)?;
            if self.equal(item, other) == Some(true) {
                return Ok(true);
            }
        }
        Ok(false)
    }
}
