//! Operators: what they can combine.

use crate::ast::{Ast, Operator};
use crate::error::{CompileErrorKind, Mistake};
use crate::kinds::{Static, System};
use crate::plan::{Equality, Op};

use super::{Compiler, Scope, Typed, mistake};

impl Compiler<'_> {
    pub(super) fn sign(
        &self,
        minus: bool,
        of: &Ast,
        at: u32,
        scope: &Scope<'_>,
    ) -> Result<Typed, Mistake> {
        let of = self.expression(of, scope)?;
        let fits = |system: System| system.is_number() || system == System::Quantity;
        if !of.is.can_be(self.model, fits) {
            return Err(mistake(
                CompileErrorKind::Types,
                at,
                "a sign stands before a number or a quantity only",
            ));
        }
        let systems = of.is.as_systems(self.model).unwrap_or_default();
        let is = match systems.is_empty() {
            true => of.is.clone(),
            false => Static::systems(&systems),
        };
        if !minus {
            return Ok(of);
        }
        Ok(Typed::new(Op::Negate(Box::new(of.expr)), at, is))
    }

    pub(super) fn binary(
        &self,
        operator: Operator,
        left: &Ast,
        right: &Ast,
        at: u32,
        scope: &Scope<'_>,
    ) -> Result<Typed, Mistake> {
        let left = self.expression(left, scope)?;
        let right = self.expression(right, scope)?;
        let mut is = Static::system(System::Boolean);
        self.check(operator, &left.is, &right.is, at)?;
        let (one, two) = (Box::new(left.expr), Box::new(right.expr));
        let equality = |equivalent, negated| Equality {
            equivalent,
            negated,
        };
        let op = match operator {
            Operator::And | Operator::Or | Operator::Xor | Operator::Implies => {
                Op::Logic(operator, one, two)
            }
            Operator::Equal => Op::Equality(equality(false, false), one, two),
            Operator::NotEqual => Op::Equality(equality(false, true), one, two),
            Operator::Equivalent => Op::Equality(equality(true, false), one, two),
            Operator::NotEquivalent => Op::Equality(equality(true, true), one, two),
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => Op::Order(operator, one, two),
            Operator::In => Op::In(one, two),
            Operator::Contains => Op::In(two, one),
            Operator::Union => {
                is = left.is.or(&right.is).unordered();
                let mut parts = Vec::new();
                for part in [*one, *two] {
                    match part.op {
                        Op::Union(more) => parts.extend(more),
                        _ => parts.push(part),
                    }
                }
                Op::Union(parts)
            }
            Operator::Concatenate => {
                is = Static::system(System::String);
                Op::Concatenate(one, two)
            }
            Operator::Multiply
            | Operator::Divide
            | Operator::Div
            | Operator::Mod
            | Operator::Plus
            | Operator::Minus => {
                is = self.sum(operator, &left.is, &right.is);
                Op::Arithmetic(operator, one, two)
            }
        };
        Ok(Typed::new(op, at, is))
    }

    /// Refuses what no data can make right.
    fn check(
        &self,
        operator: Operator,
        left: &Static,
        right: &Static,
        at: u32,
    ) -> Result<(), Mistake> {
        let (Some(one), Some(two)) = (left.as_systems(self.model), right.as_systems(self.model))
        else {
            return Ok(());
        };
        let fits: fn(Operator, System, System) -> bool = match operator {
            Operator::Less
            | Operator::LessOrEqual
            | Operator::Greater
            | Operator::GreaterOrEqual => |_, one, two| are_ordered(one, two),
            Operator::Multiply
            | Operator::Divide
            | Operator::Div
            | Operator::Mod
            | Operator::Plus
            | Operator::Minus => combine,
            Operator::Concatenate => |_, one, two| one == System::String && two == System::String,
            _ => return Ok(()),
        };
        let possible = one
            .iter()
            .any(|&one| two.iter().any(|&two| fits(operator, one, two)));
        if possible {
            return Ok(());
        }
        Err(mistake(
            CompileErrorKind::Types,
            at,
            format!(
                "`{}` cannot combine {} and {}",
                operator.symbol(),
                left.describe(self.model),
                right.describe(self.model)
            ),
        ))
    }

    /// The types that a calculation can give.
    fn sum(&self, operator: Operator, left: &Static, right: &Static) -> Static {
        let (Some(one), Some(two)) = (left.as_systems(self.model), right.as_systems(self.model))
        else {
            return Static::any();
        };
        let mut results = Vec::new();
        for &one in &one {
            for &two in &two {
                if !combine(operator, one, two) {
                    continue;
                }
                let result = match (one, two) {
                    (System::Integer, System::Integer) if operator == Operator::Divide => {
                        System::Decimal
                    }
                    (System::Quantity, _) | (_, System::Quantity)
                        if !one.is_date() && one != System::Time =>
                    {
                        System::Quantity
                    }
                    (System::Integer, other) => other,
                    (one, _) => one,
                };
                if !results.contains(&result) {
                    results.push(result);
                }
            }
        }
        // Whole-number division of decimals gives an integer.
        if operator == Operator::Div {
            return Static::system(System::Integer);
        }
        Static::systems(&results)
    }
}

/// Whether `<` can decide between values of two types.
fn are_ordered(one: System, two: System) -> bool {
    (one.is_number() && two.is_number())
        || (one.is_date() && two.is_date())
        || (one == two && matches!(one, System::String | System::Time | System::Quantity))
        || matches!(
            (one, two),
            (System::Quantity, other) | (other, System::Quantity) if other.is_number()
        )
        || is_text_of_date(one, two)
}

/// A text can be read as a date where the other side is one.
fn is_text_of_date(one: System, two: System) -> bool {
    let temporal = |system: System| system.is_date() || system == System::Time;
    (one == System::String && temporal(two)) || (two == System::String && temporal(one))
}

/// Whether a calculation can take values of two types.
fn combine(operator: Operator, one: System, two: System) -> bool {
    let numbers = one.is_number() && two.is_number();
    let quantities = one == System::Quantity && two == System::Quantity;
    let later = (one.is_date() || one == System::Time) && two == System::Quantity;
    match operator {
        Operator::Plus => numbers || quantities || later || (one == System::String && two == one),
        Operator::Minus => numbers || quantities || later,
        Operator::Multiply | Operator::Divide => {
            numbers
                || quantities
                || (one == System::Quantity && two.is_number())
                || (one.is_number() && two == System::Quantity)
        }
        _ => numbers,
    }
}
