//! Scores, weights and charts.

use super::Rows;
use super::resident::Resident;
use crate::Plan;
use crate::rng::Rng;
use crate::truth::{Outcome, Taboo, Truth};
use crate::workbook::Cell;

pub(super) fn write(
    plan: &Plan,
    resident: &Resident,
    rows: &mut Rows,
    mut truth: Option<&mut Truth>,
    rng: &mut Rng,
) {
    let held = resident.held.is_some();
    let mut tell = |table: &'static str,
                    record: u64,
                    refused: Option<(&'static str, String)>,
                    text: String| {
        let Some(truth) = truth.as_deref_mut() else {
            return;
        };
        let outcome = if held || refused.is_some() {
            Outcome::Refused
        } else {
            Outcome::Good
        };
        let why = refused.as_ref().map_or("", |(why, _)| *why);
        truth.verdict(Some(table), record, &resident.key, outcome, why);
        if let Some((_, bad)) = refused {
            truth.forbid(&resident.key, Some("Observation"), bad, Taboo::Refused);
        } else if !held {
            truth.fact(&resident.key, "Observation", text);
        }
    };
    for month in 1..=rng.between(0, 4) {
        let day = Cell::Date(2026, u8::try_from(month).unwrap_or(1), 5);
        let tenths = rng.between(410, 989);
        let kilograms = format!("{}.{}", tenths / 10, tenths % 10);
        let kilograms = kilograms.trim_end_matches(".0").to_owned();
        let (cell, refused) = if rng.chance(plan.mess * 0.5) {
            (
                Cell::Number(654.5),
                Some(("no one weighs that", "654.5".to_owned())),
            )
        } else if rng.chance(plan.mess) {
            let halves = format!("{}/10", tenths);
            (Cell::Formula(halves, kilograms.clone()), None)
        } else {
            (Cell::Number(kilograms.parse().unwrap_or_default()), None)
        };
        let record = rows.add("Weights", vec![resident.join(), day, cell]);
        tell("Weights", record, refused, kilograms);
    }
    if rng.chance(0.6) {
        let must = rng.between(0, 4);
        let mut cells = vec![resident.join(), Cell::text("06/09/2026"), Cell::Blank];
        cells.push(Cell::Number(must as f64));
        cells.extend([Cell::Blank, Cell::Blank, Cell::Blank, Cell::Blank]);
        cells.push(Cell::Number(rng.between(1, 9) as f64));
        let record = rows.add("Scores", cells);
        tell("Scores", record, None, "MUST".to_owned());
    }
    if rng.chance(0.3) {
        let kind = rng.between(1, 7);
        let record = rows.add(
            "Bowels",
            vec![
                resident.join(),
                Cell::Date(2026, 9, 20),
                Cell::Number(kind as f64),
                Cell::Blank,
            ],
        );
        tell("Bowels", record, None, "Bristol".to_owned());
    }
    if rng.chance(0.3) {
        let intake = rng.between(400, 2200);
        let record = rows.add(
            "Fluids",
            vec![
                resident.join(),
                Cell::text("21/09/2026"),
                Cell::Number(intake as f64),
            ],
        );
        tell("Fluids", record, None, intake.to_string());
    }
    if rng.chance(0.3) {
        let position = rng.pick(&["Left side", "Right side", "Sat up in chair"]);
        let record = rows.add(
            "Repositioning",
            vec![
                resident.join(),
                Cell::DateTime(2026, 9, 21, 14, 30),
                Cell::text(position),
            ],
        );
        tell("Repositioning", record, None, position.to_owned());
    }
}
