//! Reading FHIR values as words, verbatim (CS-18).

use json::Value;

use crate::time::readable;

/// Text made comparable: case, runs of white space, and the shapes of dashes and quotes do not
/// matter; digits, points and all other signs do, so that `0.5 mg` never equals `5 mg`.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for word in text.split_whitespace() {
        if !out.is_empty() {
            out.push(' ');
        }
        for c in word.chars() {
            match c {
                '\u{2010}'..='\u{2015}' | '\u{2212}' => out.push('-'),
                '\u{2018}' | '\u{2019}' => out.push('\''),
                '\u{201C}' | '\u{201D}' => out.push('"'),
                c => out.extend(c.to_lowercase()),
            }
        }
    }
    while out.ends_with(['.', ';', ',']) {
        out.pop();
    }
    out
}

/// The CodeableConcepts under a member, whether it repeats or not.
pub(crate) fn concepts_of<'a>(
    resource: &'a Value,
    name: &str,
) -> impl Iterator<Item = &'a Value> + use<'a> {
    let found: Vec<&Value> = resource
        .each(name)
        .filter(|value| value.as_object().is_some())
        .collect();
    found.into_iter()
}

/// The codings of a CodeableConcept.
pub(crate) fn codings(concept: &Value) -> impl Iterator<Item = &Value> {
    concept.each("coding")
}

/// Whether any coding under a member has this code, whatever its system.
pub(crate) fn has_code(resource: &Value, name: &str, code: &str) -> bool {
    concepts_of(resource, name)
        .flat_map(codings)
        .any(|coding| coding.text("code") == Some(code))
}

/// The first code of a status-like CodeableConcept.
pub(crate) fn code_of<'a>(resource: &'a Value, name: &str) -> Option<&'a str> {
    let concept = resource.get(name)?;
    codings(concept).find_map(|coding| coding.text("code"))
}

/// All words and codes under some members, folded, for looking for a word in them.
pub(crate) fn words_of(resource: &Value, names: &[&str]) -> String {
    let mut words = String::new();
    for name in names {
        for value in resource.each(name) {
            if let Some(text) = value.as_str() {
                words.push_str(&fold(text));
                words.push('\n');
            }
            for text in codings(value)
                .flat_map(|coding| [coding.text("display"), coding.text("code")])
                .chain([value.text("text")])
                .flatten()
            {
                words.push_str(&fold(text));
                words.push('\n');
            }
        }
    }
    words
}

/// A CodeableConcept in words: the source's own text first, and what it was coded as where that
/// reads differently.
pub(crate) fn concept(value: &Value) -> Option<String> {
    let text = value.text("text").filter(|t| !t.trim().is_empty());
    let coded = codings(value).find_map(|coding| coding.text("display"));
    match (text, coded) {
        (Some(text), Some(coded)) if fold(text) != fold(coded) => {
            Some(format!("{text} (coded as {coded})"))
        }
        (Some(text), _) => Some(text.to_owned()),
        (None, Some(coded)) => Some(coded.to_owned()),
        (None, None) => codings(value)
            .find_map(|coding| {
                coding
                    .text("code")
                    .map(|code| (coding.text("system"), code))
            })
            .map(|(system, code)| match system {
                Some(system) => format!("{code} ({system})"),
                None => code.to_owned(),
            }),
    }
}

/// The concepts under a member in words, separated by semicolons.
pub(crate) fn concepts(resource: &Value, name: &str) -> Option<String> {
    joined(
        resource
            .each(name)
            .filter_map(|value| match value.as_str() {
                Some(code) => Some(code.to_owned()),
                None => concept(value),
            }),
    )
}

/// Words joined by semicolons, or nothing.
pub(crate) fn joined(words: impl IntoIterator<Item = String>) -> Option<String> {
    let mut words: Vec<String> = words.into_iter().collect();
    words.dedup();
    (!words.is_empty()).then(|| words.join("; "))
}

/// A Quantity as written.
pub(crate) fn quantity(value: &Value) -> Option<String> {
    let number = value.get("value")?.as_number()?.as_str();
    let comparator = value.text("comparator").unwrap_or_default();
    let unit = value.text("unit").or_else(|| value.text("code"));
    Some(match unit {
        Some("%") => format!("{comparator}{number}%"),
        Some(unit) => format!("{comparator}{number} {unit}"),
        None => format!("{comparator}{number}"),
    })
}

/// A Period: `from … to …`.
pub(crate) fn period(value: &Value) -> Option<String> {
    match (value.text("start"), value.text("end")) {
        (Some(start), Some(end)) => Some(format!("{} to {}", readable(start), readable(end))),
        (Some(start), None) => Some(format!("from {}", readable(start))),
        (None, Some(end)) => Some(format!("until {}", readable(end))),
        (None, None) => None,
    }
}

/// Members that may hold one choice type, for example `value[x]`: its words.
pub(crate) fn choice(resource: &Value, name: &str) -> Option<String> {
    let object = resource.as_object()?;
    let (type_name, value) = object.iter().find_map(|(member, value)| {
        let rest = member.strip_prefix(name)?;
        rest.starts_with(|c: char| c.is_ascii_uppercase())
            .then_some((rest, value))
    })?;
    match type_name {
        "CodeableConcept" => concept(value),
        "Coding" => value
            .text("display")
            .or_else(|| value.text("code"))
            .map(str::to_owned),
        "Quantity" | "Age" | "Duration" | "Count" | "Distance" | "SimpleQuantity" => {
            quantity(value)
        }
        "Period" => period(value),
        "DateTime" | "Date" | "Instant" => value.as_str().map(readable),
        "Range" => Some(format!(
            "{} to {}",
            value.get("low").and_then(quantity).unwrap_or_default(),
            value.get("high").and_then(quantity).unwrap_or_default()
        )),
        "Ratio" => Some(format!(
            "{} / {}",
            value.get("numerator").and_then(quantity)?,
            value.get("denominator").and_then(quantity)?
        )),
        "Reference" => value.text("display").map(str::to_owned),
        "Attachment" => value
            .text("title")
            .or_else(|| value.text("url"))
            .map(str::to_owned),
        "Timing" => value
            .get("code")
            .and_then(concept)
            .or_else(|| joined(value.each("event").filter_map(Value::as_str).map(readable))),
        _ => match value {
            Value::String(text) => Some(text.to_string()),
            Value::Bool(true) => Some("yes".to_owned()),
            Value::Bool(false) => Some("no".to_owned()),
            Value::Number(number) => Some(number.as_str().to_owned()),
            _ => None,
        },
    }
}

/// The texts of Annotations under a member, verbatim.
pub(crate) fn notes(resource: &Value) -> Option<String> {
    joined(resource.each("note").filter_map(|note| {
        let text = note.text("text")?;
        Some(match note.text("authorString") {
            Some(author) => format!("{text} ({author})"),
            None => text.to_owned(),
        })
    }))
}

/// A HumanName in reading order.
pub(crate) fn human_name(name: &Value) -> Option<String> {
    if let Some(text) = name.text("text") {
        return Some(text.to_owned());
    }
    let parts: Vec<&str> = ["prefix", "given", "family", "suffix"]
        .iter()
        .flat_map(|part| name.each(part))
        .filter_map(Value::as_str)
        .collect();
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// A ContactPoint: `phone 020 … (home)`.
pub(crate) fn contact_point(point: &Value) -> Option<String> {
    let value = point.text("value")?;
    Some(match (point.text("system"), point.text("use")) {
        (Some(system), Some(kind)) => format!("{system} {value} ({kind})"),
        (Some(system), None) => format!("{system} {value}"),
        (None, _) => value.to_owned(),
    })
}

/// An Address on one line.
pub(crate) fn address(address: &Value) -> Option<String> {
    if let Some(text) = address.text("text") {
        return Some(text.to_owned());
    }
    let parts: Vec<&str> = ["line", "city", "district", "postalCode", "country"]
        .iter()
        .flat_map(|part| address.each(part))
        .filter_map(Value::as_str)
        .collect();
    (!parts.is_empty()).then(|| parts.join(", "))
}
