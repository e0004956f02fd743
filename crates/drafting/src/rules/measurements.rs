//! Vital signs with UK Core's profiles, and the scores of screening tools.

use super::{Lines, Proposal};
use crate::heading::{self, Role, Vital};
use crate::model::{Model, TableModel};
use crate::plan::Kind;
use crate::quote;

/// A vital sign: what it is called, its profile, the root of the value set that the profile's
/// SNOMED CT coding is bound to, and its unit in UCUM and in words.
struct Sign {
    vital: Vital,
    role: &'static str,
    profile: &'static str,
    snomed: &'static str,
    display: &'static str,
    units: &'static [(&'static str, &'static str)],
}

const SIGNS: [Sign; 7] = [
    Sign {
        vital: Vital::Weight,
        role: "weight",
        profile: "BodyWeight",
        snomed: "27113001",
        display: "Body weight",
        units: &[("kg", "kilogram")],
    },
    Sign {
        vital: Vital::Height,
        role: "height",
        profile: "BodyHeight",
        snomed: "50373000",
        display: "Body height measure",
        units: &[("cm", "centimeter")],
    },
    Sign {
        vital: Vital::Bmi,
        role: "bmi",
        profile: "BMI",
        snomed: "60621009",
        display: "Body mass index",
        units: &[("kg/m2", "kilogram per square meter")],
    },
    Sign {
        vital: Vital::Temperature,
        role: "temperature",
        profile: "BodyTemperature",
        snomed: "386725007",
        display: "Body temperature",
        units: &[("Cel", "degree Celsius")],
    },
    Sign {
        vital: Vital::Pulse,
        role: "pulse",
        profile: "HeartRate",
        snomed: "364075005",
        display: "Heart rate",
        units: &[("/min", "per minute")],
    },
    Sign {
        vital: Vital::Breathing,
        role: "respiration",
        profile: "RespirationRate",
        snomed: "86290005",
        display: "Respiratory rate",
        units: &[("/min", "per minute")],
    },
    Sign {
        vital: Vital::Oxygen,
        role: "oxygen",
        profile: "OxygenSaturation",
        snomed: "103228002",
        display: "Hemoglobin saturation with oxygen",
        units: &[("%", "percent")],
    },
];

pub(super) fn propose(model: &Model, index: usize, table: &TableModel, proposal: &mut Proposal) {
    let measured = table
        .table
        .columns
        .iter()
        .any(|column| matches!(column.role, Some(Role::Vital(_) | Role::Score)));
    if !measured {
        return;
    }
    let Some(person) = model.person_of(index) else {
        proposal.notes.push(format!(
            "the table {} seems to hold measurements, and nothing joins its rows to a person",
            table.table.name
        ));
        return;
    };
    let Some(date) = table.find(Role::Date, Kind::is_date) else {
        proposal.notes.push(format!(
            "the table {} seems to hold measurements, and no column says when they were taken, so none is drafted",
            table.table.name
        ));
        return;
    };
    for sign in &SIGNS {
        vital(index, table, sign, date, &person, proposal);
    }
    for vital in [Vital::Systolic, Vital::Diastolic] {
        if table.table.of(Role::Vital(vital)).is_some() {
            proposal.notes.push(
                "blood pressure is one Observation with two components (UKCore-Observation-VitalSigns-BloodPressure); write that rule by hand"
                    .to_owned(),
            );
            break;
        }
    }
    scores(index, table, date, &person, proposal);
}

fn vital(
    index: usize,
    table: &TableModel,
    sign: &Sign,
    date: usize,
    person: &str,
    proposal: &mut Proposal,
) {
    let Some(column) = table.find(Role::Vital(sign.vital), Kind::is_number) else {
        return;
    };
    let header = table
        .column(column)
        .map(|column| column.alias.as_deref().unwrap_or(&column.name).to_owned())
        .unwrap_or_default();
    let unit =
        heading::unit(&header).and_then(|unit| sign.units.iter().find(|(ucum, _)| *ucum == unit));
    let Some((ucum, words)) = unit else {
        proposal.notes.push(format!(
            "\"{}\" is drafted as no Observation: its header states no unit that the profile takes, and none is assumed (CS-16)",
            quote::shown(&header)
        ));
        return;
    };
    let mut lines = Lines::new(index, table);
    let value = lines.cell(column);
    let day = lines.cell(date);
    lines.expression(0, "when", &format!("present({value})"));
    lines.put(
        0,
        &format!(
            "key: [ {}, {} ]",
            quote::flow_expression(&day),
            quote::flow_expression(&value)
        ),
    );
    lines.put(
        0,
        &format!("profile: UKCore-Observation-VitalSigns-{}", sign.profile),
    );
    lines.put(0, "status: final");
    lines.put(0, "code:");
    lines.put(1, "coding:");
    lines.put(
        2,
        &format!(
            "- {{ slice: snomedCT, code: \"{}\", display: {} }}",
            sign.snomed, sign.display
        ),
    );
    lines.put(
        1,
        &format!(
            "text: {}",
            quote::scalar(&quote::constant(&quote::shown(&header)))
        ),
    );
    lines.person("subject", person);
    lines.expression(
        0,
        "effectiveDateTime",
        &format!("{day} | onMissing(quarantine)"),
    );
    lines.expression(
        0,
        "valueQuantity",
        &format!("quantity({value}, \"{ucum}\", \"{words}\")"),
    );
    let name = proposal.name("Observation", sign.role);
    proposal.rules.push(lines.rule(
        name,
        &["The LOINC coding and the category come from the profile. The header states the unit (CS-16)."],
        false,
    ));
}

fn scores(index: usize, table: &TableModel, date: usize, person: &str, proposal: &mut Proposal) {
    let columns: Vec<usize> = table
        .table
        .all_of(Role::Score)
        .into_iter()
        .filter(|column| matches!(table.kind(*column), Kind::Integer { .. }))
        .collect();
    if columns.is_empty() {
        return;
    }
    let mut lines = Lines::new(index, table);
    let names: Vec<String> = columns
        .iter()
        .filter_map(|column| {
            lines.cell(*column);
            let name = &table.column(*column)?.name;
            Some(quote::flow(&quote::constant(name)))
        })
        .collect();
    let day = lines.cell(date);
    lines.put(0, "each:");
    lines.put(1, &format!("columns: [{}]", names.join(", ")));
    lines.put(1, "as: score");
    lines.put(
        0,
        &format!(
            "key: [ =score.column, {}, =score ]",
            quote::flow_expression(&day)
        ),
    );
    lines.put(0, "profile: UKCore-Observation");
    lines.put(0, "status: final");
    lines.put(
        0,
        "category: http://terminology.hl7.org/CodeSystem/observation-category|survey|Survey",
    );
    lines.put(0, "code:");
    lines.expression(1, "text", "score.column");
    lines.person("subject", person);
    lines.expression(
        0,
        "effectiveDateTime",
        &format!("{day} | onMissing(quarantine)"),
    );
    lines.expression(0, "valueInteger", "score");
    let name = proposal.name("Observation", "score");
    proposal.rules.push(lines.rule(
        name,
        &["One for each score that is filled in. Add further tools to the list once you have given their columns a range."],
        false,
    ));
}
