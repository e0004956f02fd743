//! Issues as text for a terminal.

use std::fmt::Write as _;

use crate::{Issue, Severity};

fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "note",
    }
}

/// One issue on one line: code, places, message and help. Never the offending value.
pub fn summary_line(issue: &Issue) -> String {
    let mut line = format!("{}[{}]", word(issue.severity), issue.code);
    if let Some(place) = &issue.mapping {
        let _ = write!(line, " {place}");
    }
    if let Some(place) = &issue.input {
        let _ = write!(line, " {place}");
    }
    match (&issue.resource, &issue.element) {
        (Some(resource), Some(element)) => {
            let _ = write!(line, " {resource} {element}");
        }
        (Some(only), None) | (None, Some(only)) => {
            let _ = write!(line, " {only}");
        }
        (None, None) => {}
    }
    let _ = write!(line, ": {}", issue.message);
    if let Some(help) = &issue.help {
        let _ = write!(line, " ({help})");
    }
    line
}

/// One issue with the line of the mapping that it is about, a caret under the place, and its help.
///
/// `source` is the whole text of the file that [`Issue::mapping`] names; without a mapping place
/// the issue is rendered without an excerpt.
pub fn render_with_source(issue: &Issue, source: Option<&str>) -> String {
    let mut text = format!(
        "{}[{}]: {}\n",
        word(issue.severity),
        issue.code,
        issue.message
    );
    if let Some(place) = &issue.mapping {
        let _ = writeln!(text, "  --> {place}");
        let line = usize::try_from(place.line.saturating_sub(1))
            .ok()
            .and_then(|index| source.and_then(|source| source.lines().nth(index)));
        if let Some(line) = line {
            let number = place.line.to_string();
            let gutter = " ".repeat(number.len());
            let before: String = line
                .chars()
                .take(place.column.saturating_sub(1) as usize)
                .map(|c| if c == '\t' { '\t' } else { ' ' })
                .collect();
            let room = line.chars().count().saturating_sub(before.chars().count());
            let carets = "^".repeat((place.length as usize).clamp(1, room.max(1)));
            let _ = writeln!(text, "{gutter} |");
            let _ = writeln!(text, "{number} | {line}");
            let _ = writeln!(text, "{gutter} | {before}{carets}");
        }
    }
    if let Some(place) = &issue.input {
        let _ = writeln!(text, "  in {place}");
    }
    if let Some(element) = &issue.element {
        let _ = writeln!(text, "  element {element}");
    }
    if let Some(help) = &issue.help {
        let _ = writeln!(text, "  = help: {help}");
    }
    text
}
