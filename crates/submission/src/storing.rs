//! The end of the road: each resource is checked and written, batch by batch.

use std::any::Any;
use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{Issue, IssueType, has_errors};
use jiff::Timestamp;
use mapping::{Beginning, Judge, Made, Quarantined, Retired, Sink, Verdict};
use search::Indexer;
use spill::Budget;
use store::{
    Batch, Committed, Counted, DecideQuarantine, Outcome, PersonKeys, QuarantineQuery, Sight,
    Store, Submission, SubmissionQuery, SubmissionState, Tenant, Write,
};
use tokio::runtime::Handle;
use validation::Validator;

use crate::hold::Hold;
use crate::identity_guard::{Finding, IdentityGuard, keys_of, other_number, same_person};
use crate::journal::{Decision, Entry, Past, Said};
use crate::report::Counts;
use crate::sender::Senders;
use crate::vanished::Met;
use crate::wanted::Wanted;
use crate::{Tally, codes, kill_point, placed, words};

/// How many writes one commit carries where nobody says otherwise. Index rows dominate the cost of a
/// commit, and beyond about a thousand resources a larger one gains nothing.
pub(crate) const BATCH: usize = 1000;

/// How many bytes one commit carries, roughly: a thousand resources of a megabyte each are not held
/// at once.
const BATCH_BYTES: usize = 8 * 1024 * 1024;

/// How many bytes of what was met in a file are kept in memory; beyond, it goes to a temporary file.
const MEMORY: usize = 8 * 1024 * 1024;

/// Why a run is left in its midst: nothing more of it is wanted.
#[derive(Debug)]
pub(crate) enum Left {
    /// The store failed.
    Failed(store::Error),
    /// The worker is to stop; what is committed stays.
    Stopped,
    /// The temporary folder is full or failed.
    NoRoom,
}

/// What becomes of a file's items besides being stored.
pub(crate) struct Terms {
    /// The claim under which it runs.
    pub(crate) hold: Option<Hold>,
    /// What earlier claims have done.
    pub(crate) past: Past,
    /// What is stored of it; everything when `None`.
    pub(crate) wanted: Option<Wanted>,
    /// Whether nothing is changed, and only counted what would be.
    pub(crate) rehearse: bool,
    /// What is known of those who send for the organisation.
    pub(crate) senders: Senders,
    /// What else decides what becomes of the file.
    pub(crate) engine: String,
    /// How many writes one commit carries.
    pub(crate) batch: usize,
}

/// A person of the batch: id, NHS number and Patient.
type Namesake = (String, String, json::Value);

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
    /// The same by surname and birth date: id, NHS number and Patient.
    namesakes: HashMap<(String, String), Vec<Namesake>>,
    /// The people who did not stand before this file: 16 bytes each.
    fresh: Met,
    /// Those of them whose NHS number another person of this file claims too.
    contested: BTreeSet<String>,
    as_of: Timestamp,
    terms: Terms,
    /// For what is remembered of every record.
    budget: Budget,
    /// About how many bytes the batch holds.
    weight: usize,
    /// How many items have come.
    items: u64,
    /// What was decided of the Patients of the batch.
    decided: Vec<Decision>,
    counted: Counted,
    pub(crate) as_of_text: Option<String>,
    pub(crate) snapshot: bool,
    /// Whether nothing of the file is wanted: it is older than what is stored, of an impossible date,
    /// or somebody else's.
    pub(crate) refused: bool,
    pub(crate) met: Met,
    /// What the file says is gone: types and ids.
    pub(crate) gone: BTreeSet<(String, String)>,
    /// In a rehearsal: the people of whom something would change.
    pub(crate) affected: BTreeMap<String, u64>,
    /// In a rehearsal: resources of which nothing would change but the mapping that they name.
    pub(crate) restamped: u64,
    pub(crate) counts: Counts,
    pub(crate) tally: Tally,
}

impl Storing {
    pub(crate) fn new(
        store: Arc<dyn Store>,
        runtime: Handle,
        submission: Submission,
        terms: Terms,
    ) -> Self {
        let tenant = submission.tenant.clone();
        let sight = access::Access::pipeline(&tenant);
        let budget = Budget::new(MEMORY);
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
            namesakes: HashMap::new(),
            fresh: Met::new(&budget),
            contested: BTreeSet::new(),
            items: 0,
            decided: Vec::new(),
            counted: terms.past.counted,
            terms,
            as_of_text: None,
            snapshot: false,
            refused: false,
            met: Met::new(&budget),
            budget,
            weight: 0,
            gone: BTreeSet::new(),
            affected: BTreeMap::new(),
            restamped: 0,
            counts: Counts::default(),
            tally: Tally::default(),
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

    pub(crate) fn store(&self) -> &Arc<dyn Store> {
        &self.store
    }

    pub(crate) fn terms(&self) -> &Terms {
        &self.terms
    }

    /// The submission's row as it stands now.
    pub(crate) fn submission(&self) -> &Submission {
        &self.submission
    }

    pub(crate) fn wait<T>(&self, answer: store::Answer<'_, T>) -> Result<T, store::Error> {
        self.runtime.block_on(answer)
    }

    /// The people of this file who must not stand, because another one claims their NHS number.
    pub(crate) fn contested(&self) -> &BTreeSet<String> {
        &self.contested
    }

    /// A batch of this run, under its claim.
    pub(crate) fn new_batch(&self) -> Batch {
        let mut batch = Batch::new(self.submission.tenant.clone(), self.submission.id.clone());
        batch.rehearse = self.terms.rehearse;
        if let Some(hold) = &self.terms.hold {
            batch.fence = Some(hold.fence());
        }
        batch
    }

    /// The newest as-of that was stored of this source, by another submission.
    fn newest(&self) -> Result<Option<Timestamp>, store::Error> {
        let standing = SubmissionQuery {
            source: Some(self.submission.source.clone()),
            states: vec![
                SubmissionState::Reported,
                SubmissionState::AwaitingConfirmation,
            ],
            ..SubmissionQuery::default()
        };
        let earlier = self.wait(self.store.find_submissions(
            &self.sight,
            &self.submission.tenant,
            &standing,
        ))?;
        Ok(earlier
            .into_iter()
            .filter(|other| other.id != self.submission.id)
            .map(|other| other.as_of)
            .max())
    }

    /// Writes what has gathered.
    pub(crate) fn flush(&mut self) -> Result<(), store::Error> {
        if self.batch.writes.is_empty()
            && self.batch.quarantine.is_empty()
            && self.decided.is_empty()
        {
            return Ok(());
        }
        let mut next = self.new_batch();
        std::mem::swap(&mut self.batch, &mut next);
        let mut batch = next;
        batch.rehearse = self.terms.rehearse;
        let people = std::mem::take(&mut self.decided);
        if let Some(hold) = &self.terms.hold {
            batch.fence = Some(hold.fence());
            batch.progress = Some(self.progressed());
            batch.journal = Some(
                Entry::Data {
                    items: self.items,
                    people,
                }
                .bytes(),
            );
        }
        if self.terms.rehearse {
            // Nothing of an earlier batch is stored, so what it would have stored is remembered.
            batch.submission = Some(self.submission.clone());
        } else {
            self.pending.clear();
            self.namesakes.clear();
        }
        let tried = if self.terms.rehearse {
            batch.writes.clone()
        } else {
            Vec::new()
        };
        kill_point::at(kill_point::DATA_BEFORE);
        let committed = self.wait(self.store.commit(batch))?;
        kill_point::at(kill_point::DATA_AFTER);
        self.count(&committed);
        for (write, outcome) in tried.iter().zip(&committed.writes) {
            self.note_change(write, outcome)?;
        }
        Ok(())
    }

    /// In a rehearsal: of whom something would change. That another version of a mapping says so is
    /// no change of a record.
    fn note_change(&mut self, write: &Write, outcome: &Outcome) -> Result<(), store::Error> {
        if let Outcome::Updated { .. } = outcome {
            let stored = self.wait(self.store.read(
                &self.sight,
                write.resource.text("resourceType").unwrap_or_default(),
                write.resource.text("id").unwrap_or_default(),
            ))?;
            let same = stored.is_some_and(|stored| {
                stored.status == write.status
                    && json::parse(&stored.body)
                        .is_ok_and(|stored| same_but_meta(&stored, &write.resource))
            });
            if same {
                self.restamped += 1;
                return Ok(());
            }
        } else if !matches!(outcome, Outcome::Created { .. }) {
            return Ok(());
        }
        if let Some(patient) = &write.patient {
            *self.affected.entry(patient.clone()).or_default() += 1;
        }
        Ok(())
    }

    /// Whether what had to be remembered could be: otherwise nothing that hangs on it is known.
    pub(crate) fn remembers(&self) -> bool {
        !self.budget.has_failed()
    }

    /// Writes what has gathered once it is enough, or leaves the run.
    fn flush_when_full(&mut self) {
        if self.batch.writes.len() + self.batch.quarantine.len() < self.terms.batch
            && self.weight < BATCH_BYTES
        {
            return;
        }
        if !self.remembers() {
            leave(Left::NoRoom);
        }
        self.weight = 0;
        if let Err(error) = self.flush() {
            leave(Left::Failed(error));
        }
        if self.terms.hold.as_ref().is_some_and(Hold::must_stop) {
            leave(Left::Stopped);
        }
    }

    fn count(&mut self, committed: &Committed) {
        for outcome in &committed.writes {
            match outcome {
                Outcome::Created { .. } => self.counted.created += 1,
                Outcome::Updated { .. } => self.counted.updated += 1,
                Outcome::Unchanged { .. } => self.counted.unchanged += 1,
                Outcome::Older { .. } => self.counted.older += 1,
                Outcome::Conflict { .. } => self.counted.conflict += 1,
            }
        }
    }

    /// The counts of the report, once everything has come.
    pub(crate) fn take_counts(&mut self) {
        self.counts.created = self.counted.created;
        self.counts.updated = self.counted.updated;
        self.counts.unchanged = self.counted.unchanged;
        self.counts.older = self.counted.older + self.counted.conflict;
    }

    fn progressed(&self) -> String {
        serde_json::json!({ "resources": self.counts.resources, "quarantined": self.counts.quarantined })
            .to_string()
    }

    /// Whether an item is behind what an earlier claim has committed.
    fn is_committed(&mut self) -> bool {
        self.items += 1;
        self.items <= self.terms.past.items
    }

    fn look_at(
        &mut self,
        id: &str,
        made: &Made,
        keys: &PersonKeys,
    ) -> Result<Decision, store::Error> {
        let finding: Finding = self
            .runtime
            .block_on(self.guard.check(id, &made.resource))?;
        let mut issues = finding.issues;
        let mut rivals = finding.rivals;
        let mut disputed = finding.disputed;
        if let Some(number) = &keys.nhs_number
            && let Some((other, theirs)) = self.pending.get(number)
            && other != id
        {
            let issue = crate::identity_guard::same_number(theirs, keys);
            if issue.is_error() {
                rivals.push(other.clone());
            }
            issues.push(issue);
        }
        // Where a batch ends must not decide who is noticed.
        if !finding.known
            && let Some(named) = name_of(keys)
        {
            for (other, number, patient) in self.namesakes.get(&named).into_iter().flatten() {
                if other != id
                    && keys.nhs_number.as_ref() != Some(number)
                    && same_person(patient, &made.resource)
                {
                    issues.push(other_number());
                    disputed.push(other.clone());
                }
            }
        }
        Ok(Decision {
            standing: finding.standing,
            said: issues.iter().map(Said::of).collect(),
            disputed,
            rivals,
        })
    }

    /// What follows from a decision, whether it was made now or by an earlier claim.
    fn follow(&mut self, id: &str, decision: Decision) -> Vec<Issue> {
        for person in &decision.disputed {
            self.met
                .held_back(Some("Patient"), Some(person), Some(person));
        }
        // Who stood before keeps the number until a person decides. Of two who come with one file
        // neither does: the order of rows must not say whose it is.
        for rival in decision.rivals {
            if self.fresh.knows("Patient", &rival) {
                self.contested.insert(rival);
            }
        }
        let issues: Vec<Issue> = decision.said.into_iter().map(Said::issue).collect();
        if !decision.standing && !has_errors(&issues) {
            self.fresh.met("Patient", id);
        }
        issues
    }

    fn begin_file(&mut self, beginning: &Beginning) -> Result<ControlFlow<()>, store::Error> {
        self.as_of = beginning.as_of.instant;
        self.as_of_text = Some(beginning.as_of.text.clone());
        self.snapshot = beginning.snapshot;
        self.submission.as_of = self.as_of;
        let mut against: Vec<Issue> = ahead(self.as_of, self.submission.received)
            .into_iter()
            .collect();
        against.extend(self.terms.senders.check(&beginning.senders));
        for issue in &against {
            self.tally.add(issue);
        }
        // What was let in is gone on with, whatever was registered meanwhile.
        if self.terms.past.begun {
            return Ok(ControlFlow::Continue(()));
        }
        self.refused = has_errors(&against);
        if self.refused {
            return Ok(ControlFlow::Break(()));
        }
        if self.snapshot && self.newest()?.is_some_and(|newest| newest > self.as_of) {
            self.refused = true;
            self.tally.add(
                &Issue::warning(
                    codes::OLDER_FILE,
                    IssueType::BusinessRule,
                    "a newer file of this source is stored already, so nothing of this one was used",
                )
                .help("send the newest export; an older one is never stored over it"),
            );
            return Ok(ControlFlow::Break(()));
        }
        self.submission.state = SubmissionState::Reading;
        let mut batch = self.new_batch();
        batch.submission = Some(self.submission.clone());
        if self.terms.past.stale {
            let own = QuarantineQuery {
                submission: Some(self.submission.id.clone()),
                open: true,
                ..QuarantineQuery::default()
            };
            let own = self.wait(self.store.quarantine(
                &self.sight,
                &self.submission.tenant,
                &own,
            ))?;
            if !own.is_empty() {
                batch.decide.push(DecideQuarantine {
                    numbers: own.iter().map(|row| row.number).collect(),
                    decided: "superseded".to_owned(),
                });
            }
        }
        if self.terms.hold.is_some() {
            batch.progress = Some(self.progressed());
            batch.journal = Some(
                Entry::Begun {
                    engine: self.terms.engine.clone(),
                    mapping: self.submission.mapping.hash.clone(),
                }
                .bytes(),
            );
        }
        kill_point::at(kill_point::BEGIN_BEFORE);
        self.wait(self.store.commit(batch))?;
        kill_point::at(kill_point::BEGIN_AFTER);
        Ok(ControlFlow::Continue(()))
    }
}

/// Whether two resources say the same, whatever their `meta` says of how they came about.
fn same_but_meta(one: &json::Value, other: &json::Value) -> bool {
    fn members(value: &json::Value) -> Vec<(&str, &json::Value)> {
        value
            .as_object()
            .map(|object| object.iter().filter(|(name, _)| *name != "meta").collect())
            .unwrap_or_default()
    }
    members(one) == members(other)
}

/// About how many bytes a resource is written in.
fn weight(value: &json::Value) -> usize {
    match value {
        json::Value::String(text) => text.len(),
        json::Value::Array(items) => items.iter().map(weight).sum(),
        json::Value::Object(object) => object
            .iter()
            .map(|(name, value)| name.len() + weight(value))
            .sum(),
        _ => 8,
    }
}

/// Surname and birth date, where both are known.
fn name_of(keys: &PersonKeys) -> Option<(String, String)> {
    Some((keys.family.clone()?, keys.birth_date.clone()?))
}

/// Leaves a run from within its sink, which has no other way to end it: the engine's threads are
/// joined on the way out, and whoever called the run catches it.
fn leave(why: Left) -> ! {
    std::panic::resume_unwind(Box::new(why))
}

/// Runs something that may be left from within.
///
/// # Errors
/// Why it was left. A panic of another kind goes on.
pub(crate) fn unless_left<T>(run: impl FnOnce() -> T) -> Result<T, Left> {
    // What was half done is thrown away with the run.
    std::panic::catch_unwind(std::panic::AssertUnwindSafe(run)).map_err(
        |payload: Box<dyn Any + Send>| match payload.downcast::<Left>() {
            Ok(left) => *left,
            Err(panic) => std::panic::resume_unwind(panic),
        },
    )
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
        match self.begin_file(beginning) {
            Ok(flow) => flow,
            Err(error) => leave(Left::Failed(error)),
        }
    }

    fn resource(&mut self, made: Made, prepared: Prepared) -> Verdict {
        let committed = self.is_committed();
        if let Some(wanted) = &mut self.terms.wanted
            && !wanted.made(&made)
        {
            return Verdict::Accepted;
        }
        let rtype = made.resource_type.to_string();
        let mut person = None;
        let mut identity = Vec::new();
        if rtype == "Patient" {
            let keys = keys_of(&made.resource);
            let decision = if committed {
                self.terms.past.people.pop_front().unwrap_or_default()
            } else {
                match self.look_at(&made.id, &made, &keys) {
                    Ok(decision) => {
                        if self.terms.hold.is_some() {
                            self.decided.push(decision.clone());
                        }
                        decision
                    }
                    Err(error) => leave(Left::Failed(error)),
                }
            };
            identity = self.follow(&made.id, decision);
            if has_errors(&identity) {
                return Verdict::Refused(placed(identity, &made));
            }
            if let Some(number) = &keys.nhs_number
                && !committed
            {
                self.pending
                    .insert(number.clone(), (made.id.clone(), keys.clone()));
                if let Some(named) = name_of(&keys) {
                    self.namesakes.entry(named).or_default().push((
                        made.id.clone(),
                        number.clone(),
                        made.resource.clone(),
                    ));
                }
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
        if committed {
            return Verdict::Accepted;
        }
        let mut write = Write::new(made.resource, self.submission.source.clone(), self.as_of);
        write.labels = prepared.labels;
        write.index = prepared.index;
        write.patient = made.person.as_deref().map(str::to_owned);
        write.person = person;
        self.weight += weight(&write.resource);
        self.batch.writes.push(write);
        self.flush_when_full();
        Verdict::Accepted
    }

    fn quarantined(&mut self, held: Quarantined) {
        let committed = self.is_committed();
        if let Some(wanted) = &mut self.terms.wanted
            && !wanted.held(&held)
        {
            return;
        }
        self.counts.quarantined += 1;
        self.met.held_back(
            held.resource_type.as_deref(),
            held.id.as_deref(),
            held.person.as_deref(),
        );
        for issue in &held.issues {
            self.tally.add(issue);
        }
        if committed {
            return;
        }
        self.weight += held.raw.len();
        self.batch.quarantine.push(words::to_store(held));
        self.flush_when_full();
    }

    fn retired(&mut self, retired: Retired) {
        self.tally.add(&retired.issue);
        self.gone
            .insert((retired.resource_type.to_string(), retired.id));
    }

    fn issue(&mut self, issue: Issue) {
        self.tally.add(&issue);
    }

    fn progress(&mut self, _records: u64) {
        // Between commits too: a file of which little is stored must let its worker stop.
        if self.terms.hold.as_ref().is_some_and(Hold::must_leave) {
            leave(Left::Stopped);
        }
    }
}
