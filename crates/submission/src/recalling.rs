//! Recall (CS-8): what a mapping, a row of a code table or a file has said of whom; hidden, and
//! brought back.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::ops::ControlFlow;

use mapping::trace::Origin;
use mapping::{
    Made, Quarantined as HeldBack, Retired as Gone, RunContext, RunOptions, Sink, Verdict,
};
use serde::Serialize;
use source::normalise_label;
use store::{Batch, Retire, Retired, Status, Submission, SubmissionQuery, Tenant, Touched, Write};

use crate::decisions::{By, Undecided};
use crate::job_run::Trouble;
use crate::spooled::spooled;
use crate::{Pipeline, tags};

/// What is recalled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RecallOf {
    /// Everything that a mapping has made, in one version or in all.
    Mapping {
        /// Its name.
        name: String,
        /// The version.
        version: Option<String>,
    },
    /// Everything into which a row of a code table went: the files are read again to find it.
    CodeRow {
        /// The mapping's name.
        name: String,
        /// The version; every one when `None`.
        version: Option<String>,
        /// The code table.
        table: String,
        /// The row's label, as the source writes it.
        label: String,
    },
    /// Everything that a file has said.
    File {
        /// The submission that it came with.
        submission: String,
    },
}

/// Whom a recall is about.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Recall {
    /// The organisation.
    pub tenant: String,
    /// The submissions that it is about.
    pub submissions: Vec<String>,
    /// The people, by Patient id, with what was said of them.
    pub people: BTreeMap<String, Vec<RecalledResource>>,
    /// What is about nobody in particular.
    pub others: Vec<RecalledResource>,
    /// Who has seen it, in words.
    pub readers: &'static str,
    /// How many resources were hidden, or brought back, where that was asked.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub changed: Option<u64>,
}

/// One resource of a recall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RecalledResource {
    /// Its type.
    pub resource_type: String,
    /// Its id.
    pub id: String,
    /// Whether it is shown now, and says what is recalled.
    pub shown: bool,
    /// Whether it was hidden by a recall.
    pub recalled: bool,
    #[serde(skip)]
    source: String,
    #[serde(skip)]
    touched: TouchedHead,
}

/// What taking it back or bringing it back needs to know.
#[derive(Debug, Clone, PartialEq, Eq)]
struct TouchedHead(Touched);

/// What is said about readers while reads are not recorded.
const READERS: &str = "not known: Causeway keeps no record yet of who has read what, so ask every organisation that has an agreement for this data";

impl Recall {
    /// For the person who has to act.
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        let shown = |resources: &[RecalledResource]| {
            resources.iter().filter(|resource| resource.shown).count()
        };
        let _ = writeln!(
            text,
            "{} people of {} are affected, by {} files.",
            self.people.len(),
            self.tenant,
            self.submissions.len()
        );
        if let Some(changed) = self.changed {
            let _ = writeln!(text, "{changed} resources were changed.");
        }
        let _ = writeln!(text, "Who has seen it: {}.", self.readers);
        for (patient, resources) in &self.people {
            let _ = writeln!(
                text,
                "  Patient/{patient}: {} resources, {} of them shown now",
                resources.len(),
                shown(resources)
            );
        }
        if !self.others.is_empty() {
            let _ = writeln!(
                text,
                "  about nobody in particular: {} resources, {} of them shown now",
                self.others.len(),
                shown(&self.others)
            );
        }
        text.push_str("What was hidden stays hidden until the same source says it again: mend and activate the mapping first, then rebuild the source.\n");
        text
    }

    fn all(&self) -> impl Iterator<Item = &RecalledResource> {
        self.people.values().flatten().chain(&self.others)
    }
}

impl Pipeline {
    /// Whom it is about. Nothing is changed.
    ///
    /// # Errors
    /// When nothing was ever read so, or something cannot be read.
    pub async fn find_recall(&self, tenant: &Tenant, of: &RecallOf) -> Result<Recall, Undecided> {
        const PART: usize = 1000;
        let sight = access::Access::pipeline(tenant);
        let submissions = self.recalled_submissions(tenant, of).await?;
        let only = match of {
            RecallOf::CodeRow { table, label, .. } => {
                Some(self.made_of_row(&submissions, table, label).await?)
            }
            _ => None,
        };
        let mut recall = Recall {
            tenant: tenant.to_string(),
            submissions: submissions.iter().map(|one| one.id.clone()).collect(),
            readers: READERS,
            ..Recall::default()
        };
        let mut sources: BTreeMap<&str, Vec<String>> = BTreeMap::new();
        for submission in &submissions {
            sources
                .entry(&submission.source)
                .or_default()
                .push(submission.id.clone());
        }
        for (source, ids) in sources {
            let mut from = 0;
            loop {
                let part = self
                    .store
                    .touched(&sight, tenant, source, &ids, from, PART)
                    .await?;
                for touched in part.items {
                    let about = (touched.rtype.clone(), touched.id.clone());
                    if only.as_ref().is_some_and(|only| !only.contains(&about)) {
                        continue;
                    }
                    let resource = RecalledResource {
                        shown: touched.status == Status::Active
                            && ids.contains(&touched.submission),
                        recalled: touched.status == Status::Retired
                            && touched
                                .versions
                                .first()
                                .is_some_and(|version| version.submission.is_empty()),
                        resource_type: about.0,
                        id: about.1,
                        source: source.to_owned(),
                        touched: TouchedHead(touched),
                    };
                    match resource.touched.0.patient.clone() {
                        Some(patient) => recall.people.entry(patient).or_default().push(resource),
                        None => recall.others.push(resource),
                    }
                }
                match part.next {
                    Some(next) => from = next,
                    None => break,
                }
            }
        }
        Ok(recall)
    }

    async fn recalled_submissions(
        &self,
        tenant: &Tenant,
        of: &RecallOf,
    ) -> Result<Vec<Submission>, Undecided> {
        let sight = access::Access::pipeline(tenant);
        let all = self
            .store
            .find_submissions(&sight, tenant, &SubmissionQuery::default())
            .await?;
        let found: Vec<Submission> = all
            .into_iter()
            .filter(|submission| match of {
                RecallOf::Mapping { name, version } | RecallOf::CodeRow { name, version, .. } => {
                    submission.mapping.name == *name
                        && version
                            .as_ref()
                            .is_none_or(|version| submission.mapping.version == *version)
                }
                RecallOf::File { submission: id } => {
                    submission.id == *id || submission.of.as_ref() == Some(id)
                }
            })
            .collect();
        if found.is_empty() {
            return Err(Undecided::NotFound);
        }
        Ok(found)
    }

    /// Reads the files again, and finds what a row of a code table went into.
    async fn made_of_row(
        &self,
        submissions: &[Submission],
        table: &str,
        label: &str,
    ) -> Result<BTreeSet<(String, String)>, Undecided> {
        let mut made = BTreeSet::new();
        let mut read = BTreeSet::new();
        for submission in submissions {
            // The same bytes with the same mapping give the same.
            if !read.insert((&submission.file_hash, &submission.mapping.hash)) {
                continue;
            }
            let mapping = self.mappings()?.exactly(&submission.mapping).await?;
            let file = spooled(self, submission).await?;
            let input = file.input(&submission.file_name);
            let context = RunContext {
                tenant: submission.tenant.as_str().to_owned(),
                source: submission.source.clone(),
                ids: self.ids.clone(),
                as_of: submission.stated_as_of.clone(),
            };
            let mut finding = Finding {
                table: table.to_owned(),
                label: normalise_label(label).to_string(),
                found: BTreeSet::new(),
            };
            let finding = tokio::task::spawn_blocking(move || {
                let options = RunOptions {
                    trace: true,
                    ..RunOptions::default()
                };
                // A file that cannot be used has made nothing.
                let _ = mapping.run(&input, &context, options, &mapping::TakeAll, &mut finding);
                drop(file);
                finding
            })
            .await
            .map_err(|_| {
                Trouble::Fault("the file made the program fail while it was read".to_owned())
            })?;
            made.extend(finding.found);
        }
        Ok(made)
    }

    /// Hides what is shown of it: it is retired and says that it was recalled. What its source says
    /// again later is shown again, so the mapping is mended first.
    ///
    /// # Errors
    /// As [`Pipeline::find_recall`], or when it cannot be stored. What was hidden before stays so.
    pub async fn recall(
        &self,
        tenant: &Tenant,
        of: &RecallOf,
        by: &By,
    ) -> Result<Recall, Undecided> {
        let mut recall = self.find_recall(tenant, of).await?;
        let mut changed = 0;
        let shown: Vec<&RecalledResource> =
            recall.all().filter(|resource| resource.shown).collect();
        for (number, part) in shown.chunks(1000).enumerate() {
            let mut batch = Batch::new(tenant.clone(), String::new());
            if number == 0 {
                batch.deeds = deeds(by, "recalled", &recall.submissions);
            }
            for resource in part {
                let touched = &resource.touched.0;
                let said_by = Some(touched.submission.clone());
                let about = (resource.resource_type.clone(), resource.id.clone());
                match batch.retire.iter_mut().find(|retire| {
                    retire.only_said_by == said_by && retire.source == resource.source
                }) {
                    Some(retire) => retire.ids.push(about),
                    None => batch.retire.push(Retire {
                        source: resource.source.clone(),
                        as_of: touched.as_of,
                        ids: vec![about],
                        tag: Some(tags::recalled()),
                        only_said_by: said_by,
                    }),
                }
            }
            changed += self
                .store
                .commit(batch)
                .await?
                .retired
                .iter()
                .flatten()
                .filter(|retired| matches!(retired, Retired::Retired { .. }))
                .count() as u64;
        }
        recall.changed = Some(changed);
        Ok(recall)
    }

    /// Brings back what was hidden by a recall, where nothing newer was said since.
    ///
    /// # Errors
    /// As [`Pipeline::recall`].
    pub async fn reinstate(
        &self,
        tenant: &Tenant,
        of: &RecallOf,
        by: &By,
    ) -> Result<Recall, Undecided> {
        let mut recall = self.find_recall(tenant, of).await?;
        let mut changed = 0;
        let hidden: Vec<&RecalledResource> =
            recall.all().filter(|resource| resource.recalled).collect();
        for (number, part) in hidden.chunks(500).enumerate() {
            let mut batch = Batch::new(tenant.clone(), String::new());
            if number == 0 {
                batch.deeds = deeds(by, "reinstated", &recall.submissions);
            }
            for resource in part {
                if let Some(write) = self.reinstated(tenant, resource).await? {
                    batch.writes.push(write);
                }
            }
            changed += self
                .store
                .commit(batch)
                .await?
                .writes
                .iter()
                .filter(|wrote| matches!(wrote, store::Outcome::Updated { .. }))
                .count() as u64;
        }
        recall.changed = Some(changed);
        Ok(recall)
    }

    /// The version before the recall, where the present one is the recall's.
    async fn reinstated(
        &self,
        tenant: &Tenant,
        resource: &RecalledResource,
    ) -> Result<Option<Write>, Undecided> {
        let sight = access::Access::pipeline(tenant);
        let touched = &resource.touched.0;
        let is_recalled = self
            .store
            .read(&sight, &resource.resource_type, &resource.id)
            .await?
            .and_then(|stored| json::parse(&stored.body).ok())
            .is_some_and(|body| tags::has(&body, tags::RECALLED));
        let before = touched.versions.get(1).filter(|_| is_recalled);
        match before {
            Some(before) => Ok(Some(
                self.restored(tenant, &resource.source, touched, before.version)
                    .await?,
            )),
            None => Ok(None),
        }
    }
}

fn deeds(by: &By, what: &str, submissions: &[String]) -> Vec<store::Deed> {
    submissions
        .iter()
        .map(|submission| by.deed(what, Some(submission)))
        .collect()
}

/// Finds the resources that a row of a code table went into.
struct Finding {
    table: String,
    label: String,
    found: BTreeSet<(String, String)>,
}

impl Sink for Finding {
    fn begin(&mut self, _beginning: &mapping::Beginning) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }

    fn resource(&mut self, made: Made, (): ()) -> Verdict {
        let is_of_row = made
            .trace
            .iter()
            .flat_map(|trace| &trace.elements)
            .any(|element| {
                element.origins.iter().any(|origin| {
                    matches!(origin, Origin::CodeRow { table, label, .. }
                    if *table == self.table && *normalise_label(label) == *self.label)
                })
            });
        if is_of_row {
            self.found.insert((made.resource_type.to_string(), made.id));
        }
        Verdict::Accepted
    }

    fn quarantined(&mut self, _held: HeldBack) {}

    fn retired(&mut self, _gone: Gone) {}

    fn issue(&mut self, _issue: diagnostics::Issue) {}
}
