//! `each` over records: those inside the rule's own, those of another table, those of its group.

use super::Compiler;
use super::cells::{is_label, read};
use super::expression::Compiled;
use super::scope::{Scope, Type, Typing, Variable};
use crate::codes;
use crate::declare::fragments::is_variable;
use crate::findings::suggest;
use crate::keys;
use crate::program::{Cell, Each, EachOf, EachRecords, Join, JoinBy, Op, Policy};
use crate::yaml::{Node, Spot};

impl Compiler<'_> {
    /// `{ from: table, on: { Column: =expression }, as: name, missing: warn }`
    pub(super) fn each_records(&mut self, node: &Node, scope: &mut Scope) -> Option<Each> {
        self.findings.unknown_keys(node, keys::EACH, "each");
        let from = node.get("from")?;
        let from_text = crate::declare::constant_text(self.findings, from, "from")?.to_owned();
        let name =
            crate::declare::required_text(self.findings, node, "as", "each", node.spot)?.to_owned();
        if !is_variable(&name) {
            self.findings.error(
                codes::BAD_VALUE,
                node.spot,
                format!("'{name}' is no name of a variable"),
                "a lower-case letter, then letters, digits, _ or -",
            );
            return None;
        }
        let missing = match node.get("missing").map(|word| (word, word.constant())) {
            None | Some((_, Some("drop"))) => Policy::Drop,
            Some((_, Some("warn"))) => Policy::Text,
            Some((_, Some("quarantine"))) => Policy::Quarantine,
            Some((word, _)) => {
                self.findings.error(
                    codes::BAD_VALUE,
                    word.spot,
                    "missing says what happens where there is no record",
                    format!("one of {}", keys::EACH_MISSING.join(", ")),
                );
                Policy::Drop
            }
        };
        if from.spot.origin > 0 {
            self.findings.error(
                codes::OUT_OF_REACH,
                from.spot,
                "a fragment cannot name a table: it does not know the mapping that uses it",
                "repeat the map that uses the fragment",
            );
            return None;
        }
        let (table, by, inside, keys) = if from_text == "group" {
            let (table, by) = self.group_records(from.spot, scope)?;
            (table, by, None, Vec::new())
        } else {
            self.table_records(&from_text, from.spot, node, scope)?
        };
        let join = match self
            .joins
            .iter()
            .position(|join| join.table == table && join.by == by)
        {
            Some(known) => known,
            None => {
                self.joins.push(Join {
                    table,
                    kept: Vec::new(),
                    by,
                });
                self.joins.len() - 1
            }
        };
        scope.variables.push(Variable {
            name,
            origin: node.spot.origin,
            typing: Typing::new(Type::Absent),
            records: Some((join, table)),
            of_columns: false,
            columns: Vec::new(),
        });
        Some(Each {
            of: EachOf::Records(Box::new(EachRecords {
                join,
                inside,
                keys,
                missing,
                spot: node.spot,
            })),
            variable: scope.variables.len() - 1,
        })
    }

    fn group_records(&mut self, spot: Spot, scope: &Scope) -> Option<(usize, JoinBy)> {
        let rule = scope.rule?;
        let head = self.heads.get(rule)?;
        if head.node.get("group").is_none() {
            self.findings.error(
                codes::EACH_RECORDS,
                spot,
                "the rule makes one resource of each record, so it has no group",
                "add group: to the rule, or name a table",
            );
            return None;
        }
        Some((head.table, JoinBy::Group(rule)))
    }

    #[allow(clippy::type_complexity)]
    fn table_records(
        &mut self,
        name: &str,
        spot: Spot,
        node: &Node,
        scope: &mut Scope,
    ) -> Option<(usize, JoinBy, Option<usize>, Vec<(Op, bool)>)> {
        let source = self.source;
        let Some(table) = source.table(name) else {
            self.findings.error(
                codes::UNKNOWN_TABLE,
                spot,
                format!("there is no table '{name}'"),
                suggest(
                    name,
                    source
                        .tables
                        .iter()
                        .map(|table| table.table.name.as_str())
                        .chain(["group"]),
                    "tables, and group",
                ),
            );
            return None;
        };
        let decl = source.tables.get(table)?;
        let Some(on) = node.get("on") else {
            let inside = scope.variables.iter().rposition(|variable| {
                variable
                    .records
                    .is_some_and(|(_, records)| decl.parent == Some(records))
            });
            if inside.is_none() && (decl.parent.is_none() || decl.parent != scope.table) {
                self.findings.error(
                    codes::EACH_RECORDS,
                    spot,
                    format!("the records of {name} do not stand inside this one"),
                    format!("say which are meant: on: {{ Column of {name}: =expression }}"),
                );
                return None;
            }
            return Some((table, JoinBy::Enclosing, inside, Vec::new()));
        };
        let Some(entries) = on.entries().filter(|entries| !entries.is_empty()) else {
            self.findings.error(
                codes::EACH_RECORDS,
                on.spot,
                "on is a map from columns of that table to what they must equal",
                "for example: on: { Resident ID: =[ID] }",
            );
            return None;
        };
        let mut columns = Vec::new();
        let mut keys = Vec::new();
        for (key, value) in entries {
            let column = key.text().unwrap_or_default();
            let mut other = Scope {
                table: Some(table),
                ..Scope::default()
            };
            self.cell(0, table, column, key.spot, &mut other, None)?;
            let column = decl.column(column)?;
            let (op, typing) = self.expression(value, scope)?;
            if !typing.of.is_plain() || typing.list {
                self.findings.error(
                    codes::WRONG_TYPE,
                    value.spot,
                    format!("a key is one plain value, and this is {}", typing.of.name()),
                    "use a column, a text or a number",
                );
                return None;
            }
            columns.push(column);
            keys.push((op, is_label(decl, column)));
        }
        Some((table, JoinBy::Columns(columns), None, keys))
    }

    /// A rule makes one resource of each record of its table: other records are another rule's.
    pub(super) fn repeats_records(&mut self, each: &Node) -> bool {
        let Some(from) = each.get("from") else {
            return false;
        };
        self.findings.error(
            codes::EACH_RECORDS,
            from.spot,
            "a rule repeats over items of its record; records are what a map inside the resource repeats over",
            "make the rule from that table, or move each into a map of the resource",
        );
        true
    }

    /// `name.[Column]` of a record that `each` goes through.
    pub(super) fn joined_cell(
        &mut self,
        variable: usize,
        name: &str,
        spot: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let source = self.source;
        let of = scope.variables.get(variable)?;
        let Some((join, table)) = of.records else {
            let message = format!("'{}' stands for a value, and has no columns", of.name);
            self.findings.error(
                codes::UNKNOWN_NAME,
                spot,
                message,
                "only a variable of each: { from: … } has columns",
            );
            return None;
        };
        let mut other = Scope {
            table: Some(table),
            ..Scope::default()
        };
        let (_, typing) = self.cell(0, table, name, spot, &mut other, policy)?;
        let declared = source.tables.get(table)?;
        let column = declared.column(name)?;
        let declared = declared.columns.get(column)?;
        let kept = &mut self.joins.get_mut(join)?.kept;
        let slot = match kept.iter().position(|&known| known == column) {
            Some(slot) => slot,
            None => {
                kept.push(column);
                kept.len() - 1
            }
        };
        let strict = policy.is_some() || declared.on_bad.is_some();
        let policy = policy
            .cloned()
            .unwrap_or_else(|| self.column_policy(table, column));
        let cell = Op::Joined(
            variable,
            slot,
            Box::new(Cell {
                up: 0,
                column,
                policy: policy.clone(),
                strict,
                spot,
            }),
        );
        Some((read(cell, declared, policy, spot), typing))
    }
}
