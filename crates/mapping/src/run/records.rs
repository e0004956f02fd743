//! Records as wholes: which may make anything, what of them is used, which are refused.

use diagnostics::{Issue, IssueType};
use source::{ColumnType, Row, Typed, Unreadable};

use super::cell::{Cx, Record, Shared};
use super::engine::Engine;
use crate::codes;
use crate::made::{Judge, Quarantined};
use crate::program::Program;
use crate::trace::{PassedFor, PassedOver, Recorder};

/// Whether a record may make anything.
pub(super) enum Use {
    Yes,
    Overtaken,
    Outside,
    Lacking,
    /// Its version cannot be read.
    Unversioned(Vec<Issue>),
    /// Another record of the same version differs.
    Rival,
}

impl<J: Judge> Engine<'_, J> {
    pub(super) fn is_reported(&self, table: usize) -> bool {
        self.reported.get(table).copied().unwrap_or(true)
    }

    pub(super) fn unreadable(&mut self, unreadable: Unreadable) {
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
            judged: false,
            raw: unreadable.raw,
            trace: None,
        });
    }

    pub(super) fn usable(&self, row: &Row<'_>) -> Use {
        let mut at = Some(row);
        while let Some(row) = at {
            let table = row.table();
            let Some(declared) = self.program.tables.get(table) else {
                return Use::Outside;
            };
            if self.lacks(row).next().is_some() {
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

    /// The columns that a record must fill and does not. One that only says that it is deleted need
    /// not say more than what it is.
    fn lacks<'r>(&'r self, row: &'r Row<'_>) -> impl Iterator<Item = usize> + 'r {
        let declared = self.program.tables.get(row.table());
        let required = declared.map_or(&[][..], |table| table.required.as_slice());
        let missing = required
            .iter()
            .copied()
            .filter(move |&column| !row.is_filled(column));
        let is_tombstone = missing.clone().next().is_some()
            && declared.is_some_and(|table| table.deleted.is_some())
            && {
                let shared = self.shared();
                Cx::new(&shared, Some(Record { row, filled: &[] }), true).is_deleted()
            };
        missing.filter(move |column| {
            !is_tombstone || declared.is_some_and(|table| table.key.contains(column))
        })
    }

    /// The NHS number that a record, or one of its parents, holds.
    pub(super) fn nhs_number(&self, row: &Row<'_>) -> Option<String> {
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
    pub(super) fn account(&mut self, row: &Row<'_>) {
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
                return self.overtaken(row);
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

    /// In a traced run: says that a later version of a record is in the file.
    fn overtaken(&mut self, row: &Row<'_>) {
        if self.trace {
            self.sink.passed_over(PassedOver {
                rule: None,
                resource_type: None,
                place: row.place(),
                reason: PassedFor::Overtaken,
                trace: Recorder::new(self.program, None).finish(),
            });
        }
    }

    pub(super) fn rival(&mut self, row: &Row<'_>) {
        let issue = Issue::error(
            codes::DIFFERENT_TWICE,
            IssueType::Conflict,
            "this record and another have one version and differ; none is kept, because no winner is guessed",
        )
        .help("mend or remove one of them in the source system")
        .at_input(row.place());
        self.refuse_record(vec![issue], row);
    }

    pub(super) fn outside(&mut self, own: bool, row: &Row<'_>) {
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

    pub(super) fn lacking(&mut self, row: &Row<'_>) {
        let Some(declared) = self.program.tables.get(row.table()) else {
            return;
        };
        let issues: Vec<Issue> = self
            .lacks(row)
            .map(|column| {
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

    pub(super) fn refuse_record(&mut self, issues: Vec<Issue>, row: &Row<'_>) {
        let quarantined = Quarantined {
            rule: None,
            resource_type: None,
            id: None,
            person: None,
            nhs_number: self.nhs_number(row),
            labels: Vec::new(),
            place: row.place(),
            issues,
            judged: false,
            raw: row.raw_json(),
            trace: None,
        };
        self.hand_over(quarantined);
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
