//! One job, from its claim to its last commit.

use std::fmt;
use std::sync::Arc;

use diagnostics::{Issue, IssueType};
use mapping::Mapping;
use mapping_registry::RegistryError;
use store::{Batch, Job, JobState, QuarantineQuery, Submission, SubmissionQuery, SubmissionState};
use tokio::runtime::Handle;

use crate::ending::Reason;
use crate::file_run::{Ended, FileRun, NO_ROOM, RunError};
use crate::hold::Hold;
use crate::journal::Past;
use crate::report::{Report, ReportState};
use crate::spooled::spooled;
use crate::storing::Terms;
use crate::task::{Chosen, Task};
use crate::wanted::Wanted;
use crate::{Mappings, Pipeline, Tally, codes, kill_point};

/// How a job ended.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// It is done, or given up: its last commit is made.
    Done,
    /// It is to be gone on with later.
    Stopped,
    /// It cannot be done now.
    Trouble(Trouble),
}

/// Why a job cannot be done now. Nothing of a record is in it.
#[derive(Debug)]
pub(crate) enum Trouble {
    /// Another worker has it.
    Fenced,
    /// Something outside is not as it should be: a full disk, a database that is down, a key that is
    /// not configured. The job waits as long as it takes.
    Outage(String),
    /// The job itself fails: it is tried a few times.
    Fault(String),
    /// There is nothing to try again: what it needs is not there.
    Hopeless(Box<Issue>),
}

impl fmt::Display for Trouble {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fenced => f.write_str("another worker has it"),
            Self::Outage(text) | Self::Fault(text) => f.write_str(text),
            Self::Hopeless(issue) => f.write_str(&issue.message),
        }
    }
}

impl From<store::Error> for Trouble {
    fn from(error: store::Error) -> Self {
        use store::Error as E;
        match error {
            E::Fenced => Self::Fenced,
            E::Unusable { .. } | E::UnknownSubmission | E::Ambiguous | E::TooWide => {
                Self::Fault(error.to_string())
            }
            error => Self::Outage(error.to_string()),
        }
    }
}

impl From<RunError> for Trouble {
    fn from(error: RunError) -> Self {
        match error {
            RunError::Store(error) => error.into(),
            RunError::NoRoom => Self::Outage(NO_ROOM.to_owned()),
        }
    }
}

/// The part of a job's progress that counts how often it was begun without headway.
fn tries(job: &Job) -> u64 {
    serde_json::from_str::<serde_json::Value>(&job.progress)
        .ok()
        .and_then(|progress| progress.get("tries")?.as_u64())
        .unwrap_or_default()
}

impl Pipeline {
    /// Does a job, or gives it up.
    pub(crate) async fn do_job(&self, job: &Job, hold: &Hold, most_tries: u32) -> Outcome {
        let issue = match self.try_job(job, hold, most_tries).await {
            Ok(Outcome::Stopped) => {
                self.not_tried(job, hold).await;
                return Outcome::Stopped;
            }
            Ok(outcome) => return outcome,
            Err(Trouble::Hopeless(issue)) => *issue,
            Err(Trouble::Outage(why)) => {
                self.not_tried(job, hold).await;
                return Outcome::Trouble(Trouble::Outage(why));
            }
            Err(trouble) => return Outcome::Trouble(trouble),
        };
        match self.give_up(job, hold, &issue).await {
            Ok(()) => Outcome::Done,
            Err(error) => Outcome::Trouble(error.into()),
        }
    }

    /// Takes back that the job was tried: what stopped it was not its own. A day without a database
    /// must not use up its tries.
    async fn not_tried(&self, job: &Job, hold: &Hold) {
        let mut batch = Batch::new(job.tenant.clone(), job.work.submission.clone());
        batch.fence = Some(hold.fence());
        batch.progress = Some(serde_json::json!({ "tries": tries(job) }).to_string());
        if let Err(error) = self.store.commit(batch).await {
            // While nothing can be written no try is counted either.
            tracing::warn!(job = job.number, %error, "a try stays counted");
        }
    }

    async fn try_job(&self, job: &Job, hold: &Hold, most_tries: u32) -> Result<Outcome, Trouble> {
        let sight = access::Access::pipeline(&job.tenant);
        let tries = tries(job) + 1;
        if tries > u64::from(most_tries) {
            return Err(Trouble::Hopeless(Box::new(given_up(
                job.last_error.as_deref(),
                most_tries,
            ))));
        }
        // A worker that dies of a file leaves this behind, so that it is not tried for ever.
        let mut batch = Batch::new(job.tenant.clone(), job.work.submission.clone());
        batch.fence = Some(hold.fence());
        batch.progress = Some(serde_json::json!({ "tries": tries }).to_string());
        self.store.commit(batch).await?;
        let submission = self
            .store
            .submission(&sight, &job.tenant, &job.work.submission)
            .await?
            .ok_or_else(|| hopeless(codes::GIVEN_UP, "the job's submission is not stored"))?;
        let task = Task::of(&job.work).ok_or_else(|| {
            hopeless(
                codes::GIVEN_UP,
                "the job asks for something that this version of Causeway does not know",
            )
        })?;
        match task {
            Task::Run => {
                self.read_file(job, hold, submission, Reason::Arrived, None)
                    .await
            }
            Task::Rebuild => {
                let of = self.runs_of(&submission).await?;
                let reason = Reason::Rebuild(of);
                self.read_file(job, hold, submission, reason, None).await
            }
            Task::Replay(chosen) => {
                let rows = self.chosen_rows(&submission, &chosen).await?;
                let mut wanted = Wanted::of(&rows);
                let whole = Chosen {
                    submissions: chosen.submissions,
                    ..Chosen::default()
                };
                wanted.bring_along(&self.chosen_rows(&submission, &whole).await?);
                self.read_file(job, hold, submission, Reason::Replay, Some(wanted))
                    .await
            }
            Task::Confirm => self.confirm(job, hold, submission).await,
            Task::Decline => self.decline(job, hold, submission).await,
            Task::Withdraw => self.withdraw(job, hold, submission).await,
        }
    }

    /// The other submissions of the same file that still stand.
    pub(crate) async fn runs_of(&self, submission: &Submission) -> Result<Vec<String>, Trouble> {
        let root = submission
            .of
            .clone()
            .unwrap_or_else(|| submission.id.clone());
        let sight = access::Access::pipeline(&submission.tenant);
        let query = SubmissionQuery {
            of: Some(root.clone()),
            ..SubmissionQuery::default()
        };
        let runs = self
            .store
            .find_submissions(&sight, &submission.tenant, &query)
            .await?;
        Ok(std::iter::once(root)
            .chain(runs.into_iter().map(|run| run.id))
            .filter(|id| id != &submission.id)
            .collect())
    }

    async fn chosen_rows(
        &self,
        submission: &Submission,
        chosen: &Chosen,
    ) -> Result<Vec<store::QuarantinedRow>, Trouble> {
        let sight = access::Access::pipeline(&submission.tenant);
        let mut rows = Vec::new();
        for of in &chosen.submissions {
            let query = QuarantineQuery {
                submission: Some(of.clone()),
                numbers: chosen.numbers.clone(),
                code: chosen.code.clone(),
                open: true,
                ..QuarantineQuery::default()
            };
            rows.extend(
                self.store
                    .quarantine(&sight, &submission.tenant, &query)
                    .await?,
            );
        }
        Ok(rows)
    }

    async fn read_file(
        &self,
        job: &Job,
        hold: &Hold,
        mut submission: Submission,
        reason: Reason,
        wanted: Option<Wanted>,
    ) -> Result<Outcome, Trouble> {
        let mut past = Past::of(self.store.journal(job.number).await?, &self.engine);
        let mapping = match self.mapping_of(&submission, &past).await? {
            Some(mapping) => mapping,
            None => {
                past = past.anew();
                self.active_mapping(&submission).await?
            }
        };
        if past
            .mapping
            .as_deref()
            .is_some_and(|hash| hash != mapping.hash())
        {
            past = past.anew();
        }
        if matches!(reason, Reason::Arrived)
            && !past.begun
            && !past.stale
            && self.say_again(hold, &mut submission, &mapping).await?
        {
            return Ok(Outcome::Done);
        }
        let spooled = spooled(self, &submission).await?;
        kill_point::at(kill_point::SPOOLED);
        let run = FileRun {
            mapping,
            input: spooled.input(&submission.file_name),
            reason,
            terms: Terms {
                hold: Some(hold.clone()),
                past,
                wanted,
                ..self.terms(&submission.tenant)
            },
            submission,
        };
        let tenant = run.submission.tenant.clone();
        let source = run.submission.source.clone();
        let pipeline = self.clone();
        let runtime = Handle::current();
        let ended = tokio::task::spawn_blocking(move || {
            let ended = run.run(&pipeline, runtime);
            drop(spooled);
            ended
        })
        .await
        .map_err(|_| {
            Trouble::Fault("the file made the program fail while it was read".to_owned())
        })??;
        match ended {
            Ended::Stopped => Ok(Outcome::Stopped),
            Ended::Reported(_) => {
                self.close_answered(&tenant, &source).await;
                Ok(Outcome::Done)
            }
        }
    }

    /// The mapping that an earlier claim had begun with, where it can be had.
    async fn mapping_of(
        &self,
        submission: &Submission,
        past: &Past,
    ) -> Result<Option<Arc<Mapping>>, Trouble> {
        match (&past.mapping, past.stale) {
            (Some(hash), false) if *hash == submission.mapping.hash => {
                match self.mappings()?.exactly(&submission.mapping).await {
                    Ok(mapping) => Ok(Some(mapping)),
                    Err(RegistryError::Store(error)) => Err(error.into()),
                    Err(_) => Ok(None),
                }
            }
            (Some(_), _) => Ok(None),
            (None, _) => self.active_mapping(submission).await.map(Some),
        }
    }

    async fn active_mapping(&self, submission: &Submission) -> Result<Arc<Mapping>, Trouble> {
        self.mappings()?
            .active(&submission.tenant, &submission.source)
            .await
            .map_err(|error| match error {
                RegistryError::Store(error) => error.into(),
                error => Trouble::Hopeless(Box::new(
                    Issue::error(
                        codes::NO_MAPPING,
                        IssueType::NotFound,
                        format!("the file cannot be read: {error}"),
                    )
                    .help("when the mapping is in place, send the file again"),
                )),
            })
    }

    pub(crate) fn mappings(&self) -> Result<&dyn Mappings, Trouble> {
        self.mappings.as_deref().ok_or_else(|| {
            Trouble::Outage("this process was started without knowing its mappings".to_owned())
        })
    }

    /// The last commit of a job that nobody can do: the file is kept, its state says so, and the
    /// source's later files go on.
    async fn give_up(&self, job: &Job, hold: &Hold, issue: &Issue) -> Result<(), store::Error> {
        let sight = access::Access::pipeline(&job.tenant);
        let mut batch = Batch::new(job.tenant.clone(), job.work.submission.clone());
        batch.fence = Some(hold.fence());
        batch.finish = Some(JobState::Failed);
        let submission = self
            .store
            .submission(&sight, &job.tenant, &job.work.submission)
            .await?;
        if let Some(mut submission) = submission {
            let mut report = Report::of(&submission);
            // A decision about a file that cannot be carried out leaves the file as it stands.
            if !submission.state.stands() && submission.state != SubmissionState::Withdrawn {
                report.state = ReportState::Failed;
            }
            let mut tally = Tally::default();
            tally.add(issue);
            report.issues.extend(tally.into_groups());
            report.put_into(&mut submission);
            batch.submission = Some(submission);
        }
        tracing::error!(job = job.number, submission = %job.work.submission, code = %issue.code, "a job is given up");
        metrics::counter!("causeway_jobs_given_up_total").increment(1);
        self.store.commit(batch).await?;
        Ok(())
    }
}

pub(crate) fn hopeless(code: &'static str, message: &str) -> Trouble {
    Trouble::Hopeless(Box::new(
        Issue::error(code, IssueType::Processing, message)
            .help("whoever runs Causeway has to look; the file is kept"),
    ))
}

fn given_up(last_error: Option<&str>, most_tries: u32) -> Issue {
    let why = match last_error {
        Some(error) => format!("Causeway tried this {most_tries} times and failed: {error}"),
        None => format!(
            "Causeway tried this {most_tries} times, and ended each time before it had got further"
        ),
    };
    Issue::error(codes::GIVEN_UP, IssueType::Processing, why)
        .help("nothing for you to mend: whoever runs Causeway has to look; the file is kept and can be run again")
}
