//! Medicines, and the doses that were or were not given.

use super::Rows;
use super::resident::Resident;
use crate::Plan;
use crate::care;
use crate::rng::Rng;
use crate::truth::{Outcome, Taboo, Truth};
use crate::workbook::Cell;

/// Outcome codes of the Atlas list that make a record of a dose.
const RECORDED: &[&str] = &["A1", "A3", "A4", "C2", "D1", "D3", "D10", "D12"];
/// Those that are about the chart and not about a dose.
const ADMINISTRATIVE: &[&str] = &["D6", "D7", "D8"];

pub(super) fn write(
    plan: &Plan,
    resident: &Resident,
    rows: &mut Rows,
    mut truth: Option<&mut Truth>,
    rng: &mut Rng,
) {
    let held = resident.held.is_some();
    for medicine in care::medicines(plan.seed, resident.person.index) {
        let mut strengths = vec![medicine.strength];
        if rng.chance(plan.mess) {
            // Two strengths of one medicine: both are shown, neither is dropped by guess (CS-12).
            strengths.push(medicine.other_strength);
        }
        for strength in strengths {
            let record = rows.add(
                "Medication",
                vec![
                    resident.join(),
                    Cell::text(medicine.name),
                    Cell::text(strength),
                    Cell::text(medicine.form),
                    Cell::text(medicine.dose),
                    Cell::text(medicine.route),
                    Cell::text(medicine.times),
                    Cell::text(if medicine.times.is_empty() { "Y" } else { "N" }),
                    Cell::Date(2026, 3, 2),
                    Cell::Blank,
                    Cell::Blank,
                ],
            );
            if let Some(truth) = truth.as_deref_mut() {
                let outcome = if held {
                    Outcome::Refused
                } else {
                    Outcome::Good
                };
                truth.verdict(Some("Medication"), record, &resident.key, outcome, "");
                if !held {
                    let text = format!("{} {strength}", medicine.name);
                    truth.fact(&resident.key, "MedicationStatement", text);
                }
            }
        }
        for day in 1..=rng.between(0, 3) {
            dose(
                plan,
                resident,
                medicine.name,
                day,
                rows,
                truth.as_deref_mut(),
                rng,
            );
        }
    }
    if rng.chance(plan.mess * 0.2) {
        // A medicine of nobody: its resident is not in the file.
        let name = format!("Strayicillin {}", resident.id);
        let record = rows.add(
            "Medication",
            vec![
                Cell::Number(9_000_000.0 + f64::from(resident.id)),
                Cell::text(name.clone()),
            ],
        );
        if let Some(truth) = truth {
            truth.verdict(
                Some("Medication"),
                record,
                "",
                Outcome::Refused,
                "no resident has this ID",
            );
            truth.forbid("", None, name, Taboo::Refused);
        }
    }
}

fn dose(
    plan: &Plan,
    resident: &Resident,
    medicine: &str,
    day: i64,
    rows: &mut Rows,
    truth: Option<&mut Truth>,
    rng: &mut Rng,
) {
    let day_number = u8::try_from(day).unwrap_or(1);
    let given = rng.chance(0.6);
    let (code, why, outcome) = if given {
        ("", "", Outcome::Good)
    } else if rng.chance(plan.mess) {
        ("ZZ9", "the outcome code is in no list", Outcome::Refused)
    } else if rng.chance(0.15) {
        (
            rng.pick(ADMINISTRATIVE),
            "about the chart, not a dose",
            Outcome::Silent,
        )
    } else {
        (rng.pick(RECORDED), "", Outcome::Good)
    };
    let note = format!("note {}-{medicine}-{day}", resident.id);
    let scheduled = if plan.mess > 0.0 && rng.chance(0.5) {
        Cell::text(format!("{day_number:02}/09/2026 08:00"))
    } else {
        Cell::DateTime(2026, 9, day_number, 8, 0)
    };
    let record = rows.add(
        "MAR",
        vec![
            resident.join(),
            Cell::text(medicine),
            scheduled,
            if given {
                Cell::DateTime(2026, 9, day_number, 8, 10)
            } else {
                Cell::Blank
            },
            Cell::text(code),
            Cell::text("J. Mockford"),
            Cell::Blank,
            Cell::text(note.clone()),
        ],
    );
    if let Some(truth) = truth {
        let outcome = if resident.held.is_some() && outcome != Outcome::Silent {
            Outcome::Refused
        } else {
            outcome
        };
        truth.verdict(Some("MAR"), record, &resident.key, outcome, why);
        if outcome == Outcome::Good {
            truth.fact(&resident.key, "MedicationAdministration", note);
        } else {
            truth.forbid(
                &resident.key,
                Some("MedicationAdministration"),
                note,
                Taboo::Refused,
            );
        }
    }
}
