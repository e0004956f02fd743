//! A case in plain English.

use store::{Case, CaseFound};

/// A case as the person who decides reads it: lines, without any value of a record.
pub fn case_in_words(case: &Case) -> Vec<String> {
    let found = match case.found {
        CaseFound::Submission => "when a file came in",
        CaseFound::Gathering => "when a summary was asked for",
        CaseFound::Trace => "when a number was traced",
    };
    let mut lines = vec![format!(
        "Case {}: {}, first seen {} {found}.",
        case.number,
        match case.decided {
            Some(decision) => format!("settled by decision {decision}"),
            None => "open".to_owned(),
        },
        case.first_seen.strftime("%-d %B %Y"),
    )];
    for side in &case.sides {
        lines.push(format!(
            "  Patient/{} of {}, from the source {}",
            side.patient, side.tenant, side.source
        ));
    }
    if case.sides.len() < 2 {
        lines.push(
            "  and a record of another organisation that carries the same NHS number".to_owned(),
        );
    }
    for (heading, points) in [
        ("One person, because", &case.speaks_for),
        ("Two people, because", &case.speaks_against),
    ] {
        if !points.is_empty() {
            let words: Vec<&str> = points.iter().map(|point| point.words()).collect();
            lines.push(format!("  {heading} {}.", words.join(", ")));
        }
    }
    if case.decided.is_none() {
        lines.push("  Until somebody decides, neither is shown with the other.".to_owned());
    }
    lines
}
