//! The texts that an expression can give, where these can be listed.

use super::Compiler;
use super::scope::Scope;
use crate::program::{Function, Op};

impl Compiler<'_> {
    /// Every label that an expression can give; nothing when it may be any text.
    pub fn labels(&self, op: &Op, scope: &Scope) -> Option<Vec<String>> {
        let all = |ops: &[&Op]| -> Option<Vec<String>> {
            let mut labels = Vec::new();
            for op in ops {
                labels.extend(self.labels(op, scope)?);
            }
            Some(labels)
        };
        match op {
            Op::Text(text) => Some(vec![text.to_string()]),
            Op::Cell(_) => Some(self.label_list(op, scope)??.labels().to_vec()),
            Op::Variable(index) => {
                let lists = self.variable_labels(*index, scope)?;
                let labels = lists.iter().flat_map(|list| list.labels());
                Some(labels.cloned().collect())
            }
            Op::If(parts) => all(&[&parts.1, &parts.2]),
            Op::Case(case) => {
                let results = case.branches.iter().map(|(_, result)| result);
                all(&results.chain(&case.otherwise).collect::<Vec<_>>())
            }
            Op::Coalesce(ops, _) | Op::Call(Function::First | Function::List, ops) => {
                all(&ops.iter().collect::<Vec<_>>())
            }
            Op::OnMissing { value, .. } => self.labels(value, scope),
            _ => None,
        }
    }
}
