//! FHIRPath Patch (<http://hl7.org/fhir/R4/fhirpatch.html>): a Parameters resource whose operations
//! change a resource.
//!
//! Either all operations are carried out or none: a patch that fails leaves the resource as it was.

mod edit;
mod given;
mod operation;
mod place;

use std::fmt;

use json::Value;

use crate::Model;
use operation::Operation;

/// The most operations in a patch.
const MAX_OPERATIONS: usize = 1_000;

/// Why a patch cannot be applied. The message never quotes data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PatchError {
    /// Which operation, counted from 1; `None` when the Parameters resource itself is wrong.
    pub operation: Option<usize>,
    /// What is wrong, as a sentence fragment.
    pub message: String,
}

impl fmt::Display for PatchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.operation {
            Some(operation) => write!(f, "operation {operation}: {}", self.message),
            None => f.write_str(&self.message),
        }
    }
}

impl std::error::Error for PatchError {}

/// Changes a resource as a Parameters resource says.
///
/// # Errors
/// When the Parameters resource is not a patch, or one of its operations cannot be carried out; the
/// resource is then as it was before.
pub fn apply(parameters: &Value, resource: &mut Value, model: &Model) -> Result<(), PatchError> {
    if parameters.text("resourceType") != Some("Parameters") {
        return Err(PatchError {
            operation: None,
            message: "a patch is a Parameters resource".to_owned(),
        });
    }
    let mut patched = resource.clone();
    for (index, parameter) in parameters.each("parameter").enumerate() {
        let failed = |message: String| PatchError {
            operation: Some(index + 1),
            message,
        };
        if index == MAX_OPERATIONS {
            return Err(failed(format!(
                "a patch has at most {MAX_OPERATIONS} operations"
            )));
        }
        Operation::read(parameter)
            .and_then(|operation| operation.carry_out(&mut patched, model))
            .map_err(failed)?;
    }
    *resource = patched;
    Ok(())
}
