//! The hook's other side: gathers while one resource is made.

use std::ops::Range;
use std::sync::Arc;

use diagnostics::MappingPlace;
use json::Value;
use source::{RawCell, Row};

use super::{Asked, CellOrigin, Decision, Origin, Trace, TracedElement};
use crate::code_table::{CodeRow, CodeTable};
use crate::program::{Condition, Constant, Field, Op, Partner, Program, Rule};
use crate::run::Filled;
use crate::yaml::Spot;

/// The way that a branch went.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(crate) enum Way {
    True,
    False,
    /// The branch of `case`, the argument of `coalesce`, from 0.
    Branch(usize),
    Otherwise,
    Nothing,
}

impl Way {
    pub fn of(truth: bool) -> Self {
        if truth { Self::True } else { Self::False }
    }

    pub fn words(self) -> String {
        match self {
            Self::True => "true".to_owned(),
            Self::False => "false".to_owned(),
            Self::Branch(index) => (index + 1).to_string(),
            Self::Otherwise => "otherwise".to_owned(),
            Self::Nothing => "nothing".to_owned(),
        }
    }
}

/// One step of the path of what is being written.
#[derive(Debug, Clone)]
struct Step {
    name: String,
    array: bool,
    index: usize,
    spot: Spot,
}

/// How far a recording was, so that what is not made after all can be forgotten.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Mark {
    elements: usize,
}

/// Gathers a [`Trace`].
#[derive(Debug, Clone)]
pub(crate) struct Recorder<'p> {
    program: &'p Program,
    rule: Option<&'p Rule>,
    trace: Trace,
    path: Vec<Step>,
    /// What the values since the last mark were read from.
    origins: Vec<Origin>,
    /// What the variables of `each` were read from.
    bound: Vec<Vec<Origin>>,
}

impl<'p> Recorder<'p> {
    pub fn new(program: &'p Program, rule: Option<&'p Rule>) -> Box<Self> {
        Box::new(Self {
            program,
            rule,
            trace: Trace {
                rule: rule.map(|rule| Arc::clone(&rule.name)),
                place: rule.map(|rule| program.place(rule.spot)),
                ..Trace::default()
            },
            path: Vec::new(),
            origins: Vec::new(),
            bound: Vec::new(),
        })
    }

    pub fn finish(self) -> Box<Trace> {
        Box::new(self.trace)
    }

    /// Begins a field.
    pub fn field(&mut self, field: &Field) {
        self.step(&field.name, field.array, field.spot);
    }

    /// Begins a field of the engine's own.
    pub fn enter(&mut self, name: &str, array: bool) {
        self.step(name, array, Spot::default());
    }

    fn step(&mut self, name: &str, array: bool, spot: Spot) {
        self.path.push(Step {
            name: name.to_owned(),
            array,
            index: 0,
            spot,
        });
    }

    /// Which item of the field is being written.
    pub fn at(&mut self, index: usize) {
        if let Some(step) = self.path.last_mut() {
            step.index = index;
        }
    }

    /// Ends a field.
    pub fn leave(&mut self) {
        self.path.pop();
    }

    /// Begins an object as an item of the field.
    pub fn begin(&mut self, index: usize) -> Mark {
        self.at(index);
        Mark {
            elements: self.trace.elements.len(),
        }
    }

    /// What was written since a mark does not stand after all.
    pub fn forget(&mut self, mark: Mark) {
        self.trace.elements.truncate(mark.elements);
    }

    fn spelled(&self) -> String {
        let mut out = String::new();
        for step in &self.path {
            if !out.is_empty() {
                out.push('.');
            }
            out.push_str(&step.name);
            if step.array {
                out.push('[');
                out.push_str(&step.index.to_string());
                out.push(']');
            }
        }
        out
    }

    fn placed(&self, spot: Spot) -> Option<MappingPlace> {
        (spot.line > 0).then(|| self.program.place(spot))
    }

    /// How many origins there are: what [`Recorder::wrote`] takes is what came since.
    pub fn origins(&self) -> usize {
        self.origins.len()
    }

    /// Takes the origins that came since.
    pub fn take_origins(&mut self, since: usize) -> Vec<Origin> {
        let mut taken: Vec<Origin> = Vec::new();
        for origin in self.origins.split_off(since.min(self.origins.len())) {
            if !taken.contains(&origin) {
                taken.push(origin);
            }
        }
        taken
    }

    /// An element was written, or came to nothing, of what was read since.
    pub fn wrote(&mut self, spot: Spot, since: usize, made: bool) {
        let origins = self.read_since(since);
        if made {
            self.element(spot, origins, None);
        }
    }

    /// Items of the field were written, of what was read since.
    pub fn wrote_items(&mut self, spot: Spot, since: usize, indexes: Range<usize>) {
        let origins = self.read_since(since);
        for index in indexes {
            self.at(index);
            self.element(spot, origins.clone(), None);
        }
    }

    fn read_since(&mut self, since: usize) -> Vec<Origin> {
        let mut origins = self.take_origins(since);
        if origins.is_empty() {
            origins.push(Origin::Constant);
        }
        origins
    }

    /// A constant was written.
    pub fn wrote_constant(&mut self, constant: &Constant) {
        self.element(
            constant.spot,
            vec![Origin::Constant],
            constant.fixed.clone(),
        );
    }

    /// A system of the provider's own was written.
    pub fn wrote_local(&mut self) {
        let spot = self
            .path
            .last()
            .map_or_else(Spot::default, |step| step.spot);
        self.element(spot, vec![Origin::Constant], None);
    }

    /// The engine wrote something of its own, of what was read since.
    pub fn wrote_own(&mut self, name: &str, since: usize) {
        let mut origins = vec![Origin::Engine];
        origins.extend(self.take_origins(since));
        self.enter(name, false);
        self.element(Spot::default(), origins, None);
        self.leave();
    }

    fn element(&mut self, spot: Spot, origins: Vec<Origin>, fixed: Option<Arc<Value>>) {
        let element = TracedElement {
            path: self.spelled(),
            place: self.placed(spot),
            uses: self.program.uses(spot),
            origins,
            fixed,
        };
        self.trace.elements.push(element);
    }

    /// A cell was read.
    pub fn cell(&mut self, row: &Row<'_>, column: usize) {
        let cell = cell_of(self.program, row, column);
        if cell.value.is_some() {
            self.trace.reached.cells.push((row.table(), column));
        }
        self.origins.push(Origin::Cell(cell));
    }

    /// A blank cell was filled from another record of the group.
    pub fn filled(&mut self, row: &Row<'_>, cell: &Filled) {
        self.trace.reached.cells.push((row.table(), cell.column));
        if let Some(place) = &cell.place {
            self.origins.push(Origin::FilledFrom((**place).clone()));
        }
    }

    /// Another table's cell was looked up.
    pub fn looked_up(&mut self, partner: &Partner, cell: &CellOrigin) {
        let declared = self.program.tables.get(partner.table);
        let column = declared.and_then(|table| table.kept.get(partner.slot));
        if let (Some(&column), Some(_)) = (column, &cell.value) {
            self.trace.reached.cells.push((partner.table, column));
        }
        self.origins.push(Origin::LookedUp(cell.clone()));
    }

    /// A cell was read of a record that the resource repeats over.
    pub fn joined(&mut self, table: usize, column: usize, cell: &CellOrigin) {
        if cell.value.is_some() {
            self.trace.reached.cells.push((table, column));
        }
        self.origins.push(Origin::Cell(cell.clone()));
    }

    /// A row of a code table was found, or none.
    pub fn code_row(&mut self, table: usize, row: Option<usize>, label: &str) {
        let program = self.program;
        let Some(declared) = program.codes.get(table) else {
            return;
        };
        let found = row.and_then(|row| Some((row, declared.row(row)?)));
        let name = declared.name.clone();
        let label = label.to_owned();
        let origin = match found {
            Some((index, row)) => {
                self.trace.reached.rows.push((table, index));
                Origin::CodeRow {
                    table: name,
                    place: row_place(program, declared, row),
                    label,
                }
            }
            None => Origin::NoCodeRow { table: name, label },
        };
        self.origins.push(origin);
    }

    /// A reference found its target.
    pub fn referred(&mut self, rule: &Rule) {
        self.origins.push(Origin::Reference {
            rule: rule.name.to_string(),
        });
    }

    /// A condition was decided by what was read since.
    pub fn asked(&mut self, when: &Condition, truth: bool, since: usize) {
        let by = self.take_origins(since);
        let at = std::ptr::from_ref(when).addr();
        let own = self.rule.and_then(|rule| rule.only.as_ref());
        let tables = self.program.tables.iter();
        let mut only = tables.filter_map(|table| table.only.as_ref()).chain(own);
        let asked = if only.any(|only| std::ptr::eq(only, when)) {
            Asked::Only
        } else {
            Asked::When
        };
        self.decided(at, asked, when.spot, Way::of(truth), by);
    }

    /// An operation chose a branch. What it read stays with what is being written.
    pub fn branched(&mut self, op: &Op, asked: Asked, spot: Spot, way: Way) {
        let at = std::ptr::from_ref(op).addr();
        self.decided(at, asked, spot, way, Vec::new());
    }

    fn decided(&mut self, at: usize, asked: Asked, spot: Spot, way: Way, by: Vec<Origin>) {
        self.trace.reached.ways.push((at, way));
        let decision = Decision {
            asked,
            answer: way.words(),
            element: (!self.path.is_empty()).then(|| self.spelled()),
            mapping: self.placed(spot),
            uses: self.program.uses(spot),
            by,
        };
        // The same question is asked of one record more than once while it is looked at.
        if !self.trace.decisions.contains(&decision) {
            self.trace.decisions.push(decision);
        }
    }

    /// A variable stands for what was read so.
    pub fn bind(&mut self, variable: usize, origins: Vec<Origin>) {
        self.bound.truncate(variable);
        self.bound.push(origins);
    }

    /// A variable was read.
    pub fn variable(&mut self, variable: usize) {
        if let Some(origins) = self.bound.get(variable) {
            self.origins.extend(origins.iter().cloned());
        }
    }

    /// Where a dry run begins, and what it takes back.
    pub fn pause(&self) -> (usize, usize, usize) {
        (
            self.origins.len(),
            self.trace.decisions.len(),
            self.trace.reached.ways.len(),
        )
    }

    /// Ends a dry run: what it read.
    pub fn resume(&mut self, (origins, decisions, ways): (usize, usize, usize)) -> Vec<Origin> {
        self.trace.decisions.truncate(decisions);
        self.trace.reached.ways.truncate(ways);
        self.take_origins(origins)
    }
}

/// Where a row of a code table stands.
pub(crate) fn row_place(program: &Program, table: &CodeTable, row: &CodeRow) -> MappingPlace {
    match &table.file {
        Some(file) => crate::findings::place(&Arc::from(file.as_str()), row.spot),
        None => program.place(row.spot),
    }
}

/// A cell with its place and what it holds.
pub(crate) fn cell_of(program: &Program, row: &Row<'_>, column: usize) -> CellOrigin {
    let (table, name) = names(program, row.table(), column);
    CellOrigin {
        table,
        column: name,
        place: row.cell_place(column),
        value: raw_text(&row.raw(column)),
    }
}

fn names(program: &Program, table: usize, column: usize) -> (String, String) {
    let table = program.tables.get(table);
    let name = table.map_or_else(String::new, |table| table.name.to_string());
    let column = table
        .and_then(|table| table.columns.get(column))
        .map_or_else(String::new, |column| column.name.to_string());
    (name, column)
}

/// What a cell holds, as the source writes it. Members of documents are left out: what is denied
/// may be among them.
fn raw_text(raw: &RawCell<'_>) -> Option<String> {
    Some(match raw {
        RawCell::Missing => return None,
        RawCell::Text(text) | RawCell::Number(text) | RawCell::Rounded(text) => (*text).to_owned(),
        RawCell::Error(text) => (*text).to_owned(),
        RawCell::Bool(truth) => truth.to_string(),
        RawCell::Date(date) => date.to_string(),
        RawCell::DateTime(moment) => moment.to_string(),
        RawCell::Time(time) => time.to_string(),
        RawCell::Items(items) => {
            let items: Vec<String> = items
                .iter()
                .map(|item| match item {
                    Value::Object(_) => "{…}".to_owned(),
                    Value::Array(_) => "[…]".to_owned(),
                    Value::String(text) => text.to_string(),
                    plain => plain.to_string(),
                })
                .collect();
            items.join("; ")
        }
        RawCell::Object => "{…}".to_owned(),
    })
}
