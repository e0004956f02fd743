//! CSV: quotes, line ends, encodings, headers, exact rows.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use source::{Column, Format, Markers, Table, codes};
use support::*;

#[test]
fn reads_quotes_line_breaks_and_every_line_end() {
    let bytes = "ID,Note\r\n1,\"Home care, 4 calls \"\"daily\"\"\"\n2,\"two\r\nlines\"\r3,last";
    let read = read(&mut opened("a.csv", bytes, &csv(&["ID", "Note"])));
    assert_eq!(
        read.cells(),
        [
            [Some("1"), Some("Home care, 4 calls \"daily\"")],
            [Some("2"), Some("two\r\nlines")],
            [Some("3"), Some("last")],
        ]
    );
    let numbers: Vec<_> = read.rows.iter().map(|row| (row.number, row.line)).collect();
    assert_eq!(numbers, [(2, Some(2)), (3, Some(3)), (4, Some(5))]);
    assert_eq!(read.rows[2].place.to_string(), "a.csv, row 4");
}

#[test]
fn counts_blank_lines_as_rows_and_reads_nothing_from_them() {
    let bytes = "\r\nID,Note\r\n\r\n1,a\r\n,\r\n  ,\r\n2,b\r\n";
    let read = read(&mut opened("a.csv", bytes, &csv(&["ID", "Note"])));
    let rows: Vec<_> = read.rows.iter().map(|row| row.number).collect();
    assert_eq!(rows, [4, 7]);
    assert!(read.unreadable.is_empty());
}

#[test]
fn formulas_and_signs_stay_data() {
    let bytes = "ID,Note\n1,=cmd()\n2,@x\n3,+1\n4,-x\n5,\tx\n";
    let read = read(&mut opened("a.csv", bytes, &csv(&["ID", "Note"])));
    let notes: Vec<_> = read
        .rows
        .iter()
        .map(|row| row.cells[1].clone().unwrap())
        .collect();
    assert_eq!(notes, ["=cmd()", "@x", "+1", "-x", "\tx"]);
}

#[test]
fn finds_headers_whatever_their_case_spaces_and_punctuation() {
    let schema = csv(&[
        "No. of adults being cared for!",
        "Request: Route of Access!",
        "Adult 1 Linked Person_ID!",
    ]);
    let bytes = "NO_OF_ADULTS_BEING_CARED_FOR,request - route of access , Adult 1 linked Person ID\n1,2,3\n";
    let mut opened = opened("a.csv", bytes, &schema);
    assert_eq!(
        read(&mut opened).cells(),
        [[Some("1"), Some("2"), Some("3")]]
    );
    let found = opened.table(0).unwrap();
    assert_eq!(
        found.columns[1].as_deref(),
        Some("request - route of access")
    );
    assert_eq!(found.header_row, Some(1));
}

#[test]
fn an_exact_header_wins_over_an_alias_which_is_then_reported_as_unused() {
    let mut table = table("people", &["ID!"]);
    table.columns[0].aliases = vec!["Person Unique Identifier".to_owned()];
    let schema = schema(Format::csv(), vec![table]);
    let mut both = opened("a.csv", "Person Unique Identifier,ID\nold,new\n", &schema);
    assert_eq!(read(&mut both).cells(), [[Some("new")]]);
    assert_eq!(
        both.table(0).unwrap().undeclared,
        ["Person Unique Identifier"]
    );
    assert_eq!(both.census().unwrap().undeclared[0].filled, 1);
    let mut old = opened("a.csv", "person_unique_identifier\nold\n", &schema);
    assert_eq!(read(&mut old).cells(), [[Some("old")]]);
}

#[test]
fn the_header_may_stand_under_title_rows() {
    let mut table = table("people", &["ID", "Last Name"]);
    table.header = vec!["ID".to_owned(), "Last Name".to_owned()];
    let schema = schema(Format::csv(), vec![table]);
    let bytes = "Export of 1 July,\n,\nid,last_name\n7,Test\n";
    let mut opened = opened("a.csv", bytes, &schema);
    assert_eq!(opened.table(0).unwrap().header_row, Some(3));
    assert_eq!(read(&mut opened).cells(), [[Some("7"), Some("Test")]]);
}

#[test]
fn chooses_among_the_declared_separators_only() {
    let mut both = (*csv(&["ID", "Note"])).clone();
    both.format = Format::Csv {
        delimiters: vec![b',', b';'],
    };
    let both = std::sync::Arc::new(both);
    let bytes = "sep=;\nID;Note\n1;a,b\n";
    let read = read(&mut opened("a.csv", bytes, &both));
    assert_eq!(read.cells(), [[Some("1"), Some("a,b")]]);
    let issues = refused("a.csv", "ID;Note!\n1;a\n", &csv(&["ID", "Note"]));
    assert_eq!(issues[0].code, codes::WRONG_FILE);
    assert!(
        issues[0]
            .help
            .as_deref()
            .unwrap()
            .contains("separated by a semicolon")
    );
}

#[test]
fn counts_what_the_schema_does_not_declare_and_what_it_denies() {
    let mut table = table("people", &["ID", "Key Safe"]);
    table.columns[1].deny = true;
    let schema = schema(Format::csv(), vec![table]);
    let bytes = "ID,Colour,key_safe,\n1,red,4711,x\n2,N/A,4712,\n3,,,\n";
    let mut opened = opened("a.csv", bytes, &schema);
    let read = read(&mut opened);
    assert!(read.rows.iter().all(|row| row.cells[1].is_none()));
    assert_eq!(
        read.rows[0].raw,
        r#"{"ID":"1","Colour":"red","column D":"x"}"#
    );
    let census = opened.census().unwrap();
    assert_eq!(census.tables[0].filled, [3, 2]);
    let unused: Vec<_> = census
        .undeclared
        .iter()
        .map(|it| (it.column.as_deref().unwrap(), it.filled))
        .collect();
    assert_eq!(unused, [("Colour", 1), ("column D", 1)]);
}

#[test]
fn a_denied_value_is_not_in_the_raw_form_of_a_ragged_row_either() {
    let mut table = table("people", &["ID", "Key Safe"]);
    table.columns[1].deny = true;
    let schema = schema(Format::csv(), vec![table]);
    let read = read(&mut opened(
        "a.csv",
        "ID,Key Safe\n1,a,4711\n2,4712\n",
        &schema,
    ));
    assert_eq!(read.unreadable.len(), 1);
    assert_eq!(read.unreadable[0].raw, "");
    assert_eq!(read.rows.len(), 1);
    assert!(!format!("{:?}", read.rows[0].raw).contains("4712"));
}

#[test]
fn missing_markers_are_the_sources_unless_a_column_has_its_own() {
    let mut table = table("people", &["Allergies", "Last Name"]);
    table.columns[1] = Column {
        missing: Some(Markers::new(["unknown"])),
        ..Column::new("Last Name", source::ColumnType::String)
    };
    let schema = schema(Format::csv(), vec![table]);
    let bytes = "Allergies,Last Name\n n/a ,Null\nNIL,Unknown\n-,\u{a0}\n\"  \",nil\n";
    let read = read(&mut opened("a.csv", bytes, &schema));
    assert_eq!(
        read.cells(),
        [
            [None, Some("Null")],
            [None, None],
            [None, None],
            [None, Some("nil")]
        ]
    );
}

#[test]
fn reads_byte_order_marks_utf_16_and_windows_1252() {
    let schema = csv(&["ID", "Name"]);
    let text = "ID,Name\r\n1,Zoë £5\r\n";
    let utf16 = |little: bool, mark: bool| -> Vec<u8> {
        let mark = mark.then_some('\u{FEFF}');
        mark.into_iter()
            .chain(text.chars())
            .collect::<String>()
            .encode_utf16()
            .flat_map(|unit| {
                if little {
                    unit.to_le_bytes()
                } else {
                    unit.to_be_bytes()
                }
            })
            .collect()
    };
    let expected = [[Some("1"), Some("Zoë £5")]];
    for bytes in [
        text.as_bytes().to_vec(),
        format!("\u{FEFF}{text}").into_bytes(),
        utf16(true, true),
        utf16(false, true),
        utf16(true, false),
        utf16(false, false),
    ] {
        assert_eq!(read(&mut opened("a.csv", bytes, &schema)).cells(), expected);
    }
    let windows: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    let mut opened = opened("a.csv", windows, &schema);
    assert_eq!(read(&mut opened).cells(), expected);
    let issue = &opened.issues()[0];
    assert_eq!(issue.code, codes::ENCODING);
    assert!(!issue.is_error());
}

#[test]
fn names_columns_by_the_files_own_header_in_places() {
    let mut opened = opened("a.csv", "id\n1\n", &csv(&["ID"]));
    let mut place = String::new();
    opened
        .read(&[0], &mut |event| {
            if let source::Event::Row(row) = event {
                place = row.cell_place(0).to_string();
            }
            std::ops::ControlFlow::Continue(())
        })
        .unwrap();
    assert_eq!(place, "a.csv, row 2, column id");
}

#[test]
fn breaking_off_ends_the_reading_and_counts_nothing() {
    let mut opened = opened("a.csv", "ID\n1\n2\n", &csv(&["ID"]));
    let mut seen = 0;
    opened
        .read_counting(&mut |_| {
            seen += 1;
            std::ops::ControlFlow::Break(())
        })
        .unwrap();
    assert_eq!(seen, 1);
    assert!(opened.census().is_none());
}

#[test]
fn absent_optional_columns_are_blank_and_told() {
    let mut opened = opened("a.csv", "ID\n1\n", &csv(&["ID!", "Note"]));
    assert_eq!(read(&mut opened).cells(), [[Some("1"), None]]);
    assert_eq!(opened.issues()[0].code, codes::ABSENT_COLUMN);
    assert!(opened.issues()[0].message.contains("\"Note\""));
}

#[test]
fn a_table_without_columns_still_has_rows() {
    let schema = schema(Format::csv(), vec![Table::default()]);
    let read = read(&mut opened("a.csv", "ID\n1\n", &schema));
    assert_eq!(read.rows.len(), 1);
}
