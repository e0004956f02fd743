//! The comparison as a person reads it.

use std::fmt::Write as _;

use crate::changes::{Effect, ResourceChange};
use crate::people::PersonChange;
use crate::totals::{Held, Totals};
use crate::words;

/// What stands above the comparison (CS-22).
pub const HEADER: &str = "\
This holds values of the export: it is for the organisation that sent it, and for nobody else.
";

/// How many labels of one change are listed.
const LISTED: usize = 8;

/// A person's changes: alike ones of several things of one kind in one line.
pub fn person_text(person: &PersonChange) -> String {
    let mut text = match (person.number, &person.place) {
        (Some(number), Some(place)) => format!("Person {number} ({place})"),
        (Some(number), None) => format!("Person {number}"),
        (None, _) => "About no single person".to_owned(),
    };
    let named: Vec<&str> = [&person.name, &person.nhs_number]
        .into_iter()
        .flatten()
        .map(String::as_str)
        .collect();
    if !named.is_empty() {
        let _ = write!(text, " {}", named.join(", NHS number "));
    }
    text.push('\n');
    let mut groups: Vec<(String, &str, Vec<&ResourceChange>)> = Vec::new();
    for change in &person.changes {
        let words = words_of(change);
        match groups
            .iter_mut()
            .find(|(known, noun, _)| *known == words && *noun == change.noun)
        {
            Some((_, _, group)) => group.push(change),
            None => groups.push((words, &change.noun, vec![change])),
        }
    }
    for (words, noun, group) in groups {
        let labels: Vec<String> = group
            .iter()
            .filter_map(|change| change.label.as_ref())
            .map(|label| format!("“{label}”"))
            .collect();
        let line = match group.as_slice() {
            [one] => match &one.label {
                Some(label) => format!("{noun} “{label}” {words}"),
                None => format!("the {noun} {words}"),
            },
            several => {
                let mut listed = labels
                    .iter()
                    .take(LISTED)
                    .cloned()
                    .collect::<Vec<_>>()
                    .join(", ");
                if labels.len() > LISTED {
                    listed.push_str(", …");
                }
                let listed = match listed.as_str() {
                    "" => String::new(),
                    listed => format!(" ({listed})"),
                };
                format!(
                    "{} {}{listed} {}",
                    several.len(),
                    words::plural(noun),
                    words::of_several(&words)
                )
            }
        };
        let _ = writeln!(text, "  - {line}");
    }
    text
}

fn words_of(change: &ResourceChange) -> String {
    let because = match &change.reason {
        Some(reason) if !reason.is_empty() => format!(" ({reason})"),
        _ => String::new(),
    };
    match change.effect {
        Effect::Removed if change.reason.is_some() => {
            format!("is no longer made: it is held back{because}")
        }
        Effect::Removed => "is no longer made".to_owned(),
        Effect::Added if change.reason.is_some() => {
            format!("is made now: it was held back{because}")
        }
        Effect::Added => "is made, and was not before".to_owned(),
        Effect::SameButId => "gets another id and says the same".to_owned(),
        Effect::HeldBack => format!("of {} is held back{because}", change.place),
        Effect::NoLongerHeldBack => {
            format!("of {} is no longer held back{because}", change.place)
        }
        Effect::Changed => {
            let mut parts: Vec<&str> = change
                .elements
                .iter()
                .map(|element| element.words.as_str())
                .collect();
            if change.id_changes() {
                parts.push("gets another id");
            }
            parts.join("; ")
        }
    }
}

fn then_now(held: Held) -> String {
    if held.then == held.now {
        format!("{}", held.now)
    } else {
        format!("{}, was {}", held.now, held.then)
    }
}

/// The totals.
pub fn totals_text(totals: &Totals) -> String {
    let mut text = String::new();
    if !totals.changes() {
        text.push_str("Nothing changes.\n");
        return text;
    }
    let _ = writeln!(
        text,
        "People: {}; something changes of {}",
        then_now(totals.people),
        totals.people_changed
    );
    for (rtype, of) in &totals.resources {
        let parts: Vec<String> = [
            (of.added, "new"),
            (of.removed, "no longer made"),
            (of.changed, "changed"),
            (of.ids_changed, "with another id"),
        ]
        .into_iter()
        .filter(|(count, _)| *count > 0)
        .map(|(count, what)| format!("{count} {what}"))
        .collect();
        if !parts.is_empty() {
            let _ = writeln!(
                text,
                "  {rtype}: {} made; {}",
                then_now(of.made),
                parts.join(", ")
            );
        }
    }
    for (rtype, held) in &totals.held_back {
        if held.then != held.now {
            let _ = writeln!(text, "  held back, {rtype}: {}", then_now(*held));
        }
    }
    for issue in totals.issues() {
        let what = match (issue.times.then, issue.times.now) {
            (0, now) => format!("new, {now} times"),
            (then, 0) => format!("gone, was there {then} times"),
            (then, now) => format!("{now} times, was {then}"),
        };
        let _ = writeln!(text, "  [{}] {} ({what})", issue.code, issue.message);
    }
    text
}
