//! How long to wait before trying again.

use std::time::Duration;

/// Twice as long after each failure, up to a bound.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Backoff {
    pub(crate) first: Duration,
    pub(crate) longest: Duration,
}

impl Backoff {
    /// The wait after so many failures in a row, from 1. Between half of it and the whole, so that
    /// what failed together is not tried again together.
    pub(crate) fn after(self, failures: u32) -> Duration {
        let doublings = failures.saturating_sub(1).min(20);
        let whole = self.first.saturating_mul(1 << doublings).min(self.longest);
        let half = whole / 2;
        half + half.mul_f64(chance())
    }
}

/// A number between 0 and 1, by chance.
fn chance() -> f64 {
    let [first, second, ..] = *uuid::Uuid::new_v4().as_bytes();
    f64::from(u16::from_be_bytes([first, second])) / f64::from(u16::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waits_grow_to_a_bound_and_differ() {
        let backoff = Backoff {
            first: Duration::from_secs(1),
            longest: Duration::from_secs(60),
        };
        for failures in 1..200 {
            let whole = Duration::from_secs(1 << (failures - 1).min(20)).min(backoff.longest);
            let wait = backoff.after(failures);
            assert!(wait >= whole / 2 && wait <= whole, "{failures}: {wait:?}");
        }
        let many: std::collections::BTreeSet<_> = (0..50).map(|_| backoff.after(5)).collect();
        assert!(many.len() > 10);
    }
}
