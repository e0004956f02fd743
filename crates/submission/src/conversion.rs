//! A file to resources, without a store.

use std::io::{self, Write};

use diagnostics::{Issue, has_errors};
use mapping::{Judge, Made, Mapping, Quarantined, Retired, RunContext, RunOptions, Sink, Verdict};
use validation::Validator;

use crate::numbers::NumberKey;
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
    options: RunOptions,
    out: &mut dyn Write,
    progress: &mut dyn FnMut(u64),
) -> io::Result<Result<Conversion, Vec<Issue>>> {
    let file = input.name().to_string();
    let mut sink = Converting {
        out,
        progress,
        failed: None,
        numbers: Numbers::default(),
        counts: Counts::default(),
        tally: Tally::default(),
        issues: Spool::new()?,
        quarantine: Spool::new()?,
    };
    let run = mapping.run(&input, context, options, &Validating(validator), &mut sink);
    if let Some(error) = sink.failed.or_else(|| sink.numbers.failure()) {
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
            extent: Some(if run.snapshot { "snapshot" } else { "changes" }.to_owned()),
            counts,
            issues: sink.tally.into_groups(),
            loss: serde_json::to_value(&run.loss).map_err(io::Error::from)?,
            ..Report::default()
        },
        issues: sink.issues,
        quarantine: sink.quarantine,
    }))
}

/// Validates a resource and writes its line of NDJSON.
struct Validating<'a>(&'a Validator);

/// A resource that is valid.
struct Valid {
    line: Vec<u8>,
    found: Vec<Issue>,
    person: Option<NumberKey>,
}

impl Judge for Validating<'_> {
    type Judged = Valid;

    fn judge(&self, made: &mut Made) -> Result<Valid, Vec<Issue>> {
        let found = self.0.validate(&made.resource, &[]);
        let found = placed(found, made);
        if has_errors(&found) {
            return Err(found);
        }
        let mut line = Vec::with_capacity(1024);
        // Only the line goes on.
        let resource = std::mem::take(&mut made.resource);
        resource.write(&mut line);
        line.push(b'\n');
        Ok(Valid {
            line,
            found,
            person: match &*made.resource_type {
                "Patient" => NumberKey::of(&made.id, &resource),
                _ => None,
            },
        })
    }
}

struct Converting<'a> {
    out: &'a mut dyn Write,
    progress: &'a mut dyn FnMut(u64),
    failed: Option<io::Error>,
    numbers: Numbers,
    counts: Counts,
    tally: Tally,
    issues: Spool,
    quarantine: Spool,
}

impl Sink<Valid> for Converting<'_> {
    fn resource(&mut self, made: Made, valid: Valid) -> Verdict {
        let shared = valid
            .person
            .and_then(|person| self.numbers.shared(person, &made.place));
        for issue in made.issues.into_iter().chain(valid.found).chain(shared) {
            self.issue(issue);
        }
        if self.failed.is_none()
            && let Err(error) = self.out.write_all(&valid.line)
        {
            self.failed = Some(error);
        }
        self.counts.resources += 1;
        match self.counts.by_type.get_mut(&*made.resource_type) {
            Some(count) => *count += 1,
            None => {
                let name = made.resource_type.to_string();
                self.counts.by_type.insert(name, 1);
            }
        }
        Verdict::Accepted
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        self.counts.quarantined += 1;
        for issue in &quarantined.issues {
            self.tally.add(issue);
        }
        self.quarantine.add(&words::held_back(&quarantined));
    }

    fn retired(&mut self, retired: Retired) {
        self.counts.retired += 1;
        self.issue(retired.issue);
    }

    fn issue(&mut self, issue: Issue) {
        self.tally.add(&issue);
        self.issues.add(&words::issue_with_value(&issue));
    }

    fn progress(&mut self, records: u64) {
        (self.progress)(records);
    }
}
