//! CS-1: inserting, removing and reordering rows changes nobody else's record.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod engine;

use std::collections::{BTreeMap, BTreeSet};

use engine::{Outcome, export, run};
use samples::workbook::{self, Cell, Sheet};
use samples::{Format, Plan, Rng};

fn shuffle<T>(items: &mut [T], seed: u64) {
    let mut rng = Rng::stream(seed, "shuffle", 0);
    for at in (1..items.len()).rev() {
        items.swap(at, rng.below(at as u64 + 1) as usize);
    }
}

/// What is said of each person, by the id of the Patient.
fn records(outcome: &Outcome) -> BTreeMap<String, BTreeMap<String, String>> {
    let mut people: BTreeMap<String, BTreeMap<String, String>> = BTreeMap::new();
    for made in &outcome.made {
        if let Some(person) = &made.person {
            let id = format!("{}/{}", made.resource_type, made.id);
            people
                .entry(person.to_string())
                .or_default()
                .insert(id, made.resource.to_string());
        }
    }
    people
}

/// Those who are in both runs have the same record in both; and they are most of the people.
fn same_for_all_others(before: &Outcome, after: &Outcome, least: usize) {
    let (before, after) = (records(before), records(after));
    let both: Vec<_> = before
        .keys()
        .filter(|person| after.contains_key(*person))
        .collect();
    assert!(both.len() >= least, "only {} people stayed", both.len());
    for person in both {
        assert_eq!(
            before[person], after[person],
            "the record of {person} changed"
        );
    }
}

#[test]
fn cs_01_reordered_rows_of_a_csv_give_the_same_records() {
    let (bytes, _) = export(Format::CldR1, &Plan::new(60, 11));
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.byte_headers().unwrap().clone();
    let mut rows: Vec<_> = reader.byte_records().map(Result::unwrap).collect();
    let before = run(Format::CldR1, bytes.clone());
    shuffle(&mut rows, 1);
    let after = run(Format::CldR1, csv_of(&header, &rows));
    assert_eq!(before.by_id(), after.by_id());
    assert_eq!(before.quarantined.len(), after.quarantined.len());
}

#[test]
fn cs_01_removed_and_inserted_rows_of_a_csv_change_nobody_else() {
    // Without carers, whose rows other people's records rest on.
    let (bytes, _) = export(Format::CldR1, &Plan::new(60, 12));
    let mut reader = csv::Reader::from_reader(bytes.as_slice());
    let header = reader.byte_headers().unwrap().clone();
    let rows: Vec<_> = reader.byte_records().map(Result::unwrap).collect();
    let carers = |row: &csv::ByteRecord| row[4].starts_with(b"C");
    let rows: Vec<_> = rows.into_iter().filter(|row| !carers(row)).collect();
    let before = run(Format::CldR1, csv_of(&header, &rows));
    let gone: BTreeSet<Vec<u8>> = (0..60)
        .step_by(5)
        .map(|index| format!("A{}", 10_000 + index).into_bytes())
        .collect();
    let mut changed: Vec<_> = rows
        .iter()
        .filter(|row| !gone.contains(&row[4]))
        .cloned()
        .collect();
    let (others, _) = export(Format::CldR1, &Plan::clean(10, 999));
    let mut others = csv::Reader::from_reader(others.as_slice());
    for row in others.byte_records().map(Result::unwrap) {
        let mut row: Vec<Vec<u8>> = row.iter().map(<[u8]>::to_vec).collect();
        // New people of the same council.
        row[4].insert(0, b'N');
        row[36].clear();
        changed.insert(0, row.into());
    }
    let after = run(Format::CldR1, csv_of(&header, &changed));
    same_for_all_others(&before, &after, 35);
}

fn csv_of(header: &csv::ByteRecord, rows: &[csv::ByteRecord]) -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_byte_record(header).unwrap();
    for row in rows {
        writer.write_byte_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

#[test]
fn cs_01_row_numbers_of_a_workbook_may_all_change() {
    let plan = Plan::new(40, 13);
    let sheets = samples::carehome_xlsx::sheets(&plan);
    let before = run(
        Format::GenericCarehomeXlsx,
        workbook::write(&sheets).unwrap(),
    );
    for seed in 0..3 {
        let changed = renumbered(&sheets, seed, &BTreeSet::new());
        let after = run(
            Format::GenericCarehomeXlsx,
            workbook::write(&changed).unwrap(),
        );
        assert_eq!(before.by_id(), after.by_id());
    }
}

#[test]
fn cs_01_a_resident_who_leaves_takes_nobody_elses_facts_along() {
    let plan = Plan::new(40, 14);
    let sheets = samples::carehome_xlsx::sheets(&plan);
    let before = run(
        Format::GenericCarehomeXlsx,
        workbook::write(&sheets).unwrap(),
    );
    let gone = BTreeSet::from([2, 9, 10, 31]);
    let changed = renumbered(&sheets, 7, &gone);
    let after = run(
        Format::GenericCarehomeXlsx,
        workbook::write(&changed).unwrap(),
    );
    same_for_all_others(&before, &after, 25);
    assert!(records(&before).len() > records(&after).len());
}

/// The same workbook with its rows in another order, every resident under another number, and some
/// residents gone.
fn renumbered(sheets: &[Sheet], seed: u64, gone: &BTreeSet<u32>) -> Vec<Sheet> {
    let mut sheets = sheets.to_vec();
    for sheet in &mut sheets {
        let Some(header) = sheet.rows.iter().position(|row| {
            matches!(row.first(), Some(Cell::Text(text)) if text == "ID" || text == "Resident ID")
        }) else {
            continue;
        };
        let mut rows = sheet.rows.split_off(header + 1);
        rows.retain(|row| !matches!(row[0], Cell::Number(id) if gone.contains(&(id as u32))));
        for row in &mut rows {
            if let Cell::Number(id) = &mut row[0] {
                *id = (*id * 7.0 + seed as f64 * 1000.0) % 100_003.0;
            }
        }
        shuffle(&mut rows, seed);
        sheet.rows.append(&mut rows);
    }
    sheets
}

#[test]
fn cs_01_documents_may_come_in_any_order() {
    let (bytes, _) = export(Format::ModsJson, &Plan::new(60, 15));
    let text = String::from_utf8(bytes.clone()).unwrap();
    let mut lines: Vec<&str> = text.lines().collect();
    let before = run(Format::ModsJson, bytes.clone());
    shuffle(&mut lines, 4);
    let after = run(Format::ModsJson, lines.join("\n").into_bytes());
    assert_eq!(before.by_id(), after.by_id());
    lines.retain(|line| !line.contains("rec-00001"));
    let fewer = run(Format::ModsJson, lines.join("\n").into_bytes());
    same_for_all_others(&before, &fewer, 45);
}
