//! `+ - * / div mod &`. What would divide by zero or leave the range of numbers gives nothing.

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use crate::ast::Operator;
use crate::error::Fault;
use crate::eval::equality::number;
use crate::eval::{Run, Scope};
use crate::item::{Item, Text};
use crate::moment::{Moment, Unfit};
use crate::plan::Expr;
use crate::quantity::Quantity;

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn negated(
        &self,
        of: &Expr,
        scope: Scope<'_, 'v>,
        at: u32,
    ) -> Result<Option<Item<'v>>, Fault> {
        Ok(match self.one_system(of, scope)? {
            None => None,
            Some(Item::Integer(integer)) => integer.checked_neg().map(Item::Integer),
            Some(Item::Decimal(decimal)) => Some(Item::Decimal(-decimal)),
            Some(Item::Quantity(mut quantity)) => {
                quantity.value = -quantity.value;
                Some(Item::Quantity(quantity))
            }
            Some(_) => {
                return Err(Fault::input(
                    at,
                    "a sign stands before a number or a quantity only",
                ));
            }
        })
    }

    pub(super) fn concatenated(
        &self,
        left: &Expr,
        right: &Expr,
        scope: Scope<'_, 'v>,
        at: u32,
    ) -> Result<Option<Item<'v>>, Fault> {
        let one = self.one_text(left, scope)?;
        let two = self.one_text(right, scope)?;
        let join = |part: &Option<Text<'v>>| part.as_deref().unwrap_or_default().to_owned();
        let sum = join(&one) + &join(&two);
        self.bounded(sum, at).map(Item::String).map(Some)
    }

    /// A text that the expression made, unless it is too long.
    pub(super) fn bounded(&self, text: String, at: u32) -> Result<Text<'v>, Fault> {
        if text.len() > self.environment.limits.text {
            return Err(Fault::limit(at, "a text is longer than is allowed"));
        }
        self.charge_text(&text, at)?;
        Ok(Text::from(text))
    }

    pub(super) fn calculated(
        &self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        scope: Scope<'_, 'v>,
        at: u32,
    ) -> Result<Option<Item<'v>>, Fault> {
        let (Some(one), Some(two)) = (
            self.one_system(left, scope)?,
            self.one_system(right, scope)?,
        ) else {
            return Ok(None);
        };
        let unfit = || {
            Fault::input(
                at,
                format!("`{}` cannot combine these types", operator.symbol()),
            )
        };
        if let (Item::Integer(one), Item::Integer(two)) = (&one, &two) {
            return Ok(integers(operator, *one, *two));
        }
        if let (Some(one), Some(two)) = (number(&one), number(&two)) {
            return Ok(decimals(operator, one, two));
        }
        match (operator, &one, &two) {
            (Operator::Plus, Item::String(one), Item::String(two)) => {
                let sum = format!("{}{}", &**one, &**two);
                self.bounded(sum, at).map(Item::String).map(Some)
            }
            (Operator::Plus | Operator::Minus, Item::Moment(moment), Item::Quantity(by)) => {
                later(moment, by, operator == Operator::Minus, at)
            }
            (operator, one, two) => {
                let (Some(one), Some(two)) = (quantity(one), quantity(two)) else {
                    return Err(unfit());
                };
                let result = match operator {
                    Operator::Plus => one.plus(&two, Decimal::ONE),
                    Operator::Minus => one.plus(&two, Decimal::NEGATIVE_ONE),
                    Operator::Multiply => one.times(&two),
                    Operator::Divide => one.over(&two),
                    _ => return Err(unfit()),
                };
                Ok(result.map(Box::new).map(Item::Quantity))
            }
        }
    }
}

fn quantity(item: &Item<'_>) -> Option<Quantity> {
    match item {
        Item::Quantity(quantity) => Some((**quantity).clone()),
        other => number(other).map(Quantity::number),
    }
}

fn later<'v>(
    moment: &Moment,
    by: &Quantity,
    earlier: bool,
    at: u32,
) -> Result<Option<Item<'v>>, Fault> {
    let Some(unit) = by.calendar_unit() else {
        return Err(Fault::input(
            at,
            "only a duration in calendar units can be added to a date or time",
        ));
    };
    let amount = if earlier { -by.value } else { by.value };
    match moment.plus(amount, unit) {
        Ok(sum) => Ok(Some(Item::Moment(sum))),
        Err(Unfit::Range) => Ok(None),
        Err(Unfit::Unit) => Err(Fault::input(
            at,
            "days or more cannot be added to a time of day",
        )),
    }
}

fn integers<'v>(operator: Operator, one: i64, two: i64) -> Option<Item<'v>> {
    let result = match operator {
        Operator::Plus => one.checked_add(two),
        Operator::Minus => one.checked_sub(two),
        Operator::Multiply => one.checked_mul(two),
        Operator::Div => one.checked_div(two),
        Operator::Mod => one.checked_rem(two),
        _ => {
            return Decimal::from(one)
                .checked_div(Decimal::from(two))
                .map(Item::Decimal);
        }
    };
    result.map(Item::Integer)
}

fn decimals<'v>(operator: Operator, one: Decimal, two: Decimal) -> Option<Item<'v>> {
    let result = match operator {
        Operator::Plus => one.checked_add(two),
        Operator::Minus => one.checked_sub(two),
        Operator::Multiply => one.checked_mul(two),
        Operator::Mod => one.checked_rem(two),
        Operator::Div => {
            return one
                .checked_div(two)
                .and_then(|quotient| quotient.trunc().to_i64())
                .map(Item::Integer);
        }
        _ => one.checked_div(two),
    };
    result.map(Item::Decimal)
}
