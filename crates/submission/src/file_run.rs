//! One reading of one file, from its first record to its report.

use std::sync::Arc;

use mapping::{Mapping, RunContext, RunOptions};
use store::{JobState, Submission};
use tokio::runtime::Handle;

use crate::Pipeline;
use crate::ending::{End, Reason, end};
use crate::kill_point;
use crate::pipeline::stamp_of;
use crate::report::{Report, ReportState};
use crate::storing::{Left, Preparing, Storing, Terms, unless_left};

/// A file about to be read.
pub(crate) struct FileRun {
    pub(crate) submission: Submission,
    pub(crate) mapping: Arc<Mapping>,
    pub(crate) input: source::Input,
    pub(crate) reason: Reason,
    pub(crate) terms: Terms,
}

/// How a reading ended.
pub(crate) enum Ended {
    /// It went to its end.
    Reported(Box<Report>),
    /// Its worker was asked to stop.
    Stopped,
}

/// Why a file could not be read to its end, which is no fault of the file.
#[derive(Debug)]
pub(crate) enum RunError {
    /// The store failed.
    Store(store::Error),
    /// The temporary folder is full or failed.
    NoRoom,
}

impl From<store::Error> for RunError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// What is said when there is no room.
pub(crate) const NO_ROOM: &str = "the temporary folder (TMPDIR) is full or failed: make room there";

/// What a rehearsal found.
pub(crate) struct Rehearsed {
    pub(crate) report: Report,
    /// The people of whom something would change, and how much.
    pub(crate) people: std::collections::BTreeMap<String, u64>,
    /// Resources of which nothing would change but the mapping that they name.
    pub(crate) restamped: u64,
}

impl FileRun {
    /// Reads it on this thread.
    pub(crate) fn run(self, pipeline: &Pipeline, runtime: Handle) -> Result<Ended, RunError> {
        match self.read(pipeline, runtime)? {
            None => Ok(Ended::Stopped),
            Some((storing, end, loss)) => {
                Ok(Ended::Reported(Box::new(report(storing, end, loss)?)))
            }
        }
    }

    /// Reads it and changes nothing.
    pub(crate) fn rehearse(
        mut self,
        pipeline: &Pipeline,
        runtime: Handle,
    ) -> Result<Rehearsed, RunError> {
        self.terms.rehearse = true;
        let Some((mut storing, end, loss)) = self.read(pipeline, runtime)? else {
            return Err(store::Error::Closed.into());
        };
        let mut people = std::mem::take(&mut storing.affected);
        for (rtype, id) in end.batch.retire.iter().flat_map(|retire| &retire.ids) {
            let patient = match rtype.as_str() {
                "Patient" => Some(id.clone()),
                _ => storing
                    .wait(storing.store().read(storing.sight(), rtype, id))?
                    .and_then(|stored| stored.patient),
            };
            if let Some(patient) = patient {
                *people.entry(patient).or_default() += 1;
            }
        }
        Ok(Rehearsed {
            restamped: storing.restamped,
            report: told(&mut storing, &end, loss),
            people,
        })
    }

    fn read(
        self,
        pipeline: &Pipeline,
        runtime: Handle,
    ) -> Result<Option<(Storing, End, serde_json::Value)>, RunError> {
        let Self {
            mut submission,
            mapping,
            input,
            reason,
            terms,
        } = self;
        submission.mapping = stamp_of(&mapping);
        submission.engine.clone_from(&terms.engine);
        let context = RunContext {
            tenant: submission.tenant.as_str().to_owned(),
            source: submission.source.clone(),
            ids: pipeline.ids.clone(),
            as_of: submission.stated_as_of.clone(),
        };
        let mut storing = Storing::new(pipeline.store.clone(), runtime, submission, terms);
        let judge = Preparing {
            validator: &pipeline.validator,
            indexer: &pipeline.indexer,
        };
        let run = unless_left(|| {
            mapping.run(
                &input,
                &context,
                RunOptions::default(),
                &judge,
                &mut storing,
            )
        });
        let run = match run {
            Ok(run) => run,
            Err(Left::Failed(error)) => return Err(error.into()),
            Err(Left::NoRoom) => return Err(RunError::NoRoom),
            Err(Left::Stopped) => return Ok(None),
        };
        if !storing.remembers() {
            return Err(RunError::NoRoom);
        }
        match run {
            Ok(run) => {
                let end = end(&mut storing, &run, &reason)?;
                let loss = serde_json::to_value(&run.loss).unwrap_or_default();
                Ok(Some((storing, end, loss)))
            }
            Err(issues)
                if issues
                    .iter()
                    .any(|issue| issue.code == mapping::codes::NO_ROOM) =>
            {
                Err(RunError::NoRoom)
            }
            Err(issues) => {
                for issue in &issues {
                    storing.tally.add(issue);
                }
                let end = End {
                    batch: storing.new_batch(),
                    state: ReportState::Refused,
                    replayed: None,
                };
                Ok(Some((storing, end, serde_json::Value::Null)))
            }
        }
    }
}

fn told(storing: &mut Storing, end: &End, loss: serde_json::Value) -> Report {
    let submission = storing.submission().clone();
    Report {
        id: Some(submission.id),
        state: end.state,
        file: submission.file_name,
        mapping: format!("{} {}", submission.mapping.name, submission.mapping.version),
        as_of: storing.as_of_text.clone(),
        extent: storing.as_of_text.as_ref().map(|_| {
            if storing.snapshot {
                "snapshot"
            } else {
                "changes"
            }
            .to_owned()
        }),
        rerun: submission.of.as_ref().map(|_| submission.way.clone()),
        counts: storing.counts.clone(),
        replayed: end.replayed,
        undone: None,
        issues: std::mem::take(&mut storing.tally).into_groups(),
        loss,
    }
}

fn report(mut storing: Storing, end: End, loss: serde_json::Value) -> Result<Report, store::Error> {
    let report = told(&mut storing, &end, loss);
    let mut submission = storing.submission().clone();
    report.put_into(&mut submission);
    let mut batch = end.batch;
    if storing.terms().hold.is_some() {
        batch.finish = Some(JobState::Done);
    }
    tracing::info!(
        submission = %submission.id,
        tenant = %submission.tenant,
        mapping = %submission.mapping.name,
        state = submission.state.as_str(),
        records = report.counts.records,
        resources = report.counts.resources,
        quarantined = report.counts.quarantined,
        "a file went through"
    );
    let name = submission.mapping.name.clone();
    batch.submission = Some(submission);
    kill_point::at(kill_point::END_BEFORE);
    storing.wait(storing.store().commit(batch))?;
    kill_point::at(kill_point::END_AFTER);
    metrics::counter!("causeway_records_read_total", "mapping" => name.clone())
        .increment(report.counts.records);
    metrics::counter!("causeway_resources_made_total", "mapping" => name.clone())
        .increment(report.counts.resources);
    metrics::counter!("causeway_quarantined_total", "mapping" => name)
        .increment(report.counts.quarantined);
    Ok(report)
}
