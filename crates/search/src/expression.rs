//! The FHIRPath expressions of search parameters: compiled for one type, run over its resources.

use std::sync::{Arc, LazyLock};

use fhir::Reference;
use fhirpath::{Collection, CompileError, Environment, Model, Node, Options, Plan, Services};
use json::Value;

/// Compiles the alternatives of an expression that start from a type, or from one that stands above
/// it. Those of other types need not be understood.
///
/// # Errors
/// When an alternative of this type cannot be compiled.
pub(crate) fn compile(
    expression: &str,
    resource_type: &str,
    model: &Model,
) -> Result<Vec<Arc<Plan>>, CompileError> {
    // R4's search parameters use `as` for choosing among several, and one definition serves several
    // types (http://hl7.org/fhir/R4/searchparameter.html#expressions).
    let options = Options {
        as_filters: true,
        other_roots: true,
        ..Options::default()
    };
    split(expression)
        .into_iter()
        .filter(|part| mentions(part, resource_type))
        .map(|part| Plan::compile_with(part, resource_type, model, &options).map(Arc::new))
        .collect()
}

/// What an expression leads to in a resource. An expression that fails on a resource leads to
/// nothing there.
pub(crate) fn follow<'v>(plan: &Plan, resource: Node<'v>) -> Collection<'v> {
    let targets = Targets(plan.model());
    let environment = Environment::new(resource).services(&targets);
    plan.evaluate(resource, &environment).unwrap_or_default()
}

/// Knows of the target of a reference what the reference itself says: its type.
struct Targets<'m>(&'m Model);

static TARGET: LazyLock<Value> = LazyLock::new(|| Value::Object(json::Object::new()));

impl<'v> Services<'v> for Targets<'_> {
    fn resolve(&self, reference: &str) -> Option<Node<'v>> {
        let type_name = Reference::parse(reference)?.type_name()?;
        Some(Node::new(&TARGET, None, self.0.ty(type_name)?))
    }
}

/// The alternatives of a union at the outermost level.
fn split(text: &str) -> Vec<&str> {
    let mut parts = Vec::new();
    let (mut depth, mut start, mut quoted) = (0_i32, 0, false);
    for (index, c) in text.char_indices() {
        match c {
            '\'' => quoted = !quoted,
            '(' if !quoted => depth += 1,
            ')' if !quoted => depth -= 1,
            '|' if !quoted && depth == 0 => {
                parts.extend(text.get(start..index));
                start = index + 1;
            }
            _ => {}
        }
    }
    parts.extend(text.get(start..));
    parts
}

/// Whether an alternative starts from a type.
fn mentions(part: &str, resource_type: &str) -> bool {
    let part = part.trim_start_matches(|c: char| c == '(' || c.is_whitespace());
    part.split(|c: char| !c.is_alphanumeric())
        .next()
        .is_some_and(|root| root == resource_type || root == "Resource" || root == "DomainResource")
}
