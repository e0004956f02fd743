//! `cargo bench`: exports converted, beside the limit, in one run: a small mapping (a row to a Patient
//! and a body weight), client level data, and nested JSON; mapped, and mapped and validated; on one
//! thread and on all.
//!
//! The limit is the least work that any program must do for the same output: read the records with the
//! csv crate or serde_json and write resources of the same size and number with `serde_json::json!`.
//! Each part runs in a process of its own, in turn, so that its CPU time and peak memory are its own and
//! a change of the machine's speed meets all. The figures are medians of the rounds; quote the ratio.
//!
//! `cargo bench -p causeway --bench convert -- NAME` runs one case, `-- --rounds 1` one round.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::Path;
use std::process::Command;

use definitions::Definitions;
use identity::IdSpace;
use mapping::{Folder, Made, Quarantined, RunContext, RunOptions, Sink, TakeAll, Verdict};
use serde_json::{Value, json};
use terminology::Terminology;
use validation::Validator;

/// One export and how it is read.
struct Case {
    name: &'static str,
    /// The folder of the mapping, below the project's root.
    mapping: &'static str,
    file: &'static str,
    as_of: Option<&'static str>,
}

const CASES: [Case; 3] = [
    Case {
        name: "row-to-fhir",
        mapping: "benches/peers/mapping/row-to-fhir",
        file: "rows.csv",
        as_of: Some("2026-11-01"),
    },
    Case {
        name: "cld-r1",
        mapping: "mappings/cld-r1",
        file: "cld-r1.csv",
        as_of: None,
    },
    Case {
        name: "mods-json",
        mapping: "mappings/mods-json",
        file: "mods.ndjson",
        as_of: None,
    },
];

const PARTS: [&str; 5] = ["limit", "map", "convert", "map-all", "convert-all"];

const ROWS: u64 = 100_000;
const PEOPLE: u32 = 40_000;
const DOCUMENTS: u32 = 20_000;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--part", part, case, file, shape] => run_part(part, case, Path::new(file), shape),
        ["--rounds", rounds] => compare(None, rounds.parse().unwrap()),
        [case, "--rounds", rounds] => compare(Some(case), rounds.parse().unwrap()),
        [case] => compare(Some(case), 3),
        _ => compare(None, 3),
    }
}

fn compare(only: Option<&str>, rounds: usize) {
    let folder = tempfile::tempdir().unwrap();
    println!(
        "{:<12} {:<12} {:>8} {:>8} {:>14} {:>16} {:>8} {:>8} {:>10}",
        "case",
        "part",
        "cpu s",
        "wall s",
        "records/cpu-s",
        "resources/cpu-s",
        "MB out",
        "peak MB",
        "x limit"
    );
    for case in CASES
        .iter()
        .filter(|case| only.is_none_or(|only| only == case.name))
    {
        let file = folder.path().join(case.file);
        write_export(case, &file);
        let first = part("map", case, &file, "-");
        let shape = format!(
            "{}:{}:{}",
            first["records"], first["resources"], first["bytes"]
        );
        let mut runs: Vec<Vec<Value>> = PARTS.iter().map(|_| Vec::new()).collect();
        for _ in 0..rounds {
            for (name, runs) in PARTS.iter().zip(&mut runs) {
                runs.push(part(name, case, &file, &shape));
            }
        }
        let number = |run: &Value, key: &str| run[key].as_f64().unwrap();
        for (name, own) in PARTS.iter().zip(&runs) {
            let cpu = median(own.iter().map(|run| number(run, "cpu")));
            let last = own.last().unwrap();
            println!(
                "{:<12} {name:<12} {cpu:>8.2} {:>8.2} {:>14.0} {:>16.0} {:>8.1} {:>8.0} {:>10.2}",
                case.name,
                median(own.iter().map(|run| number(run, "wall"))),
                number(last, "records") / cpu,
                number(last, "resources") / cpu,
                number(last, "bytes") / 1e6,
                number(last, "peak") / 1e3,
                median(
                    own.iter()
                        .zip(&runs[0])
                        .map(|(run, limit)| number(run, "cpu") / number(limit, "cpu"))
                ),
            );
        }
        for (one, all) in [(1, 3), (2, 4)] {
            let faster = median(
                runs[one]
                    .iter()
                    .zip(&runs[all])
                    .map(|(one, all)| number(one, "wall") / number(all, "wall")),
            );
            println!(
                "{:<12} {}: all threads are {faster:.2} times as fast as one",
                case.name, PARTS[one]
            );
        }
    }
}

/// An export of fictional people.
fn write_export(case: &Case, file: &Path) {
    let mut out = BufWriter::new(File::create(file).unwrap());
    match case.name {
        "row-to-fhir" => small_rows(&mut out),
        "cld-r1" => {
            let mut plan = samples::Plan::new(PEOPLE, 20_261_122);
            plan.rows = Some(ROWS);
            samples::write(samples::Format::CldR1, &plan, &mut out).unwrap();
        }
        _ => {
            let plan = samples::Plan::new(DOCUMENTS, 20_261_122);
            samples::write(samples::Format::ModsJson, &plan, &mut out).unwrap();
        }
    }
    out.flush().unwrap();
}

/// Rows of a small export, with NHS numbers of the range that is nobody's.
fn small_rows(out: &mut impl Write) {
    writeln!(
        out,
        "ID,NHS Number,Last Name,First Name,Sex,DOB,Weighed,Weight (kg)"
    )
    .unwrap();
    let numbers = (0_u64..1_000_000).filter_map(|serial| {
        let digits = format!("999{serial:06}");
        let weighted = digits.bytes().zip((2..=10_u32).rev());
        let sum: u32 = weighted
            .map(|(digit, weight)| u32::from(digit - b'0') * weight)
            .sum();
        match 11 - sum % 11 {
            10 => None,
            check => Some(format!("{digits}{}", check % 11)),
        }
    });
    for (row, number) in (0..ROWS).zip(numbers) {
        let (sex, day) = (["Female", "Male"][row as usize % 2], 1 + row % 28);
        writeln!(
            out,
            "R{row},{number},Test{row},Ada,{sex},{}-{:02}-{day:02},2026-10-{day:02},{}.{}0",
            1925 + row % 60,
            1 + row % 12,
            45 + row % 50,
            row % 10,
        )
        .unwrap();
    }
}

fn part(name: &str, case: &Case, file: &Path, shape: &str) -> Value {
    let start = std::time::Instant::now();
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--part", name, case.name])
        .arg(file)
        .arg(shape)
        .output()
        .unwrap();
    let wall = start.elapsed().as_secs_f64();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    let mut told: Value = serde_json::from_slice(&output.stdout).unwrap();
    told["wall"] = json!(wall);
    told
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn run_part(name: &str, case: &str, file: &Path, shape: &str) {
    let case = CASES.iter().find(|known| known.name == case).unwrap();
    let one = RunOptions::one_thread();
    let (records, resources, bytes) = match name {
        "convert" => convert(case, file, one),
        "convert-all" => convert(case, file, RunOptions::default()),
        "map" => map(case, file, one),
        "map-all" => map(case, file, RunOptions::default()),
        "limit" => limit(file, shape),
        other => panic!("{other}"),
    };
    println!(
        "{}",
        json!({ "records": records, "resources": resources, "bytes": bytes, "cpu": cpu_seconds(), "peak": peak_kilobytes() })
    );
}

/// What `causeway convert` does, into a sink.
fn convert(case: &Case, file: &Path, options: RunOptions) -> (u64, u64, u64) {
    let definitions = Definitions::embedded();
    let terminology = std::sync::Arc::new(Terminology::new(definitions));
    let mapping = load(case, definitions, &terminology);
    let validator = Validator::new(definitions, terminology);
    let mut out = Counting(0);
    let conversion = submission::convert(
        &mapping,
        source::Input::path(file),
        &context(case),
        &validator,
        options,
        &mut out,
        &mut |_| {},
    )
    .unwrap()
    .expect("the input is usable");
    let counts = conversion.report.counts;
    (counts.records, counts.resources, out.0)
}

/// The same without validation.
fn map(case: &Case, file: &Path, options: RunOptions) -> (u64, u64, u64) {
    struct Writing {
        line: Vec<u8>,
        resources: u64,
        bytes: u64,
    }
    impl Sink for Writing {
        fn resource(&mut self, made: Made, _judged: ()) -> Verdict {
            self.line.clear();
            made.resource.write(&mut self.line);
            self.bytes += self.line.len() as u64 + 1;
            self.resources += 1;
            Verdict::Accepted
        }
        fn quarantined(&mut self, _: Quarantined) {}
        fn retired(&mut self, _: mapping::Retired) {}
        fn issue(&mut self, _: diagnostics::Issue) {}
    }
    let definitions = Definitions::embedded();
    let terminology = Terminology::new(definitions);
    let mapping = load(case, definitions, &terminology);
    let mut sink = Writing {
        line: Vec::new(),
        resources: 0,
        bytes: 0,
    };
    let report = mapping
        .run(
            &source::Input::path(file),
            &context(case),
            options,
            &TakeAll,
            &mut sink,
        )
        .expect("the input is usable");
    (
        report.counts.records.values().sum(),
        sink.resources,
        sink.bytes,
    )
}

/// The least that must be done: `shape` is how many records, how many resources of them, and how many
/// bytes in all.
fn limit(file: &Path, shape: &str) -> (u64, u64, u64) {
    let shape: Vec<u64> = shape.split(':').map(|part| part.parse().unwrap()).collect();
    let (records, resources, bytes) = (shape[0], shape[1], shape[2]);
    let mut out = Counting(0);
    let mut line = Vec::new();
    let (mut read, mut made) = (0, 0);
    let each = usize::try_from(bytes / resources).unwrap();
    let filler = "x".repeat(each.saturating_sub(420));
    // As many resources a record as the conversion made, spread evenly.
    let mut write = |values: [&str; 4]| {
        read += 1;
        while made * records < read * resources {
            made += 1;
            let resource = json!({
                "resourceType": "Patient",
                "id": "00000000000000000000000000000000",
                "meta": { "profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"] },
                "identifier": [{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": values[0] }],
                "name": [{ "use": "official", "family": values[1], "given": [values[2]] }],
                "gender": "unknown",
                "birthDate": values[3],
                "text": { "status": "generated", "div": filler.as_str() },
            });
            line.clear();
            serde_json::to_writer(&mut line, &resource).unwrap();
            line.push(b'\n');
            out.write_all(&line).unwrap();
        }
    };
    if file.extension().is_some_and(|ending| ending == "csv") {
        let mut reader = csv::ReaderBuilder::new()
            .flexible(true)
            .from_path(file)
            .unwrap();
        let mut record = csv::StringRecord::new();
        while reader.read_record(&mut record).unwrap() {
            write([1, 2, 3, 5].map(|column| record.get(column).unwrap_or_default()));
        }
    } else {
        // A document holds many records: each stands for as many as there are.
        let text = std::fs::read_to_string(file).unwrap();
        let lines = text.lines().count() as u64;
        for document in text.lines() {
            let document: Value = serde_json::from_str(document).unwrap();
            let kind = document["resourceType"].as_str().unwrap_or_default();
            for _ in 0..records.div_ceil(lines) {
                write([kind; 4]);
            }
        }
    }
    (records, made, out.0)
}

fn load(case: &Case, definitions: &Definitions, terminology: &Terminology) -> mapping::Mapping {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../..")
        .join(case.mapping);
    mapping::load(&Folder::open(&folder), definitions, terminology)
        .mapping
        .expect("the mapping is right")
}

fn context(case: &Case) -> RunContext {
    RunContext {
        tenant: "BENCH".to_owned(),
        source: case.name.to_owned(),
        ids: IdSpace::published(),
        as_of: case.as_of.map(str::to_owned),
    }
}

struct Counting(u64);

impl Write for Counting {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0 += bytes.len() as u64;
        Ok(bytes.len())
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// User and system time of this process, from `/proc`, in hundredths of a second.
fn cpu_seconds() -> f64 {
    let stat = std::fs::read_to_string("/proc/self/stat").expect("this bench needs Linux");
    let fields: Vec<&str> = stat
        .rsplit_once(')')
        .unwrap()
        .1
        .split_whitespace()
        .collect();
    let ticks: f64 = fields[11].parse::<f64>().unwrap() + fields[12].parse::<f64>().unwrap();
    ticks / 100.0
}

fn peak_kilobytes() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let line = status
        .lines()
        .find(|line| line.starts_with("VmHWM:"))
        .unwrap();
    line.split_whitespace().nth(1).unwrap().parse().unwrap()
}
