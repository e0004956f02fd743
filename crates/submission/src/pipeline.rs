//! A delivery through the whole road into the store.

use std::fmt;
use std::io::Read as _;
use std::sync::Arc;

use diagnostics::{Issue, IssueType};
use identity::IdSpace;
use mapping::{RunContext, RunOptions};
use mapping_registry::Gate;
use search::Indexer;
use sha2::{Digest as _, Sha256};
use store::{Batch, MappingStamp, Retire, Retired, Store, Submission, SubmissionState};
use validation::Validator;

use crate::identity_guard::{CONTESTED, keys_of, number_shared};
use crate::report::{Report, ReportState};
use crate::storing::{Preparing, Storing};
use crate::vanished::{told_gone, vanished};
use crate::{Delivery, codes};

/// Takes deliveries in. Cheap to clone.
#[derive(Clone)]
pub struct Pipeline {
    store: Arc<dyn Store>,
    validator: Arc<Validator>,
    indexer: Arc<Indexer>,
    ids: IdSpace,
    gate: Gate,
}

/// Why a delivery could not be taken in at all. What is wrong with its content is in the report.
#[derive(Debug)]
pub enum SubmitError {
    /// The file cannot be read from where it lies.
    Unreadable(std::io::Error),
    /// The store failed; what was committed before stays, and sending the file again completes it.
    Store(store::Error),
    /// No clinician has reviewed this content of the mapping, and this is production (CS-21).
    Unreviewed(MappingStamp),
    /// The work was interrupted.
    Interrupted,
}

impl fmt::Display for SubmitError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable(error) => write!(f, "the file cannot be read: {error}"),
            Self::Store(error) => write!(
                f,
                "{error}; send the file again, what was stored of it already stays as it is"
            ),
            Self::Unreviewed(stamp) => {
                mapping_registry::RegistryError::NotReviewed(stamp.clone()).fmt(f)
            }
            Self::Interrupted => f.write_str("the work was interrupted; send the file again"),
        }
    }
}

impl std::error::Error for SubmitError {}

impl From<store::Error> for SubmitError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl Pipeline {
    /// A pipeline into a store. `ids` is the deployment's id space: it must never change. It takes
    /// only what reviewed mappings read, unless [`Pipeline::with_gate`] opens it.
    pub fn new(
        store: Arc<dyn Store>,
        validator: Arc<Validator>,
        indexer: Arc<Indexer>,
        ids: IdSpace,
    ) -> Self {
        Self {
            store,
            validator,
            indexer,
            ids,
            gate: Gate::default(),
        }
    }

    /// The same, asking for reviews of mappings or not (CS-21).
    #[must_use]
    pub fn with_gate(mut self, gate: Gate) -> Self {
        self.gate = gate;
        self
    }

    /// Reads, maps, validates and stores a file, and says what became of it.
    ///
    /// # Errors
    /// When the file cannot be read at all, the mapping may not publish here, or the store fails. A file that is not what the mapping
    /// expects is no error here: its report says `refused`.
    pub async fn submit(&self, delivery: Delivery) -> Result<Report, SubmitError> {
        let mapping = &delivery.mapping;
        if self.gate.asks_for_review() && self.store.reviews(mapping.hash()).await?.is_empty() {
            return Err(SubmitError::Unreviewed(stamp_of(mapping)));
        }
        let pipeline = self.clone();
        let runtime = tokio::runtime::Handle::current();
        tokio::task::spawn_blocking(move || pipeline.run(delivery, runtime))
            .await
            .map_err(|_| SubmitError::Interrupted)?
    }

    fn run(
        &self,
        delivery: Delivery,
        runtime: tokio::runtime::Handle,
    ) -> Result<Report, SubmitError> {
        let mut submission = Submission::new(
            delivery.tenant.clone(),
            uuid::Uuid::new_v4().to_string(),
            delivery.source.clone(),
            delivery.received,
        );
        submission.file_name = delivery.input.name().to_string();
        submission.file_hash = hash(&delivery.input).map_err(SubmitError::Unreadable)?;
        submission.mapping = stamp_of(&delivery.mapping);
        let context = RunContext {
            tenant: delivery.tenant.as_str().to_owned(),
            source: delivery.source.clone(),
            ids: self.ids.clone(),
            as_of: delivery.as_of.clone(),
        };
        let mut storing = Storing::new(self.store.clone(), runtime, submission);
        let judge = Preparing {
            validator: &self.validator,
            indexer: &self.indexer,
        };
        let run = delivery.mapping.run(
            &delivery.input,
            &context,
            RunOptions::default(),
            &judge,
            &mut storing,
        );
        storing.flush();
        if let Some(error) = storing.failed.take() {
            return Err(error.into());
        }
        let (state, loss) = match run {
            Ok(run) => {
                storing.counts.records = run.counts.records.values().sum();
                storing.met.doubt_types(run.doubtful_types.iter().cloned());
                let waits = self.settle(&mut storing)?;
                let loss = serde_json::to_value(&run.loss).unwrap_or_default();
                if storing.superseded {
                    (ReportState::Refused, loss)
                } else if waits {
                    (ReportState::AwaitingConfirmation, loss)
                } else {
                    (ReportState::Reported, loss)
                }
            }
            Err(issues) => {
                for issue in &issues {
                    storing.tally.add(issue);
                }
                (ReportState::Refused, serde_json::Value::Null)
            }
        };
        self.report(storing, state, loss)
    }

    /// What the file says is gone, and what a snapshot no longer holds, becomes "no longer reported" (CS-4).
    fn settle(&self, storing: &mut Storing) -> Result<bool, SubmitError> {
        if storing.counts.older > 0 {
            storing.tally.add(
                &Issue::warning(
                    codes::OLDER_FACTS,
                    IssueType::BusinessRule,
                    format!(
                        "{} facts are older than what is stored of them, so they changed nothing",
                        storing.counts.older
                    ),
                )
                .help("nothing needs to be done if the newer file was right"),
            );
        }
        self.set_aside_contested(storing)?;
        if storing.superseded || (!storing.snapshot && storing.gone.is_empty()) {
            return Ok(false);
        }
        let source = storing.submission_row().source.clone();
        let stored = storing.wait(self.store.current_of_source(
            storing.sight(),
            storing.tenant(),
            &source,
        ))?;
        // What the file itself says is gone is no matter of what it leaves out.
        let gone = std::mem::take(&mut storing.gone);
        for (rtype, id) in &gone {
            storing.met.met(rtype, id);
        }
        let mut outcomes = vec![told_gone(&stored, &gone)];
        if storing.snapshot {
            outcomes.push(vanished(&stored, &storing.met));
        }
        let mut waits = false;
        for outcome in outcomes {
            waits |= outcome.waits;
            for issue in &outcome.issues {
                storing.tally.add(issue);
            }
            self.no_longer_reported(storing, &source, &outcome.retire)?;
        }
        Ok(waits)
    }

    fn no_longer_reported(
        &self,
        storing: &mut Storing,
        source: &str,
        ids: &[(String, String)],
    ) -> Result<(), SubmitError> {
        let submission = storing.submission_row().id.clone();
        for ids in ids.chunks(1000) {
            let mut batch = Batch::new(storing.tenant().clone(), submission.clone());
            batch.retire.push(Retire {
                source: source.to_owned(),
                as_of: storing.as_of(),
                ids: ids.to_vec(),
                tag: Some(no_longer_reported()),
                only_said_by: None,
            });
            let committed = storing.wait(self.store.commit(batch))?;
            storing.counts.retired += committed
                .retired
                .iter()
                .flatten()
                .filter(|retired| matches!(retired, Retired::Retired { .. }))
                .count() as u64;
        }
        Ok(())
    }

    /// Takes back the people of this file whose NHS number another person of it claims: neither
    /// stands until somebody has found out whose it is.
    fn set_aside_contested(&self, storing: &mut Storing) -> Result<(), SubmitError> {
        for patient in storing.contested().clone() {
            let everything = storing.wait(self.store.everything_about(
                storing.sight(),
                storing.tenant(),
                &patient,
            ))?;
            let source = storing.submission_row().source.clone();
            let submission = storing.submission_row().id.clone();
            let person = everything.iter().find(|stored| stored.rtype == "Patient");
            let keys = person
                .and_then(|stored| json::parse(&stored.body).ok())
                .map(|patient| keys_of(&patient))
                .unwrap_or_default();
            let issue = number_shared()
                .about(format!("Patient/{patient}"))
                .help("one of the two has the wrong NHS number: check both with their GP, mend it and send the file again");
            let mut batch = Batch::new(storing.tenant().clone(), submission);
            batch.quarantine.push(store::Quarantined {
                place: storing.submission_row().file_name.clone(),
                rtype: Some("Patient".to_owned()),
                id: Some(patient.clone()),
                patient: Some(patient.clone()),
                nhs_number: keys.nhs_number,
                issues: serde_json::to_string(&[&issue]).unwrap_or_default(),
                raw: person
                    .map(|stored| String::from_utf8_lossy(&stored.body).into_owned())
                    .unwrap_or_default(),
                ..store::Quarantined::default()
            });
            batch.retire.push(Retire {
                source,
                as_of: storing.as_of(),
                ids: everything
                    .iter()
                    .map(|stored| (stored.rtype.clone(), stored.id.clone()))
                    .collect(),
                tag: Some(contested()),
                only_said_by: None,
            });
            storing.wait(self.store.commit(batch))?;
            storing.counts.quarantined += 1;
            storing.tally.add(&issue);
        }
        Ok(())
    }

    fn report(
        &self,
        mut storing: Storing,
        state: ReportState,
        loss: serde_json::Value,
    ) -> Result<Report, SubmitError> {
        let mut submission = storing.submission_row().clone();
        let report = Report {
            id: Some(submission.id.clone()),
            state,
            file: submission.file_name.clone(),
            mapping: format!("{} {}", submission.mapping.name, submission.mapping.version),
            as_of: storing.as_of_text.clone(),
            counts: storing.counts.clone(),
            issues: std::mem::take(&mut storing.tally).into_groups(),
            loss,
        };
        submission.state = match state {
            ReportState::Converted | ReportState::Reported => SubmissionState::Reported,
            ReportState::AwaitingConfirmation => SubmissionState::AwaitingConfirmation,
            ReportState::Refused => SubmissionState::Refused,
        };
        submission.counts = serde_json::to_string(&report.counts).unwrap_or_default();
        submission.report = serde_json::to_string(&report).unwrap_or_default();
        let mut batch = Batch::new(submission.tenant.clone(), submission.id.clone());
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
        metrics::counter!("causeway_records_read_total", "mapping" => submission.mapping.name.clone())
            .increment(report.counts.records);
        metrics::counter!("causeway_resources_made_total", "mapping" => submission.mapping.name.clone())
            .increment(report.counts.resources);
        metrics::counter!("causeway_quarantined_total", "mapping" => submission.mapping.name.clone())
            .increment(report.counts.quarantined);
        batch.submission = Some(submission);
        storing.wait(self.store.commit(batch))?;
        Ok(report)
    }
}

/// The tag of a fact that its source no longer reports.
fn no_longer_reported() -> json::Value {
    json::Object::new()
        .with("system", "urn:causeway:status")
        .with("code", "no-longer-reported")
        .with("display", "No longer reported by its source")
        .into()
}

/// The tag of a person who was taken back because somebody else claims the same NHS number.
fn contested() -> json::Value {
    json::Object::new()
        .with("system", "urn:causeway:status")
        .with("code", CONTESTED)
        .with(
            "display",
            "Held back: another person carries the same NHS number",
        )
        .into()
}

fn stamp_of(mapping: &mapping::Mapping) -> MappingStamp {
    MappingStamp {
        name: mapping.name().to_owned(),
        version: mapping.version().to_owned(),
        hash: mapping.hash().to_owned(),
    }
}

fn hash(input: &source::Input) -> std::io::Result<String> {
    let mut reader = input.open()?;
    let mut hash = Sha256::new();
    let mut buffer = vec![0; 64 * 1024];
    loop {
        let read = reader.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        hash.update(buffer.get(..read).unwrap_or_default());
    }
    let mut text = String::with_capacity(64);
    for byte in hash.finalize() {
        use fmt::Write as _;
        let _ = write!(text, "{byte:02x}");
    }
    Ok(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hash_is_sha_256() {
        let input = source::Input::bytes("a.csv", b"abc".to_vec());
        assert_eq!(
            hash(&input).unwrap(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
    }
}
