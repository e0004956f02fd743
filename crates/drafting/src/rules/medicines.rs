//! Medicines as the provider recorded them.

use super::{Lines, Proposal};
use crate::heading::Role;
use crate::model::{Model, TableModel};
use crate::plan::Kind;
use crate::quote;

pub(super) fn propose(model: &Model, index: usize, table: &TableModel, proposal: &mut Proposal) {
    let Some(medicine) = table.find(Role::Medicine, |kind| *kind == Kind::String) else {
        return;
    };
    if table.table.of(Role::Outcome).is_some() || table.table.of(Role::Given_).is_some() {
        proposal.notes.push(format!(
            "the table {} seems to record doses that were given; the meaning of its outcome codes must be known first, so no MedicationAdministration is drafted (CS-12)",
            table.table.name
        ));
        return;
    }
    let Some(person) = model.person_of(index) else {
        return;
    };
    let text = |role| table.find(role, |kind| *kind == Kind::String);
    let mut lines = Lines::new(index, table);
    let parts: Vec<String> = [Some(medicine), text(Role::Strength), text(Role::Form)]
        .into_iter()
        .flatten()
        .map(|column| lines.cell(column))
        .collect();
    let directions: Vec<String> = [text(Role::Dose), text(Role::Route), text(Role::Times)]
        .into_iter()
        .flatten()
        .map(|column| lines.cell(column))
        .collect();
    let start = table
        .find(Role::Start, Kind::is_date)
        .map(|column| lines.cell(column));
    let stop = table
        .find(Role::Stop, Kind::is_date)
        .map(|column| lines.cell(column));
    let mut key: Vec<String> = parts
        .iter()
        .chain(&directions)
        .map(|cell| quote::flow_expression(cell))
        .collect();
    key.extend(start.iter().map(|cell| quote::flow_expression(cell)));
    lines.put(0, &format!("key: [ {} ]", key.join(", ")));
    lines.put(0, "profile: UKCore-MedicationStatement");
    match &stop {
        Some(stop) => lines.expression(
            0,
            "status",
            &format!("if(present({stop}), \"unknown\", \"active\")"),
        ),
        None => lines.put(0, "status: unknown"),
    }
    lines.put(0, "medicationCodeableConcept:");
    lines.expression(
        1,
        "text",
        &if parts.len() > 1 {
            format!("join(\" \", {}) | onMissing(quarantine)", parts.join(", "))
        } else {
            format!("{} | onMissing(quarantine)", parts.concat())
        },
    );
    lines.person("subject", &person);
    lines.put(0, "effectivePeriod:");
    match &start {
        Some(start) => lines.expression(
            1,
            "start",
            &format!("{start} | onMissing(absent(\"unknown\"))"),
        ),
        None => lines.expression(1, "start", "absent(\"unknown\")"),
    }
    if let Some(stop) = &stop {
        lines.expression(1, "end", stop);
    }
    if !directions.is_empty() {
        lines.put(0, "dosage:");
        lines.expression(
            1,
            "- text",
            &format!("join(\", \", {})", directions.join(", ")),
        );
    }
    lines.put(0, "note:");
    lines.put(
        1,
        "- text: As recorded by the provider; not the prescription.",
    );
    let name = proposal.name("MedicationStatement", "");
    proposal.rules.push(lines.rule(
        name,
        &[
            "What a provider writes down is not the prescription, and two rows are two statements (CS-12).",
            "CHECK: a stop in the future leaves a medicine active; compare it with the as-of date.",
        ],
        false,
    ));
}
