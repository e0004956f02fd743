//! Comparisons, and what labels may be compared with.

use source::ColumnType;

use super::Compiler;
use super::expression::{Compiled, shift};
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::expr::{Expr, Operator};
use crate::findings::suggest;
use crate::program::{Cell, Compare, Op, Policy};
use crate::yaml::Spot;

impl Compiler<'_> {
    #[allow(clippy::too_many_arguments)]
    pub(super) fn comparison(
        &mut self,
        operator: Operator,
        left: &Expr,
        right: &Expr,
        base: Spot,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let a = self.compile(left, base, scope, policy);
        let b = self.compile(right, base, scope, policy);
        let ((mut a, a_type), (mut b, b_type)) = (a?, b?);
        let comparable = match (&a_type.of, &b_type.of) {
            (Type::Integer | Type::Decimal, Type::Integer | Type::Decimal)
            | (Type::Date | Type::DateTime, Type::Date | Type::DateTime)
            | (Type::Text, Type::Text)
            | (Type::Time, Type::Time) => true,
            (Type::Boolean, Type::Boolean) => {
                matches!(operator, Operator::Equal | Operator::NotEqual)
            }
            _ => false,
        } && !a_type.list
            && !b_type.list;
        if !comparable {
            self.findings.error(
                codes::WRONG_TYPE,
                spot,
                format!(
                    "{} cannot be compared with {} in this way",
                    if a_type.list { "a list" } else { a_type.of.name() },
                    if b_type.list { "a list" } else { b_type.of.name() }
                ),
                "compare texts with texts, numbers with numbers, dates with dates; a date in quotes needs date(…)",
            );
            return None;
        }
        let mut index = None;
        let labels = a_type.label || b_type.label;
        let place = |expr: &Expr| Spot {
            length: expr.length,
            ..shift(base, expr.at)
        };
        for (cell, literal, expr) in [(&a, &b, right), (&b, &a, left)] {
            let spot = place(expr);
            if let Op::Variable(variable) = cell
                && let Op::Text(text) = literal
                && let Some(labels) = self.variable_labels(*variable, scope)
                && !labels.iter().any(|list| list.find(text).is_some())
            {
                let known: Vec<&str> = labels
                    .iter()
                    .flat_map(|list| list.labels())
                    .map(String::as_str)
                    .collect();
                let help = suggest(text, known, "labels");
                self.findings.error(
                    codes::NOT_IN_LIST,
                    spot,
                    format!("'{text}' is not in the list of any of the columns"),
                    help,
                );
                return None;
            }
            if let Some(Some(list)) = self.label_list(cell, scope)
                && let Op::Text(text) = literal
            {
                index = list.find(text);
                if index.is_none() {
                    let help = suggest(text, list.labels().iter().map(String::as_str), "labels");
                    self.findings.error(
                        codes::NOT_IN_LIST,
                        spot,
                        format!("'{text}' is not in the list of the column"),
                        help,
                    );
                    return None;
                }
            }
        }
        if labels {
            for side in [&mut a, &mut b] {
                if let Op::Text(text) = side {
                    *text = source::normalise_label(text).as_ref().into();
                }
            }
            if matches!(b, Op::Cell(_)) && matches!(a, Op::Text(_)) {
                std::mem::swap(&mut a, &mut b);
            }
        }
        if !matches!(a, Op::Cell(_)) {
            index = None;
        }
        Some((
            Op::Compare(Box::new(Compare {
                operator,
                left: a,
                right: b,
                labels,
                index,
            })),
            Typing::new(Type::Boolean),
        ))
    }

    /// The list of labels of a cell of type `code`: `Some(None)` for an open list.
    pub fn label_list(&self, op: &Op, scope: &Scope) -> Option<Option<&source::CodeList>> {
        let Op::Cell(cell) = op else { return None };
        match self.column_kind(cell, scope)? {
            ColumnType::Code { values } => Some(values.as_ref()),
            _ => None,
        }
    }

    /// The lists of the columns that a variable stands for, where all have one.
    pub(super) fn variable_labels(
        &self,
        variable: usize,
        scope: &Scope,
    ) -> Option<Vec<&source::CodeList>> {
        let variable = scope
            .variables
            .get(variable)
            .filter(|variable| variable.of_columns)?;
        variable
            .columns
            .iter()
            .map(|&(_, column)| {
                let column = self.source.tables.get(scope.table?)?.columns.get(column)?;
                match &column.column.kind {
                    ColumnType::Code { values } => values.as_ref(),
                    _ => None,
                }
            })
            .collect()
    }

    /// The type of the column of a cell.
    pub fn column_kind(&self, cell: &Cell, scope: &Scope) -> Option<&ColumnType> {
        let mut table = scope.table?;
        for _ in 0..cell.up {
            table = self.source.tables.get(table)?.parent?;
        }
        Some(
            &self
                .source
                .tables
                .get(table)?
                .columns
                .get(cell.column)?
                .column
                .kind,
        )
    }
}
