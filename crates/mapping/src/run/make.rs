//! One resource: made, handed to the sink, or quarantined with its reasons.

use std::sync::Arc;

use diagnostics::{Issue, Severity};
use json::Value;
use source::Row;

use super::cell::{Bound, Cx, Record};
use super::engine::Engine;
use super::groups::GroupContext;
use super::index::{State, Times, read_id};
use super::naming::Name;
use crate::codes;
use crate::made::{Judge, Made, Quarantined, Retired, Verdict};
use crate::program::{Deleted, Rule};
use crate::trace::{PassedFor, PassedOver, Recorder, Trace};

/// What a refused resource would have been called.
pub(super) struct Named {
    id: String,
    hash: u64,
    person: Option<Arc<str>>,
}

/// What came of one resource.
pub(super) enum Outcome {
    Made {
        made: Box<Made>,
        hash: u64,
        /// For the record of a refusal.
        labels: Vec<String>,
    },
    Refused {
        named: Option<Named>,
        /// Whom it is about, where its own name cannot be had because that person was refused.
        person: Option<Arc<str>>,
        issues: Vec<Issue>,
        labels: Vec<String>,
        trace: Option<Box<Trace>>,
    },
    Repeated(Option<Issue>, Option<Box<Trace>>),
    /// Its source says that it is gone.
    Retired(Named, Option<Box<Trace>>),
    /// The rule makes nothing of the record; only told in a traced run.
    PassedOver(PassedFor, Option<Box<Trace>>),
}

impl<J: Judge> Engine<'_, J> {
    pub(super) fn make_record(
        &mut self,
        position: usize,
        rule: &Rule,
        record: Record<'_>,
        group: Option<GroupContext>,
    ) {
        let mut outcomes = Vec::with_capacity(1);
        let mut unmapped = Vec::new();
        'made: {
            let shared = self.shared();
            let mut cx = Cx::new(&shared, Some(record), true);
            if self.trace {
                cx.trace = Some(Recorder::new(self.program, Some(rule)));
            }
            if group.is_none() && !cx.holds(rule.only.as_ref()) {
                outcomes.extend(cx.passed_over(PassedFor::Only));
                break 'made;
            }
            let values: Vec<Option<Bound<'_>>> = match &rule.each {
                None => vec![None],
                Some(each) => {
                    let values = cx.each_values(each).into_iter();
                    match group.as_ref().and_then(|group| group.item.as_deref()) {
                        Some(item) => values
                            .filter(|bound| item_text(bound).as_deref() == Some(item))
                            .take(1)
                            .map(Some)
                            .collect(),
                        None => values.map(Some).collect(),
                    }
                }
            };
            if values.is_empty() {
                outcomes.extend(cx.passed_over(PassedFor::NoItem));
                break 'made;
            }
            let recorder = cx.trace.take();
            for bound in values {
                cx.trace.clone_from(&recorder);
                if let (Some(each), Some(bound)) = (&rule.each, &bound) {
                    cx.bind(each, bound.clone());
                }
                cx.refused = false;
                let holds = cx.holds(rule.when.as_ref());
                if !holds && !cx.refused && !cx.retires(rule) {
                    outcomes.extend(cx.passed_over(PassedFor::When));
                    continue;
                }
                let mut full = Cx::new(&shared, Some(record), false);
                full.trace = cx.trace.take();
                full.variables = cx.variables.clone();
                if cx.refused {
                    full.holds(rule.when.as_ref());
                }
                let grouped = group.as_ref().map(|group| group.warning.clone());
                outcomes.push(self.produce(&mut full, position, rule, grouped));
                unmapped.append(&mut full.unmapped);
            }
        }
        for (table, label) in unmapped {
            self.loss.unmapped(table, label);
        }
        for outcome in outcomes {
            self.settle(
                position,
                rule,
                record.row,
                outcome,
                group.as_ref().map(|group| group.hash),
            );
        }
    }

    /// One resource. `group` is there for a grouped rule, with the warning that the group raises.
    pub(super) fn produce<'a>(
        &self,
        cx: &mut Cx<'a>,
        position: usize,
        rule: &'a Rule,
        group: Option<Option<Issue>>,
    ) -> Outcome {
        let labels = |cx: &mut Cx<'a>| -> Vec<String> {
            let refused = cx.refused;
            let quiet = std::mem::replace(&mut cx.quiet, true);
            let trace = cx.trace.take();
            let labels = cx
                .items(&rule.meta.security)
                .iter()
                .map(|label| {
                    format!(
                        "{}|{}",
                        label.text("system").unwrap_or_default(),
                        label.text("code").unwrap_or_default()
                    )
                })
                .collect();
            cx.refused = refused;
            cx.quiet = quiet;
            cx.trace = trace;
            labels
        };
        let refused_before = cx.refused;
        cx.refused = false;
        let deleted = rule.deleted.as_ref().filter(|_| cx.is_deleted());
        cx.deleted = deleted.is_some();
        let since = cx.traced_from();
        let name = cx.name(rule);
        if let Some(trace) = cx.tracer() {
            trace.wrote_own("id", since);
        }
        let Some(name) = name else {
            return Outcome::Refused {
                named: None,
                person: cx.refused_person.as_deref().map(Arc::from),
                labels: labels(cx),
                issues: std::mem::take(&mut cx.issues),
                trace: cx.traced(),
            };
        };
        cx.refused |= refused_before;
        let entry = self
            .indexes
            .rules
            .get(position)
            .and_then(|index| index.entries.get(&name.hash));
        if let Some(entry) = entry {
            let different = entry.times == Times::Different || group.is_some();
            if different && entry.state != State::NotMade {
                let issue = cx.issue(
                    Severity::Error,
                    codes::DIFFERENT_TWICE,
                    "this record and another have one key and differ; none is kept, because no winner is guessed",
                    "mend or remove one of them in the source system",
                    rule.spot,
                );
                cx.issues.push(issue);
                return Outcome::Refused {
                    labels: labels(cx),
                    named: Some(self.named(rule, &name)),
                    person: None,
                    issues: std::mem::take(&mut cx.issues),
                    trace: cx.traced(),
                };
            }
            if entry.state != State::Pending {
                let issue = cx.issue(
                    Severity::Information,
                    codes::SAME_TWICE,
                    "the same again: one is kept",
                    "nothing need be done",
                    rule.spot,
                );
                return Outcome::Repeated(Some(issue), cx.traced());
            }
        }
        let constants = self.constants.get(position);
        let resource_type = constants.map_or_else(
            || Arc::from(""),
            |constants| Arc::clone(&constants.resource_type),
        );
        let id = self.id(rule, &name);
        let own = constants.and_then(|constants| constants.profile.as_ref());
        let (body, profile) = match deleted {
            None => (&rule.body, own),
            Some(Deleted::Instead(body, profile)) if !cx.gone => (body, profile.as_ref()),
            // Whom it is about may be gone with it: then nothing can refer to them.
            Some(_) => {
                return Outcome::Retired(self.named(rule, &name), cx.traced());
            }
        };
        let mut out = json::Object::with_capacity(body.fields.len() + 4);
        if let Some(constants) = constants {
            out.insert("resourceType", constants.type_value.clone());
        }
        out.insert("id", id.as_str());
        out.insert("meta", self.meta(cx, rule, profile));
        cx.fields(body, &mut out, Some(()));
        let refused = cx.refused;
        for warning in &rule.warnings {
            if cx.holds(warning.when.as_ref()) {
                let issue = cx.issue(
                    Severity::Warning,
                    codes::MAPPING_WARNING,
                    warning.say.clone(),
                    "look at the record in the source system",
                    warning.spot,
                );
                cx.issues.push(issue);
            }
        }
        if refused {
            return Outcome::Refused {
                labels: labels(cx),
                named: Some(self.named(rule, &name)),
                person: None,
                issues: std::mem::take(&mut cx.issues),
                trace: cx.traced(),
            };
        }
        if name.weak {
            let issue = cx.issue(
                Severity::Warning,
                codes::WEAK_IDENTITY,
                "the person is known only by name and birth date, which needs confirmation",
                "add the NHS number or a stable id in the source system",
                rule.spot,
            );
            cx.issues.push(issue);
        }
        cx.issues.extend(group.flatten());
        let person: Option<Arc<str>> = if rule.is_person {
            Some(Arc::from(id.as_str()))
        } else {
            name.person.as_deref().map(Arc::from)
        };
        let mut issues = std::mem::take(&mut cx.issues);
        let about = format!("{}/{id}", rule.resource_type);
        for issue in &mut issues {
            issue.resource.get_or_insert_with(|| about.clone());
        }
        // Rendered here, while the record is in reach; a sink that refuses needs them.
        let labels = if rule.meta.security.is_empty() {
            Vec::new()
        } else {
            labels(cx)
        };
        Outcome::Made {
            made: Box::new(Made {
                resource: Value::Object(out),
                resource_type,
                id,
                rule: Arc::clone(&rule.name),
                person,
                weak_identity: name.weak,
                place: cx
                    .record
                    .map(|record| record.row.place())
                    .unwrap_or_default(),
                issues,
                references: std::mem::take(&mut cx.references),
                trace: cx.traced(),
            }),
            hash: name.hash,
            labels,
        }
    }

    pub(super) fn id(&self, rule: &Rule, name: &Name<'_>) -> String {
        let parts: Vec<&str> = name.parts.iter().map(AsRef::as_ref).collect();
        self.context.ids.resource_id(
            &self.context.tenant,
            &self.context.source,
            &rule.resource_type,
            &rule.name,
            &parts,
        )
    }

    pub(super) fn named(&self, rule: &Rule, name: &Name<'_>) -> Named {
        let id = self.id(rule, name);
        let person = if rule.is_person {
            Some(Arc::from(id.as_str()))
        } else {
            name.person.as_deref().map(Arc::from)
        };
        Named {
            id,
            hash: name.hash,
            person,
        }
    }

    pub(super) fn meta<'a>(
        &self,
        cx: &mut Cx<'a>,
        rule: &'a Rule,
        profile: Option<&Value>,
    ) -> Value {
        if let Some(trace) = cx.tracer() {
            trace.enter("meta", false);
        }
        let mut meta = json::Object::with_capacity(3);
        if let Some(profile) = profile {
            meta.insert("profile", profile.clone());
        }
        if !rule.meta.security.is_empty() {
            let security = cx.items_of("security", &rule.meta.security, 0);
            if !security.is_empty() {
                meta.insert("security", security);
            }
        }
        let mut tags = self.tags.clone();
        if !rule.meta.tag.is_empty() {
            let own = cx.items_of("tag", &rule.meta.tag, tags.len());
            tags.extend(own);
        }
        meta.insert("tag", tags);
        if let Some(trace) = cx.tracer() {
            trace.leave();
        }
        Value::Object(meta)
    }

    /// Hands what was made to the sink and notes what became of it.
    pub(super) fn settle(
        &mut self,
        position: usize,
        rule: &Rule,
        row: &Row<'_>,
        outcome: Outcome,
        group: Option<u64>,
    ) {
        match outcome {
            Outcome::Repeated(issue, trace) => {
                if let Some(issue) = issue {
                    self.sink.issue(issue);
                }
                self.passed_over(rule, row, PassedFor::Repeated, trace);
            }
            Outcome::Retired(named, trace) => {
                let id = rule.referred.then_some(named.id.as_str());
                self.note(position, Some(named.hash), group, State::Retired, id);
                self.retire(rule, position, named, row);
                self.passed_over(rule, row, PassedFor::Retired, trace);
            }
            Outcome::PassedOver(reason, trace) => self.passed_over(rule, row, reason, trace),
            Outcome::Refused {
                named,
                person,
                issues,
                labels,
                trace,
            } => {
                let hash = named.as_ref().map(|named| named.hash);
                let id = named.as_ref().map(|named| named.id.clone());
                let id = id.as_deref().filter(|_| rule.referred);
                self.note(position, hash, group, State::Refused, id);
                self.quarantine(rule, position, named, person, issues, labels, row, trace);
            }
            Outcome::Made {
                mut made,
                hash,
                labels,
            } => {
                let id = made.id.clone();
                let person = made.person.clone();
                let resource_type = Arc::clone(&made.resource_type);
                let trace = made.trace.clone();
                let (verdict, judged) = match self.judge.judge(&mut made) {
                    Ok(judged) => (self.sink.resource(*made, judged), false),
                    Err(issues) => (Verdict::Refused(issues), true),
                };
                match verdict {
                    Verdict::Accepted => {
                        *self
                            .report
                            .counts
                            .resources
                            .entry(resource_type.to_string())
                            .or_default() += 1;
                        self.note(
                            position,
                            Some(hash),
                            group,
                            State::Made,
                            rule.referred.then_some(id.as_str()),
                        );
                    }
                    Verdict::Refused(issues) => {
                        let known = rule.referred.then_some(id.as_str());
                        self.note(position, Some(hash), group, State::Refused, known);
                        let quarantined = Quarantined {
                            rule: Some(Arc::clone(&rule.name)),
                            resource_type: Some(resource_type),
                            id: Some(id),
                            person,
                            nhs_number: self.nhs_number(row),
                            labels,
                            place: row.place(),
                            issues,
                            judged,
                            raw: row.raw_json(),
                            trace,
                        };
                        self.hand_over(quarantined);
                    }
                }
            }
        }
    }

    /// Hands over that something is gone, and says so.
    fn retire(&mut self, rule: &Rule, position: usize, named: Named, row: &Row<'_>) {
        let resource_type = self.constants.get(position).map_or_else(
            || Arc::from(""),
            |constants| Arc::clone(&constants.resource_type),
        );
        *self
            .report
            .counts
            .retired
            .entry(resource_type.to_string())
            .or_default() += 1;
        let mut issue = Issue::information(
            codes::RETIRED,
            "the source says that this is gone; what an earlier file made of it is no longer reported",
        )
        .help("nothing need be done")
        .at_input(row.place())
        .at_mapping(self.program.place(rule.spot));
        issue.resource = Some(format!("{resource_type}/{}", named.id));
        self.sink.retired(Retired {
            resource_type,
            id: named.id,
            rule: Arc::clone(&rule.name),
            person: named.person,
            place: row.place(),
            issue,
        });
    }

    pub(super) fn note(
        &mut self,
        position: usize,
        hash: Option<u64>,
        group: Option<u64>,
        state: State,
        id: Option<&str>,
    ) {
        let Some(index) = self.indexes.rules.get_mut(position) else {
            return;
        };
        if let Some(hash) = hash {
            index.entries.entry(hash).or_default().state = state;
            if let Some(id) = id
                && group.is_none()
            {
                index.ids.insert(hash, read_id(id));
            }
        }
        if let Some(group) = group.and_then(|group| index.groups.get_mut(&group)) {
            if state == State::Made {
                group.made += 1;
            }
            if group.state != State::Made {
                group.state = state;
            }
            if let Some(id) = id {
                group.id = read_id(id);
            }
        }
    }

    /// In a traced run: says that a rule made nothing of a record.
    pub(super) fn passed_over(
        &mut self,
        rule: &Rule,
        row: &Row<'_>,
        reason: PassedFor,
        trace: Option<Box<Trace>>,
    ) {
        if let Some(trace) = trace {
            self.sink.passed_over(PassedOver {
                rule: Some(Arc::clone(&rule.name)),
                resource_type: Some(Arc::from(rule.resource_type.as_str())),
                place: row.place(),
                reason,
                trace,
            });
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn quarantine(
        &mut self,
        rule: &Rule,
        position: usize,
        named: Option<Named>,
        person: Option<Arc<str>>,
        issues: Vec<Issue>,
        labels: Vec<String>,
        row: &Row<'_>,
        trace: Option<Box<Trace>>,
    ) {
        let (id, person) = match named {
            Some(named) => (Some(named.id), named.person),
            None => (None, person),
        };
        let quarantined = Quarantined {
            rule: Some(Arc::clone(&rule.name)),
            resource_type: self
                .constants
                .get(position)
                .map(|constants| Arc::clone(&constants.resource_type)),
            id,
            person,
            nhs_number: self.nhs_number(row),
            labels,
            place: row.place(),
            issues,
            judged: false,
            raw: row.raw_json(),
            trace,
        };
        self.hand_over(quarantined);
    }

    pub(super) fn hand_over(&mut self, mut quarantined: Quarantined) {
        let key = quarantined
            .resource_type
            .as_deref()
            .unwrap_or("record")
            .to_owned();
        *self.report.counts.quarantined.entry(key).or_default() += 1;
        if let (Some(resource_type), Some(id)) = (&quarantined.resource_type, &quarantined.id) {
            let about = format!("{resource_type}/{id}");
            for issue in &mut quarantined.issues {
                issue.resource.get_or_insert_with(|| about.clone());
            }
        }
        self.sink.quarantined(quarantined);
    }
}

/// An item of `each` as text, with the column that it stands for.
pub(super) fn item_text(bound: &Bound<'_>) -> Option<String> {
    let text = bound.value.text()?;
    Some(match bound.column {
        Some(column) => format!("{column}\u{1f}{text}"),
        None => text.into_owned(),
    })
}
