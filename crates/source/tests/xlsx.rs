//! Workbooks: sheets, headers under titles, real and text dates, numbers as a person sees them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

use rust_xlsxwriter::{ExcelDateTime, Format as CellFormat, Formula, Workbook, Worksheet};
use source::{Column, ColumnType, DatePattern, Event, Format, Schema, Table, Typed, codes};
use support::*;

fn residents(columns: Vec<(&str, ColumnType)>) -> Arc<Schema> {
    let mut table = kinds(columns);
    table.name = "Residents".to_owned();
    schema(Format::Xlsx, vec![table])
}

fn book(fill: impl FnOnce(&mut Worksheet)) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Residents").unwrap();
    fill(sheet);
    book.save_to_buffer().unwrap()
}

fn date() -> ColumnType {
    ColumnType::Date {
        formats: vec![
            DatePattern::parse("dd/MM/yyyy").unwrap(),
            DatePattern::parse("excel").unwrap(),
        ],
    }
}

/// The first record's cells as their types read them, with warnings' codes; an error as its code.
fn first(bytes: Vec<u8>, schema: &Arc<Schema>) -> Vec<String> {
    let mut opened = opened("home.xlsx", bytes, schema);
    let mut found = Vec::new();
    opened
        .read(&[0], &mut |event| {
            let Event::Row(row) = event else { panic!() };
            for column in 0..schema.tables[0].columns.len() {
                found.push(match row.get(column) {
                    Ok(None) => String::new(),
                    Ok(Some(value)) => show(&value),
                    Err(problem) => problem.code.to_owned(),
                });
            }
            std::ops::ControlFlow::Break(())
        })
        .unwrap();
    found
}

fn show(value: &Typed<'_>) -> String {
    match value {
        Typed::Text(text) | Typed::Decimal(text) => text.to_string(),
        Typed::Integer(number) => number.to_string(),
        Typed::Date(date) => date.to_string(),
        Typed::DateTime(at) => at.to_string(),
        Typed::Code { label, .. } => label.to_string(),
        Typed::List(items) => items.join("|"),
        Typed::Flag(flag) => flag.to_string(),
        Typed::NhsNumber(number) => number.clone(),
    }
}

#[test]
fn real_dates_text_dates_and_day_numbers_are_the_same_day() {
    let schema = residents(vec![
        ("A", date()),
        ("B", date()),
        ("C", date()),
        ("D", date()),
    ]);
    let bytes = book(|sheet| {
        for (column, name) in ["A", "B", "C", "D"].into_iter().enumerate() {
            sheet.write(0, column as u16, name).unwrap();
        }
        let day = CellFormat::new().set_num_format("dd/mm/yyyy");
        let at = ExcelDateTime::from_ymd(1938, 2, 11).unwrap();
        sheet.write_with_format(1, 0, at, &day).unwrap();
        sheet.write(1, 1, "11/02/1938").unwrap();
        sheet.write(1, 2, 13922).unwrap();
        sheet.write(1, 3, "'11/02/1938").unwrap();
    });
    assert_eq!(first(bytes, &schema), ["1938-02-11"; 4]);
}

#[test]
fn numbers_are_what_a_person_sees() {
    let text = || ColumnType::String;
    let decimal = || ColumnType::Decimal {
        min: None,
        max: None,
    };
    let schema = residents(vec![
        ("NHS", ColumnType::NhsNumber),
        ("Id", text()),
        ("Weight", decimal()),
        ("Sum", decimal()),
        ("Small", decimal()),
        ("Long", text()),
        (
            "Whole",
            ColumnType::Integer {
                min: None,
                max: None,
            },
        ),
        ("Note", text()),
    ]);
    let bytes = book(|sheet| {
        for (column, name) in [
            "NHS", "Id", "Weight", "Sum", "Small", "Long", "Whole", "Note",
        ]
        .into_iter()
        .enumerate()
        {
            sheet.write(0, column as u16, name).unwrap();
        }
        sheet.write(1, 0, 9990000018_f64).unwrap();
        sheet.write(1, 1, 100_027).unwrap();
        sheet.write(1, 2, 72.4).unwrap();
        sheet.write(1, 3, 0.1 + 0.2).unwrap();
        sheet.write(1, 4, -0.000_025).unwrap();
        sheet.write(1, 5, 12_345_678_901_234_567_f64).unwrap();
        sheet.write(1, 6, 12_300_000).unwrap();
        sheet.write(1, 7, " verbatim  text ").unwrap();
    });
    assert_eq!(
        first(bytes, &schema),
        [
            "9990000018",
            "100027",
            "72.4",
            "0.3",
            "-0.000025",
            codes::LOST_DIGITS,
            "12300000",
            "verbatim  text"
        ]
    );
}

#[test]
fn formulas_give_their_cached_value_and_errors_are_issues() {
    let schema = residents(vec![
        ("Full", ColumnType::String),
        ("Bad", ColumnType::String),
        (
            "Flag",
            ColumnType::Flag {
                yes: vec!["Y".into()],
                no: vec!["N".into()],
            },
        ),
        ("Time", ColumnType::String),
    ]);
    let bytes = book(|sheet| {
        for (column, name) in ["Full", "Bad", "Flag", "Time"].into_iter().enumerate() {
            sheet.write(0, column as u16, name).unwrap();
        }
        sheet
            .write(1, 0, Formula::new("A1&B1").set_result("Ada Test"))
            .unwrap();
        sheet
            .write(1, 1, Formula::new("1/0").set_result("#N/A"))
            .unwrap();
        sheet.write(1, 2, true).unwrap();
        let clock = CellFormat::new().set_num_format("hh:mm");
        sheet
            .write_with_format(1, 3, 0.354_166_666_666_666_7, &clock)
            .unwrap();
    });
    assert_eq!(
        first(bytes, &schema),
        ["Ada Test", codes::SHEET_ERROR, "true", "08:30"]
    );
}

#[test]
fn a_formula_without_its_result_is_no_blank() {
    // Programs that write workbooks and cannot calculate leave the result out: an allergy that a
    // person sees in the cell must not pass for a blank.
    let schema = residents(vec![("A", ColumnType::String), ("B", ColumnType::String)]);
    let bytes = book(|sheet| {
        for (column, name) in ["A", "B"].into_iter().enumerate() {
            sheet.write(0, column as u16, name).unwrap();
        }
        sheet
            .write(1, 0, Formula::new("5+2").set_result("7"))
            .unwrap();
        sheet
            .write(1, 1, Formula::new("T(1)").set_result("gone"))
            .unwrap();
    });
    // A formula whose result is the empty text is blank indeed.
    let bytes = edit(&bytes, "xl/worksheets/sheet1.xml", |text| {
        assert!(text.contains("<v>gone</v>"));
        text.replace("<v>gone</v>", "<v></v>")
    });
    assert_eq!(first(bytes.clone(), &schema), ["7", ""]);
    for without in ["<v></v>", "<v/>", ""] {
        let bytes = edit(&bytes, "xl/worksheets/sheet1.xml", |text| {
            assert!(text.contains("<v>7</v>"));
            text.replace("<v>7</v>", without)
        });
        assert_eq!(first(bytes, &schema), [codes::SHEET_ERROR, ""]);
    }
}

#[test]
fn the_1904_count_of_days_is_honoured() {
    // The writer knows the 1900 count only, so the flag is set in the finished workbook.
    let schema = residents(vec![("DOB", date())]);
    let bytes = book(|sheet| {
        sheet.write(0, 0, "DOB").unwrap();
        let day = CellFormat::new().set_num_format("dd/mm/yyyy");
        sheet.write_with_format(1, 0, 12460, &day).unwrap();
    });
    assert_eq!(first(bytes.clone(), &schema), ["1934-02-10"]);
    let bytes = edit(&bytes, "xl/workbook.xml", |text| {
        assert!(text.contains("<workbookPr "));
        text.replace("<workbookPr ", "<workbookPr date1904=\"1\" ")
    });
    assert_eq!(first(bytes, &schema), ["1938-02-11"]);
}

/// Rewrites one part of a workbook.
fn edit(bytes: &[u8], part: &str, change: impl Fn(String) -> String) -> Vec<u8> {
    use std::io::{Cursor, Read as _, Write as _};
    let mut archive = zip::ZipArchive::new(Cursor::new(bytes)).unwrap();
    let mut out = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let mut changed = false;
    for index in 0..archive.len() {
        let mut file = archive.by_index(index).unwrap();
        let name = file.name().unwrap().into_owned();
        let mut content = Vec::new();
        file.read_to_end(&mut content).unwrap();
        if name == part {
            content = change(String::from_utf8(content).unwrap()).into_bytes();
            changed = true;
        }
        out.start_file(name, zip::write::SimpleFileOptions::default())
            .unwrap();
        out.write_all(&content).unwrap();
    }
    assert!(changed, "{part} is in the workbook");
    out.finish().unwrap().into_inner()
}

#[test]
fn the_header_is_found_under_merged_titles_and_blank_rows_are_skipped() {
    let mut people = table("Residents", &["ID!", "Last Name!", "Room"]);
    people.header = vec!["ID".into(), "Last Name".into()];
    let schema = schema(Format::Xlsx, vec![people]);
    let bytes = book(|sheet| {
        sheet
            .merge_range(0, 0, 0, 3, "Sample House", &CellFormat::new())
            .unwrap();
        sheet.write(1, 0, "Residents on 1 July 2026").unwrap();
        for (column, name) in ["id ", "LAST_NAME", "Room", "Colour"]
            .into_iter()
            .enumerate()
        {
            sheet.write(3, column as u16, name).unwrap();
        }
        sheet.write(4, 0, 1).unwrap();
        sheet.write(4, 1, "Test").unwrap();
        sheet.write(4, 3, "red").unwrap();
        sheet.write(5, 1, "  ").unwrap();
        sheet.write(7, 0, 2).unwrap();
        sheet.write(7, 1, "Sample").unwrap();
        sheet.write(7, 6, "stray").unwrap();
        sheet
            .merge_range(9, 2, 10, 2, "12", &CellFormat::new())
            .unwrap();
    });
    let mut opened = opened("home.xlsx", bytes, &schema);
    let all = read(&mut opened);
    assert_eq!(
        all.cells(),
        [
            [Some("1"), Some("Test"), None],
            [Some("2"), Some("Sample"), None],
            [None, None, Some("12")]
        ]
    );
    assert_eq!(
        all.rows[0].place.to_string(),
        "home.xlsx, sheet Residents, row 5"
    );
    assert_eq!(all.rows[1].number, 8);
    assert_eq!(
        all.rows[0].raw,
        r#"{"id":"1","LAST_NAME":"Test","Colour":"red"}"#
    );
    let found = opened.table(0).unwrap();
    assert_eq!(found.header_row, Some(4));
    assert_eq!(found.undeclared, ["Colour"]);
    let unused: Vec<_> = opened
        .census()
        .unwrap()
        .undeclared
        .iter()
        .map(|it| {
            (
                it.sheet.as_deref().unwrap(),
                it.column.as_deref().unwrap(),
                it.filled,
            )
        })
        .collect();
    assert_eq!(
        unused,
        [("Residents", "Colour", 1), ("Residents", "column G", 1)]
    );
    let merged: Vec<_> = opened
        .issues()
        .iter()
        .filter(|i| i.code == codes::MERGED_CELLS)
        .collect();
    assert_eq!(merged.len(), 1, "the title is no concern");
    assert!(
        merged[0].message.contains("C10:C11"),
        "{}",
        merged[0].message
    );
}

#[test]
fn sheets_are_found_by_name_whatever_its_case_and_hidden_ones_are_told() {
    let mut optional = table("Weights", &["ID"]);
    optional.optional = true;
    let mut scores = table("scores", &["ID"]);
    scores.sheet = Some("Scores & Tools".into());
    let schema = schema(
        Format::Xlsx,
        vec![table("Residents", &["ID"]), scores, optional],
    );
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("scores and tools").unwrap();
    sheet.write(0, 0, "unused").unwrap();
    let sheet = book.add_worksheet().set_name("RESIDENTS ").unwrap();
    sheet.write(0, 0, "ID").unwrap();
    sheet.write(1, 0, "a").unwrap();
    let sheet = book.add_worksheet().set_name("SCORES  Tools").unwrap();
    sheet.set_hidden(true);
    sheet.write(0, 0, "ID").unwrap();
    sheet.write(1, 0, "b").unwrap();
    let mut opened = opened("home.xlsx", book.save_to_buffer().unwrap(), &schema);
    let all = read(&mut opened);
    let seen: Vec<_> = all
        .rows
        .iter()
        .map(|row| (row.table, row.cells[0].as_deref()))
        .collect();
    assert_eq!(seen, [(0, Some("a")), (1, Some("b"))]);
    let issues: Vec<_> = opened
        .issues()
        .iter()
        .map(|issue| issue.code.as_ref())
        .collect();
    assert_eq!(issues, [codes::HIDDEN_SHEET, codes::NO_SHEET]);
    assert!(opened.issues().iter().all(|issue| !issue.is_error()));
    assert!(!opened.table(2).unwrap().present);
    let unused = &opened.census().unwrap().undeclared;
    assert_eq!(unused[0].sheet.as_deref(), Some("scores and tools"));
    assert_eq!((unused[0].column.as_deref(), unused[0].filled), (None, 1));
}

#[test]
fn an_error_that_no_version_knew_costs_its_row_only() {
    let schema = schema(Format::Xlsx, vec![table("Residents", &["ID", "Note"])]);
    let bytes = book(|sheet| {
        sheet.write(0, 0, "ID").unwrap();
        sheet.write(0, 1, "Note").unwrap();
        for row in 1..5 {
            sheet.write(row, 0, row).unwrap();
            sheet.write(row, 1, row * 1000).unwrap();
        }
    });
    let bytes = edit(&bytes, "xl/worksheets/sheet1.xml", |text| {
        assert!(text.contains("<c r=\"B3\"><v>2000</v></c>"));
        text.replace(
            "<c r=\"B3\"><v>2000</v></c>",
            "<c r=\"B3\" t=\"e\"><v>#SPILL!</v></c>",
        )
    });
    let all = read(&mut opened("home.xlsx", bytes, &schema));
    // The reader does not say where the cell stood, so its neighbour below is passed over as well.
    let rows: Vec<_> = all.rows.iter().map(|row| row.number).collect();
    assert_eq!(rows, [2, 5]);
    let lost: Vec<_> = all
        .unreadable
        .iter()
        .map(|it| it.place.row.unwrap())
        .collect();
    assert_eq!(lost, [3, 4]);
    assert_eq!(all.unreadable[0].raw, r#"{"ID":"2"}"#);
    assert_eq!(all.codes(), [codes::BAD_WORKBOOK, codes::BAD_WORKBOOK]);
}

#[test]
fn a_large_cell_and_a_wide_row_cost_their_row_only() {
    let schema = schema(Format::Xlsx, vec![table("Residents", &["ID", "Note"])]);
    let bytes = book(|sheet| {
        sheet.write(0, 0, "ID").unwrap();
        sheet.write(0, 1, "Note").unwrap();
        for row in 1..4 {
            sheet.write(row, 0, row).unwrap();
        }
        sheet.write(3, 5000, "far out").unwrap();
    });
    let bytes = edit(&bytes, "xl/worksheets/sheet1.xml", |text| {
        let large = format!("<c r=\"B2\" t=\"str\"><v>{}</v></c></row>", noise(10 << 20));
        text.replacen("<v>1</v></c></row>", &format!("<v>1</v></c>{large}"), 1)
    });
    let all = read(&mut opened("home.xlsx", bytes, &schema));
    assert_eq!(
        all.rows.iter().map(|row| row.number).collect::<Vec<_>>(),
        [3]
    );
    assert_eq!(all.codes(), [codes::TOO_LARGE, codes::TOO_LARGE]);
    let place = all.unreadable[0].issues[0].input.as_ref().unwrap();
    assert_eq!(
        place.to_string(),
        "home.xlsx, sheet Residents, row 2, column Note"
    );
}

/// Text that hardly compresses, so that it is no bomb.
fn noise(length: usize) -> String {
    let mut state = 1_u32;
    (0..length)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'a' + u8::try_from((state >> 24) % 26).unwrap())
        })
        .collect()
}

#[test]
fn denied_cells_of_a_sheet_stay_in() {
    let mut people = Table {
        name: "Residents".into(),
        columns: vec![
            Column::new("ID", ColumnType::String),
            Column {
                deny: true,
                ..Column::new("Key Safe", ColumnType::String)
            },
        ],
        ..Table::default()
    };
    people.header = vec!["ID".into()];
    let schema = schema(Format::Xlsx, vec![people]);
    let bytes = book(|sheet| {
        sheet.write(0, 0, "ID").unwrap();
        sheet.write(0, 1, "KEY_SAFE").unwrap();
        sheet.write(1, 0, "a").unwrap();
        sheet.write(1, 1, 4711).unwrap();
    });
    let mut opened = opened("home.xlsx", bytes, &schema);
    let all = read(&mut opened);
    assert_eq!(all.cells(), [[Some("a"), None]]);
    assert_eq!(all.rows[0].raw, r#"{"ID":"a"}"#);
    assert_eq!(opened.census().unwrap().tables[0].filled, [1, 1]);
}
