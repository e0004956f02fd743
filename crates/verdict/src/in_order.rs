//! Work on many threads, results in the order of the jobs.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread;

/// Does `work` on every job on `threads` threads, and gives the results to `take` on this thread, in
/// the order of the jobs. `take` may break off.
///
/// A job comes with its weight in bytes. No more than `budget` bytes of jobs are under way at a time,
/// or one job where that alone is heavier, and no more than four jobs a thread: memory is bounded
/// however slow one job or the taker is.
pub fn in_order<J: Send, R: Send>(
    jobs: impl Iterator<Item = (usize, J)> + Send,
    threads: usize,
    budget: usize,
    work: impl Fn(J) -> R + Sync,
    mut take: impl FnMut(R) -> ControlFlow<()>,
) {
    if threads < 2 {
        for (_, job) in jobs {
            if take(work(job)).is_break() {
                return;
            }
        }
        return;
    }
    let budget = Budget::new(budget);
    let (to_workers, from_feeder) = sync_channel::<(J, SyncSender<R>)>(threads);
    let (to_taker, from_workers) = sync_channel::<(usize, Receiver<R>)>(threads * 4);
    let from_feeder = Mutex::new(from_feeder);
    thread::scope(|scope| {
        scope.spawn(|| {
            // Moved in, so that the channels close when the jobs are all given out.
            let (to_workers, to_taker) = (to_workers, to_taker);
            for (weight, job) in jobs {
                budget.acquire(weight);
                let (answer, result) = sync_channel(1);
                if to_taker.send((weight, result)).is_err()
                    || to_workers.send((job, answer)).is_err()
                {
                    return;
                }
            }
        });
        let workers: Vec<_> = (0..threads)
            .map(|_| {
                scope.spawn(|| {
                    loop {
                        let next = from_feeder
                            .lock()
                            .unwrap_or_else(PoisonError::into_inner)
                            .recv();
                        let Ok((job, answer)) = next else {
                            return;
                        };
                        // Nobody waits for it where the taker has broken off.
                        let _ = answer.send(work(job));
                    }
                })
            })
            .collect();
        for (weight, result) in &from_workers {
            let Ok(result) = result.recv() else {
                // The worker is gone: its panic is passed on below.
                break;
            };
            budget.release(weight);
            if take(result).is_break() {
                break;
            }
        }
        drop(from_workers);
        budget.open();
        for worker in workers {
            if let Err(panic) = worker.join() {
                resume_unwind(panic);
            }
        }
    });
}

/// How many bytes of jobs are under way.
struct Budget {
    limit: usize,
    used: Mutex<usize>,
    freed: Condvar,
}

impl Budget {
    fn new(limit: usize) -> Self {
        Self {
            limit,
            used: Mutex::new(0),
            freed: Condvar::new(),
        }
    }

    /// Waits until there is room, or nothing is under way.
    fn acquire(&self, weight: usize) {
        let used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        let mut used = self
            .freed
            .wait_while(used, |used| {
                *used > 0 && used.saturating_add(weight) > self.limit
            })
            .unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_add(weight);
    }

    fn release(&self, weight: usize) {
        let mut used = self.used.lock().unwrap_or_else(PoisonError::into_inner);
        *used = used.saturating_sub(weight);
        self.freed.notify_all();
    }

    /// Lets everybody through.
    fn open(&self) {
        *self.used.lock().unwrap_or_else(PoisonError::into_inner) = 0;
        self.freed.notify_all();
    }
}
