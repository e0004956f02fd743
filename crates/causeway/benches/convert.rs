//! `cargo bench`: an export of 100,000 rows converted, beside the limit, in one run.
//!
//! The limit is the least work that any program must do for the same output: read the rows with the
//! csv crate and write resources of the same size and number with `serde_json::json!`. Each part runs
//! in a process of its own, in turn, so that its CPU time and peak memory are its own and a change of
//! the machine's speed meets both. The figures are medians of the pairs; quote the ratio.
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

const ROWS: u64 = 100_000;
const PEOPLE: u32 = 40_000;
const PAIRS: usize = 5;

fn main() {
    let arguments: Vec<String> = std::env::args()
        .skip(1)
        .filter(|a| a != "--bench")
        .collect();
    match arguments.iter().map(String::as_str).collect::<Vec<_>>()[..] {
        ["--part", part, file, shape] => run_part(part, Path::new(file), shape),
        _ => compare(),
    }
}

fn compare() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("cld-r1.csv");
    let mut plan = samples::Plan::new(PEOPLE, 20_261_122);
    plan.rows = Some(ROWS);
    let mut out = BufWriter::new(File::create(&file).unwrap());
    samples::write(samples::Format::CldR1, &plan, &mut out).unwrap();
    out.flush().unwrap();
    let size = std::fs::metadata(&file).unwrap().len();
    println!("input: {ROWS} rows of cld-r1, {:.1} MB", size as f64 / 1e6);

    let first = part("convert", &file, "-");
    let shape = format!("{}:{}", first["resources"], first["bytes"]);
    let mut figures: Vec<(&str, Vec<Value>)> = ["convert", "map", "limit"]
        .map(|name| (name, Vec::new()))
        .into();
    for _ in 0..PAIRS {
        for (name, runs) in &mut figures {
            runs.push(part(name, &file, &shape));
        }
    }
    println!(
        "{:<8} {:>10} {:>12} {:>14} {:>10} {:>9}",
        "part", "cpu s", "rows/cpu-s", "resources/cpu-s", "MB out", "peak MB"
    );
    for (name, runs) in &figures {
        let cpu = median(runs.iter().map(|run| run["cpu"].as_f64().unwrap()));
        let last = runs.last().unwrap();
        println!(
            "{name:<8} {cpu:>10.2} {:>12.0} {:>14.0} {:>10.1} {:>9.0}",
            last["rows"].as_f64().unwrap() / cpu,
            last["resources"].as_f64().unwrap() / cpu,
            last["bytes"].as_f64().unwrap() / 1e6,
            last["peak"].as_f64().unwrap() / 1e3,
        );
    }
    for (index, name) in [(0, "convert (map + full validation)"), (1, "map only")] {
        let ratio = median(
            figures[index]
                .1
                .iter()
                .zip(&figures[2].1)
                .map(|(run, limit)| run["cpu"].as_f64().unwrap() / limit["cpu"].as_f64().unwrap()),
        );
        println!("{name}: {ratio:.2} times the CPU of the limit");
    }
}

fn part(name: &str, file: &Path, shape: &str) -> Value {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--part", name])
        .arg(file)
        .arg(shape)
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    serde_json::from_slice(&output.stdout).unwrap()
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<f64> = values.collect();
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

fn run_part(name: &str, file: &Path, shape: &str) {
    let (rows, resources, bytes) = match name {
        "convert" => convert(file),
        "map" => map(file),
        "limit" => limit(file, shape),
        other => panic!("{other}"),
    };
    println!(
        "{}",
        json!({ "rows": rows, "resources": resources, "bytes": bytes, "cpu": cpu_seconds(), "peak": peak_kilobytes() })
    );
}

/// What `causeway convert` does, into a sink.
fn convert(file: &Path) -> (u64, u64, u64) {
    let definitions = Definitions::embedded();
    let terminology = std::sync::Arc::new(Terminology::new(definitions));
    let mapping = load(definitions, &terminology);
    let validator = Validator::new(definitions, terminology);
    let mut out = Counting(0);
    let conversion = submission::convert(
        &mapping,
        source::Input::path(file),
        &context(),
        &validator,
        RunOptions::one_thread(),
        &mut out,
        &mut |_| {},
    )
    .unwrap()
    .expect("the input is usable");
    let counts = conversion.report.counts;
    (counts.records, counts.resources, out.0)
}

/// The same without validation.
fn map(file: &Path) -> (u64, u64, u64) {
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
    let mapping = load(definitions, &terminology);
    let mut sink = Writing {
        line: Vec::new(),
        resources: 0,
        bytes: 0,
    };
    let report = mapping
        .run(
            &source::Input::path(file),
            &context(),
            RunOptions::one_thread(),
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

/// The least that must be done: `shape` is how many resources of how many bytes in all.
fn limit(file: &Path, shape: &str) -> (u64, u64, u64) {
    let (resources, bytes) = shape.split_once(':').unwrap();
    let (resources, bytes): (u64, u64) = (resources.parse().unwrap(), bytes.parse().unwrap());
    let mut reader = csv::ReaderBuilder::new()
        .flexible(true)
        .from_path(file)
        .unwrap();
    let mut record = csv::StringRecord::new();
    let mut out = Counting(0);
    let mut line = Vec::new();
    let (mut rows, mut made) = (0, 0);
    let filler = "x".repeat(
        usize::try_from(bytes / resources)
            .unwrap()
            .saturating_sub(480),
    );
    while reader.read_record(&mut record).unwrap() {
        rows += 1;
        // As many resources a row as the conversion made, spread evenly.
        while made * ROWS < rows * resources {
            made += 1;
            let resource = json!({
                "resourceType": "Patient",
                "id": "00000000000000000000000000000000",
                "meta": { "profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"] },
                "identifier": [{ "system": "https://fhir.nhs.uk/Id/nhs-number", "value": &record[5] }],
                "name": [{ "use": "official", "family": &record[8], "given": [&record[7]] }],
                "gender": "unknown",
                "birthDate": &record[13],
                "text": { "status": "generated", "div": filler.as_str() },
            });
            line.clear();
            serde_json::to_writer(&mut line, &resource).unwrap();
            line.push(b'\n');
            out.write_all(&line).unwrap();
        }
    }
    (rows, made, out.0)
}

fn load(definitions: &Definitions, terminology: &Terminology) -> mapping::Mapping {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mappings/cld-r1");
    mapping::load(&Folder::open(&folder), definitions, terminology)
        .mapping
        .expect("the mapping is right")
}

fn context() -> RunContext {
    RunContext {
        tenant: "BENCH".to_owned(),
        source: "cld-r1".to_owned(),
        ids: IdSpace::published(),
        as_of: None,
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
