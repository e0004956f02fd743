//! Fictional people and the exports that care systems would make of them.
//!
//! Sources differ in format and in untidiness, people do not: person 7 of a seed has the same name,
//! birth date and NHS number in the council's file, the care home's workbook and the digital social
//! care record. So what is gathered from three exports can be checked against one truth.
//!
//! The main function is [`write()`]: a format and a [`Plan`] in, an export out, with the [`Truth`]
//! beside it: which records are good, which facts must survive, what must be refused.
//!
//! Invariants:
//! - The same plan gives the same bytes, on every machine.
//! - No name or number belongs to anybody: NHS numbers come from the 999 range, which is never
//!   issued, and hold their check digit unless the sample means to break it.
//! - CSV and JSON are written as a stream: memory does not grow with the number of people unless
//!   the truth is asked for.

mod care;
pub mod carehome_xlsx;
pub mod cld_r1;
mod error;
mod mess;
pub mod mods_json;
pub mod names;
pub mod nhs_number;
pub mod person;
mod rng;
mod truth;
pub mod workbook;
pub mod workbook_text;

use std::io::Write;

pub use error::Error;
pub use rng::Rng;
pub use truth::{Fact, Forbidden, Outcome, Taboo, TruePerson, Truth, Verdict};
pub use workbook_text::workbook_from_text;

/// A format that samples can be written in, named as its mapping is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// Client level data, release 1: a flat CSV.
    CldR1,
    /// The minimum operational data standard as JSON, a document a line.
    ModsJson,
    /// A care home's workbook.
    GenericCarehomeXlsx,
}

impl Format {
    /// All of them.
    pub const ALL: [Self; 3] = [Self::CldR1, Self::ModsJson, Self::GenericCarehomeXlsx];

    /// The mapping's name.
    pub fn name(self) -> &'static str {
        match self {
            Self::CldR1 => "cld-r1",
            Self::ModsJson => "mods-json",
            Self::GenericCarehomeXlsx => "generic-carehome-xlsx",
        }
    }

    /// The file ending that the format usually has.
    pub fn extension(self) -> &'static str {
        match self {
            Self::CldR1 => "csv",
            Self::ModsJson => "ndjson",
            Self::GenericCarehomeXlsx => "xlsx",
        }
    }

    /// The format of that name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|format| format.name() == name)
    }
}

/// What to write.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Plan {
    /// How many people; at most [`person::MAX_PEOPLE`].
    pub people: u32,
    /// What makes this run differ from another.
    pub seed: u64,
    /// The chance, at each place where a source may be untidy, that it is: 0 for a clean export.
    pub mess: f64,
    /// Stop after the person who fills this many records of the main table.
    pub rows: Option<u64>,
}

impl Plan {
    /// A realistic export: about one place in eight is untidy.
    pub fn new(people: u32, seed: u64) -> Self {
        Self {
            people,
            seed,
            mess: 0.12,
            rows: None,
        }
    }

    /// An export in which nothing is wrong.
    pub fn clean(people: u32, seed: u64) -> Self {
        Self {
            mess: 0.0,
            ..Self::new(people, seed)
        }
    }
}

/// Writes an export and says how many records it has.
///
/// # Errors
/// When the plan asks for more people than there are test NHS numbers, or writing fails.
pub fn write(format: Format, plan: &Plan, out: &mut dyn Write) -> Result<u64, Error> {
    export(format, plan, out, None)
}

/// Writes an export and gives its answer sheet.
///
/// # Errors
/// As [`write()`].
pub fn write_with_truth(format: Format, plan: &Plan, out: &mut dyn Write) -> Result<Truth, Error> {
    let mut truth = Truth {
        format: format.name(),
        people: plan.people,
        seed: plan.seed,
        mess: plan.mess,
        ..Truth::default()
    };
    truth.records = export(format, plan, out, Some(&mut truth))?;
    Ok(truth)
}

fn export(
    format: Format,
    plan: &Plan,
    out: &mut dyn Write,
    truth: Option<&mut Truth>,
) -> Result<u64, Error> {
    if plan.people > person::MAX_PEOPLE {
        return Err(Error::TooManyPeople {
            asked: plan.people,
            most: person::MAX_PEOPLE,
        });
    }
    if !(0.0..=1.0).contains(&plan.mess) {
        return Err(Error::MessOutOfRange(plan.mess));
    }
    match format {
        Format::CldR1 => cld_r1::write(plan, out, truth),
        Format::ModsJson => mods_json::write(plan, out, truth),
        Format::GenericCarehomeXlsx => carehome_xlsx::write(plan, out, truth),
    }
}
