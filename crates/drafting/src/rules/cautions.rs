//! Allergies and conditions, with the guards of CS-10; resuscitation and liberty, with CS-13's words.

use super::{Codes, Lines, Proposal};
use crate::heading::Role;
use crate::model::{Model, TableModel};
use crate::plan::Kind;

pub(super) fn propose(
    model: &Model,
    index: usize,
    table: &TableModel,
    synthetic: bool,
    proposal: &mut Proposal,
) {
    for (role, resource) in [
        (Role::Allergies, "AllergyIntolerance"),
        (Role::Conditions, "Condition"),
    ] {
        let Some(column) = table.find(role, |kind| {
            matches!(kind, Kind::String | Kind::List { .. })
        }) else {
            continue;
        };
        let Some(person) = model.person_of(index) else {
            proposal.notes.push(format!(
                "the table {} seems to hold {resource}, and nothing joins its rows to a person",
                table.table.name
            ));
            continue;
        };
        if role == Role::Allergies {
            allergies(index, table, column, &person, synthetic, proposal);
        } else {
            conditions(index, table, column, &person, proposal);
        }
    }
    let Some(person) = model.person_of(index) else {
        return;
    };
    for flag in TICKS {
        let Some(column) = table.find(flag.role, |kind| {
            matches!(kind, Kind::Flag { .. } | Kind::Boolean)
        }) else {
            continue;
        };
        let mut lines = Lines::new(index, table);
        let cell = lines.cell(column);
        lines.expression(0, "when", &cell);
        lines.expression(0, "key", &format!("\"{}\"", flag.name));
        lines.put(0, "profile: UKCore-Flag");
        lines.put(0, "status: active");
        lines.put(0, "category:");
        lines.put(1, &format!("- text: {}", flag.category));
        lines.put(0, &format!("code: {{ text: \"{}\" }}", flag.text));
        lines.person("subject", &person);
        let name = proposal.name("Flag", flag.name);
        proposal.rules.push(lines.rule(name, &[flag.why], false));
    }
}

/// A tick of which only is carried that there is something to look at.
struct Tick {
    role: Role,
    name: &'static str,
    category: &'static str,
    text: &'static str,
    why: &'static str,
}

const TICKS: [Tick; 2] = [
    Tick {
        role: Role::Dnacpr,
        name: "dnacpr",
        category: "Advance decisions about treatment",
        text: "DNACPR: the provider reports a form exists; check the original",
        why: "Only that a form is said to exist, and where to look: no code, no decision. No and blank make nothing (CS-13).",
    },
    Tick {
        role: Role::Dols,
        name: "dols",
        category: "Legal information",
        text: "DoLS: the provider reports an authorisation; check the original",
        why: "Only that an authorisation is said to exist.",
    },
];

/// The beginning of a rule for each text of a column: one for each item of a list.
fn begin(lines: &mut Lines<'_>, column: usize, variable: &str) -> String {
    let cell = lines.cell(column);
    if matches!(lines.model.kind(column), Kind::List { .. }) {
        lines.expression(0, "each", &format!("{cell} as {variable}"));
        variable.to_owned()
    } else {
        cell
    }
}

fn allergies(
    index: usize,
    table: &TableModel,
    column: usize,
    person: &str,
    synthetic: bool,
    proposal: &mut Proposal,
) {
    proposal.phrases = true;
    let reaction = table
        .find(Role::Reaction, Kind::is_text)
        .filter(|_| !matches!(table.kind(column), Kind::List { .. }));
    // With several rows a person, one row does not know what another says.
    let is_list = matches!(table.kind(column), Kind::List { .. });

    let mut lines = Lines::new(index, table);
    let what = begin(&mut lines, column, "substance");
    lines.expression(
        0,
        "when",
        &format!("present({what}) and not (is({what}, \"none known\") or negates({what}) or doubts({what}))"),
    );
    lines.expression(0, "key", &what);
    lines.put(0, "profile: UKCore-AllergyIntolerance");
    lines.put(0, "clinicalStatus: active");
    lines.put(0, "verificationStatus: unconfirmed");
    lines.expression(0, "code", &format!("{what} | code(allergies)"));
    if let Some(reaction) = reaction {
        let cell = lines.cell(reaction);
        lines.put(0, "reaction:");
        lines.put(1, "- manifestation:");
        lines.expression(3, "- text", &cell);
    }
    lines.person("patient", person);
    let name = proposal.name("AllergyIntolerance", "");
    proposal.rules.push(lines.rule(
        name,
        &["Blank says nothing (CS-9). What denies or doubts is no allergy: see the rule \"unclear\" (CS-10)."],
        false,
    ));

    let mut lines = Lines::new(index, table);
    let cell = lines.cell(column);
    let alone = if is_list {
        format!(" and count({cell}) = 1")
    } else {
        String::new()
    };
    lines.expression(0, "when", &format!("is({cell}, \"none known\"){alone}"));
    lines.expression(0, "key", "\"none known\"");
    lines.put(0, "profile: UKCore-AllergyIntolerance");
    lines.put(0, "clinicalStatus: active");
    lines.put(0, "verificationStatus: unconfirmed");
    lines.put(0, "code:");
    lines.put(
        1,
        "coding: [ { system: snomed, code: \"716186003\", display: No known allergy } ]",
    );
    lines.expression(
        1,
        "text",
        &if is_list {
            format!("first({cell})")
        } else {
            cell
        },
    );
    lines.person("patient", person);
    let name = proposal.name("AllergyIntolerance", "none-known");
    proposal.rules.push(lines.rule(
        name,
        &["Only where the source says so in these words, and says nothing else."],
        false,
    ));

    let mut lines = Lines::new(index, table);
    let cell = lines.cell(column);
    let what = begin(&mut lines, column, "words");
    let conflict = if is_list {
        format!("(is({what}, \"none known\") and count({cell}) > 1) or ")
    } else {
        String::new()
    };
    lines.expression(
        0,
        "when",
        &format!(
            "{conflict}((negates({what}) or doubts({what})) and not is({what}, \"none known\"))"
        ),
    );
    lines.put(0, "warn: The words deny, doubt or contradict an allergy. They are carried as text only; ask the provider what is meant.");
    lines.expression(0, "key", &what);
    lines.put(0, "profile: UKCore-AllergyIntolerance");
    lines.expression(0, "clinicalStatus", "absent(\"unknown\")");
    lines.put(0, "verificationStatus: unconfirmed");
    lines.put(0, "code:");
    lines.expression(1, "text", &what);
    lines.person("patient", person);
    let name = proposal.name("AllergyIntolerance", "unclear");
    proposal.rules.push(lines.rule(name, &[], false));

    if !proposal.codes.iter().any(|codes| codes.name == "allergies") {
        proposal.codes.push(Codes {
            name: "allergies".to_owned(),
            to: "snomed",
            rows: Vec::new(),
            labels: if synthetic {
                labels(table, column)
            } else {
                Vec::new()
            },
            unmapped: None,
            active: false,
        });
    }
}

fn conditions(
    index: usize,
    table: &TableModel,
    column: usize,
    person: &str,
    proposal: &mut Proposal,
) {
    for unclear in [false, true] {
        let mut lines = Lines::new(index, table);
        let what = begin(&mut lines, column, "condition");
        let says = format!("negates({what}) or doubts({what})");
        if unclear {
            lines.expression(0, "when", &says);
            lines.put(0, "warn: The words deny or doubt the condition. They are carried as text only, without a status.");
        } else {
            lines.expression(0, "when", &format!("present({what}) and not ({says})"));
        }
        lines.expression(0, "key", &what);
        lines.put(0, "profile: UKCore-Condition");
        if !unclear {
            lines.put(0, "clinicalStatus: active");
        }
        lines.put(0, "verificationStatus: unconfirmed");
        lines.put(0, "category:");
        lines.put(1, "- text: As recorded by the care provider");
        lines.put(0, "code:");
        lines.expression(1, "text", &what);
        lines.person("subject", person);
        let name = proposal.name("Condition", if unclear { "unclear" } else { "" });
        let why: &[&str] = if unclear {
            &[]
        } else {
            &[
                "What a care provider writes down is reported and unconfirmed; text is not coded by guess (CS-10, CS-11, CS-18).",
            ]
        };
        proposal.rules.push(lines.rule(name, why, false));
    }
}

/// The texts of a column, the parts of a list each by itself.
fn labels(table: &TableModel, column: usize) -> Vec<String> {
    let Some(found) = table.column(column) else {
        return Vec::new();
    };
    let mut labels: Vec<String> = Vec::new();
    for (text, _) in found.facts.texts() {
        let parts: Vec<&str> = match table.kind(column) {
            Kind::List {
                separator: Some(separator),
            } => text.split(separator).collect(),
            _ => vec![text],
        };
        for part in parts {
            let part = part.trim();
            if !part.is_empty()
                && !labels
                    .iter()
                    .any(|known| source::normalise_label(known) == source::normalise_label(part))
            {
                labels.push(part.to_owned());
            }
        }
    }
    labels
}
