//! The same bytes again: nothing is mapped, and everything is said again.

use diagnostics::{Issue, IssueType};
use mapping::Mapping;
use store::{
    Batch, ClosePending, JobState, SayAgain, Submission, SubmissionQuery, SubmissionState, Tenant,
};

use crate::hold::Hold;
use crate::job_run::Trouble;
use crate::pipeline::stamp_of;
use crate::report::{Report, ReportState};
use crate::{Pipeline, Tally, codes, kill_point};

/// How many submissions are looked through for the last one that counts.
const LOOKED_AT: usize = 50;

impl Pipeline {
    /// Where the file is byte for byte the source's last one, was read with the same mapping by the
    /// same program, and nothing has happened in between: says it again. Whether it was.
    pub(crate) async fn say_again(
        &self,
        hold: &Hold,
        submission: &mut Submission,
        mapping: &Mapping,
    ) -> Result<bool, Trouble> {
        let Some(earlier) = self.last_that_counts(submission).await? else {
            return Ok(false);
        };
        let before = Report::of(&earlier);
        let same = earlier.state.stands()
            && earlier.of.is_none()
            && earlier.file_hash == submission.file_hash
            && earlier.mapping == stamp_of(mapping)
            && earlier.engine == *self.engine
            // The file's own date is the same; a stated one may not be.
            && earlier.stated_as_of == submission.stated_as_of
            && before.counts.older == 0
            && before.extent.is_some();
        if !same {
            return Ok(false);
        }
        let sight = access::Access::pipeline(&submission.tenant);
        let waiting = self
            .store
            .pending(&sight, &submission.tenant, Some(&earlier.id))
            .await?;
        submission.as_of = earlier.as_of;
        submission.mapping.clone_from(&earlier.mapping);
        submission.engine.clone_from(&earlier.engine);
        let mut batch = Batch::new(submission.tenant.clone(), submission.id.clone());
        batch.fence = Some(hold.fence());
        batch.submission = Some(submission.clone());
        batch.say_again = Some(SayAgain {
            source: submission.source.clone(),
            earlier: earlier.id.clone(),
            as_of: submission.as_of,
        });
        // How many it is can only be told by doing it; that it is tried first costs a set statement.
        let mut tried = batch.clone();
        tried.rehearse = true;
        let said = self.store.commit(tried).await?.said_again;
        let mut report = before;
        report.id = Some(submission.id.clone());
        report.rerun = None;
        report.replayed = None;
        report.state = if waiting.is_empty() {
            ReportState::Reported
        } else {
            ReportState::AwaitingConfirmation
        };
        if waiting.is_empty() {
            report
                .issues
                .retain(|group| group.code != codes::WAITS_FOR_CONFIRMATION);
        }
        report
            .issues
            .retain(|group| group.code != codes::SAME_AGAIN);
        let mut tally = Tally::default();
        tally.add(&Issue::new(
            codes::SAME_AGAIN,
            diagnostics::Severity::Information,
            IssueType::Informational,
            "this is byte for byte the same file as the last one of this source, so everything in it is confirmed and nothing has changed",
        ));
        report.issues.extend(tally.into_groups());
        report.counts.created = 0;
        report.counts.updated = 0;
        report.counts.retired = 0;
        report.counts.unchanged = said;
        report.put_into(submission);
        batch.submission = Some(submission.clone());
        batch.pending = waiting.into_iter().map(|row| row.pending).collect();
        batch.close_pending.push(ClosePending {
            source: submission.source.clone(),
            submission: Some(earlier.id),
            up_to: submission.as_of,
        });
        batch.finish = Some(JobState::Done);
        kill_point::at(kill_point::END_BEFORE);
        self.store.commit(batch).await?;
        kill_point::at(kill_point::END_AFTER);
        tracing::info!(submission = %submission.id, tenant = %submission.tenant, unchanged = said, "the same file again");
        self.close_answered(&submission.tenant, &submission.source)
            .await;
        Ok(true)
    }

    /// The submission of the source that came last before this one and did something.
    async fn last_that_counts(
        &self,
        submission: &Submission,
    ) -> Result<Option<Submission>, store::Error> {
        let sight = access::Access::pipeline(&submission.tenant);
        let query = SubmissionQuery {
            source: Some(submission.source.clone()),
            limit: Some(LOOKED_AT),
            ..SubmissionQuery::default()
        };
        let found = self
            .store
            .find_submissions(&sight, &submission.tenant, &query)
            .await?;
        Ok(found.into_iter().find(|other| {
            other.id != submission.id
                && !matches!(
                    other.state,
                    SubmissionState::Refused
                        | SubmissionState::Received
                        | SubmissionState::Archived
                )
        }))
    }

    /// Older submissions of which nothing waits any more, because a newer one has answered: they say
    /// so. What fails here is done after the source's next file.
    pub(crate) async fn close_answered(&self, tenant: &Tenant, source: &str) {
        if let Err(error) = self.try_close_answered(tenant, source).await {
            tracing::warn!(%error, "submissions that wait for nothing any more stay marked as waiting");
        }
    }

    async fn try_close_answered(&self, tenant: &Tenant, source: &str) -> Result<(), store::Error> {
        let sight = access::Access::pipeline(tenant);
        let query = SubmissionQuery {
            source: Some(source.to_owned()),
            states: vec![SubmissionState::AwaitingConfirmation],
            ..SubmissionQuery::default()
        };
        for mut submission in self.store.find_submissions(&sight, tenant, &query).await? {
            if !self
                .store
                .pending(&sight, tenant, Some(&submission.id))
                .await?
                .is_empty()
            {
                continue;
            }
            let mut report = Report::of(&submission);
            report.state = ReportState::Reported;
            let mut tally = Tally::default();
            tally.add(&Issue::new(
                codes::ANSWERED,
                diagnostics::Severity::Information,
                IssueType::Informational,
                "a newer file has taken the place of this one, so what waited here waits no longer",
            ));
            report.issues.extend(tally.into_groups());
            report.put_into(&mut submission);
            let mut batch = Batch::new(tenant.clone(), submission.id.clone());
            batch.submission = Some(submission);
            self.store.commit(batch).await?;
        }
        Ok(())
    }
}
