//! What follows when a person has confirmed or declined what waited (CS-4).

use diagnostics::{Issue, IssueType, Severity};
use store::{Batch, ClosePending, Job, JobState, Retire, Retired, Submission};

use crate::hold::Hold;
use crate::job_run::{Outcome, Trouble};
use crate::report::{Report, ReportState};
use crate::{Pipeline, Tally, codes, kill_point, tags};

impl Pipeline {
    /// What waits becomes "no longer reported", but for what a newer file has said again.
    pub(crate) async fn confirm(
        &self,
        job: &Job,
        hold: &Hold,
        submission: Submission,
    ) -> Result<Outcome, Trouble> {
        let sight = access::Access::pipeline(&job.tenant);
        let waiting = self
            .store
            .pending(&sight, &job.tenant, Some(&submission.id))
            .await?;
        let mut batch = Batch::new(job.tenant.clone(), submission.id.clone());
        batch.fence = Some(hold.fence());
        if !waiting.is_empty() {
            batch.retire.push(Retire {
                source: submission.source.clone(),
                as_of: submission.as_of,
                ids: waiting
                    .iter()
                    .map(|row| (row.pending.rtype.clone(), row.pending.id.clone()))
                    .collect(),
                tag: Some(tags::no_longer_reported()),
                only_said_by: None,
            });
        }
        let mut tried = batch.clone();
        tried.rehearse = true;
        let retired = self
            .store
            .commit(tried)
            .await?
            .retired
            .iter()
            .flatten()
            .filter(|retired| matches!(retired, Retired::Retired { .. }))
            .count() as u64;
        let said = format!(
            "a person confirmed that what waited is gone: {retired} facts are now marked as no longer reported"
        );
        self.decided(submission, batch, &said, retired).await
    }

    /// What waits stays as it was.
    pub(crate) async fn decline(
        &self,
        job: &Job,
        hold: &Hold,
        submission: Submission,
    ) -> Result<Outcome, Trouble> {
        let sight = access::Access::pipeline(&job.tenant);
        let waiting = self
            .store
            .pending(&sight, &job.tenant, Some(&submission.id))
            .await?
            .len();
        let mut batch = Batch::new(job.tenant.clone(), submission.id.clone());
        batch.fence = Some(hold.fence());
        let said = format!(
            "a person declined to mark what waited as gone: {waiting} facts stay as they were"
        );
        self.decided(submission, batch, &said, 0).await
    }

    async fn decided(
        &self,
        mut submission: Submission,
        mut batch: Batch,
        said: &str,
        retired: u64,
    ) -> Result<Outcome, Trouble> {
        batch.close_pending.push(ClosePending {
            source: submission.source.clone(),
            submission: Some(submission.id.clone()),
            up_to: submission.as_of,
        });
        batch.finish = Some(JobState::Done);
        let mut report = Report::of(&submission);
        if report.state == ReportState::AwaitingConfirmation {
            report.state = ReportState::Reported;
            report.counts.retired += retired;
            report
                .issues
                .retain(|group| group.code != codes::WAITS_FOR_CONFIRMATION);
            let mut tally = Tally::default();
            tally.add(&Issue::new(
                codes::DECIDED,
                Severity::Information,
                IssueType::Informational,
                said,
            ));
            report.issues.extend(tally.into_groups());
            report.put_into(&mut submission);
            batch.submission = Some(submission);
        }
        kill_point::at(kill_point::END_BEFORE);
        self.store.commit(batch).await?;
        kill_point::at(kill_point::END_AFTER);
        Ok(Outcome::Done)
    }
}
