//! Which members of a document the schema declares, and which it denies.

use std::collections::HashMap;

use json::Value;

use super::path::Path;
use crate::census::Unused;
use crate::schema::{Markers, Schema};

/// How many different undeclared paths are told apart. A source that keys objects by a person's
/// number would otherwise have one for each person.
const MOST_PATHS: usize = 500;

/// The declared members of a document as a tree.
#[derive(Debug, Default)]
pub(super) struct Declared {
    members: HashMap<String, Declared>,
    items: Option<Box<Declared>>,
    is_column: bool,
    is_denied: bool,
    denies_below: bool,
}

impl Declared {
    /// The tree of a schema; `paths` are the absolute paths of its tables.
    pub(super) fn of(schema: &Schema, tables: &[Path], columns: &[Vec<Path>]) -> Self {
        let mut root = Self::default();
        for ((table, path), columns) in schema.tables.iter().zip(tables).zip(columns) {
            root.at_mut(path);
            for (column, own) in table.columns.iter().zip(columns) {
                let mut whole = path.clone();
                whole.steps.extend(own.steps.iter().cloned());
                // A list column is the array itself.
                if let Some(last) = whole.steps.last_mut().filter(|_| !own.steps.is_empty()) {
                    last.each = false;
                }
                let node = root.at_mut(&whole);
                node.is_column = true;
                node.is_denied |= column.deny;
            }
        }
        root.mark_denials();
        root
    }

    fn at_mut(&mut self, path: &Path) -> &mut Self {
        let mut node = self;
        for step in &path.steps {
            if !step.name.is_empty() {
                node = node.members.entry(step.name.clone()).or_default();
            }
            if step.each {
                node = node.items.get_or_insert_default();
            }
        }
        node
    }

    /// The node at a path.
    pub(super) fn at(&self, path: &Path) -> Option<&Self> {
        path.steps.iter().try_fold(self, |node, step| {
            let node = if step.name.is_empty() {
                node
            } else {
                node.members.get(&step.name)?
            };
            if step.each {
                node.items.as_deref()
            } else {
                Some(node)
            }
        })
    }

    fn mark_denials(&mut self) -> bool {
        let mut below = self.is_denied;
        for member in self.members.values_mut() {
            below |= member.mark_denials();
        }
        if let Some(items) = &mut self.items {
            below |= items.mark_denials();
        }
        self.denies_below = below;
        below
    }

    /// Whether a document has any of the members that are declared at its top.
    pub(super) fn knows(&self, document: &Value) -> bool {
        match document {
            Value::Object(object) => {
                self.is_column
                    || object
                        .iter()
                        .any(|(name, _)| self.members.contains_key(name))
            }
            Value::Array(items) => match &self.items {
                Some(declared) => items.is_empty() || items.iter().any(|item| declared.knows(item)),
                None => false,
            },
            _ => self.is_column,
        }
    }

    /// A value without what is denied; `None` when it is denied itself.
    pub(super) fn without_denied(&self, value: &Value) -> Option<Value> {
        if self.is_denied {
            return None;
        }
        if !self.denies_below {
            return Some(value.clone());
        }
        Some(match value {
            Value::Object(object) => {
                let mut kept = json::Object::with_capacity(object.len());
                for (name, member) in object.iter() {
                    let member = match self.members.get(name) {
                        Some(declared) => declared.without_denied(member),
                        None => Some(member.clone()),
                    };
                    if let Some(member) = member {
                        kept.insert(name, member);
                    }
                }
                kept.into()
            }
            Value::Array(items) => match &self.items {
                Some(declared) => items
                    .iter()
                    .filter_map(|item| declared.without_denied(item))
                    .collect(),
                // One value where several stand: what is denied in it is denied in each.
                None => items
                    .iter()
                    .filter_map(|item| self.without_denied(item))
                    .collect(),
            },
            // An object where an array is declared, and the like.
            other => other.clone(),
        })
    }
}

/// The undeclared members of many documents, counted by path.
#[derive(Debug, Default)]
pub(crate) struct UndeclaredMembers {
    counts: Vec<(String, u64)>,
    index: HashMap<String, usize>,
    others: u64,
}

impl UndeclaredMembers {
    /// Counts those of one document.
    pub(super) fn count(&mut self, document: &Value, declared: &Declared, markers: &Markers) {
        self.walk(document, Some(declared), markers, &mut String::new());
    }

    fn walk(
        &mut self,
        value: &Value,
        declared: Option<&Declared>,
        markers: &Markers,
        path: &mut String,
    ) {
        if declared.is_some_and(|declared| declared.is_column) {
            return;
        }
        let length = path.len();
        match value {
            Value::Object(object) => {
                for (name, member) in object.iter() {
                    if !path.is_empty() {
                        path.push('.');
                    }
                    path.push_str(name);
                    let declared = declared.and_then(|declared| declared.members.get(name));
                    self.walk(member, declared, markers, path);
                    path.truncate(length);
                }
            }
            Value::Array(items) => {
                path.push_str("[]");
                for item in items {
                    let declared = declared.and_then(|declared| declared.items.as_deref());
                    self.walk(item, declared, markers, path);
                }
                path.truncate(length);
            }
            scalar => {
                if !crate::row::blank(scalar, markers) {
                    self.count_path(path, 1);
                }
            }
        }
    }

    fn count_path(&mut self, path: &str, times: u64) {
        if let Some((_, count)) = self
            .index
            .get(path)
            .and_then(|index| self.counts.get_mut(*index))
        {
            *count += times;
        } else if self.counts.len() < MOST_PATHS {
            self.index.insert(path.to_owned(), self.counts.len());
            self.counts.push((path.to_owned(), times));
        } else {
            self.others += times;
        }
    }

    /// Adds the counts of the documents that come next.
    pub(crate) fn add(&mut self, next: Self) {
        for (path, count) in next.counts {
            self.count_path(&path, count);
        }
        self.others += next.others;
    }

    /// The counts, for the census.
    pub(super) fn into_unused(self) -> Vec<Unused> {
        let others = (self.others > 0).then(|| ("(further members)".to_owned(), self.others));
        self.counts
            .into_iter()
            .chain(others)
            .map(|(path, filled)| Unused {
                sheet: None,
                column: Some(path),
                filled,
            })
            .collect()
    }
}
