//! Whatever a file holds, its draft loads without an error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use drafting::Options;
use proptest::prelude::*;
use rust_xlsxwriter::Workbook;
use source::Input;

/// Headers that a draft has rules for, headers that are hard to write down, and any text at all.
fn header() -> impl Strategy<Value = String> {
    prop_oneof![
        3 => prop::sample::select(vec![
            "ID", "NHS Number", "First Name", "Surname", "DOB", "Sex", "Allergies", "Diagnosis", "Weight (kg)",
            "Height (cm)", "Temp (°C)", "SpO2 %", "BMI (kg/m2)", "Pulse (bpm)", "Date", "Medicine", "Dose", "Start",
            "Stop", "Relationship", "Name", "Phone", "Email", "Postcode", "Address", "Door Code", "NI Number",
            "DNACPR", "DoLS", "MUST", "Waterlow", "Title", "Known As", "GP", "Town", "Admission Date", "Reaction",
            "Next of kin", "LPA H&W", "Date of Death", "Exported on", "Resident ID", "Notes", "Respiratory Rate (min)",
        ])
        .prop_map(str::to_owned),
        2 => prop::sample::select(vec![
            "a]b", "[x]", "null", "true", "No", "~", "=sum", "==x", "a: b", "a #b", "- a", "? a", "! a", "& a", "* a",
            "'quoted'", "\"quoted\"", "back\\slash", "line\nbreak", "tab\there", "{a}", "%a", "@ a", "`a`", "| a",
            "> a", "a,b", "é", "日本語", "\u{202E}abc", "a\u{00A0}b", "a\u{2028}b", "#", "<<", "---", "...", "a\u{7F}b",
            "key", "type", "Straße", "😀 mood", "a\u{FEFF}b", "x=\"y\"", "(in kg)", "type:", "Ünïcode Näme",
        ])
        .prop_map(str::to_owned),
        1 => "\\PC{0,20}",
        1 => "[a-zA-Z \\[\\]{}:#,'\"=|>&*!%@`\\\\\\n-]{1,30}",
        1 => Just(String::new()),
        1 => "x{90,120}",
        1 => Just("y".repeat(1500)),
    ]
}

fn cell() -> impl Strategy<Value = String> {
    prop_oneof![
        2 => Just(String::new()),
        1 => prop::sample::select(vec![
            "Male", "Female", "Y", "N", "Yes", "No", "N/A", "-", "nil", "NKDA", "9990000018", "999 000 0026",
            "01/02/1938", "13/02/1938", "1938-02-11", "31.12.2025", "1 Feb 2026", "61.50", "7", "-3", "0012", "1e400",
            "Penicillin; latex", "a|b", "AB1 2CD", "07700 900123", "a@example.org", "True", "Unknown", "2026-07-01T09:30:00Z",
            "2026-07-01 09:30", "99999999999999999999", "Null", "=1+1", "01/02/38", "{", "\"", "Ada\nTest",
        ])
        .prop_map(str::to_owned),
        1 => "\\PC{0,12}",
        1 => (0..40_i32).prop_map(|number| number.to_string()),
    ]
}

fn table() -> impl Strategy<Value = Vec<Vec<String>>> {
    (1..9_usize).prop_flat_map(|width| {
        let head = prop::collection::vec(header(), width);
        let rows = prop::collection::vec(prop::collection::vec(cell(), width), 0..12);
        (head, rows).prop_map(|(head, rows)| std::iter::once(head).chain(rows).collect())
    })
}

fn csv_of(rows: &[Vec<String>], delimiter: char) -> Vec<u8> {
    let mut out = String::new();
    for row in rows {
        let cells: Vec<String> = row
            .iter()
            .map(|cell| format!("\"{}\"", cell.replace('"', "\"\"")))
            .collect();
        out.push_str(&cells.join(&delimiter.to_string()));
        out.push_str("\r\n");
    }
    out.into_bytes()
}

fn xlsx_of(sheets: &[Vec<Vec<String>>]) -> Vec<u8> {
    let mut book = Workbook::new();
    for rows in sheets {
        let sheet = book.add_worksheet();
        for (r, row) in rows.iter().enumerate() {
            for (c, cell) in row.iter().enumerate() {
                let (r, c) = (u32::try_from(r).unwrap(), u16::try_from(c).unwrap());
                match cell.parse::<f64>() {
                    Ok(number) if number.is_finite() => sheet.write(r, c, number).unwrap(),
                    _ => sheet.write(r, c, cell.as_str()).unwrap(),
                };
            }
        }
    }
    book.save_to_buffer().unwrap()
}

/// Drafts in each way and asserts that the draft loads; false where the file has no header.
fn drafts(name: &str, bytes: &[u8]) -> bool {
    let input = Input::bytes(name, bytes.to_vec());
    let mut any = false;
    for (synthetic, every_rule) in [(false, false), (false, true), (true, true)] {
        let options = Options {
            synthetic,
            every_rule,
            ..Options::new("draft")
        };
        match drafting::draft(&input, &options) {
            Ok(draft) => {
                support::assert_loads(&draft);
                any = true;
            }
            Err(issues) => {
                assert!(!issues.is_empty());
                assert!(
                    issues.iter().all(|issue| issue.help.is_some()),
                    "{issues:?}"
                );
            }
        }
    }
    any
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_csv_file_gives_a_mapping_that_loads(rows in table(), delimiter in prop::sample::select(vec![',', ';', '\t', '|'])) {
        drafts("any.csv", &csv_of(&rows, delimiter));
    }

    #[test]
    fn any_workbook_gives_a_mapping_that_loads(sheets in prop::collection::vec(table(), 1..4)) {
        drafts("any.xlsx", &xlsx_of(&sheets));
    }

    #[test]
    fn any_json_gives_a_mapping_that_loads(document in json_value(4), lines in any::<bool>()) {
        let text = if lines { format!("{document}\n{document}\n") } else { format!("[{document}, {document}]") };
        drafts("any.json", text.as_bytes());
    }

    #[test]
    fn any_bytes_give_a_draft_or_an_error(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        drafts("any.csv", &bytes);
    }
}

fn json_value(depth: u32) -> impl Strategy<Value = String> {
    let text = |text: String| json::Value::from(text).to_string();
    let leaf = prop_oneof![
        cell().prop_map(text),
        Just("null".to_owned()),
        Just("true".to_owned()),
        (0..100_i32).prop_map(|number| number.to_string()),
    ];
    leaf.prop_recursive(depth, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4)
                .prop_map(|items| format!("[{}]", items.join(","))),
            prop::collection::vec((header(), inner), 0..8).prop_map(move |members| {
                let mut seen = std::collections::HashSet::new();
                let members: Vec<String> = members
                    .into_iter()
                    .filter(|(name, _)| seen.insert(name.clone()))
                    .map(|(name, value)| format!("{}:{value}", text(name)))
                    .collect();
                format!("{{{}}}", members.join(","))
            }),
        ]
    })
}

/// A header of its own by each hard one, so that it is certain that drafts are made at all.
#[test]
fn hard_headers_are_declared_and_read_back() {
    for header in [
        "a]b",
        "[x]",
        "=sum",
        "a: b",
        "a #b",
        "line\nbreak",
        "back\\slash",
        "\"quoted\"",
        "日本語",
        "null",
        "a\u{2028}b",
        "True",
        "'x",
        "{a}",
        "*star",
        "&amp",
        "!bang",
        "%per",
        "- dash",
        "a\u{202E}b",
        "x: [y",
    ] {
        let rows = vec![
            vec![
                "Surname".to_owned(),
                "Date of Birth".to_owned(),
                header.to_owned(),
            ],
            vec![
                "Test".to_owned(),
                "13/02/1938".to_owned(),
                "word".to_owned(),
            ],
        ];
        let bytes = csv_of(&rows, ',');
        let draft = support::draft("hard.csv", &bytes);
        let loaded = support::load(&draft);
        let mapping = loaded
            .mapping
            .unwrap_or_else(|| panic!("{header:?}\n{}", support::text(&draft, "mapping.yaml")));
        let opened = source::open(
            &Input::bytes("hard.csv", bytes),
            mapping.schema().clone().into(),
        );
        let opened = opened.unwrap_or_else(|issues| panic!("{header:?} {issues:?}"));
        let found = opened.table(0).unwrap();
        assert!(
            found.undeclared.is_empty(),
            "{header:?} is not read back: {:?}",
            found.undeclared
        );
    }
}
