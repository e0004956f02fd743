//! Comparing what has children.

use json::{Object, Value};

use crate::eval::Run;
use crate::eval::equality::{equivalent_numbers, equivalent_texts};
use crate::item::decimal;

impl Run<'_, '_, '_> {
    /// Equal trees: objects in any order, decimals by their value.
    pub(super) fn equal_trees(&self, one: &Value, two: &Value) -> bool {
        if !self.spend() {
            return false;
        }
        match (one, two) {
            (Value::Object(one), Value::Object(two)) => {
                one.len() == two.len()
                    && one.iter().all(|(name, value)| {
                        two.get(name)
                            .is_some_and(|other| self.equal_trees(value, other))
                    })
            }
            (Value::Array(one), Value::Array(two)) => {
                one.len() == two.len()
                    && one
                        .iter()
                        .zip(two)
                        .all(|(one, two)| self.equal_trees(one, two))
            }
            (Value::Number(one), Value::Number(two)) => {
                one == two
                    || match (decimal(one.as_str()), decimal(two.as_str())) {
                        (Some(one), Some(two)) => one == two,
                        _ => false,
                    }
            }
            (one, two) => one == two,
        }
    }

    /// Equivalent trees: arrays in any order, texts but for case and blanks; ids do not count.
    pub(super) fn equivalent_trees(&self, one: &Value, two: &Value) -> bool {
        if !self.spend() {
            return false;
        }
        match (one, two) {
            (Value::Object(one), Value::Object(two)) => {
                counted(one).count() == counted(two).count()
                    && counted(one).all(|(name, value)| {
                        two.get(name)
                            .is_some_and(|other| self.equivalent_trees(value, other))
                    })
            }
            (Value::Array(one), Value::Array(two)) => {
                let mut rest: Vec<&Value> = two.iter().collect();
                one.len() == two.len()
                    && one.iter().all(|item| {
                        let found = rest
                            .iter()
                            .position(|other| self.equivalent_trees(item, other));
                        found.map(|place| rest.swap_remove(place)).is_some()
                    })
            }
            (Value::String(one), Value::String(two)) => equivalent_texts(one, two),
            (Value::Number(one), Value::Number(two)) => {
                match (decimal(one.as_str()), decimal(two.as_str())) {
                    (Some(one), Some(two)) => equivalent_numbers(one, two),
                    _ => one == two,
                }
            }
            (one, two) => one == two,
        }
    }
}

/// The members that equivalence asks about.
fn counted(object: &Object) -> impl Iterator<Item = (&str, &Value)> {
    object.iter().filter(|(name, _)| *name != "id")
}
