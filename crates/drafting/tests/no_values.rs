//! A draft of real people's records holds none of their values.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use drafting::{Draft, Options};
use rust_xlsxwriter::Workbook;
use source::Input;

const HEADERS: [&str; 24] = [
    "Resident ID",
    "NHS Number",
    "First Name",
    "Surname",
    "Title",
    "DOB",
    "Sex",
    "Postcode",
    "Phone",
    "Email",
    "Address",
    "Allergies",
    "Diagnosis",
    "Weight (kg)",
    "Date",
    "MUST",
    "Status",
    "Ward",
    "Notes",
    "Door Code",
    "Religion",
    "Marital Status",
    "Seen at",
    "Amount",
];

/// The cell of a row and column: each a canary, of the type that its column seems to hold.
fn cell(row: usize, column: &str) -> String {
    let nhs = [
        "9990000018",
        "999 000 0026",
        "9990000034",
        "9990000042",
        "9990000050",
        "9990000069",
    ];
    match column {
        "NHS Number" => nhs[row % nhs.len()].to_owned(),
        "DOB" => format!("{}/0{}/19{}", 14 + row, 1 + row, 31 + row),
        "Date" | "Seen at" => format!("2025-1{}-{} 07:4{}", row % 3, 13 + row, row),
        "Weight (kg)" => format!("7{row}.{}19", 30 + row),
        "Amount" => format!("48{row}21{row}"),
        "MUST" => format!("{}", 3700 + row * 7),
        "Postcode" => format!("ZQ{row} 9XJ"),
        "Phone" => format!("0770 0900 7{row}7"),
        "Email" => format!("zq{row}@canary.example"),
        "Allergies" => format!("Zqallergen{row}; Zqother{}", row % 2),
        // Few labels, each several times: a list of codes by its looks.
        "Status" | "Ward" | "Sex" | "Religion" | "Marital Status" | "Title" => {
            format!("Zqlabel {}", row % 2)
        }
        other => format!("Zq{}canary{row}", other.replace(' ', "")),
    }
}

fn rows() -> Vec<Vec<String>> {
    (0..6)
        .map(|row| HEADERS.iter().map(|column| cell(row, column)).collect())
        .collect()
}

/// All that a cell says, in the ways in which a draft might say it.
fn canaries() -> Vec<String> {
    let mut all: Vec<String> = rows().concat();
    for text in all.clone() {
        all.extend(
            text.split([';', ' ', '@', '/'])
                .map(str::trim)
                .filter(|part| part.len() > 3)
                .map(str::to_owned),
        );
        all.push(text.replace(' ', ""));
        if let [day, month, year] = text.split('/').collect::<Vec<_>>().as_slice() {
            all.push(format!("{year}-{month}-{day}"));
        }
    }
    all.push("Zqtitle".to_owned());
    all.retain(|text| text.len() > 3);
    all.sort();
    all.dedup();
    all
}

fn assert_silent(what: &str, draft: &Draft) {
    let canaries = canaries();
    assert!(canaries.len() > 100);
    let told = [draft.made.join("\n"), draft.unsure.join("\n")];
    let texts = draft
        .files
        .iter()
        .map(|(name, text)| format!("{name}\n{text}"))
        .chain(told);
    for text in texts {
        for canary in &canaries {
            assert!(
                !text.to_lowercase().contains(&canary.to_lowercase()),
                "{what}: \"{canary}\" is in\n{text}"
            );
        }
    }
    support::assert_loads(draft);
}

fn csv_file() -> Vec<u8> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(HEADERS).unwrap();
    for row in rows() {
        writer.write_record(&row).unwrap();
    }
    writer.into_inner().unwrap()
}

fn workbook() -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet().set_name("People").unwrap();
    sheet.write(0, 0, "Zqtitle of Zqcanary").unwrap();
    for (column, header) in HEADERS.iter().enumerate() {
        let column = u16::try_from(column).unwrap();
        sheet.write(2, column, *header).unwrap();
        for row in 0..6_u32 {
            let text = cell(row as usize, header);
            match text.parse::<f64>() {
                Ok(number) if *header != "NHS Number" => {
                    sheet.write(row + 3, column, number).unwrap()
                }
                _ => sheet.write(row + 3, column, text).unwrap(),
            };
        }
    }
    let hidden = book.add_worksheet().set_name("Lists").unwrap();
    hidden.set_hidden(true);
    hidden.write(0, 0, "Setting").unwrap();
    hidden.write(0, 1, "Value").unwrap();
    hidden.write(1, 0, "Zqtitle").unwrap();
    hidden.write(1, 1, "Zqtitle").unwrap();
    book.save_to_buffer().unwrap()
}

fn json_file(lines: bool) -> Vec<u8> {
    let records: Vec<String> = (0..6)
        .map(|row| {
            let members: Vec<String> = HEADERS
                .iter()
                .map(|header| {
                    let text = cell(row, header);
                    let value = if text.parse::<f64>().is_ok() { text } else { json::Value::from(text).to_string() };
                    format!("{}:{value}", json::Value::from(*header))
                })
                .collect();
            let lists = format!(
                "\"tags\":[\"Zqtitle\",\"Zqtitle{row}\"],\"contacts\":[{{\"name\":\"Zqtitle\",\"phones\":[\"0770 0900 7{row}7\"]}}],\
                 \"byDate\":{{\"2025-10-1{row}\":{{\"value\":1}}}},\"byPerson\":{{\"Zqtitle A\":{{\"v\":1}},\"Zqtitle B\":{{\"v\":2}},\"Zqtitle C\":{{\"v\":2}}}}"
            );
            format!("{{{},{lists}}}", members.join(","))
        })
        .collect();
    if lines {
        records.join("\n").into_bytes()
    } else {
        format!("[{}]", records.join(",")).into_bytes()
    }
}

#[test]
fn no_cell_is_in_any_file_of_a_draft() {
    for every_rule in [false, true] {
        let options = Options {
            every_rule,
            ..Options::new("draft")
        };
        assert_silent("csv", &support::draft_with("p.csv", &csv_file(), &options));
        assert_silent(
            "xlsx",
            &support::draft_with("p.xlsx", &workbook(), &options),
        );
        assert_silent(
            "json",
            &support::draft_with("p.json", &json_file(false), &options),
        );
        assert_silent(
            "ndjson",
            &support::draft_with("p.ndjson", &json_file(true), &options),
        );
    }
}

#[test]
fn the_search_would_find_a_value() {
    // The same search over a draft of a file that is said to be synthetic finds its labels.
    let options = Options {
        synthetic: true,
        ..Options::new("draft")
    };
    let draft = support::draft_with("p.csv", &csv_file(), &options);
    let text = support::text(&draft, "mapping.yaml");
    assert!(text.contains("values: [Zqlabel 0, Zqlabel 1]"), "{text}");
    assert!(support::text(&draft, "codes/allergies.csv").contains("Zqallergen0,,"));
    support::assert_loads(&draft);
}

#[test]
fn words_of_the_built_in_list_may_be_shown() {
    let draft = support::draft(
        "p.csv",
        b"Surname,DOB,Sex\nTest,13/02/1938,male\nTest,14/02/1938,FEMALE\n",
    );
    let text = support::text(&draft, "mapping.yaml");
    assert!(
        text.contains("Sex: { type: code, values: [Female, Male] }"),
        "{text}"
    );
    support::assert_loads(&draft);
}

#[test]
fn a_first_row_that_is_a_person_is_not_taken_for_a_header() {
    for rows in [
        "9990000018,Ada,13/02/1938\n9990000026,Ben,14/02/1938\n",
        "Test,Female,01/02/1938\nSample,Male,02/03/1940\nOther,Female,03/04/1941\n",
        "Ada Test,Female,Penicillin\nBen Test,Male,Latex\nCleo Test,Female,None\n",
    ] {
        let input = Input::bytes("p.csv", rows.as_bytes().to_vec());
        let issues = drafting::draft(&input, &Options::new("draft")).unwrap_err();
        assert_eq!(issues[0].code, "S007", "{issues:?}");
        assert!(!issues[0].to_string().contains("Ada"));
    }
}

#[test]
fn columns_named_by_days_or_persons_are_not_written_down() {
    let draft = support::draft(
        "p.csv",
        b"Surname,DOB,Medicine,17/03/2026,18/03/2026\nTest,13/02/1938,Aspirin,Y,N\nOther,13/02/1939,Aspirin,Y,N\n",
    );
    let text = support::text(&draft, "mapping.yaml");
    assert!(!text.contains("17/03/2026"), "{text}");
    assert!(
        text.contains("the header of column D looks like a value"),
        "{text}"
    );
    support::assert_loads(&draft);
}
