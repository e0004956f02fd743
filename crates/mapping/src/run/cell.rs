//! What an expression is evaluated on: a record, the values round it, and what comes of it.

use std::borrow::Cow;
use std::sync::Arc;

use diagnostics::{Issue, IssueType, Severity};
use json::CompactString;
use source::{Row, Typed};

use super::index::Indexes;
use super::joined::Joined;
use super::make::Outcome;
use super::survey::Partners;
use super::value::Val;
use crate::codes;
use crate::loss::{Lost, Seen};
use crate::program::{Cell, Deleted, Policy, Program, Rule};
use crate::trace::{CellOrigin, PassedFor, Recorder, Trace};
use crate::yaml::Spot;

/// What all records of a pass have in common.
pub(crate) struct Shared<'a> {
    pub program: &'a Program,
    pub indexes: &'a Indexes,
    pub partners: &'a Partners,
    /// `urn:causeway:<organisation>:<source>:`
    pub local: &'a str,
    /// What was met of the mapping's lists.
    pub seen: &'a Seen,
}

/// A record, with the cells that other records of its group fill in.
#[derive(Clone, Copy)]
pub(crate) struct Record<'a> {
    pub row: &'a Row<'a>,
    pub filled: &'a [Filled],
}

/// A cell that another record of a group fills in.
#[derive(Debug, Clone)]
pub(crate) struct Filled {
    pub column: usize,
    pub value: Val<'static>,
    /// In a traced run: where it stands.
    pub place: Option<Box<CellOrigin>>,
}

/// A variable's value, and the column that it stands for.
#[derive(Debug, Clone)]
pub(crate) struct Bound<'a> {
    pub value: Val<'a>,
    pub column: Option<&'a str>,
    /// The record that it stands for.
    pub record: Option<Arc<Joined>>,
}

/// One evaluation.
pub(crate) struct Cx<'a> {
    pub shared: &'a Shared<'a>,
    pub record: Option<Record<'a>>,
    pub variables: Vec<Bound<'a>>,
    pub issues: Vec<Issue>,
    /// A value that had to be there could not be had: the resource is not made.
    pub refused: bool,
    /// The id of a person that was refused, where a reference to them failed.
    pub refused_person: Option<CompactString>,
    /// The last resource of this same record that was referred to: rule, parents up, key, id. A
    /// resource refers to its person twice, in its id and in an element.
    pub resolved: Option<(usize, u8, u64, CompactString)>,
    /// The element that is being built.
    pub element: Option<&'a str>,
    /// The record is marked as deleted: it may name what is gone with it.
    pub deleted: bool,
    /// Something that it names is gone.
    pub gone: bool,
    /// Only the value is wanted: nothing is reported.
    pub quiet: bool,
    /// Labels without a code or a place in their list.
    pub unmapped: Vec<Lost>,
    pub references: Vec<(Arc<str>, String)>,
    /// Gathers of what things are made; only in a traced run.
    pub trace: Option<Box<Recorder<'a>>>,
}

impl<'a> Cx<'a> {
    pub fn new(shared: &'a Shared<'a>, record: Option<Record<'a>>, quiet: bool) -> Self {
        Self {
            shared,
            record,
            variables: Vec::new(),
            issues: Vec::new(),
            refused: false,
            refused_person: None,
            resolved: None,
            element: None,
            deleted: false,
            gone: false,
            quiet,
            unmapped: Vec::new(),
            references: Vec::new(),
            trace: None,
        }
    }

    /// What records a traced run. Without one it costs a test of a pointer; the feature `untraced`
    /// takes even that out, so that it can be measured.
    #[inline]
    pub fn tracer(&mut self) -> Option<&mut Recorder<'a>> {
        if cfg!(feature = "untraced") {
            return None;
        }
        self.trace.as_deref_mut()
    }

    /// Ends the recording.
    pub fn traced(&mut self) -> Option<Box<Trace>> {
        self.trace.take().map(|trace| trace.finish())
    }

    /// In a traced run: that nothing is made, and why.
    pub fn passed_over<T>(&mut self, reason: PassedFor) -> Option<Outcome<T>> {
        let trace = self.traced()?;
        Some(Outcome::PassedOver(reason, Some(trace)))
    }

    /// Begins what an element is made of.
    #[inline]
    pub fn traced_from(&mut self) -> usize {
        self.tracer().map_or(0, |trace| trace.origins())
    }

    /// An issue about the mapping at a spot, at the record.
    pub fn issue(
        &self,
        severity: Severity,
        code: &'static str,
        message: impl Into<String>,
        help: &str,
        spot: Spot,
    ) -> Issue {
        let used_at = self.shared.program.origins.used_at(spot);
        let mut issue = Issue::new(code, severity, IssueType::BusinessRule, message)
            .help(format!("{help}{used_at}"));
        if spot.line > 0 {
            issue = issue.at_mapping(self.shared.program.place(spot));
        }
        if let Some(element) = self.element {
            issue = issue.at_element(element);
        }
        match self.record {
            Some(record) => issue.at_input(record.row.place()),
            None => issue,
        }
    }

    /// Follows a policy where a value is bad. The issue is built only when it is wanted.
    pub fn bad(
        &mut self,
        policy: &'a Policy,
        raw: Option<Cow<'a, str>>,
        issue: impl FnOnce(&Self) -> Issue,
    ) -> Val<'a> {
        if !self.quiet {
            let mut issue = issue(self);
            issue.severity = match policy {
                Policy::Quarantine => Severity::Error,
                _ => Severity::Warning,
            };
            self.issues.push(issue);
        }
        match policy {
            Policy::Quarantine => {
                self.refused = true;
                Val::Nothing
            }
            Policy::Drop => Val::Nothing,
            Policy::Text => raw.map_or(Val::Nothing, Val::Text),
            Policy::Absent(reason) => Val::Absent(reason),
        }
    }

    /// The record's row, some parents up.
    pub fn row(&self, up: u8) -> Option<&'a Row<'a>> {
        let mut row = self.record?.row;
        for _ in 0..up {
            row = row.parent()?;
        }
        Some(row)
    }

    /// Whether the record, or one that encloses it, is marked as deleted by its source.
    pub fn is_deleted(&mut self) -> bool {
        let tables = &self.shared.program.tables;
        let Some(record) = self.record else {
            return false;
        };
        let mut at = Some((record.row, record.filled));
        while let Some((row, filled)) = at {
            let condition = tables
                .get(row.table())
                .and_then(|table| table.deleted.as_ref());
            if let Some(condition) = condition {
                let mut cx = Cx::new(self.shared, Some(Record { row, filled }), true);
                if cx.holds(Some(condition)) {
                    return true;
                }
            }
            at = row.parent().map(|row| (row, [].as_slice()));
        }
        false
    }

    /// Whether what the rule made of this record is to be retired: then its condition does not
    /// matter, for what is gone need not say what it was.
    pub fn retires(&mut self, rule: &Rule) -> bool {
        matches!(rule.deleted, Some(Deleted::Retire)) && self.is_deleted()
    }

    /// A cell as its column types it.
    pub fn cell(&mut self, cell: &'a Cell) -> Val<'a> {
        if cell.up == 0
            && let Some(record) = self.record
            && let Some(filled) = record
                .filled
                .iter()
                .find(|filled| filled.column == cell.column)
        {
            if let Some(trace) = self.tracer() {
                trace.filled(record.row, filled);
            }
            return filled.value.clone();
        }
        let Some(row) = self.row(cell.up) else {
            return Val::Nothing;
        };
        if let Some(trace) = self.tracer() {
            trace.cell(row, cell.column);
        }
        match row.reading(cell.column) {
            Ok(None) => Val::Nothing,
            Ok(Some(reading)) => {
                if let Typed::Code {
                    index: Some(label), ..
                } = &reading.value
                {
                    self.shared.seen.label(row.table(), cell.column, *label);
                }
                let Some(warning) = reading.warning else {
                    return Val::of_typed(reading.value);
                };
                let unlisted = matches!(reading.value, Typed::Code { index: None, .. });
                if let (Typed::Code { label, .. }, true) = (&reading.value, unlisted) {
                    let label = label.clone().into_owned();
                    let lost = Lost::Unlisted(row.table(), cell.column, label);
                    // Of one resource each label counts once, however often it is read.
                    if !self.unmapped.contains(&lost) {
                        self.unmapped.push(lost);
                    }
                }
                if unlisted && cell.strict {
                    let raw = Val::of_typed(reading.value).text();
                    return self.bad(&cell.policy, raw, |cx| cx.cell_issue(warning, row, cell));
                }
                if !self.quiet {
                    let issue = self.cell_issue(warning, row, cell);
                    self.issues.push(issue);
                }
                Val::of_typed(reading.value)
            }
            Err(problem) => {
                let raw = problem.value.clone().map(Cow::Owned);
                self.bad(&cell.policy, raw, |cx| cx.cell_issue(problem, row, cell))
            }
        }
    }

    fn cell_issue(&self, problem: source::CellProblem, row: &Row<'_>, cell: &Cell) -> Issue {
        let issue = problem.into_issue(row.cell_place(cell.column));
        if cell.spot.line > 0 {
            issue.at_mapping(self.shared.program.place(cell.spot))
        } else {
            issue
        }
    }

    /// Something that had to be there and is not.
    pub fn missing(&mut self, policy: &'a Policy, spot: Spot) -> Val<'a> {
        match policy {
            Policy::Quarantine => {
                if !self.quiet {
                    let issue = self.issue(
                        Severity::Error,
                        codes::MISSING_VALUE,
                        "the mapping needs a value here and the record has none",
                        "complete the record in the source system and export it again",
                        spot,
                    );
                    self.issues.push(issue);
                }
                self.refused = true;
                Val::Nothing
            }
            Policy::Absent(reason) => Val::Absent(reason),
            Policy::Drop | Policy::Text => Val::Nothing,
        }
    }
}
