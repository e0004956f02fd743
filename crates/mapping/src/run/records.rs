//! Records as wholes: which may make anything, what of them is used, which are refused.

use diagnostics::{Issue, IssueType};
use source::{ColumnType, Row, Typed};

use super::cell::{Cx, Record, Shared};
use super::maker::{Maker, Step, Yield};
use crate::codes;
use crate::made::{Judge, Quarantined};
use crate::program::{Program, TableProgram};
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

impl<J: Judge> Maker<'_, J> {
    pub(super) fn usable(&self, shared: &Shared<'_>, row: &Row<'_>) -> Use {
        let mut at = Some(row);
        while let Some(row) = at {
            let table = row.table();
            let Some(declared) = self.program.tables.get(table) else {
                return Use::Outside;
            };
            if lacks(shared, row).next().is_some() {
                return Use::Lacking;
            }
            if declared.only.is_some() || declared.latest.is_some() {
                let mut cx = Cx::new(shared, Some(Record { row, filled: &[] }), true);
                if !cx.holds(declared.only.as_ref()) {
                    return Use::Outside;
                }
                if let Some(versioned) = &declared.latest {
                    let hash = cx.key(&versioned.of, true);
                    let rank = cx.evaluate(&versioned.by).rank();
                    if cx.refused {
                        let mut cx = Cx::new(shared, Some(Record { row, filled: &[] }), false);
                        cx.key(&versioned.of, true);
                        cx.evaluate(&versioned.by);
                        return Use::Unversioned(cx.issues);
                    }
                    let known = self
                        .partners
                        .latest
                        .get(table)
                        .zip(hash)
                        .and_then(|(known, hash)| known.get(hash));
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
    pub(super) fn account(
        &self,
        shared: &Shared<'_>,
        row: &Row<'_>,
        usable: Use,
        yielded: &mut Yield<J::Judged>,
    ) {
        let table = row.table();
        let program = self.program;
        let Some(declared) = program.tables.get(table) else {
            return;
        };
        let refused = match usable {
            Use::Yes => None,
            Use::Overtaken => {
                if let Some(count) = yielded.loss.overtaken.get_mut(table) {
                    *count += 1;
                }
                if self.trace {
                    yielded.steps.push(Step::PassedOver(self.overtaken(row)));
                }
                return;
            }
            Use::Outside => Some(outside(declared.only.is_some(), row)),
            Use::Lacking => Some(lacking(shared, declared, row)),
            // What stands inside such a record goes with it, and it is reported itself.
            Use::Unversioned(_) | Use::Rival if declared.latest.is_none() => return,
            Use::Unversioned(issues) => Some(issues),
            Use::Rival => Some(vec![rival(row)]),
        };
        if let Some(issues) = refused {
            if !issues.is_empty() {
                let mut refusal = self.refuse_record(issues, row);
                if let (true, Some(only)) = (self.trace, &declared.only) {
                    let mut cx = Cx::new(shared, Some(Record { row, filled: &[] }), true);
                    cx.trace = Some(Recorder::new(program, None));
                    cx.holds(Some(only));
                    refusal.trace = cx.traced();
                }
                yielded.steps.push(Step::Quarantine(refusal));
            }
            return;
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
            for rule in &program.rules {
                for (up, column) in &rule.uses_above {
                    if is_above(program, rule.table, *up, table) {
                        mark(&[*column]);
                    }
                }
                if rule.table != table {
                    continue;
                }
                let mut cx = Cx::new(shared, Some(Record { row, filled: &[] }), false);
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
                yielded.loss.used(table, column);
            }
        }
        yielded.steps.extend(issues.into_iter().map(Step::Issue));
    }

    /// In a traced run: that a later version of a record is in the file.
    fn overtaken(&self, row: &Row<'_>) -> PassedOver {
        PassedOver {
            rule: None,
            resource_type: None,
            place: row.place(),
            reason: PassedFor::Overtaken,
            trace: Recorder::new(self.program, None).finish(),
        }
    }

    fn refuse_record(&self, issues: Vec<Issue>, row: &Row<'_>) -> Quarantined {
        Quarantined {
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
        }
    }
}

fn rival(row: &Row<'_>) -> Issue {
    Issue::error(
        codes::DIFFERENT_TWICE,
        IssueType::Conflict,
        "this record and another have one version and differ; none is kept, because no winner is guessed",
    )
    .help("mend or remove one of them in the source system")
    .at_input(row.place())
}

/// A child of a record that is not read goes with its parent, which is reported.
fn outside(own: bool, row: &Row<'_>) -> Vec<Issue> {
    if !own {
        return Vec::new();
    }
    vec![
        Issue::error(
            codes::OUTSIDE,
            IssueType::BusinessRule,
            "the mapping does not read records of this kind, so nothing is made of it",
        )
        .help("look at the columns that the table's `only` tests; a record that belongs elsewhere should not be in the export")
        .at_input(row.place()),
    ]
}

/// The columns that a record must fill and does not. One that only says that it is deleted need not
/// say more than what it is.
fn lacks<'r>(shared: &'r Shared<'r>, row: &'r Row<'_>) -> impl Iterator<Item = usize> + 'r {
    let declared = shared.program.tables.get(row.table());
    let required = declared.map_or(&[][..], |table| table.required.as_slice());
    let missing = required
        .iter()
        .copied()
        .filter(move |&column| !row.is_filled(column));
    let is_tombstone = missing.clone().next().is_some()
        && declared.is_some_and(|table| table.deleted.is_some())
        && Cx::new(shared, Some(Record { row, filled: &[] }), true).is_deleted();
    missing.filter(move |column| {
        !is_tombstone || declared.is_some_and(|table| table.key.contains(column))
    })
}

/// None where it is the parent that lacks something: that is reported.
fn lacking(shared: &Shared<'_>, declared: &TableProgram, row: &Row<'_>) -> Vec<Issue> {
    lacks(shared, row)
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
        .collect()
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
