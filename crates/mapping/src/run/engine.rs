//! A run: a first reading of the whole file, then level by level: index, and make.

use std::collections::{BTreeSet, HashMap};
use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{Issue, IssueType};
use json::Value;
use source::{Event, Input, Opened, Row};

use super::cell::{Record, Shared};
use super::groups::Fills;
use super::index::Indexes;
use super::records::Use;
use super::survey::{Partners, Version, settle, survey};
use crate::codes;
use crate::loss::LossCounter;
use crate::made::{Beginning, Counts, Judge, RunContext, RunOptions, RunReport, Sink};
use crate::program::{Program, Rule};

/// The types that a file says nothing about, because it lacks what would hold them.
fn doubtful_types(program: &Program, opened: &Opened) -> BTreeSet<String> {
    let lacks = |rule: &Rule| match opened.table(rule.table) {
        Some(found) if found.present => {
            rule.resource_type != "Patient"
                && rule
                    .uses
                    .iter()
                    .any(|column| matches!(found.columns.get(*column), Some(None)))
        }
        _ => true,
    };
    program
        .rules
        .iter()
        .filter(|rule| lacks(rule))
        .map(|rule| rule.resource_type.to_string())
        .collect()
}

/// Runs a program over an input.
///
/// # Errors
/// When the input cannot be used.
pub(crate) fn run<J: Judge>(
    program: &Program,
    input: &Input,
    context: &RunContext,
    options: RunOptions,
    judge: &J,
    sink: &mut dyn Sink<J::Judged>,
) -> Result<RunReport, Vec<Issue>> {
    let mut opened = source::open(input, Arc::clone(&program.schema))?;
    let mut read = 0_u64;
    let survey = survey(&mut opened, program, options.trace, &mut || {
        read += 1;
        if read.is_multiple_of(PROGRESS) {
            sink.progress(read);
        }
    })
    .map_err(|issue| vec![*issue])?;
    let records: u64 = opened.census().map_or(0, |census| {
        census.tables.iter().map(|table| table.records).sum()
    });
    let (as_of, differs) = match settle(survey.as_of, program, context) {
        Ok(settled) => settled,
        Err(issue) => {
            // The reason that there is no date is worth more than that there is none.
            let mut issues = survey.unreadable;
            if records == 0 {
                let nothing = Issue::error(
                    codes::NO_RECORDS,
                    IssueType::Incomplete,
                    "the file has no record that can be read",
                );
                issues.push(nothing.help("export it again, and look at the rows named here"));
            }
            issues.extend(survey.issues);
            issues.push(*issue);
            return Err(issues);
        }
    };
    let mut counts = Counts::default();
    if let Some(census) = opened.census() {
        for (table, counted) in program.tables.iter().zip(&census.tables) {
            counts
                .records
                .insert(table.name.to_string(), counted.records);
            if counted.unreadable > 0 {
                counts
                    .unreadable
                    .insert(table.name.to_string(), counted.unreadable);
            }
        }
    }
    let mut report = RunReport {
        mapping: program.name.clone(),
        version: program.version.clone(),
        hash: program.hash.clone(),
        snapshot: program.snapshot,
        as_of: as_of.clone(),
        stopped: false,
        counts,
        doubtful_types: doubtful_types(program, &opened),
        loss: Default::default(),
    };
    let beginning = Beginning {
        as_of,
        snapshot: program.snapshot,
    };
    if sink.begin(&beginning).is_break() {
        report.stopped = true;
        return Ok(report);
    }
    for issue in opened
        .issues()
        .iter()
        .cloned()
        .chain(survey.issues)
        .chain(differs)
    {
        sink.issue(issue);
    }
    let rules = program.rules.iter().map(RuleConstants::new).collect();
    let mut engine = Engine {
        program,
        context,
        indexes: Indexes::new(program.rules.len()),
        partners: survey.partners,
        latest: survey.latest,
        local: format!("urn:causeway:{}:{}:", context.tenant, context.source),
        constants: rules,
        tags: tags(program, context),
        loss: LossCounter::new(program),
        reported: vec![false; program.tables.len()],
        report: &mut report,
        judge,
        sink,
        read,
        trace: options.trace,
    };
    engine.levels(&mut opened).map_err(|issue| vec![*issue])?;
    let Engine { loss, .. } = engine;
    report.loss = loss.report(program, opened.census());
    Ok(report)
}

/// How many records lie between two words on progress.
const PROGRESS: u64 = 1024;

pub(super) struct Engine<'p, J: Judge> {
    pub program: &'p Program,
    pub context: &'p RunContext,
    pub indexes: Indexes,
    pub partners: Partners,
    pub latest: Vec<HashMap<u64, Version>>,
    pub local: String,
    pub constants: Vec<RuleConstants>,
    pub tags: Vec<Value>,
    pub loss: LossCounter,
    /// Which tables' records were reported on: once, however often they are read.
    pub reported: Vec<bool>,
    pub report: &'p mut RunReport,
    pub judge: &'p J,
    pub sink: &'p mut dyn Sink<J::Judged>,
    pub read: u64,
    /// Whether each outcome says of what it was made.
    pub trace: bool,
}

/// What every resource of a rule shares.
pub(super) struct RuleConstants {
    pub resource_type: Arc<str>,
    pub type_value: Value,
    pub profile: Option<Value>,
}

impl RuleConstants {
    fn new(rule: &Rule) -> Self {
        Self {
            resource_type: Arc::from(rule.resource_type.as_str()),
            type_value: Value::String(rule.resource_type.clone()),
            profile: rule
                .meta
                .profile
                .as_ref()
                .map(|url| Value::Array(vec![Value::String(url.clone())])),
        }
    }
}

fn tags(program: &Program, context: &RunContext) -> Vec<Value> {
    let tag = |system: &str, code: &str| {
        json::Object::with_capacity(3)
            .with("system", system)
            .with("code", code)
    };
    let mut mapping = json::Object::with_capacity(3);
    mapping.insert("system", "urn:causeway:mapping");
    mapping.insert("version", program.version.as_str());
    mapping.insert("code", program.name.as_str());
    vec![
        Value::Object(tag("urn:causeway:source", &context.source)),
        Value::Object(mapping),
    ]
}

impl<J: Judge> Engine<'_, J> {
    fn levels(&mut self, opened: &mut Opened) -> Result<(), Box<Issue>> {
        for level in 0..self.program.levels {
            let mut tables: Vec<usize> = self
                .program
                .rules
                .iter()
                .filter(|rule| rule.level == level)
                .map(|rule| rule.table)
                .collect();
            tables.sort_unstable();
            tables.dedup();
            opened.read(&tables, &mut |event| {
                if let Event::Row(row) = event {
                    self.index(level, row);
                }
                ControlFlow::Continue(())
            })?;
            let fills = self.fills(level, opened)?;
            opened.read(&tables, &mut |event| {
                self.progress();
                match event {
                    Event::Row(row) => self.make(level, row, &fills),
                    Event::Unreadable(unreadable) => self.unreadable(unreadable),
                }
                ControlFlow::Continue(())
            })?;
            for table in tables {
                if let Some(reported) = self.reported.get_mut(table) {
                    *reported = true;
                }
            }
        }
        let rest: Vec<usize> = self
            .reported
            .iter()
            .enumerate()
            .filter(|(_, reported)| !**reported)
            .map(|(table, _)| table)
            .collect();
        if !rest.is_empty() {
            opened.read(&rest, &mut |event| {
                match event {
                    Event::Row(row) => self.account(row),
                    Event::Unreadable(unreadable) => self.unreadable(unreadable),
                }
                ControlFlow::Continue(())
            })?;
        }
        Ok(())
    }

    fn progress(&mut self) {
        self.read += 1;
        if self.read.is_multiple_of(PROGRESS) {
            self.sink.progress(self.read);
        }
    }

    pub(super) fn shared(&self) -> Shared<'_> {
        Shared {
            program: self.program,
            indexes: &self.indexes,
            partners: &self.partners,
            local: &self.local,
        }
    }

    /// Makes what the rules of a level make of a record.
    fn make(&mut self, level: usize, row: &Row<'_>, fills: &Fills) {
        self.account(row);
        if !matches!(self.usable(row), Use::Yes) {
            return;
        }
        let program = self.program;
        for (position, rule) in program.rules.iter().enumerate() {
            if rule.level != level || rule.table != row.table() {
                continue;
            }
            match &rule.group {
                None => self.make_record(position, rule, Record { row, filled: &[] }, None),
                Some(grouping) => self.make_group(position, rule, grouping, row, fills),
            }
        }
    }
}
