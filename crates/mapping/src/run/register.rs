//! Before anything of a level is made: what its records will be called, and how often.

use source::Row;

use super::cell::{Cx, Record};
use super::content::row_hash;
use super::engine::Engine;
use super::grouping::Group;
use super::groups::register_group;
use super::make::item_text;
use super::records::Use;
use crate::made::Judge;
use crate::program::Rule;

pub(super) enum Registration {
    One {
        instance: u64,
        content: u32,
        lookup: Option<u64>,
    },
    Group {
        hash: u64,
        rank: i64,
        content: u32,
        cells: Vec<Option<u32>>,
    },
}

impl<J: Judge> Engine<'_, J> {
    /// Notes what the records of a level will make.
    pub(super) fn index(&mut self, level: usize, row: &Row<'_>) {
        if !matches!(self.usable(row), Use::Yes) {
            return;
        }
        let program = self.program;
        for (position, rule) in program.rules.iter().enumerate() {
            if rule.level != level || rule.table != row.table() {
                continue;
            }
            let mut found: Vec<Registration> = Vec::new();
            {
                let shared = self.shared();
                let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), true);
                if !cx.holds(rule.only.as_ref()) {
                    continue;
                }
                match &rule.group {
                    Some(group) => register_group(&mut cx, rule, group, row, &mut found),
                    None => register(&mut cx, rule, row, &mut found),
                }
            }
            let Some(index) = self.indexes.rules.get_mut(position) else {
                continue;
            };
            for registration in found {
                match registration {
                    Registration::One {
                        instance,
                        content,
                        lookup,
                    } => index.register(instance, content, lookup),
                    Registration::Group {
                        hash,
                        rank,
                        content,
                        cells,
                    } => {
                        index
                            .groups
                            .entry(hash)
                            .and_modify(|group| group.add(rank, content, &cells))
                            .or_insert_with(|| Group::new(rank, content, &cells));
                    }
                }
            }
        }
    }
}

fn register<'a>(cx: &mut Cx<'a>, rule: &'a Rule, row: &Row<'_>, found: &mut Vec<Registration>) {
    let mut one = |cx: &mut Cx<'a>| {
        cx.refused = false;
        if !cx.holds(rule.when.as_ref()) && !cx.retires(rule) {
            return;
        }
        cx.refused = false;
        cx.deleted = rule.deleted.is_some() && cx.is_deleted();
        let Some(name) = cx.name(rule) else { return };
        let item = cx.variables.first().and_then(item_text);
        found.push(Registration::One {
            instance: name.hash,
            content: row_hash(row, &rule.content, &rule.uses_above, item.as_deref()),
            lookup: if rule.referred {
                cx.key(&rule.naming.lookup, true)
            } else {
                None
            },
        });
    };
    match &rule.each {
        None => one(cx),
        Some(each) => {
            for bound in cx.each_values(each) {
                cx.bind(each, bound);
                one(cx);
            }
        }
    }
}
