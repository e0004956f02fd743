//! What the tests of a mapping reach: which rules make something, which way its conditions go, which
//! columns are read, which rows of code tables and which uses of fragments are met.

mod points;

use std::collections::HashSet;

use diagnostics::MappingPlace;
use serde::Serialize;

use crate::Mapping;
use crate::coverage::points::{Branch, Points, RowPoint, Use};
use crate::trace::{Trace, Way};

/// What was reached of a mapping.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Coverage {
    /// Rules that made a resource, or refused to: some are there to hold back what cannot be read.
    pub rules: Part,
    /// Ways of `only`, `when`, `if`, `case` and `coalesce`.
    pub branches: Part,
    /// Columns of which a value was read.
    pub columns: Part,
    /// Rows of code tables that a label met.
    pub code_rows: Part,
    /// Uses of fragments that wrote something.
    pub fragments: Part,
}

impl Coverage {
    /// The parts with their names, in the order in which they are shown.
    pub fn parts(&self) -> [(&'static str, &Part); 5] {
        [
            ("rules", &self.rules),
            ("branches", &self.branches),
            ("columns", &self.columns),
            ("code-rows", &self.code_rows),
            ("fragments", &self.fragments),
        ]
    }
}

/// One kind of thing.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Part {
    /// How many were reached.
    pub reached: usize,
    /// How many there are.
    pub of: usize,
    /// In per cent, rounded down, so that 100 says that all were reached; 100 where there are none.
    pub percent: usize,
    /// Those that were not.
    pub missed: Vec<Missed>,
}

impl Default for Part {
    fn default() -> Self {
        Self {
            reached: 0,
            of: 0,
            percent: 100,
            missed: Vec::new(),
        }
    }
}

impl Part {
    fn count(&mut self, reached: bool, missed: impl FnOnce() -> Missed) {
        self.of += 1;
        if reached {
            self.reached += 1;
        } else {
            self.missed.push(missed());
        }
        self.percent = self.reached * 100 / self.of;
    }
}

/// Something that no case reaches.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Missed {
    /// What it is.
    pub what: String,
    /// Where the mapping, or one of its files, writes it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub place: Option<MappingPlace>,
}

/// Gathers what the cases of one mapping reach.
#[derive(Debug)]
pub struct CoverageCounter<'m> {
    mapping: &'m Mapping,
    points: Points,
    rules: HashSet<String>,
    ways: HashSet<(usize, Way)>,
    rows: HashSet<(usize, usize)>,
    cells: HashSet<(usize, usize)>,
    uses: HashSet<Use>,
}

impl<'m> CoverageCounter<'m> {
    /// Nothing reached yet. The mapping stays where it is until [`CoverageCounter::finish`].
    pub fn new(mapping: &'m Mapping) -> Self {
        Self {
            points: Points::of(&mapping.program),
            mapping,
            rules: HashSet::new(),
            ways: HashSet::new(),
            rows: HashSet::new(),
            cells: HashSet::new(),
            uses: HashSet::new(),
        }
    }

    /// Counts what one outcome of a traced run reached; whether the rule applied, so that it made or
    /// refused something.
    pub fn add(&mut self, trace: &Trace, applied: bool) {
        self.ways.extend(trace.reached.ways.iter().copied());
        self.rows.extend(trace.reached.rows.iter().copied());
        self.cells.extend(trace.reached.cells.iter().copied());
        if let Some(rule) = trace.rule.as_deref() {
            if applied {
                self.rules.insert(rule.to_owned());
            }
            // That a rule looks at a record says that its table lets it through.
            let rule = self
                .mapping
                .program
                .rules
                .iter()
                .find(|it| *it.name == *rule);
            let only = rule
                .and_then(|rule| self.mapping.program.tables.get(rule.table))
                .and_then(|table| table.only.as_ref());
            if let Some(only) = only {
                let at = std::ptr::from_ref(only).addr();
                self.ways.insert((at, Way::True));
            }
        }
        for element in &trace.elements {
            if let (Some(place), Some(used_at)) = (&element.place, element.uses.first()) {
                self.uses.insert(Use::new(place, used_at));
            }
        }
    }

    /// Counts the cells that a run used beside those of its traces: of keys, of conditions of tables,
    /// of what says which record is the latest.
    pub fn add_used(&mut self, used: &[Vec<u64>]) {
        for (table, columns) in used.iter().enumerate() {
            for (column, count) in columns.iter().enumerate() {
                if *count > 0 && self.points.is_aside(table, column) {
                    self.cells.insert((table, column));
                }
            }
        }
    }

    /// What was reached.
    pub fn finish(self) -> Coverage {
        let program = &self.mapping.program;
        let mut rules = Part::default();
        for rule in &program.rules {
            rules.count(self.rules.contains(&*rule.name), || Missed {
                what: rule.name.to_string(),
                place: Some(program.place(rule.spot)),
            });
        }
        let mut branches = Part::default();
        for Branch {
            ids,
            way,
            what,
            place,
        } in self.points.branches()
        {
            let reached = ids.iter().any(|id| self.ways.contains(&(*id, *way)));
            branches.count(reached, || Missed {
                what: what.clone(),
                place: Some(place.clone()),
            });
        }
        let mut columns = Part::default();
        for &(table, column) in &self.points.columns {
            let reached = self.cells.contains(&(table, column));
            columns.count(reached, || Missed {
                what: points::column_name(program, table, column),
                place: None,
            });
        }
        let mut code_rows = Part::default();
        for RowPoint {
            table,
            row,
            what,
            place,
        } in &self.points.rows
        {
            code_rows.count(self.rows.contains(&(*table, *row)), || Missed {
                what: what.clone(),
                place: Some(place.clone()),
            });
        }
        let mut fragments = Part::default();
        for used in &self.points.uses {
            fragments.count(self.uses.contains(used), || Missed {
                what: used.file.clone(),
                place: Some(used.at.clone()),
            });
        }
        Coverage {
            rules,
            branches,
            columns,
            code_rows,
            fragments,
        }
    }
}
