//! Cells: of the record, of its parents, of other tables; and variables.

use std::sync::Arc;

use source::ColumnType;

use super::Compiler;
use super::expression::{Compiled, count};
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::declare::columns::{ColumnDecl, Reading};
use crate::expr::Expr;
use crate::findings::{nearest, suggest};
use crate::program::{Cell, Op, Partner, Policy};
use crate::yaml::Spot;

impl Compiler<'_> {
    /// A cell of the record, or of a parent.
    pub fn cell(
        &mut self,
        up: u8,
        table: usize,
        name: &str,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let source = self.source;
        let decl = source.tables.get(table)?;
        let Some(column) = decl.column(name) else {
            if self.findings.is_full() {
                return None;
            }
            // A column of the same name elsewhere tells more than one that is spelt alike.
            let elsewhere = source
                .tables
                .iter()
                .filter(|other| other.column(name).is_some())
                .map(|other| other.table.name.as_str())
                .next();
            match elsewhere {
                Some(other) => {
                    self.findings.lose(name);
                    self.findings.error(
                        codes::UNKNOWN_COLUMN,
                        spot,
                        format!("table {} has no column '{name}'", decl.table.name),
                        format!("table {other} has it: {other}.[{name}]"),
                    );
                }
                None => decl.unknown_column(name, spot, self.findings),
            }
            return None;
        };
        let declared = decl.columns.get(column)?;
        declared.used.set(true);
        scope.uses.insert((up, column));
        let strict = policy.is_some() || declared.on_bad.is_some();
        let policy = policy
            .cloned()
            .unwrap_or_else(|| self.column_policy(table, column));
        let typing = declared
            .typing()
            .nullable(!declared.required && !scope.known.contains(&(up, column)));
        let op = Op::Cell(Cell {
            up,
            column,
            policy: policy.clone(),
            strict,
            spot,
        });
        Some((read(op, declared, policy, spot), typing))
    }

    /// What happens to a bad cell of a column when no expression says otherwise.
    pub fn column_policy(&self, table: usize, column: usize) -> Policy {
        let Some(table) = self.source.tables.get(table) else {
            return Policy::Drop;
        };
        let Some(declared) = table.columns.get(column) else {
            return Policy::Drop;
        };
        if let Some(policy) = &declared.on_bad {
            return policy.clone();
        }
        let identifies = declared.required
            || table.key.contains(&column)
            || table
                .identity
                .iter()
                .any(|entry| entry.columns.contains(&column));
        if identifies {
            Policy::Quarantine
        } else {
            Policy::Drop
        }
    }

    #[allow(clippy::too_many_arguments)]
    pub(super) fn table_cell(
        &mut self,
        name: &str,
        keys: Option<&[Expr]>,
        column: &str,
        base: Spot,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let source = self.source;
        if keys.is_none()
            && let Some(variable) = self.variable_named(name, spot, scope)
        {
            return self.joined_cell(variable, column, spot, scope, policy);
        }
        if scope.lost_variables.iter().any(|lost| lost == name) {
            return None;
        }
        let Some(table) = source.table(name) else {
            if self.findings.is_broken("table", name) {
                return None;
            }
            self.findings.lose(column);
            self.findings.error(
                codes::UNKNOWN_TABLE,
                spot,
                format!("there is no table '{name}'"),
                suggest(
                    name,
                    source.tables.iter().map(|table| table.table.name.as_str()),
                    "tables",
                ),
            );
            return None;
        };
        if keys.is_none()
            && let Some(own) = scope.table
            && let Some(up) = self.steps_up(own, table)
        {
            return self.cell(up, table, column, spot, scope, policy);
        }
        let decl = source.tables.get(table)?;
        let keys = match keys {
            None => None,
            Some(keys) => {
                if keys.len() != decl.key.len() || keys.is_empty() {
                    self.findings.error(
                        codes::TABLE_KEY,
                        spot,
                        format!(
                            "table {name} has a key of {}, and {} were given",
                            count(decl.key.len(), "column"),
                            count(keys.len(), "value")
                        ),
                        "give one value for each column of the table's key",
                    );
                    return None;
                }
                Some(
                    keys.iter()
                        .map(|key| self.plain(key, base, scope))
                        .collect::<Option<Vec<_>>>()?,
                )
            }
        };
        // The look-up reads the other table's cell as that table types it.
        let mut other = Scope {
            table: Some(table),
            ..Scope::default()
        };
        let (op, typing) = self.cell(0, table, column, spot, &mut other, policy)?;
        let Op::Cell(cell) = innermost(&op) else {
            return None;
        };
        let column = cell.column;
        let kept = self.kept.get_mut(table)?;
        let slot = match kept.iter().position(|&known| known == column) {
            Some(slot) => slot,
            None => {
                kept.push(column);
                kept.len() - 1
            }
        };
        let partner = Op::Partner(Box::new(Partner {
            table,
            slot,
            keys,
            labels: decl
                .key
                .iter()
                .map(|&column| is_label(decl, column))
                .collect(),
            expected: true,
            spot,
        }));
        let declared = decl.columns.get(column)?;
        let policy = policy
            .cloned()
            .unwrap_or_else(|| self.column_policy(table, column));
        Some((read(partner, declared, policy, spot), typing.nullable(true)))
    }

    /// How many parents up a table is from another; nothing when it is none of its parents.
    pub fn steps_up(&self, from: usize, to: usize) -> Option<u8> {
        let mut at = from;
        for up in 0..=u8::MAX {
            if at == to {
                return Some(up);
            }
            at = self.source.tables.get(at)?.parent?;
        }
        None
    }

    pub(super) fn variable(
        &mut self,
        name: &str,
        field: Option<&str>,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let found = self.variable_named(name, spot, scope);
        if found.is_none()
            && field.is_none()
            && let Some(compiled) = self.name(name, spot, scope, policy)
        {
            return compiled;
        }
        let Some((index, variable)) =
            found.and_then(|index| Some((index, scope.variables.get(index)?)))
        else {
            if scope.unsure || scope.lost_variables.iter().any(|lost| lost == name) {
                return None;
            }
            self.findings.error(
                codes::UNKNOWN_NAME,
                spot,
                format!("'{name}' stands for nothing here"),
                self.variable_help(name, scope),
            );
            return None;
        };
        match field {
            None if variable.records.is_some() => {
                let message = format!("'{name}' stands for a record, and is no value itself");
                self.findings.error(
                    codes::UNKNOWN_NAME,
                    spot,
                    message,
                    format!("name one of its columns: {name}.[Column]"),
                );
                None
            }
            None => Some((Op::Variable(index), variable.typing.clone())),
            Some("column") if variable.of_columns => {
                Some((Op::VariableColumn(index), Typing::new(Type::Text)))
            }
            Some(field) => {
                self.findings.error(
                    codes::UNKNOWN_NAME,
                    spot,
                    format!("'{name}' has no '{field}'"),
                    "only a variable of each: { columns: … } has .column",
                );
                None
            }
        }
    }
}

/// A cell as its column says that it is read.
pub(crate) fn read(op: Op, declared: &ColumnDecl, policy: Policy, spot: Spot) -> Op {
    match &declared.reading {
        None => op,
        Some(Reading::Unit(unit)) => Op::Quantity {
            value: Box::new(op),
            unit: Arc::clone(unit),
        },
        Some(Reading::Text(kind)) => Op::Read {
            value: Box::new(op),
            kind: kind.clone(),
            policy,
            spot,
        },
    }
}

/// The cell that is read.
pub(crate) fn innermost(op: &Op) -> &Op {
    match op {
        Op::Quantity { value, .. } | Op::Read { value, .. } => innermost(value),
        other => other,
    }
}

impl Compiler<'_> {
    /// What a bare name may have been meant for.
    fn variable_help(&self, name: &str, scope: &Scope) -> String {
        let variables = scope
            .variables
            .iter()
            .map(|variable| variable.name.as_str());
        if let Some(near) = nearest(name, variables) {
            return format!("did you mean '{near}'?");
        }
        let columns = scope
            .table
            .and_then(|table| self.source.tables.get(table))
            .map(|table| table.columns.as_slice())
            .unwrap_or_default();
        match nearest(name, columns.iter().map(|column| column.column.name.as_str())) {
            Some(near) => format!("a column needs square brackets: [{near}]"),
            None => "a column needs square brackets, a text needs quotes, a variable is named by `each … as`".to_owned(),
        }
    }
}

/// Whether a column holds labels, which are looked up without regard to case, dashes and spaces.
pub(crate) fn is_label(table: &crate::declare::source::TableDecl, column: usize) -> bool {
    table
        .columns
        .get(column)
        .is_some_and(|column| matches!(column.column.kind, ColumnType::Code { .. }))
}

/// The values that the cells of a column have.
pub(crate) fn column_typing(kind: &ColumnType) -> Typing {
    match kind {
        ColumnType::String => Typing::new(Type::Text).free(true),
        ColumnType::Code { values } => Typing::new(Type::Text).free(values.is_none()).label(),
        ColumnType::List { .. } => Typing::new(Type::Text).list(true).free(true),
        ColumnType::Integer { .. } => Typing::new(Type::Integer),
        ColumnType::Decimal { .. } => Typing::new(Type::Decimal),
        ColumnType::Date { .. } => Typing::new(Type::Date),
        ColumnType::DateTime { .. } => Typing::new(Type::DateTime),
        ColumnType::Flag { .. } => Typing::new(Type::Boolean),
        ColumnType::NhsNumber | ColumnType::Postcode | ColumnType::Phone => Typing::new(Type::Text),
    }
}
