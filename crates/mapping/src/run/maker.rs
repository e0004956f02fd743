//! The part of a run that looks at records: pure, on any thread, for any number of them at once.

use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::Issue;
use json::Value;
use source::{Batch, Event, Interpreter, Row};
use spill::Budget;

use super::cell::{Cx, Filled, Record, Shared};
use super::index::Indexes;
use super::make::Outcome;
use super::plan::Plan;
use super::records::Use;
use super::survey::Partners;
use crate::loss::{LossCounter, Seen};
use crate::made::{Judge, Quarantined, RunContext};
use crate::program::{Program, Rule};
use crate::trace::PassedOver;

/// What looking at records needs to know.
pub(super) struct Maker<'p, J> {
    pub program: &'p Program,
    pub plan: &'p Plan<'p>,
    pub judge: &'p J,
    pub trace: bool,
    pub indexes: Indexes,
    pub partners: Partners,
    /// The memory that all its tables share.
    pub budget: Budget,
    pub local: String,
    pub seen: Seen,
    pub constants: Vec<RuleConstants>,
    pub tags: Vec<Value>,
}

/// What every resource of a rule shares.
pub(super) struct RuleConstants {
    pub resource_type: Arc<str>,
    pub type_value: Value,
    pub profile: Option<Value>,
    pub ids: identity::RuleIds,
}

impl RuleConstants {
    fn new(rule: &Rule, context: &RunContext) -> Self {
        Self {
            ids: context.ids.of_rule(
                &context.tenant,
                &context.source,
                &rule.resource_type,
                &rule.name,
            ),
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

/// What one reading of the records does.
#[derive(Debug, Clone, Default)]
pub(super) struct Pass {
    /// The rules whose records are registered.
    pub register: Vec<usize>,
    /// The plans of groups whose fillers are read and whose overtaken cells are counted.
    pub weigh: Vec<usize>,
    /// The tables whose records are accounted for.
    pub account: Vec<usize>,
    /// Whether what could not be read is reported.
    pub unreadable: bool,
    /// The level that is made.
    pub make: Option<usize>,
}

impl Pass {
    /// Whether it would do nothing.
    pub fn is_idle(&self) -> bool {
        self.register.is_empty()
            && self.weigh.is_empty()
            && self.account.is_empty()
            && !self.unreadable
            && self.make.is_none()
    }
}

/// What came of one batch, in the order of its records.
pub(super) struct Yield<T> {
    pub steps: Vec<Step<T>>,
    pub loss: LossCounter,
    /// Plan, group, cell.
    pub fills: Vec<(usize, u64, Filled)>,
    pub records: u64,
}

/// One thing for the ordered part to do.
pub(super) enum Step<T> {
    Issue(Issue),
    Quarantine(Quarantined),
    PassedOver(PassedOver),
    /// What a rule made of a record, by its index in the batch.
    Outcome {
        rule: usize,
        group: Option<u64>,
        row: u32,
        outcome: Outcome<T>,
    },
    /// A group of which nothing is made.
    GroupRefused {
        rule: usize,
        group: u64,
    },
}

/// In one reading, the number of a record: the same in every reading of the file.
pub(super) fn ordinal(batch: u64, row: u32) -> u64 {
    (batch << 24) | u64::from(row)
}

impl<'p, J: Judge> Maker<'p, J> {
    pub fn new(
        program: &'p Program,
        plan: &'p Plan<'p>,
        context: &'p RunContext,
        judge: &'p J,
        trace: bool,
        budget: Budget,
    ) -> Self {
        Self {
            program,
            plan,
            judge,
            trace,
            indexes: Indexes::new(program.rules.len(), plan.groups.len(), &budget),
            partners: Partners::default(),
            budget,
            local: format!("urn:causeway:{}:{}:", context.tenant, context.source),
            seen: Seen::new(program),
            constants: program
                .rules
                .iter()
                .map(|rule| RuleConstants::new(rule, context))
                .collect(),
            tags: tags(program, context),
        }
    }

    pub fn shared(&self) -> Shared<'_> {
        Shared {
            program: self.program,
            indexes: &self.indexes,
            partners: &self.partners,
            local: &self.local,
            seen: &self.seen,
        }
    }

    /// Goes through a batch.
    pub fn batch(
        &self,
        pass: &Pass,
        interpreter: &Interpreter,
        number: u64,
        batch: &Batch,
    ) -> Yield<J::Judged> {
        let mut yielded = Yield {
            steps: Vec::new(),
            loss: LossCounter::new(self.program),
            fills: Vec::new(),
            records: 0,
        };
        let shared = self.shared();
        let mut at = 0;
        let _ = interpreter.visit(batch, None, &mut |event| {
            yielded.records += 1;
            match event {
                Event::Row(row) => {
                    self.record(pass, &shared, row, number, at, &mut yielded);
                    at += 1;
                }
                Event::Unreadable(unreadable) if pass.unreadable => {
                    yielded.steps.push(Step::Quarantine(Quarantined {
                        rule: None,
                        resource_type: None,
                        id: None,
                        person: None,
                        nhs_number: None,
                        labels: Vec::new(),
                        place: unreadable.place,
                        issues: unreadable.issues,
                        judged: false,
                        raw: unreadable.raw,
                        trace: None,
                    }));
                }
                Event::Unreadable(_) => {}
            }
            ControlFlow::Continue(())
        });
        yielded
    }

    fn record(
        &self,
        pass: &Pass,
        shared: &Shared<'_>,
        row: &Row<'_>,
        batch: u64,
        at: u32,
        yielded: &mut Yield<J::Judged>,
    ) {
        let table = row.table();
        let rules = self.plan.rules_of.get(table).map_or(&[][..], Vec::as_slice);
        let accounts = pass.account.contains(&table);
        if rules.is_empty() && !accounts {
            return;
        }
        let usable = self.usable(shared, row);
        let is_usable = matches!(usable, Use::Yes);
        if accounts {
            self.account(shared, row, usable, yielded);
        }
        if !is_usable {
            return;
        }
        let number = ordinal(batch, at);
        self.register(shared, row, number, &pass.register);
        for &plan in &pass.weigh {
            self.weigh(shared, row, number, plan, yielded);
        }
        let Some(level) = pass.make else { return };
        for &position in rules {
            let Some(rule) = self.program.rules.get(position) else {
                continue;
            };
            if rule.level != level {
                continue;
            }
            match &rule.group {
                None => {
                    let record = Record { row, filled: &[] };
                    self.make_record(shared, position, rule, record, None, at, yielded);
                }
                Some(grouping) => {
                    self.make_group(shared, position, rule, grouping, row, number, at, yielded);
                }
            }
        }
    }

    /// A quiet evaluation on a record.
    pub fn quiet<'a>(&self, shared: &'a Shared<'a>, row: &'a Row<'a>) -> Cx<'a> {
        Cx::new(shared, Some(Record { row, filled: &[] }), true)
    }
}
