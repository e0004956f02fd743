//! JSON that no tree has.

use super::edit::Mutant;
use super::{Base, Places, World};
use crate::{Format, Seeded};

/// Faults of the text itself: duplicates, comments, commas, ends.
pub fn json(_: &World<'_>, base: &Base, _: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let text = String::from_utf8_lossy(&base.resource.to_bytes()).into_owned();
    let Some(inner) = text
        .strip_prefix('{')
        .and_then(|rest| rest.strip_suffix('}'))
    else {
        return Vec::new();
    };
    let id = base.resource.text("id").unwrap_or("x");
    let all: Vec<(&str, String)> = vec![
        ("duplicate-member", format!("{{{inner},\"id\":\"{id}\"}}")),
        (
            "duplicate-type",
            format!("{{{inner},\"resourceType\":\"Basic\"}}"),
        ),
        ("comment", format!("{{/* x */{inner}}}")),
        ("line-comment", format!("{{// x\n{inner}}}")),
        ("trailing-comma", format!("{{{inner},}}")),
        (
            "cut",
            text.chars().take(text.chars().count() * 2 / 3).collect(),
        ),
        ("after", format!("{text} x")),
        ("two", format!("{text}{text}")),
        ("single-quotes", text.replace('"', "'")),
        (
            "bare-names",
            text.replacen("\"resourceType\"", "resourceType", 1),
        ),
        ("array", format!("[{text}]")),
        ("empty", String::new()),
        ("blank", "  \n".to_owned()),
        ("bom", format!("\u{feff}{text}")),
        ("text", "\"x\"".to_owned()),
        ("null", "null".to_owned()),
        ("control", text.replacen("\":\"", "\":\"\u{1}", 1)),
        ("tab", text.replacen("\":\"", "\":\"\t", 2)),
        ("escape", text.replacen("\":\"", "\":\"\\x", 1)),
        ("lone-surrogate", text.replacen("\":\"", "\":\"\\ud800", 2)),
        (
            "spaces",
            text.replace("\":", "\" : ").replace(",\"", " ,\n \""),
        ),
        ("leading-zero", format!("{{{inner},\"x\":01}}")),
        ("nan", format!("{{{inner},\"x\":NaN}}")),
        (
            "fhir-comments",
            format!("{{{inner},\"fhir_comments\":[\"x\"]}}"),
        ),
        ("missing-colon", text.replacen("\":", "\"", 1)),
    ];
    let mut found = Vec::new();
    for _ in 0..2 {
        if let Some((how, text)) = seeded.pick(&all) {
            found.push(Mutant::text(how, *how, Format::Json, text.clone()));
        }
    }
    found
}
