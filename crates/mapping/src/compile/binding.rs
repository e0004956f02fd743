//! Codes that an expression can give, against the binding of the element that takes them.

use definitions::{Element, Strength};
use terminology::Membership;

use super::Compiler;
use crate::codes;
use crate::program::Op;
use crate::yaml::Spot;

impl Compiler<'_> {
    /// Reports every code of a concept expression that a required binding does not hold. A `code`
    /// element implies its system.
    pub fn check_binding(&mut self, op: &Op, element: &Element, plain_code: bool, spot: Spot) {
        let Some(binding) = &element.binding else {
            return;
        };
        let (Strength::Required, Some(set)) = (binding.strength, binding.value_set.as_deref())
        else {
            return;
        };
        match op {
            Op::Concept(concept) => {
                for coding in &concept.codings {
                    let system = coding.system.as_deref().filter(|_| !plain_code);
                    self.bound(element, system, &coding.code, spot);
                }
            }
            Op::Code(code) => {
                let codes = self.codes;
                let Some(table) = codes.get(code.table) else {
                    return;
                };
                let mut outside = Vec::new();
                for row in &table.rows {
                    for coding in &row.codings {
                        let system = coding.system.as_deref().filter(|_| !plain_code);
                        if self.terminology.contains(set, system, &coding.code) == Membership::Out {
                            outside.push((coding.code.to_string(), row.spot));
                        }
                    }
                }
                for (code, row) in outside {
                    let message = format!(
                        "the code '{code}' is not in the value set that {} must use",
                        element.path
                    );
                    let help = format!("mend the row in the code table '{}'", table.name);
                    match &table.file {
                        Some(file) => {
                            self.findings
                                .error_in(file, codes::OUTSIDE_BINDING, row, message, help)
                        }
                        None => self
                            .findings
                            .error(codes::OUTSIDE_BINDING, row, message, help),
                    }
                }
            }
            Op::Text(text) if plain_code => {
                let text = text.clone();
                self.bound(element, None, &text, spot);
            }
            Op::If(parts) => {
                self.check_binding(&parts.1, element, plain_code, spot);
                self.check_binding(&parts.2, element, plain_code, spot);
            }
            Op::Case(case) => {
                for (_, result) in &case.branches {
                    self.check_binding(result, element, plain_code, spot);
                }
                if let Some(otherwise) = &case.otherwise {
                    self.check_binding(otherwise, element, plain_code, spot);
                }
            }
            Op::Coalesce(ops, _) => {
                for op in ops {
                    self.check_binding(op, element, plain_code, spot);
                }
            }
            Op::OnMissing { value, .. } => self.check_binding(value, element, plain_code, spot),
            _ => {}
        }
    }
}
