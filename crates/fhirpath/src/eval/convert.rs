//! `toInteger()` and its like (FHIRPath N1, section 5.5).

use rust_decimal::Decimal;

use crate::error::Fault;
use crate::eval::equality::number;
use crate::eval::{Call, Run, Scope};
use crate::item::Item;
use crate::kinds::System;
use crate::moment::{Moment, MomentKind};
use crate::quantity::{Quantity, Unit, plain_decimal};

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn converted(
        &self,
        to: System,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<Item<'v>>, Fault> {
        let Some(item) = self.one(call.input, scope)? else {
            return Ok(None);
        };
        let unit = match call.argument(0) {
            Some(unit) => self.one_text(unit, scope)?,
            None => None,
        };
        Ok(self.convert(to, &item, unit.as_deref()))
    }

    /// An item as another type; `None` where it cannot be one.
    pub(super) fn convert(
        &self,
        to: System,
        item: &Item<'v>,
        unit: Option<&str>,
    ) -> Option<Item<'v>> {
        if to == System::String {
            let text = item.to_text(self.model);
            let quantity = || match item.system(self.model) {
                Some(Item::Quantity(quantity)) => Some(quantity.to_string().into()),
                _ => None,
            };
            return text.or_else(quantity).map(Item::String);
        }
        let item = item.system(self.model)?;
        match to {
            System::Boolean => boolean(&item).map(Item::Boolean),
            System::Integer => integer(&item).map(Item::Integer),
            System::Decimal => decimal(&item).map(Item::Decimal),
            System::Quantity => quantity(&item, unit).map(|q| Item::Quantity(Box::new(q))),
            System::Date => moment(&item, MomentKind::Date).map(Item::Moment),
            System::DateTime => moment(&item, MomentKind::DateTime).map(Item::Moment),
            System::Time => moment(&item, MomentKind::Time).map(Item::Moment),
            System::String | System::ClassInfo => None,
        }
    }
}

fn boolean(item: &Item<'_>) -> Option<bool> {
    match item {
        Item::Boolean(truth) => Some(*truth),
        Item::String(text) => match text.to_lowercase().as_str() {
            "true" | "t" | "yes" | "y" | "1" | "1.0" => Some(true),
            "false" | "f" | "no" | "n" | "0" | "0.0" => Some(false),
            _ => None,
        },
        other => match number(other)? {
            number if number == Decimal::ONE => Some(true),
            number if number.is_zero() => Some(false),
            _ => None,
        },
    }
}

fn integer(item: &Item<'_>) -> Option<i64> {
    match item {
        Item::Integer(integer) => Some(*integer),
        Item::Boolean(truth) => Some(i64::from(*truth)),
        Item::String(text) => {
            let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
            // FHIRPath's integers have 32 bits.
            (!digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit()))
                .then(|| text.parse::<i32>().ok())
                .flatten()
                .map(i64::from)
        }
        _ => None,
    }
}

fn decimal(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Boolean(truth) => Some(if *truth {
            Decimal::new(10, 1)
        } else {
            Decimal::new(0, 1)
        }),
        Item::String(text) => plain_decimal(text),
        other => number(other),
    }
}

fn quantity(item: &Item<'_>, unit: Option<&str>) -> Option<Quantity> {
    let quantity = match item {
        Item::Quantity(quantity) => (**quantity).clone(),
        Item::String(text) => Quantity::read(text)?,
        other => Quantity::number(decimal(other)?),
    };
    match unit {
        None => Some(quantity),
        Some(code) => {
            let target = Quantity::read(&format!("1 {code}"))
                .unwrap_or_else(|| Quantity::ucum(Decimal::ONE, code));
            let value = quantity.in_unit(&target)?;
            let unit: Unit = target.unit;
            Some(Quantity { value, unit })
        }
    }
}

fn moment(item: &Item<'_>, kind: MomentKind) -> Option<Moment> {
    match item {
        Item::Moment(moment) => match kind {
            MomentKind::Date => moment.to_date(),
            MomentKind::DateTime => moment.to_date_time(),
            MomentKind::Time => moment.is_time().then_some(*moment),
        },
        Item::String(text) => match kind {
            MomentKind::Date => Moment::date(text).or_else(|| Moment::date_time(text)?.to_date()),
            MomentKind::DateTime => Moment::date_time(text),
            MomentKind::Time => Moment::time(text),
        },
        _ => None,
    }
}
