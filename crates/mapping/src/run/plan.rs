//! What can be known of each rule before a record is read: when its records can be registered, and
//! which rules group the same records by the same key.

use crate::program::{
    Each, EachOf, GroupKey, Grouping, IdentityEntry, Op, Program, ReferenceOp, Rule,
};

/// When what a rule will make can be registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Stage {
    /// In the first reading: it hangs on the record alone.
    Survey,
    /// Once the whole file was read: it looks into other tables, or at versions.
    Second,
    /// Once all persons are registered: its name holds whose it is.
    Weigh,
    /// Once everything that it refers to is made.
    Level,
}

/// Rules that group the records of one table by one key: their groups are the same.
#[derive(Debug)]
pub(super) struct GroupPlan<'p> {
    pub table: usize,
    /// The first of its rules: all have the same key, order and condition.
    pub rule: usize,
    pub rules: Vec<usize>,
    pub grouping: &'p Grouping,
    /// The columns of all its rules.
    pub columns: Vec<usize>,
    pub above: Vec<(u8, usize)>,
    pub stage: Stage,
}

impl GroupPlan<'_> {
    /// The bits of the columns that one of its rules uses.
    pub fn mask(&self, columns: &[usize]) -> u128 {
        self.columns
            .iter()
            .enumerate()
            .filter(|(_, column)| columns.contains(column))
            .fold(0, |mask, (position, _)| mask | bit(position))
    }
}

/// The bit of a column's position; the last stands for all columns beyond.
pub(super) fn bit(position: usize) -> u128 {
    1 << position.min(127)
}

/// The plan of a program.
#[derive(Debug)]
pub(super) struct Plan<'p> {
    /// By rule.
    pub stages: Vec<Stage>,
    pub groups: Vec<GroupPlan<'p>>,
    /// By rule: its groups, and which of their columns are its own.
    pub group_of: Vec<Option<(usize, u128)>>,
    /// By table: the rules that read its records, in the order of the mapping.
    pub rules_of: Vec<Vec<usize>>,
    /// By table: the level at which its records can be accounted for; nothing where that hangs on
    /// nothing that is made.
    pub account_at: Vec<Option<usize>>,
}

impl<'p> Plan<'p> {
    pub fn new(program: &'p Program) -> Self {
        let count = program.rules.len();
        let mut order: Vec<usize> = (0..count).collect();
        order.sort_by_key(|&rule| program.rules.get(rule).map(|rule| rule.level));
        let mut stages = vec![Stage::Level; count];
        for position in order {
            if let Some(rule) = program.rules.get(position) {
                let stage = stage_of(program, rule, &stages);
                if let Some(place) = stages.get_mut(position) {
                    *place = stage;
                }
            }
        }
        let mut groups: Vec<GroupPlan<'p>> = Vec::new();
        let mut group_of = vec![None; count];
        for (position, rule) in program.rules.iter().enumerate() {
            let Some(grouping) = &rule.group else {
                continue;
            };
            let stage = stages.get(position).copied().unwrap_or(Stage::Level);
            let known = groups.iter().position(|group| {
                program.rules.get(group.rule).is_some_and(|first| {
                    group.stage == stage && shares_groups(first, rule, group.grouping, grouping)
                })
            });
            let index = match known {
                Some(index) => index,
                None => {
                    groups.push(GroupPlan {
                        table: rule.table,
                        rule: position,
                        rules: Vec::new(),
                        grouping,
                        columns: Vec::new(),
                        above: Vec::new(),
                        stage,
                    });
                    groups.len() - 1
                }
            };
            if let Some(group) = groups.get_mut(index) {
                group.rules.push(position);
                group.columns.extend(&grouping.columns);
                group.columns.sort_unstable();
                group.columns.dedup();
                group.above.extend(&rule.uses_above);
                group.above.sort_unstable();
                group.above.dedup();
            }
            if let Some(place) = group_of.get_mut(position) {
                *place = Some((index, 0));
            }
        }
        for (rule, place) in program.rules.iter().zip(&mut group_of) {
            if let (Some((index, mask)), Some(grouping)) = (place, &rule.group)
                && let Some(group) = groups.get(*index)
            {
                *mask = group.mask(&grouping.columns);
            }
        }
        let rules_of = (0..program.tables.len())
            .map(|table| {
                (0..count)
                    .filter(|&rule| {
                        program
                            .rules
                            .get(rule)
                            .is_some_and(|rule| rule.table == table)
                    })
                    .collect()
            })
            .collect();
        let account_at = (0..program.tables.len())
            .map(|table| account_level(program, table))
            .collect();
        Self {
            stages,
            groups,
            group_of,
            rules_of,
            account_at,
        }
    }

    pub fn stage(&self, rule: usize) -> Stage {
        self.stages.get(rule).copied().unwrap_or(Stage::Level)
    }
}

/// The level after which all conditions of a table's rules can be asked.
fn account_level(program: &Program, table: usize) -> Option<usize> {
    let conditional = |rule: &&Rule| {
        let conditions = [&rule.only, &rule.when];
        conditions
            .into_iter()
            .flatten()
            .any(|condition| needs(&condition.op) == Stage::Level)
            || rule
                .each
                .as_ref()
                .is_some_and(|each| each_needs(each) == Stage::Level)
    };
    let of_table = || program.rules.iter().filter(|rule| rule.table == table);
    of_table().find(conditional)?;
    of_table().map(|rule| rule.level).max()
}

fn stage_of(program: &Program, rule: &Rule, stages: &[Stage]) -> Stage {
    let mut stage = Stage::Survey;
    let mut at = Some(rule.table);
    while let Some(table) = at.and_then(|table| program.tables.get(table)) {
        if let Some(only) = &table.only {
            stage = stage.max(needs(&only.op));
        }
        if let Some(deleted) = &table.deleted {
            stage = stage.max(needs(&deleted.op));
        }
        if let Some(latest) = &table.latest {
            stage = stage.max(Stage::Second).max(needs(&latest.by));
            stage = stage.max(all(&latest.of));
        }
        at = table.parent;
    }
    if let Some(only) = &rule.only {
        stage = stage.max(needs(&only.op));
    }
    if let Some(grouping) = &rule.group {
        if let GroupKey::Parts(parts) = &grouping.key {
            stage = stage.max(all(parts));
        }
        if let Some(latest) = &grouping.latest {
            stage = stage.max(needs(latest));
        }
        if let (true, Some(each)) = (grouping.per_item, &rule.each) {
            stage = stage.max(each_needs(each));
        }
        return stage;
    }
    if let Some(each) = &rule.each {
        stage = stage.max(each_needs(each));
    }
    if let Some(when) = &rule.when {
        stage = stage.max(needs(&when.op));
    }
    stage = stage
        .max(all(&rule.naming.parts))
        .max(all(&rule.naming.lookup));
    if let Some(person) = &rule.naming.person {
        stage = stage.max(person_needs(person, stages));
    }
    stage
}

/// When it can be said whose something is.
fn person_needs(person: &ReferenceOp, stages: &[Stage]) -> Stage {
    let known = stages.get(person.rule).copied().unwrap_or(Stage::Level);
    let keys = match &person.keys {
        Ok(keys) => all(keys),
        Err(_) => Stage::Survey,
    };
    if known <= Stage::Second && keys <= Stage::Second {
        Stage::Weigh
    } else {
        Stage::Level
    }
}

fn each_needs(each: &Each) -> Stage {
    match &each.of {
        EachOf::Items(op) => needs(op),
        EachOf::Columns(columns) => columns
            .iter()
            .map(|(op, _)| needs(op))
            .max()
            .unwrap_or(Stage::Survey),
        EachOf::Records(_) => Stage::Second,
    }
}

fn all(ops: &[Op]) -> Stage {
    ops.iter().map(needs).max().unwrap_or(Stage::Survey)
}

/// What an operation looks at beside its record. Whatever is not known here waits longest: that
/// costs a reading and is never wrong.
fn needs(op: &Op) -> Stage {
    match op {
        Op::Text(_)
        | Op::Number(_)
        | Op::Boolean(_)
        | Op::Concept(_)
        | Op::Absent(_)
        | Op::Cell(_)
        | Op::Variable(_)
        | Op::VariableColumn(_) => Stage::Survey,
        Op::Partner(partner) => {
            let keys = partner.keys.as_deref().map_or(Stage::Survey, all);
            keys.max(Stage::Second)
        }
        Op::Not(inner) => needs(inner),
        Op::And(left, right) | Op::Or(left, right) => needs(left).max(needs(right)),
        Op::Compare(compare) => needs(&compare.left).max(needs(&compare.right)),
        Op::If(parts) => needs(&parts.0).max(needs(&parts.1)).max(needs(&parts.2)),
        Op::Case(case) => {
            let branches = case.branches.iter();
            let branches = branches.map(|(test, result)| needs(test).max(needs(result)));
            let otherwise = case.otherwise.iter().map(needs);
            branches
                .chain(otherwise)
                .fold(needs(&case.value), Stage::max)
        }
        Op::Coalesce(ops, _) | Op::Call(_, ops) => all(ops),
        Op::Phrases { value, .. }
        | Op::Row { value, .. }
        | Op::Quantity { value, .. }
        | Op::ReadDate { value, .. }
        | Op::ReadNumber { value, .. }
        | Op::ReadNhsNumber { value, .. }
        | Op::Read { value, .. }
        | Op::Matches { value, .. }
        | Op::OnMissing { value, .. } => needs(value),
        Op::At(parts, _) | Op::Pair(parts) => needs(&parts.0).max(needs(&parts.1)),
        Op::Code(code) => needs(&code.value),
        _ => Stage::Level,
    }
}

/// Whether the groups of two rules are the same.
fn shares_groups(first: &Rule, second: &Rule, one: &Grouping, other: &Grouping) -> bool {
    first.table == second.table
        && first.only.is_none()
        && second.only.is_none()
        && !one.per_item
        && !other.per_item
        && same_key(&one.key, &other.key)
        && match (&one.latest, &other.latest) {
            (None, None) => true,
            (Some(one), Some(other)) => same(one, other),
            _ => false,
        }
}

fn same_key(one: &GroupKey, other: &GroupKey) -> bool {
    match (one, other) {
        (GroupKey::Parts(one), GroupKey::Parts(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(one, other)| same(one, other))
        }
        (GroupKey::Identity(one), GroupKey::Identity(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .zip(other)
                    .all(|(one, other)| same_entry(one, other))
        }
        _ => false,
    }
}

fn same_entry(one: &IdentityEntry, other: &IdentityEntry) -> bool {
    one.weak == other.weak
        && one.columns.len() == other.columns.len()
        && one.columns.iter().zip(&other.columns).all(|(one, other)| {
            (one.up, one.column, one.strict, &one.policy)
                == (other.up, other.column, other.strict, &other.policy)
        })
}

/// Whether two operations are the same wherever they stand; only plain ones are looked at.
fn same(one: &Op, other: &Op) -> bool {
    match (one, other) {
        (Op::Text(one), Op::Text(other)) => one == other,
        (Op::Cell(one), Op::Cell(other)) => {
            (one.up, one.column, one.strict, &one.policy)
                == (other.up, other.column, other.strict, &other.policy)
        }
        _ => false,
    }
}
