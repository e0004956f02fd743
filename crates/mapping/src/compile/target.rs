//! Which FHIR type takes which value.

use definitions::Element;

use super::scope::{Type, Typing};
use crate::program::Target;

/// How a value of a type becomes an element of a FHIR type; nothing when it cannot.
pub(crate) fn target(of: &Type, code: &str) -> Option<Target> {
    Some(match (of, code) {
        (Type::Absent, code) => absent_target(code),
        (
            Type::Text,
            "string" | "markdown" | "uri" | "url" | "canonical" | "oid" | "uuid" | "id"
            | "base64Binary",
        ) => Target::String,
        (Type::Text, "code") => Target::String,
        (Type::Concept, "code") => Target::Code,
        (Type::Concept, "string") => Target::String,
        (Type::Concept, "CodeableConcept") => Target::CodeableConcept,
        (Type::Concept, "Coding") => Target::Coding,
        (Type::Boolean, "boolean") => Target::Boolean,
        (Type::Integer, "integer" | "positiveInt" | "unsignedInt") => Target::Integer,
        (Type::Integer | Type::Decimal, "decimal") => Target::Decimal,
        (Type::Date, "date") => Target::Date,
        (Type::Date | Type::DateTime, "dateTime") => Target::DateTime,
        (Type::DateTime, "instant") => Target::Instant,
        (Type::Time, "time") => Target::String,
        (Type::Period, "Period") => Target::Period,
        (Type::Range, "Range") => Target::Range,
        (Type::Ratio, "Ratio") => Target::Ratio,
        (Type::Quantity, "Quantity" | "Age" | "Duration" | "Distance" | "Count") => {
            Target::Quantity
        }
        (Type::Reference(_), "Reference") => Target::Reference,
        _ => return None,
    })
}

fn absent_target(code: &str) -> Target {
    match code {
        "CodeableConcept" => Target::CodeableConcept,
        "Coding" => Target::Coding,
        "Quantity" => Target::Quantity,
        "Period" => Target::Period,
        "Range" => Target::Range,
        "Ratio" => Target::Ratio,
        "Reference" => Target::Reference,
        _ => Target::String,
    }
}

/// The order in which types are tried where an element takes several.
const ORDER: [&str; 22] = [
    "string",
    "markdown",
    "code",
    "uri",
    "boolean",
    "date",
    "dateTime",
    "instant",
    "integer",
    "positiveInt",
    "unsignedInt",
    "decimal",
    "CodeableConcept",
    "Coding",
    "Quantity",
    "Age",
    "Duration",
    "time",
    "Period",
    "Range",
    "Ratio",
    "Reference",
];

/// The type of an element that takes a value.
pub(crate) fn choose<'e>(element: &'e Element, typing: &Typing) -> Option<(&'e str, Target)> {
    if &*element.path == "Reference.reference" && matches!(typing.of, Type::Reference(_)) {
        return Some(("string", Target::ReferenceText));
    }
    let mut fitting: Vec<(&str, Target)> = element
        .types
        .iter()
        .filter_map(|ty| Some((&*ty.code, target(&typing.of, &ty.code)?)))
        .collect();
    if typing.of == Type::Concept
        && let Some(whole) = fitting.iter().find(|(code, _)| *code == "CodeableConcept")
    {
        return Some(*whole);
    }
    fitting.sort_by_key(|(code, _)| {
        ORDER
            .iter()
            .position(|known| known == code)
            .unwrap_or(ORDER.len())
    });
    fitting.into_iter().next()
}

/// Whether a FHIR type is a primitive: their names begin with a small letter.
pub(crate) fn is_primitive(code: &str) -> bool {
    code.chars().next().is_some_and(|c| c.is_ascii_lowercase())
}

/// The types of an element in words.
pub(crate) fn names(element: &Element) -> String {
    let names: Vec<&str> = element.types.iter().map(|ty| &*ty.code).collect();
    if names.len() > 8 {
        "one of many types".to_owned()
    } else {
        names.join(" or ")
    }
}

/// `value` and `Quantity` make `valueQuantity`.
pub(crate) fn choice_name(name: &str, code: &str) -> String {
    let mut out = name.to_owned();
    let mut chars = code.chars();
    out.extend(chars.next().map(|c| c.to_ascii_uppercase()));
    out.push_str(chars.as_str());
    out
}
