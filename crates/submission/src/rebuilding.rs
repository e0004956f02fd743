//! What a rebuild would change, told before it does it.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use serde::Serialize;
use store::Tenant;
use tokio::runtime::Handle;

use crate::decisions::{Undecided, again, to_rebuild};
use crate::ending::Reason;
use crate::file_run::FileRun;
use crate::job_run::Trouble;
use crate::report::{Counts, ReportState};
use crate::spooled::spooled;
use crate::storing::Terms;
use crate::{Group, Pipeline};

/// What reading a source's past files again would do. Nothing was changed to find out.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RebuildPlan {
    /// The source.
    pub source: String,
    /// The mapping that is active now, name and version.
    pub mapping: String,
    /// Each file that would be read, the oldest as-of first. Each is looked at as if the others were
    /// not read again.
    pub files: Vec<PlannedFile>,
    /// Of whom something would change: Patient ids, and how many resources.
    pub people: BTreeMap<String, u64>,
}

/// What reading one file again would do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PlannedFile {
    /// The submission that it came with.
    pub submission: String,
    /// Its name.
    pub file: String,
    /// What mapping it was read with last, name and version.
    pub before: String,
    /// How it would end.
    pub state: ReportState,
    /// How much of everything would happen.
    pub counts: Counts,
    /// How many of the changed resources would only name another version of the mapping.
    pub restamped: u64,
    /// What would be said.
    pub issues: Vec<Group>,
}

impl RebuildPlan {
    /// For a person who has to decide. Holds no value of a file.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let _ = writeln!(
            text,
            "Reading the files of {} again with {} would change records of {} people. Nothing has been changed.",
            self.source,
            self.mapping,
            self.people.len()
        );
        for file in &self.files {
            let counts = &file.counts;
            let _ = writeln!(
                text,
                "  {} (submission {}, read before with {}): {} new, {} changed ({} of them only in the version of the mapping that they name), {} as before, {} no longer reported, {} held back{}",
                file.file,
                file.submission,
                file.before,
                counts.created,
                counts.updated,
                file.restamped,
                counts.unchanged,
                counts.retired,
                counts.quarantined,
                match file.state {
                    ReportState::AwaitingConfirmation => "; some of it would wait for a person",
                    ReportState::Refused => "; it could not be used",
                    _ => "",
                }
            );
            for group in &file.issues {
                let _ = writeln!(
                    text,
                    "    [{}] {} ({})",
                    group.code, group.message, group.count
                );
            }
        }
        for (patient, changes) in &self.people {
            let _ = writeln!(text, "  Patient/{patient}: {changes}");
        }
        text
    }
}

impl From<Trouble> for Undecided {
    fn from(trouble: Trouble) -> Self {
        Self::Unreadable(trouble.to_string())
    }
}

impl Pipeline {
    /// Reads a source's past files with the mapping that is active now, and changes nothing.
    ///
    /// # Errors
    /// When there is no file or no mapping, or something cannot be read.
    pub async fn plan_rebuild(
        &self,
        tenant: &Tenant,
        source: &str,
    ) -> Result<RebuildPlan, Undecided> {
        let mapping = self.mappings()?.active(tenant, source).await?;
        let mut plan = RebuildPlan {
            source: source.to_owned(),
            mapping: format!("{} {}", mapping.name(), mapping.version()),
            files: Vec::new(),
            people: BTreeMap::new(),
        };
        for root in to_rebuild(self.store.as_ref(), tenant, source).await? {
            let file = spooled(self, &root).await?;
            let run = FileRun {
                submission: again(&root, "rebuild", "plan"),
                mapping: mapping.clone(),
                input: file.input(&root.file_name),
                reason: Reason::Rebuild(
                    self.runs_of(&root)
                        .await?
                        .into_iter()
                        .chain([root.id.clone()])
                        .collect(),
                ),
                terms: Terms {
                    rehearse: true,
                    ..self.terms(tenant)
                },
            };
            let pipeline = self.clone();
            let runtime = Handle::current();
            let rehearsed = tokio::task::spawn_blocking(move || {
                let rehearsed = run.rehearse(&pipeline, runtime);
                drop(file);
                rehearsed
            })
            .await
            .map_err(|_| {
                Trouble::Fault("the file made the program fail while it was read".to_owned())
            })?
            .map_err(Trouble::from)?;
            for (patient, changes) in rehearsed.people {
                *plan.people.entry(patient).or_default() += changes;
            }
            plan.files.push(PlannedFile {
                submission: root.id,
                file: root.file_name,
                before: format!("{} {}", root.mapping.name, root.mapping.version),
                state: rehearsed.report.state,
                counts: rehearsed.report.counts,
                restamped: rehearsed.restamped,
                issues: rehearsed.report.issues,
            });
        }
        Ok(plan)
    }
}
