//! A table by hash that several threads write and read.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};
use std::sync::{Mutex, MutexGuard, PoisonError};

/// A map whose keys are hashes already: hashing them again would only cost.
type ByHash<V> = HashMap<u64, V, BuildHasherDefault<AsIs>>;

/// Takes a hash as it is.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// In so many parts a table is locked.
const SHARDS: usize = 16;

/// A table by hash. Each part of it has a lock of its own, so that threads seldom wait.
#[derive(Debug)]
pub(crate) struct Table<V> {
    shards: Box<[Mutex<ByHash<V>>]>,
}

impl<V> Default for Table<V> {
    fn default() -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::new(ByHash::default())).collect(),
        }
    }
}

impl<V> Table<V> {
    fn shard(&self, hash: u64) -> Option<MutexGuard<'_, ByHash<V>>> {
        // The map takes its places from the lowest bits and the highest.
        let index = usize::try_from((hash >> 40) % SHARDS as u64).ok()?;
        let shard = self.shards.get(index)?;
        Some(shard.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// What stands under a hash, copied out.
    pub fn get(&self, hash: u64) -> Option<V>
    where
        V: Copy,
    {
        self.shard(hash)?.get(&hash).copied()
    }

    /// Looks at what stands under a hash.
    pub fn look<R>(&self, hash: u64, look: impl FnOnce(&mut V) -> R) -> Option<R> {
        self.shard(hash)?.get_mut(&hash).map(look)
    }

    /// Changes what stands under a hash, or puts something there.
    pub fn change(&self, hash: u64, change: impl FnOnce(&mut V), new: impl FnOnce() -> V) {
        if let Some(mut shard) = self.shard(hash) {
            shard.entry(hash).and_modify(change).or_insert_with(new);
        }
    }
}
