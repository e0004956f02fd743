//! The rule for persons.

use super::{Codes, Lines, Proposal};
use crate::heading::Role;
use crate::model::Model;
use crate::plan::Kind;
use crate::vocabulary;

pub(super) fn propose(model: &Model, proposal: &mut Proposal) {
    let Some(index) = model.person else {
        proposal.notes.push(
            "no table has a name together with a birth date, an NHS number or an id, so no Patient is drafted: say which table holds persons"
                .to_owned(),
        );
        return;
    };
    let Some(table) = model
        .table(index)
        .filter(|table| !table.identity.is_empty())
    else {
        proposal.notes.push(
            "nothing names a person across files (an NHS number, a stable id, or a surname and a birth date), so no Patient is drafted"
                .to_owned(),
        );
        return;
    };
    let mut lines = Lines::new(index, table);
    let first = table.identity.first();
    if table.grouped {
        let one = first.and_then(|entry| match entry.columns.as_slice() {
            [column] => Some(*column),
            _ => None,
        });
        match one {
            Some(column) => {
                lines.cell(column);
                let name = table
                    .column(column)
                    .map(|it| it.name.clone())
                    .unwrap_or_default();
                lines.put(
                    0,
                    &format!(
                        "group: [{}]",
                        crate::quote::flow(&crate::quote::constant(&name))
                    ),
                );
            }
            None => lines.put(0, "group: identity"),
        }
    }
    if let Some(date) = table
        .find(Role::Date, Kind::is_date)
        .filter(|_| table.grouped)
    {
        let name = table.column(date).map(|it| it.name.clone());
        let cell = crate::quote::expression(&crate::quote::cell(&name.unwrap_or_default()));
        lines.put(0, &format!("# latest: {cell}"));
    }
    lines.put(0, "profile: UKCore-Patient");
    identifiers(&mut lines, proposal);
    names(&mut lines);
    if let Some(sex) = table.find(Role::Sex, |kind| matches!(kind, Kind::Code { .. })) {
        let cell = lines.cell(sex);
        lines.expression(0, "gender", &format!("{cell} | code(sex)"));
        proposal.codes.push(sexes(table.kind(sex)));
    }
    if let Some(born) = table.find(Role::BirthDate, Kind::is_date) {
        let day = lines.day(born);
        lines.expression(0, "birthDate", &day);
    }
    if let Some(died) = table.find(Role::DeathDate, Kind::is_date) {
        let day = lines.cell(died);
        lines.expression(0, "deceasedDateTime", &day);
    }
    address(&mut lines);
    telecom(&mut lines);
    if let Some(practice) = table.find(Role::Practice, Kind::is_text) {
        let cell = lines.cell(practice);
        lines.put(0, "generalPractitioner:");
        lines.expression(1, "- display", &cell);
    }
    let name = proposal.name("Patient", "");
    let mut why = vec![
        "Whom the records are about. An NHS number that nobody has traced has status 02 (CS-3).",
    ];
    if table.grouped {
        why.push("A person has several rows here. Without a latest: (a date that orders them) rows that differ are held back.");
    }
    let rule = lines.rule(name, &why, true);
    proposal.rules.push(rule);
}

fn identifiers(lines: &mut Lines<'_>, proposal: &mut Proposal) {
    let table = lines.model;
    let nhs = table.find(Role::NhsNumber, |kind| *kind == Kind::NhsNumber);
    let own: Option<usize> = table
        .identity
        .first()
        .and_then(|entry| entry.columns.first().copied())
        .filter(|index| {
            table
                .column(*index)
                .is_some_and(|column| column.role == Some(Role::PersonId))
        });
    if nhs.is_none() && own.is_none() {
        return;
    }
    lines.put(0, "identifier:");
    if let Some(nhs) = nhs {
        let cell = lines.cell(nhs);
        lines.put(1, "- slice: nhsNumber");
        lines.expression(1, "  value", &cell);
        lines.put(
            1,
            "  extension: { nhsNumberVerificationStatus: nhs-number-status|02 }",
        );
    } else {
        proposal.notes.push("no NHS number was found: records of one person from two sources cannot be shown together".to_owned());
    }
    if let Some(own) = own {
        let cell = lines.cell(own);
        lines.put(1, "- system: local(person-id)");
        lines.expression(1, "  value", &cell);
    }
}

fn names(lines: &mut Lines<'_>) {
    let table = lines.model;
    let text = |role| table.find(role, Kind::is_text);
    let (family, given, title) = (text(Role::Family), text(Role::Given), text(Role::Title));
    lines.put(0, "name:");
    if family.is_some() || given.is_some() {
        lines.put(1, "- use: official");
        for (key, column) in [("family", family), ("given", given), ("prefix", title)] {
            if let Some(column) = column {
                let cell = lines.cell(column);
                lines.expression(2, key, &cell);
            }
        }
    } else if let Some(full) = text(Role::FullName) {
        let cell = lines.cell(full);
        lines.put(1, "- use: official");
        lines.expression(2, "text", &cell);
    }
    if let Some(known) = text(Role::KnownAs) {
        let cell = lines.cell(known);
        lines.put(1, "- use: usual");
        lines.expression(2, "given", &cell);
    }
}

fn address(lines: &mut Lines<'_>) {
    let table = lines.model;
    let parts: Vec<usize> = table
        .table
        .all_of(Role::AddressLine)
        .into_iter()
        .filter(|index| table.kind(*index).is_text())
        .collect();
    let town = table.find(Role::Town, Kind::is_text);
    let postcode = table.find(Role::Postcode, Kind::is_text);
    if parts.is_empty() && town.is_none() && postcode.is_none() {
        return;
    }
    lines.put(0, "address:");
    lines.put(1, "- use: home");
    if !parts.is_empty() {
        let cells: Vec<String> = parts.into_iter().map(|part| lines.cell(part)).collect();
        lines.expression(2, "line", &format!("list({})", cells.join(", ")));
    }
    for (key, column) in [("city", town), ("postalCode", postcode)] {
        if let Some(column) = column {
            let cell = lines.cell(column);
            lines.expression(2, key, &cell);
        }
    }
}

/// Telephone numbers and addresses of mail.
pub(super) fn telecom(lines: &mut Lines<'_>) {
    let table = lines.model;
    let of = |role| -> Vec<usize> {
        table
            .table
            .all_of(role)
            .into_iter()
            .filter(|index| matches!(table.kind(*index), Kind::Phone | Kind::String))
            .collect()
    };
    let (phones, mails) = (of(Role::Phone), of(Role::Mail));
    if phones.is_empty() && mails.is_empty() {
        return;
    }
    lines.put(0, "telecom:");
    for (system, columns) in [("phone", phones), ("email", mails)] {
        for column in columns {
            let cell = lines.cell(column);
            lines.put(1, &format!("- system: {system}"));
            lines.expression(2, "value", &cell);
        }
    }
}

/// The code table of a column of sexes: the words of the built-in list that it may hold.
fn sexes(kind: &Kind) -> Codes {
    let listed = match kind {
        Kind::Code { values } => values.as_slice(),
        _ => &[],
    };
    let rows: Vec<(&'static str, &'static str)> = vocabulary::SEX
        .into_iter()
        .filter(|(label, _)| {
            listed.is_empty() && ["Male", "Female"].contains(label)
                || listed.iter().any(|value| value.eq_ignore_ascii_case(label))
        })
        .collect();
    // A label that the list lacks is known, and has no code until somebody decides.
    let labels = listed
        .iter()
        .filter(|value| {
            !rows
                .iter()
                .any(|(label, _)| value.eq_ignore_ascii_case(label))
        })
        .cloned()
        .collect();
    Codes {
        name: "sex".to_owned(),
        to: "http://hl7.org/fhir/administrative-gender",
        rows,
        labels,
        unmapped: Some("drop"),
        active: true,
    }
}
