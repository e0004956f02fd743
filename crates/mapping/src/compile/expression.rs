//! Expressions to operations.

use super::Compiler;
use super::scope::{Scope, Type, Typing};
use crate::codes;
use crate::expr::{self, Expr, Kind};
use crate::program::{Condition, Op, Policy};
use crate::yaml::{Node, Spot};

/// What a compiled expression is.
pub(crate) type Compiled = Option<(Op, Typing)>;

/// Functions that give nothing where their first argument is nothing.
const STRICT: [&str; 20] = [
    "upper",
    "lower",
    "trim",
    "text",
    "replace",
    "before",
    "after",
    "split",
    "first",
    "last",
    "quantity",
    "code",
    "lookup",
    "textOnly",
    "date",
    "dateOf",
    "time",
    "integer",
    "decimal",
    "nhsNumber",
];

impl Compiler<'_> {
    /// Compiles the expression that a scalar holds. A constant is an error here.
    pub fn expression(&mut self, node: &Node, scope: &mut Scope) -> Compiled {
        let Some((text, lead)) = node.expression() else {
            self.findings.error(
                codes::BAD_VALUE,
                node.spot,
                "an expression is wanted here",
                "begin it with =",
            );
            return None;
        };
        self.expression_text(text, shift(node.spot, lead), scope)
    }

    /// Compiles an expression whose text begins at a spot.
    pub fn expression_text(&mut self, text: &str, base: Spot, scope: &mut Scope) -> Compiled {
        let expr = self.parsed(text, base)?;
        let compiled = self.compile(&expr, base, scope, None);
        if compiled.is_none() {
            self.findings.lose(text);
            self.search_on(&expr, base, scope);
        }
        compiled
    }

    /// Looks for further mistakes in an expression that has one: what stands beside it and inside it
    /// is compiled by itself, and what has been said is not said again.
    fn search_on(&mut self, expr: &Expr, base: Spot, scope: &mut Scope) {
        if self.findings.is_full() {
            return;
        }
        let mut open = vec![expr];
        while let Some(expr) = open.pop() {
            match &expr.kind {
                Kind::Not(inner) => open.push(inner),
                Kind::And(left, right) | Kind::Or(left, right) => {
                    open.extend([&**left, &**right]);
                }
                Kind::Compare { left, right, .. } => open.extend([&**left, &**right]),
                Kind::Reference { keys, .. }
                | Kind::Cell {
                    keys: Some(keys), ..
                } => {
                    open.extend(keys);
                }
                // A bare name may be a policy, a table or a reason, which its function knows.
                Kind::Call { name, arguments } => {
                    let values = if matches!(name.as_str(), "onBad" | "onMissing") {
                        1
                    } else {
                        arguments.len()
                    };
                    open.extend(arguments.iter().take(values).filter(|argument| {
                        !matches!(argument.kind, Kind::Name { field: None, .. })
                    }));
                }
                _ => {}
            }
            self.compile(expr, base, scope, None);
        }
    }

    /// Parses an expression; a broken one is a finding.
    pub fn parsed(&mut self, text: &str, base: Spot) -> Option<Expr> {
        match expr::parse(text) {
            Ok(expr) => Some(expr),
            Err(error) => {
                self.findings.lose(text);
                let spot = Spot {
                    length: error.length,
                    ..shift(base, error.at)
                };
                self.findings
                    .error(codes::SYNTAX, spot, error.message, error.help);
                None
            }
        }
    }

    /// A condition: an expression that gives a boolean.
    pub fn condition(&mut self, node: &Node, scope: &mut Scope) -> Option<Condition> {
        let (text, lead) = match node.expression() {
            Some(found) => found,
            None => {
                self.findings.error(
                    codes::BAD_VALUE,
                    node.spot,
                    "a condition is an expression",
                    "for example: =present([Column])",
                );
                return None;
            }
        };
        let base = shift(node.spot, lead);
        let compiled = match self.parsed(text, base) {
            Some(expr) => {
                let compiled = self.compile(&expr, base, scope, None);
                if compiled.is_none() {
                    self.findings.lose(text);
                    self.search_on(&expr, base, scope);
                }
                compiled.map(|compiled| (expr, compiled))
            }
            None => None,
        };
        let Some((expr, (op, typing))) = compiled else {
            scope.unsure = true;
            return None;
        };
        if !matches!(typing.of, Type::Boolean) {
            self.findings.error(
                codes::WRONG_TYPE,
                node.spot,
                format!(
                    "a condition must be true or false, and this is {}",
                    typing.of.name()
                ),
                "compare it with something, or ask present(…)",
            );
            scope.unsure = true;
            return None;
        }
        self.learn(&expr, base, scope);
        let mut facts = scope.facts.clone();
        if !self.assume(&op, true, &mut facts, scope) {
            self.findings.error(
                codes::UNREACHABLE_RULE,
                node.spot,
                "this condition never holds",
                "compare it with the conditions around it and with what the columns declare, or take out what it guards",
            );
        }
        scope.known.extend(facts.present_cells());
        scope.facts = facts;
        Some(Condition {
            op,
            spot: node.spot,
        })
    }

    /// The conditions of a map, joined by `and`: a fragment may bring one more.
    pub fn conditions(
        &mut self,
        node: &Node,
        key: &str,
        scope: &mut Scope,
    ) -> Option<crate::program::Condition> {
        let mut joined: Option<crate::program::Condition> = None;
        for (name, value) in node.entries().unwrap_or_default() {
            if name.text() != Some(key) {
                continue;
            }
            let Some(next) = self.condition(value, scope) else {
                continue;
            };
            joined = Some(match joined {
                None => next,
                Some(known) => crate::program::Condition {
                    op: Op::And(Box::new(known.op), Box::new(next.op)),
                    spot: known.spot,
                },
            });
        }
        joined
    }

    /// What a condition that holds tells of cells: that they are filled, or tested.
    fn learn(&mut self, expr: &Expr, base: Spot, scope: &mut Scope) {
        self.collect_tested(expr, base, scope, 0);
        let mut open = vec![(expr.clone(), base)];
        let mut steps = 0;
        while let Some((expr, base)) = open.pop() {
            steps += 1;
            if steps > 1000 {
                return;
            }
            match expr.kind {
                Kind::And(left, right) => open.extend([(*left, base), (*right, base)]),
                Kind::Compare { left, right, .. } => {
                    open.extend([(*left, base), (*right, base)]);
                }
                Kind::Call { name, arguments }
                    if matches!(
                        name.as_str(),
                        "present"
                            | "is"
                            | "mentions"
                            | "negates"
                            | "doubts"
                            | "in"
                            | "contains"
                            | "startsWith"
                            | "endsWith"
                            | "matches"
                            | "between"
                    ) =>
                {
                    let Some(subject) = arguments.into_iter().next() else {
                        continue;
                    };
                    // A text that is one of the phrases that an explicit rule names needs no other test.
                    if name == "is" {
                        let (kind, _) = self.followed(&subject, base, scope);
                        scope.tested_denial.push(kind.clone());
                        scope.tested_doubt.push(kind);
                    }
                    open.push((subject, base));
                }
                Kind::Column(column) => {
                    if let Some(index) = scope
                        .table
                        .and_then(|table| self.source.tables.get(table))
                        .and_then(|table| table.column(&column))
                    {
                        scope.known.insert((0, index));
                    }
                }
                Kind::Name { .. } => open.extend(self.unfolded(&expr, base, scope)),
                // Given nothing these give nothing, and a comparison with nothing does not hold.
                Kind::Call { name, arguments } if STRICT.contains(&name.as_str()) => {
                    open.extend(arguments.into_iter().next().map(|first| (first, base)));
                }
                _ => {}
            }
        }
    }

    /// Everything that `negates` and `doubts` are asked about.
    fn collect_tested(&self, expr: &Expr, base: Spot, scope: &mut Scope, depth: u32) {
        if depth > 64 {
            return;
        }
        match &expr.kind {
            Kind::Call { name, arguments } => {
                let subject = arguments
                    .first()
                    .map(|argument| self.followed(argument, base, scope).0);
                match name.as_str() {
                    "negates" => scope.tested_denial.extend(subject),
                    "doubts" => scope.tested_doubt.extend(subject),
                    _ => {}
                }
                for argument in arguments {
                    self.collect_tested(argument, base, scope, depth + 1);
                }
            }
            Kind::Not(inner) => self.collect_tested(inner, base, scope, depth + 1),
            Kind::And(left, right) | Kind::Or(left, right) | Kind::Compare { left, right, .. } => {
                self.collect_tested(left, base, scope, depth + 1);
                self.collect_tested(right, base, scope, depth + 1);
            }
            Kind::Name { .. } => {
                if let Some((inner, base)) = self.unfolded(expr, base, scope) {
                    self.collect_tested(&inner, base, scope, depth + 1);
                }
            }
            _ => {}
        }
    }

    /// Compiles one expression. `policy` is what `onBad` says of everything inside.
    pub fn compile(
        &mut self,
        expr: &Expr,
        base: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Compiled {
        let spot = Spot {
            length: expr.length,
            ..shift(base, expr.at)
        };
        if spot.origin > 0 && self.reaches_out(&expr.kind, spot, scope) {
            return None;
        }
        match &expr.kind {
            Kind::Text(text) => Some((Op::Text(text.as_str().into()), Typing::new(Type::Text))),
            Kind::Number(text) => {
                let of = if text.contains('.') {
                    Type::Decimal
                } else {
                    Type::Integer
                };
                Some((Op::Number(text.as_str().into()), Typing::new(of)))
            }
            Kind::Bool(truth) => Some((Op::Boolean(*truth), Typing::new(Type::Boolean))),
            Kind::Column(name) => {
                let Some(table) = scope.table else {
                    self.findings.error(
                        codes::UNKNOWN_COLUMN,
                        spot,
                        "there is no record here whose column this could be",
                        "name the table: table.[Column]",
                    );
                    return None;
                };
                self.cell(0, table, name, spot, scope, policy)
            }
            Kind::Cell {
                table,
                keys,
                column,
            } => self.table_cell(table, keys.as_deref(), column, base, spot, scope, policy),
            Kind::Name { name, field } => {
                self.variable(name, field.as_deref(), spot, scope, policy)
            }
            Kind::Reference { rule, keys } => self.reference(rule, keys, base, spot, scope, policy),
            Kind::Not(inner) => {
                let op = self.truth(inner, base, scope, policy)?;
                Some((Op::Not(Box::new(op)), Typing::new(Type::Boolean)))
            }
            Kind::And(left, right) | Kind::Or(left, right) => {
                let left = self.truth(left, base, scope, policy);
                let right = self.truth(right, base, scope, policy);
                let (left, right) = (Box::new(left?), Box::new(right?));
                let op = if matches!(expr.kind, Kind::And(..)) {
                    Op::And(left, right)
                } else {
                    Op::Or(left, right)
                };
                Some((op, Typing::new(Type::Boolean)))
            }
            Kind::Compare {
                operator,
                left,
                right,
            } => self.comparison(*operator, left, right, base, spot, scope, policy),
            Kind::Call { name, arguments } => self.call(name, arguments, base, spot, scope, policy),
        }
    }

    /// A fragment knows nothing of the mapping that uses it but what its parameters are given.
    fn reaches_out(&mut self, kind: &Kind, spot: Spot, scope: &Scope) -> bool {
        let what = match kind {
            Kind::Column(_) => "a column",
            Kind::Cell { table, .. } if self.variable_named(table, spot, scope).is_none() => {
                "a table"
            }
            Kind::Reference { .. } => "a rule",
            _ => return false,
        };
        self.findings.error(
            codes::OUT_OF_REACH,
            spot,
            format!("a fragment cannot name {what}: it does not know the mapping that uses it"),
            "make it a parameter, and give it where the fragment is used",
        );
        true
    }

    fn truth(
        &mut self,
        expr: &Expr,
        base: Spot,
        scope: &mut Scope,
        policy: Option<&Policy>,
    ) -> Option<Op> {
        let (op, typing) = self.compile(expr, base, scope, policy)?;
        if typing.of != Type::Boolean {
            let spot = Spot {
                length: expr.length,
                ..shift(base, expr.at)
            };
            self.findings.error(
                codes::WRONG_TYPE,
                spot,
                format!(
                    "true or false is wanted here, and this is {}",
                    typing.of.name()
                ),
                "compare it with something, or ask present(…)",
            );
            return None;
        }
        Some(op)
    }
}

/// A spot some characters further on its line.
pub(crate) fn shift(spot: Spot, by: u32) -> Spot {
    Spot {
        column: spot.column.saturating_add(by),
        length: spot.length.saturating_sub(by).max(1),
        ..spot
    }
}

/// "1 column", "2 columns".
pub(crate) fn count(number: usize, what: &str) -> String {
    if number == 1 {
        format!("1 {what}")
    } else {
        format!("{number} {what}s")
    }
}
