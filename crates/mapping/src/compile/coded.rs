//! The functions that code tables and units are behind.

use std::sync::Arc;

use super::Compiler;
use super::calls::Call;
use super::expression::Compiled;
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::findings::suggest;
use crate::program::{CodeOp, Concept, Op, Policy, Unit};
use crate::yaml::Spot;

impl Compiler<'_> {
    pub(super) fn concept(&mut self, call: &Call<'_>) -> Compiled {
        let text = self.literal(call, 0, "system|code|display")?.to_owned();
        let coding = self.coding_constant(&text, call.spot_of(0))?;
        let concept = Concept {
            text: coding.display.clone(),
            codings: vec![coding],
        };
        Some((Op::Concept(Arc::new(concept)), Typing::new(Type::Concept)))
    }

    pub(super) fn code_table(&mut self, call: &Call<'_>) -> Option<usize> {
        let name = self.literal(call, 1, "the name of a code table")?;
        self.code_table_named(name, call.spot_of(1))
    }

    /// What the labels of a listed column find in a table; texts without a list may find any row.
    pub(super) fn reach(
        &mut self,
        op: &Op,
        table: usize,
        scope: &Scope,
        spot: Spot,
    ) -> Option<Vec<Option<usize>>> {
        let codes = self.codes;
        let code_table = codes.get(table)?;
        let labels = self.labels(op, scope);
        let is_broken = self.findings.is_broken("code table", &code_table.name);
        let usage = self.table_use.entry(table).or_default();
        if is_broken {
            usage.open = true;
            return None;
        }
        let Some(labels) = labels else {
            usage.open = true;
            return None;
        };
        let rows: Vec<Option<usize>> = labels.iter().map(|label| code_table.find(label)).collect();
        usage.reached.extend(rows.iter().flatten());
        // The place of a label in its list finds the row; other expressions look the text up.
        let is_cell = matches!(op, Op::Cell(_));
        let lacking: Vec<&str> = labels
            .iter()
            .zip(&rows)
            .filter(|(_, row)| row.is_none())
            .map(|(label, _)| label.as_str())
            .collect();
        if !lacking.is_empty() {
            self.findings.error(
                codes::INCOMPLETE_TABLE,
                spot,
                format!(
                    "the code table '{}' has no row for: {}",
                    code_table.name,
                    lacking.join(", ")
                ),
                "add a row for each; a row with a blank code says that there is none",
            );
        }
        is_cell.then_some(rows)
    }

    pub(super) fn code(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.texts(call, 0, scope)?;
        let table = self.code_table(call)?;
        if table == usize::MAX {
            let typing = Typing {
                of: Type::Concept,
                ..typing
            };
            return Some((Op::Coalesce(Vec::new(), call.spot), typing));
        }
        let policy = call
            .policy
            .cloned()
            .or_else(|| Some(self.codes.get(table)?.unmapped.clone()))
            .unwrap_or(Policy::Text);
        let rows = self.reach(&op, table, scope, call.spot_of(1));
        let nullable = typing.nullable || policy == Policy::Drop;
        let op = Op::Code(Box::new(CodeOp {
            value: op,
            table,
            policy,
            rows,
            spot: call.spot,
        }));
        let typing = Typing {
            of: Type::Concept,
            ..typing
        };
        Some((op, typing.nullable(nullable)))
    }

    pub(super) fn lookup(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.texts(call, 0, scope)?;
        let table = self.code_table(call)?;
        let name = self
            .literal(call, 2, "the name of a column of the code table")?
            .to_owned();
        if table == usize::MAX {
            return Some((
                Op::Coalesce(Vec::new(), call.spot),
                Typing::new(Type::Text).list(typing.list).nullable(true),
            ));
        }
        let codes = self.codes;
        let columns = &codes.get(table)?.columns;
        let Some(column) = columns.iter().position(|column| *column == name) else {
            self.findings.error(
                codes::UNKNOWN_COLUMN,
                call.spot_of(2),
                format!("the code table has no column '{name}'"),
                suggest(&name, columns.iter().map(String::as_str), "columns"),
            );
            return None;
        };
        self.reach(&op, table, scope, call.spot_of(1));
        let op = Op::Row {
            value: Box::new(op),
            table,
            column,
        };
        Some((op, Typing::new(Type::Text).list(typing.list).nullable(true)))
    }

    pub(super) fn quantity(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (op, typing) = self.argument(call, 0, scope)?;
        self.wants(call, 0, &typing, &[Type::Integer, Type::Decimal])?;
        let code = self.literal(call, 1, "a UCUM unit")?;
        let unit = match call.arguments.get(2) {
            Some(_) => self.literal(call, 2, "the unit as it is shown")?,
            None => code,
        };
        if !crate::declare::units::is_ucum(self.terminology, code) {
            self.findings.error(
                codes::UNIT,
                call.spot_of(1),
                format!("'{code}' is no unit of UCUM"),
                "for example kg, cm, mm[Hg], Cel, /min, mL; case counts",
            );
            return None;
        }
        let op = Op::Quantity {
            value: Box::new(op),
            unit: Arc::new(Unit {
                code: code.into(),
                unit: unit.into(),
            }),
        };
        let typing = Typing {
            of: Type::Quantity,
            ..typing
        };
        Some((op, typing))
    }
}
