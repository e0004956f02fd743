//! The rules that a draft proposes: the likely UK Core profiles for what its columns seem to hold.

mod cautions;
mod measurements;
mod medicines;
mod patient;
mod relations;

use std::collections::HashSet;

use crate::model::{Model, TableModel};
use crate::quote;

/// A proposed rule.
#[derive(Debug)]
pub(crate) struct Rule {
    pub name: String,
    /// Comment lines above it.
    pub why: Vec<String>,
    /// Its lines, indented from the rule's name on.
    pub lines: Vec<String>,
    /// The columns it uses: table and column.
    pub uses: Vec<(usize, usize)>,
    pub active: bool,
}

/// A code table that rules look up in.
#[derive(Debug)]
pub(crate) struct Codes {
    pub name: String,
    pub to: &'static str,
    /// Labels and codes that are written into the mapping itself.
    pub rows: Vec<(&'static str, &'static str)>,
    /// Labels for a file of its own; the codes are for a person to fill in.
    pub labels: Vec<String>,
    pub unmapped: Option<&'static str>,
    pub active: bool,
}

/// All that is proposed.
#[derive(Debug, Default)]
pub(crate) struct Proposal {
    pub rules: Vec<Rule>,
    pub codes: Vec<Codes>,
    /// Whether the list of phrases for "no allergy known" is used.
    pub phrases: bool,
    /// What was not proposed and why.
    pub notes: Vec<String>,
    names: HashSet<String>,
}

impl Proposal {
    /// Proposes rules for a model. The rule for persons is active where there is one; all others
    /// wait for somebody's decision, unless all are wanted.
    pub fn of(model: &Model, synthetic: bool, every_rule: bool) -> Self {
        let mut proposal = Self::default();
        patient::propose(model, &mut proposal);
        for (index, table) in model.tables.iter().enumerate() {
            cautions::propose(model, index, table, synthetic, &mut proposal);
            measurements::propose(model, index, table, &mut proposal);
            relations::propose(model, index, table, synthetic, &mut proposal);
            medicines::propose(model, index, table, &mut proposal);
        }
        if every_rule {
            for rule in &mut proposal.rules {
                rule.active = true;
            }
            for codes in &mut proposal.codes {
                codes.active = true;
            }
        }
        proposal
    }

    /// A name for a rule: the type, or the type with a role where there is one already.
    fn name(&mut self, resource: &str, role: &str) -> String {
        let base = if role.is_empty() {
            resource.to_owned()
        } else {
            format!("{resource}.{role}")
        };
        let mut name = base.clone();
        let mut number = 2;
        while !self.names.insert(name.clone()) {
            name = if role.is_empty() {
                format!("{resource}.other-{number}")
            } else {
                format!("{base}-{number}")
            };
            number += 1;
        }
        name
    }
}

/// The lines of a rule.
struct Lines<'m> {
    table: usize,
    model: &'m TableModel,
    lines: Vec<String>,
    uses: Vec<(usize, usize)>,
}

impl<'m> Lines<'m> {
    fn new(table: usize, model: &'m TableModel) -> Self {
        let mut lines = Self {
            table,
            model,
            lines: Vec::new(),
            uses: Vec::new(),
        };
        lines.put(0, &format!("from: {}", model.table.name));
        lines
    }

    /// A line, `depth` steps further in than the rule's keys.
    fn put(&mut self, depth: usize, text: &str) {
        self.lines.push(format!("{}{text}", "  ".repeat(depth)));
    }

    /// A line with an expression as its value.
    fn expression(&mut self, depth: usize, key: &str, text: &str) {
        self.put(depth, &format!("{key}: {}", quote::expression(text)));
    }

    /// A column in an expression; it is used from now on.
    fn cell(&mut self, column: usize) -> String {
        self.uses.push((self.table, column));
        let name = self.model.column(column).map(|it| it.name.as_str());
        quote::cell(name.unwrap_or_default())
    }

    /// A column in an expression as a date, whatever the precision of its type.
    fn day(&mut self, column: usize) -> String {
        let cell = self.cell(column);
        match self.model.kind(column) {
            crate::plan::Kind::Date { time: true, .. } => format!("{cell} | dateOf"),
            _ => cell,
        }
    }

    /// The line that says whom a resource is about.
    fn person(&mut self, key: &str, reference: &str) {
        if let Some(join) = self.model.join.filter(|_| reference != "Patient()") {
            self.uses.push((self.table, join));
        }
        self.expression(0, key, reference);
    }

    fn rule(self, name: String, why: &[&str], active: bool) -> Rule {
        Rule {
            name,
            why: why.iter().map(|line| (*line).to_owned()).collect(),
            lines: self.lines,
            uses: self.uses,
            active,
        }
    }
}
