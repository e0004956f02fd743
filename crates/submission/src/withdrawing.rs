//! A file taken back: everything that it and its later runs did is undone, part by part.

use std::collections::BTreeSet;

use diagnostics::{Issue, IssueType, Severity};
use store::{
    Batch, ClosePending, DecideQuarantine, Expected, Job, JobState, Outcome as Wrote,
    QuarantineQuery, Retire, Retired, Status, Submission, SubmissionQuery, SubmissionState, Tenant,
    Touched, Unconfirm, Write,
};

use crate::hold::Hold;
use crate::identity_guard::keys_of;
use crate::job_run::{Outcome, Trouble, hopeless};
use crate::journal::{Entry, Past};
use crate::report::{Report, ReportState, Undone};
use crate::{Pipeline, Tally, codes, kill_point, tags};

/// How many resources one commit takes back.
const PART: usize = 500;

/// Where the parts are over and the quarantine has been looked after.
const PARTS_DONE: u64 = u64::MAX - 1;

/// What is to be taken back, and what stands besides.
struct Taking {
    /// The submission and its later runs.
    back: BTreeSet<String>,
    /// Submissions that were taken back before: what they said comes back no more.
    gone: BTreeSet<String>,
    /// Whether a later file that stands is the whole truth: what it lacks stays away.
    later_snapshot: bool,
    /// The one that is the source's latest then.
    before: Option<Submission>,
}

/// What is to be done about one resource.
enum Undo {
    /// Another submission says it by now, or it is as it should be.
    Leave,
    /// Bring the content of a version back.
    Restore { version: u64 },
    /// It came with the file: it stands no more.
    Retire,
    /// The file only confirmed it.
    Unconfirm,
}

impl Taking {
    fn decide(&self, touched: &Touched) -> Undo {
        if !self.back.contains(&touched.submission) {
            return Undo::Leave;
        }
        let Some(current) = touched.versions.first() else {
            return Undo::Leave;
        };
        if !self.back.contains(&current.submission) {
            return Undo::Unconfirm;
        }
        if touched.status == Status::Retired && self.later_snapshot {
            // The later file does not hold it either.
            return Undo::Leave;
        }
        let earlier = touched.versions.iter().find(|version| {
            !self.back.contains(&version.submission) && !self.gone.contains(&version.submission)
        });
        match earlier {
            Some(earlier) if earlier.status == Status::Retired => {
                if touched.status == Status::Retired {
                    Undo::Leave
                } else {
                    Undo::Retire
                }
            }
            Some(earlier) => Undo::Restore {
                version: earlier.version,
            },
            None if touched.status == Status::Retired => Undo::Leave,
            None => Undo::Retire,
        }
    }
}

impl Pipeline {
    /// Takes a submission back.
    pub(crate) async fn withdraw(
        &self,
        job: &Job,
        hold: &Hold,
        submission: Submission,
    ) -> Result<Outcome, Trouble> {
        if submission.state == SubmissionState::Withdrawn {
            let mut batch = Batch::new(job.tenant.clone(), submission.id.clone());
            batch.fence = Some(hold.fence());
            batch.finish = Some(JobState::Done);
            self.store.commit(batch).await?;
            return Ok(Outcome::Done);
        }
        let taking = self.taking(&submission).await?;
        let past = Past::of(self.store.journal(job.number).await?, &self.engine);
        let (mut from, counted) = past.undone.unwrap_or_default();
        let mut undone = counts(counted);
        let back: Vec<String> = taking.back.iter().cloned().collect();
        let sight = access::Access::pipeline(&job.tenant);
        while from < PARTS_DONE {
            let part = self
                .store
                .touched(&sight, &job.tenant, &submission.source, &back, from, PART)
                .await?;
            from = part.next.unwrap_or(PARTS_DONE);
            self.undo_part(hold, &submission, &taking, part.items, from, &mut undone)
                .await?;
            if hold.must_stop() {
                return Ok(Outcome::Stopped);
            }
        }
        if from == PARTS_DONE {
            self.hold_back_again(hold, &submission, &taking, undone)
                .await?;
        }
        self.mark_withdrawn(job, hold, submission, &taking, undone)
            .await?;
        Ok(Outcome::Done)
    }

    async fn taking(&self, submission: &Submission) -> Result<Taking, Trouble> {
        let sight = access::Access::pipeline(&submission.tenant);
        let query = SubmissionQuery {
            source: Some(submission.source.clone()),
            ..SubmissionQuery::default()
        };
        let all = self
            .store
            .find_submissions(&sight, &submission.tenant, &query)
            .await?;
        let back: BTreeSet<String> = all
            .iter()
            .filter(|other| {
                other.id == submission.id || other.of.as_deref() == Some(submission.id.as_str())
            })
            .map(|other| other.id.clone())
            .collect();
        let stands = |other: &&Submission| other.state.stands() && !back.contains(&other.id);
        // A partial replay says nothing about what its file lacks.
        let whole = |other: &&Submission| {
            stands(other)
                && other.way != "replay"
                && Report::of(other).extent.as_deref() == Some("snapshot")
        };
        let order = |other: &Submission| (other.as_of, other.received);
        Ok(Taking {
            later_snapshot: all
                .iter()
                .filter(whole)
                .any(|other| order(other) > order(submission)),
            before: all
                .iter()
                .filter(stands)
                .filter(|other| other.way != "replay")
                .max_by_key(|other| order(other))
                .filter(|other| order(other) <= order(submission))
                .cloned(),
            gone: all
                .iter()
                .filter(|other| other.state == SubmissionState::Withdrawn)
                .map(|other| other.id.clone())
                .collect(),
            back,
        })
    }

    async fn undo_part(
        &self,
        hold: &Hold,
        submission: &Submission,
        taking: &Taking,
        items: Vec<Touched>,
        next: u64,
        undone: &mut Undone,
    ) -> Result<(), Trouble> {
        let mut batch = Batch::new(submission.tenant.clone(), submission.id.clone());
        batch.fence = Some(hold.fence());
        for touched in items {
            let about = (touched.rtype.clone(), touched.id.clone());
            match taking.decide(&touched) {
                Undo::Leave => undone.left_alone += 1,
                Undo::Restore { version } => {
                    batch.writes.push(
                        self.restored(&submission.tenant, &submission.source, &touched, version)
                            .await?,
                    );
                }
                Undo::Retire => {
                    let said_by = Some(touched.submission);
                    match batch
                        .retire
                        .iter_mut()
                        .find(|retire| retire.only_said_by == said_by)
                    {
                        Some(retire) => retire.ids.push(about),
                        None => batch.retire.push(Retire {
                            source: submission.source.clone(),
                            as_of: touched.as_of,
                            ids: vec![about],
                            tag: Some(tags::withdrawn()),
                            only_said_by: said_by,
                        }),
                    }
                }
                Undo::Unconfirm => match batch
                    .unconfirm
                    .iter_mut()
                    .find(|unconfirm| unconfirm.submission == touched.submission)
                {
                    Some(unconfirm) => unconfirm.ids.push(about),
                    None => batch.unconfirm.push(Unconfirm {
                        submission: touched.submission,
                        ids: vec![about],
                    }),
                },
            }
        }
        // What becomes of the part is told by trying it, so that the count is in the same commit.
        let mut tried = batch.clone();
        tried.rehearse = true;
        let outcome = self.store.commit(tried).await?;
        undone.restored += outcome
            .writes
            .iter()
            .filter(|wrote| matches!(wrote, Wrote::Updated { .. } | Wrote::Created { .. }))
            .count() as u64;
        undone.retired += outcome
            .retired
            .iter()
            .flatten()
            .filter(|retired| matches!(retired, Retired::Retired { .. }))
            .count() as u64;
        undone.unconfirmed += outcome.unconfirmed;
        batch.progress = Some(
            serde_json::json!({ "restored": undone.restored, "retired": undone.retired })
                .to_string(),
        );
        batch.journal = Some(
            Entry::Undone {
                next,
                undone: numbers(undone),
            }
            .bytes(),
        );
        kill_point::at(kill_point::UNDO_BEFORE);
        self.store.commit(batch).await?;
        kill_point::at(kill_point::UNDO_AFTER);
        Ok(())
    }

    /// The write that brings an earlier version back.
    pub(crate) async fn restored(
        &self,
        tenant: &Tenant,
        source: &str,
        touched: &Touched,
        version: u64,
    ) -> Result<Write, Trouble> {
        let sight = access::Access::pipeline(tenant);
        let stored = self
            .store
            .vread(&sight, &touched.rtype, &touched.id, version)
            .await?;
        let unreadable = || {
            hopeless(
                codes::STORED_UNREADABLE,
                "an earlier version of a resource cannot be read, so the file cannot be taken back",
            )
        };
        let stored = stored.ok_or_else(unreadable)?;
        let resource = json::parse(&stored.body).map_err(|_| unreadable())?;
        let head = touched
            .versions
            .iter()
            .find(|head| head.version == version)
            .ok_or_else(unreadable)?;
        let mut write = Write::new(resource, source, head.as_of);
        write.labels = access::labels_of(&write.resource);
        write.index = search::index(&self.indexer, &write.resource);
        write.person = (touched.rtype == "Patient").then(|| keys_of(&write.resource));
        write.patient.clone_from(&stored.patient);
        write.expected = Expected::Version(
            touched
                .versions
                .first()
                .map(|current| current.version)
                .unwrap_or_default(),
        );
        write.restores = true;
        write.submission = Some(head.submission.clone());
        Ok(write)
    }

    /// What the file that is the latest now had held back is open again, where nobody has decided
    /// about it: the file that is taken back had settled it.
    async fn hold_back_again(
        &self,
        hold: &Hold,
        submission: &Submission,
        taking: &Taking,
        undone: Undone,
    ) -> Result<(), Trouble> {
        let sight = access::Access::pipeline(&submission.tenant);
        let mut latest = Vec::new();
        if let Some(before) = taking.before.as_ref().filter(|_| !taking.later_snapshot) {
            latest.push(before.id.clone());
            latest.extend(self.runs_of(before).await?);
        }
        for id in latest {
            let rows = QuarantineQuery {
                submission: Some(id.clone()),
                ..QuarantineQuery::default()
            };
            let rows = self
                .store
                .quarantine(&sight, &submission.tenant, &rows)
                .await?;
            // What is open stays so, and what somebody decided about is decided.
            let done: BTreeSet<HeldKey> = rows
                .iter()
                .filter(|row| !row.settled || row.decided.is_some())
                .map(|row| key(&row.held))
                .collect();
            let mut batch = Batch::new(submission.tenant.clone(), id);
            batch.fence = Some(hold.fence());
            batch.quarantine = rows
                .into_iter()
                .filter(|row| !done.contains(&key(&row.held)))
                .map(|row| row.held)
                .collect();
            if !batch.quarantine.is_empty() {
                self.store.commit(batch).await?;
            }
        }
        let mut batch = Batch::new(submission.tenant.clone(), submission.id.clone());
        batch.fence = Some(hold.fence());
        batch.journal = Some(
            Entry::Undone {
                next: u64::MAX,
                undone: numbers(&undone),
            }
            .bytes(),
        );
        self.store.commit(batch).await?;
        Ok(())
    }

    async fn mark_withdrawn(
        &self,
        job: &Job,
        hold: &Hold,
        submission: Submission,
        taking: &Taking,
        undone: Undone,
    ) -> Result<(), Trouble> {
        let sight = access::Access::pipeline(&job.tenant);
        let mut last = None;
        for id in &taking.back {
            let Some(mut row) = self.store.submission(&sight, &job.tenant, id).await? else {
                continue;
            };
            let open = QuarantineQuery {
                submission: Some(id.clone()),
                open: true,
                ..QuarantineQuery::default()
            };
            let open = self.store.quarantine(&sight, &job.tenant, &open).await?;
            let mut batch = Batch::new(job.tenant.clone(), id.clone());
            batch.fence = Some(hold.fence());
            if !open.is_empty() {
                batch.decide.push(DecideQuarantine {
                    numbers: open.iter().map(|row| row.number).collect(),
                    decided: "withdrawn".to_owned(),
                });
            }
            batch.close_pending.push(ClosePending {
                source: row.source.clone(),
                submission: Some(id.clone()),
                up_to: row.as_of,
            });
            let mut report = Report::of(&row);
            report.state = ReportState::Withdrawn;
            report.undone = (*id == submission.id).then_some(undone);
            report
                .issues
                .retain(|group| group.code != codes::WAITS_FOR_CONFIRMATION);
            let mut tally = Tally::default();
            tally.add(
                &Issue::new(
                    codes::WITHDRAWN,
                    Severity::Information,
                    IssueType::Informational,
                    "this file was taken back, with what it had done",
                )
                .help("the same file, or a mended one, may be sent again"),
            );
            report.issues.extend(tally.into_groups());
            report.put_into(&mut row);
            batch.submission = Some(row);
            if *id == submission.id {
                last = Some(batch);
            } else {
                self.store.commit(batch).await?;
            }
        }
        let mut batch = last.ok_or_else(|| {
            hopeless(codes::GIVEN_UP, "the submission to take back is not stored")
        })?;
        batch.finish = Some(JobState::Done);
        kill_point::at(kill_point::END_BEFORE);
        self.store.commit(batch).await?;
        kill_point::at(kill_point::END_AFTER);
        tracing::info!(submission = %submission.id, tenant = %job.tenant, restored = undone.restored, retired = undone.retired, "a file was taken back");
        Ok(())
    }
}

/// What tells one thing that was held back from another of the same file.
type HeldKey = (String, Option<String>, Option<String>);

fn key(held: &store::Quarantined) -> HeldKey {
    (held.place.clone(), held.rtype.clone(), held.id.clone())
}

fn numbers(undone: &Undone) -> [u64; 4] {
    [
        undone.restored,
        undone.retired,
        undone.unconfirmed,
        undone.left_alone,
    ]
}

fn counts([restored, retired, unconfirmed, left_alone]: [u64; 4]) -> Undone {
    Undone {
        restored,
        retired,
        unconfirmed,
        left_alone,
    }
}
