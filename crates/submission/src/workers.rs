//! The workers: they take jobs from the store and do them.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use jiff::Timestamp;
use store::Claim;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::hold::Hold;
use crate::job_run::{Outcome, Trouble};
use crate::tidying::{Tidied, tidy};
use crate::{Pipeline, kill_point};

/// How the workers of one process work.
#[derive(Debug, Clone)]
pub struct WorkerSettings {
    /// The process's name in the queue: unique among those that share a store.
    pub name: String,
    /// How many jobs are done at once.
    pub workers: usize,
    /// How long a job is a worker's without a sign of life from it.
    pub lease: Duration,
    /// How often an idle worker looks for work that another process has queued.
    pub poll: Duration,
    /// How often a job that makes no headway is tried before it is given up.
    pub most_tries: u32,
}

impl Default for WorkerSettings {
    fn default() -> Self {
        Self {
            name: format!("causeway-{}", uuid::Uuid::new_v4()),
            workers: 2,
            lease: Duration::from_secs(60),
            poll: Duration::from_secs(2),
            most_tries: 5,
        }
    }
}

/// Workers at work.
pub struct Workers {
    stop: Arc<AtomicBool>,
    wake: Arc<Notify>,
    tasks: Vec<JoinHandle<()>>,
    tidying: JoinHandle<()>,
}

impl Workers {
    /// Starts them. It must be called within a tokio runtime.
    pub fn start(pipeline: Pipeline, settings: WorkerSettings) -> Self {
        let stop = Arc::new(AtomicBool::new(false));
        let wake = Arc::new(Notify::new());
        let tasks = (0..settings.workers.max(1))
            .map(|number| {
                let worker = Worker {
                    pipeline: pipeline.clone(),
                    name: format!("{}/{number}", settings.name),
                    settings: settings.clone(),
                    stop: stop.clone(),
                };
                tokio::spawn(worker.work(wake.clone()))
            })
            .collect();
        let tidying = tokio::spawn(tidy_now_and_then(pipeline));
        Self {
            stop,
            wake,
            tasks,
            tidying,
        }
    }

    /// Says that there is work: an idle worker looks at once.
    pub fn wake(&self) {
        self.wake.notify_waiters();
    }

    /// Lets each worker end at its next commit and put its job back, for another process or for
    /// later, and waits until they have.
    pub async fn stop(self) {
        self.stop.store(true, Ordering::SeqCst);
        self.wake.notify_waiters();
        self.tidying.abort();
        for task in self.tasks {
            // A worker that panicked holds nothing: its lease runs out.
            let _ = task.await;
        }
    }
}

/// Does every job that can be done now, one after the other, and returns when there is none. How
/// many were done.
///
/// # Errors
/// When the store fails.
pub async fn work_off(pipeline: &Pipeline) -> Result<u64, store::Error> {
    work_off_as(pipeline, WorkerSettings::default()).await
}

/// The same, as one worker with these settings.
///
/// # Errors
/// When the store fails.
pub async fn work_off_as(
    pipeline: &Pipeline,
    settings: WorkerSettings,
) -> Result<u64, store::Error> {
    let worker = Worker {
        pipeline: pipeline.clone(),
        name: settings.name.clone(),
        settings,
        stop: Arc::default(),
    };
    let mut done = 0;
    while let Some(claim) = worker.claim().await? {
        worker.carry_out(claim).await;
        done += 1;
    }
    Ok(done)
}

struct Worker {
    pipeline: Pipeline,
    name: String,
    settings: WorkerSettings,
    stop: Arc<AtomicBool>,
}

impl Worker {
    fn must_stop(&self) -> bool {
        self.stop.load(Ordering::SeqCst)
    }

    async fn claim(&self) -> Result<Option<Claim>, store::Error> {
        self.pipeline
            .store
            .claim(&self.name, self.settings.lease)
            .await
    }

    async fn work(self, wake: Arc<Notify>) {
        let mut failures = 0;
        while !self.must_stop() {
            // Registered before looking, so that work queued meanwhile is not slept over.
            let woken = wake.notified();
            let wait = match self.claim().await {
                Ok(Some(claim)) => {
                    failures = 0;
                    self.carry_out(claim).await;
                    continue;
                }
                Ok(None) => {
                    failures = 0;
                    self.settings.poll
                }
                Err(error) => {
                    failures += 1;
                    tracing::error!(%error, "no job can be taken from the store");
                    metrics::counter!("causeway_claims_failed_total").increment(1);
                    backed_off(failures)
                }
            };
            tokio::select! {
                () = woken => {}
                () = tokio::time::sleep(wait) => {}
            }
        }
    }

    /// Does a claimed job, and gives it back where it cannot be done now.
    async fn carry_out(&self, claim: Claim) {
        kill_point::at(kill_point::CLAIMED);
        let hold = Hold::new(claim.fence(), self.stop.clone());
        let beat = tokio::spawn(beat(
            self.pipeline.clone(),
            hold.clone(),
            self.settings.lease,
        ));
        let outcome = self
            .pipeline
            .do_job(&claim.job, &hold, self.settings.most_tries)
            .await;
        beat.abort();
        let job = &claim.job;
        let (after, error) = match outcome {
            Outcome::Done => return,
            Outcome::Stopped => (Duration::ZERO, None),
            Outcome::Trouble(Trouble::Fenced) => {
                tracing::warn!(job = job.number, "another worker has taken the job over");
                return;
            }
            Outcome::Trouble(trouble) => {
                tracing::error!(
                    job = job.number,
                    submission = %job.work.submission,
                    %trouble,
                    "a job is put back"
                );
                metrics::counter!("causeway_jobs_put_back_total").increment(1);
                (backed_off(job.attempts), Some(trouble.to_string()))
            }
        };
        if hold.is_lost() {
            return;
        }
        match self
            .pipeline
            .store
            .put_back(claim.fence(), after, error.as_deref())
            .await
        {
            Ok(_) => {}
            // The lease runs out, and the job is taken again.
            Err(error) => tracing::error!(job = job.number, %error, "a job cannot be put back"),
        }
    }
}

/// How often is swept.
const TIDY_EVERY: Duration = Duration::from_secs(60 * 60);

async fn tidy_now_and_then(pipeline: Pipeline) {
    let mut every = tokio::time::interval(TIDY_EVERY);
    loop {
        every.tick().await;
        match tidy(pipeline.store.as_ref(), Timestamp::now()).await {
            Ok(tidied) if tidied != Tidied::default() => {
                tracing::info!(
                    uploads = tidied.uploads,
                    files = tidied.files,
                    "swept away what is over"
                );
            }
            Ok(_) => {}
            Err(error) => tracing::warn!(%error, "what is over could not be swept away"),
        }
    }
}

/// Prolongs a lease as long as the job is worked on.
async fn beat(pipeline: Pipeline, hold: Hold, lease: Duration) {
    let mut every = tokio::time::interval(lease / 4);
    every.tick().await;
    loop {
        every.tick().await;
        match pipeline.store.renew(hold.fence(), lease).await {
            Ok(true) => {}
            Ok(false) => {
                hold.lose();
                return;
            }
            // Each commit proves the claim for itself; the next beat tries again.
            Err(error) => tracing::warn!(%error, "a lease cannot be prolonged"),
        }
    }
}

/// How long to wait after so many failures: longer each time, five minutes at most.
fn backed_off(failures: u32) -> Duration {
    Duration::from_secs(1_u64 << failures.min(8)).min(Duration::from_secs(300))
}
