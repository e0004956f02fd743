//! Where things are sent to.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use crate::Parcel;

/// What a destination says of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Verdict {
    /// It has it, or has it no longer where it was to be taken away.
    Done {
        /// The receiver's version, as its `ETag` says.
        etag: Option<String>,
        /// The receiver's own id, where it is another.
        remote: Option<String>,
    },
    /// It is not to stand there, and does not: the destination has its own rule for that.
    Absent {
        /// What the destination wants to know of it the next time.
        note: Option<String>,
    },
    /// It will never take it as it is.
    Refused {
        /// Statuses and codes, never a value of a record.
        reason: String,
    },
    /// It did not take it this time.
    Failed {
        /// Statuses and codes, never a value of a record.
        reason: String,
        /// When it asks to be tried again.
        after: Option<Duration>,
        /// Whether it would have taken nothing else either: it is down, overloaded, or does not know
        /// us.
        down: bool,
    },
}

/// A verdict that is waited for.
pub type Sending<'a, T> = Pin<Box<dyn Future<Output = T> + Send + 'a>>;

/// A system that resources are sent on to.
///
/// Sending the same parcel twice must have the effect of sending it once.
pub trait Destination: Send + Sync {
    /// Sends one resource.
    fn send<'a>(&'a self, parcel: &'a Parcel) -> Sending<'a, Verdict>;

    /// Sends several at once, all or none of them. `None`: this destination does not, or not these.
    fn send_together<'a>(&'a self, parcels: &'a [&'a Parcel]) -> Sending<'a, Option<Vec<Verdict>>> {
        let _ = parcels;
        Box::pin(async { None })
    }

    /// Whether the receiver gives out ids of its own, so that references are to be rewritten.
    fn assigns_ids(&self) -> bool {
        false
    }

    /// Whether the destination decides itself, by more than the bytes, what is to be done: it is then
    /// asked whenever something may have changed.
    fn decides(&self) -> bool {
        false
    }

    /// What of the destination's own settings decides what is sent: with another one than before,
    /// everything is looked at again.
    fn fingerprint(&self) -> String {
        String::new()
    }

    /// The longest that one sending takes: a claim is held for longer.
    fn patience(&self) -> Duration;
}
