//! Bad input gets a clear message that names the place and the mend, and loses nobody else's record.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use harness::{Finished, causeway, first_sample};
use serde_json::Value;
use tempfile::TempDir;

struct Bench {
    folder: TempDir,
}

struct Converted {
    finished: Finished,
    resources: Vec<Value>,
    report: Value,
}

impl Bench {
    fn new() -> Self {
        Self {
            folder: tempfile::tempdir().unwrap(),
        }
    }

    fn convert(&self, mapping: &str, name: &str, bytes: &[u8]) -> Converted {
        let file = self.folder.path().join(name);
        std::fs::write(&file, bytes).unwrap();
        let out = self.folder.path().join("out.ndjson");
        let report = self.folder.path().join("report.json");
        let _ = std::fs::remove_file(&report);
        let finished = causeway(&[
            "convert",
            "--mapping",
            mapping,
            file.to_str().unwrap(),
            "--out",
            out.to_str().unwrap(),
            "--report",
            report.to_str().unwrap(),
        ]);
        let resources = std::fs::read_to_string(out)
            .unwrap_or_default()
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let report = std::fs::read_to_string(report)
            .ok()
            .map_or(Value::Null, |text| serde_json::from_str(&text).unwrap());
        Converted {
            finished,
            resources,
            report,
        }
    }
}

fn sample(mapping: &str) -> (String, Vec<u8>) {
    let path = first_sample(mapping);
    let name = path.file_name().unwrap().to_str().unwrap().to_owned();
    (name, std::fs::read(path).unwrap())
}

/// A clean export of a few people, so that each mistake is the only one.
fn clean_cld() -> String {
    let mut bytes = Vec::new();
    samples::write(
        samples::Format::CldR1,
        &samples::Plan::clean(6, 424_242),
        &mut bytes,
    )
    .unwrap();
    String::from_utf8(bytes).unwrap()
}

fn people(resources: &[Value]) -> usize {
    resources
        .iter()
        .filter(|resource| resource["resourceType"] == "Patient")
        .count()
}

#[test]
fn the_wrong_file_for_the_mapping_is_refused() {
    let bench = Bench::new();
    let (name, workbook) = sample("generic-carehome-xlsx");
    let (json_name, json) = sample("mods-json");
    let (csv_name, csv) = sample("cld-r1");
    for (mapping, name, bytes) in [
        ("cld-r1", name.as_str(), workbook.as_slice()),
        ("cld-r1", json_name.as_str(), json.as_slice()),
        ("generic-carehome-xlsx", csv_name.as_str(), csv.as_slice()),
        ("mods-json", csv_name.as_str(), csv.as_slice()),
        ("mods-json", name.as_str(), workbook.as_slice()),
        ("cld-r1", "other.csv", b"Name,Colour\nAda,Blue\n"),
        (
            "cld-r1",
            "page.csv",
            b"<!DOCTYPE html><html><body>Sign in</body></html>",
        ),
    ] {
        let converted = bench.convert(mapping, name, bytes);
        assert_eq!(
            converted.finished.code, 4,
            "{mapping} {name}: {}",
            converted.finished.err
        );
        assert!(
            converted.finished.err.lines().count() >= 2,
            "{}",
            converted.finished.err
        );
        assert!(converted.resources.is_empty());
    }
}

#[test]
fn an_empty_file_is_refused() {
    let bench = Bench::new();
    for mapping in ["cld-r1", "generic-carehome-xlsx", "mods-json"] {
        let converted = bench.convert(mapping, "empty", b"");
        assert_eq!(
            converted.finished.code, 4,
            "{mapping}: {}",
            converted.finished.err
        );
        assert!(
            converted.finished.err.contains("empty"),
            "{mapping}: {}",
            converted.finished.err
        );
    }
}

#[test]
fn a_truncated_workbook_is_refused() {
    let (name, workbook) = sample("generic-carehome-xlsx");
    let bench = Bench::new();
    for part in [2, 3, 10] {
        let cut = &workbook[..workbook.len() * (part - 1) / part];
        let converted = bench.convert("generic-carehome-xlsx", &name, cut);
        assert_eq!(converted.finished.code, 4, "{}", converted.finished.err);
    }
}

#[test]
fn not_quite_csv_is_refused_or_costs_only_its_record() {
    let bench = Bench::new();
    let clean = clean_cld();
    let whole = bench.convert("cld-r1", "a.csv", clean.as_bytes());
    assert_eq!(
        whole.finished.code, 0,
        "{}{}",
        whole.finished.out, whole.finished.err
    );
    // A quote that is never closed swallows the rest of the file: it is not known what was in it.
    let unclosed = bench.convert(
        "cld-r1",
        "a.csv",
        format!("{clean}\"503,01/07/2026").as_bytes(),
    );
    assert_eq!(unclosed.finished.code, 4, "{}", unclosed.finished.err);
    // A row with too few cells is one row.
    let ragged = bench.convert(
        "cld-r1",
        "a.csv",
        format!("{clean}503,01/07/2026\r\n").as_bytes(),
    );
    assert_eq!(ragged.finished.code, 3, "{}", ragged.finished.err);
    assert_eq!(ragged.resources.len(), whole.resources.len());
    let place = ragged.report["quarantine"][0]["place"]["row"]
        .as_u64()
        .unwrap();
    assert_eq!(place as usize, clean.lines().count() + 1);
}

#[test]
fn the_encoding_is_found_and_said() {
    let bench = Bench::new();
    let clean = clean_cld();
    let accented = clean.replacen("Home", "Hôme", 1);
    let as_1252: Vec<u8> = accented
        .chars()
        .map(|c| u8::try_from(u32::from(c)).unwrap_or(b'-'))
        .collect();
    let utf16: Vec<u8> = [0xFF, 0xFE]
        .into_iter()
        .chain(accented.encode_utf16().flat_map(u16::to_le_bytes))
        .collect();
    for bytes in [as_1252, utf16] {
        let converted = bench.convert("cld-r1", "a.csv", &bytes);
        assert!(
            [0, 3].contains(&converted.finished.code),
            "{}",
            converted.finished.err
        );
        assert_eq!(
            people(&converted.resources),
            people(&bench.convert("cld-r1", "b.csv", clean.as_bytes()).resources)
        );
        assert!(
            converted.report["issues"]
                .as_array()
                .unwrap()
                .iter()
                .any(|issue| {
                    issue["message"].as_str().unwrap().contains("1252")
                        || issue["message"].as_str().unwrap().contains("UTF-16")
                }),
            "{}",
            converted.report["issues"]
        );
    }
}

#[test]
fn a_huge_cell_costs_one_record() {
    let bench = Bench::new();
    let clean = clean_cld();
    let whole = bench.convert("cld-r1", "a.csv", clean.as_bytes());
    let row = clean.lines().nth(1).unwrap();
    let mut cells: Vec<String> = row.split(',').map(str::to_owned).collect();
    let last = cells.len() - 1;
    cells[last] = format!("\"{}\"", "x".repeat(10 << 20));
    let huge = format!("{clean}{}\r\n", cells.join(","));
    let converted = bench.convert("cld-r1", "a.csv", huge.as_bytes());
    assert_eq!(converted.finished.code, 3, "{}", converted.finished.err);
    assert_eq!(converted.resources, whole.resources);
}

/// Replaces the cell of a column in the first data row.
fn with_cell(csv: &str, column: &str, value: &str) -> String {
    let mut lines: Vec<String> = csv.lines().map(str::to_owned).collect();
    let header: Vec<&str> = lines[0].trim_start_matches('\u{feff}').split(',').collect();
    let index = header
        .iter()
        .position(|name| *name == column)
        .unwrap_or_else(|| panic!("{column}"));
    assert!(!lines[1].contains('"'), "the row is plain");
    let mut cells: Vec<&str> = lines[1].split(',').collect();
    cells[index] = value;
    lines[1] = cells.join(",");
    lines.join("\r\n") + "\r\n"
}

/// An export whose first data row holds no quoted cell, so that `with_cell` can split it.
fn plain_cld() -> String {
    let clean = clean_cld();
    let mut lines: Vec<&str> = clean.lines().collect();
    let plain = lines
        .iter()
        .skip(1)
        .position(|line| !line.contains('"'))
        .expect("a plain row")
        + 1;
    lines.swap(1, plain);
    lines.join("\r\n") + "\r\n"
}

#[test]
fn one_bad_value_is_named_and_costs_no_other_person() {
    let bench = Bench::new();
    let clean = plain_cld();
    let whole = bench.convert("cld-r1", "a.csv", clean.as_bytes());
    assert_eq!(
        whole.finished.code, 0,
        "{}{}",
        whole.finished.out, whole.finished.err
    );
    for (column, value) in [
        ("Date of Birth", "31/02/1940"),
        ("NHS Number", "9990000019"),
        ("Gender", "Zz"),
        ("Event Start Date", "yesterday"),
    ] {
        let converted = bench.convert(
            "cld-r1",
            "a.csv",
            with_cell(&clean, column, value).as_bytes(),
        );
        assert!(
            [0, 3].contains(&converted.finished.code),
            "{column}: {}",
            converted.finished.err
        );
        let everything = converted.report.to_string();
        assert!(
            everything.contains(column),
            "{column} is named: {everything}"
        );
        assert!(
            people(&converted.resources) + 1 >= people(&whole.resources),
            "{column}"
        );
        // The message is for anybody; the value is for the sender's report only (CS-22).
        assert!(
            !converted.finished.out.contains(value),
            "{}",
            converted.finished.out
        );
        assert!(
            !converted.finished.err.contains(value),
            "{}",
            converted.finished.err
        );
    }
}

#[test]
fn a_person_without_an_nhs_number_goes_through() {
    let bench = Bench::new();
    let clean = plain_cld();
    let whole = bench.convert("cld-r1", "a.csv", clean.as_bytes());
    let converted = bench.convert(
        "cld-r1",
        "a.csv",
        with_cell(&clean, "NHS Number", "").as_bytes(),
    );
    assert!(
        [0, 3].contains(&converted.finished.code),
        "{}",
        converted.finished.err
    );
    assert_eq!(people(&converted.resources), people(&whole.resources));
}

#[test]
fn a_file_that_is_not_there_is_unusable_input() {
    let finished = causeway(&[
        "convert",
        "--mapping",
        "cld-r1",
        "no-such-file.csv",
        "--out",
        "-",
    ]);
    assert_eq!(finished.code, 4);
    assert!(finished.err.contains("no-such-file.csv"));
}
