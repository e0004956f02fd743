//! `<`, `<=`, `>`, `>=`, and sorting.

use std::cmp::Ordering;

use crate::ast::Operator;
use crate::error::Fault;
use crate::eval::equality::number;
use crate::eval::{ENOUGH, Flow, MORE, Run, Scope, Sink};
use crate::item::Item;
use crate::moment::{Moment, MomentKind};
use crate::plan::Expr;
use crate::quantity::Quantity;

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn ordered(
        &self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        scope: Scope<'_, 'v>,
        at: u32,
    ) -> Result<Option<bool>, Fault> {
        let Some(one) = self.one_system(left, scope)? else {
            return Ok(None);
        };
        let Some(two) = self.one_system(right, scope)? else {
            return Ok(None);
        };
        let Some(ordering) = compare(&one, &two, at)? else {
            return Ok(None);
        };
        Ok(Some(match operator {
            Operator::Less => ordering.is_lt(),
            Operator::LessOrEqual => ordering.is_le(),
            Operator::Greater => ordering.is_gt(),
            _ => ordering.is_ge(),
        }))
    }

    pub(super) fn visit_sorted(
        &self,
        on: &Expr,
        keys: &[(Expr, bool)],
        scope: Scope<'_, 'v>,
        at: u32,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let items = self.collect(on, scope)?;
        let mut rows = Vec::with_capacity(items.len());
        for (index, item) in items.into_iter().enumerate() {
            let inner = Scope {
                this: Some(&item),
                index,
                ..scope
            };
            let mut row = Vec::with_capacity(keys.len().max(1));
            for (key, _) in keys {
                row.push(self.one_system(key, inner)?);
            }
            if keys.is_empty() {
                row.push(item.system(self.model));
            }
            rows.push((row, item));
        }
        let rows = sorted(rows, &|one, two| self.comes_after(one, two, keys, at))?;
        for (_, item) in rows {
            if sink(item)?.is_break() {
                return ENOUGH;
            }
        }
        MORE
    }

    /// Whether the first of two rows comes after the second.
    fn comes_after(
        &self,
        one: &Row<'v>,
        two: &Row<'v>,
        keys: &[(Expr, bool)],
        at: u32,
    ) -> Result<bool, Fault> {
        self.step(at)?;
        for (place, (one, two)) in one.0.iter().zip(&two.0).enumerate() {
            let ordering = match (one, two) {
                // What has no key comes last, or with the order turned round first.
                (None, None) => Ordering::Equal,
                (None, Some(_)) => Ordering::Greater,
                (Some(_), None) => Ordering::Less,
                (Some(one), Some(two)) => compare(one, two, at)?.unwrap_or(Ordering::Equal),
            };
            let descending = keys.get(place).is_some_and(|(_, descending)| *descending);
            match ordering {
                Ordering::Equal => {}
                ordering => return Ok(ordering.is_gt() != descending),
            }
        }
        Ok(false)
    }
}

/// The keys of an item, and the item.
type Row<'v> = (Vec<Option<Item<'v>>>, Item<'v>);

/// Merges halves, and keeps the order of what is equal. The order of dates of different precision is
/// not total, which the sort of the standard library may refuse with a panic.
fn sorted<T>(
    mut items: Vec<T>,
    comes_after: &dyn Fn(&T, &T) -> Result<bool, Fault>,
) -> Result<Vec<T>, Fault> {
    if items.len() < 2 {
        return Ok(items);
    }
    let right = items.split_off(items.len() / 2);
    let mut merged = Vec::with_capacity(items.len() + right.len());
    let mut left = sorted(items, comes_after)?.into_iter().peekable();
    let mut right = sorted(right, comes_after)?.into_iter().peekable();
    while let (Some(one), Some(two)) = (left.peek(), right.peek()) {
        match comes_after(one, two)? {
            true => merged.extend(right.next()),
            false => merged.extend(left.next()),
        }
    }
    merged.extend(left);
    merged.extend(right);
    Ok(merged)
}

/// Which of two values comes first; `None` where precision or units leave it open.
fn compare(one: &Item<'_>, two: &Item<'_>, at: u32) -> Result<Option<Ordering>, Fault> {
    let unfit = || Fault::input(at, "values of these types have no order");
    if let (Some(one), Some(two)) = (number(one), number(two)) {
        return Ok(Some(one.cmp(&two)));
    }
    match (one, two) {
        (Item::String(one), Item::String(two)) => Ok(Some((**one).cmp(&**two))),
        (Item::Moment(one), Item::Moment(two)) if one.is_time() == two.is_time() => {
            Ok(one.compare(two))
        }
        (Item::String(text), Item::Moment(moment)) => {
            let read = read_as(text, moment.kind()).ok_or_else(unfit)?;
            Ok(read.compare(moment))
        }
        (Item::Moment(moment), Item::String(text)) => {
            let read = read_as(text, moment.kind()).ok_or_else(unfit)?;
            Ok(moment.compare(&read))
        }
        (Item::Quantity(one), Item::Quantity(two)) => Ok(one.compare(two)),
        (Item::Quantity(one), other) => {
            let other = number(other).ok_or_else(unfit)?;
            Ok(one.compare(&Quantity::number(other)))
        }
        (other, Item::Quantity(two)) => {
            let other = number(other).ok_or_else(unfit)?;
            Ok(Quantity::number(other).compare(two))
        }
        _ => Err(unfit()),
    }
}

fn read_as(text: &str, kind: MomentKind) -> Option<Moment> {
    match kind {
        MomentKind::Date | MomentKind::DateTime => Moment::date_time(text),
        MomentKind::Time => Moment::time(text),
    }
}
