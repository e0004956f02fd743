//! One resource: made and judged, or refused with its reasons.

use std::sync::Arc;

use diagnostics::{InputPlace, Issue, IssueType, Severity};
use json::Value;
use source::Row;

use super::cell::{Bound, Cx, Record, Shared};
use super::groups::GroupContext;
use super::index::Times;
use super::maker::{Maker, Step, Yield};
use super::naming::Name;
use crate::codes;
use crate::loss::Lost;
use crate::made::{Judge, Made, Quarantined, Retired};
use crate::program::{Deleted, Program, Rule};
use crate::trace::{PassedFor, Recorder, Trace};

/// What came of one resource.
pub(super) enum Outcome<T> {
    Made {
        made: Box<Made>,
        /// What the judge says of it.
        judged: Result<T, Refusal>,
        /// What it is known by.
        instance: u64,
        /// For the record of a refusal.
        labels: Vec<String>,
        /// How many of its issues came before its body was made.
        early: usize,
        /// Where another record says the same: what to say to one that comes second.
        repeated: Option<Issue>,
    },
    Refused {
        quarantined: Box<Quarantined>,
        instance: Option<u64>,
        early: usize,
        repeated: Option<Issue>,
    },
    /// Its source says that it is gone.
    Retired {
        retired: Box<Retired>,
        instance: u64,
        repeated: Option<Issue>,
        trace: Option<Box<Trace>>,
    },
    /// The rule makes nothing of the record; only told in a traced run.
    PassedOver(PassedFor, Option<Box<Trace>>),
}

/// Why a judge refused a resource, and the record that it was made of.
pub(super) struct Refusal {
    pub issues: Vec<Issue>,
    pub nhs_number: Option<String>,
    pub raw: String,
}

impl<J: Judge> Maker<'_, J> {
    /// Makes what a rule makes of a record; whether that was anything, or something refused.
    #[allow(clippy::too_many_arguments)]
    pub(super) fn make_record(
        &self,
        shared: &Shared<'_>,
        position: usize,
        rule: &Rule,
        record: Record<'_>,
        group: Option<GroupContext>,
        at: u32,
        yielded: &mut Yield<J::Judged>,
    ) -> bool {
        let hash = group.as_ref().map(|group| group.hash);
        let mut any = false;
        let mut push = |outcome: Outcome<J::Judged>, yielded: &mut Yield<J::Judged>| {
            any |= !matches!(outcome, Outcome::PassedOver(..));
            yielded.steps.push(Step::Outcome {
                rule: position,
                group: hash,
                row: at,
                outcome,
            });
        };
        let mut cx = Cx::new(shared, Some(record), true);
        if self.trace {
            cx.trace = Some(Recorder::new(self.program, Some(rule)));
        }
        if group.is_none() && !cx.holds(rule.only.as_ref()) {
            if let Some(outcome) = cx.passed_over(PassedFor::Only) {
                push(outcome, yielded);
            }
            return any;
        }
        let Some(each) = &rule.each else {
            self.make_one(
                cx,
                position,
                rule,
                record,
                group,
                &mut |outcome, unmapped| {
                    for lost in unmapped {
                        yielded.loss.lost(lost);
                    }
                    push(outcome, yielded);
                },
            );
            return any;
        };
        let mut values = cx.each_values(each);
        if let Some(item) = group.as_ref().and_then(|group| group.item.as_deref()) {
            let found = values
                .into_iter()
                .find(|bound| item_text(bound).as_deref() == Some(item));
            values = found.into_iter().collect();
        }
        if values.is_empty() {
            if let Some(outcome) = cx.passed_over(PassedFor::NoItem) {
                push(outcome, yielded);
            }
            return any;
        }
        let recorder = cx.trace.take();
        for bound in values {
            let mut cx = Cx::new(shared, Some(record), true);
            cx.trace.clone_from(&recorder);
            cx.bind(each, bound);
            let context = group.as_ref().map(|group| GroupContext {
                hash: group.hash,
                warning: group.warning.clone(),
                item: None,
            });
            self.make_one(
                cx,
                position,
                rule,
                record,
                context,
                &mut |outcome, unmapped| {
                    for lost in unmapped {
                        yielded.loss.lost(lost);
                    }
                    push(outcome, yielded);
                },
            );
        }
        any
    }

    /// One resource, where its condition holds. The evaluation so far was quiet.
    fn make_one<'a>(
        &self,
        mut cx: Cx<'a>,
        position: usize,
        rule: &'a Rule,
        record: Record<'a>,
        group: Option<GroupContext>,
        give: &mut dyn FnMut(Outcome<J::Judged>, Vec<Lost>),
    ) {
        cx.refused = false;
        let holds = cx.holds(rule.when.as_ref());
        if !holds && !cx.refused && !cx.retires(rule) {
            if let Some(outcome) = cx.passed_over(PassedFor::When) {
                give(outcome, Vec::new());
            }
            return;
        }
        let mut full = Cx::new(cx.shared, Some(record), false);
        full.trace = cx.trace.take();
        full.variables = std::mem::take(&mut cx.variables);
        if cx.refused {
            full.holds(rule.when.as_ref());
        }
        let outcome = self.produce(&mut full, position, rule, record.row, group);
        give(outcome, full.unmapped);
    }

    /// One resource. `group` is there for a grouped rule, with the warning that the group raises.
    fn produce<'a>(
        &self,
        cx: &mut Cx<'a>,
        position: usize,
        rule: &'a Rule,
        row: &Row<'_>,
        group: Option<GroupContext>,
    ) -> Outcome<J::Judged> {
        let refused_before = cx.refused;
        cx.refused = false;
        let deleted = rule.deleted.as_ref().filter(|_| cx.is_deleted());
        cx.deleted = deleted.is_some();
        let since = cx.traced_from();
        let name = cx.name(rule);
        if let Some(trace) = cx.tracer() {
            trace.wrote_own("id", since);
        }
        let early = cx.issues.len();
        let Some(name) = name else {
            return self.refused(cx, position, rule, row, None, None);
        };
        cx.refused |= refused_before;
        let times = match group {
            // Records of one group are one; that two groups make one resource is seen in order.
            Some(_) => Times::Once,
            None => self
                .indexes
                .rules
                .get(position)
                .and_then(|index| index.entries.get(name.hash))
                .map_or(Times::Once, |entry| entry.times),
        };
        if times == Times::Different {
            cx.element = None;
            let issue = different(self.program, rule, &row.place());
            cx.issues.push(issue);
            return self.refused(cx, position, rule, row, Some(&name), None);
        }
        let repeated = (times == Times::Same).then(|| {
            cx.issue(
                Severity::Information,
                codes::SAME_TWICE,
                "the same again: one is kept",
                "nothing need be done",
                rule.spot,
            )
        });
        let constants = self.constants.get(position);
        let resource_type = constants.map_or_else(
            || Arc::from(""),
            |constants| Arc::clone(&constants.resource_type),
        );
        let own = constants.and_then(|constants| constants.profile.as_ref());
        let (body, profile) = match deleted {
            None => (&rule.body, own),
            Some(Deleted::Instead(body, profile)) if !cx.gone => (&**body, profile.as_ref()),
            // Whom it is about may be gone with it: then nothing can refer to them.
            Some(_) => {
                return self.retired(cx, position, rule, resource_type, row, &name, repeated);
            }
        };
        let id = self.id(position, &name);
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
            return self.refused(cx, position, rule, row, Some(&name), repeated);
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
        cx.issues.extend(group.and_then(|group| group.warning));
        let person: Option<Arc<str>> = if rule.is_person {
            Some(Arc::from(id.as_str()))
        } else {
            name.person.as_deref().map(Arc::from)
        };
        let mut issues = std::mem::take(&mut cx.issues);
        if !issues.is_empty() {
            let about = format!("{}/{id}", rule.resource_type);
            for issue in &mut issues {
                issue.resource.get_or_insert_with(|| about.clone());
            }
        }
        // Rendered here, while the record is in reach; a sink that refuses needs them.
        let labels = if rule.meta.security.is_empty() {
            Vec::new()
        } else {
            labels(cx, rule)
        };
        let mut made = Box::new(Made {
            resource: Value::Object(out),
            resource_type,
            id,
            rule: Arc::clone(&rule.name),
            person,
            weak_identity: name.weak,
            place: row.place(),
            issues,
            references: std::mem::take(&mut cx.references),
            trace: cx.traced(),
        });
        let judged = self.judge.judge(&mut made).map_err(|issues| Refusal {
            issues,
            nhs_number: self.nhs_number(row),
            raw: row.raw_json(),
        });
        Outcome::Made {
            made,
            judged,
            instance: name.hash,
            labels,
            early,
            repeated,
        }
    }

    /// A resource whose source says that it is gone.
    #[allow(clippy::too_many_arguments)]
    fn retired<'a>(
        &self,
        cx: &mut Cx<'a>,
        position: usize,
        rule: &'a Rule,
        resource_type: Arc<str>,
        row: &Row<'_>,
        name: &Name<'_>,
        repeated: Option<Issue>,
    ) -> Outcome<J::Judged> {
        let (id, person) = self.named(position, rule, name);
        let mut issue = Issue::information(
            codes::RETIRED,
            "the source says that this is gone; what an earlier file made of it is no longer reported",
        )
        .help("nothing need be done")
        .at_input(row.place())
        .at_mapping(self.program.place(rule.spot));
        issue.resource = Some(format!("{resource_type}/{id}"));
        Outcome::Retired {
            retired: Box::new(Retired {
                resource_type,
                id,
                rule: Arc::clone(&rule.name),
                person,
                place: row.place(),
                issue,
            }),
            instance: name.hash,
            repeated,
            trace: cx.traced(),
        }
    }

    /// The id of a resource, and of whom it is about.
    fn named(&self, position: usize, rule: &Rule, name: &Name<'_>) -> (String, Option<Arc<str>>) {
        let id = self.id(position, name);
        let person = if rule.is_person {
            Some(Arc::from(id.as_str()))
        } else {
            name.person.as_deref().map(Arc::from)
        };
        (id, person)
    }

    /// A resource that is not made.
    fn refused<'a>(
        &self,
        cx: &mut Cx<'a>,
        position: usize,
        rule: &'a Rule,
        row: &Row<'_>,
        name: Option<&Name<'_>>,
        repeated: Option<Issue>,
    ) -> Outcome<J::Judged> {
        let early = cx.issues.len();
        let labels = labels(cx, rule);
        let (id, person) = match name {
            Some(name) => {
                let (id, person) = self.named(position, rule, name);
                (Some(id), person)
            }
            // Whom it is about, where its own name cannot be had because that person was refused.
            None => (None, cx.refused_person.as_deref().map(Arc::from)),
        };
        Outcome::Refused {
            quarantined: Box::new(Quarantined {
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
                issues: std::mem::take(&mut cx.issues),
                judged: false,
                raw: row.raw_json(),
                trace: cx.traced(),
            }),
            instance: name.map(|name| name.hash),
            early,
            repeated,
        }
    }

    fn id(&self, position: usize, name: &Name<'_>) -> String {
        self.constants
            .get(position)
            .map(|constants| constants.ids.id(&name.parts))
            .unwrap_or_default()
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
}

/// The security labels that a resource would have, as `system|code`.
fn labels<'a>(cx: &mut Cx<'a>, rule: &'a Rule) -> Vec<String> {
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
}

/// That two records make one resource and differ.
pub(super) fn different(program: &Program, rule: &Rule, place: &InputPlace) -> Issue {
    let help = "mend or remove one of them in the source system";
    let used_at = program.origins.used_at(rule.spot);
    Issue::new(
        codes::DIFFERENT_TWICE,
        Severity::Error,
        IssueType::BusinessRule,
        "this record and another have one key and differ; none is kept, because no winner is guessed",
    )
    .help(format!("{help}{used_at}"))
    .at_mapping(program.place(rule.spot))
    .at_input(place.clone())
}

/// An item of `each` as text, with the column that it stands for.
pub(super) fn item_text(bound: &Bound<'_>) -> Option<String> {
    let text = bound.value.text()?;
    Some(match bound.column {
        Some(column) => format!("{column}\u{1f}{text}"),
        None => text.into_owned(),
    })
}
