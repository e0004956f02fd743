//! FHIR values as people read them.

use json::Value;

/// What may be shown.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shown {
    /// Names, NHS numbers and the like.
    pub(crate) names: bool,
}

/// The system of the tag that names the mapping and its version.
const STAMP: &str = "urn:causeway:mapping";

/// How long a value may be in words: longer ones are cut.
const LONGEST: usize = 160;

/// Takes away the tag that names the mapping: another version is no change of what is said.
pub(crate) fn strip_stamp(resource: &mut Value) {
    let Some(meta) = resource.get_mut("meta").and_then(Value::as_object_mut) else {
        return;
    };
    let empty = match meta.get_mut("tag").and_then(Value::as_array_mut) {
        None => return,
        Some(tags) => {
            tags.retain(|tag| tag.text("system") != Some(STAMP));
            tags.is_empty()
        }
    };
    if empty {
        meta.remove("tag");
    }
}

/// A value in words.
pub(crate) fn said(value: &Value) -> String {
    let text = whole(value);
    if text.chars().count() <= LONGEST {
        return text;
    }
    let mut cut: String = text.chars().take(LONGEST).collect();
    cut.push('…');
    cut
}

fn whole(value: &Value) -> String {
    match value {
        Value::Array(items) => {
            let parts: Vec<String> = items.iter().map(whole).collect();
            parts.join("; ")
        }
        Value::Object(_) => object(value),
        other => other
            .as_str()
            .map_or_else(|| other.to_string(), str::to_owned),
    }
}

fn object(value: &Value) -> String {
    if let Some(text) = concept_text(value) {
        let codes = codes(value);
        return if codes.is_empty() {
            text
        } else {
            format!("{text} ({})", codes.join(", "))
        };
    }
    if let Some(number) = value
        .get("value")
        .filter(|number| number.as_object().is_none())
    {
        let unit = value.text("unit").or_else(|| value.text("code"));
        let comparator = value.text("comparator").unwrap_or_default();
        let number = whole(number);
        return match unit {
            Some(unit) => format!("{comparator}{number} {unit}"),
            None => format!("{comparator}{number}"),
        };
    }
    if value.get("start").is_some() || value.get("end").is_some() {
        return match (value.text("start"), value.text("end")) {
            (Some(start), Some(end)) => format!("{start} to {end}"),
            (Some(start), None) => format!("from {start}"),
            (None, Some(end)) => format!("until {end}"),
            (None, None) => String::new(),
        };
    }
    if let Some(reference) = value.text("reference").or_else(|| value.text("display")) {
        return reference.to_owned();
    }
    let Some(object) = value.as_object() else {
        return String::new();
    };
    let parts: Vec<String> = object
        .iter()
        .map(|(name, part)| match name {
            "url" => whole(part)
                .rsplit('/')
                .next()
                .unwrap_or_default()
                .to_owned(),
            "text" | "family" | "given" => whole(part),
            _ => format!("{name} {}", whole(part)),
        })
        .collect();
    parts.join(", ")
}

/// The words of a CodeableConcept or a Coding: its text, else a display, else a code.
pub(crate) fn concept_text(value: &Value) -> Option<String> {
    let is_concept = value.get("coding").is_some()
        || value.as_object().is_some_and(|object| {
            object.contains("text") && object.len() == 1
                || object.contains("code") && !object.contains("value")
        });
    if !is_concept {
        return None;
    }
    value
        .text("text")
        .or_else(|| {
            value
                .each("coding")
                .find_map(|coding| coding.text("display"))
        })
        .or_else(|| value.text("display"))
        .or_else(|| value.each("coding").find_map(|coding| coding.text("code")))
        .or_else(|| value.text("code"))
        .map(str::to_owned)
}

/// The codes of a CodeableConcept, each with the name of its system.
pub(crate) fn codes(value: &Value) -> Vec<String> {
    value
        .each("coding")
        .filter_map(|coding| {
            let code = coding.text("code")?;
            Some(match coding.text("system") {
                None => code.to_owned(),
                Some(system) => format!("{} {code}", system_name(system)),
            })
        })
        .collect()
}

fn system_name(system: &str) -> &str {
    match system {
        "http://snomed.info/sct" => "SNOMED CT",
        "http://loinc.org" => "LOINC",
        "https://dmd.nhs.uk" => "dm+d",
        "http://unitsofmeasure.org" => "UCUM",
        other => other.rsplit('/').next().unwrap_or(other),
    }
}
