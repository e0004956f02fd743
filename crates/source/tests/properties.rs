//! What holds for any table and for any bytes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::ops::ControlFlow;
use std::sync::Arc;

use proptest::prelude::*;
use source::{DatePattern, Event, Format, Markers, RawCell, Schema, typed};
use support::*;

/// The three adapters with the same columns.
fn schemas() -> [Arc<Schema>; 4] {
    let columns = ["a", "b", "c"];
    let plain = |format: Format| {
        let mut schema = (*schema(format, vec![table("people", &columns)])).clone();
        schema.missing = Markers::default();
        Arc::new(schema)
    };
    [
        plain(Format::csv()),
        plain(Format::Xlsx),
        plain(Format::Json { lines: false }),
        plain(Format::Json { lines: true }),
    ]
}

/// Cells as people write them: letters, quotes, separators, line breaks, accents, nothing.
fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => "[a-z0-9 ]{0,8}",
        2 => proptest::string::string_regex("[\"',;a-z\r\né£–\u{1F600}]{0,12}").unwrap(),
        1 => Just(String::new()),
    ]
}

fn rows() -> impl Strategy<Value = Vec<[String; 3]>> {
    proptest::collection::vec([cell(), cell(), cell()], 1..12)
}

/// What a table of cells reads as: a blank row is no record, a blank cell is missing.
fn expected(rows: &[[String; 3]]) -> Vec<(u64, Vec<Option<String>>)> {
    rows.iter()
        .enumerate()
        .filter(|(_, row)| row.iter().any(|cell| !cell.trim().is_empty()))
        .map(|(index, row)| {
            let cells = row
                .iter()
                .map(|cell| (!cell.trim().is_empty()).then(|| cell.clone()))
                .collect();
            (index as u64 + 2, cells)
        })
        .collect()
}

fn found(read: &Read) -> Vec<(u64, Vec<Option<String>>)> {
    read.rows
        .iter()
        .map(|row| (row.number, row.cells.clone()))
        .collect()
}

#[derive(Debug, Clone, Copy)]
enum Encoding {
    Utf8,
    Utf8Mark,
    Utf16Le,
    Utf16Be,
}

fn encode(text: &str, encoding: Encoding) -> Vec<u8> {
    let marked = format!("\u{FEFF}{text}");
    match encoding {
        Encoding::Utf8 => text.as_bytes().to_vec(),
        Encoding::Utf8Mark => marked.into_bytes(),
        Encoding::Utf16Le => marked.encode_utf16().flat_map(u16::to_le_bytes).collect(),
        Encoding::Utf16Be => marked.encode_utf16().flat_map(u16::to_be_bytes).collect(),
    }
}

fn write_csv(rows: &[[String; 3]], quote_all: &[bool], ends: &[&str], last: bool) -> String {
    let mut text = String::from("a,b,c\n");
    for (index, row) in rows.iter().enumerate() {
        for (column, cell) in row.iter().enumerate() {
            if column > 0 {
                text.push(',');
            }
            let must = cell.contains(['"', ',', '\n', '\r']);
            if must || quote_all[(index * 3 + column) % quote_all.len()] {
                text.push_str(&format!("\"{}\"", cell.replace('"', "\"\"")));
            } else {
                text.push_str(cell);
            }
        }
        if last || index + 1 < rows.len() {
            text.push_str(ends[index % ends.len()]);
        }
    }
    text
}

fn line_ends() -> impl Strategy<Value = Vec<&'static str>> {
    proptest::collection::vec(prop_oneof![Just("\n"), Just("\r\n"), Just("\r")], 1..4)
}

fn encodings() -> impl Strategy<Value = Encoding> {
    prop_oneof![
        Just(Encoding::Utf8),
        Just(Encoding::Utf8Mark),
        Just(Encoding::Utf16Le),
        Just(Encoding::Utf16Be)
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 256, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_table_reads_from_csv_as_it_was_written(
        rows in rows(),
        quote_all in proptest::collection::vec(any::<bool>(), 1..7),
        ends in line_ends(),
        encoding in encodings(),
        last in any::<bool>(),
    ) {
        let bytes = encode(&write_csv(&rows, &quote_all, &ends, last), encoding);
        let mut opened = opened("a.csv", bytes, &schemas()[0]);
        let read = read(&mut opened);
        prop_assert!(read.unreadable.is_empty() && read.end.is_none(), "{read:#?}");
        prop_assert_eq!(found(&read), expected(&rows));
    }

    #[test]
    fn one_broken_row_costs_no_other(
        rows in rows(),
        at in any::<prop::sample::Index>(),
        ends in line_ends(),
    ) {
        let text = write_csv(&rows, &[true], &ends, true);
        // The broken row goes in before one of the rows, or at the end.
        let starts: Vec<usize> = (0..=rows.len())
            .map(|count| write_csv(&rows[..count], &[true], &ends, true).len())
            .collect();
        let index = at.index(starts.len());
        let start = starts[index];
        let bytes = format!("{}1,2\n{}", &text[..start], &text[start..]);
        let read = read(&mut opened("a.csv", bytes, &schemas()[0]));
        let moved: Vec<_> = expected(&rows)
            .into_iter()
            .map(|(row, cells)| (row + u64::from(row >= index as u64 + 2), cells))
            .collect();
        prop_assert_eq!(found(&read), moved);
        prop_assert_eq!(read.unreadable.len(), 1);
        prop_assert_eq!(read.unreadable[0].place.row, Some(index as u64 + 2));
    }

    #[test]
    fn any_table_reads_from_json_as_it_was_written(rows in rows(), encoding in encodings(), shape in 0..3_u8) {
        let documents: Vec<String> = rows
            .iter()
            .map(|row| {
                let object = ["a", "b", "c"]
                    .into_iter()
                    .zip(row)
                    .fold(json::Object::new(), |object, (name, cell)| object.with(name, cell.as_str()));
                json::Value::from(object).to_string()
            })
            .collect();
        let text = match shape {
            0 => documents.join("\n"),
            1 => format!("[{}]", documents.join(",\n")),
            _ => documents.join(" \r\n\r\n"),
        };
        let mut opened = opened("a.json", encode(&text, encoding), &schemas()[2]);
        let read = read(&mut opened);
        let cells: Vec<_> = read.rows.iter().map(|row| row.cells.clone()).collect();
        let wanted: Vec<Vec<Option<String>>> = rows
            .iter()
            .map(|row| row.iter().map(|cell| (!cell.trim().is_empty()).then(|| cell.clone())).collect())
            .collect();
        prop_assert_eq!(cells, wanted);
    }

    #[test]
    fn any_bytes_are_read_or_refused_and_nothing_panics(
        bytes in prop_oneof![
            proptest::collection::vec(any::<u8>(), 0..400),
            proptest::collection::vec(prop::sample::select(b"abc,\"\r\n;[]{}:\\ \t0e-.\xEF\xBB\xBF\xFF\xFE\x00\xE9".to_vec()), 0..400),
        ],
        header in any::<bool>(),
    ) {
        let bytes = if header { [b"a,b,c\n".as_slice(), &bytes].concat() } else { bytes };
        for schema in schemas() {
            check(&bytes, &schema);
        }
    }

    #[test]
    fn documents_cut_or_changed_anywhere_never_panic(
        at in any::<prop::sample::Index>(),
        byte in any::<u8>(),
        cut in any::<bool>(),
    ) {
        let mut bytes = br#"[{"a":"1","b":["x",null],"c":{"d":1.50}},{"a":"2"},{"a":"\u00e9\\\""}]"#.to_vec();
        let at = at.index(bytes.len());
        if cut { bytes.truncate(at) } else { bytes[at] = byte }
        check(&bytes, &schemas()[2]);
        check(&bytes, &schemas()[3]);
    }

    #[test]
    fn any_cell_is_typed_or_refused_and_nothing_panics(text in any::<String>(), near in "[0-9./: eE+,TZ-]{0,24}") {
        let kinds = all_kinds();
        for kind in &kinds {
            for text in [&text, &near] {
                for raw in [RawCell::Text(text), RawCell::Number(text)] {
                    let read = typed(kind, raw, &Markers::default(), &london(), false);
                    if let Err(problem) = read {
                        prop_assert!(!problem.message.is_empty() && problem.help.is_some());
                    }
                }
            }
        }
    }

    #[test]
    fn any_day_is_read_back_from_every_pattern(days in -700_000_i64..2_900_000) {
        let date = jiff::civil::date(1970, 1, 1).checked_add(jiff::Span::new().days(days));
        let Ok(date) = date else { return Ok(()) };
        prop_assume!(date.year() >= 1);
        for (pattern, text) in [
            ("dd/MM/yyyy", date.strftime("%d/%m/%Y").to_string()),
            ("d/M/yyyy", date.strftime("%-d/%-m/%Y").to_string()),
            ("yyyyMMdd", date.strftime("%Y%m%d").to_string()),
            ("d MMMM yyyy", date.strftime("%-d %B %Y").to_string()),
        ] {
            let kind = source::ColumnType::Date { formats: vec![DatePattern::parse(pattern).unwrap()] };
            let read = typed(&kind, RawCell::Text(&text), &Markers::default(), &london(), false).unwrap().unwrap();
            prop_assert_eq!(read.value, source::Typed::Date(date.into()));
        }
    }

    #[test]
    fn any_pattern_is_compiled_or_refused(pattern in "[yMdHhmsSaX'/: -]{0,14}", text in "[0-9/: -]{0,14}") {
        if let Ok(pattern) = DatePattern::parse(&pattern) {
            let kind = source::ColumnType::DateTime { formats: vec![pattern], zone: None };
            let _ = typed(&kind, RawCell::Text(&text), &Markers::default(), &london(), false);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_table_reads_from_a_workbook_as_it_was_written(rows in rows()) {
        // A spreadsheet keeps a line break in a cell as a line feed.
        let rows: Vec<[String; 3]> = rows
            .into_iter()
            .map(|row| row.map(|cell| cell.replace('\r', "\n")))
            .collect();
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet().set_name("people").unwrap();
        for (column, name) in ["a", "b", "c"].into_iter().enumerate() {
            sheet.write(0, column as u16, name).unwrap();
        }
        for (index, row) in rows.iter().enumerate() {
            for (column, cell) in row.iter().enumerate() {
                sheet.write_string(index as u32 + 1, column as u16, cell).unwrap();
            }
        }
        let mut opened = opened("a.xlsx", book.save_to_buffer().unwrap(), &schemas()[1]);
        let read = read(&mut opened);
        prop_assert!(read.unreadable.is_empty() && read.end.is_none());
        prop_assert_eq!(found(&read), expected(&rows));
    }

    #[test]
    fn a_workbook_changed_anywhere_never_panics(changes in proptest::collection::vec((any::<prop::sample::Index>(), any::<u8>()), 1..5)) {
        let mut book = rust_xlsxwriter::Workbook::new();
        let sheet = book.add_worksheet().set_name("people").unwrap();
        for (column, name) in ["a", "b", "c"].into_iter().enumerate() {
            sheet.write(0, column as u16, name).unwrap();
            sheet.write(1, column as u16, 1.5).unwrap();
        }
        let mut bytes = book.save_to_buffer().unwrap();
        for (at, byte) in changes {
            let at = at.index(bytes.len());
            bytes[at] = byte;
        }
        check(&bytes, &schemas()[1]);
    }
}

fn all_kinds() -> Vec<source::ColumnType> {
    use source::ColumnType::*;
    let formats = || {
        [
            "dd/MM/yyyy",
            "iso",
            "excel",
            "d MMM yyyy h:mm a",
            "yyyyMMdd",
            "MM/yyyy",
        ]
        .map(|pattern| DatePattern::parse(pattern).unwrap())
        .to_vec()
    };
    vec![
        String,
        Integer {
            min: Some(0),
            max: None,
        },
        Decimal {
            min: Some("0".into()),
            max: Some("1e3".into()),
        },
        Date { formats: formats() },
        DateTime {
            formats: formats(),
            zone: None,
        },
        Code {
            values: Some(source::CodeList::new(["a", "b – c"])),
        },
        List {
            separator: Some(";".into()),
        },
        Flag {
            yes: vec!["Y".into()],
            no: vec!["N".into()],
        },
        NhsNumber,
        Postcode,
        Phone,
    ]
}

/// What every adapter owes for any bytes: a refusal with a reason, or records with exact places,
/// each reported once, and the same ones at every pass.
fn check(bytes: &[u8], schema: &Arc<Schema>) {
    let mut opened = match try_open("a.dat", bytes, schema) {
        Ok(opened) => opened,
        Err(issues) => {
            assert!(!issues.is_empty());
            for issue in issues {
                assert!(issue.is_error() && issue.input.is_some() && !issue.message.is_empty());
            }
            return;
        }
    };
    let mut before = (0, 0);
    let end = opened.read(&[0], &mut |event| {
        let (place, number) = match &event {
            Event::Row(row) => {
                for column in 0..4 {
                    let _ = row.reading(column);
                }
                assert!(
                    json::parse(row.raw_json().as_bytes()).is_ok(),
                    "{}",
                    row.raw_json()
                );
                (row.place(), row.number())
            }
            Event::Unreadable(it) => {
                assert!(!it.issues.is_empty() && it.issues[0].is_error());
                assert!(it.raw.is_empty() || json::parse(it.raw.as_bytes()).is_ok());
                (it.place.clone(), it.place.row.unwrap_or(0))
            }
        };
        assert_eq!(place.file.as_deref(), Some("a.dat"));
        assert!(place.row.is_some() || place.pointer.is_some());
        if place.pointer.is_none() {
            assert!(number > before.0, "rows come once and in order");
            before.0 = number;
        }
        before.1 += 1;
        ControlFlow::Continue(())
    });
    if let Err(issue) = end {
        assert!(issue.is_error() && issue.input.is_some());
    }
    let mut again = 0;
    let _ = opened.read_counting(&mut |_| {
        again += 1;
        ControlFlow::Continue(())
    });
    assert_eq!(before.1, again);
}
