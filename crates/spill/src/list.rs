//! Several values by one hash.

use crate::budget::Budget;
use crate::key::Key as _;
use crate::table::Table;
use crate::value::Stored;

/// Lists by hash, each in the order in which its values came.
///
/// Whoever adds to a list is one thread at a time; any number may read.
#[derive(Debug)]
pub struct Lists<V: Stored> {
    counts: Table<u64>,
    values: Table<V, u128>,
}

impl<V: Stored> Lists<V> {
    /// No lists.
    pub fn new(budget: &Budget) -> Self {
        Self {
            counts: Table::new(budget),
            values: Table::new(budget),
        }
    }

    /// Adds to a list.
    pub fn push(&self, key: u64, value: V) {
        let mut place = 0;
        self.counts.change(
            key,
            |count| {
                place = *count;
                *count += 1;
            },
            || 1,
        );
        self.values.insert(at(key, place), value);
    }

    /// What is in a list.
    pub fn get(&self, key: u64) -> Vec<V>
    where
        V: Clone,
    {
        let count = self.counts.get(key).unwrap_or(0);
        (0..count)
            .filter_map(|place| self.values.get(at(key, place)))
            .collect()
    }
}

/// The key of a value: whose it is, exactly, and which. Spread, for places are small numbers.
fn at(key: u64, place: u64) -> u128 {
    (u128::from(key ^ place.home()) << 64) | u128::from(place)
}
