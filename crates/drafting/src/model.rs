//! A file as a mapping would declare it: types, keys, joins, and whom its rows are about.

use diagnostics::Issue;
use source::Format;

use crate::heading::{self, Role};
use crate::plan::{Kind, Plan, plan};
use crate::table::{Column, Found, Table};

/// What a draft is written from.
#[derive(Debug)]
pub(crate) struct Model {
    pub format: Format,
    pub tables: Vec<TableModel>,
    /// The table whose rows are persons.
    pub person: Option<usize>,
    /// The column that says as of when the file is.
    pub as_of: Option<(usize, usize)>,
    /// Columns that may say so.
    pub as_of_candidates: Vec<(usize, usize)>,
    /// Markers for "nothing", in the order of how often they were met.
    pub missing: Vec<&'static str>,
    pub issues: Vec<Issue>,
    pub notes: Vec<String>,
}

/// A table with what was decided of it.
#[derive(Debug)]
pub(crate) struct TableModel {
    pub table: Table,
    pub plans: Vec<Plan>,
    /// The column that tells its records apart, where another table or the mapping needs one.
    pub key: Option<usize>,
    pub identity: Vec<Identity>,
    /// Whether one person has several rows.
    pub grouped: bool,
    /// The column that joins it to the person table's key.
    pub join: Option<usize>,
}

/// One entry of an identity.
#[derive(Debug, Clone)]
pub(crate) struct Identity {
    pub columns: Vec<usize>,
    pub weak: bool,
}

impl TableModel {
    pub fn column(&self, index: usize) -> Option<&Column> {
        self.table.columns.get(index)
    }

    pub fn kind(&self, index: usize) -> &Kind {
        const STRING: &Kind = &Kind::String;
        self.plans.get(index).map_or(STRING, |plan| &plan.kind)
    }

    /// The first column of a role whose type serves it.
    pub fn find(&self, role: Role, serves: impl Fn(&Kind) -> bool) -> Option<usize> {
        self.table
            .all_of(role)
            .into_iter()
            .find(|index| serves(self.kind(*index)))
    }

    fn plan_mut(&mut self, index: usize) -> Option<&mut Plan> {
        self.plans.get_mut(index)
    }
}

impl Model {
    /// Decides what a found file is.
    pub fn of(found: Found, synthetic: bool) -> Self {
        let is_json = matches!(found.format, Format::Json { .. });
        let missing = markers(&found.tables);
        let tables: Vec<TableModel> = found
            .tables
            .into_iter()
            .map(|table| TableModel {
                plans: table
                    .columns
                    .iter()
                    .map(|column| plan(column, table.rows, is_json, synthetic))
                    .collect(),
                table,
                key: None,
                identity: Vec::new(),
                grouped: false,
                join: None,
            })
            .collect();
        let mut model = Self {
            format: found.format,
            tables,
            person: None,
            as_of: None,
            as_of_candidates: Vec::new(),
            missing,
            issues: found.issues,
            notes: found.notes,
        };
        for table in &mut model.tables {
            row_numbers(table);
        }
        model.person = model.find_person();
        if let Some(person) = model.person {
            model.join(person);
            model.identify(person);
        }
        model.date();
        model
    }

    pub fn table(&self, index: usize) -> Option<&TableModel> {
        self.tables.get(index)
    }

    /// Whether a table is another's record's, at any depth.
    pub fn is_within(&self, table: usize, outer: usize) -> bool {
        let mut at = self.table(table).and_then(|it| it.table.parent);
        while let Some(parent) = at {
            if parent == outer {
                return true;
            }
            at = self.table(parent).and_then(|it| it.table.parent);
        }
        false
    }

    /// The expression that names the person a table's record is about, without `=`.
    pub fn person_of(&self, table: usize) -> Option<String> {
        let person = self.person?;
        if self.tables.get(person)?.identity.is_empty() {
            return None;
        }
        if table == person || self.is_within(table, person) {
            return Some("Patient()".to_owned());
        }
        let model = self.tables.get(table)?;
        let column = model.column(model.join?)?;
        Some(format!("Patient({})", crate::quote::cell(&column.name)))
    }

    fn find_person(&self) -> Option<usize> {
        let text = |kind: &Kind| kind.is_text();
        let score = |table: &TableModel| -> i32 {
            let is_other = table.table.of(Role::Relationship).is_some()
                || table.table.of(Role::Medicine).is_some()
                || heading::is_of_others(&table.table.name);
            let family = table.find(Role::Family, text).is_some();
            let full = table.find(Role::FullName, text).is_some();
            let born = table.find(Role::BirthDate, Kind::is_date).is_some();
            let nhs = table
                .find(Role::NhsNumber, |kind| *kind == Kind::NhsNumber)
                .is_some();
            let own = table.table.of(Role::PersonId).is_some();
            if !(family || full) || !(born || nhs || own) || table.table.rows == 0 {
                return 0;
            }
            4 * i32::from(born)
                + 4 * i32::from(nhs)
                + 2 * i32::from(family)
                + i32::from(own)
                + i32::from(full)
                - if is_other { 8 } else { 0 }
        };
        let mut best: Option<(i32, usize)> = None;
        for (index, table) in self.tables.iter().enumerate() {
            let score = score(table);
            if score >= 2 && best.is_none_or(|(most, _)| score > most) {
                best = Some((score, index));
            }
        }
        best.map(|(_, index)| index)
    }

    /// Finds the person table's key and the columns of other tables that hold it.
    fn join(&mut self, person: usize) {
        let mut best: Option<(usize, usize)> = None;
        let mut joins: Vec<Vec<Option<usize>>> = Vec::new();
        let Some(own) = self.tables.get(person) else {
            return;
        };
        for (key, column) in own.table.columns.iter().enumerate() {
            let facts = &column.facts;
            let unique =
                facts.meant() == own.table.rows && !facts.repeats && column.secret.is_none();
            let found: Vec<Option<usize>> = self
                .tables
                .iter()
                .enumerate()
                .map(|(index, table)| {
                    if index == person
                        || self.is_within(index, person)
                        || self.is_within(person, index)
                        || !unique
                        || column.is_array
                        || !own.kind(key).is_text_or_whole()
                    {
                        return None;
                    }
                    joining(table, column, &own.table.name)
                })
                .collect();
            let count = found.iter().flatten().count();
            if count > 0 && best.is_none_or(|(most, _)| count > most) {
                best = Some((count, key));
            }
            joins.push(found);
        }
        let Some((_, key)) = best else { return };
        let kind = own.kind(key).clone();
        let volatile = own.plans.get(key).is_some_and(|plan| plan.volatile);
        // A key is compared with what joins to it, so both are the same type.
        let kind = if kind == Kind::NhsNumber {
            kind
        } else {
            Kind::String
        };
        if let Some(table) = self.tables.get_mut(person) {
            table.key = Some(key);
            if let Some(plan) = table.plan_mut(key) {
                plan.kind = kind.clone();
                plan.required = true;
            }
        }
        for (index, found) in joins
            .into_iter()
            .nth(key)
            .unwrap_or_default()
            .into_iter()
            .enumerate()
        {
            let (Some(column), Some(table)) = (found, self.tables.get_mut(index)) else {
                continue;
            };
            table.join = Some(column);
            if let Some(plan) = table.plan_mut(column) {
                plan.kind = kind.clone();
                plan.required = true;
                plan.volatile = volatile;
                plan.evidence
                    .push("joins to the table of persons".to_owned());
            }
        }
    }

    /// What names the person across files, in order of trust.
    fn identify(&mut self, person: usize) {
        let Some(table) = self.tables.get_mut(person) else {
            return;
        };
        let text = |kind: &Kind| kind.is_text();
        let rows = table.table.rows;
        let stable = table
            .table
            .all_of(Role::PersonId)
            .into_iter()
            .find(|index| {
                let full = table.column(*index).is_some_and(|column| {
                    column.facts.meant() == rows && rows > 0 && !column.is_array
                });
                full && *table.kind(*index) == Kind::String
                    && table.plans.get(*index).is_some_and(|plan| !plan.volatile)
            });
        let nhs = table.find(Role::NhsNumber, |kind| *kind == Kind::NhsNumber);
        let family = table
            .find(Role::Family, text)
            .or_else(|| table.find(Role::FullName, text));
        let born = table.find(Role::BirthDate, Kind::is_date);
        let mut identity: Vec<Identity> = [stable, nhs]
            .into_iter()
            .flatten()
            .map(|column| Identity {
                columns: vec![column],
                weak: false,
            })
            .collect();
        if let (Some(family), Some(born)) = (family, born)
            && stable.is_none()
        {
            identity.push(Identity {
                columns: vec![family, born],
                weak: true,
            });
        }
        let repeats = |index: usize| {
            table
                .column(index)
                .is_some_and(|column| column.facts.repeats)
        };
        table.grouped = stable.map_or_else(|| nhs.is_some_and(repeats), repeats);
        table.identity = identity;
        for index in [stable, family].into_iter().flatten() {
            let full = table
                .column(index)
                .is_some_and(|column| column.facts.meant() == rows);
            if let Some(plan) = table.plan_mut(index).filter(|_| full) {
                plan.required = true;
            }
        }
        if let Some(plan) = born.and_then(|index| table.plan_mut(index)) {
            plan.on_bad = Some("quarantine");
        }
    }

    fn date(&mut self) {
        for (index, table) in self.tables.iter().enumerate() {
            for column in table.table.all_of(Role::AsOf) {
                if !table.kind(column).is_date() {
                    continue;
                }
                self.as_of_candidates.push((index, column));
                let one = table.column(column).is_some_and(|it| {
                    it.facts.meant() == table.table.rows
                        && table.table.rows > 0
                        && it.facts.hashes.len() == 1
                });
                if one && self.as_of.is_none() && Some(index) == self.person {
                    self.as_of = Some((index, column));
                }
            }
        }
    }
}

impl Kind {
    fn is_text_or_whole(&self) -> bool {
        self.is_text() || matches!(self, Self::Integer { .. })
    }
}

/// The column of a table that holds values of a key and is named like it, or like its table.
fn joining(table: &TableModel, key: &Column, persons: &str) -> Option<usize> {
    let key_words = heading::words(key.alias.as_deref().unwrap_or(&key.name));
    let table_words: Vec<String> = heading::words(persons)
        .into_iter()
        .map(|word| word.trim_end_matches('s').to_owned())
        .collect();
    table
        .table
        .columns
        .iter()
        .enumerate()
        .position(|(index, column)| {
            let words = heading::words(column.alias.as_deref().unwrap_or(&column.name));
            let person_words = [
                "resident", "client", "person", "patient", "customer", "user",
            ];
            let named = words == key_words
                || column.role == Some(Role::PersonId)
                    && words.iter().any(|word| {
                        let word = word.trim_end_matches('s');
                        table_words.iter().any(|known| known == word)
                            || person_words.contains(&word)
                    });
            let facts = &column.facts;
            let held = facts
                .hashes
                .iter()
                .filter(|hash| key.facts.hashes.contains(hash))
                .count();
            named
                && column.secret.is_none()
                && !column.is_array
                && table.kind(index).is_text_or_whole()
                && !facts.hashes.is_empty()
                && held * 10 >= facts.hashes.len() * 8
        })
}

/// A column that counts its rows is a number of this file only (CS-1).
fn row_numbers(table: &mut TableModel) {
    for (column, plan) in table.table.columns.iter().zip(&mut table.plans) {
        let facts = &column.facts;
        let names = matches!(column.role, Some(Role::PersonId))
            || heading::words(&column.name).last().is_some_and(|last| {
                ["no", "row", "number", "id", "index"].contains(&last.as_str())
            });
        if names && facts.counted > 0 && facts.counted == facts.meant() {
            plan.volatile = true;
            plan.evidence.push(
                "counts 1, 2, 3 …: a row number, which is another person's in the next file"
                    .to_owned(),
            );
        }
    }
}

fn markers(tables: &[Table]) -> Vec<&'static str> {
    let mut counts: Vec<(&'static str, u64)> = Vec::new();
    for (marker, count) in tables
        .iter()
        .flat_map(|table| &table.columns)
        .flat_map(|column| &column.facts.markers)
    {
        match counts.iter_mut().find(|(known, _)| known == marker) {
            Some((_, sum)) => *sum += count,
            None => counts.push((marker, *count)),
        }
    }
    counts.sort_by(|a, b| b.1.cmp(&a.1).then_with(|| a.0.cmp(b.0)));
    counts.into_iter().map(|(marker, _)| marker).collect()
}
