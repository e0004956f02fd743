//! What an export is, whatever its seed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::io::Cursor;

use calamine::{Data, Reader, SheetVisible, Xlsx};
use samples::{Format, Outcome, Plan, Truth, nhs_number, person};

fn export(format: Format, plan: &Plan) -> (Vec<u8>, Truth) {
    let mut bytes = Vec::new();
    let truth = samples::write_with_truth(format, plan, &mut bytes).unwrap();
    (bytes, truth)
}

#[test]
fn the_same_plan_gives_the_same_bytes_and_another_seed_others() {
    for format in Format::ALL {
        let (first, truth) = export(format, &Plan::new(12, 41));
        let (again, same_truth) = export(format, &Plan::new(12, 41));
        let (other, _) = export(format, &Plan::new(12, 42));
        assert_eq!(first, again, "{}", format.name());
        assert_eq!(truth, same_truth);
        assert_ne!(first, other, "{}", format.name());
    }
}

#[test]
fn the_truth_changes_nothing_in_the_export() {
    for format in Format::ALL {
        let plan = Plan::new(9, 5);
        let mut bytes = Vec::new();
        let records = samples::write(format, &plan, &mut bytes).unwrap();
        let (with, truth) = export(format, &plan);
        assert_eq!(bytes, with);
        assert_eq!(records, truth.records);
        assert!(records > 0);
    }
}

#[test]
fn a_person_is_the_same_in_every_format_and_in_a_run_of_any_size() {
    let mut seen: BTreeMap<String, BTreeSet<(String, Option<String>)>> = BTreeMap::new();
    for (format, people) in Format::ALL.into_iter().zip([5, 50, 20]) {
        let (_, truth) = export(format, &Plan::clean(people, 77));
        for person in truth.persons {
            assert!(person.nhs_number.is_some());
            if person.key.starts_with("person-") {
                seen.entry(person.key)
                    .or_default()
                    .insert((person.family, person.nhs_number));
            }
        }
    }
    assert_eq!(seen.len(), 50);
    assert!(seen.values().all(|ways| ways.len() == 1));
}

#[test]
fn nhs_numbers_are_valid_different_and_of_the_test_range() {
    let mut seen = BTreeSet::new();
    for index in (0..nhs_number::SUPPLY).step_by(97) {
        let text = nhs_number::test_number(index);
        assert!(text.starts_with("999"), "{text}");
        let number: ::nhs_number::NHSNumber = text.parse().unwrap();
        assert!(number.validate_check_digit(), "{text}");
        let bad = nhs_number::with_bad_check_digit(&text);
        let bad: ::nhs_number::NHSNumber = bad.parse().unwrap();
        assert!(!bad.validate_check_digit(), "{text}");
        assert!(seen.insert(text));
    }
}

#[test]
fn no_two_people_share_a_number_or_a_name_with_a_birth_date() {
    let mut numbers = BTreeSet::new();
    let mut names = BTreeSet::new();
    for index in 0..20_000 {
        for person in [person::person(3, index), person::carer(3, index)] {
            assert!(numbers.insert(person.nhs_number.clone()));
            assert!(names.insert((person.family.clone(), person.birth)));
        }
    }
}

#[test]
fn a_clean_export_refuses_nothing_and_a_messy_one_does() {
    for format in Format::ALL {
        let (_, clean) = export(format, &Plan::clean(60, 9));
        // What is about a chart and not about a dose is no fact, in the tidiest of homes.
        assert!(
            clean
                .verdicts
                .iter()
                .all(|verdict| matches!(verdict.outcome, Outcome::Good | Outcome::Silent)),
            "{}",
            format.name()
        );
        assert!(clean.persons.iter().all(|person| person.held.is_none()));
        let (_, messy) = export(format, &Plan::new(200, 9));
        for outcome in [Outcome::Good, Outcome::Refused, Outcome::Repeats] {
            assert!(
                messy
                    .verdicts
                    .iter()
                    .any(|verdict| verdict.outcome == outcome),
                "{} {outcome:?}",
                format.name()
            );
        }
        assert!(messy.persons.iter().any(|person| person.held.is_some()));
        assert!(
            messy
                .persons
                .iter()
                .any(|person| person.nhs_number.is_none())
        );
    }
}

#[test]
fn client_level_data_has_fifty_columns_in_every_row() {
    for seed in 0..8 {
        let (bytes, truth) = export(Format::CldR1, &Plan::new(40, seed));
        let mut reader = csv::ReaderBuilder::new().from_reader(bytes.as_slice());
        assert_eq!(reader.headers().unwrap().len(), 50);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        assert_eq!(rows.len() as u64, truth.records);
        assert!(rows.iter().all(|row| row.len() == 50));
    }
}

#[test]
fn a_workbook_holds_what_its_truth_counts_and_the_mess_that_excel_brings() {
    let (bytes, truth) = export(Format::GenericCarehomeXlsx, &Plan::new(120, 4));
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    assert!(
        book.sheets_metadata()
            .iter()
            .any(|sheet| sheet.visible == SheetVisible::Hidden)
    );
    let residents = book.worksheet_range("Residents").unwrap();
    let header = residents
        .rows()
        .position(|row| row.first() == Some(&Data::String("ID".to_owned())))
        .unwrap();
    let rows: Vec<_> = residents.rows().skip(header + 1).collect();
    let told = truth
        .verdicts
        .iter()
        .filter(|verdict| verdict.table == Some("Residents"))
        .count();
    assert_eq!(rows.len(), told);
    let kinds = |column: usize| -> BTreeSet<&str> {
        rows.iter()
            .map(|row| match row.get(column).unwrap() {
                Data::Float(_) | Data::Int(_) => "number",
                Data::String(_) => "text",
                Data::DateTime(_) => "date",
                Data::Empty => "blank",
                other => panic!("{other:?}"),
            })
            .collect()
    };
    assert_eq!(kinds(6), BTreeSet::from(["date", "text"]));
    assert!(kinds(7).is_superset(&BTreeSet::from(["number", "text"])));
}

#[test]
fn mods_documents_are_json_one_a_line() {
    let (bytes, truth) = export(Format::ModsJson, &Plan::new(80, 6));
    let text = String::from_utf8(bytes).unwrap();
    assert_eq!(text.lines().count() as u64, truth.records);
    for line in text.lines() {
        let document = json::parse(line.as_bytes()).unwrap();
        assert!(document.text("recordUid").is_some());
    }
}

#[test]
fn more_people_than_numbers_is_said_and_not_guessed_around() {
    let plan = Plan::new(person::MAX_PEOPLE + 1, 1);
    let error = samples::write(Format::CldR1, &plan, &mut Vec::new()).unwrap_err();
    assert!(error.to_string().contains("ask for fewer"), "{error}");
}

#[test]
fn a_workbook_written_as_text_becomes_the_cells_it_says() {
    let text = "## a comment\n== sheet: Residents\nHome,,\n== merge: A1:C1\nID,DOB,NHS Number\n1,date:1938-02-14,num:9990000018\n2,\"a, \"\"b\"\"\nc\",'9990000026\n== sheet: Old (hidden)\nformula:=1+1 => 2\n";
    let bytes = samples::workbook_from_text(text).unwrap();
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let cells = book.worksheet_range("Residents").unwrap();
    assert_eq!(cells.get_value((2, 2)), Some(&Data::Float(9_990_000_018.0)));
    assert!(matches!(cells.get_value((2, 1)), Some(Data::DateTime(_))));
    assert_eq!(
        cells.get_value((3, 1)),
        Some(&Data::String("a, \"b\"\nc".to_owned()))
    );
    let wrong = samples::workbook_from_text("== sheet: A\nnum:x\n").unwrap_err();
    assert!(wrong.to_string().starts_with("line 2"), "{wrong}");
}
