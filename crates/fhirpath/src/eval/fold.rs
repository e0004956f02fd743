//! Working out constants while compiling.

use crate::eval::{Run, Scope};
use crate::item::Item;
use crate::plan::{Expr, Op};
use crate::{Environment, Limits, Model, NoServices};

/// The most items that a constant is kept with.
const MAX_ITEMS: usize = 64;

/// The value of an expression that depends on constants only; `None` for any other, and where it
/// cannot be worked out.
pub(crate) fn fold(expr: &Expr, model: &Model) -> Option<Vec<Item<'static>>> {
    if !is_constant(expr) {
        return None;
    }
    let environment = Environment {
        resource: None,
        root: None,
        services: &NoServices,
        now: None,
        limits: Limits {
            steps: 10_000,
            items: MAX_ITEMS,
            text: 4_096,
        },
        variables: &[],
    };
    let run = Run::new(model, &environment, None);
    let scope = Scope {
        this: None,
        index: 0,
        total: None,
    };
    run.finish(run.collect(expr, scope))
        .ok()
        .map(|items| items.into_vec())
}

fn is_constant(expr: &Expr) -> bool {
    let constant = |expr: &Expr| matches!(expr.op, Op::Constants(_));
    match &expr.op {
        Op::Negate(of) | Op::Is(of, _) | Op::As(of, _) | Op::OfType(of, _) | Op::Matches(of, _) => {
            constant(of)
        }
        Op::At(one, two)
        | Op::Logic(_, one, two)
        | Op::Equality(_, one, two)
        | Op::Order(_, one, two)
        | Op::Arithmetic(_, one, two)
        | Op::Concatenate(one, two)
        | Op::In(one, two) => constant(one) && constant(two),
        Op::Union(parts) => parts.iter().all(constant),
        Op::Call(function, input, arguments) => {
            function.is_pure() && constant(input) && arguments.iter().all(constant)
        }
        _ => false,
    }
}
