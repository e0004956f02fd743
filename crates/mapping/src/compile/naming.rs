//! Ids: what tells the resources of a rule apart, inside a file and across files.

use super::Compiler;
use super::scope::Scope;
use crate::codes;
use crate::declare::source::{IdentityDecl, identity};
use crate::program::{Cell, GroupKey, IdentityEntry, Item, Naming, Object, Op, ReferenceOp};
use crate::yaml::{Data, Node, Spot};

impl Compiler<'_> {
    /// The naming of a rule whose body is compiled.
    pub fn naming(
        &mut self,
        node: &Node,
        head: &super::RuleHead,
        body: &Object,
        group: Option<&GroupKey>,
        scope: &mut Scope,
    ) -> Naming {
        let source = self.source;
        let person = self.person(body);
        let table = source.tables.get(head.table);
        let mut keys: Vec<(Op, Spot)> = Vec::new();
        match node.get("key") {
            Some(key) => keys = self.key_parts(key, scope),
            None => {
                for &column in table.map(|table| table.key.as_slice()).unwrap_or_default() {
                    let op = Op::Cell(self.identity_cell(head.table, column, head.spot));
                    keys.push((op, head.spot));
                }
            }
        }
        let lookup = match group {
            Some(GroupKey::Parts(parts)) => parts.clone(),
            _ => keys.iter().map(|(op, _)| op.clone()).collect(),
        };
        let own_key = node.get("key").is_some();
        let base: Vec<(Op, Spot)> = match group {
            Some(group) => {
                let parts = match group {
                    GroupKey::Parts(parts) => parts.as_slice(),
                    GroupKey::Identity(_) => &[],
                };
                let spot = node.get("group").map_or(head.spot, |group| group.spot);
                let parts = parts.iter().map(|op| (op.clone(), spot));
                parts.chain(keys.into_iter().filter(|_| own_key)).collect()
            }
            None => keys,
        };
        let identity = self.identity_of(node, head, table.map(|table| table.identity.as_slice()));
        let mut parts = Vec::new();
        let mut dropped = None;
        for (op, spot) in base {
            let volatile = self.volatile_cell(&op, head.table, scope);
            match volatile {
                None => parts.push(op),
                Some(name) if matches!(op, Op::Cell(_)) => dropped = Some((name, spot)),
                Some(name) => {
                    if identity.is_none() {
                        self.volatile(&name, spot);
                    }
                }
            }
        }
        // What is grouped by identity, and is about no person, hangs on the identity itself.
        let identity = match group {
            Some(GroupKey::Identity(entries)) if person.is_none() => Some(entries.clone()),
            _ => identity,
        };
        // A reference to whom it is about that could not be read is reported by itself.
        let lost_person = ["patient", "subject", "for"].iter().any(|name| {
            node.get(name).is_some() && !body.fields.iter().any(|field| &*field.name == *name)
        });
        if identity.is_none() && person.is_none() && !lost_person && !scope.unsure {
            if let Some((name, spot)) = &dropped {
                self.volatile(name, *spot);
            } else if parts.is_empty() {
                self.findings.error(
                    codes::VOLATILE_ID,
                    head.spot,
                    "nothing tells the resources of this rule apart",
                    "give the rule a key, or the table a key or an identity",
                );
            }
        }
        Naming {
            lookup,
            person,
            parts,
            identity,
        }
    }

    fn volatile(&mut self, name: &str, spot: Spot) {
        self.findings.error(
            codes::VOLATILE_ID,
            spot,
            format!("the id would hang on '{name}', which is volatile: another file may give it to another person or thing"),
            "use a stable column, an identity, or refer to a person whose id then stands in",
        );
    }

    /// The parts of a `key` or `group`: expressions, or names of columns.
    pub fn key_parts(&mut self, node: &Node, scope: &mut Scope) -> Vec<(Op, Spot)> {
        let mut parts = Vec::new();
        for item in node.items() {
            let compiled = match item.expression() {
                Some(_) => self.expression(item, scope),
                None => {
                    let Some(name) = crate::declare::constant_text(self.findings, item, "a column")
                    else {
                        continue;
                    };
                    let name = name.to_owned();
                    match scope.table {
                        Some(table) => self.cell(0, table, &name, item.spot, scope, None),
                        None => None,
                    }
                }
            };
            let Some((mut op, typing)) = compiled else {
                continue;
            };
            let fits = !typing.list
                && (typing.of.is_plain() || matches!(typing.of, super::scope::Type::Reference(_)));
            if !fits {
                self.findings.error(
                    codes::WRONG_TYPE,
                    item.spot,
                    format!("a key is one plain value, and this is {}", typing.of.name()),
                    "use a column, a text, or `each` for a list",
                );
                continue;
            }
            if let Op::Read { policy, .. } = &mut op
                && *policy == crate::program::Policy::Drop
            {
                *policy = crate::program::Policy::Quarantine;
            }
            if let Op::Cell(cell) = &mut op
                && cell.policy == crate::program::Policy::Drop
            {
                cell.policy = crate::program::Policy::Quarantine;
            }
            parts.push((op, item.spot));
        }
        parts
    }

    fn identity_of(
        &mut self,
        node: &Node,
        head: &super::RuleHead,
        of_table: Option<&[IdentityDecl]>,
    ) -> Option<Vec<IdentityEntry>> {
        let source = self.source;
        let entries = match node.get("identity") {
            Some(own) => identity(source.tables.get(head.table)?, Some(own), self.findings),
            None if head.is_person => of_table?.to_vec(),
            None => return None,
        };
        let entries = self.identity_entries(&entries, head);
        (!entries.is_empty()).then_some(entries)
    }

    /// The cells of an identity.
    pub fn identity_entries(
        &self,
        entries: &[IdentityDecl],
        head: &super::RuleHead,
    ) -> Vec<IdentityEntry> {
        entries
            .iter()
            .map(|entry| IdentityEntry {
                columns: entry
                    .columns
                    .iter()
                    .map(|&column| self.identity_cell(head.table, column, head.spot))
                    .collect(),
                weak: entry.weak,
            })
            .collect()
    }

    fn identity_cell(&self, table: usize, column: usize, spot: Spot) -> Cell {
        let mut policy = self.column_policy(table, column);
        if policy == crate::program::Policy::Text {
            policy = crate::program::Policy::Quarantine;
        }
        Cell {
            up: 0,
            column,
            policy,
            strict: false,
            spot,
        }
    }

    /// The name of a volatile column that an operation reads.
    fn volatile_cell(&self, op: &Op, table: usize, scope: &Scope) -> Option<String> {
        let mut cells = Vec::new();
        super::parts::collect_cells(op, &mut cells);
        self.volatile_variable(op, scope, &mut cells);
        let own = cells.into_iter().find_map(|(up, column)| {
            let mut at = table;
            for _ in 0..up {
                at = self.source.tables.get(at)?.parent?;
            }
            let declared = self.source.tables.get(at)?.columns.get(column)?;
            declared.volatile.then(|| declared.column.name.clone())
        });
        own.or_else(|| self.volatile_partner(op))
    }

    /// The cells of the record that the variables of an operation stand for.
    fn volatile_variable(&self, op: &Op, scope: &Scope, out: &mut Vec<(u8, usize)>) {
        match op {
            Op::Variable(index) => {
                let variable = scope.variables.get(*index);
                out.extend(variable.iter().flat_map(|variable| &variable.columns));
            }
            Op::Partner(_) | Op::Reference(_) => {}
            _ => super::parts::parts(op)
                .into_iter()
                .for_each(|op| self.volatile_variable(op, scope, out)),
        }
    }

    /// The name of a volatile column of another table that an operation looks up.
    fn volatile_partner(&self, op: &Op) -> Option<String> {
        if let Op::Partner(partner) = op {
            let column = *self.kept.get(partner.table)?.get(partner.slot)?;
            let declared = self.source.tables.get(partner.table)?.columns.get(column)?;
            return declared.volatile.then(|| declared.column.name.clone());
        }
        if matches!(op, Op::Reference(_)) {
            return None;
        }
        super::parts::parts(op)
            .into_iter()
            .find_map(|op| self.volatile_partner(op))
    }

    /// The reference that says whom a resource is about.
    fn person(&self, body: &Object) -> Option<ReferenceOp> {
        fn reference(op: &Op) -> Option<&ReferenceOp> {
            match op {
                Op::Reference(reference) => Some(reference),
                Op::OnMissing { value, .. } => reference(value),
                _ => None,
            }
        }
        let field = body
            .fields
            .iter()
            .find(|field| matches!(&*field.name, "patient" | "subject" | "for"))?;
        let op = match field.items.first()? {
            Item::Value { op, .. } => op,
            Item::Object(object) => {
                let inner = object
                    .fields
                    .iter()
                    .find(|field| &*field.name == "reference")?;
                match inner.items.first()? {
                    Item::Value { op, .. } => op,
                    _ => return None,
                }
            }
            _ => return None,
        };
        let found = reference(op)?;
        let head = self.heads.get(found.rule)?;
        head.is_person.then(|| found.clone())
    }
}

/// How many values look a rule up, before anything is compiled.
pub(crate) fn lookup_size(node: &Node, table_key: usize) -> usize {
    match (node.get("group"), node.get("key")) {
        (Some(group), _) if group.text() != Some("identity") => group.items().len(),
        (_, Some(key)) => match &key.data {
            Data::Empty => 0,
            _ => key.items().len(),
        },
        _ => table_key,
    }
}
