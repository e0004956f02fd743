//! Functions that answer yes or no.

use crate::error::Fault;
use crate::eval::sets::Seen;
use crate::eval::{Call, ENOUGH, MORE, Run, Scope};
use crate::function::Function;
use crate::item::Item;
use crate::plan::Expr;

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn boolean_call(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<bool>, Fault> {
        use Function as F;
        let input = call.input;
        match call.function {
            F::Empty => self.exists(input, scope).map(|exists| Some(!exists)),
            F::Exists => match call.argument(0) {
                None => self.exists(input, scope).map(Some),
                Some(criteria) => self
                    .any_item(input, scope, |inner| {
                        Ok(self.truth(criteria, inner)? == Some(true))
                    })
                    .map(Some),
            },
            F::All => match call.argument(0) {
                None => Ok(Some(true)),
                Some(criteria) => self
                    .any_item(input, scope, |inner| {
                        Ok(self.truth(criteria, inner)? != Some(true))
                    })
                    .map(|fails| Some(!fails)),
            },
            F::Not => Ok(self.truth(input, scope)?.map(|truth| !truth)),
            F::AllTrue => self.no_boolean(input, scope, false).map(Some),
            F::AllFalse => self.no_boolean(input, scope, true).map(Some),
            F::AnyTrue => self.no_boolean(input, scope, true).map(|no| Some(!no)),
            F::AnyFalse => self.no_boolean(input, scope, false).map(|no| Some(!no)),
            F::SubsetOf => match call.argument(0) {
                Some(other) => self.is_subset(input, other, scope).map(Some),
                None => Ok(None),
            },
            F::SupersetOf => match call.argument(0) {
                Some(other) => self.is_subset(other, input, scope).map(Some),
                None => Ok(None),
            },
            F::IsDistinct => {
                let mut seen = Seen::default();
                let flow = self.visit(input, scope, &mut |item| match self
                    .is_new(&mut seen, &item, call.at)?
                {
                    true => MORE,
                    false => ENOUGH,
                })?;
                Ok(Some(flow.is_continue()))
            }
            F::ConvertsTo(system) => {
                let Some(item) = self.one(input, scope)? else {
                    return Ok(None);
                };
                let unit = match call.argument(0) {
                    Some(unit) => self.one_text(unit, scope)?,
                    None => None,
                };
                Ok(Some(self.convert(system, &item, unit.as_deref()).is_some()))
            }
            F::StartsWith | F::EndsWith | F::ContainsText | F::Matches | F::MatchesFull => {
                self.text_test(call, scope)
            }
            F::Comparable => {
                let other = match call.argument(0) {
                    Some(other) => self.one_system(other, scope)?,
                    None => None,
                };
                Ok(match (self.one_system(input, scope)?, other) {
                    (Some(Item::Quantity(one)), Some(Item::Quantity(two))) => {
                        Some(one.is_comparable(&two))
                    }
                    (Some(_), Some(_)) => Some(false),
                    _ => None,
                })
            }
            _ => self.fhir_test(call, scope),
        }
    }

    /// Whether a test says yes to any item; the rest is left alone.
    fn any_item(
        &self,
        input: &Expr,
        scope: Scope<'_, 'v>,
        mut test: impl FnMut(Scope<'_, 'v>) -> Result<bool, Fault>,
    ) -> Result<bool, Fault> {
        let mut index = 0;
        let flow = self.visit(input, scope, &mut |item| {
            let inner = Scope {
                this: Some(&item),
                index,
                ..scope
            };
            index += 1;
            match test(inner)? {
                true => ENOUGH,
                false => MORE,
            }
        })?;
        Ok(flow.is_break())
    }

    /// Whether no item is this boolean; an item that is none is an error.
    fn no_boolean(&self, input: &Expr, scope: Scope<'_, 'v>, wanted: bool) -> Result<bool, Fault> {
        let flow = self.visit(input, scope, &mut |item| match self.boolean(&item) {
            Some(truth) if truth == wanted => ENOUGH,
            Some(_) => MORE,
            None => Err(Fault::input(input.at, "only booleans can stand here")),
        })?;
        Ok(flow.is_continue())
    }

    fn is_subset(&self, part: &Expr, whole: &Expr, scope: Scope<'_, 'v>) -> Result<bool, Fault> {
        let all = self.collect(whole, scope)?;
        let flow = self.visit(part, scope, &mut |item| {
            for other in &all {
                self.step(part.at)?;
                if self.equal(&item, other) == Some(true) {
                    return MORE;
                }
            }
            ENOUGH
        })?;
        Ok(flow.is_continue())
    }
}
