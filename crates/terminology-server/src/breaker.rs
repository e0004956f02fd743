//! Leaving a server alone that fails again and again.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Counts failures in a row. After some it is open: nothing is asked. After a pause one call may go
/// through, and what becomes of it decides.
#[derive(Debug)]
pub(crate) struct Breaker {
    most: u32,
    pause: Duration,
    state: Mutex<State>,
}

#[derive(Debug, Default)]
struct State {
    failures: u32,
    /// When it opened, or when the last trial began.
    since: Option<Instant>,
}

impl Breaker {
    pub(crate) fn new(most: u32, pause: Duration) -> Self {
        Self {
            most,
            pause,
            state: Mutex::default(),
        }
    }

    fn state(&self) -> std::sync::MutexGuard<'_, State> {
        // Nothing is left half done under this lock.
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Whether a call may be made now. While open, one may be made each pause.
    pub(crate) fn permits(&self) -> bool {
        let mut state = self.state();
        match state.since {
            None => true,
            Some(since) if since.elapsed() >= self.pause => {
                state.since = Some(Instant::now());
                true
            }
            Some(_) => false,
        }
    }

    pub(crate) fn succeeded(&self) {
        *self.state() = State::default();
    }

    pub(crate) fn failed(&self) {
        let mut state = self.state();
        state.failures = state.failures.saturating_add(1);
        if state.failures >= self.most {
            state.since = Some(Instant::now());
        }
    }

    /// Whether it is open.
    pub(crate) fn is_open(&self) -> bool {
        self.state().since.is_some()
    }
}
