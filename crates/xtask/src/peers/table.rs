//! The figures as a table for people and as JSON.

use std::fmt::Write as _;

use serde_json::json;

use super::input::Kind;
use super::tool::{Against, Found, Timed, Tool};

/// What was measured of one tool on one set of definitions.
pub struct Figures<'t> {
    pub tool: &'t Tool,
    pub against: Against,
    found: Found,
    /// Milliseconds from the start of the process to its end, one resource validated.
    pub start: Vec<f64>,
    patients: Vec<f64>,
    observations: Vec<f64>,
    peak_megabytes: f64,
    refused: f64,
}

impl<'t> Figures<'t> {
    pub fn new(tool: &'t Tool, against: Against, found: Found) -> Self {
        Self {
            tool,
            against,
            found,
            start: Vec::new(),
            patients: Vec::new(),
            observations: Vec::new(),
            peak_megabytes: 0.0,
            refused: 0.0,
        }
    }

    pub fn is_able(&self) -> bool {
        !matches!(self.found, Found::Unable(_))
    }

    pub fn add(&mut self, kind: Kind, timed: &Timed) {
        let rate = timed.resources / timed.cpu;
        match kind {
            Kind::Patient => self.patients.push(rate),
            Kind::Observation => self.observations.push(rate),
        }
        self.peak_megabytes = self.peak_megabytes.max(timed.peak_kilobytes / 1e3);
        self.refused += timed.invalid;
    }

    fn found(&self) -> String {
        match &self.found {
            Found::Unable(_) => String::new(),
            Found::Missed { all, rules } => format!("{}/{all}", all - rules.len()),
        }
    }
}

/// The middle one.
pub fn median(values: &[f64]) -> f64 {
    let mut values = values.to_vec();
    values.sort_by(f64::total_cmp);
    values.get(values.len() / 2).copied().unwrap_or(f64::NAN)
}

/// How many times faster the first is; of the whole table, Causeway on the same definitions.
fn times(all: &[Figures<'_>], of: &Figures<'_>, rates: fn(&Figures<'_>) -> f64) -> String {
    all.iter()
        .find(|other| other.tool.name() == "Causeway" && other.against == of.against)
        .map(|causeway| rates(causeway) / rates(of))
        .filter(|ratio| ratio.is_finite())
        .map_or_else(String::new, |ratio| match ratio {
            ratio if ratio < 9.95 => format!("{ratio:.1}"),
            ratio => format!("{ratio:.0}"),
        })
}

/// The table, with what each tool cannot do and what it missed below it.
pub fn text(all: &[Figures<'_>]) -> String {
    let mut text = String::from(
        "| validator | against | Patients per CPU s | Causeway is × | Observations per CPU s | Causeway is × | first resource, ms | peak MB | broken ones found |\n\
         |---|---|---|---|---|---|---|---|---|\n",
    );
    let mut notes = String::new();
    for figures in all {
        let (name, against) = (figures.tool.name(), figures.against.name());
        match &figures.found {
            Found::Unable(why) => {
                let _ = writeln!(text, "| {name} | {against} | – | | – | | – | – | – |");
                let _ = writeln!(notes, "{name} on {against}: {why}.");
                continue;
            }
            Found::Missed { rules, .. } if !rules.is_empty() => {
                let _ = writeln!(notes, "{name} on {against} missed: {}.", rules.join("; "));
            }
            Found::Missed { .. } => {}
        }
        if figures.refused > 0.0 {
            let _ = writeln!(
                notes,
                "{name} on {against} refused {} good resources: its figures are of no use.",
                figures.refused
            );
        }
        let _ = writeln!(
            text,
            "| {name} | {against} | {:.0} | {} | {:.0} | {} | {:.0} | {:.0} | {} |",
            median(&figures.patients),
            times(all, figures, |figures| median(&figures.patients)),
            median(&figures.observations),
            times(all, figures, |figures| median(&figures.observations)),
            median(&figures.start),
            figures.peak_megabytes,
            figures.found(),
        );
    }
    text.push('\n');
    text.push_str(&notes);
    text
}

/// The same as JSON, every round's figure kept.
pub fn json(all: &[Figures<'_>]) -> String {
    let rows: Vec<_> = all
        .iter()
        .map(|figures| {
            json!({
                "validator": figures.tool.name(),
                "against": figures.against.name(),
                "unable": match &figures.found { Found::Unable(why) => Some(why), Found::Missed { .. } => None },
                "missed": match &figures.found { Found::Missed { rules, .. } => Some(rules), Found::Unable(_) => None },
                "patients_per_cpu_second": figures.patients,
                "observations_per_cpu_second": figures.observations,
                "first_resource_ms": figures.start,
                "peak_megabytes": figures.peak_megabytes,
                "good_ones_refused": figures.refused,
            })
        })
        .collect();
    format!("{:#}\n", json!(rows))
}
