//! Reading a file that no schema describes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use rust_xlsxwriter::Workbook;
use source::{Format, Input, RawCell, Seen, inspect};

fn rows(input: &Input) -> Vec<(usize, u64, Vec<String>)> {
    let mut out = Vec::new();
    inspect(input)
        .unwrap()
        .read(&mut |seen| {
            if let Seen::Row { sheet, row, cells } = seen {
                let texts = cells
                    .iter()
                    .map(|cell| match cell {
                        RawCell::Text(text) | RawCell::Number(text) => (*text).to_owned(),
                        RawCell::Missing => String::new(),
                        other => format!("{other:?}"),
                    })
                    .collect();
                out.push((sheet, row, texts));
            }
        })
        .unwrap();
    out
}

#[test]
fn the_separator_is_the_one_under_which_the_rows_agree() {
    for (byte, mark) in [(b',', ","), (b';', ";"), (b'\t', "\t"), (b'|', "|")] {
        let text =
            format!("Name{mark}Note{mark}Seen\nAda{mark}\"a, b; c\"{mark}x\nBen{mark}d{mark}\n");
        let input = Input::bytes("any.csv", text.into_bytes());
        let found = inspect(&input).unwrap();
        assert_eq!(
            found.format,
            Format::Csv {
                delimiters: vec![byte]
            }
        );
        assert_eq!(found.sheets[0].headers, ["Name", "Note", "Seen"]);
        assert_eq!(
            rows(&input)[1],
            (0, 3, vec!["Ben".into(), "d".into(), String::new()])
        );
    }
}

#[test]
fn one_column_is_a_table_too() {
    let input = Input::bytes("any.csv", b"Name\nAda\nBen\n".to_vec());
    assert_eq!(inspect(&input).unwrap().sheets[0].headers, ["Name"]);
    assert_eq!(rows(&input).len(), 2);
}

#[test]
fn titles_above_the_header_are_passed_over_in_any_encoding() {
    let text =
        "Oak Lodge residents;;\r\nprinted 01/02/2026;;\r\n\r\nID;Café;Born\r\n1;é;01/02/1938\r\n";
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(text.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    let windows: Vec<u8> = text
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap())
        .collect();
    for bytes in [text.as_bytes().to_vec(), utf16, windows] {
        let input = Input::bytes("any.csv", bytes);
        let found = inspect(&input).unwrap();
        assert_eq!(found.sheets[0].headers, ["ID", "Café", "Born"]);
        assert_eq!(
            (found.sheets[0].header_row, found.sheets[0].titled),
            (4, true)
        );
        assert_eq!(
            rows(&input),
            [(0, 5, vec!["1".into(), "é".into(), "01/02/1938".into()])]
        );
    }
}

#[test]
fn rows_that_do_not_fit_the_header_are_counted_and_not_read() {
    let input = Input::bytes("any.csv", b"A,B\n1,2\n1,2,3\n\"x\"y,2\n3,4\n".to_vec());
    let (mut read, mut unreadable) = (0, 0);
    inspect(&input)
        .unwrap()
        .read(&mut |seen| match seen {
            Seen::Row { .. } => read += 1,
            Seen::Unreadable { .. } => unreadable += 1,
            Seen::Document(_) => {}
        })
        .unwrap();
    assert_eq!((read, unreadable), (2, 2));
}

#[test]
fn each_sheet_with_a_header_is_a_table() {
    let mut book = Workbook::new();
    let people = book.add_worksheet().set_name("People").unwrap();
    people
        .merge_range(0, 0, 0, 2, "Oak Lodge", &rust_xlsxwriter::Format::new())
        .unwrap();
    for (column, header) in ["ID", "Name", "Score"].iter().enumerate() {
        people
            .write(2, u16::try_from(column).unwrap(), *header)
            .unwrap();
    }
    people.write(3, 0, 1).unwrap();
    people.write(3, 2, 2.5).unwrap();
    let hidden = book.add_worksheet().set_name("Lists").unwrap();
    hidden.set_hidden(true);
    hidden.write(0, 0, "Label").unwrap();
    book.add_worksheet().set_name("Empty").unwrap();
    let numbers = book.add_worksheet().set_name("Numbers").unwrap();
    numbers.write(0, 0, 12).unwrap();
    numbers.write(0, 1, 13).unwrap();
    let input = Input::bytes("any.xlsx", book.save_to_buffer().unwrap());
    let found = inspect(&input).unwrap();
    let sheets: Vec<(&str, u64, bool, bool)> = found
        .sheets
        .iter()
        .map(|it| {
            (
                it.name.as_deref().unwrap(),
                it.header_row,
                it.titled,
                it.hidden,
            )
        })
        .collect();
    assert_eq!(
        sheets,
        [("People", 3, true, false), ("Lists", 1, false, true)]
    );
    let codes: Vec<&str> = found
        .issues
        .iter()
        .map(|issue| issue.code.as_ref())
        .collect();
    assert_eq!(codes, ["S017", "S007"]);
    assert_eq!(
        rows(&input),
        [(0, 4, vec!["1".into(), String::new(), "2.5".into()])]
    );
}

#[test]
fn documents_are_handed_out_one_at_a_time() {
    for (text, lines, count) in [
        ("{\"a\":1}", false, 1),
        ("{\n \"a\": 1\n}\n", false, 1),
        ("[{\"a\":1},{\"a\":2}]", false, 2),
        ("{\"a\":1}\n{\"a\":2}\n\n{\"a\":3}", true, 3),
    ] {
        let input = Input::bytes("any.json", text.as_bytes().to_vec());
        let mut found = inspect(&input).unwrap();
        assert_eq!(found.format, Format::Json { lines }, "{text}");
        let mut seen = 0;
        found
            .read(&mut |it| seen += usize::from(matches!(it, Seen::Document(_))))
            .unwrap();
        assert_eq!(seen, count, "{text}");
    }
}

#[test]
fn what_is_no_table_is_refused_without_a_word_of_its_content() {
    for (name, bytes, code) in [
        ("empty.csv", b"".as_slice(), "S002"),
        ("blank.csv", b"\n\n \n", "S002"),
        (
            "data.csv",
            b"9990000018,01/02/1938\n9990000026,02/02/1938\n",
            "S007",
        ),
        ("page.html", b"<html><body>Ada</body></html>", "S003"),
        ("cut.json", b"[{\"a\":1},{\"a\":", "S009"),
    ] {
        let input = Input::bytes(name, bytes.to_vec());
        let issues = match inspect(&input) {
            Err(issues) => issues,
            Ok(mut found) => vec![*found.read(&mut |_| {}).unwrap_err()],
        };
        assert_eq!(issues[0].code, code, "{name}");
        assert!(issues[0].help.is_some());
        assert!(
            !issues[0].to_string().contains("Ada") && !issues[0].to_string().contains("999000")
        );
    }
}
