//! Codes that an expression can give, against the binding of the element that takes them.

use definitions::{Element, Strength};
use json::Value;
use terminology::Membership;

use super::Compiler;
use super::expression::shift;
use super::scope::Scope;
use crate::codes;
use crate::expr::{Expr, Kind};
use crate::program::{Coding, Op};
use crate::yaml::{Node, Spot};

/// The value set that an element must take its codes of.
fn required_set(element: &Element) -> Option<&str> {
    let binding = element.binding.as_ref()?;
    (binding.strength == Strength::Required).then_some(binding.value_set.as_deref()?)
}

impl Compiler<'_> {
    /// Reports every code that an expression can give and that a required binding does not hold. A
    /// `code` element implies its system. Texts that the expression itself writes are judged by
    /// [`Compiler::literals`].
    pub fn check_binding(
        &mut self,
        op: &Op,
        element: &Element,
        plain_code: bool,
        spot: Spot,
        scope: &Scope,
    ) {
        let Some(set) = required_set(element) else {
            return;
        };
        match op {
            Op::Concept(concept) => {
                if let Some(code) = self.outside(&concept.codings, set, plain_code) {
                    self.bound(element, None, &code, spot);
                }
            }
            Op::Code(code) => {
                let codes = self.codes;
                let Some(table) = codes.get(code.table) else {
                    return;
                };
                for row in &table.rows {
                    if let Some(code) = self.outside(&row.codings, set, plain_code) {
                        self.row_outside(table, row.spot, &code, element);
                    }
                }
            }
            Op::Row { table, column, .. } if plain_code => {
                let codes = self.codes;
                let Some(table) = codes.get(*table) else {
                    return;
                };
                for row in &table.rows {
                    let cell = row.cells.get(*column).filter(|cell| !cell.is_empty());
                    if let Some(code) = cell
                        && self.terminology.contains(set, None, code) == Membership::Out
                    {
                        self.row_outside(table, row.spot, code, element);
                    }
                }
            }
            Op::Cell(_) | Op::Variable(_) if plain_code => {
                self.labels_as_codes(op, element, set, spot, scope);
            }
            Op::If(parts) => {
                self.check_binding(&parts.1, element, plain_code, spot, scope);
                self.check_binding(&parts.2, element, plain_code, spot, scope);
            }
            Op::Case(case) => {
                for (_, result) in &case.branches {
                    self.check_binding(result, element, plain_code, spot, scope);
                }
                if let Some(otherwise) = &case.otherwise {
                    self.check_binding(otherwise, element, plain_code, spot, scope);
                }
            }
            Op::Coalesce(ops, _) => {
                for op in ops {
                    self.check_binding(op, element, plain_code, spot, scope);
                }
            }
            Op::OnMissing { value, .. } => {
                self.check_binding(value, element, plain_code, spot, scope);
            }
            _ => {}
        }
    }

    /// The first code of some codings that stand for one thing, where none of them is in a set. For a
    /// `code` only the first counts.
    fn outside(&self, codings: &[Coding], set: &str, plain_code: bool) -> Option<String> {
        let counted = if plain_code {
            codings.get(..1)?
        } else {
            codings
        };
        let all_out = !counted.is_empty()
            && counted.iter().all(|coding| {
                let system = coding.system.as_deref().filter(|_| !plain_code);
                self.terminology.contains(set, system, &coding.code) == Membership::Out
            });
        let first = counted.first().filter(|_| all_out)?;
        Some(first.code.to_string())
    }

    fn row_outside(
        &mut self,
        table: &crate::code_table::CodeTable,
        spot: Spot,
        code: &str,
        element: &Element,
    ) {
        let message = format!(
            "the code '{code}' is not in the value set that {} must use",
            element.path
        );
        let help = format!(
            "mend the row in the code table '{}': {}",
            table.name,
            self.allowed(element)
        );
        match &table.file {
            Some(file) => {
                self.findings
                    .error_in(file, codes::OUTSIDE_BINDING, spot, message, help);
            }
            None => self
                .findings
                .error(codes::OUTSIDE_BINDING, spot, message, help),
        }
    }

    /// Reports the rows of a code table whose code is another than the one that the profile fixes; of
    /// a concept one coding must be it.
    pub fn check_fixed_rows(&mut self, op: &Op, system: Option<&str>, fixed: &str, path: &str) {
        match op {
            Op::Code(code) => {
                let codes = self.codes;
                let Some(table) = codes.get(code.table) else {
                    return;
                };
                for row in &table.rows {
                    let is_fixed = |coding: &Coding| {
                        *coding.code == *fixed
                            && system.is_none_or(|system| coding.system.as_deref() == Some(system))
                    };
                    if row.codings.is_empty() || row.codings.iter().any(is_fixed) {
                        continue;
                    }
                    let message = format!("the profile fixes {path} to '{fixed}'");
                    let help = format!("no row of '{}' may give another code here", table.name);
                    match &table.file {
                        Some(file) => self.findings.error_in(
                            file,
                            codes::CONTRADICTS_FIXED,
                            row.spot,
                            message,
                            help,
                        ),
                        None => {
                            self.findings
                                .error(codes::CONTRADICTS_FIXED, row.spot, message, help)
                        }
                    }
                }
            }
            Op::OnMissing { value, .. } => self.check_fixed_rows(value, system, fixed, path),
            Op::If(parts) => {
                self.check_fixed_rows(&parts.1, system, fixed, path);
                self.check_fixed_rows(&parts.2, system, fixed, path);
            }
            Op::Coalesce(ops, _) => {
                for op in ops {
                    self.check_fixed_rows(op, system, fixed, path);
                }
            }
            _ => {}
        }
    }

    /// Labels of a column that go into a `code` as they are written.
    fn labels_as_codes(
        &mut self,
        op: &Op,
        element: &Element,
        set: &str,
        spot: Spot,
        scope: &Scope,
    ) {
        let Some(labels) = self.labels(op, scope) else {
            if self.terminology.codes(set).is_some() {
                self.findings.warning(
                    codes::OUTSIDE_BINDING,
                    spot,
                    format!(
                        "any text of the column may stand here, and {} takes only codes of its value set",
                        element.path
                    ),
                    "declare the column as type code with its values, and use | code(table)",
                );
            }
            return;
        };
        let outside: Vec<&str> = labels
            .iter()
            .filter(|label| self.terminology.contains(set, None, label) == Membership::Out)
            .map(String::as_str)
            .collect();
        if !outside.is_empty() {
            self.findings.error(
                codes::OUTSIDE_BINDING,
                spot,
                format!(
                    "the labels {} are no codes of the value set that {} must use",
                    outside.join(", "),
                    element.path
                ),
                "give them codes by a code table: | code(table)",
            );
        }
    }

    /// The texts that an expression itself writes as its value: against the binding, against what the
    /// profile fixes, and against the format of the type.
    pub fn literals(&mut self, expr: &Expr, base: Spot, element: &Element, code: &str, path: &str) {
        match &expr.kind {
            Kind::Text(text) => {
                let spot = Spot {
                    length: expr.length,
                    ..shift(base, expr.at)
                };
                let fixed = element.fixed.as_ref().or(element.pattern.as_ref());
                if let Some(fixed) = fixed
                    && fixed.as_str().is_some_and(|fixed| fixed != text)
                {
                    self.contradiction(path, fixed, spot);
                } else if super::target::is_primitive(code)
                    && fhir::Primitive::check(code, &Value::from(text.as_str())).is_err()
                {
                    self.findings.error(
                        codes::BAD_CONSTANT,
                        spot,
                        format!("this is no {code}, which {path} wants"),
                        format!("write a text that is a {code}"),
                    );
                } else if code == "code" {
                    self.bound(element, None, text, spot);
                }
            }
            Kind::Call { name, arguments } => {
                let results: Vec<&Expr> = match name.as_str() {
                    "if" => arguments.iter().skip(1).collect(),
                    "case" => {
                        let last = arguments.len().saturating_sub(1);
                        let otherwise = arguments.len().is_multiple_of(2);
                        arguments
                            .iter()
                            .enumerate()
                            .skip(1)
                            .filter(|(index, _)| {
                                index.is_multiple_of(2) || (otherwise && *index == last)
                            })
                            .map(|(_, argument)| argument)
                            .collect()
                    }
                    "coalesce" | "list" => arguments.iter().collect(),
                    "first" | "onBad" | "onMissing" => arguments.first().into_iter().collect(),
                    _ => Vec::new(),
                };
                for result in results {
                    self.literals(result, base, element, code, path);
                }
            }
            _ => {}
        }
    }

    /// The codings that a map writes out, against a required binding of the concept that they make.
    pub fn written_codings(&mut self, node: &Node, element: &Element, code: &str) {
        let Some(set) = required_set(element).map(str::to_owned) else {
            return;
        };
        let codings: Vec<&Node> = match code {
            "CodeableConcept" => node
                .get("coding")
                .map(Node::items)
                .unwrap_or_default()
                .iter()
                .collect(),
            "Coding" => vec![node],
            _ => return,
        };
        let mut first = None;
        for coding in codings {
            let text = coding
                .get("code")
                .and_then(|code| Some((code.constant()?, code.spot)));
            let system = coding.get("system").map(|system| {
                system
                    .constant()
                    .and_then(|name| self.systems.resolve(name))
            });
            // A system, or a code, that only the record knows may be in the set.
            let (Some((text, spot)), Some(Some(system))) = (text, system) else {
                return;
            };
            if self.terminology.contains(&set, Some(&system), text) != Membership::Out {
                return;
            }
            first.get_or_insert((text.to_owned(), spot));
        }
        if let Some((text, spot)) = first {
            self.bound(element, None, &text, spot);
        }
    }
}
