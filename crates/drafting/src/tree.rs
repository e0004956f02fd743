//! The documents of a JSON file as one tree of members, and the tables that it holds.

use std::collections::HashSet;

use json::Value;
use source::RawCell;

use crate::facts::Facts;
use crate::heading;
use crate::table::{Column, Table, column_name, is_value, table_name};

/// How many members are told apart in all. A source that keys objects by a person would otherwise
/// have some for each person.
const MOST: usize = 4_000;
const DEEPEST: usize = 32;

/// What was met at one path.
#[derive(Debug, Default)]
pub(crate) struct Node {
    /// How often the member was there.
    present: u64,
    objects: u64,
    arrays: u64,
    scalars: Facts,
    members: Vec<(String, Node)>,
    items: Option<Box<Node>>,
    /// Members beyond the limit.
    untold: u64,
}

/// All documents of a file.
#[derive(Debug, Default)]
pub(crate) struct Tree {
    root: Node,
    nodes: usize,
}

impl Tree {
    pub fn add(&mut self, document: &Value) {
        add(&mut self.root, document, 0, &mut self.nodes);
    }

    /// The tables: the documents themselves, and each array of objects.
    pub fn tables(&self, names: &mut HashSet<String>, notes: &mut Vec<String>) -> Vec<Table> {
        let mut tables = Vec::new();
        if self.root.objects > 0 {
            let mut out = Tables {
                tables: Vec::new(),
                names,
                notes,
            };
            out.table(&self.root, "", "record", self.root.objects, None);
            tables = out.tables;
        }
        // A document that is a list itself is not what a mapping calls a record.
        if self.root.arrays > 0 || (self.root.objects == 0 && self.root.scalars.filled > 0) {
            notes.push(
                "some documents are no objects; a mapping cannot name what is in them".to_owned(),
            );
        }
        tables
    }
}

fn add(node: &mut Node, value: &Value, depth: usize, nodes: &mut usize) {
    node.present += 1;
    match value {
        Value::Null => {}
        Value::Bool(truth) => node.scalars.add(RawCell::Bool(*truth), false),
        Value::Number(number) => node.scalars.add(RawCell::Number(number.as_str()), false),
        Value::String(text) => node.scalars.add(RawCell::Text(text), false),
        Value::Array(items) => {
            node.arrays += 1;
            if depth < DEEPEST {
                let below = node.items.get_or_insert_default();
                for item in items {
                    add(below, item, depth + 1, nodes);
                }
            }
        }
        Value::Object(object) => {
            node.objects += 1;
            if depth >= DEEPEST {
                node.untold += 1;
                return;
            }
            for (name, value) in object.iter() {
                let known = node.members.iter().position(|(other, _)| other == name);
                let index = match known {
                    Some(index) => index,
                    None if *nodes >= MOST => {
                        node.untold += 1;
                        continue;
                    }
                    None => {
                        *nodes += 1;
                        node.members.push((name.to_owned(), Node::default()));
                        node.members.len() - 1
                    }
                };
                if let Some((_, member)) = node.members.get_mut(index) {
                    add(member, value, depth + 1, nodes);
                }
            }
        }
    }
}

struct Tables<'a> {
    tables: Vec<Table>,
    names: &'a mut HashSet<String>,
    notes: &'a mut Vec<String>,
}

impl Tables<'_> {
    fn table(&mut self, node: &Node, path: &str, name: &str, rows: u64, parent: Option<usize>) {
        let index = self.tables.len();
        self.tables.push(Table {
            name: table_name(name, self.names),
            path: Some(path.to_owned()),
            parent,
            rows,
            ..Table::default()
        });
        let mut taken = HashSet::new();
        let mut children = Vec::new();
        let mut columns = Vec::new();
        let mut notes = Vec::new();
        walk(node, &[], &mut columns, &mut children, &mut notes);
        if let Some(table) = self.tables.get_mut(index) {
            table.notes.append(&mut notes);
            for (path, mut column) in columns {
                let last = path.last().cloned().unwrap_or_default();
                let within: Vec<String> = path.iter().rev().skip(1).rev().cloned().collect();
                column.role = heading::role(&last, &within);
                column.secret = heading::secret(&last).or_else(|| heading::secret(&path.join(" ")));
                let whole = path.join(".");
                let short = if taken.contains(&last) { &whole } else { &last };
                let (name, _) = column_name(short, &mut taken, "of a long name");
                let name = unique(name, &mut taken);
                column.path = (name != whole).then_some(whole);
                column.name = name;
                table.columns.push(column);
            }
        }
        for (child, below) in children {
            let joined = child.join(".");
            let whole = if path.is_empty() {
                format!("{joined}[]")
            } else {
                format!("{path}.{joined}[]")
            };
            let name = child.last().cloned().unwrap_or_default();
            self.table(below, &whole, &name, below.objects, Some(index));
        }
        if node.untold > 0 {
            self.notes.push(format!(
                "{} members of \"{}\" are too many or too deep to be told apart",
                node.untold,
                if path.is_empty() {
                    "the documents"
                } else {
                    path
                }
            ));
        }
    }
}

fn unique(name: String, taken: &mut HashSet<String>) -> String {
    let mut unique = name.clone();
    let mut number = 2;
    while !taken.insert(unique.clone()) {
        unique = format!("{name} {number}");
        number += 1;
    }
    unique
}

type Columns = Vec<(Vec<String>, Column)>;

/// Gathers the columns of a record and the arrays of objects in it.
fn walk<'n>(
    node: &'n Node,
    path: &[String],
    columns: &mut Columns,
    children: &mut Vec<(Vec<String>, &'n Node)>,
    notes: &mut Vec<String>,
) {
    if is_keyed(node) {
        notes.push(format!(
            "the names of the {} members {} look like values (an object keyed by person or date), so they are not written here",
            node.members.len(),
            within(path)
        ));
        return;
    }
    let mut values = 0;
    for (name, member) in &node.members {
        if name.trim() != name || name.is_empty() || name.contains(['.', '[', ']']) {
            notes.push(format!(
                "a member {} has a name with a dot, a bracket or a space at its end, which no path can hold",
                within(path)
            ));
            continue;
        }
        if is_value(name) {
            values += 1;
            continue;
        }
        let mut at = path.to_vec();
        at.push(name.clone());
        if member.scalars.filled > 0 || (member.objects == 0 && member.arrays == 0) {
            columns.push((
                at.clone(),
                Column {
                    present: member.present,
                    facts: member.scalars.clone(),
                    ..Column::default()
                },
            ));
            if member.objects > 0 || member.arrays > 0 {
                notes.push(format!(
                    "\"{}\" is sometimes a value and sometimes an object or a list",
                    crate::quote::shown(&at.join("."))
                ));
            }
            continue;
        }
        if let Some(items) = member.items.as_deref() {
            if items.objects > 0 {
                children.push((at.clone(), items));
            } else if items.arrays > 0 {
                notes.push(format!(
                    "\"{}\" is a list of lists, which no table can hold",
                    crate::quote::shown(&at.join("."))
                ));
            } else {
                columns.push((
                    at.clone(),
                    Column {
                        present: member.present,
                        facts: items.scalars.clone(),
                        is_array: true,
                        ..Column::default()
                    },
                ));
            }
        } else if member.objects == 0 {
            // Always an empty list: nothing is known of its items.
            columns.push((
                at.clone(),
                Column {
                    present: member.present,
                    is_array: true,
                    ..Column::default()
                },
            ));
        }
        if member.objects > 0 {
            walk(member, &at, columns, children, notes);
        }
    }
    if values > 0 {
        notes.push(format!(
            "{values} members {} have names that look like values, so they are not written here",
            within(path)
        ));
    }
}

fn within(path: &[String]) -> String {
    if path.is_empty() {
        "of a record".to_owned()
    } else {
        format!("of \"{}\"", crate::quote::shown(&path.join(".")))
    }
}

/// Whether an object's members are alike objects: then their names are keys, not names.
fn is_keyed(node: &Node) -> bool {
    if node.members.len() < 3 {
        return false;
    }
    let alike = |a: &Node, b: &Node| {
        let shared = a
            .members
            .iter()
            .filter(|(name, _)| b.members.iter().any(|(other, _)| other == name))
            .count();
        !a.members.is_empty() && shared * 2 >= a.members.len().max(b.members.len())
    };
    node.members.windows(2).all(|pair| match pair {
        [(_, a), (_, b)] => a.objects > 0 && a.scalars.filled == 0 && alike(a, b),
        _ => false,
    })
}
