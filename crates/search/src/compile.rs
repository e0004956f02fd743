//! Search parameters, compiled against the Shapes they go through.

use std::collections::HashMap;
use std::sync::{Arc, RwLock};

use definitions::{Definitions, ElementId, SearchKind, Shape};
use terminology::Terminology;

use crate::expression::{self, Path, Step};

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
    pub(crate) plans: Vec<Plan>,
}

/// A path whose names are those of JSON members and whose types are known.
#[derive(Debug, Clone)]
pub(crate) struct Plan {
    pub(crate) moves: Vec<Move>,
    pub(crate) truth: bool,
}

/// One move through the tree.
#[derive(Debug, Clone)]
pub(crate) enum Move {
    /// Into members: the JSON name, and what stands there.
    Into(Vec<(String, Arc<Leaf>)>),
    /// Only values of this FHIR type.
    Typed(String),
    /// Only references whose target has this type.
    Resolves(String),
    /// Only values with this member.
    Equals(String, String),
    /// Into the values of extensions with this url.
    Extension(String),
}

/// What stands at the end of a move.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Leaf {
    /// The FHIR type: `CodeableConcept`, `code`.
    pub(crate) type_name: String,
    /// The value set that a `code` is bound to, which gives it its system.
    pub(crate) value_set: Option<String>,
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
        let Some(shape) = self.definitions.shape_of_type(resource_type) else {
            return Arc::default();
        };
        let compiled = Arc::new(self.compile(resource_type, &shape));
        let mut types = match self.types.write() {
            Ok(types) => types,
            Err(poisoned) => poisoned.into_inner(),
        };
        Arc::clone(types.entry(resource_type.to_owned()).or_insert(compiled))
    }

    fn compile(&self, resource_type: &str, shape: &Shape) -> OfType {
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
                    | SearchKind::String => self.plans(&definition, resource_type, shape),
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
        shape: &Shape,
    ) -> Result<Vec<Plan>, String> {
        let text = definition.expression.as_deref().unwrap_or_default();
        if text.trim().is_empty() {
            return Err("it has no expression".to_owned());
        }
        // The alternatives of other types need not be understood: they are split off first.
        let mut plans = Vec::new();
        let mut problem = None;
        for part in split(text) {
            match expression::parse(part) {
                Ok(paths) => {
                    for path in paths {
                        if matches!(path.root.as_str(), "Resource" | "DomainResource")
                            || path.root == resource_type
                        {
                            plans.push(self.plan(&path, shape, definition.kind)?);
                        }
                    }
                }
                Err(why) if mentions(part, resource_type) => problem = Some(why),
                Err(_) => {}
            }
        }
        match (problem, plans.is_empty()) {
            (Some(why), _) => Err(why),
            (None, true) => Err("its expression does not start from this type".to_owned()),
            (None, false) => Ok(plans),
        }
    }

    fn plan(&self, path: &Path, shape: &Shape, kind: SearchKind) -> Result<Plan, String> {
        /// A place in a Shape that a path has come to.
        struct At {
            shape: Shape,
            element: ElementId,
            leaf: Arc<Leaf>,
        }
        let leaf = |type_name: &str, value_set: Option<&str>| {
            Arc::new(Leaf {
                type_name: type_name.to_owned(),
                value_set: value_set.map(str::to_owned),
            })
        };
        let mut moves = Vec::new();
        let mut at = vec![At {
            shape: shape.clone(),
            element: shape.root(),
            leaf: leaf(shape.type_name(), None),
        }];
        let mut first = true;
        for step in &path.steps {
            match step {
                Step::Child(name) => {
                    let mut next = Vec::new();
                    let mut names: Vec<(String, Arc<Leaf>)> = Vec::new();
                    for here in &at {
                        let scope = if first {
                            Some((here.shape.clone(), here.element))
                        } else {
                            self.definitions
                                .scope(&here.shape, here.element, &here.leaf.type_name)
                        };
                        let Some((scope, parent)) = scope else {
                            continue;
                        };
                        let Some(id) = scope.child(parent, name) else {
                            continue;
                        };
                        let element = scope.element(id);
                        let value_set = element.binding.as_ref().map(|b| b.value_set.as_deref());
                        let value_set = value_set.flatten();
                        if element.types.is_empty() {
                            // Content defined elsewhere in the type: the name alone counts.
                            let leaf = leaf("BackboneElement", None);
                            names.push((name.clone(), Arc::clone(&leaf)));
                            next.push(At {
                                shape: scope.clone(),
                                element: id,
                                leaf,
                            });
                        }
                        for element_type in &element.types {
                            let leaf = leaf(&element_type.code, value_set);
                            let json = match element.is_choice {
                                true => format!("{name}{}", capital(&element_type.code)),
                                false => name.clone(),
                            };
                            if !names.iter().any(|(known, l)| *known == json && *l == leaf) {
                                names.push((json, Arc::clone(&leaf)));
                            }
                            next.push(At {
                                shape: scope.clone(),
                                element: id,
                                leaf,
                            });
                        }
                    }
                    if next.is_empty() {
                        return Err(format!("`{name}` is no element there"));
                    }
                    moves.push(Move::Into(names));
                    at = next;
                    first = false;
                }
                Step::As(type_name) => {
                    at.retain(|here| here.leaf.type_name == *type_name);
                    if at.is_empty() {
                        return Err(format!("nothing there can be a {type_name}"));
                    }
                    moves.push(Move::Typed(type_name.clone()));
                }
                Step::Resolves(type_name) => moves.push(Move::Resolves(type_name.clone())),
                Step::Equals(name, text) => moves.push(Move::Equals(name.clone(), text.clone())),
                Step::Extension(url) => {
                    // Its value has the types that any extension may have.
                    moves.push(Move::Extension(url.clone()));
                    at.clear();
                }
            }
        }
        if !path.truth && !at.is_empty() && !at.iter().any(|here| fits(kind, &here.leaf.type_name))
        {
            return Err(format!(
                "no index of kind {} fits what it leads to",
                kind.code()
            ));
        }
        Ok(Plan {
            moves,
            truth: path.truth,
        })
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

fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_ascii_uppercase().to_string() + chars.as_str())
        .unwrap_or_default()
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
