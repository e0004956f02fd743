//! Batches worked on by several threads, and what comes of them taken in their order.

use std::collections::BTreeMap;
use std::ops::ControlFlow;
use std::sync::mpsc::{Receiver, Sender, channel};
use std::sync::{Arc, Mutex, PoisonError};

use diagnostics::Issue;
use source::{Batch, Opened};

/// How many batches a thread may be ahead of what is taken. More would only be held: what is made of a
/// batch takes some megabytes.
const AHEAD: usize = 2;

/// How many batches all threads together may be ahead, beside the one that each works on: a machine of
/// many cores must not hold hundreds of them.
const AHEAD_IN_ALL: usize = 8;

/// How many threads are meant by a number of them.
pub(super) fn threads(wanted: usize) -> usize {
    match wanted {
        0 => std::thread::available_parallelism().map_or(1, usize::from),
        wanted => wanted,
    }
}

/// Cuts a whole file into batches, works on each, and takes what comes of them in the file's order.
///
/// With one thread, and for a file of one batch, everything happens here; nothing is handed over.
///
/// # Errors
/// When the file cannot be read to its end. What came before was taken.
pub(super) fn each_batch<R: Send>(
    opened: &mut Opened,
    threads: usize,
    work: &(dyn Fn(u64, &Batch) -> R + Sync),
    take: &mut dyn FnMut(R, &Arc<Batch>),
) -> Result<(), Box<Issue>> {
    if threads <= 1 {
        let mut index = 0;
        return opened.cut_all(&mut |batch| {
            let result = work(index, &batch);
            index += 1;
            take(result, &batch);
            ControlFlow::Continue(())
        });
    }
    std::thread::scope(|scope| {
        let mut crew: Option<Crew<R>> = None;
        let mut first: Option<Arc<Batch>> = None;
        let mut index = 0;
        let cut = opened.cut_all(&mut |batch| {
            // One batch alone is not worth a thread.
            if index == 0 {
                first = Some(batch);
                index += 1;
                return ControlFlow::Continue(());
            }
            let crew = crew.get_or_insert_with(|| Crew::hire(scope, threads, work));
            if let Some(first) = first.take() {
                crew.give(0, first);
            }
            crew.give(index, batch);
            index += 1;
            crew.take((threads * AHEAD).min(threads + AHEAD_IN_ALL), take);
            ControlFlow::Continue(())
        });
        if let Some(mut crew) = crew {
            crew.take(0, take);
        } else if let Some(batch) = first {
            take(work(0, &batch), &batch);
        }
        cut
    })
}

type Job = (u64, Arc<Batch>);

type Done<R> = Option<(u64, Arc<Batch>, R)>;

/// Says that a thread panicked, so that nobody waits for what it will never give.
struct Failing<'d, R>(&'d Sender<Done<R>>);

impl<R> Drop for Failing<'_, R> {
    fn drop(&mut self) {
        let _ = self.0.send(None);
    }
}

/// The threads of one reading.
struct Crew<R> {
    jobs: Sender<Job>,
    results: Receiver<Done<R>>,
    /// What is done and not yet due.
    early: BTreeMap<u64, (Arc<Batch>, R)>,
    due: u64,
    given: u64,
    has_failed: bool,
}

impl<R: Send> Crew<R> {
    fn hire<'scope, 'env>(
        scope: &'scope std::thread::Scope<'scope, 'env>,
        threads: usize,
        work: &'env (dyn Fn(u64, &Batch) -> R + Sync),
    ) -> Self
    where
        R: 'scope + 'env,
    {
        let (jobs, waiting) = channel::<Job>();
        let (done, results) = channel();
        let waiting = Arc::new(Mutex::new(waiting));
        for _ in 0..threads {
            let (waiting, done) = (Arc::clone(&waiting), done.clone());
            scope.spawn(move || {
                loop {
                    let job = waiting
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .recv();
                    let Ok((index, batch)) = job else { break };
                    let failing = Failing(&done);
                    let result = work(index, &batch);
                    std::mem::forget(failing);
                    if done.send(Some((index, batch, result))).is_err() {
                        break;
                    }
                }
            });
        }
        Self {
            jobs,
            results,
            early: BTreeMap::new(),
            due: 0,
            given: 0,
            has_failed: false,
        }
    }

    fn give(&mut self, index: u64, batch: Arc<Batch>) {
        self.given = index + 1;
        // Without anybody to take it a thread has panicked, and the scope passes that on.
        let _ = self.jobs.send((index, batch));
    }

    /// Takes what is due, until no more than some batches are under way.
    fn take(&mut self, under_way: usize, take: &mut dyn FnMut(R, &Arc<Batch>)) {
        loop {
            if self.has_failed {
                return;
            }
            while let Some((batch, result)) = self.early.remove(&self.due) {
                self.due += 1;
                take(result, &batch);
            }
            let open = usize::try_from(self.given - self.due).unwrap_or(usize::MAX);
            if open == 0 {
                return;
            }
            let next = if open > under_way {
                self.results.recv().ok()
            } else {
                self.results.try_recv().ok()
            };
            let Some(next) = next else { return };
            let Some((index, batch, result)) = next else {
                // The scope passes the panic on.
                self.has_failed = true;
                return;
            };
            self.early.insert(index, (batch, result));
        }
    }
}
