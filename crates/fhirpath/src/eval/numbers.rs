//! Functions of numbers, and the boundaries of what is not precise.

use rust_decimal::prelude::ToPrimitive;
use rust_decimal::{Decimal, MathematicalOps, RoundingStrategy};

use crate::error::Fault;
use crate::eval::equality::number;
use crate::eval::{Call, Run, Scope};
use crate::function::Function;
use crate::item::Item;
use crate::quantity::Quantity;

/// The digits after the point that a boundary has unless it is asked for others (FHIRPath, section
/// on boundaries).
const DEFAULT_DIGITS: i64 = 8;

/// Digits that logarithms and the like are good for.
const MATHS_DIGITS: u32 = 16;

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn number_call(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Item<'v>>, Fault> {
        use Function as F;
        let Some(item) = self.one_system(call.input, scope)? else {
            return Ok(None);
        };
        if let (F::Abs, Item::Quantity(quantity)) = (call.function, &item) {
            let value = quantity.value.abs();
            return Ok(Some(Item::Quantity(Box::new(Quantity {
                value,
                unit: quantity.unit.clone(),
            }))));
        }
        let Some(value) = number(&item) else {
            return Err(Fault::input(call.at, "a number is wanted"));
        };
        let argument = match call.argument(0) {
            None => None,
            Some(argument) => match self.one_system(argument, scope)? {
                None => return Ok(None),
                Some(item) => Some(
                    number(&item).ok_or_else(|| Fault::input(argument.at, "a number is wanted"))?,
                ),
            },
        };
        let integer = |value: Decimal| value.to_i64().map(Item::Integer);
        Ok(match (call.function, argument) {
            (F::Abs, _) => match item {
                Item::Integer(integer) => integer.checked_abs().map(Item::Integer),
                _ => Some(Item::Decimal(value.abs())),
            },
            (F::Ceiling, _) => integer(value.ceil()),
            (F::Floor, _) => integer(value.floor()),
            (F::Truncate, _) => integer(value.trunc()),
            (F::Round, digits) => {
                let digits = digits.map_or(Some(0), |digits| digits.to_u32());
                let Some(digits) = digits else {
                    return Err(Fault::input(call.at, "a precision cannot be negative"));
                };
                Some(Item::Decimal(value.round_dp_with_strategy(
                    digits,
                    RoundingStrategy::MidpointAwayFromZero,
                )))
            }
            (F::Exp, _) => value.checked_exp().map(Item::Decimal),
            (F::Sqrt, _) => value.sqrt().map(tidy).map(Item::Decimal),
            (F::Ln, _) => value.checked_ln().map(tidy).map(Item::Decimal),
            (F::Log, Some(base)) => value
                .checked_ln()
                .zip(base.checked_ln())
                .and_then(|(value, base)| value.checked_div(base))
                .map(tidy)
                .map(Item::Decimal),
            (F::Power, Some(exponent)) => power(&item, value, exponent),
            _ => None,
        })
    }

    pub(super) fn boundary_call(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Item<'v>>, Fault> {
        let Some(item) = self.one_system(call.input, scope)? else {
            return Ok(None);
        };
        if call.function == Function::Precision {
            return Ok(match item {
                Item::Decimal(decimal) => Some(Item::Integer(i64::from(decimal.scale()))),
                Item::Integer(_) => Some(Item::Integer(0)),
                Item::Moment(moment) => Some(Item::Integer(moment.precision_digits())),
                _ => None,
            });
        }
        let digits = match call.argument(0) {
            Some(digits) => match self.one_integer(digits, scope)? {
                Some(digits) => Some(digits),
                None => return Ok(None),
            },
            None => None,
        };
        let high = call.function == Function::HighBoundary;
        Ok(match item {
            Item::Moment(moment) => moment.boundary(digits, high).map(Item::Moment),
            Item::Quantity(quantity) => boundary(quantity.value, digits, high).map(|value| {
                Item::Quantity(Box::new(Quantity {
                    value,
                    unit: quantity.unit,
                }))
            }),
            other => match number(&other) {
                Some(value) => boundary(value, digits, high).map(Item::Decimal),
                None => return Err(Fault::input(call.at, "this type has no boundaries")),
            },
        })
    }
}

/// Without the noise behind what the calculation is good for.
fn tidy(value: Decimal) -> Decimal {
    value.round_dp(MATHS_DIGITS).normalize()
}

fn power<'v>(item: &Item<'_>, value: Decimal, exponent: Decimal) -> Option<Item<'v>> {
    if let (Item::Integer(base), true) = (item, exponent.is_integer())
        && let Some(exponent) = exponent.to_u32()
    {
        return base.checked_pow(exponent).map(Item::Integer);
    }
    if exponent.is_integer() {
        return value.checked_powi(exponent.to_i64()?).map(Item::Decimal);
    }
    if value.is_sign_negative() {
        return None;
    }
    value.checked_powd(exponent).map(tidy).map(Item::Decimal)
}

/// Half a unit of the last digit away, with as many digits as asked for: cut off towards zero, or
/// rounded away from it, as the side asks.
fn boundary(value: Decimal, digits: Option<i64>, high: bool) -> Option<Decimal> {
    let digits = u32::try_from(digits.unwrap_or(DEFAULT_DIGITS)).ok()?;
    if digits > Decimal::MAX_SCALE {
        return None;
    }
    let half = Decimal::try_from_i128_with_scale(5, value.scale().checked_add(1)?).ok()?;
    let edge = match high {
        true => value.checked_add(half)?,
        false => value.checked_sub(half)?,
    };
    let away = high != value.is_sign_negative();
    let strategy = match away {
        true => RoundingStrategy::MidpointAwayFromZero,
        false => RoundingStrategy::ToZero,
    };
    let mut edge = edge.round_dp_with_strategy(digits, strategy);
    edge.rescale(digits);
    Some(edge)
}
