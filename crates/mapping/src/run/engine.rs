//! A run: a first reading of the whole file, then level by level: index, and make.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{Issue, IssueType, Severity};
use json::Value;
use source::{ColumnType, Event, Input, Opened, Row, Typed, Unreadable};

use super::cell::{Bound, Cx, Record, Shared};
use super::content::{cell_hash, row_hash};
use super::grouping::Group;
use super::index::{Indexes, State, Times, read_id};
use super::naming::Name;
use super::survey::{Partners, Version, settle, survey};
use super::value::Val;
use crate::codes;
use crate::findings::place;
use crate::loss::LossCounter;
use crate::made::{Beginning, Counts, Made, Quarantined, RunContext, RunReport, Sink, Verdict};
use crate::program::{Grouping, Program, Rule};

/// Runs a program over an input.
///
/// # Errors
/// When the input cannot be used.
pub(crate) fn run(
    program: &Program,
    input: &Input,
    context: &RunContext,
    sink: &mut dyn Sink,
) -> Result<RunReport, Vec<Issue>> {
    let mut opened = source::open(input, Arc::clone(&program.schema))?;
    let mut read = 0_u64;
    let survey = survey(&mut opened, program, &mut || {
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
        sink,
        read,
    };
    engine.levels(&mut opened).map_err(|issue| vec![*issue])?;
    let Engine { loss, .. } = engine;
    report.loss = loss.report(program, opened.census());
    Ok(report)
}

/// How many records lie between two words on progress.
const PROGRESS: u64 = 1024;

struct Engine<'p> {
    program: &'p Program,
    context: &'p RunContext,
    indexes: Indexes,
    partners: Partners,
    latest: Vec<HashMap<u64, Version>>,
    local: String,
    constants: Vec<RuleConstants>,
    tags: Vec<Value>,
    loss: LossCounter,
    /// Which tables' records were reported on: once, however often they are read.
    reported: Vec<bool>,
    report: &'p mut RunReport,
    sink: &'p mut dyn Sink,
    read: u64,
}

/// What every resource of a rule shares.
struct RuleConstants {
    resource_type: Arc<str>,
    type_value: Value,
    profile: Option<Value>,
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

/// Whether a record may make anything.
enum Use {
    Yes,
    Overtaken,
    Outside,
    Lacking,
    /// Its version cannot be read.
    Unversioned(Vec<Issue>),
    /// Another record of the same version differs.
    Rival,
}

/// What a refused resource would have been called.
struct Named {
    id: String,
    hash: u64,
    person: Option<Arc<str>>,
}

/// What came of one resource.
enum Outcome {
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
    },
    Repeated(Option<Issue>),
}

impl Engine<'_> {
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

    fn is_reported(&self, table: usize) -> bool {
        self.reported.get(table).copied().unwrap_or(true)
    }

    fn unreadable(&mut self, unreadable: Unreadable) {
        if self.is_reported(unreadable.table) {
            return;
        }
        *self
            .report
            .counts
            .quarantined
            .entry("record".to_owned())
            .or_default() += 1;
        self.sink.quarantined(Quarantined {
            rule: None,
            resource_type: None,
            id: None,
            person: None,
            nhs_number: None,
            labels: Vec::new(),
            place: unreadable.place,
            issues: unreadable.issues,
            raw: unreadable.raw,
        });
    }

    fn usable(&self, row: &Row<'_>) -> Use {
        let mut at = Some(row);
        while let Some(row) = at {
            let table = row.table();
            let Some(declared) = self.program.tables.get(table) else {
                return Use::Outside;
            };
            if declared
                .required
                .iter()
                .any(|&column| !row.is_filled(column))
            {
                return Use::Lacking;
            }
            if declared.only.is_some() || declared.latest.is_some() {
                let shared = Shared {
                    program: self.program,
                    indexes: &self.indexes,
                    partners: &self.partners,
                    local: &self.local,
                };
                let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), true);
                if !cx.holds(declared.only.as_ref()) {
                    return Use::Outside;
                }
                if let Some(versioned) = &declared.latest {
                    let hash = cx.key(&versioned.of, true);
                    let rank = cx.evaluate(&versioned.by).rank();
                    if cx.refused {
                        let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), false);
                        cx.key(&versioned.of, true);
                        cx.evaluate(&versioned.by);
                        return Use::Unversioned(cx.issues);
                    }
                    let known = self
                        .latest
                        .get(table)
                        .zip(hash)
                        .and_then(|(known, hash)| known.get(&hash));
                    if let Some(version) = known {
                        if version.rank > rank {
                            return Use::Overtaken;
                        }
                        if version.conflict {
                            return Use::Rival;
                        }
                    }
                }
            }
            at = row.parent();
        }
        Use::Yes
    }

    /// Notes what the records of a level will make.
    fn index(&mut self, level: usize, row: &Row<'_>) {
        if !matches!(self.usable(row), Use::Yes) {
            return;
        }
        let program = self.program;
        for (position, rule) in program.rules.iter().enumerate() {
            if rule.level != level || rule.table != row.table() {
                continue;
            }
            let mut found: Vec<Registration> = Vec::new();
            {
                let shared = self.shared();
                let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), true);
                if !cx.holds(rule.only.as_ref()) {
                    continue;
                }
                match &rule.group {
                    Some(group) => register_group(&mut cx, rule, group, row, &mut found),
                    None => register(&mut cx, rule, row, &mut found),
                }
            }
            let Some(index) = self.indexes.rules.get_mut(position) else {
                continue;
            };
            for registration in found {
                match registration {
                    Registration::One {
                        instance,
                        content,
                        lookup,
                    } => index.register(instance, content, lookup),
                    Registration::Group {
                        hash,
                        rank,
                        content,
                        cells,
                    } => {
                        index
                            .groups
                            .entry(hash)
                            .and_modify(|group| group.add(rank, content, &cells))
                            .or_insert_with(|| Group::new(rank, content, &cells));
                    }
                }
            }
        }
    }

    fn shared(&self) -> Shared<'_> {
        Shared {
            program: self.program,
            indexes: &self.indexes,
            partners: &self.partners,
            local: &self.local,
        }
    }

    /// Reads the cells that fill the blanks of winners.
    fn fills(&mut self, level: usize, opened: &mut Opened) -> Result<Fills, Box<Issue>> {
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
                            if !cells.iter().any(|(known, _)| *known == column) {
                                cells.push((column, super::evaluate::kept(typed)));
                            }
                        }
                    }
                }
            }
            ControlFlow::Continue(())
        })?;
        Ok(fills)
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

    fn make_group(
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
                .at_mapping(place(&self.program.file, rule.spot));
                self.quarantine(rule, position, None, None, vec![issue], Vec::new(), row);
                continue;
            }
            if !group.is_winner(this_rank, content) {
                for (place, &column) in grouping.columns.iter().enumerate() {
                    if group.differs(place, cell_hash(row, column)) {
                        self.loss.overtaken_cell(position, column);
                    }
                }
                continue;
            }
            if group.state != State::Pending {
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
                .at_mapping(place(&self.program.file, rule.spot))
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

    /// The columns in which the records of a group differ.
    fn columns(&self, rule: &Rule, grouping: &Grouping, hash: u64, position: usize) -> String {
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

    fn unnamed(&mut self, position: usize, rule: &Rule, row: &Row<'_>) {
        let issue = Issue::error(
            codes::NO_IDENTITY,
            IssueType::Required,
            "nothing in this record says whom or what it is about",
        )
        .help("complete its key in the source system and export it again")
        .at_input(row.place())
        .at_mapping(place(&self.program.file, rule.spot));
        self.quarantine(rule, position, None, None, vec![issue], Vec::new(), row);
    }

    fn make_record(
        &mut self,
        position: usize,
        rule: &Rule,
        record: Record<'_>,
        group: Option<GroupContext>,
    ) {
        let mut outcomes = Vec::with_capacity(1);
        let mut unmapped = Vec::new();
        {
            let shared = self.shared();
            let mut cx = Cx::new(&shared, Some(record), true);
            if group.is_none() && !cx.holds(rule.only.as_ref()) {
                return;
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
            for bound in values {
                if let (Some(each), Some(bound)) = (&rule.each, &bound) {
                    cx.bind(each, bound.clone());
                }
                cx.refused = false;
                let holds = cx.holds(rule.when.as_ref());
                if !holds && !cx.refused {
                    continue;
                }
                let mut full = Cx::new(&shared, Some(record), false);
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
    fn produce<'a>(
        &self,
        cx: &mut Cx<'a>,
        position: usize,
        rule: &'a Rule,
        group: Option<Option<Issue>>,
    ) -> Outcome {
        let labels = |cx: &mut Cx<'a>| -> Vec<String> {
            let refused = cx.refused;
            let quiet = std::mem::replace(&mut cx.quiet, true);
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
            labels
        };
        let refused_before = cx.refused;
        cx.refused = false;
        let name = cx.name(rule);
        let Some(name) = name else {
            return Outcome::Refused {
                named: None,
                person: cx.refused_person.as_deref().map(Arc::from),
                labels: labels(cx),
                issues: std::mem::take(&mut cx.issues),
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
                return Outcome::Repeated(Some(issue));
            }
        }
        let constants = self.constants.get(position);
        let resource_type = constants.map_or_else(
            || Arc::from(""),
            |constants| Arc::clone(&constants.resource_type),
        );
        let id = self.id(rule, &name);
        let mut out = json::Object::with_capacity(rule.body.fields.len() + 4);
        if let Some(constants) = constants {
            out.insert("resourceType", constants.type_value.clone());
        }
        out.insert("id", id.as_str());
        out.insert("meta", self.meta(cx, rule, constants));
        cx.fields(&rule.body, &mut out, Some(()));
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
            }),
            hash: name.hash,
            labels,
        }
    }

    fn id(&self, rule: &Rule, name: &Name<'_>) -> String {
        let parts: Vec<&str> = name.parts.iter().map(AsRef::as_ref).collect();
        self.context.ids.resource_id(
            &self.context.tenant,
            &self.context.source,
            &rule.resource_type,
            &rule.name,
            &parts,
        )
    }

    fn named(&self, rule: &Rule, name: &Name<'_>) -> Named {
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

    fn meta<'a>(
        &self,
        cx: &mut Cx<'a>,
        rule: &'a Rule,
        constants: Option<&RuleConstants>,
    ) -> Value {
        let mut meta = json::Object::with_capacity(3);
        if let Some(profile) = constants.and_then(|constants| constants.profile.as_ref()) {
            meta.insert("profile", profile.clone());
        }
        if !rule.meta.security.is_empty() {
            let security = cx.items(&rule.meta.security);
            if !security.is_empty() {
                meta.insert("security", security);
            }
        }
        let mut tags = self.tags.clone();
        if !rule.meta.tag.is_empty() {
            tags.extend(cx.items(&rule.meta.tag));
        }
        meta.insert("tag", tags);
        Value::Object(meta)
    }

    /// Hands what was made to the sink and notes what became of it.
    fn settle(
        &mut self,
        position: usize,
        rule: &Rule,
        row: &Row<'_>,
        outcome: Outcome,
        group: Option<u64>,
    ) {
        match outcome {
            Outcome::Repeated(issue) => {
                if let Some(issue) = issue {
                    self.sink.issue(issue);
                }
            }
            Outcome::Refused {
                named,
                person,
                issues,
                labels,
            } => {
                let hash = named.as_ref().map(|named| named.hash);
                let id = named.as_ref().map(|named| named.id.clone());
                let id = id.as_deref().filter(|_| rule.referred);
                self.note(position, hash, group, State::Refused, id);
                self.quarantine(rule, position, named, person, issues, labels, row);
            }
            Outcome::Made { made, hash, labels } => {
                let id = made.id.clone();
                let person = made.person.clone();
                let resource_type = Arc::clone(&made.resource_type);
                match self.sink.resource(*made) {
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
                            raw: row.raw_json(),
                        };
                        self.hand_over(quarantined);
                    }
                }
            }
        }
    }

    fn note(
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

    #[allow(clippy::too_many_arguments)]
    fn quarantine(
        &mut self,
        rule: &Rule,
        position: usize,
        named: Option<Named>,
        person: Option<Arc<str>>,
        issues: Vec<Issue>,
        labels: Vec<String>,
        row: &Row<'_>,
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
            raw: row.raw_json(),
        };
        self.hand_over(quarantined);
    }

    fn hand_over(&mut self, mut quarantined: Quarantined) {
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

    /// The NHS number that a record, or one of its parents, holds.
    fn nhs_number(&self, row: &Row<'_>) -> Option<String> {
        let mut at = Some(row);
        while let Some(row) = at {
            let table = self.program.schema.tables.get(row.table())?;
            for (index, column) in table.columns.iter().enumerate() {
                if matches!(column.kind, ColumnType::NhsNumber)
                    && let Ok(Some(Typed::NhsNumber(number))) = row.get(index)
                {
                    return Some(number);
                }
            }
            at = row.parent();
        }
        None
    }

    /// Once for each record: what of it is used, and what keeps it from being used.
    fn account(&mut self, row: &Row<'_>) {
        let table = row.table();
        if self.is_reported(table) {
            return;
        }
        let program = self.program;
        let Some(declared) = program.tables.get(table) else {
            return;
        };
        match self.usable(row) {
            Use::Yes => {}
            Use::Overtaken => {
                if let Some(count) = self.loss.overtaken.get_mut(table) {
                    *count += 1;
                }
                return;
            }
            Use::Outside => return self.outside(declared.only.is_some(), row),
            Use::Lacking => return self.lacking(row),
            // What stands inside such a record goes with it, and it is reported itself.
            Use::Unversioned(_) | Use::Rival if declared.latest.is_none() => return,
            Use::Unversioned(issues) => return self.refuse_record(issues, row),
            Use::Rival => return self.rival(row),
        }
        let mut used = vec![false; declared.columns.len()];
        let mut mark = |columns: &[usize]| {
            for &column in columns {
                if let Some(used) = used.get_mut(column) {
                    *used = true;
                }
            }
        };
        mark(&declared.always);
        let mut issues: Vec<Issue> = Vec::new();
        {
            let shared = self.shared();
            for rule in &program.rules {
                for (up, column) in &rule.uses_above {
                    if is_above(program, rule.table, *up, table) {
                        mark(&[*column]);
                    }
                }
                if rule.table != table {
                    continue;
                }
                let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), false);
                let mut applies = cx.holds(rule.only.as_ref());
                if applies {
                    // What a group makes is judged on its merged record; here only the issues of
                    // this one are wanted.
                    let judged = match &rule.each {
                        None => cx.holds(rule.when.as_ref()),
                        Some(each) => {
                            let mut any = false;
                            for bound in cx.each_values(each) {
                                cx.bind(each, bound);
                                any |= cx.holds(rule.when.as_ref());
                            }
                            any
                        }
                    };
                    applies = judged || rule.group.is_some();
                }
                if applies {
                    mark(&rule.uses);
                }
                for issue in cx.issues {
                    if !issue.is_error() && !issues.contains(&issue) {
                        issues.push(issue);
                    }
                }
            }
        }
        for (column, used) in used.into_iter().enumerate() {
            if used && row.is_filled(column) {
                self.loss.used(table, column);
            }
        }
        for issue in issues {
            self.sink.issue(issue);
        }
    }

    fn rival(&mut self, row: &Row<'_>) {
        let issue = Issue::error(
            codes::DIFFERENT_TWICE,
            IssueType::Conflict,
            "this record and another have one version and differ; none is kept, because no winner is guessed",
        )
        .help("mend or remove one of them in the source system")
        .at_input(row.place());
        self.refuse_record(vec![issue], row);
    }

    fn outside(&mut self, own: bool, row: &Row<'_>) {
        // A child of such a record goes with its parent, which is reported.
        if !own {
            return;
        }
        let issue = Issue::error(
            codes::OUTSIDE,
            IssueType::BusinessRule,
            "the mapping does not read records of this kind, so nothing is made of it",
        )
        .help("look at the columns that the table's `only` tests; a record that belongs elsewhere should not be in the export")
        .at_input(row.place());
        self.refuse_record(vec![issue], row);
    }

    fn lacking(&mut self, row: &Row<'_>) {
        let Some(declared) = self.program.tables.get(row.table()) else {
            return;
        };
        let issues: Vec<Issue> = declared
            .required
            .iter()
            .filter(|&&column| !row.is_filled(column))
            .map(|&column| {
                let name = declared
                    .columns
                    .get(column)
                    .map(|column| column.name.to_string());
                Issue::error(
                    codes::REQUIRED_CELL,
                    IssueType::Required,
                    format!(
                        "'{}' is blank, and the record cannot be used without it",
                        name.unwrap_or_default()
                    ),
                )
                .help("fill it in the source system and export it again")
                .at_input(row.cell_place(column))
            })
            .collect();
        // Without one it is the parent that lacks something, and that is reported.
        if !issues.is_empty() {
            self.refuse_record(issues, row);
        }
    }

    fn refuse_record(&mut self, issues: Vec<Issue>, row: &Row<'_>) {
        let quarantined = Quarantined {
            rule: None,
            resource_type: None,
            id: None,
            person: None,
            nhs_number: self.nhs_number(row),
            labels: Vec::new(),
            place: row.place(),
            issues,
            raw: row.raw_json(),
        };
        self.hand_over(quarantined);
    }
}

/// What grouping adds to a record that won.
struct GroupContext {
    hash: u64,
    warning: Option<Issue>,
    /// The item of `each` that the group is of.
    item: Option<String>,
}

/// The cells that fill the blanks of winners, by rule and group.
type Fills = HashMap<(usize, u64), Vec<(usize, Val<'static>)>>;

enum Registration {
    One {
        instance: u64,
        content: u32,
        lookup: Option<u64>,
    },
    Group {
        hash: u64,
        rank: i64,
        content: u32,
        cells: Vec<Option<u32>>,
    },
}

fn register<'a>(cx: &mut Cx<'a>, rule: &'a Rule, row: &Row<'_>, found: &mut Vec<Registration>) {
    let mut one = |cx: &mut Cx<'a>| {
        cx.refused = false;
        if !cx.holds(rule.when.as_ref()) {
            return;
        }
        cx.refused = false;
        let Some(name) = cx.name(rule) else { return };
        let item = cx.variables.first().and_then(item_text);
        found.push(Registration::One {
            instance: name.hash,
            content: row_hash(row, &rule.content, &rule.uses_above, item.as_deref()),
            lookup: if rule.referred {
                cx.key(&rule.naming.lookup, true)
            } else {
                None
            },
        });
    };
    match &rule.each {
        None => one(cx),
        Some(each) => {
            for bound in cx.each_values(each) {
                cx.bind(each, bound);
                one(cx);
            }
        }
    }
}

fn register_group<'a>(
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
fn group_hashes<'a>(
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

/// An item of `each` as text, with the column that it stands for.
fn item_text(bound: &Bound<'_>) -> Option<String> {
    let text = bound.value.text()?;
    Some(match bound.column {
        Some(column) => format!("{column}\u{1f}{text}"),
        None => text.into_owned(),
    })
}

fn rank<'a>(cx: &mut Cx<'a>, grouping: &'a Grouping) -> i64 {
    match &grouping.latest {
        Some(latest) => cx.evaluate(latest).rank(),
        None => 0,
    }
}

/// Whether a table is that many parents above another.
fn is_above(program: &Program, from: usize, up: u8, to: usize) -> bool {
    let mut at = from;
    for _ in 0..up {
        match program.tables.get(at).and_then(|table| table.parent) {
            Some(parent) => at = parent,
            None => return false,
        }
    }
    at == to
}
