//! The functions that choose: their alternatives must be of one type.

use super::Compiler;
use super::calls::Call;
use super::expression::Compiled;
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::findings::suggest;
use crate::program::{Case, Function, Op};

impl Compiler<'_> {
    /// The type that two alternatives have in common.
    pub(super) fn unify(
        &mut self,
        call: &Call<'_>,
        index: usize,
        a: Typing,
        b: Typing,
    ) -> Option<Typing> {
        let of = match (a.of, b.of) {
            (a, b) if a == b => a,
            (Type::Absent, other) | (other, Type::Absent) => other,
            (Type::Integer, Type::Decimal) | (Type::Decimal, Type::Integer) => Type::Decimal,
            (Type::Date, Type::DateTime) | (Type::DateTime, Type::Date) => Type::DateTime,
            (Type::Reference(mut a), Type::Reference(b)) => {
                a.extend(b);
                a.dedup();
                Type::Reference(a)
            }
            (a, b) => {
                self.findings.error(
                    codes::ARGUMENTS,
                    call.spot_of(index),
                    format!(
                        "the alternatives of {} differ: {} and {}",
                        call.name,
                        a.name(),
                        b.name()
                    ),
                    "make them one type, for example with text(…) or textOnly(…)",
                );
                return None;
            }
        };
        Some(Typing {
            of,
            list: a.list || b.list,
            nullable: a.nullable || b.nullable,
            free: a.free || b.free,
            label: a.label || b.label,
        })
    }

    /// A branch of `if`, compiled with what its condition tells of the record.
    fn branch(
        &mut self,
        call: &Call<'_>,
        index: usize,
        condition: &Op,
        truth: bool,
        scope: &mut Scope,
    ) -> Compiled {
        let mut facts = scope.facts.clone();
        let possible = self.assume(condition, truth, &mut facts, scope);
        // `if(false, [Column])` is how a mapping writes nothing of a type, and is meant so.
        if !possible && !matches!(condition, Op::Boolean(_)) {
            self.unreachable(call, index);
        }
        let outer = (
            std::mem::replace(&mut scope.facts, facts),
            scope.known.clone(),
        );
        scope
            .known
            .extend(scope.facts.present_cells().collect::<Vec<_>>());
        let compiled = self.argument(call, index, scope);
        (scope.facts, scope.known) = outer;
        compiled
    }

    fn unreachable(&mut self, call: &Call<'_>, index: usize) {
        self.findings.warning(
            codes::UNREACHABLE_BRANCH,
            call.spot_of(index),
            format!("{} never comes to this", call.name),
            "take it out, or mend what stands before it",
        );
    }

    pub(super) fn choice(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (condition, typing) = self.argument(call, 0, scope)?;
        self.wants(call, 0, &typing, &[Type::Boolean])?;
        let (then, mut typing) = self.branch(call, 1, &condition, true, scope)?;
        let otherwise = match call.arguments.get(2) {
            Some(_) => {
                let (op, other) = self.branch(call, 2, &condition, false, scope)?;
                typing = self.unify(call, 2, typing, other)?;
                op
            }
            None => {
                typing.nullable = true;
                Op::Coalesce(Vec::new(), call.spot)
            }
        };
        Some((
            Op::If(Box::new((condition, then, otherwise, call.spot))),
            typing,
        ))
    }

    pub(super) fn case(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let (value, value_typing) = self.argument(call, 0, scope)?;
        let otherwise = call
            .arguments
            .len()
            .is_multiple_of(2)
            .then(|| call.arguments.len() - 1);
        let mut branches = Vec::new();
        let mut typing: Option<Typing> = None;
        let mut facts = scope.facts.clone();
        let labels = self.label_list(&value, scope).is_some();
        let mut index = 1;
        while index + 1 < call.arguments.len() && Some(index) != otherwise {
            let (test, test_typing) = self.argument(call, index, scope)?;
            if std::mem::discriminant(&test_typing.of) != std::mem::discriminant(&value_typing.of) {
                self.findings.error(
                    codes::ARGUMENTS,
                    call.spot_of(index),
                    format!(
                        "case compares {} with {}",
                        value_typing.of.name(),
                        test_typing.of.name()
                    ),
                    "compare values of one type",
                );
                return None;
            }
            self.check_labels(call, index, &[value.clone(), test.clone()], scope)?;
            let mut equal = facts.clone();
            if !self.assume_equal(&value, &test, labels, true, &mut equal, scope) {
                self.unreachable(call, index);
            }
            self.assume_equal(&value, &test, labels, false, &mut facts, scope);
            let (result, next) = self.argument(call, index + 1, scope)?;
            typing = Some(match typing {
                None => next,
                Some(known) => self.unify(call, index + 1, known, next)?,
            });
            branches.push((test, result));
            index += 2;
        }
        let mut typing = typing?;
        let otherwise = match otherwise {
            Some(index) => {
                let (op, other) = self.argument(call, index, scope)?;
                typing = self.unify(call, index, typing, other)?;
                Some(op)
            }
            None => {
                typing.nullable = true;
                None
            }
        };
        let case = Case {
            value,
            branches,
            otherwise,
            spot: call.spot,
        };
        Some((Op::Case(Box::new(case)), typing))
    }

    /// Literals that a cell of a list is compared with must be in that list.
    pub(super) fn check_labels(
        &mut self,
        call: &Call<'_>,
        start: usize,
        ops: &[Op],
        scope: &Scope,
    ) -> Option<()> {
        let Some((first, rest)) = ops.split_first() else {
            return Some(());
        };
        let Some(Some(list)) = self.label_list(first, scope) else {
            return Some(());
        };
        let labels: Vec<String> = list.labels().to_vec();
        let unknown: Vec<(usize, String)> = rest
            .iter()
            .enumerate()
            .filter_map(|(index, op)| match op {
                Op::Text(text) if list.find(text).is_none() => {
                    Some((start + index, text.to_string()))
                }
                _ => None,
            })
            .collect();
        let clean = unknown.is_empty();
        for (index, text) in unknown {
            self.findings.error(
                codes::NOT_IN_LIST,
                call.spot_of(index),
                format!("'{text}' is not in the list of the column"),
                suggest(&text, labels.iter().map(String::as_str), "labels"),
            );
        }
        clean.then_some(())
    }

    pub(super) fn coalesce(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let mut ops = Vec::with_capacity(call.arguments.len());
        let mut typing: Option<Typing> = None;
        let mut nullable = true;
        let mut is_reference = false;
        for index in 0..call.arguments.len() {
            let (op, next) = self.argument(call, index, scope)?;
            // A reference may be left out for reasons that only a run can tell.
            if !nullable && !is_reference {
                self.unreachable(call, index);
            }
            is_reference |= matches!(next.of, Type::Reference(_));
            nullable &= next.nullable;
            typing = Some(match typing {
                None => next,
                Some(known) => self.unify(call, index, known, next)?,
            });
            ops.push(op);
        }
        Some((Op::Coalesce(ops, call.spot), typing?.nullable(nullable)))
    }

    pub(super) fn list(&mut self, call: &Call<'_>, scope: &mut Scope) -> Compiled {
        let mut ops = Vec::with_capacity(call.arguments.len());
        let mut typing: Option<Typing> = None;
        for index in 0..call.arguments.len() {
            let (op, next) = self.argument(call, index, scope)?;
            typing = Some(match typing {
                None => next,
                Some(known) => self.unify(call, index, known, next)?,
            });
            ops.push(op);
        }
        let typing = typing?.list(true);
        Some((Op::Call(Function::List, ops), typing))
    }
}
