//! Yes, no, and nothing.

use crate::ast::Operator;
use crate::error::Fault;
use crate::eval::{MORE, Run, Scope};
use crate::item::Item;
use crate::plan::{Expr, Op};

impl<'v> Run<'_, '_, 'v> {
    /// Whether an expression is true; `None` for nothing. One item that is no boolean counts as true
    /// (FHIRPath N1, section 4.5, singleton evaluation of collections).
    pub fn truth(&self, expr: &Expr, scope: Scope<'_, 'v>) -> Result<Option<bool>, Fault> {
        match &expr.op {
            Op::Logic(operator, left, right) => {
                self.step(expr.at)?;
                self.logic(*operator, left, right, scope)
            }
            Op::Equality(equality, left, right) => {
                self.step(expr.at)?;
                self.equality(*equality, left, right, scope, expr.at)
            }
            Op::Order(operator, left, right) => {
                self.step(expr.at)?;
                self.ordered(*operator, left, right, scope, expr.at)
            }
            Op::In(left, right) => {
                self.step(expr.at)?;
                self.is_in(left, right, scope)
            }
            Op::Is(of, test) => {
                self.step(expr.at)?;
                let item = self.one(of, scope)?;
                Ok(item.map(|item| test.accepts(&item, self.model)))
            }
            Op::Matches(of, regex) => {
                self.step(expr.at)?;
                let text = self.one_text(of, scope)?;
                Ok(text.map(|text| regex.is_match(&text)))
            }
            Op::Call(function, input, arguments) if super::is_boolean(*function) => {
                self.step(expr.at)?;
                let call = super::Call {
                    function: *function,
                    input,
                    arguments,
                    at: expr.at,
                };
                self.boolean_call(&call, scope)
            }
            _ => {
                let mut found = None;
                let _ = self.visit(expr, scope, &mut |item| {
                    if found.is_some() {
                        return Err(Fault::input(
                            expr.at,
                            "several items stand where a boolean is wanted",
                        ));
                    }
                    found = Some(self.item_truth(&item));
                    MORE
                })?;
                Ok(found)
            }
        }
    }

    pub(super) fn item_truth(&self, item: &Item<'v>) -> bool {
        self.boolean(item).unwrap_or(true)
    }

    /// The truth of a boolean; `None` for anything else.
    pub(super) fn boolean(&self, item: &Item<'v>) -> Option<bool> {
        match item {
            Item::Boolean(truth) => Some(*truth),
            Item::Node(node) => node.value?.as_bool(),
            _ => None,
        }
    }

    /// Kleene's logic; the right side is left alone where the left one decides.
    fn logic(
        &self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<bool>, Fault> {
        let one = self.truth(left, scope)?;
        let decided = match (operator, one) {
            (Operator::And, Some(false)) => Some(false),
            (Operator::Or, Some(true)) => Some(true),
            (Operator::Implies, Some(false)) => Some(true),
            _ => None,
        };
        if decided.is_some() {
            return Ok(decided);
        }
        let two = self.truth(right, scope)?;
        Ok(match (operator, one, two) {
            (Operator::And, _, Some(false)) => Some(false),
            (Operator::And, Some(true), Some(true)) => Some(true),
            (Operator::Or, _, Some(true)) => Some(true),
            (Operator::Or, Some(false), Some(false)) => Some(false),
            (Operator::Xor, Some(one), Some(two)) => Some(one != two),
            (Operator::Implies, Some(true), two) => two,
            (Operator::Implies, None, Some(true)) => Some(true),
            _ => None,
        })
    }
}
