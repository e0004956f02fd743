//! Inputs that are not what they should be: each is refused, or costs one record, with a message
//! that names the place and the mend and holds no value.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use rust_xlsxwriter::Workbook;
use source::{Format, codes, limits};
use support::*;

fn people() -> std::sync::Arc<source::Schema> {
    csv(&["ID!", "Last Name!", "Note"])
}

fn assert_refused(
    bytes: impl Into<Vec<u8>>,
    schema: &std::sync::Arc<source::Schema>,
    code: &str,
    words: &str,
) {
    let issues = refused("export.csv", bytes, schema);
    assert_eq!(issues[0].code, code, "{issues:#?}");
    assert!(issues[0].message.contains(words), "{}", issues[0].message);
    assert!(issues[0].help.is_some(), "a refusal says what to do");
    assert_eq!(
        issues[0].input.as_ref().unwrap().file.as_deref(),
        Some("export.csv")
    );
}

fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("Residents").unwrap();
    sheet.write(0, 0, "ID").unwrap();
    sheet.write(0, 1, "Last Name").unwrap();
    for row in 1..200 {
        sheet.write(row, 0, row).unwrap();
        sheet.write(row, 1, format!("Testperson {row}")).unwrap();
    }
    book.save_to_buffer().unwrap()
}

fn residents() -> std::sync::Arc<source::Schema> {
    schema(
        Format::Xlsx,
        vec![table("Residents", &["ID!", "Last Name!"])],
    )
}

#[test]
fn an_empty_file_is_refused() {
    for schema in [
        people(),
        residents(),
        schema(Format::Json { lines: false }, vec![table("x", &["id"])]),
    ] {
        assert_refused("", &schema, codes::EMPTY, "the file is empty");
    }
    assert_refused("\r\n\n  \n", &people(), codes::EMPTY, "the file is empty");
    assert_refused(
        " \n",
        &schema(Format::Json { lines: true }, vec![table("x", &["id"])]),
        codes::EMPTY,
        "empty",
    );
}

#[test]
fn a_file_that_does_not_exist_is_refused_without_its_folder() {
    let input = source::Input::path("/no/such/folder/people.csv");
    let issues = source::open(&input, people()).unwrap_err();
    assert_eq!(issues[0].code, codes::IO);
    assert_eq!(
        issues[0].message,
        "the file cannot be read: it does not exist"
    );
    assert!(!issues[0].to_string().contains("folder/"));
}

#[test]
fn cs_07_a_header_without_records_is_a_warning() {
    let opened = opened("export.csv", "ID,Last Name,Note\r\n\r\n,,\r\n", &people());
    assert_eq!(opened.issues()[0].code, codes::NO_RECORDS);
    assert!(!opened.issues()[0].is_error());
    let opened = support::opened(
        "a.json",
        "[]",
        &schema(Format::Json { lines: false }, vec![table("x", &["id"])]),
    );
    assert_eq!(opened.issues()[0].code, codes::NO_RECORDS);
}

#[test]
fn other_formats_handed_in_as_csv_are_named() {
    let zip = workbook();
    for (bytes, words) in [
        (zip.as_slice(), "a ZIP archive or an Excel workbook"),
        (b"%PDF-1.7\n%....".as_slice(), "a PDF document"),
        (
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1xxxx",
            "an old Excel workbook",
        ),
        (b"<!DOCTYPE html><html><body>", "an HTML page"),
        (
            b"\xEF\xBB\xBF<?xml version=\"1.0\"?><a/>",
            "an XML document",
        ),
        (b"{\"id\": 1}", "JSON"),
        (b"[{\"id\": 1}]", "JSON"),
        (b"\x1F\x8B\x08\x00aaaa", "a gzip archive"),
        (
            b"ID,\x01\x02\x03\x04\x05\x06\x07\x08\x00\x00",
            "a binary file",
        ),
    ] {
        assert_refused(bytes, &people(), codes::WRONG_FORMAT, words);
    }
}

#[test]
fn other_formats_handed_in_as_a_workbook_are_named() {
    for (bytes, words) in [
        (
            b"ID,Last Name\n1,Test\n".as_slice(),
            "not an Excel workbook",
        ),
        (b"%PDF-1.7".as_slice(), "a PDF document"),
        (b"<html><table>".as_slice(), "an HTML page"),
        (
            b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1xxxx".as_slice(),
            "an old Excel workbook (.xls)",
        ),
    ] {
        assert_refused(bytes, &residents(), codes::WRONG_FORMAT, words);
    }
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    zip.start_file("people.csv", zip::write::SimpleFileOptions::default())
        .unwrap();
    let bytes = zip.finish().unwrap().into_inner();
    assert_refused(
        bytes,
        &residents(),
        codes::WRONG_FORMAT,
        "a ZIP archive, not an Excel workbook",
    );
}

#[test]
fn other_formats_handed_in_as_json_are_named() {
    let schema = schema(
        Format::Json { lines: false },
        vec![table("people", &["id"])],
    );
    assert_refused(
        "ID,Last Name\n1,Test\n",
        &schema,
        codes::WRONG_FORMAT,
        "does not begin as JSON does",
    );
    assert_refused(
        workbook(),
        &schema,
        codes::WRONG_FORMAT,
        "an Excel workbook",
    );
    assert_refused(
        "<a/>",
        &schema,
        codes::WRONG_FORMAT,
        "does not begin as JSON does",
    );
}

#[test]
fn a_file_of_another_kind_of_export_is_refused() {
    assert_refused(
        "Colour,Size\nred,5\n",
        &people(),
        codes::WRONG_FILE,
        "none of its 2 columns is known",
    );
    let json = schema(
        Format::Json { lines: false },
        vec![table("people", &["recordUid"])],
    );
    assert_refused(
        r#"{"resourceType":"Bundle"}"#,
        &json,
        codes::WRONG_FILE,
        "none of its members is known",
    );
    let mut book = Workbook::new();
    book.add_worksheet().set_name("Rota").unwrap();
    let bytes = book.save_to_buffer().unwrap();
    assert_refused(
        bytes,
        &residents(),
        codes::WRONG_FILE,
        "none of its 1 sheets is known",
    );
}

#[test]
fn all_missing_columns_are_named_at_once_with_what_is_like_them() {
    let schema = csv(&["NHS Number!", "LA Code!", "Event Type!"]);
    let issues = refused("export.csv", "LA Code,NHS No,Other\n1,2,3\n", &schema);
    assert_eq!(issues.len(), 1);
    assert_eq!(issues[0].code, codes::MISSING_COLUMNS);
    assert_eq!(
        issues[0].message,
        "columns that the mapping needs are not in the file: \"NHS Number\" (the file has \"NHS No\"), \"Event Type\""
    );
    assert_eq!(
        issues[0].input.as_ref().unwrap().to_string(),
        "export.csv, row 1"
    );
}

#[test]
fn two_columns_that_could_be_the_same_are_refused() {
    let issues = refused("export.csv", "ID,Last Name,id,ID\n1,a,2,3\n", &people());
    assert_eq!(issues[0].code, codes::AMBIGUOUS_COLUMN);
    assert_eq!(
        issues[0].message,
        "2 columns of the file match \"ID\": ID (column A), ID (column D)"
    );
}

#[test]
fn a_missing_header_row_names_the_nearest() {
    let mut table = table("Residents", &["ID", "Last Name"]);
    table.header = vec!["ID".to_owned(), "Last Name".to_owned()];
    let schema = schema(Format::csv(), vec![table]);
    let issues = refused(
        "export.csv",
        "Residents,\nID,Surname\n1,Testperson\n",
        &schema,
    );
    assert_eq!(issues[0].code, codes::NO_HEADER);
    assert_eq!(
        issues[0].message,
        "the header row was not found; this row is nearest to it and lacks \"Last Name\""
    );
    assert_eq!(issues[0].input.as_ref().unwrap().row, Some(2));
    assert_no_values(&issues, &["Testperson"]);
}

#[test]
fn rows_with_too_few_or_too_many_cells_cost_only_themselves() {
    let bytes = "ID,Last Name,Note\r\n1,Testperson\r\n2,b,c\r\n3,Test, person,x\r\n4,d,\r\n";
    let read = read(&mut opened("export.csv", bytes, &people()));
    let ids: Vec<_> = read
        .rows
        .iter()
        .map(|row| row.cells[0].clone().unwrap())
        .collect();
    assert_eq!(ids, ["2", "4"]);
    assert_eq!(read.codes(), [codes::RAGGED, codes::RAGGED]);
    let [few, many] = read.unreadable.as_slice() else {
        panic!()
    };
    assert_eq!(few.place.to_string(), "export.csv, row 2");
    assert_eq!(
        few.issues[0].message,
        "the row has 2 cells, fewer than the 3 of the header, so which cell is which is not certain"
    );
    assert_eq!(many.place.row, Some(4));
    assert!(
        many.issues[0]
            .message
            .starts_with("the row has 4 cells, more than the 3")
    );
    assert_eq!(many.raw, r#"["3","Test"," person","x"]"#);
    assert_no_values(&few.issues, &["Testperson"]);
}

#[test]
fn a_last_row_that_is_cut_off_says_so() {
    let read = read(&mut opened(
        "export.csv",
        "ID,Last Name,Note\n1,a,b\n2,Testpe",
        &people(),
    ));
    assert_eq!(read.codes(), [codes::TRUNCATED]);
    assert_eq!(read.rows.len(), 1);
    assert!(read.unreadable[0].issues[0].message.contains("cut off"));
}

#[test]
fn a_quote_that_is_never_closed_names_the_row_where_it_opened() {
    let bytes = "ID,Last Name,Note\n1,a,b\n2,c,\"never closed\n3,d,e\n4,f,g\n";
    let read = read(&mut opened("export.csv", bytes, &people()));
    assert_eq!(read.rows.len(), 1);
    let end = read.end.unwrap();
    assert_eq!(end.code, codes::TRUNCATED);
    assert_eq!(end.input.unwrap().to_string(), "export.csv, row 3");
    assert!(
        end.message.contains("line 3 of the file"),
        "{}",
        end.message
    );
}

#[test]
fn a_quote_that_is_not_doubled_costs_its_row_only() {
    let bytes = "ID,Last Name,Note\n1,a,\"said \"hello\" twice\"\n2,b,\"fine\"\n3,c,5\" pipe\n";
    let read = read(&mut opened("export.csv", bytes, &people()));
    assert_eq!(read.codes(), [codes::BAD_QUOTE]);
    let place = read.unreadable[0].issues[0].input.as_ref().unwrap();
    assert_eq!(place.to_string(), "export.csv, row 2, column Note");
    assert!(read.unreadable[0].raw.starts_with(r#"["1","a","said "#));
    assert_eq!(read.rows.len(), 2);
    assert_eq!(read.rows[1].cells[2].as_deref(), Some("5\" pipe"));
}

#[test]
fn a_cell_of_ten_megabytes_costs_its_row_only() {
    for quote in ["", "\""] {
        let large = format!("{quote}{}{quote}", "x".repeat(10 << 20));
        let bytes = format!("ID,Last Name,Note\n1,a,b\n2,c,{large}\n3,d,e\n");
        let read = read(&mut opened("export.csv", bytes, &people()));
        let ids: Vec<_> = read
            .rows
            .iter()
            .map(|row| row.cells[0].clone().unwrap())
            .collect();
        assert_eq!(ids, ["1", "3"]);
        assert_eq!(read.codes(), [codes::TOO_LARGE]);
        assert_eq!(read.unreadable[0].place.row, Some(3));
        assert_eq!(read.unreadable[0].raw, "");
    }
    let bytes = format!(
        "ID,Last Name,Note\n2,c,{}\n3,d,e\n",
        "x".repeat(limits::CELL_BYTES + 1)
    );
    let read = read(&mut opened("export.csv", bytes, &people()));
    assert_eq!(
        read.unreadable[0].issues[0].message,
        "the cell is larger than 1 MiB, so its row was passed over"
    );
    assert_eq!(
        read.unreadable[0].issues[0]
            .input
            .as_ref()
            .unwrap()
            .column
            .as_deref(),
        Some("Note")
    );
    assert_eq!(read.rows.len(), 1);
}

#[test]
fn a_row_of_too_many_cells_costs_itself_only() {
    let bytes = format!("ID,Last Name,Note\n1{}\n2,a,b\n", ",x".repeat(100_000));
    let read = read(&mut opened("export.csv", bytes, &people()));
    assert_eq!(read.codes(), [codes::TOO_LARGE]);
    assert_eq!(read.rows[0].number, 3);
}

#[test]
fn bytes_of_another_encoding_cost_their_row_only() {
    let mut bytes = "ID,Last Name,Note\n1,Zoë,a\n2,".as_bytes().to_vec();
    bytes.extend(b"\xE9\xE8,b\n3,c,d\n");
    let mut opened = opened("export.csv", bytes, &people());
    let read = read(&mut opened);
    assert_eq!(read.codes(), [codes::BAD_ENCODING]);
    assert_eq!(read.unreadable[0].place.row, Some(3));
    assert_eq!(read.rows.len(), 2);
}

#[test]
fn nul_characters_cost_their_row_only() {
    let read = read(&mut opened(
        "export.csv",
        "ID,Last Name,Note\n1,a\0b,c\n2,d,e\n",
        &people(),
    ));
    assert_eq!(read.codes(), [codes::NUL]);
    assert_eq!(read.rows.len(), 1);
}

#[test]
fn a_truncated_workbook_is_refused_wherever_it_is_cut() {
    let whole = workbook();
    assert!(try_open("export.csv", whole.clone(), &residents()).is_ok());
    for length in [5, 100, whole.len() / 2, whole.len() - 30, whole.len() - 1] {
        assert_refused(
            &whole[..length],
            &residents(),
            codes::BAD_WORKBOOK,
            "truncated or damaged",
        );
    }
}

#[test]
fn a_workbook_with_a_damaged_byte_is_refused_before_a_row_is_read() {
    let mut bytes = workbook();
    let mut found = 0;
    for at in (60..bytes.len() - 400).step_by(97) {
        bytes[at] ^= 0xFF;
        match try_open("export.csv", bytes.clone(), &residents()) {
            Err(issues) => {
                found += 1;
                assert!(issues[0].is_error());
            }
            // A byte of a part that is never used, or of a date in the directory.
            Ok(mut opened) => assert_eq!(read(&mut opened).rows.len(), 199),
        }
        bytes[at] ^= 0xFF;
    }
    assert!(found > 10, "damage is found: {found}");
}

#[test]
fn a_workbook_protected_by_a_password_says_so() {
    let mut bytes = b"\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1".to_vec();
    bytes.extend([0; 600]);
    bytes.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    assert_refused(
        bytes,
        &residents(),
        codes::ENCRYPTED,
        "protected by a password",
    );
}

#[test]
fn a_workbook_that_swells_is_refused() {
    let mut zip = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    zip.start_file("xl/workbook.xml", options).unwrap();
    let zeros = "<a/>".repeat(1 << 18);
    for _ in 0..80 {
        std::io::Write::write_all(&mut zip, zeros.as_bytes()).unwrap();
    }
    let bytes = zip.finish().unwrap().into_inner();
    assert!(bytes.len() < 1 << 20);
    assert_refused(bytes, &residents(), codes::BOMB, "larger, once unpacked");
}

#[test]
fn a_missing_sheet_names_what_is_like_it() {
    let schema = schema(
        Format::Xlsx,
        vec![table("Residents", &["ID"]), table("Weights", &["ID"])],
    );
    let mut book = Workbook::new();
    book.add_worksheet()
        .set_name("Residents")
        .unwrap()
        .write(0, 0, "ID")
        .unwrap();
    book.add_worksheet()
        .set_name("Weight 2026")
        .unwrap()
        .write(0, 0, "ID")
        .unwrap();
    let issues = refused("export.csv", book.save_to_buffer().unwrap(), &schema);
    assert_eq!(issues[0].code, codes::NO_SHEET);
    assert_eq!(
        issues[0].message,
        "the workbook has no sheet \"Weights\"; it has one called \"Weight 2026\""
    );
}

#[test]
fn a_truncated_document_is_refused() {
    let schema = schema(
        Format::Json { lines: false },
        vec![table("people", &["id"])],
    );
    assert_refused(
        "{\"id\": \"Testperson\", ",
        &schema,
        codes::TRUNCATED,
        "the file ends inside the document",
    );
    let read = read(&mut opened(
        "a.json",
        "[{\"id\":1},{\"id\":2},{\"id\"",
        &schema,
    ));
    assert_eq!(read.rows.len(), 2);
    assert_eq!(read.end.unwrap().code, codes::TRUNCATED);
}

#[test]
fn a_document_that_is_not_json_costs_itself_only() {
    let schema = schema(Format::Json { lines: true }, vec![table("people", &["id"])]);
    let bytes = "{\"id\":1}\n{\"id\":Testperson}\n\n{\"id\":3,\"id\":4}\n{\"id\":5}\n";
    let read = read(&mut opened("a.ndjson", bytes, &schema));
    assert_eq!(read.cells(), [[Some("1")], [Some("5")]]);
    assert_eq!(read.codes(), [codes::BAD_JSON, codes::BAD_JSON]);
    assert_eq!(read.unreadable[0].place.row, Some(2));
    assert!(
        read.unreadable[1].issues[0]
            .message
            .contains("occurs twice")
    );
    assert!(
        read.unreadable[1].issues[0]
            .message
            .contains("line 4 of the file")
    );
    for unreadable in &read.unreadable {
        assert_no_values(&unreadable.issues, &["Testperson"]);
    }
}

#[test]
fn documents_nested_without_end_are_refused_and_use_no_stack() {
    let schema = schema(
        Format::Json { lines: false },
        vec![table("people", &["id"])],
    );
    let deep = format!("{{\"id\":{}{}}}", "[".repeat(100_000), "]".repeat(100_000));
    assert_refused(deep.clone(), &schema, codes::BAD_JSON, "nested deeper");
    let read = read(&mut opened(
        "a.json",
        format!("[{{\"id\":1}},{deep}]"),
        &schema,
    ));
    assert_eq!(read.rows.len(), 1);
    assert_eq!(read.codes(), [codes::BAD_JSON]);
}
