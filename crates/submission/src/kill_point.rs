//! Named places at which a test ends the process, as a power cut would.
//!
//! Nothing happens at them unless the process was armed: the program does that only when it runs as a
//! test system, from an environment variable. A server in production passes them by.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};

/// Every place there is. A crash test walks them.
pub const POINTS: &[&str] = &[
    ACCEPT_BEFORE,
    ACCEPT_AFTER,
    CLAIMED,
    SPOOLED,
    BEGIN_BEFORE,
    BEGIN_AFTER,
    DATA_BEFORE,
    DATA_AFTER,
    END_BEFORE,
    END_AFTER,
    UNDO_BEFORE,
    UNDO_AFTER,
];

/// The bytes are kept in pieces; nothing says yet whose they are.
pub const ACCEPT_BEFORE: &str = "accept.before";
/// The file is accepted; its sender has not heard.
pub const ACCEPT_AFTER: &str = "accept.after";
/// A worker has a job and has done nothing.
pub const CLAIMED: &str = "job.claimed";
/// The bytes lie in a temporary file.
pub const SPOOLED: &str = "job.spooled";
/// Before the commit by which a file is being read.
pub const BEGIN_BEFORE: &str = "begin.before";
/// After it.
pub const BEGIN_AFTER: &str = "begin.after";
/// Before a commit of resources.
pub const DATA_BEFORE: &str = "data.before";
/// After it.
pub const DATA_AFTER: &str = "data.after";
/// Before the commit that ends a job.
pub const END_BEFORE: &str = "end.before";
/// After it.
pub const END_AFTER: &str = "end.after";
/// Before a part of a file is taken back.
pub const UNDO_BEFORE: &str = "undo.before";
/// After it.
pub const UNDO_AFTER: &str = "undo.after";

struct Armed {
    point: &'static str,
    /// At which of the times that the point is reached.
    time: u64,
    reached: AtomicU64,
}

static ARMED: OnceLock<Armed> = OnceLock::new();

/// Arms the process: `NAME` or `NAME:N`, the N-th time that the place is reached (from 1). Whether
/// there is such a place.
pub fn arm(text: &str) -> bool {
    let (name, time) = text.split_once(':').unwrap_or((text, "1"));
    let (Some(point), Ok(time)) = (
        POINTS.iter().find(|point| **point == name),
        time.parse::<u64>(),
    ) else {
        return false;
    };
    ARMED
        .set(Armed {
            point,
            time,
            reached: AtomicU64::new(0),
        })
        .is_ok()
}

/// A place is reached: where the process is armed for it, it ends at once, with nothing tidied up.
pub(crate) fn at(point: &'static str) {
    let Some(armed) = ARMED.get() else { return };
    if armed.point == point && armed.reached.fetch_add(1, Ordering::SeqCst) + 1 == armed.time {
        std::process::abort();
    }
}
