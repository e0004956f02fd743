//! The end of the road: each resource is checked and written, batch by batch.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{Issue, IssueType, has_errors};
use jiff::Timestamp;
use mapping::{Beginning, Judge, Made, Quarantined, Retired, Sink, Verdict};
use search::Indexer;
use store::{
    Batch, Outcome, PersonKeys, SettleQuarantine, Sight, Store, Submission, SubmissionState,
    Tenant, Write,
};
use tokio::runtime::Handle;
use validation::Validator;

use crate::identity_guard::{IdentityGuard, keys_of};
use crate::report::Counts;
use crate::vanished::Met;
use crate::{Tally, codes, placed, words};

/// How many writes one commit carries. Index rows dominate the cost of a commit, and beyond about a
/// thousand resources a larger one gains nothing.
const BATCH: usize = 1000;

/// What a run leaves behind for the report.
pub(crate) struct Storing {
    store: Arc<dyn Store>,
    runtime: Handle,
    guard: IdentityGuard,
    sight: Sight,
    submission: Submission,
    batch: Batch,
    /// The people of the batch that is not committed yet, by NHS number.
    pending: HashMap<String, (String, PersonKeys)>,
    /// The people who did not stand before this file: 16 bytes each.
    fresh: Met,
    /// Those of them whose NHS number another person of this file claims too.
    contested: BTreeSet<String>,
    as_of: Timestamp,
    pub(crate) as_of_text: Option<String>,
    pub(crate) snapshot: bool,
    /// Whether nothing of the file is wanted, for its as-of date is older than what is stored or impossible.
    pub(crate) superseded: bool,
    pub(crate) met: Met,
    /// What the file says is gone: types and ids.
    pub(crate) gone: BTreeSet<(String, String)>,
    pub(crate) counts: Counts,
    pub(crate) tally: Tally,
    pub(crate) failed: Option<store::Error>,
}

impl Storing {
    pub(crate) fn new(store: Arc<dyn Store>, runtime: Handle, submission: Submission) -> Self {
        let tenant = submission.tenant.clone();
        let sight = access::Access::pipeline(&tenant);
        Self {
            guard: IdentityGuard::new(
                store.clone(),
                sight.clone(),
                tenant.clone(),
                submission.source.clone(),
            ),
            batch: Batch::new(tenant, submission.id.clone()),
            store,
            runtime,
            sight,
            as_of: submission.as_of,
            submission,
            pending: HashMap::new(),
            fresh: Met::default(),
            contested: BTreeSet::new(),
            as_of_text: None,
            snapshot: false,
            superseded: false,
            met: Met::default(),
            gone: BTreeSet::new(),
            counts: Counts::default(),
            tally: Tally::default(),
            failed: None,
        }
    }

    pub(crate) fn as_of(&self) -> Timestamp {
        self.as_of
    }

    pub(crate) fn sight(&self) -> &Sight {
        &self.sight
    }

    pub(crate) fn tenant(&self) -> &Tenant {
        &self.submission.tenant
    }

    /// The submission's row as it stands now.
    pub(crate) fn submission_row(&mut self) -> &mut Submission {
        &mut self.submission
    }

    pub(crate) fn wait<T>(&self, answer: store::Answer<'_, T>) -> Result<T, store::Error> {
        self.runtime.block_on(answer)
    }

    /// The newest as-of that was stored of this source, by another submission.
    fn newest(&self) -> Result<Option<Timestamp>, store::Error> {
        let earlier = self.wait(self.store.submissions(
            &self.sight,
            &self.submission.tenant,
            Some(&self.submission.source),
        ))?;
        Ok(earlier
            .into_iter()
            .filter(|other| other.id != self.submission.id)
            .filter(|other| {
                matches!(
                    other.state,
                    SubmissionState::Reported | SubmissionState::AwaitingConfirmation
                )
            })
            .map(|other| other.as_of)
            .max())
    }

    /// Writes what has gathered. After a failure nothing more is written.
    pub(crate) fn flush(&mut self) {
        if self.failed.is_some() {
            return;
        }
        let next = Batch::new(self.submission.tenant.clone(), self.submission.id.clone());
        let batch = std::mem::replace(&mut self.batch, next);
        self.pending.clear();
        match self.runtime.block_on(self.store.commit(batch)) {
            Ok(committed) => {
                let mut older = 0;
                for outcome in &committed.writes {
                    match outcome {
                        Outcome::Created { .. } => self.counts.created += 1,
                        Outcome::Updated { .. } => self.counts.updated += 1,
                        Outcome::Unchanged { .. } => self.counts.unchanged += 1,
                        Outcome::Older { .. } | Outcome::Conflict { .. } => older += 1,
                    }
                }
                self.counts.older += older;
            }
            Err(error) => self.failed = Some(error),
        }
    }

    fn identity_issues(&mut self, id: &str, made: &Made) -> Result<Vec<Issue>, store::Error> {
        let finding = self
            .runtime
            .block_on(self.guard.check(id, &made.resource))?;
        for person in &finding.disputed {
            self.met
                .held_back(Some("Patient"), Some(person), Some(person));
        }
        let mut issues = finding.issues;
        let mut rivals = finding.rivals;
        let keys = keys_of(&made.resource);
        if let Some(number) = keys.nhs_number.clone()
            && let Some((other, theirs)) = self.pending.get(&number)
            && other != id
        {
            let issue = crate::identity_guard::same_number(theirs, &keys);
            if issue.is_error() {
                rivals.push(other.clone());
            }
            issues.push(issue);
        }
        // Who stood before keeps the number until a person decides. Of two who come with one file
        // neither does: the order of rows must not say whose it is.
        for rival in rivals {
            if self.fresh.knows("Patient", &rival) {
                self.contested.insert(rival);
            }
        }
        if !finding.standing && !has_errors(&issues) {
            self.fresh.met("Patient", id);
        }
        Ok(issues)
    }

    /// The people of this file who must not stand, because another one claims their NHS number.
    pub(crate) fn contested(&self) -> &BTreeSet<String> {
        &self.contested
    }
}

/// Whether a file claims to be true as of a later moment than it came. Every later file would be taken
/// for an older one until that moment, so a year that cannot be meant is not let in; a period that
/// ends in some weeks may be, and is pointed out.
fn ahead(as_of: Timestamp, received: Timestamp) -> Option<Issue> {
    const DAY: i64 = 24 * 60 * 60;
    let seconds = as_of.as_second().saturating_sub(received.as_second());
    let issue = if seconds > 366 * DAY {
        Issue::error(
            codes::FUTURE,
            IssueType::BusinessRule,
            "the file says that it is true as of a day more than a year ahead, so nothing of it was used",
        )
    } else if seconds > DAY {
        Issue::warning(
            codes::FUTURE,
            IssueType::BusinessRule,
            "the file says that it is true as of a day that has not come yet; until then every newer file will be taken for an older one",
        )
    } else {
        return None;
    };
    Some(issue.help(
        "look for a mistyped year in the date that the mapping reads, in any record of the file",
    ))
}

/// Validates a resource and works out what the store needs beside it.
pub(crate) struct Preparing<'a> {
    pub(crate) validator: &'a Validator,
    pub(crate) indexer: &'a Indexer,
}

/// A resource that is valid, ready to be written but for the checks that need the store.
pub(crate) struct Prepared {
    found: Vec<Issue>,
    labels: Vec<store::Label>,
    index: Vec<store::IndexRow>,
}

impl Judge for Preparing<'_> {
    type Judged = Prepared;

    fn judge(&self, made: &mut Made) -> Result<Prepared, Vec<Issue>> {
        let found = placed(self.validator.validate(&made.resource, &[]), made);
        if has_errors(&found) {
            return Err(found);
        }
        Ok(Prepared {
            found,
            labels: access::labels_of(&made.resource),
            index: search::index(self.indexer, &made.resource),
        })
    }
}

impl Sink<Prepared> for Storing {
    fn begin(&mut self, beginning: &Beginning) -> ControlFlow<()> {
        self.as_of = beginning.as_of.instant;
        self.as_of_text = Some(beginning.as_of.text.clone());
        self.snapshot = beginning.snapshot;
        self.submission.as_of = self.as_of;
        if let Some(issue) = ahead(self.as_of, self.submission.received) {
            self.superseded = issue.is_error();
            self.tally.add(&issue);
            if self.superseded {
                return ControlFlow::Break(());
            }
        }
        match self.newest() {
            Ok(Some(newest)) if self.snapshot && newest > self.as_of => {
                self.superseded = true;
                self.tally.add(
                    &Issue::warning(
                        codes::OLDER_FILE,
                        IssueType::BusinessRule,
                        "a newer file of this source is stored already, so nothing of this one was used",
                    )
                    .help("send the newest export; an older one is never stored over it"),
                );
                ControlFlow::Break(())
            }
            Ok(_) => {
                self.submission.state = SubmissionState::Reading;
                self.batch.submission = Some(self.submission.clone());
                // What earlier files had held back is settled by this one: it says anew what it is.
                self.batch.settle.push(SettleQuarantine {
                    source: self.submission.source.clone(),
                    up_to: self.as_of,
                    only: None,
                });
                self.flush();
                if self.failed.is_some() {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            }
            Err(error) => {
                self.failed = Some(error);
                ControlFlow::Break(())
            }
        }
    }

    fn resource(&mut self, made: Made, prepared: Prepared) -> Verdict {
        if self.failed.is_some() {
            return Verdict::Accepted;
        }
        let rtype = made.resource_type.to_string();
        let mut person = None;
        let mut identity = Vec::new();
        if rtype == "Patient" {
            match self.identity_issues(&made.id, &made) {
                Ok(issues) if has_errors(&issues) => {
                    return Verdict::Refused(placed(issues, &made));
                }
                Ok(issues) => identity = issues,
                Err(error) => {
                    self.failed = Some(error);
                    return Verdict::Accepted;
                }
            }
            let keys = keys_of(&made.resource);
            if let Some(number) = &keys.nhs_number {
                self.pending
                    .insert(number.clone(), (made.id.clone(), keys.clone()));
            }
            person = Some(keys);
        }
        for issue in placed(identity, &made)
            .iter()
            .chain(&made.issues)
            .chain(&prepared.found)
        {
            self.tally.add(issue);
        }
        self.met.met(&rtype, &made.id);
        self.counts.resources += 1;
        *self.counts.by_type.entry(rtype).or_default() += 1;
        let mut write = Write::new(made.resource, self.submission.source.clone(), self.as_of);
        write.labels = prepared.labels;
        write.index = prepared.index;
        write.patient = made.person.as_deref().map(str::to_owned);
        write.person = person;
        self.batch.writes.push(write);
        if self.batch.writes.len() + self.batch.quarantine.len() >= BATCH {
            self.flush();
        }
        Verdict::Accepted
    }

    fn quarantined(&mut self, held: Quarantined) {
        self.counts.quarantined += 1;
        self.met.held_back(
            held.resource_type.as_deref(),
            held.id.as_deref(),
            held.person.as_deref(),
        );
        for issue in &held.issues {
            self.tally.add(issue);
        }
        let issues: Vec<_> = held.issues.iter().map(words::issue_with_value).collect();
        self.batch.quarantine.push(store::Quarantined {
            place: held.place.to_string(),
            rule: held.rule.as_deref().map(str::to_owned),
            rtype: held.resource_type.as_deref().map(str::to_owned),
            id: held.id.clone(),
            patient: held.person.as_deref().map(str::to_owned),
            nhs_number: held.nhs_number.clone(),
            labels: held
                .labels
                .iter()
                .map(|label| {
                    let (system, code) = label.split_once('|').unwrap_or(("", label));
                    store::Label::new(system, code)
                })
                .collect(),
            issues: serde_json::Value::from(issues).to_string(),
            raw: held.raw,
        });
        if self.batch.writes.len() + self.batch.quarantine.len() >= BATCH {
            self.flush();
        }
    }

    fn retired(&mut self, retired: Retired) {
        self.tally.add(&retired.issue);
        self.gone
            .insert((retired.resource_type.to_string(), retired.id));
    }

    fn issue(&mut self, issue: Issue) {
        self.tally.add(&issue);
    }
}
