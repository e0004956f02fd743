//! What an operation is made of, for whoever looks through one.

use crate::program::{Item, Object, Op};

/// The operations inside an operation, one level down, in their order.
pub(crate) fn parts(op: &Op) -> Vec<&Op> {
    match op {
        Op::Text(_)
        | Op::Number(_)
        | Op::Boolean(_)
        | Op::Concept(_)
        | Op::Absent(_)
        | Op::Cell(_)
        | Op::Variable(_)
        | Op::Joined(..)
        | Op::VariableColumn(_) => Vec::new(),
        Op::Partner(partner) => partner.keys.iter().flatten().collect(),
        Op::Reference(reference) => reference.keys.iter().flatten().collect(),
        Op::Not(value) => vec![&**value],
        Op::And(left, right) | Op::Or(left, right) => vec![&**left, &**right],
        Op::Compare(compare) => vec![&compare.left, &compare.right],
        Op::If(parts) => vec![&parts.0, &parts.1, &parts.2],
        Op::Case(case) => {
            let branches = case
                .branches
                .iter()
                .flat_map(|(test, result)| [test, result]);
            std::iter::once(&case.value)
                .chain(branches)
                .chain(&case.otherwise)
                .collect()
        }
        Op::Coalesce(ops, _) | Op::Call(_, ops) => ops.iter().collect(),
        Op::Phrases { value, .. }
        | Op::Row { value, .. }
        | Op::Quantity { value, .. }
        | Op::ReadDate { value, .. }
        | Op::ReadNumber { value, .. }
        | Op::ReadNhsNumber { value, .. }
        | Op::Read { value, .. }
        | Op::Matches { value, .. }
        | Op::OnMissing { value, .. } => vec![&**value],
        Op::Code(code) => vec![&code.value],
        Op::At(parts, _) | Op::Pair(parts) => vec![&parts.0, &parts.1],
    }
}

/// The cells that an operation reads of its own record and its parents, at any depth. What only looks
/// another record up is left out.
pub(crate) fn collect_cells(op: &Op, out: &mut Vec<(u8, usize)>) {
    match op {
        Op::Cell(cell) => out.push((cell.up, cell.column)),
        Op::Partner(_) | Op::Reference(_) => {}
        _ => parts(op).into_iter().for_each(|op| collect_cells(op, out)),
    }
}

/// What the value of an item hangs on: cells, and variables by their number.
#[derive(Debug, Default, PartialEq, Eq)]
pub(crate) struct Sources {
    pub cells: std::collections::BTreeSet<(u8, usize)>,
    pub variables: std::collections::BTreeSet<usize>,
    /// Something else that may have a value: another record.
    pub other: bool,
}

impl Sources {
    /// Whether it hangs on nothing that the other does not hang on.
    pub fn within(&self, other: &Self) -> bool {
        self.cells.is_subset(&other.cells)
            && self.variables.is_subset(&other.variables)
            && (!self.other || other.other)
    }

    fn add(&mut self, op: &Op) {
        match op {
            Op::Cell(cell) => {
                self.cells.insert((cell.up, cell.column));
            }
            Op::Variable(index) | Op::VariableColumn(index) => {
                self.variables.insert(*index);
            }
            Op::Partner(_) | Op::Reference(_) | Op::Joined(..) => {
                self.other = true;
                parts(op).into_iter().for_each(|op| self.add(op));
            }
            _ => parts(op).into_iter().for_each(|op| self.add(op)),
        }
    }

    /// What items hang on.
    pub fn of(items: &[Item]) -> Self {
        let mut sources = Self::default();
        for item in items {
            sources.add_item(item);
        }
        sources
    }

    fn add_item(&mut self, item: &Item) {
        match item {
            Item::Constant(_) | Item::Local(_) => {}
            Item::Value { op, .. } => self.add(op),
            Item::Concept { concept, text, .. } => {
                self.add(concept);
                text.iter().for_each(|op| self.add(op));
            }
            Item::Primitive { value, extension } => {
                value.iter().for_each(|item| self.add_item(item));
                self.add_object(extension);
            }
            Item::Object(object) => self.add_object(object),
        }
    }

    fn add_object(&mut self, object: &Object) {
        for item in object.fields.iter().flat_map(|field| &field.items) {
            self.add_item(item);
        }
    }
}
