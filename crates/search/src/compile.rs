//! Search parameters, compiled against the Shapes they go through.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use definitions::{Definitions, SearchKind};
use fhirpath::{Model, Plan};
use terminology::Terminology;

use crate::expression;

/// A search parameter of a type, as it is really indexed.
#[derive(Debug, Clone)]
pub struct Parameter {
    /// Its code: `birthdate`.
    pub code: String,
    /// Its kind: token, reference, date or string.
    pub kind: SearchKind,
    /// The canonical url of its definition.
    pub url: String,
    /// For a reference: the types it may point at; empty for any.
    pub targets: Vec<String>,
    pub(crate) plans: Vec<Arc<Plan>>,
}

/// The parameters of one type.
#[derive(Debug, Default)]
pub(crate) struct OfType {
    pub(crate) parameters: Arc<[Parameter]>,
    pub(crate) unsupported: Arc<[(String, String)]>,
}

/// Compiles search parameters and keeps them. One for a program; shared by reference.
pub struct Indexer {
    definitions: Definitions,
    pub(crate) terminology: Terminology,
    pub(crate) model: Model,
    types: RwLock<HashMap<String, Arc<OfType>>>,
}

impl std::fmt::Debug for Indexer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Indexer").finish_non_exhaustive()
    }
}

impl Indexer {
    /// An indexer over these definitions; nothing is compiled before a type is asked for.
    pub fn new(definitions: &Definitions) -> Self {
        Self {
            definitions: definitions.clone(),
            terminology: Terminology::new(definitions),
            model: Model::new(definitions),
            types: RwLock::new(HashMap::new()),
        }
    }

    /// The parameters that are indexed for a type, by their codes in order. `_id` and
    /// `_lastUpdated` are among them, though the store keeps those without index rows.
    pub fn parameters(&self, resource_type: &str) -> Arc<[Parameter]> {
        Arc::clone(&self.of_type(resource_type).parameters)
    }

    /// The parameters that FHIR defines for a type and that are not indexed, with the reason.
    pub fn unsupported(&self, resource_type: &str) -> Arc<[(String, String)]> {
        Arc::clone(&self.of_type(resource_type).unsupported)
    }

    pub(crate) fn of_type(&self, resource_type: &str) -> Arc<OfType> {
        let known = match self.types.read() {
            Ok(types) => types.get(resource_type).cloned(),
            Err(poisoned) => poisoned.into_inner().get(resource_type).cloned(),
        };
        if let Some(known) = known {
            return known;
        }
        // Only types that exist are kept, so that made-up names cannot fill the memory.
        if self.definitions.shape_of_type(resource_type).is_none() {
            return Arc::default();
        }
        let compiled = Arc::new(self.compile(resource_type));
        let mut types = match self.types.write() {
            Ok(types) => types,
            Err(poisoned) => poisoned.into_inner(),
        };
        Arc::clone(types.entry(resource_type.to_owned()).or_insert(compiled))
    }

    fn compile(&self, resource_type: &str) -> OfType {
        let mut parameters = Vec::new();
        let mut unsupported = Vec::new();
        let mut defined = self.definitions.search_parameters(resource_type);
        // The standard's own definition of a code comes before any other of the same code.
        defined.sort_by_key(|p| {
            (
                p.code.clone(),
                !p.url.contains("hl7.org/fhir/SearchParameter/"),
            )
        });
        defined.dedup_by(|later, first| later.code == first.code);
        for definition in defined {
            let made = match &*definition.code {
                // FHIR wants phonetic matching; folding is not that.
                "phonetic" => Err("no phonetic index is kept".to_owned()),
                "_id" | "_lastUpdated" => Ok(Vec::new()),
                _ => match definition.kind {
                    SearchKind::Token
                    | SearchKind::Reference
                    | SearchKind::Date
                    | SearchKind::String => self.plans(&definition, resource_type),
                    other => Err(format!("no index of kind {} is kept", other.code())),
                },
            };
            match made {
                Ok(plans) => parameters.push(Parameter {
                    code: definition.code.to_string(),
                    kind: definition.kind,
                    url: definition.url.to_string(),
                    targets: definition.targets.iter().map(|t| t.to_string()).collect(),
                    plans,
                }),
                Err(why) => unsupported.push((definition.code.to_string(), why)),
            }
        }
        OfType {
            parameters: parameters.into(),
            unsupported: unsupported.into(),
        }
    }

    fn plans(
        &self,
        definition: &definitions::SearchParameter,
        resource_type: &str,
    ) -> Result<Vec<Arc<Plan>>, String> {
        let text = definition.expression.as_deref().unwrap_or_default();
        if text.trim().is_empty() {
            return Err("it has no expression".to_owned());
        }
        let plans = expression::compile(text, resource_type, &self.model)
            .map_err(|error| format!("its expression cannot be followed: {error}"))?;
        if plans.is_empty() {
            return Err("its expression does not start from this type".to_owned());
        }
        for plan in &plans {
            // `System.Boolean` is what a parameter like `deceased` works out.
            let fits = |type_name: &String| {
                fits(definition.kind, type_name)
                    || (type_name == "System.Boolean" && definition.kind == SearchKind::Token)
            };
            if plan.gives().is_some_and(|types| !types.iter().any(fits)) {
                return Err(format!(
                    "no index of kind {} fits what it leads to",
                    definition.kind.code()
                ));
            }
        }
        Ok(plans)
    }
}

/// Whether an index of a kind can hold values of a type (FHIR R4 search, section 3.1.1.4).
pub(crate) fn fits(kind: SearchKind, type_name: &str) -> bool {
    match kind {
        SearchKind::Token => matches!(
            type_name,
            "Coding"
                | "CodeableConcept"
                | "Identifier"
                | "ContactPoint"
                | "code"
                | "boolean"
                | "id"
                | "string"
                | "uri"
        ),
        SearchKind::Reference => type_name == "Reference",
        SearchKind::Date => matches!(
            type_name,
            "date" | "dateTime" | "instant" | "Period" | "Timing"
        ),
        SearchKind::String => matches!(
            type_name,
            "string" | "markdown" | "HumanName" | "Address" | "CodeableConcept"
        ),
        _ => false,
    }
}
