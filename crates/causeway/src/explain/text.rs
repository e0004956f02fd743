//! An explanation for a person.

use std::fmt::Write as _;

use diagnostics::{Issue, MappingPlace};
use mapping::explain::{ExplainedElement, Explanation, Outcome};
use mapping::trace::{CellOrigin, Decision, Origin};

/// Writes one explanation as lines of text.
pub(super) fn explanation(explained: &Explanation, out: &mut String) {
    let name = explained.resource.as_deref();
    let rule = match (&explained.rule, &explained.mapping) {
        (Some(rule), Some(place)) => format!("rule {rule} ({place})"),
        (Some(rule), None) => format!("rule {rule}"),
        _ => String::new(),
    };
    let record = &explained.record;
    let head = match (explained.outcome, name) {
        (Outcome::Made, name) => {
            format!("{}: made by {rule} of {record}", name.unwrap_or_default())
        }
        (Outcome::Quarantined, Some(name)) => {
            format!("{name}: NOT MADE: {rule} refuses what it makes of {record}")
        }
        (Outcome::Quarantined, None) if !rule.is_empty() => {
            format!("NOT MADE: {rule} refuses {record}")
        }
        (Outcome::Quarantined, None) => format!("NOT USED: {record}"),
        (Outcome::PassedOver, _) if rule.is_empty() => format!("nothing is made of {record}"),
        (Outcome::PassedOver, _) => format!("{rule} makes nothing of {record}"),
    };
    line(out, &head);
    if let Some(reason) = explained.reason {
        line(out, &format!("  because {}", reason.words()));
    }
    for explained in &explained.issues {
        issue(&explained.issue, explained.value.as_deref(), "  ", out);
    }
    for explained in &explained.elements {
        element(explained, out);
    }
    if !explained.decisions.is_empty() {
        line(out, "  conditions on the way:");
        for asked in &explained.decisions {
            decision(asked, out);
        }
    }
    line(out, "");
}

fn line(out: &mut String, text: &str) {
    out.push_str(text);
    out.push('\n');
}

fn element(explained: &ExplainedElement, out: &mut String) {
    line(out, &format!("  {}: {}", explained.path, explained.value));
    let mut place = String::new();
    if let Some(mapping) = &explained.mapping {
        let _ = write!(place, "{mapping}");
    }
    place.push_str(&used(&explained.uses));
    for (index, from) in explained.from.iter().enumerate() {
        let place = if index == 0 { place.as_str() } else { "" };
        let words = origin(from);
        if place.is_empty() {
            line(out, &format!("      {words}"));
        } else {
            line(out, &format!("      {place}: {words}"));
        }
    }
}

fn used(uses: &[MappingPlace]) -> String {
    uses.iter()
        .enumerate()
        .map(|(index, place)| {
            if index == 0 {
                format!(", used at {place}")
            } else {
                format!(", by way of {place}")
            }
        })
        .collect()
}

fn origin(origin: &Origin) -> String {
    match origin {
        Origin::Constant => "the mapping says so".to_owned(),
        Origin::Profile => "the profile fixes it".to_owned(),
        Origin::Engine => "made by Causeway".to_owned(),
        Origin::Cell(cell) => format!("from {}", cell_words(cell)),
        Origin::FilledFrom(cell) => {
            format!(
                "from another record of the group, where this one is blank: {}",
                cell_words(cell)
            )
        }
        Origin::LookedUp(cell) => format!("looked up in {}: {}", cell.table, cell_words(cell)),
        Origin::CodeRow {
            table,
            place,
            label,
        } => format!("code table {table}, row at {place}, for the label {label}"),
        Origin::NoCodeRow { table, label } => {
            format!("code table {table} has no row for the label {label}")
        }
        Origin::Reference { rule } => format!("the resource that rule {rule} makes"),
    }
}

fn cell_words(cell: &CellOrigin) -> String {
    let place = if cell.place.pointer.is_some() {
        cell.place.to_string()
    } else {
        // The place names the column by its header in the file; the mapping may call it otherwise.
        match &cell.place.column {
            Some(_) => cell.place.to_string(),
            None => format!("{}, column {}", cell.place, cell.column),
        }
    };
    match &cell.value {
        Some(value) => format!("{place}: {value}"),
        None => format!("{place} (blank)"),
    }
}

fn decision(asked: &Decision, out: &mut String) {
    let mut text = format!("    {}", asked.asked.word());
    if let Some(element) = &asked.element {
        let _ = write!(text, " of {element}");
    }
    if let Some(place) = &asked.mapping {
        let _ = write!(text, " at {place}");
    }
    text.push_str(&used(&asked.uses));
    let _ = write!(text, ": {}", asked.answer);
    line(out, &text);
    for by in &asked.by {
        line(out, &format!("      {}", origin(by)));
    }
}

/// Writes an issue, with the value that it is about.
pub(super) fn issue(issue: &Issue, value: Option<&str>, indent: &str, out: &mut String) {
    line(out, &format!("{indent}{issue}"));
    if let Some(value) = value {
        line(out, &format!("{indent}  the value: {value}"));
    }
}
