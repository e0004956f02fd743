//! StructureDefinition.

use std::collections::HashMap;

use diagnostics::Issue;
use json::Value;

use super::read::{
    broken, choice_text, count, extension, is_retired, required, text, texts, truth,
};
use crate::form::{ElementRule, Structure};
use crate::{
    Aggregation, Binding, Constraint, ConstraintSeverity, Context, Discriminator,
    DiscriminatorKind, ElementType, Kind, Slicing, SlicingRules, Strength,
};

/// Says which FHIR type a FHIRPath system type stands for.
pub const FHIR_TYPE: &str = "http://hl7.org/fhir/StructureDefinition/structuredefinition-fhir-type";
/// Gives the regular expression of a primitive.
pub const REGEX: &str = "http://hl7.org/fhir/StructureDefinition/regex";
/// Gives the value set that no code may leave.
pub const MAX_VALUE_SET: &str =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-maxValueSet";
/// Marks an invariant that is good practice rather than a rule.
pub const BEST_PRACTICE: &str =
    "http://hl7.org/fhir/StructureDefinition/elementdefinition-bestpractice";

const SYSTEM_TYPE: &str = "http://hl7.org/fhirpath/System.";

pub fn read(resource: &Value) -> Result<Structure, Box<Issue>> {
    let url = required(resource, "url")?;
    let kind = match resource.text("kind") {
        Some("primitive-type") => Kind::Primitive,
        Some("complex-type") => Kind::Complex,
        Some("resource") => Kind::Resource,
        Some("logical") => Kind::Logical,
        _ => return Err(broken(resource, "its `kind` is not one of R4")),
    };
    let id = text(resource, "id").unwrap_or_else(|| url.rsplit('/').next().unwrap_or(&url).into());
    let type_name = required(resource, "type")?;
    let mut structure = Structure {
        version: text(resource, "version"),
        name: text(resource, "name").unwrap_or_else(|| id.clone()),
        id,
        // A logical model's type may be a url; its element paths start with the last part.
        type_name: type_name.rsplit('/').next().unwrap_or(&type_name).into(),
        kind,
        is_abstract: truth(resource, "abstract") == Some(true),
        is_profile: resource.text("derivation") == Some("constraint"),
        is_retired: is_retired(resource),
        base: text(resource, "baseDefinition"),
        contexts: resource
            .each("context")
            .filter_map(|context| {
                Some(Context {
                    kind: text(context, "type")?,
                    expression: text(context, "expression")?,
                })
            })
            .collect(),
        context_invariants: texts(resource, "contextInvariant"),
        elements: Vec::new(),
        snapshot: Vec::new(),
        url,
    };
    // A definition without a differential states everything in its snapshot.
    let stated = resource
        .get("differential")
        .or_else(|| resource.get("snapshot"))
        .ok_or_else(|| broken(resource, "it has neither a differential nor a snapshot"))?;
    structure.elements =
        elements(stated, &structure).ok_or_else(|| broken(resource, "an element has no `path`"))?;
    Ok(structure)
}

/// The snapshot's elements, for a structure that was read from the same resource. Empty when there
/// is none, or when it cannot be read: it only ever stands in for a base that is missing.
pub fn read_snapshot(resource: &Value, structure: &Structure) -> Vec<ElementRule> {
    resource
        .get("snapshot")
        .and_then(|stated| elements(stated, structure))
        .unwrap_or_default()
}

fn elements(stated: &Value, structure: &Structure) -> Option<Vec<ElementRule>> {
    let mut ids = Ids::default();
    stated
        .each("element")
        .map(|element| read_element(element, structure, &mut ids))
        .collect()
}

/// Gives an id to elements that have none, from their path and the slices opened before them.
#[derive(Default)]
struct Ids {
    /// The id of the element read last at each path.
    last: HashMap<Box<str>, Box<str>>,
}

impl Ids {
    fn of(&mut self, element: &Value, path: &str) -> Box<str> {
        let parts = path.split('.').count();
        let given = element
            .text("id")
            .filter(|id| id.split('.').count() == parts);
        let id: Box<str> = match given {
            Some(id) => id.into(),
            None => self.make(path, element.text("sliceName")),
        };
        self.last.insert(path.into(), id.clone());
        id
    }

    fn make(&self, path: &str, slice: Option<&str>) -> Box<str> {
        let mut id = match path.rsplit_once('.') {
            Some((above, name)) => {
                let above = self.last.get(above).map_or(above, |id| id);
                format!("{above}.{name}")
            }
            None => path.to_owned(),
        };
        if let Some(slice) = slice {
            id.push(':');
            id.push_str(slice);
        }
        id.into()
    }
}

fn read_element(element: &Value, structure: &Structure, ids: &mut Ids) -> Option<ElementRule> {
    let path = text(element, "path")?;
    Some(ElementRule {
        id: ids.of(element, &path),
        min: count(element, "min"),
        max: element.text("max").and_then(|max| match max {
            "*" => Some(None),
            number => number.parse().ok().map(Some),
        }),
        types: types(element, &path, structure),
        content_reference: text(element, "contentReference"),
        slicing: element.get("slicing").map(slicing),
        fixed: choice_text(element, "fixed"),
        pattern: choice_text(element, "pattern"),
        binding: element.get("binding").and_then(binding),
        constraints: element
            .each("constraint")
            .filter_map(|constraint| {
                Some(Constraint {
                    key: text(constraint, "key")?,
                    severity: match constraint.text("severity") {
                        Some("warning") => ConstraintSeverity::Warning,
                        _ => ConstraintSeverity::Error,
                    },
                    expression: text(constraint, "expression"),
                    human: text(constraint, "human"),
                    is_best_practice: constraint.each("extension").any(|extension| {
                        extension.text("url") == Some(BEST_PRACTICE)
                            && truth(extension, "valueBoolean") == Some(true)
                    }),
                    source: text(constraint, "source").or_else(|| Some(structure.url.clone())),
                })
            })
            .collect(),
        min_value: choice_text(element, "minValue"),
        max_value: choice_text(element, "maxValue"),
        max_length: count(element, "maxLength"),
        must_support: truth(element, "mustSupport"),
        is_modifier: truth(element, "isModifier"),
        is_summary: truth(element, "isSummary"),
        is_xml_attribute: element
            .each("representation")
            .any(|representation| representation.as_str() == Some("xmlAttr")),
        path,
    })
}

/// The types, one entry a code: some definitions repeat a code, once for each profile.
fn types(element: &Value, path: &str, structure: &Structure) -> Vec<ElementType> {
    let mut types: Vec<ElementType> = Vec::new();
    for stated in element.each("type") {
        let Some(code) = type_code(stated, path, structure) else {
            continue;
        };
        let regex = extension(stated, REGEX)
            .or_else(|| extension(element, REGEX))
            .map(Box::from);
        let profiles = texts(stated, "profile");
        let targets = texts(stated, "targetProfile");
        let aggregation: Vec<Aggregation> = stated
            .each("aggregation")
            .filter_map(|mode| match mode.as_str()? {
                "contained" => Some(Aggregation::Contained),
                "referenced" => Some(Aggregation::Referenced),
                "bundled" => Some(Aggregation::Bundled),
                _ => None,
            })
            .collect();
        match types.iter_mut().find(|known| known.code == code) {
            Some(known) => {
                if known.aggregation.is_empty() || aggregation.is_empty() {
                    known.aggregation.clear();
                } else {
                    known.aggregation.extend(aggregation);
                }
                // One of the two leaves the profile open, so the type as a whole does.
                if known.profiles.is_empty() || profiles.is_empty() {
                    known.profiles.clear();
                } else {
                    known.profiles.extend(profiles);
                }
                if known.target_profiles.is_empty() || targets.is_empty() {
                    known.target_profiles.clear();
                } else {
                    known.target_profiles.extend(targets);
                }
            }
            None => types.push(ElementType {
                code,
                profiles,
                target_profiles: targets,
                aggregation,
                regex,
            }),
        }
    }
    types
}

/// The code of a type, FHIRPath's system types turned into those of FHIR.
fn type_code(stated: &Value, path: &str, structure: &Structure) -> Option<Box<str>> {
    let code = stated.text("code")?;
    let Some(system) = code.strip_prefix(SYSTEM_TYPE) else {
        return Some(code.into());
    };
    if structure.kind == Kind::Primitive && path.ends_with(".value") {
        return Some(structure.type_name.clone());
    }
    // R4's definition of Resource.id says `string`; its text and its grammar say `id`
    // (http://hl7.org/fhir/R4/resource.html#id).
    if structure.kind == Kind::Resource && path.split_once('.').is_some_and(|(_, p)| p == "id") {
        return Some("id".into());
    }
    Some(match extension(stated, FHIR_TYPE) {
        Some(fhir) => fhir.into(),
        None => system.to_ascii_lowercase().into(),
    })
}

fn slicing(slicing: &Value) -> Slicing {
    Slicing {
        discriminators: slicing
            .each("discriminator")
            .filter_map(|discriminator| {
                Some(Discriminator {
                    kind: match discriminator.text("type")? {
                        "exists" => DiscriminatorKind::Exists,
                        "pattern" => DiscriminatorKind::Pattern,
                        "type" => DiscriminatorKind::Type,
                        "profile" => DiscriminatorKind::Profile,
                        _ => DiscriminatorKind::Value,
                    },
                    path: text(discriminator, "path")?,
                })
            })
            .collect(),
        rules: match slicing.text("rules") {
            Some("closed") => SlicingRules::Closed,
            Some("openAtEnd") => SlicingRules::OpenAtEnd,
            _ => SlicingRules::Open,
        },
        ordered: truth(slicing, "ordered") == Some(true),
    }
}

fn binding(binding: &Value) -> Option<Binding> {
    Some(Binding {
        strength: match binding.text("strength")? {
            "required" => Strength::Required,
            "extensible" => Strength::Extensible,
            "preferred" => Strength::Preferred,
            _ => Strength::Example,
        },
        value_set: text(binding, "valueSet"),
        max_value_set: extension(binding, MAX_VALUE_SET).map(Box::from),
    })
}
