//! Groups of records: their winners, the cells that fill a winner's blanks, what they contradict.

use diagnostics::{Issue, IssueType};
use source::Row;

use super::cell::{Cx, Filled, Record, Shared};
use super::content::cell_hash;
use super::make::item_text;
use super::maker::{Maker, Step, Yield};
use super::plan::{GroupPlan, bit};
use crate::codes;
use crate::made::{Judge, Quarantined};
use crate::program::{Grouping, Rule};
use crate::trace::{PassedFor, PassedOver, Recorder, cell_of};

/// What grouping adds to a record that won.
pub(super) struct GroupContext {
    pub hash: u64,
    pub warning: Option<Issue>,
    /// The item of `each` that the group is of.
    pub item: Option<String>,
}

impl<J: Judge> Maker<'_, J> {
    /// Once all groups of a plan are known: the cells of a record that fill a winner's blanks, and
    /// those that the winner overtook.
    pub(super) fn weigh(
        &self,
        shared: &Shared<'_>,
        row: &Row<'_>,
        number: u64,
        plan: usize,
        yielded: &mut Yield<J::Judged>,
    ) {
        let (Some(groups), Some(known)) =
            (self.indexes.groups.get(plan), self.plan.groups.get(plan))
        else {
            return;
        };
        if known.table != row.table() {
            return;
        }
        let Some(rule) = self.program.rules.get(known.rule) else {
            return;
        };
        let mut cx = self.quiet(shared, row);
        if !cx.holds(rule.only.as_ref()) {
            return;
        }
        for (hash, _) in group_hashes(&mut cx, rule, known.grouping) {
            groups.table.look(hash, |group| {
                if group.first == number {
                    return;
                }
                for filler in &group.fillers {
                    if filler.first != number {
                        continue;
                    }
                    let position = usize::from(filler.column);
                    if let Some(&column) = known.columns.get(position)
                        && let Ok(Some(typed)) = row.get(column)
                    {
                        let place = self.trace.then(|| cell_of(self.program, row, column));
                        let filled = Filled {
                            column,
                            value: super::evaluate::kept(typed),
                            place: place.map(Box::new),
                        };
                        yielded.fills.push((plan, hash, filled));
                    }
                }
                // What is refused as contradictory is no loss: it is in the quarantine.
                if known.grouping.latest.is_none() && group.contradictions != 0 {
                    return;
                }
                for (position, &column) in known.columns.iter().enumerate() {
                    if group.differs(position, cell_hash(row, column)) {
                        yielded.loss.overtaken_cell(known.rule, column);
                    }
                }
            });
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn make_group(
        &self,
        shared: &Shared<'_>,
        position: usize,
        rule: &Rule,
        grouping: &Grouping,
        row: &Row<'_>,
        number: u64,
        at: u32,
        yielded: &mut Yield<J::Judged>,
    ) {
        let Some((plan_index, mask)) = self.plan.group_of.get(position).copied().flatten() else {
            return;
        };
        let (Some(plan), Some(groups)) = (
            self.plan.groups.get(plan_index),
            self.indexes.groups.get(plan_index),
        ) else {
            return;
        };
        let keys = {
            let mut cx = self.quiet(shared, row);
            if !cx.holds(rule.only.as_ref()) {
                return;
            }
            let keys = group_hashes(&mut cx, rule, grouping);
            if keys.is_empty() {
                // Nothing says to which group it belongs: only a record that would make something
                // is worth an issue.
                let applies =
                    rule.each.is_none() && rule.when.is_some() && cx.holds(rule.when.as_ref());
                if !grouping.per_item && (applies || rule.is_person) {
                    self.unnamed(position, rule, row, yielded);
                }
                return;
            }
            keys
        };
        for (hash, item) in keys {
            let Some((contradictions, is_winner)) = groups.table.look(hash, |group| {
                (group.contradictions & mask, group.first == number)
            }) else {
                continue;
            };
            if grouping.latest.is_none() && contradictions != 0 {
                let columns = self.columns(plan, contradictions);
                let issue = Issue::error(
                    codes::DIFFERENT_TWICE,
                    IssueType::Conflict,
                    format!("records of one group differ in {columns}; none is kept, because no winner is guessed"),
                )
                .help("mend them in the source system, or say in the mapping which one is the latest")
                .at_input(row.place())
                .at_mapping(self.program.place(rule.spot));
                yielded.steps.push(Step::GroupRefused {
                    rule: position,
                    group: hash,
                });
                yielded.steps.push(Step::Quarantine(
                    self.unnamed_refusal(position, rule, row, issue),
                ));
                continue;
            }
            if !is_winner {
                self.grouped_away(rule, row, yielded);
                continue;
            }
            let filled = groups.filled(hash);
            let warning = (contradictions != 0).then(|| {
                let columns = self.columns(plan, contradictions);
                Issue::warning(
                    codes::CONTRADICTION,
                    IssueType::Conflict,
                    format!(
                        "records of this {} contradict each other in {columns}; the latest is used",
                        rule.resource_type
                    ),
                )
                .help("mend the older records in the source system")
                .at_input(row.place())
                .at_mapping(self.program.place(rule.spot))
            });
            let context = GroupContext {
                hash,
                warning: warning.clone(),
                item,
            };
            let record = Record {
                row,
                filled: &filled,
            };
            let made = self.make_record(shared, position, rule, record, Some(context), at, yielded);
            // Where the merged record makes nothing, that older ones said otherwise is worth a word.
            if !made {
                yielded.steps.extend(warning.map(Step::Issue));
            }
        }
    }

    /// In a traced run: says that another record stands for the group.
    fn grouped_away(&self, rule: &Rule, row: &Row<'_>, yielded: &mut Yield<J::Judged>) {
        if self.trace {
            yielded.steps.push(Step::PassedOver(PassedOver {
                rule: Some(std::sync::Arc::clone(&rule.name)),
                resource_type: Some(rule.resource_type.as_str().into()),
                place: row.place(),
                reason: PassedFor::Group,
                trace: Recorder::new(self.program, Some(rule)).finish(),
            }));
        }
    }

    /// The columns in which the records of a group differ.
    fn columns(&self, plan: &GroupPlan<'_>, contradictions: u128) -> String {
        let names: Vec<String> = plan
            .columns
            .iter()
            .enumerate()
            .filter(|(position, _)| contradictions & bit(*position) != 0)
            .filter_map(|(_, &column)| {
                let table = self.program.tables.get(plan.table)?;
                Some(format!("'{}'", table.columns.get(column)?.name))
            })
            .collect();
        names.join(", ")
    }

    fn unnamed(&self, position: usize, rule: &Rule, row: &Row<'_>, yielded: &mut Yield<J::Judged>) {
        let issue = Issue::error(
            codes::NO_IDENTITY,
            IssueType::Required,
            "nothing in this record says whom or what it is about",
        )
        .help("complete its key in the source system and export it again")
        .at_input(row.place())
        .at_mapping(self.program.place(rule.spot));
        let refusal = self.unnamed_refusal(position, rule, row, issue);
        yielded.steps.push(Step::Quarantine(refusal));
    }

    fn unnamed_refusal(
        &self,
        position: usize,
        rule: &Rule,
        row: &Row<'_>,
        issue: Issue,
    ) -> Quarantined {
        Quarantined {
            rule: Some(std::sync::Arc::clone(&rule.name)),
            resource_type: self
                .constants
                .get(position)
                .map(|constants| std::sync::Arc::clone(&constants.resource_type)),
            id: None,
            person: None,
            nhs_number: self.nhs_number(row),
            labels: Vec::new(),
            place: row.place(),
            issues: vec![issue],
            judged: false,
            raw: row.raw_json(),
            trace: None,
        }
    }
}

/// The groups that a record belongs to: one, or one for each item where the key names the item.
pub(super) fn group_hashes<'a>(
    cx: &mut Cx<'a>,
    rule: &'a Rule,
    grouping: &'a Grouping,
) -> Vec<(u64, Option<String>)> {
    cx.refused = false;
    match &rule.each {
        Some(each) if grouping.per_item => {
            let mut out = Vec::new();
            for bound in cx.each_values(each) {
                let item = item_text(&bound);
                cx.bind(each, bound);
                out.extend(cx.group(&grouping.key).map(|hash| (hash, item)));
            }
            cx.variables.clear();
            out
        }
        _ => cx
            .group(&grouping.key)
            .map(|hash| (hash, None))
            .into_iter()
            .collect(),
    }
}

/// What orders the records of a group.
pub(super) fn rank<'a>(cx: &mut Cx<'a>, grouping: &'a Grouping) -> i64 {
    match &grouping.latest {
        Some(latest) => cx.evaluate(latest).rank(),
        None => 0,
    }
}
