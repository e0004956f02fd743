//! Client level data, release 1: one flat CSV, one row an event, the person repeated on each row.

mod event;
pub mod header;
pub mod labels;
mod subject;

use std::io::Write;

use csv::{QuoteStyle, Terminator, WriterBuilder};

use crate::rng::Rng;
use crate::truth::{Outcome, Truth};
use crate::{Error, Plan};
use header::{Col, HEADER, Row};
use subject::Subject;

/// The reporting period of every file, and so its as-of date.
pub const PERIOD: [&str; 2] = ["01/07/2026", "30/09/2026"];

/// A council that does not exist.
pub const LA_CODE: &str = "999";

/// Writes the export. Memory is one person's rows, and the truth if it is asked for.
pub(crate) fn write(
    plan: &Plan,
    out: &mut dyn Write,
    mut truth: Option<&mut Truth>,
) -> Result<u64, Error> {
    let mut file = Rng::stream(plan.seed, "cld-r1 file", 0);
    let messy = plan.mess > 0.0;
    if messy && file.chance(0.5) {
        out.write_all("\u{feff}".as_bytes())?;
    }
    let terminator = if !messy || file.chance(0.7) {
        Terminator::CRLF
    } else {
        Terminator::Any(b'\n')
    };
    let mut writer = WriterBuilder::new()
        .terminator(terminator)
        .quote_style(QuoteStyle::Necessary)
        .buffer_capacity(1 << 16)
        .from_writer(out);
    if messy {
        writer.write_record(header::variant(file.below(5)))?;
    } else {
        writer.write_record(HEADER)?;
    }
    let mut records = 0;
    for index in 0..plan.people {
        if plan.rows.is_some_and(|rows| records >= rows) {
            break;
        }
        let mut rng = Rng::stream(plan.seed, "cld-r1", u64::from(index));
        let person = Subject::cared_for(plan, index, &mut rng);
        let mut made = event::rows(plan, &person, &mut rng);
        if rng.chance(0.15) {
            let carer = Subject::carer(plan, index, &person, &mut rng);
            made.extend(event::carer_rows(plan, &carer, &mut rng));
            if let Some(truth) = truth.as_deref_mut() {
                carer.tell(truth);
                carer.tell_link(&person, truth);
            }
        }
        if let Some(truth) = truth.as_deref_mut() {
            person.tell(truth);
        }
        for row in &made {
            records += 1;
            writer.write_record(row.cells.0.iter().map(|cell| cell.as_bytes()))?;
            if let Some(truth) = truth.as_deref_mut() {
                row.tell(records, truth);
            }
        }
    }
    writer.flush()?;
    Ok(records)
}

/// One row with what must become of it.
struct Event {
    cells: Row,
    key: String,
    held: bool,
    outcome: Outcome,
    why: &'static str,
    facts: Vec<(&'static str, String)>,
    reference: String,
    cost: Option<String>,
}

impl Event {
    fn tell(&self, record: u64, truth: &mut Truth) {
        use crate::truth::Taboo;
        let outcome = if self.held {
            Outcome::Refused
        } else {
            self.outcome
        };
        let why = if self.held {
            "the person cannot be made"
        } else {
            self.why
        };
        truth.verdict(None, record, &self.key, outcome, why);
        if outcome == Outcome::Refused {
            truth.forbid(&self.key, None, self.reference.clone(), Taboo::Refused);
        } else {
            for (resource, text) in &self.facts {
                truth.fact(&self.key, resource, text.clone());
            }
        }
        if let Some(cost) = &self.cost {
            truth.forbid(&self.key, None, cost.clone(), Taboo::Denied);
        }
    }
}

/// The cells every row of a file has in common.
fn blank_row() -> Row {
    let mut row = Row::default();
    row.set(Col::LaCode, LA_CODE);
    let [start, end] = PERIOD;
    row.set(Col::PeriodStart, start);
    row.set(Col::PeriodEnd, end);
    row
}
