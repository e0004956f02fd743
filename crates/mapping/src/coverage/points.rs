//! What there is to reach in a mapping.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{Hash, Hasher};

use diagnostics::MappingPlace;

use crate::compile::parts::parts;
use crate::program::{
    Condition, Each, EachOf, GroupKey, IdentityEntry, Item, Object, Op, Program, Purpose, Rule,
};
use crate::trace::{Asked, Way, row_place};
use crate::yaml::Spot;

/// One way that a branch can go. A branch inside a fragment is one branch, however often the
/// fragment is used.
#[derive(Debug)]
pub(super) struct Branch {
    /// The compiled operations that stand for it.
    pub ids: Vec<usize>,
    pub way: Way,
    pub what: String,
    pub place: MappingPlace,
}

/// A row of a code table.
#[derive(Debug)]
pub(super) struct RowPoint {
    pub table: usize,
    pub row: usize,
    pub what: String,
    pub place: MappingPlace,
}

/// A use of a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Use {
    pub file: String,
    pub at: MappingPlace,
}

impl Use {
    pub fn new(place: &MappingPlace, used_at: &MappingPlace) -> Self {
        Self {
            file: place.file.to_string(),
            at: used_at.clone(),
        }
    }
}

impl Hash for Use {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.file.hash(state);
        (&*self.at.file, self.at.line, self.at.column).hash(state);
    }
}

/// The place of a branch with what is asked there.
type Key = (String, u32, u32, Asked, Way);

/// All there is to reach.
#[derive(Debug, Default)]
pub(super) struct Points {
    branches: BTreeMap<Key, Branch>,
    pub columns: Vec<(usize, usize)>,
    /// Columns that are read where no trace looks.
    aside: BTreeSet<(usize, usize)>,
    pub rows: Vec<RowPoint>,
    pub uses: Vec<Use>,
}

impl Points {
    pub fn of(program: &Program) -> Self {
        let mut points = Self::default();
        for (index, table) in program.tables.iter().enumerate() {
            for (column, declared) in table.columns.iter().enumerate() {
                if declared.purpose == Purpose::Used {
                    points.columns.push((index, column));
                }
            }
            let aside = table.always.iter().chain(&table.required).chain(&table.key);
            points.aside.extend(aside.map(|&column| (index, column)));
            if let Some(only) = &table.only {
                points.condition(program, only, Asked::Only);
            }
        }
        for (index, table) in program.codes.iter().enumerate() {
            for (row, declared) in table.rows.iter().enumerate() {
                let label = declared.labels.first().map_or("", String::as_str);
                points.rows.push(RowPoint {
                    table: index,
                    row,
                    what: format!("{}: {label}", table.name),
                    place: row_place(program, table, declared),
                });
            }
        }
        for rule in &program.rules {
            points.rule(program, rule);
        }
        points
    }

    pub fn branches(&self) -> impl Iterator<Item = &Branch> {
        self.branches.values()
    }

    /// Whether a column is read where no trace looks: by keys, conditions of tables, the as-of date.
    pub fn is_aside(&self, table: usize, column: usize) -> bool {
        self.aside.contains(&(table, column))
    }

    fn rule(&mut self, program: &Program, rule: &Rule) {
        if let Some(only) = &rule.only {
            self.condition(program, only, Asked::Only);
        }
        if let Some(when) = &rule.when {
            self.condition(program, when, Asked::When);
        }
        self.each(program, rule.each.as_ref());
        for warning in &rule.warnings {
            if let Some(when) = &warning.when {
                self.condition(program, when, Asked::When);
            }
        }
        for item in rule.meta.security.iter().chain(&rule.meta.tag) {
            self.item(program, item);
        }
        self.object(program, &rule.body);
        for part in rule.naming.parts.iter().chain(&rule.naming.lookup) {
            self.aside_of(rule.table, part);
        }
        self.aside_of_identity(rule.table, rule.naming.identity.iter().flatten());
        if let Some(group) = &rule.group {
            match &group.key {
                GroupKey::Identity(entries) => self.aside_of_identity(rule.table, entries),
                GroupKey::Parts(parts) => {
                    for part in parts {
                        self.aside_of(rule.table, part);
                    }
                }
            }
            if let Some(latest) = &group.latest {
                self.aside_of(rule.table, latest);
            }
        }
    }

    fn aside_of(&mut self, table: usize, op: &Op) {
        if let Op::Cell(cell) = op
            && cell.up == 0
        {
            self.aside.insert((table, cell.column));
        }
        for part in parts(op) {
            self.aside_of(table, part);
        }
    }

    fn aside_of_identity<'e>(
        &mut self,
        table: usize,
        entries: impl IntoIterator<Item = &'e IdentityEntry>,
    ) {
        for entry in entries {
            let own = entry.columns.iter().filter(|cell| cell.up == 0);
            self.aside.extend(own.map(|cell| (table, cell.column)));
        }
    }

    fn condition(&mut self, program: &Program, condition: &Condition, asked: Asked) {
        let id = std::ptr::from_ref(condition).addr();
        self.truth(program, id, asked, condition.spot, &condition.op);
        self.op(program, &condition.op);
    }

    /// Both ways of a condition, or the one that it can go.
    fn truth(&mut self, program: &Program, id: usize, asked: Asked, spot: Spot, condition: &Op) {
        for truth in [true, false] {
            if !matches!(condition, Op::Boolean(always) if *always != truth) {
                self.branch(program, id, asked, spot, Way::of(truth));
            }
        }
    }

    fn branch(&mut self, program: &Program, id: usize, asked: Asked, spot: Spot, way: Way) {
        let place = program.place(spot);
        let key = (place.file.to_string(), place.line, place.column, asked, way);
        self.branches
            .entry(key)
            .or_insert_with(|| Branch {
                ids: Vec::new(),
                way,
                what: format!("{} {}", asked.word(), words(way)),
                place,
            })
            .ids
            .push(id);
    }

    fn object(&mut self, program: &Program, object: &Object) {
        if let Some(when) = &object.when {
            self.condition(program, when, Asked::When);
        }
        self.each(program, object.each.as_ref());
        for field in &object.fields {
            self.used(program, field.spot);
            for item in &field.items {
                self.item(program, item);
            }
        }
    }

    /// A spot inside a fragment is a use of it.
    fn used(&mut self, program: &Program, spot: Spot) {
        if let Some(at) = program.uses(spot).first() {
            let used = Use::new(&program.place(spot), at);
            if !self.uses.contains(&used) {
                self.uses.push(used);
            }
        }
    }

    fn each(&mut self, program: &Program, each: Option<&Each>) {
        match each.map(|each| &each.of) {
            Some(EachOf::Items(op)) => self.op(program, op),
            Some(EachOf::Columns(_) | EachOf::Records(_)) | None => {}
        }
    }

    fn item(&mut self, program: &Program, item: &Item) {
        match item {
            Item::Constant(_) | Item::Local(_) => {}
            Item::Value { op, .. } => self.op(program, op),
            Item::Concept { concept, text, .. } => {
                self.op(program, concept);
                if let Some(text) = text {
                    self.op(program, text);
                }
            }
            Item::Primitive { value, extension } => {
                if let Some(value) = value {
                    self.item(program, value);
                }
                self.object(program, extension);
            }
            Item::Object(object) => self.object(program, object),
        }
    }

    fn op(&mut self, program: &Program, op: &Op) {
        let id = std::ptr::from_ref(op).addr();
        match op {
            Op::If(parts) => self.truth(program, id, Asked::If, parts.3, &parts.0),
            Op::Case(case) => {
                let branches = (0..case.branches.len()).map(Way::Branch);
                for way in branches.chain([Way::Otherwise]) {
                    self.branch(program, id, Asked::Case, case.spot, way);
                }
            }
            Op::Coalesce(choices, spot) => {
                for way in (0..choices.len()).map(Way::Branch) {
                    self.branch(program, id, Asked::Coalesce, *spot, way);
                }
            }
            _ => {}
        }
        for part in parts(op) {
            self.op(program, part);
        }
    }
}

fn words(way: Way) -> String {
    match way {
        Way::True => "is never true".to_owned(),
        Way::False => "is never false".to_owned(),
        Way::Branch(_) => format!("never takes choice {}", way.words()),
        Way::Otherwise => "never comes to its otherwise".to_owned(),
        Way::Nothing => "never comes to nothing".to_owned(),
    }
}

/// A column with its table.
pub(super) fn column_name(program: &Program, table: usize, column: usize) -> String {
    let declared = program.tables.get(table);
    let name = declared
        .and_then(|table| table.columns.get(column))
        .map_or("", |column| &*column.name);
    format!("{}.[{name}]", declared.map_or("", |table| &*table.name))
}
