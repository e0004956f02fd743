//! What the id of a resource is made of, and what references find.

use std::borrow::Cow;

use diagnostics::Severity;
use json::CompactString;

use super::cell::{Cx, Record};
use super::content::{hash_parts, join_hash};
use super::index::{AMBIGUOUS, Target};
use super::value::Val;
use crate::codes;
use crate::program::{GroupKey, IdentityEntry, Op, ReferenceOp, Rule};

/// What an id is made of.
#[derive(Debug)]
pub(crate) struct Name<'a> {
    pub parts: Vec<Cow<'a, str>>,
    pub hash: u64,
    /// The id of the person it is about.
    pub person: Option<CompactString>,
    pub weak: bool,
}

impl<'a> Cx<'a> {
    /// What the id of a rule's resource is made of; nothing, with an issue, where nothing names it.
    pub fn name(&mut self, rule: &'a Rule) -> Option<Name<'a>> {
        let naming = &rule.naming;
        let mut parts: Vec<Cow<'a, str>> = Vec::with_capacity(4);
        let mut person = None;
        let mut whose = None;
        let mut weak = false;
        if let Some(entries) = &naming.identity {
            let (found, is_weak) = self.identity(entries)?;
            parts = found;
            weak = is_weak;
            if !rule.is_person {
                parts.extend(naming.parts.iter().map(|part| self.part(part)));
            }
        } else {
            if let Some(reference) = &naming.person {
                let found = self.find(reference);
                whose = found.as_ref().and_then(|(key, _)| *key);
                match self.found(reference, found) {
                    Val::Reference { id, .. } => {
                        parts.push(Cow::Owned(id.to_string()));
                        person = Some(id);
                    }
                    _ => {
                        if !self.refused {
                            self.unnamed(rule);
                        }
                        return None;
                    }
                }
            }
            let before = parts.len();
            parts.extend(naming.parts.iter().map(|part| self.part(part)));
            if self.refused {
                return None;
            }
            if person.is_none()
                && parts
                    .get(before..)
                    .unwrap_or_default()
                    .iter()
                    .all(|part| part.is_empty())
            {
                self.unnamed(rule);
                return None;
            }
        }
        let hash = match whose {
            Some(whose) => join_hash(whose, hash_parts(parts.get(1..).unwrap_or_default())),
            None => hash_parts(&parts),
        };
        Some(Name {
            parts,
            hash,
            person,
            weak,
        })
    }

    /// The hash of what the id of a rule's resource is made of, known before any resource of
    /// another is made: a person is told by what that person's own id is made of.
    pub fn instance(&mut self, rule: &'a Rule) -> Option<u64> {
        let naming = &rule.naming;
        let Some(reference) = naming.person.as_ref().filter(|_| naming.identity.is_none()) else {
            return self.name(rule).map(|name| name.hash);
        };
        let whose = self.whose(reference)?;
        let parts: Vec<Cow<'a, str>> = naming.parts.iter().map(|part| self.part(part)).collect();
        if self.refused {
            return None;
        }
        Some(join_hash(whose, hash_parts(&parts)))
    }

    /// What a reference names: a group, or what the id of a resource is made of.
    fn whose(&mut self, reference: &'a ReferenceOp) -> Option<u64> {
        let shared = self.shared;
        let rule = shared.program.rules.get(reference.rule)?;
        match &reference.keys {
            Ok(keys) => {
                let hash = self.key(keys, true)?;
                if rule.group.is_some() {
                    return Some(hash);
                }
                let index = shared.indexes.rules.get(reference.rule)?;
                index.lookup.get(hash).filter(|hash| *hash != AMBIGUOUS)
            }
            Err(up) => self.own_key(rule, *up),
        }
    }

    /// What names what a rule makes of this same record, or of one round it.
    fn own_key(&mut self, rule: &'a Rule, up: u8) -> Option<u64> {
        let row = self.row(up)?;
        let filled = match (up, self.record) {
            (0, Some(record)) => record.filled,
            _ => &[],
        };
        let mut cx = Cx::new(self.shared, Some(Record { row, filled }), true);
        match &rule.group {
            Some(group) => cx.group(&group.key),
            None => cx.instance(rule),
        }
    }

    fn part(&mut self, op: &'a Op) -> Cow<'a, str> {
        self.evaluate(op).text().unwrap_or(Cow::Borrowed(""))
    }

    fn unnamed(&mut self, rule: &'a Rule) {
        self.refused = true;
        if !self.quiet {
            let issue = self.issue(
                Severity::Error,
                codes::NO_IDENTITY,
                "nothing in this record says whom or what it is about",
                "complete its key in the source system and export it again",
                rule.spot,
            );
            self.issues.push(issue);
        }
    }

    /// The first complete entry of an identity: its parts, and whether it is weak.
    fn identity(&mut self, entries: &'a [IdentityEntry]) -> Option<(Vec<Cow<'a, str>>, bool)> {
        for (index, entry) in entries.iter().enumerate() {
            let mut parts: Vec<Cow<'a, str>> = Vec::with_capacity(entry.columns.len() + 1);
            parts.push(digits(index));
            for column in &entry.columns {
                if let Some(text) = self.cell(column).text() {
                    parts.push(if entry.weak {
                        Cow::Owned(identity::fold_name(&text))
                    } else {
                        text
                    });
                }
                if self.refused {
                    return None;
                }
            }
            if parts.len() == entry.columns.len() + 1 {
                return Some((parts, entry.weak));
            }
        }
        self.refused = true;
        if !self.quiet {
            let issue = self.issue(
                Severity::Error,
                codes::NO_IDENTITY,
                "nothing in this record names the person",
                "complete the NHS number, the local id, or name and birth date in the source system",
                entries
                    .first()
                    .and_then(|entry| entry.columns.first())
                    .map(|cell| cell.spot)
                    .unwrap_or_default(),
            );
            self.issues.push(issue);
        }
        None
    }

    /// The hash of the key of the group that a record belongs to; nothing when it is blank.
    pub fn group(&mut self, key: &'a GroupKey) -> Option<u64> {
        match key {
            GroupKey::Identity(entries) => {
                let (parts, _) = self.identity(entries)?;
                Some(hash_parts(&parts))
            }
            GroupKey::Parts(ops) => self.key(ops, false),
        }
    }

    /// The hash of a key; nothing when it is blank, or, where `whole`, when a part of it is.
    pub fn key(&mut self, ops: &'a [Op], whole: bool) -> Option<u64> {
        let mut parts = Vec::with_capacity(ops.len());
        let mut filled = 0;
        for op in ops {
            match self.evaluate(op).text() {
                Some(text) => {
                    filled += 1;
                    parts.push(text);
                }
                None if whole => return None,
                None => parts.push(Cow::Borrowed("")),
            }
        }
        (filled > 0).then(|| hash_parts(&parts))
    }

    /// A reference: what it finds, or nothing with an issue.
    pub fn reference(&mut self, reference: &'a ReferenceOp) -> Val<'a> {
        let found = self.find(reference);
        self.found(reference, found)
    }

    /// What a reference finds, and what that is known by; nothing where its key is blank.
    fn find(&mut self, reference: &'a ReferenceOp) -> Option<(Option<u64>, Target)> {
        let shared = self.shared;
        let rule = shared.program.rules.get(reference.rule)?;
        let index = shared.indexes.rules.get(reference.rule)?;
        match &reference.keys {
            Ok(keys) => {
                let hash = self.key(keys, true)?;
                if rule.group.is_some() {
                    return Some((Some(hash), index.by_group(hash)));
                }
                Some(match index.lookup.get(hash) {
                    None => (None, Target::NotMade),
                    Some(AMBIGUOUS) => (None, Target::Ambiguous),
                    Some(instance) => (Some(instance), index.by_instance(instance)),
                })
            }
            Err(up) => {
                if let Some((known, steps, key, id)) = &self.resolved
                    && (*known, steps) == (reference.rule, up)
                {
                    return Some((Some(*key), Target::Id(id.clone())));
                }
                let Some(key) = self.own_key(rule, *up) else {
                    return Some((None, Target::Refused(None)));
                };
                let target = if rule.group.is_some() {
                    index.by_group(key)
                } else {
                    index.by_instance(key)
                };
                if let Target::Id(id) = &target {
                    self.resolved = Some((reference.rule, *up, key, id.clone()));
                }
                Some((Some(key), target))
            }
        }
    }

    /// The value of what a reference found, or nothing with an issue.
    fn found(
        &mut self,
        reference: &'a ReferenceOp,
        found: Option<(Option<u64>, Target)>,
    ) -> Val<'a> {
        let shared = self.shared;
        let Some(rule) = shared.program.rules.get(reference.rule) else {
            return Val::Nothing;
        };
        let Some((_, target)) = found else {
            if reference.mandatory && !self.refused {
                return self.no_target(
                    reference,
                    codes::NO_TARGET,
                    "the record does not say to what it refers",
                );
            }
            return Val::Nothing;
        };
        if let (Target::Refused(Some(id)), true) = (&target, rule.is_person) {
            self.refused_person = Some(id.clone());
        }
        match target {
            Target::Id(id) => {
                if let Some(trace) = self.tracer() {
                    trace.referred(rule);
                }
                Val::Reference {
                    resource_type: &rule.resource_type,
                    id,
                }
            }
            Target::NotMade => self.no_target(
                reference,
                codes::NO_TARGET,
                format!("no {} was made for what this record refers to", rule.name),
            ),
            Target::Gone(id) if self.deleted => {
                self.gone = true;
                Val::Reference {
                    resource_type: &rule.resource_type,
                    id,
                }
            }
            Target::Gone(_) => self.no_target(
                reference,
                codes::NO_TARGET,
                format!(
                    "the {} that this record refers to is deleted in its source",
                    rule.name
                ),
            ),
            Target::Refused(_) => self.no_target(
                reference,
                codes::TARGET_REFUSED,
                format!("the {} that this record refers to was refused", rule.name),
            ),
            Target::Ambiguous => self.no_target(
                reference,
                codes::AMBIGUOUS_TARGET,
                format!(
                    "more than one {} fits what this record refers to",
                    rule.name
                ),
            ),
        }
    }

    /// The column of the record that a part of a key reads.
    fn column_of(&self, op: &Op) -> Option<usize> {
        match op {
            Op::Cell(cell) if cell.up == 0 => Some(cell.column),
            Op::Variable(index) => {
                let name = self.variables.get(*index)?.column?;
                let table = self.record?.row.table();
                let columns = &self.shared.program.tables.get(table)?.columns;
                columns.iter().position(|column| *column.name == *name)
            }
            _ => None,
        }
    }

    fn no_target(
        &mut self,
        reference: &'a ReferenceOp,
        code: &'static str,
        message: impl Into<String>,
    ) -> Val<'a> {
        if !self.quiet {
            let (severity, message) = if reference.mandatory {
                (
                    Severity::Error,
                    format!("{}, so it is held back", message.into()),
                )
            } else {
                (
                    Severity::Warning,
                    format!("{}, so the reference is left out", message.into()),
                )
            };
            let mut issue = self.issue(
                severity,
                code,
                message,
                "mend that record first; this one follows when the file is read again",
                reference.spot,
            );
            if let Ok(keys) = &reference.keys {
                if let (Some(column), Some(record)) = (
                    keys.iter().rev().find_map(|key| self.column_of(key)),
                    self.record,
                ) {
                    issue = issue.at_input(record.row.cell_place(column));
                }
                let quiet = std::mem::replace(&mut self.quiet, true);
                let parts: Vec<String> = keys
                    .iter()
                    .filter_map(|key| self.evaluate(key).text().map(Cow::into_owned))
                    .collect();
                self.quiet = quiet;
                if !parts.is_empty() {
                    issue = issue.with_value(parts.join(", "));
                }
            }
            self.issues.push(issue);
        }
        self.refused |= reference.mandatory;
        Val::Nothing
    }
}

/// The number of an identity's entry as text; the usual ones without an allocation.
fn digits(index: usize) -> Cow<'static, str> {
    match ["0", "1", "2", "3"].get(index) {
        Some(text) => Cow::Borrowed(text),
        None => Cow::Owned(index.to_string()),
    }
}
