//! Before anything of a level is made: what its records will be called, and how often.

use source::Row;

use super::cell::{Cx, Shared};
use super::content::{cell_hash, row_hash};
use super::grouping::Group;
use super::groups::{group_hashes, rank};
use super::make::item_text;
use super::maker::Maker;
use crate::made::Judge;
use crate::program::Rule;

impl<J: Judge> Maker<'_, J> {
    /// Notes what some rules will make of a record. The order in which records come decides nothing.
    pub(super) fn register(
        &self,
        shared: &Shared<'_>,
        row: &Row<'_>,
        number: u64,
        rules: &[usize],
    ) {
        for &position in rules {
            let Some(rule) = self.program.rules.get(position) else {
                continue;
            };
            if rule.table != row.table() {
                continue;
            }
            match self.plan.group_of.get(position).copied().flatten() {
                // Rules that share their groups register them once.
                Some((plan, _)) => {
                    let is_first = self
                        .plan
                        .groups
                        .get(plan)
                        .is_some_and(|plan| plan.rule == position);
                    if is_first {
                        self.register_group(shared, row, number, rule, plan);
                    }
                }
                None => {
                    let mut cx = self.quiet(shared, row);
                    if cx.holds(rule.only.as_ref()) {
                        self.register_rule(&mut cx, row, position, rule);
                    }
                }
            }
        }
    }

    fn register_group(
        &self,
        shared: &Shared<'_>,
        row: &Row<'_>,
        number: u64,
        rule: &Rule,
        plan: usize,
    ) {
        let (Some(groups), Some(plan)) =
            (self.indexes.groups.get(plan), self.plan.groups.get(plan))
        else {
            return;
        };
        let mut cx = self.quiet(shared, row);
        if !cx.holds(rule.only.as_ref()) {
            return;
        }
        let rank = rank(&mut cx, plan.grouping);
        let hashes = group_hashes(&mut cx, rule, plan.grouping);
        if hashes.is_empty() {
            return;
        }
        let cells: Box<[u32]> = plan
            .columns
            .iter()
            .map(|&column| cell_hash(row, column))
            .collect();
        for (hash, item) in hashes {
            let content = row_hash(row, &plan.columns, &plan.above, item.as_deref());
            groups.register(hash, Group::new(rank, content, number, cells.clone()));
        }
    }

    fn register_rule<'a>(&self, cx: &mut Cx<'a>, row: &Row<'_>, position: usize, rule: &'a Rule) {
        let Some(index) = self.indexes.rules.get(position) else {
            return;
        };
        let one = |cx: &mut Cx<'a>| {
            cx.refused = false;
            if !cx.holds(rule.when.as_ref()) && !cx.retires(rule) {
                return;
            }
            cx.refused = false;
            let Some(instance) = cx.instance(rule) else {
                return;
            };
            let item = cx.variables.first().and_then(item_text);
            let content = row_hash(row, &rule.content, &rule.uses_above, item.as_deref());
            let lookup = if rule.referred {
                cx.key(&rule.naming.lookup, true)
            } else {
                None
            };
            index.register(instance, content, lookup);
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
}
