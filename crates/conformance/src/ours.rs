//! Causeway's verdict.

use std::sync::Arc;

use definitions::Definitions;
use diagnostics::Issue;
use fhir::xml;
use json::Value;
use terminology::Terminology;
use validation::{Model, Validator};

use crate::{Case, Format, Verdict};

/// Causeway's validator over one set of packages, without Causeway's own rules (check digits and
/// the like), which no other validator has.
pub struct Ours {
    validator: Validator,
    model: Model,
}

impl Ours {
    /// A validator over these definitions.
    pub fn new(definitions: &Definitions) -> Self {
        let terminology = Arc::new(Terminology::new(definitions));
        Self {
            validator: Validator::new(definitions, terminology).without_own_rules(),
            model: Model::new(definitions),
        }
    }

    /// Reads and validates a case as `causeway validate` does.
    pub fn verdict(&self, case: &Case) -> Verdict {
        let mut verdict = Verdict {
            valid: true,
            ..Verdict::default()
        };
        if let Some(resource) = self.read(case, &mut verdict) {
            let profiles: Vec<&str> = case.profiles.iter().map(String::as_str).collect();
            for issue in self.validator.validate(&resource, &profiles) {
                if issue.is_error() {
                    verdict.refuse(&issue.code, words(&issue));
                }
            }
        }
        verdict
    }

    fn read(&self, case: &Case, verdict: &mut Verdict) -> Option<Value> {
        match case.format {
            Format::Json => match json::parse(case.text.as_bytes()) {
                Ok(resource) => Some(resource),
                Err(error) => {
                    verdict.refuse("JSON", error.to_string());
                    None
                }
            },
            Format::Xml => match xml::examine(case.text.as_bytes(), &self.model) {
                Ok((resource, faults)) => {
                    for fault in faults {
                        verdict.refuse(fault.fault.code(), fault.to_string());
                    }
                    Some(resource)
                }
                Err(error) => {
                    verdict.refuse(error.fault.code(), error.to_string());
                    None
                }
            },
        }
    }
}

fn words(issue: &Issue) -> String {
    let element = issue.element.as_deref().unwrap_or("");
    format!("{} {element}: {}", issue.code, issue.message)
}
