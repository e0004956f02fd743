//! A file to resources, without a store.

use std::io::{self, Write};

use diagnostics::{Issue, has_errors};
use mapping::{Made, Mapping, Quarantined, RunContext, Sink, Verdict};
use validation::Validator;

use crate::report::{Counts, Report, ReportState};
use crate::{Numbers, Spool, Tally, placed, words};

/// What a conversion gives besides the resources.
pub struct Conversion {
    /// Counts, grouped issues, and the loss report.
    pub report: Report,
    /// Every issue that is not of a quarantined record, one by one.
    pub issues: Spool,
    /// Every record or resource that was held back, with its issues and its raw form.
    pub quarantine: Spool,
}

/// Maps and validates a file; each good resource goes to `out` as a line of NDJSON.
///
/// `progress` hears how many records have been read.
///
/// # Errors
/// The outer error is the writer's; the inner one is the input's: the file cannot be used with this
/// mapping at all.
pub fn convert(
    mapping: &Mapping,
    input: source::Input,
    context: &RunContext,
    validator: &Validator,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Result<Conversion, Vec<Issue>>> {
    let file = input.name().to_string();
    let mut sink = Converting {
        validator,
        out,
        progress,
        line: Vec::with_capacity(4096),
        failed: None,
        numbers: Numbers::default(),
        counts: Counts::default(),
        tally: Tally::default(),
        issues: Spool::new()?,
        quarantine: Spool::new()?,
    };
    let run = mapping.run(&input, context, &mut sink);
    if let Some(error) = sink.failed {
        return Err(error);
    }
    let run = match run {
        Ok(run) => run,
        Err(issues) => return Ok(Err(issues)),
    };
    let mut counts = sink.counts;
    counts.records = run.counts.records.values().sum();
    Ok(Ok(Conversion {
        report: Report {
            id: None,
            state: ReportState::Converted,
            file,
            mapping: format!("{} {}", mapping.name(), mapping.version()),
            as_of: Some(run.as_of.text),
            counts,
            issues: sink.tally.into_groups(),
            loss: serde_json::to_value(&run.loss).map_err(io::Error::from)?,
        },
        issues: sink.issues,
        quarantine: sink.quarantine,
    }))
}

struct Converting<'a> {
    validator: &'a Validator,
    out: &'a mut dyn Write,
    progress: &'a mut dyn FnMut(u64),
    line: Vec<u8>,
    failed: Option<io::Error>,
    numbers: Numbers,
    counts: Counts,
    tally: Tally,
    issues: Spool,
    quarantine: Spool,
}

impl Sink for Converting<'_> {
    fn resource(&mut self, made: Made) -> Verdict {
        let found = self.validator.validate(&made.resource, &[]);
        if has_errors(&found) {
            return Verdict::Refused(placed(found, &made));
        }
        let found = placed(found, &made);
        let shared = match &*made.resource_type {
            "Patient" => self.numbers.shared(&made),
            _ => None,
        };
        for issue in made.issues.into_iter().chain(found).chain(shared) {
            self.issue(issue);
        }
        self.line.clear();
        made.resource.write(&mut self.line);
        self.line.push(b'\n');
        if self.failed.is_none()
            && let Err(error) = self.out.write_all(&self.line)
        {
            self.failed = Some(error);
        }
        self.counts.resources += 1;
        *self
            .counts
            .by_type
            .entry(made.resource_type.to_string())
            .or_default() += 1;
        Verdict::Accepted
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        self.counts.quarantined += 1;
        for issue in &quarantined.issues {
            self.tally.add(issue);
        }
        self.quarantine.add(&words::held_back(&quarantined));
    }

    fn issue(&mut self, issue: Issue) {
        self.tally.add(&issue);
        self.issues.add(&words::issue_with_value(&issue));
    }

    fn progress(&mut self, records: u64) {
        (self.progress)(records);
    }
}
