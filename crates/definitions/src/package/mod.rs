//! From a FHIR package's JSON to distilled definitions.
//!
//! [`read`] takes one resource, as a package holds it or as [`slim`] leaves it, and keeps its
//! rules. [`slim`] takes the resource down to exactly the members that `read` looks at: that is
//! what `profiles/` holds, one resource a line.

mod read;
mod search;
mod slim;
mod structure;
mod terms;

use diagnostics::Issue;
use json::Value;

use crate::form::Definition;

#[allow(unused_imports, reason = "the build script only reads")]
pub use slim::slim;
#[allow(unused_imports, reason = "the build script has no snapshots")]
pub(crate) use structure::read_snapshot;

/// Reads one resource. `None` for resources of types that Causeway has no use for (examples,
/// ImplementationGuide and so on), and for value sets without a definition.
///
/// # Errors
/// When the resource is of a type that matters but lacks what it cannot be used without; the issue
/// names the definition and the member.
pub fn read(resource: &Value) -> Result<Option<Definition>, Box<Issue>> {
    match resource.text("resourceType") {
        Some("StructureDefinition") => structure::read(resource).map(Definition::Structure),
        Some("ValueSet") => terms::read_value_set(resource).map(Definition::ValueSet),
        Some("CodeSystem") => terms::read_code_system(resource).map(Definition::CodeSystem),
        Some("SearchParameter") => search::read(resource).map(Definition::SearchParameter),
        _ => return Ok(None),
    }
    .map(Some)
}
