//! What was held back, as its sender sees it.

use std::fmt::Write as _;

use json::{Object, Value};
use store::QuarantinedRow;

use super::row::count;
use super::table::Table;

/// A row of the quarantine.
pub fn held(row: &QuarantinedRow) -> Object {
    let held = &row.held;
    let mut out = Object::new()
        .with("number", count(row.number))
        .with("submission", row.submission.as_str())
        .with("source", row.source.as_str())
        .with("asOf", row.as_of.to_string())
        .with("place", held.place.as_str())
        .with("settled", row.settled);
    for (name, value) in [
        ("decided", &row.decided),
        ("rule", &held.rule),
        ("resourceType", &held.rtype),
        ("id", &held.id),
    ] {
        if let Some(value) = value {
            out.insert(name, value.as_str());
        }
    }
    out.insert("issues", issues(row));
    out.insert("record", held.raw.as_str());
    out
}

fn issues(row: &QuarantinedRow) -> Value {
    json::parse(row.held.issues.as_bytes()).unwrap_or_else(|_| Value::Array(Vec::new()))
}

/// The rows as a table, a line for each issue.
pub fn quarantine_csv(rows: &[QuarantinedRow]) -> String {
    let mut table = Table::new(&[
        "number",
        "submission",
        "source",
        "where",
        "code",
        "what is wrong",
        "value",
        "what to do",
        "settled",
        "record",
    ]);
    for row in rows {
        let number = row.number.to_string();
        let issues = issues(row);
        let none = Value::from(Object::new());
        let all: Vec<&Value> = match issues.as_array() {
            Some(all) if !all.is_empty() => all.iter().collect(),
            _ => vec![&none],
        };
        for issue in all {
            table.row([
                number.as_str(),
                &row.submission,
                &row.source,
                &row.held.place,
                issue.text("code").unwrap_or_default(),
                issue.text("message").unwrap_or_default(),
                issue.text("value").unwrap_or_default(),
                issue.text("help").unwrap_or_default(),
                match (&row.decided, row.settled) {
                    (Some(decided), _) => decided,
                    (None, true) => "settled",
                    (None, false) => "open",
                },
                &row.held.raw,
            ]);
        }
    }
    table.finish()
}

/// The rows in plain words.
pub fn quarantine_text(rows: &[QuarantinedRow]) -> String {
    if rows.is_empty() {
        return "Nothing is held back.\n".to_owned();
    }
    let mut text = String::new();
    for row in rows {
        let state = match (&row.decided, row.settled) {
            (Some(decided), _) => format!(" ({decided})"),
            (None, true) => " (settled by a later file)".to_owned(),
            (None, false) => String::new(),
        };
        let _ = writeln!(text, "{}: {}{state}", row.number, row.held.place);
        for issue in issues(row).as_array().into_iter().flatten() {
            let value = issue
                .text("value")
                .map(|value| format!(" (it says “{value}”)"));
            let _ = writeln!(
                text,
                "    [{}] {}{}",
                issue.text("code").unwrap_or_default(),
                issue.text("message").unwrap_or_default(),
                value.unwrap_or_default()
            );
            if let Some(help) = issue.text("help") {
                let _ = writeln!(text, "      mend: {help}");
            }
        }
    }
    text
}
