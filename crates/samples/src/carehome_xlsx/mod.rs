//! A care home's workbook: residents on one sheet, what is known of them on the others, joined by a
//! row number that means nothing outside the file.

mod medication;
mod resident;
mod scores;

use std::io::Write;

use crate::rng::Rng;
use crate::truth::Truth;
use crate::workbook::{self, Cell, Sheet};
use crate::{Error, Plan};
use resident::Resident;

/// The date in the Settings sheet.
pub const EXPORTED: &str = "01/10/2026";

/// The header rows, sheet by sheet.
pub const HEADERS: &[(&str, &[&str])] = &[
    ("Residents", RESIDENTS),
    ("Contacts", CONTACTS),
    ("Medication", MEDICATION),
    ("MAR", MAR),
    ("Scores", SCORES),
    ("Weights", &["Resident ID", "Date", "Weight (in KG)"]),
    (
        "Bowels",
        &["Resident ID", "Date", "Bristol Stool Type", "Note"],
    ),
    ("Fluids", &["Resident ID", "Date", "Total Intake (ml)"]),
    (
        "Repositioning",
        &["Resident ID", "Date and Time", "Position"],
    ),
];

const RESIDENTS: &[&str] = &[
    "ID",
    "Title",
    "First Name",
    "Last Name",
    "Known As",
    "Sex",
    "DOB",
    "NHS Number",
    "Room",
    "Type",
    "Marital Status",
    "Religion",
    "Admission Date",
    "GP Practice",
    "DNACPR",
    "DNACPR Date",
    "DoLS",
    "DoLS Expiry",
    "Allergies",
    "Key Safe",
];
const CONTACTS: &[&str] = &[
    "Resident ID",
    "Name",
    "Relationship",
    "Phone",
    "Email",
    "Next of kin",
    "LPA H&W",
    "LPA P&F",
];
const MEDICATION: &[&str] = &[
    "Resident ID",
    "Medicine",
    "Strength",
    "Form",
    "Dose",
    "Route",
    "Times",
    "PRN",
    "Start",
    "Stop",
    "dm+d",
];
const MAR: &[&str] = &[
    "Resident ID",
    "Medicine",
    "Scheduled",
    "Given At",
    "Outcome Code",
    "Given By",
    "Witness",
    "Note",
];
const SCORES: &[&str] = &[
    "Resident ID",
    "Date",
    "Abbey Pain Scale",
    "MUST",
    "Medley",
    "ABC for Challenging Behaviour",
    "Barthel Index",
    "Cannard Assessment (FRASE scale)",
    "Clinical Frailty Scale",
    "Cornell's Scale",
    "Dewing Wandering",
    "Glasgow Coma Scale (GCS)",
    "Mental Test Score",
    "Oral Cavity Assessment",
];

/// The rows of every sheet as they grow, person by person.
pub(crate) struct Rows {
    sheets: Vec<Sheet>,
    records: u64,
}

impl Rows {
    /// Adds a row to a sheet and gives its number among the sheet's records, from 1.
    fn add(&mut self, name: &str, cells: Vec<Cell>) -> u64 {
        self.records += 1;
        match self.sheets.iter_mut().find(|sheet| sheet.name == name) {
            Some(sheet) => {
                sheet.rows.push(cells);
                sheet.rows.len() as u64
            }
            None => 0,
        }
    }
}

/// Writes the export. A workbook is kept in memory until it is whole: the format has its parts in
/// one archive with shared texts.
pub(crate) fn write(
    plan: &Plan,
    out: &mut dyn Write,
    truth: Option<&mut Truth>,
) -> Result<u64, Error> {
    let (sheets, records) = fill(plan, truth);
    out.write_all(&workbook::write(&sheets)?)?;
    Ok(records)
}

/// The sheets of an export before they become a workbook: for tests that sort, remove or renumber
/// rows.
pub fn sheets(plan: &Plan) -> Vec<Sheet> {
    fill(plan, None).0
}

fn fill(plan: &Plan, mut truth: Option<&mut Truth>) -> (Vec<Sheet>, u64) {
    let mut rows = Rows {
        sheets: HEADERS
            .iter()
            .map(|(name, _)| Sheet {
                name: (*name).to_owned(),
                ..Sheet::default()
            })
            .collect(),
        records: 0,
    };
    for index in 0..plan.people {
        let mut rng = Rng::stream(plan.seed, "carehome-xlsx", u64::from(index));
        let resident = Resident::new(plan, index, &mut rng);
        resident.write(plan, &mut rows, truth.as_deref_mut(), &mut rng);
        medication::write(plan, &resident, &mut rows, truth.as_deref_mut(), &mut rng);
        scores::write(plan, &resident, &mut rows, truth.as_deref_mut(), &mut rng);
    }
    let records = rows.records;
    let mut file = Rng::stream(plan.seed, "carehome-xlsx file", 0);
    (finish(plan, rows.sheets, &mut file), records)
}

/// Puts headers, titles, settings and the odd hidden sheet around the rows.
fn finish(plan: &Plan, sheets: Vec<Sheet>, rng: &mut Rng) -> Vec<Sheet> {
    let messy = plan.mess > 0.0;
    let mut whole = vec![settings()];
    for (mut sheet, (_, header)) in sheets.into_iter().zip(HEADERS) {
        let header = header.iter().map(|name| Cell::text(*name)).collect();
        let mut rows = Vec::with_capacity(sheet.rows.len() + 3);
        if messy && rng.chance(0.5) {
            rows.push(vec![Cell::text(format!("Pretend Lodge: {}", sheet.name))]);
            rows.push(Vec::new());
            sheet.merged.push((0, 0, 0, 3));
        }
        rows.push(header);
        rows.append(&mut sheet.rows);
        sheet.rows = rows;
        whole.push(sheet);
    }
    if messy {
        whole.push(Sheet {
            name: "Lists".to_owned(),
            hidden: true,
            rows: vec![
                vec![Cell::text("Types")],
                vec![Cell::text("Full Time Resident")],
            ],
            merged: Vec::new(),
        });
    }
    whole
}

fn settings() -> Sheet {
    let rows = [
        ("Setting", "Value"),
        ("Home name", "Pretend Lodge"),
        ("ODS code", "VZ999"),
        ("Exported on", EXPORTED),
        ("MAR code list", "Atlas"),
    ];
    Sheet {
        name: "Settings".to_owned(),
        rows: rows
            .iter()
            .map(|(setting, value)| vec![Cell::text(*setting), Cell::text(*value)])
            .collect(),
        ..Sheet::default()
    }
}
