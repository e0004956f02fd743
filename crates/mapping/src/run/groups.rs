//! Groups of records: their winners, the cells that fill a winner's blanks, what they contradict.

use std::collections::HashMap;
use std::ops::ControlFlow;

use diagnostics::{Issue, IssueType};
use source::{Event, Opened, Row};

use super::cell::{Cx, Filled, Record};
use super::content::{cell_hash, row_hash};
use super::engine::Engine;
use super::index::State;
use super::make::item_text;
use super::records::Use;
use super::register::Registration;
use crate::codes;
use crate::made::Judge;
use crate::program::{Grouping, Rule};
use crate::trace::{PassedFor, Recorder, cell_of};

/// What grouping adds to a record that won.
pub(super) struct GroupContext {
    pub hash: u64,
    pub warning: Option<Issue>,
    /// The item of `each` that the group is of.
    pub item: Option<String>,
}

/// The cells that fill the blanks of winners, by rule and group.
pub(super) type Fills = HashMap<(usize, u64), Vec<Filled>>;

impl<J: Judge> Engine<'_, J> {
    /// Reads the cells that fill the blanks of winners.
    pub(super) fn fills(&mut self, level: usize, opened: &mut Opened) -> Result<Fills, Box<Issue>> {
        let program = self.program;
        let wanting: Vec<usize> = program
            .rules
            .iter()
            .enumerate()
            .filter(|(position, rule)| {
                rule.level == level
                    && self.indexes.rules.get(*position).is_some_and(|index| {
                        index.groups.values().any(|group| !group.fillers.is_empty())
                    })
            })
            .map(|(position, _)| position)
            .collect();
        let mut fills = Fills::new();
        if wanting.is_empty() {
            return Ok(fills);
        }
        let mut tables: Vec<usize> = wanting
            .iter()
            .filter_map(|&rule| Some(program.rules.get(rule)?.table))
            .collect();
        tables.sort_unstable();
        tables.dedup();
        opened.read(&tables, &mut |event| {
            let Event::Row(row) = event else {
                return ControlFlow::Continue(());
            };
            if !matches!(self.usable(row), Use::Yes) {
                return ControlFlow::Continue(());
            }
            for &position in &wanting {
                let Some(rule) = program
                    .rules
                    .get(position)
                    .filter(|rule| rule.table == row.table())
                else {
                    continue;
                };
                let Some(grouping) = &rule.group else {
                    continue;
                };
                let shared = self.shared();
                let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), true);
                if !cx.holds(rule.only.as_ref()) {
                    continue;
                }
                let Some(index) = self.indexes.rules.get(position) else {
                    continue;
                };
                for (hash, item) in group_hashes(&mut cx, rule, grouping) {
                    let Some(group) = index.groups.get(&hash) else {
                        continue;
                    };
                    if group.fillers.is_empty() {
                        continue;
                    }
                    let rank = rank(&mut cx, grouping);
                    let content =
                        row_hash(row, &grouping.columns, &rule.uses_above, item.as_deref());
                    for filler in &group.fillers {
                        if (filler.rank, filler.content) != (rank, content) {
                            continue;
                        }
                        let Some(&column) = grouping.columns.get(usize::from(filler.column)) else {
                            continue;
                        };
                        if let Ok(Some(typed)) = row.get(column) {
                            let cells = fills.entry((position, hash)).or_default();
                            if !cells.iter().any(|known| known.column == column) {
                                let place = self.trace.then(|| cell_of(program, row, column));
                                cells.push(Filled {
                                    column,
                                    value: super::evaluate::kept(typed),
                                    place: place.map(Box::new),
                                });
                            }
                        }
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(fills)
    }

    pub(super) fn make_group(
        &mut self,
        position: usize,
        rule: &Rule,
        grouping: &Grouping,
        row: &Row<'_>,
        fills: &Fills,
    ) {
        let keys: Vec<(u64, Option<String>)>;
        let mut this_rank = 0;
        {
            let shared = self.shared();
            let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), true);
            if !cx.holds(rule.only.as_ref()) {
                return;
            }
            keys = group_hashes(&mut cx, rule, grouping);
            if grouping.latest.is_some() {
                this_rank = rank(&mut cx, grouping);
            }
            if keys.is_empty() && !grouping.per_item {
                // Nothing says to which group it belongs: only a record that would make something
                // is worth an issue.
                let applies =
                    rule.each.is_none() && cx.holds(rule.when.as_ref()) && rule.when.is_some();
                if !applies && !rule.is_person {
                    return;
                }
            }
        }
        if keys.is_empty() {
            if !grouping.per_item {
                self.unnamed(position, rule, row);
            }
            return;
        }
        for (hash, item) in keys {
            let content = row_hash(row, &grouping.columns, &rule.uses_above, item.as_deref());
            let Some(group) = self
                .indexes
                .rules
                .get_mut(position)
                .and_then(|index| index.groups.get_mut(&hash))
            else {
                continue;
            };
            if grouping.latest.is_none() && group.contradictions != 0 {
                group.state = State::Refused;
                let columns = self.columns(rule, grouping, hash, position);
                let issue = Issue::error(
                    codes::DIFFERENT_TWICE,
                    IssueType::Conflict,
                    format!("records of one group differ in {columns}; none is kept, because no winner is guessed"),
                )
                .help("mend them in the source system, or say in the mapping which one is the latest")
                .at_input(row.place())
                .at_mapping(self.program.place(rule.spot));
                self.quarantine(
                    rule,
                    position,
                    None,
                    None,
                    vec![issue],
                    Vec::new(),
                    row,
                    None,
                );
                continue;
            }
            if !group.is_winner(this_rank, content) {
                for (place, &column) in grouping.columns.iter().enumerate() {
                    if group.differs(place, cell_hash(row, column)) {
                        self.loss.overtaken_cell(position, column);
                    }
                }
                self.grouped_away(rule, row);
                continue;
            }
            if group.state != State::Pending {
                self.grouped_away(rule, row);
                continue;
            }
            group.state = State::NotMade;
            let contradicts = group.contradictions != 0;
            let filled = fills
                .get(&(position, hash))
                .map(Vec::as_slice)
                .unwrap_or_default();
            let warning = contradicts.then(|| {
                let columns = self.columns(rule, grouping, hash, position);
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
                warning,
                item,
            };
            let warning = context.warning.clone();
            self.make_record(position, rule, Record { row, filled }, Some(context));
            // Where the merged record makes nothing, that older ones said otherwise is worth a word.
            let made_nothing = self
                .indexes
                .rules
                .get(position)
                .and_then(|index| index.groups.get(&hash))
                .is_some_and(|group| group.state == State::NotMade);
            if let (Some(warning), true) = (warning, made_nothing) {
                self.sink.issue(warning);
            }
        }
    }

    /// In a traced run: says that another record stands for the group.
    fn grouped_away(&mut self, rule: &Rule, row: &Row<'_>) {
        if self.trace {
            let trace = Recorder::new(self.program, Some(rule)).finish();
            self.passed_over(rule, row, PassedFor::Group, Some(trace));
        }
    }

    /// The columns in which the records of a group differ.
    pub(super) fn columns(
        &self,
        rule: &Rule,
        grouping: &Grouping,
        hash: u64,
        position: usize,
    ) -> String {
        let bits = self
            .indexes
            .rules
            .get(position)
            .and_then(|index| index.groups.get(&hash))
            .map_or(0, |group| group.contradictions);
        let names: Vec<String> = grouping
            .columns
            .iter()
            .enumerate()
            .filter(|(index, _)| bits & (1 << (*index).min(63)) != 0)
            .filter_map(|(_, &column)| {
                let table = self.program.tables.get(rule.table)?;
                Some(format!("'{}'", table.columns.get(column)?.name))
            })
            .collect();
        names.join(", ")
    }

    pub(super) fn unnamed(&mut self, position: usize, rule: &Rule, row: &Row<'_>) {
        let issue = Issue::error(
            codes::NO_IDENTITY,
            IssueType::Required,
            "nothing in this record says whom or what it is about",
        )
        .help("complete its key in the source system and export it again")
        .at_input(row.place())
        .at_mapping(self.program.place(rule.spot));
        self.quarantine(
            rule,
            position,
            None,
            None,
            vec![issue],
            Vec::new(),
            row,
            None,
        );
    }
}

pub(super) fn register_group<'a>(
    cx: &mut Cx<'a>,
    rule: &'a Rule,
    grouping: &'a Grouping,
    row: &Row<'_>,
    found: &mut Vec<Registration>,
) {
    let cells: Vec<Option<u32>> = grouping
        .columns
        .iter()
        .map(|&column| cell_hash(row, column))
        .collect();
    let rank = rank(cx, grouping);
    for (hash, item) in group_hashes(cx, rule, grouping) {
        found.push(Registration::Group {
            hash,
            rank,
            content: row_hash(row, &grouping.columns, &rule.uses_above, item.as_deref()),
            cells: cells.clone(),
        });
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

pub(super) fn rank<'a>(cx: &mut Cx<'a>, grouping: &'a Grouping) -> i64 {
    match &grouping.latest {
        Some(latest) => cx.evaluate(latest).rank(),
        None => 0,
    }
}
