//! Sending reports back once submissions have been dealt with.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use store::{Batch, Deed, Store, Submission, SubmissionQuery, SubmissionState, Tenant};
use submission::Report;
use tokio::sync::watch;

use crate::replies::Replies;
use crate::ways::TenantOf;

/// How often it is looked whether there is something to report.
const PAUSE: Duration = Duration::from_secs(30);
/// For how long after it came in a submission's report is sent back by itself.
const LATEST: SignedDuration = SignedDuration::from_hours(14 * 24);
/// How many submissions of an organisation are looked at, the latest first.
const MOST: usize = 200;
/// The longest wait before a report is tried again.
const LONGEST: Duration = Duration::from_secs(60 * 60);
/// What is written down when a report was sent. What is written down is not sent again, by whichever
/// process.
const SENT: &str = "report-sent";
/// In whose name.
const BY: &str = "causeway";

/// States in which there is something that a sender must know.
const TELLING: [SubmissionState; 5] = [
    SubmissionState::Reported,
    SubmissionState::AwaitingConfirmation,
    SubmissionState::Refused,
    SubmissionState::Failed,
    SubmissionState::Withdrawn,
];

/// Sends each submission's report back the way that the submission came, in each state that its
/// sender must know, once.
pub(crate) struct Answering {
    store: Arc<dyn Store>,
    /// The organisations that files come from by a way that reports go back on, by ODS code.
    organisations: BTreeSet<String>,
    tenant_of: TenantOf,
    replies: Arc<Replies>,
    done: HashSet<String>,
    setbacks: HashMap<String, (u32, Instant)>,
}

impl Answering {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        organisations: BTreeSet<String>,
        tenant_of: TenantOf,
        replies: Arc<Replies>,
    ) -> Self {
        Self {
            store,
            organisations,
            tenant_of,
            replies,
            done: HashSet::new(),
            setbacks: HashMap::new(),
        }
    }

    /// Looks again and again until told to stop.
    pub(crate) async fn run(mut self, mut stop: watch::Receiver<bool>) {
        let stopped = async move {
            // Whoever could have said it is gone: that is the end, too.
            let _ = stop.wait_for(|stop| *stop).await;
        };
        let looking = async {
            loop {
                if let Err(error) = self.look().await {
                    tracing::warn!(%error, "reports that are to go back wait for the store");
                }
                tokio::time::sleep(PAUSE).await;
            }
        };
        tokio::select! {
            biased;
            () = stopped => {}
            () = looking => {}
        }
    }

    async fn look(&mut self) -> Result<(), store::Error> {
        let query = SubmissionQuery {
            states: TELLING.to_vec(),
            received_from: Timestamp::now().checked_sub(LATEST).ok(),
            limit: Some(MOST),
            ..SubmissionQuery::default()
        };
        let mut seen = HashSet::new();
        let tenants: Vec<Tenant> = self
            .organisations
            .iter()
            .filter_map(|organisation| (self.tenant_of)(organisation))
            .collect();
        for tenant in tenants {
            let sight = access::Access::pipeline(&tenant);
            let found = self.store.find_submissions(&sight, &tenant, &query).await?;
            for submission in found {
                let Some(reply_to) = submission.reply_to.clone() else {
                    continue;
                };
                let about = about(&submission);
                seen.insert(about.clone());
                let is_set_back = self
                    .setbacks
                    .get(&about)
                    .is_some_and(|(_, until)| *until > Instant::now());
                if self.done.contains(&about) || is_set_back {
                    continue;
                }
                if self.is_sent(&submission).await? {
                    self.done.insert(about);
                    continue;
                }
                self.answer(&submission, &reply_to, about).await?;
            }
        }
        self.done.retain(|about| seen.contains(about));
        self.setbacks.retain(|about, _| seen.contains(about));
        Ok(())
    }

    async fn is_sent(&self, submission: &Submission) -> Result<bool, store::Error> {
        let tenant = &submission.tenant;
        let sight = access::Access::pipeline(tenant);
        let deeds = self
            .store
            .deeds(&sight, tenant, Some(&submission.id))
            .await?;
        let state = submission.state.as_str();
        Ok(deeds
            .iter()
            .any(|row| row.deed.what == SENT && row.deed.note.as_deref() == Some(state)))
    }

    async fn answer(
        &mut self,
        submission: &Submission,
        reply_to: &str,
        about: String,
    ) -> Result<(), store::Error> {
        let text = Report::of(submission).to_text();
        match self.replies.send(reply_to, &about, &text).await {
            Ok(()) => {
                let mut batch = Batch::new(submission.tenant.clone(), submission.id.clone());
                batch.deeds.push(Deed {
                    at: Timestamp::now(),
                    by: BY.to_owned(),
                    what: SENT.to_owned(),
                    submission: Some(submission.id.clone()),
                    about: None,
                    note: Some(submission.state.as_str().to_owned()),
                });
                // Sent and not written down is sent again, which the receiver can tell.
                self.store.commit(batch).await?;
                metrics::counter!("causeway_reports_sent_total").increment(1);
                self.done.insert(about);
            }
            Err(why) if why.is_passing() => {
                tracing::warn!(submission = submission.id, "the report waits: {why}");
                let times = self.setbacks.get(&about).map_or(0, |(times, _)| *times);
                let wait = PAUSE.saturating_mul(1 << times.min(10)).min(LONGEST);
                self.setbacks
                    .insert(about, (times.saturating_add(1), Instant::now() + wait));
            }
            Err(why) => {
                metrics::counter!("causeway_reports_not_sent_total").increment(1);
                tracing::warn!(
                    submission = submission.id,
                    "the report does not go back: {why}. Its sender can still ask for it"
                );
                self.done.insert(about);
            }
        }
        Ok(())
    }
}

/// By what a report is known: a submission in a state.
fn about(submission: &Submission) -> String {
    format!("{}-{}", submission.id, submission.state.as_str())
}
