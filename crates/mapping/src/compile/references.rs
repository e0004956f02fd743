//! References between rules, and keys.

use super::Compiler;
use super::expression::{Compiled, count, shift};
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::expr::Expr;
use crate::findings::suggest;
use crate::program::{Op, Policy, ReferenceOp};
use crate::yaml::Spot;

impl Compiler<'_> {
    pub(super) fn reference(
        &mut self,
        name: &str,
        keys: &[Expr],
        base: Spot,
        spot: Spot,
        scope: &mut Scope,
        _policy: Option<&Policy>,
    ) -> Compiled {
        let heads = self.heads;
        let Some(rule) = self.rule(name) else {
            if self.findings.is_broken("rule", name) {
                return None;
            }
            self.findings.error(
                codes::UNKNOWN_RULE,
                spot,
                format!("no rule makes '{name}'"),
                suggest(name, heads.iter().map(|head| head.name.as_str()), "rules"),
            );
            return None;
        };
        let head = heads.get(rule)?;
        if let Some(own) = scope.rule {
            self.edges.insert((own, rule));
        }
        let typing = Typing::new(Type::Reference(vec![head.resource_type.clone()]));
        if keys.is_empty() {
            let up = scope
                .table
                .and_then(|table| self.steps_up(table, head.table));
            let Some(up) = up.filter(|_| !head.has_each) else {
                self.findings.error(
                    codes::REFERENCE_KEY,
                    spot,
                    format!("'{name}()' needs a rule that makes one resource of this same record, or of its parent"),
                    format!("give its key: {}", count(head.lookup, "value")),
                );
                return None;
            };
            return Some((
                Op::Reference(Box::new(ReferenceOp {
                    rule,
                    keys: Err(up),
                    mandatory: false,
                    spot,
                })),
                typing,
            ));
        }
        if keys.len() != head.lookup {
            self.findings.error(
                codes::REFERENCE_KEY,
                spot,
                format!(
                    "'{name}' is looked up by {}, and {} were given",
                    count(head.lookup, "value"),
                    keys.len()
                ),
                "give the parts of the rule's key, or of its table's key, in their order",
            );
            return None;
        }
        let mut nullable = false;
        let mut ops = Vec::with_capacity(keys.len());
        for key in keys {
            let (op, typing) = self.compile(key, base, scope, None)?;
            if !typing.of.is_plain() || typing.list {
                self.findings.error(
                    codes::REFERENCE_KEY,
                    Spot {
                        length: key.length,
                        ..shift(base, key.at)
                    },
                    format!("a key is one plain value, and this is {}", typing.of.name()),
                    "use a column, or `each` for a list",
                );
                return None;
            }
            nullable |= typing.nullable;
            ops.push(op);
        }
        Some((
            Op::Reference(Box::new(ReferenceOp {
                rule,
                keys: Ok(ops),
                mandatory: false,
                spot,
            })),
            typing.nullable(nullable),
        ))
    }

    /// A value that can be written as text, for a key.
    pub fn plain(&mut self, expr: &Expr, base: Spot, scope: &mut Scope) -> Option<Op> {
        let (op, typing) = self.compile(expr, base, scope, None)?;
        if typing.of.is_plain() && !typing.list {
            return Some(op);
        }
        self.findings.error(
            codes::WRONG_TYPE,
            Spot {
                length: expr.length,
                ..shift(base, expr.at)
            },
            format!(
                "a key is one plain value, and this is {}",
                if typing.list {
                    "a list"
                } else {
                    typing.of.name()
                }
            ),
            "use a column, a text or a number",
        );
        None
    }
}
