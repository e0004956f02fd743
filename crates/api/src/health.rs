//! How the work on files goes, as the process last saw it: for `_status`.

use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use jiff::Timestamp;
use store::Backlog;

/// How long what was seen counts.
const FRESH: Duration = Duration::from_secs(300);

/// How long a file may wait before somebody should look.
const LONG: Duration = Duration::from_secs(3600);

/// What was seen last. Nothing of a record or of an organisation is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Seen {
    /// When.
    pub at: Timestamp,
    /// How much there is to do.
    pub backlog: Backlog,
    /// How many sources are silent beyond their usual rhythm.
    pub silent: u64,
}

/// How the work on files goes.
#[derive(Debug, Default)]
pub struct Health(RwLock<Option<Seen>>);

impl Health {
    /// Notes what was seen.
    pub fn seen(&self, seen: Seen) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Some(seen);
    }

    /// How the queue is, and the sources: `pass`, `warn` or `fail`.
    pub(crate) fn words(&self, now: Timestamp) -> (&'static str, &'static str) {
        let Some(seen) = *self.0.read().unwrap_or_else(PoisonError::into_inner) else {
            // Nothing was seen yet: the server has just begun.
            return ("warn", "pass");
        };
        let age = |then: Timestamp| now.duration_since(then).unsigned_abs();
        let is_long = seen.backlog.oldest.is_some_and(|oldest| age(oldest) > LONG);
        let queue = match () {
            () if age(seen.at) > FRESH => "fail",
            () if seen.backlog.failed > 0 || is_long => "warn",
            () => "pass",
        };
        let sources = if seen.silent > 0 { "warn" } else { "pass" };
        (queue, sources)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn says_what_somebody_should_look_at() {
        let health = Health::default();
        let now: Timestamp = "2026-11-22T12:00:00Z".parse().unwrap();
        let ago = |minutes: i64| now - jiff::SignedDuration::from_mins(minutes);
        let see = |backlog: Backlog, silent: u64, at: Timestamp| {
            health.seen(Seen {
                at,
                backlog,
                silent,
            });
            health.words(now)
        };
        assert_eq!(health.words(now), ("warn", "pass"));
        let calm = Backlog::default();
        assert_eq!(see(calm, 0, now), ("pass", "pass"));
        assert_eq!(see(calm, 1, now), ("pass", "warn"));
        assert_eq!(see(calm, 0, ago(6)), ("fail", "pass"));
        let given_up = Backlog { failed: 1, ..calm };
        assert_eq!(see(given_up, 0, now), ("warn", "pass"));
        for (minutes, word) in [(59, "pass"), (61, "warn")] {
            let oldest = Backlog {
                waiting: 1,
                oldest: Some(ago(minutes)),
                ..calm
            };
            assert_eq!(see(oldest, 0, now), (word, "pass"));
        }
    }
}
