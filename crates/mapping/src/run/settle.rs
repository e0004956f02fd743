//! The ordered part of a run: what was made is handed over in the order of the records, and what
//! became of it is noted for those that refer to it.

use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::Issue;
use source::{Batch, Event, Interpreter, Row};

use super::index::State;
use super::make::{Outcome, Refusal, different};
use super::maker::{Maker, Step, Yield};
use crate::loss::LossCounter;
use crate::made::{Judge, Made, Quarantined, Retired, RunReport, Sink, Verdict};
use crate::trace::{PassedFor, PassedOver, Trace};

/// How many records lie between two words on progress.
const PROGRESS: u64 = 1024;

pub(super) struct Settler<'s, T> {
    pub report: &'s mut RunReport,
    pub sink: &'s mut dyn Sink<T>,
    pub loss: LossCounter,
    /// Records read, over all readings.
    pub read: u64,
}

/// A resource that was judged.
struct Judged<'b, T> {
    made: Box<Made>,
    judged: Result<T, Refusal>,
    instance: u64,
    labels: Vec<String>,
    row: u32,
    batch: &'b Batch,
    interpreter: &'b Interpreter,
}

impl<T> Settler<'_, T> {
    /// Counts records that were read.
    pub fn progress(&mut self, records: u64) {
        let before = self.read / PROGRESS;
        self.read += records;
        if self.read / PROGRESS > before {
            self.sink.progress(self.read);
        }
    }

    /// Takes what came of a batch.
    pub fn take<J: Judge<Judged = T>>(
        &mut self,
        maker: &Maker<'_, J>,
        interpreter: &Interpreter,
        batch: &Batch,
        yielded: Yield<T>,
    ) {
        self.progress(yielded.records);
        self.loss.add(yielded.loss);
        for (plan, group, filled) in yielded.fills {
            if let Some(groups) = maker.indexes.groups.get(plan) {
                groups.fill(group, filled);
            }
        }
        for step in yielded.steps {
            if maker.budget.has_failed() {
                return;
            }
            match step {
                Step::Issue(issue) => self.sink.issue(issue),
                Step::Quarantine(quarantined) => self.hand_over(quarantined),
                Step::PassedOver(passed) => self.sink.passed_over(passed),
                Step::GroupRefused { rule, group } => {
                    if let Some(index) = maker.indexes.rules.get(rule) {
                        index.note(None, Some(group), State::Refused, None);
                    }
                }
                Step::Outcome {
                    rule,
                    group,
                    row,
                    outcome,
                } => match outcome {
                    Outcome::PassedOver(reason, trace) => {
                        let place = place(interpreter, batch, row);
                        self.passed_over(maker, rule, place, reason, trace);
                    }
                    Outcome::Retired {
                        retired,
                        instance,
                        repeated,
                        trace,
                    } => self.retired(maker, rule, group, *retired, instance, repeated, trace),
                    Outcome::Refused {
                        quarantined,
                        instance,
                        early,
                        repeated,
                    } => {
                        self.refused(maker, rule, group, *quarantined, instance, early, repeated);
                    }
                    Outcome::Made {
                        made,
                        judged,
                        instance,
                        labels,
                        early,
                        repeated,
                    } => {
                        let judged = Judged {
                            made,
                            judged,
                            instance,
                            labels,
                            row,
                            batch,
                            interpreter,
                        };
                        self.made(maker, rule, group, judged, early, repeated);
                    }
                },
            }
        }
    }

    /// Whether something was made of this key before.
    fn is_known<J: Judge>(maker: &Maker<'_, J>, rule: usize, instance: u64) -> bool {
        maker
            .indexes
            .rules
            .get(rule)
            .and_then(|index| index.entries.get(instance))
            .is_some_and(|entry| entry.state != State::Pending)
    }

    #[allow(clippy::too_many_arguments)]
    fn refused<J: Judge>(
        &mut self,
        maker: &Maker<'_, J>,
        position: usize,
        group: Option<u64>,
        mut quarantined: Quarantined,
        instance: Option<u64>,
        early: usize,
        repeated: Option<Issue>,
    ) {
        let (Some(index), Some(rule)) = (
            maker.indexes.rules.get(position),
            maker.program.rules.get(position),
        ) else {
            return;
        };
        let known = instance.is_some_and(|instance| Self::is_known(maker, position, instance));
        if maker.budget.has_failed() {
            return;
        }
        if known && group.is_some() {
            quarantined.issues.truncate(early);
            let issue = different(maker.program, rule, &quarantined.place);
            quarantined.issues.push(issue);
        } else if let (true, Some(issue)) = (known, repeated) {
            self.sink.issue(issue);
            let trace = quarantined.trace;
            self.passed_over(
                maker,
                position,
                quarantined.place,
                PassedFor::Repeated,
                trace,
            );
            return;
        }
        let id = quarantined.id.as_deref().filter(|_| rule.referred);
        index.note(
            instance,
            group.filter(|_| rule.referred),
            State::Refused,
            id,
        );
        self.hand_over(quarantined);
    }

    fn made<J: Judge<Judged = T>>(
        &mut self,
        maker: &Maker<'_, J>,
        position: usize,
        group: Option<u64>,
        judged: Judged<'_, T>,
        early: usize,
        repeated: Option<Issue>,
    ) {
        let (Some(index), Some(rule)) = (
            maker.indexes.rules.get(position),
            maker.program.rules.get(position),
        ) else {
            return;
        };
        let Judged {
            mut made,
            judged,
            instance,
            labels,
            row,
            batch,
            interpreter,
        } = judged;
        let group_noted = group.filter(|_| rule.referred);
        let known = Self::is_known(maker, position, instance);
        if maker.budget.has_failed() {
            return;
        }
        let (issues, is_judged, record) = if known && group.is_some() {
            made.issues.truncate(early);
            let mut issues = std::mem::take(&mut made.issues);
            issues.push(different(maker.program, rule, &made.place));
            (issues, false, None)
        } else if let (true, Some(issue)) = (known, repeated) {
            self.sink.issue(issue);
            let trace = made.trace;
            self.passed_over(maker, position, made.place, PassedFor::Repeated, trace);
            return;
        } else {
            match judged {
                Err(refusal) => (
                    refusal.issues,
                    true,
                    Some((refusal.nhs_number, refusal.raw)),
                ),
                Ok(judged) => {
                    let kept = Kept::of(&made, rule.referred);
                    let trace = made.trace.clone();
                    match self.sink.resource(*made, judged) {
                        Verdict::Accepted => {
                            self.count(&kept.resource_type);
                            index.note(Some(instance), group_noted, State::Made, kept.referred());
                            return;
                        }
                        Verdict::Refused(issues) => {
                            *made = kept.into_made(trace);
                            (issues, false, None)
                        }
                    }
                }
            }
        };
        let id = rule.referred.then_some(made.id.as_str());
        index.note(Some(instance), group_noted, State::Refused, id);
        let (nhs_number, raw) = record.unwrap_or_else(|| {
            let mut found = (None, String::new());
            with_row(interpreter, batch, row, &mut |row| {
                found = (maker.nhs_number(row), row.raw_json());
            });
            found
        });
        self.hand_over(Quarantined {
            rule: Some(made.rule),
            resource_type: Some(made.resource_type),
            id: Some(made.id),
            person: made.person,
            nhs_number,
            labels,
            place: made.place,
            issues,
            judged: is_judged,
            raw,
            trace: made.trace,
        });
    }

    /// Something is gone, which its source says and maybe more than once.
    #[allow(clippy::too_many_arguments)]
    fn retired<J: Judge>(
        &mut self,
        maker: &Maker<'_, J>,
        position: usize,
        group: Option<u64>,
        retired: Retired,
        instance: u64,
        repeated: Option<Issue>,
        trace: Option<Box<Trace>>,
    ) {
        let (Some(index), Some(rule)) = (
            maker.indexes.rules.get(position),
            maker.program.rules.get(position),
        ) else {
            return;
        };
        let place = retired.place.clone();
        let known = Self::is_known(maker, position, instance);
        if maker.budget.has_failed() {
            return;
        }
        if known {
            if group.is_some() {
                let issue = different(maker.program, rule, &place);
                self.sink.issue(issue);
            } else if let Some(issue) = repeated {
                self.sink.issue(issue);
            }
            self.passed_over(maker, position, place, PassedFor::Repeated, trace);
            return;
        }
        let id = rule.referred.then_some(retired.id.as_str());
        let group = group.filter(|_| rule.referred);
        index.note(Some(instance), group, State::Retired, id);
        let counts = &mut self.report.counts.retired;
        *counts.entry(retired.resource_type.to_string()).or_default() += 1;
        self.sink.retired(retired);
        self.passed_over(maker, position, place, PassedFor::Retired, trace);
    }

    fn count(&mut self, resource_type: &str) {
        let counts = &mut self.report.counts.resources;
        match counts.get_mut(resource_type) {
            Some(count) => *count += 1,
            None => {
                counts.insert(resource_type.to_owned(), 1);
            }
        }
    }

    /// In a traced run: says that a rule made nothing of a record.
    fn passed_over<J: Judge>(
        &mut self,
        maker: &Maker<'_, J>,
        position: usize,
        place: diagnostics::InputPlace,
        reason: PassedFor,
        trace: Option<Box<Trace>>,
    ) {
        let (Some(trace), Some(rule)) = (trace, maker.program.rules.get(position)) else {
            return;
        };
        self.sink.passed_over(PassedOver {
            rule: Some(Arc::clone(&rule.name)),
            resource_type: Some(Arc::from(rule.resource_type.as_str())),
            place,
            reason,
            trace,
        });
    }

    fn hand_over(&mut self, mut quarantined: Quarantined) {
        let key = quarantined.resource_type.as_deref().unwrap_or("record");
        *self
            .report
            .counts
            .quarantined
            .entry(key.to_owned())
            .or_default() += 1;
        if let (Some(resource_type), Some(id)) = (&quarantined.resource_type, &quarantined.id) {
            let about = format!("{resource_type}/{id}");
            for issue in &mut quarantined.issues {
                issue.resource.get_or_insert_with(|| about.clone());
            }
        }
        self.sink.quarantined(quarantined);
    }
}

/// What is needed of a resource that a sink refuses after it was handed over.
struct Kept {
    id: String,
    resource_type: Arc<str>,
    rule: Arc<str>,
    person: Option<Arc<str>>,
    place: diagnostics::InputPlace,
    is_referred: bool,
}

impl Kept {
    fn of(made: &Made, is_referred: bool) -> Self {
        Self {
            id: made.id.clone(),
            resource_type: Arc::clone(&made.resource_type),
            rule: Arc::clone(&made.rule),
            person: made.person.clone(),
            place: made.place.clone(),
            is_referred,
        }
    }

    fn referred(&self) -> Option<&str> {
        self.is_referred.then_some(self.id.as_str())
    }

    fn into_made(self, trace: Option<Box<Trace>>) -> Made {
        Made {
            resource: json::Value::Null,
            resource_type: self.resource_type,
            id: self.id,
            rule: self.rule,
            person: self.person,
            weak_identity: false,
            place: self.place,
            issues: Vec::new(),
            references: Vec::new(),
            trace,
        }
    }
}

/// Finds a record of a batch again: only what is refused late needs it.
fn with_row(interpreter: &Interpreter, batch: &Batch, wanted: u32, look: &mut dyn FnMut(&Row<'_>)) {
    let mut at = 0;
    let _ = interpreter.visit(batch, None, &mut |event| {
        if let Event::Row(row) = event {
            if at == wanted {
                look(row);
                return ControlFlow::Break(());
            }
            at += 1;
        }
        ControlFlow::Continue(())
    });
}

fn place(interpreter: &Interpreter, batch: &Batch, row: u32) -> diagnostics::InputPlace {
    let mut found = diagnostics::InputPlace::default();
    with_row(interpreter, batch, row, &mut |row| found = row.place());
    found
}
