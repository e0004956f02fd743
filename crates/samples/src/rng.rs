//! Randomness that is the same on every machine and in every release.

/// A small generator (SplitMix64). It is not for secrets; it is for samples that can be made again:
/// no outside crate decides what a seed means, so a seed in a bug report stays good for ever.
#[derive(Debug, Clone)]
pub struct Rng(u64);

impl Rng {
    /// The stream of one thing: the same (seed, label, index) always gives the same numbers, and
    /// person 7 of a run of ten is person 7 of a run of a million.
    pub fn stream(seed: u64, label: &str, index: u64) -> Self {
        let mut state = seed ^ 0x5EED_CA05_E0A7_0001;
        for byte in label.bytes() {
            state = mix(state ^ u64::from(byte));
        }
        Self(mix(state ^ index.wrapping_mul(0x9E37_79B9_7F4A_7C15)))
    }

    /// The next 64 bits.
    pub fn bits(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        mix(self.0)
    }

    /// A number below `bound`; 0 when the bound is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        // The high half of a 128-bit product: unbiased enough for samples, and free of division.
        ((u128::from(self.bits()) * u128::from(bound)) >> 64) as u64
    }

    /// A number from `low` to `high`, both included.
    pub fn between(&mut self, low: i64, high: i64) -> i64 {
        let span = high.saturating_sub(low).saturating_add(1).max(1);
        low + self.below(span as u64) as i64
    }

    /// True with the probability `chance`.
    pub fn chance(&mut self, chance: f64) -> bool {
        // 53 bits fill a double exactly.
        ((self.bits() >> 11) as f64) < chance * (1u64 << 53) as f64
    }

    /// One of a list, by reference. An empty list is a mistake of the caller and gives the default.
    pub fn pick<T: Copy + Default>(&mut self, list: &[T]) -> T {
        let index = self.below(list.len() as u64) as usize;
        list.get(index).copied().unwrap_or_default()
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
