//! Every cell of an export is in a resource, in a named drop, in an issue, or in the loss report.

mod read;

use std::collections::{BTreeMap, BTreeSet};

use mapping::Loss;
use samples::{Format, Outcome as Fate, Taboo, Truth};

use crate::engine::{Outcome, folded, texts};
use read::Cell;

/// Columns whose value chooses what is made, or whether anything is, and so is in no element: each
/// with the rule that says so.
const CHOOSES: &[(&str, &str)] = &[
    ("Event Type", "chooses the resource"),
    (
        "Autism Spectrum Disorder (ASD)",
        "only a Yes says anything (CS-11)",
    ),
    ("Visual Impairment", "only a Yes says anything (CS-11)"),
    ("Hearing Impairment", "only a Yes says anything (CS-11)"),
    ("Dementia", "only a Yes says anything (CS-11)"),
    (
        "Gender",
        "becomes the administrative gender, which the facts check",
    ),
    ("Sex", "becomes the administrative gender"),
    ("Reporting Period End Date", "the as-of date"),
    ("ID", "a row number: joins only (CS-1)"),
    ("Resident ID", "a row number: joins only (CS-1)"),
    ("DNACPR", "only a Y says anything (CS-13)"),
    ("DoLS", "only a Y says anything"),
    ("PRN", "becomes asNeeded"),
    ("Next of kin", "only a Y says anything (CS-14)"),
    ("LPA H&W", "only a Y says anything (CS-14)"),
    ("LPA P&F", "only a Y says anything (CS-14)"),
    ("Setting", "names the setting beside it"),
    ("Value", "a setting: names the home, the date and the list"),
    ("versionNumber", "the highest version speaks"),
    ("exportedAt", "the as-of date"),
    (
        "subjectOfCare.demographics.interpreterRequired",
        "becomes a boolean",
    ),
    ("alerts.status", "becomes the status"),
    ("tasks.status", "becomes the status"),
    ("tasks.priority", "becomes the priority"),
    ("tasks.intent", "becomes the intent"),
    (
        "proxy.authority",
        "becomes the words of the authority (CS-14)",
    ),
    (
        "proxy.registrationSeen",
        "becomes the words of the authority (CS-14)",
    ),
];

/// Fails for the first cell that is nowhere.
pub fn account(format: Format, bytes: &[u8], truth: &Truth, outcome: &Outcome, told: &str) {
    let cells = read::cells(format, bytes);
    assert!(cells.len() as u64 > truth.records, "{told}");
    let loss = &outcome.report.as_ref().unwrap().loss;
    let dropped = named_drops(loss);
    let overtaken = overtaken(format, truth, loss, told);
    let held = outcome.held_rows();
    let named = outcome.named_cells();
    let values = outcome.named_values();
    let said: Vec<String> = outcome
        .made
        .iter()
        .flat_map(|made| texts(&made.resource))
        .collect();
    let exact: BTreeSet<&str> = said.iter().map(String::as_str).collect();
    let whole = said.join("\u{1}");
    let superseded: BTreeSet<&str> = truth
        .forbidden
        .iter()
        .filter(|taboo| taboo.why == Taboo::Superseded)
        .map(|taboo| taboo.text.as_str())
        .collect();
    // The same value is looked for once.
    let mut found: BTreeMap<&str, bool> = BTreeMap::new();
    let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
    let mut left: BTreeMap<(Option<String>, &str), Vec<&Cell>> = BTreeMap::new();
    for cell in &cells {
        let name = cell.name(format);
        if let Some((name, _)) = dropped.get_key_value(name) {
            *counts.entry(name.as_str()).or_default() += 1;
            continue;
        }
        if CHOOSES.iter().any(|(column, _)| *column == cell.column) || overtaken.contains(&cell.row)
        {
            continue;
        }
        let mut shown = || {
            *found.entry(cell.value.as_str()).or_insert_with(|| {
                let forms = cell.forms();
                forms.iter().any(|form| exact.contains(form.as_str()))
                    || forms.iter().any(|form| whole.contains(form.as_str()))
            })
        };
        // A record that is held back is in the sender's report as it was read; an issue speaks for
        // the one cell that it names, and for the same value where a person's rows repeat it.
        let place = (cell.sheet.clone(), cell.row);
        let accounted = held.contains(&place)
            || named.contains(&(place, folded(name)))
            || values.contains(&(folded(name), cell.value.trim()))
            || superseded.contains(cell.value.as_str())
            || shown();
        if !accounted {
            left.entry((cell.table(), name)).or_default().push(cell);
        }
    }
    // What is left must be counted, column by column, by the loss report.
    for ((table, name), cells) in left {
        let counted: u64 = loss
            .unused
            .iter()
            .filter(|column| column.column == name)
            .filter(|column| table.as_ref().is_none_or(|table| *table == column.table))
            .map(|column| column.cells)
            .sum();
        assert!(
            cells.len() as u64 <= counted,
            "{told}: {} cells of {name} are nowhere, of which {counted} are counted as lost: {:?}",
            cells.len(),
            cells[0]
        );
    }
    // A named drop says how much it dropped.
    for (column, count) in counts {
        assert_eq!(
            dropped[column], count,
            "{told}: the count of the dropped column {column}"
        );
    }
    verdicts(format, bytes, truth, outcome, told);
}

fn verdicts(format: Format, bytes: &[u8], truth: &Truth, outcome: &Outcome, told: &str) {
    let places = read::Places::new(format, bytes);
    let rows = outcome.troubled_rows();
    let held = outcome.held_rows();
    for verdict in &truth.verdicts {
        let place = places.of(verdict);
        match verdict.outcome {
            // What had to be refused, or looked at, says so at its place.
            Fate::Refused | Fate::GoodWithIssue => {
                assert!(
                    rows.contains(&place),
                    "{told}: {verdict:?} has no issue at {place:?}"
                );
            }
            // What is good is held back by nobody. A document is one row with many facts.
            Fate::Good if format != Format::ModsJson => {
                assert!(
                    !held.contains(&place),
                    "{told}: {verdict:?} is held back at {place:?}"
                );
            }
            Fate::Good | Fate::Repeats | Fate::Silent => {}
        }
    }
}

/// Columns that a mapping denies or ignores by name, with how many values they had.
fn named_drops(loss: &Loss) -> BTreeMap<String, u64> {
    let mut drops = BTreeMap::new();
    for column in loss.ignored.iter().chain(&loss.denied) {
        assert!(
            column
                .reason
                .as_ref()
                .is_some_and(|reason| !reason.is_empty())
        );
        *drops.entry(column.column.clone()).or_default() += column.cells;
    }
    drops
}

/// Documents that a newer version overtook, by line: the loss report counts them.
fn overtaken(format: Format, truth: &Truth, loss: &Loss, told: &str) -> BTreeSet<u64> {
    if format != Format::ModsJson {
        return BTreeSet::new();
    }
    let older: BTreeSet<u64> = truth
        .verdicts
        .iter()
        .filter(|verdict| verdict.table.is_none() && verdict.why.starts_with("a newer version"))
        .map(|verdict| verdict.record)
        .collect();
    let counted = loss.overtaken.get("record").copied().unwrap_or(0);
    assert_eq!(counted, older.len() as u64, "{told}: overtaken documents");
    older
}
