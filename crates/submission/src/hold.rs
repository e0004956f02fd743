//! A worker's hold on its job.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use store::Fence;

/// The claim under which a run works, and whether it must end.
#[derive(Debug, Clone)]
pub(crate) struct Hold {
    fence: Fence,
    stop: Arc<AtomicBool>,
    lost: Arc<AtomicBool>,
}

impl Hold {
    pub(crate) fn new(fence: Fence, stop: Arc<AtomicBool>) -> Self {
        Self {
            fence,
            stop,
            lost: Arc::default(),
        }
    }

    pub(crate) fn fence(&self) -> Fence {
        self.fence
    }

    /// The claim no longer holds: another worker may have the job.
    pub(crate) fn lose(&self) {
        self.lost.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_lost(&self) -> bool {
        self.lost.load(Ordering::SeqCst)
    }

    /// Whether the run ends after the commit that was just made.
    pub(crate) fn must_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst) || self.is_lost()
    }

    /// Whether the run ends wherever it is. What is not committed is done again.
    pub(crate) fn must_leave(&self) -> bool {
        self.must_stop()
    }
}
