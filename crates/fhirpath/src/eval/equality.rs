//! `=`, `~`, `in`.

use rust_decimal::Decimal;

use crate::error::Fault;
use crate::eval::{MORE, Run, Scope};
use crate::item::{Collection, Item, Node};
use crate::plan::{Equality, Expr, Op};
use crate::quantity::Quantity;

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn equality(
        &self,
        equality: Equality,
        left: &Expr,
        right: &Expr,
        scope: Scope<'_, 'v>,
        at: u32,
    ) -> Result<Option<bool>, Fault> {
        let result = if equality.equivalent {
            let (one, two) = (self.collect(left, scope)?, self.collect(right, scope)?);
            Some(self.all_equivalent(&one, &two, at)?)
        } else {
            match (&left.op, &right.op) {
                (_, Op::Constants(items)) => self.equals_constants(left, items, scope)?,
                (Op::Constants(items), _) => self.equals_constants(right, items, scope)?,
                _ => {
                    let (one, two) = (self.collect(left, scope)?, self.collect(right, scope)?);
                    self.all_equal(&one, &two, at)?
                }
            }
        };
        Ok(result.map(|equal| equal != equality.negated))
    }

    /// Compares as the items come, so that nothing is collected.
    fn equals_constants(
        &self,
        expr: &Expr,
        constants: &[Item<'static>],
        scope: Scope<'_, 'v>,
    ) -> Result<Option<bool>, Fault> {
        if constants.is_empty() {
            return Ok(None);
        }
        let mut count = 0usize;
        let mut result = Some(true);
        let _ = self.visit(expr, scope, &mut |item| {
            match constants.get(count) {
                None => result = Some(false),
                Some(constant) => {
                    let constant: &Item<'v> = constant;
                    match self.equal(&item, constant) {
                        Some(true) => {}
                        Some(false) => result = Some(false),
                        None if result == Some(true) => result = None,
                        None => {}
                    }
                }
            }
            count += 1;
            MORE
        })?;
        Ok(match count {
            0 => None,
            count if count != constants.len() => Some(false),
            _ => result,
        })
    }

    pub(super) fn all_equal(
        &self,
        one: &Collection<'v>,
        two: &Collection<'v>,
        at: u32,
    ) -> Result<Option<bool>, Fault> {
        if one.is_empty() || two.is_empty() {
            return Ok(None);
        }
        if one.len() != two.len() {
            return Ok(Some(false));
        }
        let mut result = Some(true);
        for (one, two) in one.iter().zip(two) {
            self.step(at)?;
            match self.equal(one, two) {
                Some(true) => {}
                Some(false) => return Ok(Some(false)),
                None => result = None,
            }
        }
        Ok(result)
    }

    fn all_equivalent(
        &self,
        one: &Collection<'v>,
        two: &Collection<'v>,
        at: u32,
    ) -> Result<bool, Fault> {
        if one.len() != two.len() {
            return Ok(false);
        }
        // In any order: each item on one side takes one of the other away.
        let mut rest: Vec<&Item<'v>> = two.iter().collect();
        for item in one {
            let mut found = None;
            for (place, other) in rest.iter().enumerate() {
                self.step(at)?;
                if self.equivalent(item, other) {
                    found = Some(place);
                    break;
                }
            }
            match found {
                Some(place) => {
                    rest.swap_remove(place);
                }
                None => return Ok(false),
            }
        }
        Ok(true)
    }

    pub(super) fn is_in(
        &self,
        left: &Expr,
        right: &Expr,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<bool>, Fault> {
        let Some(item) = self.one(left, scope)? else {
            return Ok(None);
        };
        if let Op::Constants(items) = &right.op {
            let is = |constant: &Item<'static>| {
                let constant: &Item<'v> = constant;
                self.equal(&item, constant) == Some(true)
            };
            return Ok(Some(items.iter().any(is)));
        }
        let found = self.visit(right, scope, &mut |other| match self.equal(&item, &other) {
            Some(true) => super::ENOUGH,
            _ => MORE,
        })?;
        Ok(Some(found.is_break()))
    }

    /// Whether two items are equal; `None` where their precision or units leave it open.
    pub(super) fn equal(&self, one: &Item<'v>, two: &Item<'v>) -> Option<bool> {
        match (one, two) {
            (Item::Node(one), Item::Node(two)) => self.equal_nodes(one, two),
            (Item::Node(node), other) | (other, Item::Node(node)) => {
                // A code against a literal: the most frequent comparison.
                if let (Some(text), Item::String(other)) = (node.text(), other) {
                    return Some(text == &**other);
                }
                match Item::Node(*node).system(self.model) {
                    Some(value) => equal_values(&value, other),
                    None => Some(false),
                }
            }
            (one, two) => equal_values(one, two),
        }
    }

    fn equal_nodes(&self, one: &Node<'v>, two: &Node<'v>) -> Option<bool> {
        if let (Some(one), Some(two)) = (one.value, two.value)
            && std::ptr::eq(one, two)
        {
            return Some(true);
        }
        let systems = (
            Item::Node(*one).system(self.model),
            Item::Node(*two).system(self.model),
        );
        match systems {
            (Some(one), Some(two)) => equal_values(&one, &two),
            (None, None) => Some(match (one.value, two.value) {
                (Some(one), Some(two)) => self.equal_trees(one, two),
                (None, None) => match (one.shadow, two.shadow) {
                    (Some(one), Some(two)) => self.equal_trees(one, two),
                    _ => false,
                },
                _ => false,
            }),
            _ => Some(false),
        }
    }

    /// Whether two items are the same but for case, blanks, order and precision.
    pub(super) fn equivalent(&self, one: &Item<'v>, two: &Item<'v>) -> bool {
        match (one.system(self.model), two.system(self.model)) {
            (Some(one), Some(two)) => equivalent_values(&one, &two),
            (None, None) => match (one, two) {
                (Item::Node(one), Item::Node(two)) => match (one.value, two.value) {
                    (Some(one), Some(two)) => self.equivalent_trees(one, two),
                    _ => false,
                },
                _ => false,
            },
            _ => false,
        }
    }
}

fn equal_values(one: &Item<'_>, two: &Item<'_>) -> Option<bool> {
    Some(match (one, two) {
        (Item::Boolean(one), Item::Boolean(two)) => one == two,
        (Item::Integer(one), Item::Integer(two)) => one == two,
        (Item::String(one), Item::String(two)) => **one == **two,
        (Item::Moment(one), Item::Moment(two)) => {
            return match one.compare(two) {
                Some(ordering) => Some(ordering.is_eq()),
                // A date is no time of day, whatever its precision.
                None if one.is_time() != two.is_time() => Some(false),
                None => None,
            };
        }
        (Item::String(text), Item::Moment(moment)) | (Item::Moment(moment), Item::String(text)) => {
            **text == moment.to_string()
        }
        (Item::Quantity(one), Item::Quantity(two)) => {
            return one.compare(two).map(std::cmp::Ordering::is_eq);
        }
        (Item::Quantity(one), other) | (other, Item::Quantity(one)) => match number(other) {
            Some(value) => {
                return one
                    .compare(&Quantity::number(value))
                    .map(std::cmp::Ordering::is_eq);
            }
            None => false,
        },
        (Item::Type(one, name), Item::Type(two, other)) => one == two && **name == **other,
        (one, two) => match (number(one), number(two)) {
            (Some(one), Some(two)) => one == two,
            _ => false,
        },
    })
}

/// An integer or a decimal as a decimal.
pub(super) fn number(item: &Item<'_>) -> Option<Decimal> {
    match item {
        Item::Integer(integer) => Some(Decimal::from(*integer)),
        Item::Decimal(decimal) => Some(*decimal),
        _ => None,
    }
}

fn equivalent_values(one: &Item<'_>, two: &Item<'_>) -> bool {
    match (one, two) {
        (Item::String(one), Item::String(two)) => equivalent_texts(one, two),
        (Item::Moment(one), Item::Moment(two)) => one.is_equivalent(two),
        (Item::Quantity(one), Item::Quantity(two)) => one.is_equivalent(two),
        (one, two) => match (number(one), number(two)) {
            (Some(one), Some(two)) => equivalent_numbers(one, two),
            _ => equal_values(one, two) == Some(true),
        },
    }
}

/// Rounded to what the less precise of them says; zeros at the end say nothing.
pub(super) fn equivalent_numbers(one: Decimal, two: Decimal) -> bool {
    let (one, two) = (one.normalize(), two.normalize());
    let digits = one.scale().min(two.scale());
    one.round_dp(digits) == two.round_dp(digits)
}

pub(super) fn equivalent_texts(one: &str, two: &str) -> bool {
    let words = |text: &str| {
        let lower = text.to_lowercase();
        lower.split_whitespace().collect::<Vec<_>>().join(" ")
    };
    one == two || words(one) == words(two)
}
