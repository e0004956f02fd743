//! Leaving a destination alone that is down.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;

use crate::backoff::Backoff;

/// After so many failures in a row of one destination nothing is sent to it for a while; then one
/// worker tries, and the others wait for what becomes of it.
#[derive(Debug)]
pub(crate) struct Breaker {
    most: u32,
    backoff: Backoff,
    /// How long one try may take before another worker may try.
    patience: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    closed_until: Option<Instant>,
    trying_since: Option<Instant>,
    last_success: Option<Timestamp>,
}

/// Whether a worker may send now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Way {
    /// It may.
    Free,
    /// Not before so long.
    Shut(Duration),
}

impl Breaker {
    pub(crate) fn new(most: u32, backoff: Backoff, patience: Duration) -> Self {
        Self {
            most: most.max(1),
            backoff,
            patience,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Asks before a lane is taken. A worker that may try while the way is shut is the only one.
    pub(crate) fn way(&self, now: Instant) -> Way {
        let mut state = self.state();
        let Some(until) = state.closed_until else {
            return Way::Free;
        };
        if until > now {
            return Way::Shut(until - now);
        }
        if let Some(since) = state.trying_since
            && now.saturating_duration_since(since) < self.patience
        {
            return Way::Shut(self.backoff.first);
        }
        state.trying_since = Some(now);
        Way::Free
    }

    /// It took something, or refused it: it is there.
    pub(crate) fn answered(&self, at: Timestamp) {
        let mut state = self.state();
        state.failures = 0;
        state.closed_until = None;
        state.trying_since = None;
        state.last_success = Some(at);
    }

    /// It did not answer, or asks to be left alone for a while.
    pub(crate) fn failed(&self, now: Instant, asks: Option<Duration>) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        state.trying_since = None;
        let wait = if state.failures >= self.most {
            Some(self.backoff.after(state.failures - self.most + 1))
        } else {
            None
        };
        if let Some(wait) = wait.max(asks) {
            state.closed_until = Some(now + wait);
        }
    }

    /// Nothing was there to try: the next may.
    pub(crate) fn idle(&self) {
        self.state().trying_since = None;
    }

    pub(crate) fn is_shut(&self) -> bool {
        self.state().closed_until.is_some()
    }

    /// Whether it has answered anything since a moment: what fails then is at fault itself.
    pub(crate) fn answered_since(&self, moment: Option<Timestamp>) -> bool {
        match (self.state().last_success, moment) {
            (Some(last), Some(moment)) => last > moment,
            (last, None) => last.is_some(),
            (None, Some(_)) => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_worker_tries_a_destination_that_is_down() {
        let second = Duration::from_secs(1);
        let backoff = Backoff {
            first: second,
            longest: second * 60,
        };
        let breaker = Breaker::new(3, backoff, second * 30);
        let start = Instant::now();
        for _ in 0..2 {
            breaker.failed(start, None);
            assert_eq!(breaker.way(start), Way::Free);
        }
        breaker.failed(start, None);
        assert!(matches!(breaker.way(start), Way::Shut(_)));
        let later = start + second * 2;
        assert_eq!(breaker.way(later), Way::Free);
        assert!(matches!(breaker.way(later), Way::Shut(_)), "only one tries");
        breaker.answered(Timestamp::now());
        assert_eq!(breaker.way(later), Way::Free);
        assert_eq!(breaker.way(later), Way::Free);
    }

    #[test]
    fn what_it_asks_for_holds_for_all() {
        let second = Duration::from_secs(1);
        let backoff = Backoff {
            first: second,
            longest: second,
        };
        let breaker = Breaker::new(3, backoff, second * 30);
        let start = Instant::now();
        breaker.failed(start, Some(second * 100));
        assert_eq!(breaker.way(start + second * 40), Way::Shut(second * 60));
    }
}
