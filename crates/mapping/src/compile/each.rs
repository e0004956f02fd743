//! `each`: what is repeated, and what an item is called.

use super::Compiler;
use super::expression::shift;
use super::parts::collect_cells;
use super::scope::{Scope, Typing, Variable};
use crate::codes;
use crate::declare::fragments::is_variable;
use crate::program::{Each, EachOf};
use crate::yaml::Node;

impl Compiler<'_> {
    /// Compiles `each`, and names its variable.
    pub fn each(&mut self, node: &Node, scope: &mut Scope) -> Option<Each> {
        if node.get("from").is_some() {
            let each = self.each_records(node, scope);
            if each.is_none() {
                let name = node.get("as").and_then(Node::constant);
                scope.lost_variables.extend(name.map(str::to_owned));
            }
            return each;
        }
        if node.entries().is_some() {
            return self.each_column(node, scope);
        }
        let (text, lead) = match node.expression() {
            Some(found) => found,
            None => {
                self.findings.error(
                    codes::BAD_VALUE,
                    node.spot,
                    "each is an expression and a name",
                    "for example: =[Allergies] as substance",
                );
                return None;
            }
        };
        let split = text.rsplit_once(" as ").map(|(of, name)| (of, name.trim()));
        let Some((of, name)) = split.filter(|(_, name)| is_variable(name)) else {
            self.findings.error(
                codes::SYNTAX,
                node.spot,
                "each does not say what an item is called",
                "end it with a name: =[Allergies] as substance",
            );
            self.findings.lose(text);
            scope.unsure = true;
            return None;
        };
        let Some((op, mut typing)) = self.expression_text(of, shift(node.spot, lead), scope) else {
            scope.lost_variables.push(name.to_owned());
            return None;
        };
        if !typing.list {
            self.findings.error(
                codes::WRONG_TYPE,
                node.spot,
                format!("each wants a list, and this is {}", typing.of.name()),
                "use a column of type list, split(…) or list(…)",
            );
            scope.lost_variables.push(name.to_owned());
            return None;
        }
        typing = typing.list(false).nullable(false);
        let mut columns = Vec::new();
        collect_cells(&op, &mut columns);
        scope.variables.push(Variable {
            name: name.to_owned(),
            origin: node.spot.origin,
            typing,
            records: None,
            of_columns: false,
            columns,
        });
        Some(Each {
            of: EachOf::Items(op),
            variable: scope.variables.len() - 1,
        })
    }

    pub(super) fn each_column(&mut self, node: &Node, scope: &mut Scope) -> Option<Each> {
        self.findings.unknown_keys(node, &["columns", "as"], "each");
        let name =
            crate::declare::required_text(self.findings, node, "as", "each", node.spot)?.to_owned();
        let table = scope.table?;
        let mut columns = Vec::new();
        let mut typing: Option<Typing> = None;
        for (column, spot) in crate::declare::texts(self.findings, node, "columns") {
            let Some((op, next)) = self.cell(0, table, &column, spot, scope, None) else {
                continue;
            };
            match &typing {
                Some(known) if known.of != next.of || known.list != next.list => {
                    self.findings.error(
                        codes::WRONG_TYPE,
                        spot,
                        format!(
                            "the columns differ in type: {} and {}",
                            known.of.name(),
                            next.of.name()
                        ),
                        "use a rule for each type",
                    );
                }
                Some(_) => {}
                None => typing = Some(next),
            }
            columns.push((op, column.into()));
        }
        let Some(typing) = typing else {
            scope.lost_variables.push(name);
            return None;
        };
        let typing = typing.nullable(false);
        let mut cells = Vec::new();
        for (op, _) in &columns {
            collect_cells(op, &mut cells);
        }
        scope.variables.push(Variable {
            name,
            origin: node.spot.origin,
            typing,
            records: None,
            of_columns: true,
            columns: cells,
        });
        Some(Each {
            of: EachOf::Columns(columns),
            variable: scope.variables.len() - 1,
        })
    }
}
