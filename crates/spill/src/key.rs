//! Keys: hashes of 64 or 128 bits.

use std::hash::{Hash, Hasher};

/// What a table is looked up by: a hash that is well spread.
pub trait Key: Copy + Eq + Hash + Default + Send + Sync + 'static {
    /// How many bytes it takes in a file.
    const SIZE: usize;

    /// Where it belongs: keys are kept in this order.
    fn home(self) -> u64;

    /// Which of some parts of a table it belongs to; from other bits than [`Key::home`].
    fn part(self, parts: usize) -> usize;

    /// Writes it; `out` is [`Key::SIZE`] long.
    fn write(self, out: &mut [u8]);

    /// Reads it.
    fn read(bytes: &[u8]) -> Self;
}

/// Spreads what a bad hash leaves together.
fn spread(hash: u64) -> u64 {
    hash.wrapping_mul(0x9e37_79b9_7f4a_7c15)
}

fn part(hash: u64, parts: usize) -> usize {
    // A map in memory takes its places from the lowest bits and the highest.
    let parts = u64::try_from(parts).unwrap_or(1).max(1);
    usize::try_from((hash >> 40) % parts).unwrap_or(0)
}

impl Key for u64 {
    const SIZE: usize = 8;

    fn home(self) -> u64 {
        spread(self)
    }

    fn part(self, parts: usize) -> usize {
        part(self, parts)
    }

    fn write(self, out: &mut [u8]) {
        out.copy_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(0, Self::from_le_bytes)
    }
}

/// The halves of a wide key.
#[allow(clippy::cast_possible_truncation)]
fn halves(key: u128) -> (u64, u64) {
    ((key >> 64) as u64, key as u64)
}

impl Key for u128 {
    const SIZE: usize = 16;

    fn home(self) -> u64 {
        let (high, low) = halves(self);
        spread(high ^ low.rotate_left(32))
    }

    fn part(self, parts: usize) -> usize {
        let (high, low) = halves(self);
        part(high ^ low, parts)
    }

    fn write(self, out: &mut [u8]) {
        out.copy_from_slice(&self.to_le_bytes());
    }

    fn read(bytes: &[u8]) -> Self {
        bytes.try_into().map_or(0, Self::from_le_bytes)
    }
}

/// Takes a hash as it is: hashing it again would only cost.
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

    fn write_u128(&mut self, hash: u128) {
        let (high, low) = halves(hash);
        self.0 = high ^ low.rotate_left(32);
    }
}
