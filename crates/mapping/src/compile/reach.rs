//! What can be: whether conditions contradict each other or what the columns declare.
//!
//! It never claims too much: what it does not understand may be either true or false.

use std::collections::{BTreeMap, BTreeSet};

use source::ColumnType;

use super::Compiler;
use super::scope::Scope;
use crate::expr::Operator;
use crate::program::{Function, Op};

/// What a condition can say something about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Subject {
    /// Parents up, column.
    Cell(u8, usize),
    Variable(usize),
}

/// What is known of the values of a record where some conditions hold.
#[derive(Debug, Clone, Default)]
pub(crate) struct Facts(BTreeMap<Subject, Known>);

#[derive(Debug, Clone, Default)]
struct Known {
    /// Whether it has a value; nothing when either may be.
    present: Option<bool>,
    /// The only values that it may have, where these are known.
    only: Option<BTreeSet<String>>,
    /// Values that it does not have.
    never: BTreeSet<String>,
    low: Option<Bound>,
    high: Option<Bound>,
}

#[derive(Debug, Clone, Copy)]
struct Bound {
    value: f64,
    /// Whether the value itself is within.
    closed: bool,
}

impl Known {
    /// Whether anything can be like this.
    fn is_possible(&self) -> bool {
        if self.present != Some(true) {
            return true;
        }
        let some = self
            .only
            .as_ref()
            .is_none_or(|only| only.iter().any(|value| !self.never.contains(value)));
        let within = match (self.low, self.high) {
            (Some(low), Some(high)) => {
                low.value < high.value || (low.value == high.value && low.closed && high.closed)
            }
            _ => true,
        };
        some && within
    }

    /// Notes that there is, or is no, value. False when the contrary is known.
    fn presence(&mut self, present: bool) -> bool {
        let contrary = self.present == Some(!present);
        self.present = Some(present);
        !contrary
    }

    /// Notes that the value is one of some.
    fn one_of(&mut self, values: BTreeSet<String>) -> bool {
        let kept = match &self.only {
            Some(only) => only.intersection(&values).cloned().collect(),
            None => values,
        };
        self.only = Some(kept);
        self.presence(true)
    }

    fn at_least(&mut self, value: f64, closed: bool) {
        let tighter = self
            .low
            .is_none_or(|low| value > low.value || (value == low.value && !closed));
        if tighter {
            self.low = Some(Bound { value, closed });
        }
    }

    fn at_most(&mut self, value: f64, closed: bool) {
        let tighter = self
            .high
            .is_none_or(|high| value < high.value || (value == high.value && !closed));
        if tighter {
            self.high = Some(Bound { value, closed });
        }
    }
}

impl Facts {
    /// The cells that have a value: parents up, column.
    pub fn present_cells(&self) -> impl Iterator<Item = (u8, usize)> {
        self.0.iter().filter_map(|(subject, known)| match subject {
            Subject::Cell(up, column) if known.present == Some(true) => Some((*up, *column)),
            _ => None,
        })
    }
}

impl Compiler<'_> {
    /// What the table declares of its records and their parents.
    pub fn declared_facts(&self, table: usize) -> Facts {
        let mut facts = Facts::default();
        let mut at = Some(table);
        for up in 0..=u8::MAX {
            let Some(decl) = at.and_then(|at| self.source.tables.get(at)) else {
                break;
            };
            for (column, declared) in decl.columns.iter().enumerate() {
                let known = facts.0.entry(Subject::Cell(up, column)).or_default();
                if declared.required && declared.on_bad.is_none() {
                    known.present = Some(true);
                }
                let (low, high) = match &declared.column.kind {
                    ColumnType::Integer { min, max } => {
                        (min.map(|n| n as f64), max.map(|n| n as f64))
                    }
                    ColumnType::Decimal { min, max } => (
                        min.as_deref().and_then(|text| text.parse().ok()),
                        max.as_deref().and_then(|text| text.parse().ok()),
                    ),
                    _ => (None, None),
                };
                low.into_iter().for_each(|low| known.at_least(low, true));
                high.into_iter().for_each(|high| known.at_most(high, true));
            }
            at = decl.parent;
        }
        facts
    }

    /// Adds to what is known that a condition holds, or does not. False when it cannot.
    pub fn assume(&self, op: &Op, truth: bool, facts: &mut Facts, scope: &Scope) -> bool {
        match op {
            Op::Boolean(value) => *value == truth,
            Op::Not(inner) => self.assume(inner, !truth, facts, scope),
            Op::And(left, right) | Op::Or(left, right) => {
                // Both sides are as asked, or at least one is.
                if matches!(op, Op::And(..)) == truth {
                    return self.assume(left, truth, facts, scope)
                        && self.assume(right, truth, facts, scope);
                }
                let (mut one, mut other) = (facts.clone(), facts.clone());
                let first = self.assume(left, truth, &mut one, scope);
                let second = self.assume(right, truth, &mut other, scope);
                match (first, second) {
                    (true, false) => *facts = one,
                    (false, true) => *facts = other,
                    _ => {}
                }
                first || second
            }
            Op::Cell(_) | Op::Variable(_) => {
                let value: BTreeSet<String> = [String::from("true")].into();
                self.about(
                    op,
                    truth,
                    facts,
                    scope,
                    |known| known.one_of(value.clone()),
                    |known| {
                        known.never.extend(value.clone());
                    },
                )
            }
            Op::Call(function @ (Function::Present | Function::Missing), ops) => {
                let Some(subject) = ops.first().and_then(subject) else {
                    return true;
                };
                let present = (*function == Function::Present) == truth;
                let known = facts.0.entry(subject).or_default();
                known.presence(present) && known.is_possible()
            }
            Op::Call(Function::In, ops) => {
                let Some((first, rest)) = ops.split_first() else {
                    return true;
                };
                let labels = self.label_list(first, scope).is_some();
                let values: Option<BTreeSet<String>> =
                    rest.iter().map(|op| literal(op, labels)).collect();
                let Some(values) = values.filter(|_| !self.is_list(first, scope)) else {
                    return true;
                };
                self.about(
                    first,
                    truth,
                    facts,
                    scope,
                    |known| known.one_of(values.clone()),
                    |known| {
                        known.never.extend(values.clone());
                    },
                )
            }
            Op::Compare(compare) => self.assume_comparison(compare, truth, facts, scope),
            _ => true,
        }
    }

    /// Applies what is said of a subject, where the operation is one.
    fn about(
        &self,
        op: &Op,
        truth: bool,
        facts: &mut Facts,
        _scope: &Scope,
        holds: impl Fn(&mut Known) -> bool,
        fails: impl Fn(&mut Known),
    ) -> bool {
        let Some(subject) = subject(op) else {
            return true;
        };
        let known = facts.0.entry(subject).or_default();
        if truth {
            return holds(known) && known.is_possible();
        }
        fails(known);
        known.is_possible()
    }

    /// That two values are equal, or are not.
    pub fn assume_equal(
        &self,
        left: &Op,
        right: &Op,
        labels: bool,
        truth: bool,
        facts: &mut Facts,
        scope: &Scope,
    ) -> bool {
        let compare = crate::program::Compare {
            operator: Operator::Equal,
            left: left.clone(),
            right: right.clone(),
            labels,
            index: None,
        };
        self.assume_comparison(&compare, truth, facts, scope)
    }

    fn assume_comparison(
        &self,
        compare: &crate::program::Compare,
        truth: bool,
        facts: &mut Facts,
        scope: &Scope,
    ) -> bool {
        let (op, other, operator) = match (subject(&compare.left), subject(&compare.right)) {
            (Some(_), None) => (&compare.left, &compare.right, compare.operator),
            (None, Some(_)) => (&compare.right, &compare.left, mirrored(compare.operator)),
            (Some(left), Some(right)) if truth => {
                // A comparison with nothing is false, whatever it compares.
                return [left, right].into_iter().all(|subject| {
                    let known = facts.0.entry(subject).or_default();
                    known.presence(true) && known.is_possible()
                });
            }
            _ => return true,
        };
        if let Op::Number(text) = other {
            let Ok(number) = text.parse::<f64>() else {
                return true;
            };
            return self.about(
                op,
                truth,
                facts,
                scope,
                |known| {
                    bound(known, operator, number);
                    known.presence(true)
                },
                |known| {
                    // What is not larger is not known to be smaller: it may be nothing.
                    if known.present == Some(true)
                        && let Some(contrary) = contrary(operator)
                    {
                        bound(known, contrary, number);
                    }
                },
            );
        }
        let Some(text) = literal(other, compare.labels) else {
            return true;
        };
        let value: BTreeSet<String> = [text].into();
        match operator {
            Operator::Equal => self.about(
                op,
                truth,
                facts,
                scope,
                |known| known.one_of(value.clone()),
                |known| known.never.extend(value.clone()),
            ),
            Operator::NotEqual => self.about(
                op,
                truth,
                facts,
                scope,
                |known| {
                    known.never.extend(value.clone());
                    known.presence(true)
                },
                |_| {},
            ),
            _ => true,
        }
    }

    /// Whether a cell holds a list, of which a predicate is true when it is true of any item.
    fn is_list(&self, op: &Op, scope: &Scope) -> bool {
        match op {
            Op::Cell(cell) => matches!(
                self.column_kind(cell, scope),
                Some(ColumnType::List { .. }) | None
            ),
            Op::Variable(index) => scope
                .variables
                .get(*index)
                .is_none_or(|variable| variable.typing.list),
            _ => true,
        }
    }
}

fn subject(op: &Op) -> Option<Subject> {
    match op {
        Op::Cell(cell) => Some(Subject::Cell(cell.up, cell.column)),
        Op::Variable(index) => Some(Subject::Variable(*index)),
        _ => None,
    }
}

fn literal(op: &Op, labels: bool) -> Option<String> {
    match op {
        Op::Text(text) if labels => Some(source::normalise_label(text).into_owned()),
        Op::Text(text) => Some(text.to_string()),
        Op::Boolean(value) => Some(value.to_string()),
        _ => None,
    }
}

fn bound(known: &mut Known, operator: Operator, number: f64) {
    match operator {
        Operator::Equal => {
            known.at_least(number, true);
            known.at_most(number, true);
        }
        Operator::NotEqual => {}
        Operator::Less => known.at_most(number, false),
        Operator::LessOrEqual => known.at_most(number, true),
        Operator::Greater => known.at_least(number, false),
        Operator::GreaterOrEqual => known.at_least(number, true),
    }
}

fn mirrored(operator: Operator) -> Operator {
    match operator {
        Operator::Less => Operator::Greater,
        Operator::LessOrEqual => Operator::GreaterOrEqual,
        Operator::Greater => Operator::Less,
        Operator::GreaterOrEqual => Operator::LessOrEqual,
        same => same,
    }
}

fn contrary(operator: Operator) -> Option<Operator> {
    Some(match operator {
        Operator::Less => Operator::GreaterOrEqual,
        Operator::LessOrEqual => Operator::Greater,
        Operator::Greater => Operator::LessOrEqual,
        Operator::GreaterOrEqual => Operator::Less,
        Operator::NotEqual => Operator::Equal,
        Operator::Equal => return None,
    })
}
