//! Hashes that were met.

use crate::budget::Budget;
use crate::key::Key;
use crate::table::Table;

/// A set of hashes.
#[derive(Debug)]
pub struct Set<K: Key = u128>(Table<(), K>);

impl<K: Key> Set<K> {
    /// An empty set.
    pub fn new(budget: &Budget) -> Self {
        Self(Table::new(budget))
    }

    /// Puts a hash in.
    pub fn insert(&self, key: K) {
        self.0.change(key, |()| (), || ());
    }

    /// Whether a hash is in it.
    pub fn contains(&self, key: K) -> bool {
        self.0.look(key, |()| ()).is_some()
    }
}
