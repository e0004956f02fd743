//! What a run gives: resources, refusals, counts.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue};
use json::Value;
use serde::Serialize;

use crate::loss::Loss;
use crate::trace::{PassedOver, Trace};

/// What a run needs to know beside the input.
#[derive(Clone)]
pub struct RunContext {
    /// The organisation whose data it is, by its ODS code.
    pub tenant: String,
    /// The name of the source at that organisation; usually the mapping's name.
    pub source: String,
    /// What ids are made in.
    pub ids: identity::IdSpace,
    /// As of when the sender says that the file is: an FHIR date or dateTime.
    pub as_of: Option<String>,
}

/// As of when a file is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct AsOfDate {
    /// As the file or the sender gives it: an FHIR date or dateTime.
    pub text: String,
    /// The first instant that it may mean; a day begins at midnight in the source's zone.
    #[serde(serialize_with = "timestamp")]
    pub instant: jiff::Timestamp,
}

fn timestamp<S: serde::Serializer>(
    instant: &jiff::Timestamp,
    serializer: S,
) -> Result<S::Ok, S::Error> {
    serializer.collect_str(instant)
}

/// Known before the first resource is made.
#[derive(Debug, Clone)]
pub struct Beginning {
    /// As of when the file is.
    pub as_of: AsOfDate,
    /// Whether the file is the whole truth of its scope.
    pub snapshot: bool,
    /// The codes by which the file says whose it is, by kind (`ods`, `council`, `cqc-provider`,
    /// `cqc-location`, `home`), as it writes them. A kind that the mapping asks for and that the file
    /// leaves blank has none.
    pub senders: BTreeMap<Arc<str>, BTreeSet<String>>,
}

/// What a sink says to a resource.
#[derive(Debug)]
pub enum Verdict {
    /// It is taken.
    Accepted,
    /// It is not, for these reasons: the engine quarantines its record and holds back what refers
    /// to it.
    Refused(Vec<Issue>),
}

/// How a run is carried out. None of it changes what is made.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct RunOptions {
    /// How many threads map and judge; 0 takes as many as the machine has. One thread works without
    /// any hand-over. The output is the same, in the same order, with any number.
    pub threads: usize,
    /// Whether each outcome says of what it was made.
    pub trace: bool,
    /// About how many bytes of what must be remembered of a file are kept in memory; the rest is in a
    /// temporary file. Nothing means [`RunOptions::MEMORY`].
    pub memory: Option<usize>,
}

impl RunOptions {
    /// How many bytes of what must be remembered of a file are kept in memory, where nothing else is
    /// said.
    pub const MEMORY: usize = 24 << 20;

    /// One thread, no trace.
    pub fn one_thread() -> Self {
        Self {
            threads: 1,
            ..Self::default()
        }
    }
}

/// Judges resources where they are made: on any thread, in any order, so that it may know nothing
/// but the resource. What hangs on the order of resources is the [`Sink`]'s.
pub trait Judge: Sync {
    /// What it hands to the sink with a resource that it takes: the resource's bytes, its issues.
    type Judged: Send;

    /// Takes a resource, or says why not. It may take the resource's tree out where the sink wants
    /// only what it hands on.
    ///
    /// # Errors
    /// The reasons for which the resource is refused: it is quarantined with them, and what refers
    /// to it is held back.
    fn judge(&self, made: &mut Made) -> Result<Self::Judged, Vec<Issue>>;
}

/// Takes every resource.
#[derive(Debug, Clone, Copy, Default)]
pub struct TakeAll;

impl Judge for TakeAll {
    type Judged = ();

    fn judge(&self, _made: &mut Made) -> Result<(), Vec<Issue>> {
        Ok(())
    }
}

/// Where a run puts what it makes, in the order of the records.
pub trait Sink<J = ()> {
    /// Called once, before anything else. `Break` ends the run: nothing of this file is wanted.
    fn begin(&mut self, _beginning: &Beginning) -> ControlFlow<()> {
        ControlFlow::Continue(())
    }
    /// A resource, with what its judge handed on.
    fn resource(&mut self, made: Made, judged: J) -> Verdict;
    /// A resource that could not be made, or was refused.
    fn quarantined(&mut self, quarantined: Quarantined);
    /// Something that the source says is gone: what an earlier file made of it must no longer be
    /// reported. There is no default, so that no sink drops it without a word.
    fn retired(&mut self, retired: Retired);
    /// An issue that belongs to no single resource.
    fn issue(&mut self, issue: Issue);
    /// In a traced run: a record of which a rule made nothing, and nothing is wrong with that.
    fn passed_over(&mut self, _passed: PassedOver) {}
    /// Called now and then with the number of records that were read, over all passes.
    fn progress(&mut self, _records: u64) {}
}

/// What a deleted record would have made: it is gone, and nothing was made.
#[derive(Debug, Clone)]
pub struct Retired {
    /// The type of the resource.
    pub resource_type: Arc<str>,
    /// Its id.
    pub id: String,
    /// The rule that would have made it.
    pub rule: Arc<str>,
    /// The id of the Patient it was about; its own for a Patient.
    pub person: Option<Arc<str>>,
    /// The record that says so.
    pub place: InputPlace,
    /// That it is gone, in words.
    pub issue: Issue,
}

/// A resource that was made.
#[derive(Debug, Clone)]
pub struct Made {
    /// The resource.
    pub resource: Value,
    /// Its type.
    pub resource_type: Arc<str>,
    /// Its id.
    pub id: String,
    /// The rule that made it.
    pub rule: Arc<str>,
    /// The id of the Patient it is about; its own for a Patient.
    pub person: Option<Arc<str>>,
    /// Whether the person is known only by a weak identity.
    pub weak_identity: bool,
    /// The record that it comes from.
    pub place: InputPlace,
    /// What somebody should look at.
    pub issues: Vec<Issue>,
    /// What it refers to: type and id.
    pub references: Vec<(Arc<str>, String)>,
    /// Of what it was made; only in a traced run.
    pub trace: Option<Box<Trace>>,
}

/// A resource that was not made, or a record that could not be used.
#[derive(Debug, Clone)]
pub struct Quarantined {
    /// The rule, or nothing when the record as a whole is refused.
    pub rule: Option<Arc<str>>,
    /// The type that would have been made.
    pub resource_type: Option<Arc<str>>,
    /// The id that it would have had.
    pub id: Option<String>,
    /// The id of the Patient it is about.
    pub person: Option<Arc<str>>,
    /// The NHS number that the record holds, when it is a valid one.
    pub nhs_number: Option<String>,
    /// The security labels it would have had, as `system|code`.
    pub labels: Vec<String>,
    /// The record.
    pub place: InputPlace,
    /// Why.
    pub issues: Vec<Issue>,
    /// Whether it was made, and its judge refused it.
    pub judged: bool,
    /// The record as it was read, as compact JSON, denied cells left out.
    pub raw: String,
    /// How far it came; only in a traced run, and only of a rule.
    pub trace: Option<Box<Trace>>,
}

/// What a run did.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RunReport {
    /// The mapping's name.
    pub mapping: String,
    /// Its version.
    pub version: String,
    /// The hash of its files.
    pub hash: String,
    /// Whether the file is the whole truth of its scope.
    pub snapshot: bool,
    /// As of when the file is.
    pub as_of: AsOfDate,
    /// Whether the sink wanted nothing of this file.
    pub stopped: bool,
    /// How many.
    pub counts: Counts,
    /// Types of which nothing may be taken for gone because the file does not hold them: a table or
    /// a column that feeds a rule of theirs is missing from the file altogether. Patients are told
    /// by their records, so a missing column says nothing about them.
    pub doubtful_types: BTreeSet<String>,
    /// What was not used.
    pub loss: Loss,
}

/// How many.
#[derive(Debug, Clone, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Counts {
    /// Records read, by table.
    pub records: BTreeMap<String, u64>,
    /// Records that could not be read at all, by table.
    pub unreadable: BTreeMap<String, u64>,
    /// Resources accepted, by type.
    pub resources: BTreeMap<String, u64>,
    /// Gone because the source says so, by type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub retired: BTreeMap<String, u64>,
    /// Quarantined, by the type that would have been made; records under `record`.
    pub quarantined: BTreeMap<String, u64>,
}
