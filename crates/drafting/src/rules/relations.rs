//! Contacts of a person, and their stay.

use super::{Codes, Lines, Proposal, patient};
use crate::heading::Role;
use crate::model::{Model, TableModel};
use crate::plan::Kind;
use crate::quote;

pub(super) fn propose(
    model: &Model,
    index: usize,
    table: &TableModel,
    synthetic: bool,
    proposal: &mut Proposal,
) {
    let Some(person) = model.person_of(index) else {
        return;
    };
    if Some(index) == model.person {
        stay(index, table, &person, proposal);
    } else {
        contact(index, table, &person, synthetic, proposal);
    }
}

fn contact(
    index: usize,
    table: &TableModel,
    person: &str,
    synthetic: bool,
    proposal: &mut Proposal,
) {
    let Some(relationship) =
        table.find(Role::Relationship, |kind| matches!(kind, Kind::Code { .. }))
    else {
        return;
    };
    let full = table.find(Role::FullName, Kind::is_text);
    let family = table.find(Role::Family, Kind::is_text);
    let given = table.find(Role::Given, Kind::is_text);
    let Some(key) = full.or(family) else { return };
    let mut lines = Lines::new(index, table);
    let named = lines.cell(key);
    let related = lines.cell(relationship);
    lines.put(
        0,
        &format!(
            "key: [ {}, {} ]",
            quote::flow_expression(&named),
            quote::flow_expression(&related)
        ),
    );
    lines.put(0, "profile: UKCore-RelatedPerson");
    lines.put(0, "active: true");
    lines.person("patient", person);
    lines.put(0, "relationship:");
    lines.put(
        1,
        &format!(
            "- {}",
            quote::expression(&format!("{related} | code(relationship)"))
        ),
    );
    let flag = |kind: &Kind| matches!(kind, Kind::Flag { .. } | Kind::Boolean);
    for (role, words) in [
        (Role::NextOfKin, "Next of kin (gives no legal authority)"),
        (
            Role::LpaHealth,
            "Lasting power of attorney: health and welfare; registration not seen",
        ),
        (
            Role::LpaFinance,
            "Lasting power of attorney: property and financial affairs; registration not seen",
        ),
    ] {
        if let Some(column) = table.find(role, flag) {
            let cell = lines.cell(column);
            lines.expression(1, "- when", &cell);
            lines.put(1, &format!("  text: {}", quote::quoted(words)));
        }
    }
    lines.put(0, "name:");
    if let Some(family) = family {
        let cell = lines.cell(family);
        lines.expression(1, "- family", &cell);
        if let Some(given) = given {
            let cell = lines.cell(given);
            lines.expression(2, "given", &cell);
        }
    } else {
        lines.expression(1, "- text", &named);
    }
    patient::telecom(&mut lines);
    let name = proposal.name("RelatedPerson", "");
    proposal.rules.push(lines.rule(
        name,
        &["Next of kin is not authority; each kind of lasting power of attorney is named, and its registration is not known (CS-14)."],
        false,
    ));
    if !proposal
        .codes
        .iter()
        .any(|codes| codes.name == "relationship")
    {
        let labels = table
            .column(relationship)
            .filter(|_| synthetic)
            .map(|column| {
                column
                    .facts
                    .texts()
                    .into_iter()
                    .map(|(text, _)| text.to_owned())
                    .collect()
            });
        proposal.codes.push(Codes {
            name: "relationship".to_owned(),
            to: "http://terminology.hl7.org/CodeSystem/v3-RoleCode",
            rows: Vec::new(),
            labels: labels.unwrap_or_default(),
            unmapped: None,
            active: false,
        });
    }
}

fn stay(index: usize, table: &TableModel, person: &str, proposal: &mut Proposal) {
    let Some(admitted) = table.find(Role::Admission, Kind::is_date) else {
        return;
    };
    let mut lines = Lines::new(index, table);
    let day = lines.cell(admitted);
    lines.expression(0, "when", &format!("present({day})"));
    lines.expression(0, "key", &day);
    lines.put(0, "profile: UKCore-EpisodeOfCare");
    lines.put(0, "status: active");
    lines.person("patient", person);
    lines.put(0, "period:");
    lines.expression(1, "start", &day);
    let name = proposal.name("EpisodeOfCare", "");
    proposal.rules.push(lines.rule(
        name,
        &["CHECK: active is right only if the file lists no one who has left."],
        false,
    ));
}
