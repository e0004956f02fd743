//! One mapping over the export, into the file.

use std::sync::Arc;

use diagnostics::{Issue, Severity, has_errors};
use json::Value;
use mapping::{Judge, Made, Quarantined, Retired, RunContext, RunOptions, Sink, Verdict};
use sha2::{Digest as _, Sha256};
use validation::Validator;

use crate::Run;
use crate::error::DifferenceError;
use crate::saying::strip_stamp;
use crate::spool::Spool;
use crate::totals::Totals;

/// Which of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Side {
    Old,
    New,
}

impl Side {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Old => 0,
            Self::New => 1,
        }
    }
}

/// What a resource is, ready for the file.
struct Ready {
    body: Vec<u8>,
    /// The hash of its content.
    content: Vec<u8>,
    /// The hash of its content without its own id and those that it refers to.
    loose: Vec<u8>,
    found: Vec<Issue>,
}

struct Judging<'a>(&'a Validator);

impl Judge for Judging<'_> {
    type Judged = Ready;

    fn judge(&self, made: &mut Made) -> Result<Ready, Vec<Issue>> {
        let mut found = self.0.validate(&made.resource, &[]);
        for issue in &mut found {
            issue.input.get_or_insert_with(|| made.place.clone());
        }
        if has_errors(&found) {
            return Err(found);
        }
        let mut resource = std::mem::take(&mut made.resource);
        strip_stamp(&mut resource);
        let body = resource.to_string().into_bytes();
        let content = Sha256::digest(&body).to_vec();
        without_ids(&mut resource, true);
        let loose = Sha256::digest(resource.to_string().as_bytes()).to_vec();
        Ok(Ready {
            body,
            content,
            loose,
            found,
        })
    }
}

/// Takes a resource's own id away, and the ids of what it refers to.
fn without_ids(value: &mut Value, top: bool) {
    match value {
        Value::Object(object) => {
            if top {
                object.remove("id");
            }
            let local = object
                .get("reference")
                .and_then(Value::as_str)
                .and_then(fhir::Reference::parse)
                .and_then(|reference| match reference {
                    fhir::Reference::Local { type_name, .. } => Some(type_name.to_owned()),
                    _ => None,
                });
            if let Some(rtype) = local {
                object.insert("reference", rtype);
            }
            for (_, child) in object.iter_mut() {
                without_ids(child, false);
            }
        }
        Value::Array(items) => {
            for item in items {
                without_ids(item, false);
            }
        }
        _ => {}
    }
}

/// Runs a mapping and keeps what it makes.
pub(crate) fn spool(
    run: &Run<'_>,
    side: Side,
    input: &source::Input,
    context: &RunContext,
    spool: &mut Spool,
    totals: &mut Totals,
    progress: &mut dyn FnMut(u64),
) -> Result<(), DifferenceError> {
    spool.connection.execute_batch("BEGIN")?;
    let mut sink = Spooling {
        side,
        spool,
        totals,
        progress,
        failed: None,
    };
    let outcome = run.mapping.run(
        input,
        context,
        RunOptions::default(),
        &Judging(run.validator),
        &mut sink,
    );
    if let Some(error) = sink.failed {
        return Err(error.into());
    }
    outcome.map_err(|issues| DifferenceError::Unusable {
        new: side == Side::New,
        issues,
    })?;
    spool.connection.execute_batch("COMMIT")?;
    Ok(())
}

struct Spooling<'a> {
    side: Side,
    spool: &'a mut Spool,
    totals: &'a mut Totals,
    progress: &'a mut dyn FnMut(u64),
    failed: Option<rusqlite::Error>,
}

impl Spooling<'_> {
    fn keep(&mut self, made: &Made, ready: &Ready) -> rusqlite::Result<()> {
        self.spool
            .connection
            .prepare_cached(
                "INSERT INTO item (side, rtype, id, person, place, rule, content, loose, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
            )?
            .execute((
                self.side.number(),
                &*made.resource_type,
                &made.id,
                made.person.as_deref(),
                made.place.to_string(),
                &*made.rule,
                &ready.content,
                &ready.loose,
                &ready.body,
            ))?;
        Ok(())
    }

    fn hold(&mut self, held: &Quarantined) -> rusqlite::Result<()> {
        let mut reasons: Vec<String> = held
            .issues
            .iter()
            .filter(|issue| issue.severity == Severity::Error)
            .map(|issue| format!("{}: {}", issue.code, issue.message))
            .collect();
        reasons.dedup();
        self.spool
            .connection
            .prepare_cached(
                "INSERT INTO held (side, rtype, id, person, place, rule, reasons)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
            )?
            .execute((
                self.side.number(),
                held.resource_type.as_deref(),
                &held.id,
                held.person.as_deref(),
                held.place.to_string(),
                held.rule.as_deref(),
                reasons.join("; "),
            ))?;
        Ok(())
    }

    fn keep_failure(&mut self, outcome: rusqlite::Result<()>) {
        if let Err(error) = outcome
            && self.failed.is_none()
        {
            self.failed = Some(error);
        }
    }
}

impl Sink<Ready> for Spooling<'_> {
    fn resource(&mut self, made: Made, ready: Ready) -> Verdict {
        for issue in made.issues.iter().chain(&ready.found) {
            self.totals.issue(self.side, issue);
        }
        self.totals.made(self.side, &made.resource_type);
        if self.failed.is_none() {
            let outcome = self.keep(&made, &ready);
            self.keep_failure(outcome);
        }
        Verdict::Accepted
    }

    fn quarantined(&mut self, held: Quarantined) {
        for issue in &held.issues {
            self.totals.issue(self.side, issue);
        }
        let rtype: Option<&Arc<str>> = held.resource_type.as_ref();
        self.totals.held(self.side, rtype.map(|name| &**name));
        if self.failed.is_none() {
            let outcome = self.hold(&held);
            self.keep_failure(outcome);
        }
    }

    /// Nothing was made, so on this side the thing is not there; the issue says why.
    fn retired(&mut self, retired: Retired) {
        self.totals.issue(self.side, &retired.issue);
    }

    fn issue(&mut self, issue: Issue) {
        self.totals.issue(self.side, &issue);
    }

    fn progress(&mut self, records: u64) {
        (self.progress)(records);
    }
}
