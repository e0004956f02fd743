//! `cargo xtask peers --mapping`: Causeway and the npm package `fumifier` on one mapping, in one run.
//!
//! Rows of a small export become a UK Core Patient and a body weight each. `fumifier` is timed warm and
//! by itself: a row split into its cells, mapped and printed to text. Causeway's command is timed whole,
//! from its start to its end on one thread, and validates all that it makes besides.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::{Value, json};

use super::process::{self, Used};
use super::table::median;
use super::tool::{build, finish};
use super::{Arguments, failed};

/// Rows of the export that Causeway reads: enough for some seconds.
const ROWS: u64 = 200_000;

/// The ways of `fumifier`: what the table calls them, and the script's arguments.
const WAYS: [(&str, &[&str]); 3] = [
    ("fumifier, UK Core profiles", &["--uk-core"]),
    ("fumifier, R4 types", &[]),
    ("fumifier, plain JSONata", &["--plain"]),
];

/// Times the mappings and prints a table.
///
/// # Errors
/// When something cannot be installed or run.
pub fn run(root: &Path, folder: &Path, arguments: &Arguments) -> Result<(), String> {
    let folder = folder.join("mapping");
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    let rows = folder.join("rows.csv");
    fs::write(&rows, export(ROWS)).map_err(|error| failed(&rows, &error))?;
    let binary = match &arguments.binary {
        Some(binary) => binary.clone(),
        None => build(root)?,
    };
    let peer = match install(root, &folder, arguments) {
        Ok(()) => WAYS.as_slice(),
        Err(error) => {
            eprintln!("LEFT OUT: fumifier: {error}");
            &[]
        }
    };
    let mut causeway = Vec::new();
    let mut peers: Vec<Vec<f64>> = peer.iter().map(|_| Vec::new()).collect();
    for round in 1..=arguments.rounds {
        eprintln!("== round {round} of {}", arguments.rounds);
        causeway.push(convert(root, &binary, &rows, &folder)?);
        for ((_, options), rates) in peer.iter().zip(&mut peers) {
            rates.push(fumifier(
                options,
                &rows,
                &folder,
                &arguments.seconds.to_string(),
            )?);
        }
    }
    let own = median(&causeway);
    let mut text = String::from("| engine | rows per CPU s | Causeway is × |\n|---|---|---|\n");
    let mut all = vec![json!({ "engine": "Causeway, mapped and validated", "rate": own })];
    let _ = writeln!(text, "| Causeway, mapped and validated | {own:.0} | 1.0 |");
    for ((name, _), rates) in peer.iter().zip(&peers) {
        let rate = median(rates);
        let _ = writeln!(text, "| {name} | {rate:.0} | {:.0} |", own / rate);
        all.push(json!({ "engine": name, "rate": rate }));
    }
    print!("{text}");
    let path = folder.join("result.json");
    fs::write(&path, format!("{:#}\n", Value::Array(all)))
        .map_err(|error| failed(&path, &error))?;
    println!("The same as JSON: {}", path.display());
    Ok(())
}

/// An export of fictional people.
fn export(rows: u64) -> String {
    let mut text = String::from("ID,NHS Number,Last Name,First Name,Sex,DOB,Weighed,Weight (kg)\n");
    for (row, number) in nhs_numbers()
        .take(usize::try_from(rows).unwrap_or(0))
        .enumerate()
    {
        let _ = writeln!(
            text,
            "R{row},{number},Test{row},Ada,{sex},{year}-{month:02}-{day:02},2026-10-{day:02},{kilograms}.{tenth}0",
            sex = if row % 2 == 0 { "Female" } else { "Male" },
            year = 1925 + row % 60,
            month = 1 + row % 12,
            day = 1 + row % 28,
            kilograms = 45 + row % 50,
            tenth = row % 10,
        );
    }
    text
}

/// NHS numbers of the range that is nobody's, with their check digits.
fn nhs_numbers() -> impl Iterator<Item = String> {
    (0_u64..1_000_000).filter_map(|serial| {
        let digits = format!("999{serial:06}");
        let sum: u32 = digits
            .chars()
            .zip((2..=10).rev())
            .filter_map(|(digit, weight)| Some(digit.to_digit(10)? * weight))
            .sum();
        match 11 - sum % 11 {
            11 => Some(format!("{digits}0")),
            10 => None,
            check => Some(format!("{digits}{check}")),
        }
    })
}

/// Rows per CPU second of Causeway's command.
fn convert(root: &Path, binary: &Path, rows: &Path, folder: &Path) -> Result<f64, String> {
    let out = folder.join("out.ndjson");
    let mut command = Command::new(binary);
    command
        .args([
            "convert",
            "--threads",
            "1",
            "--as-of",
            "2026-11-01",
            "--mapping",
        ])
        .arg(root.join("benches/peers/mapping/row-to-fhir"))
        .arg(rows)
        .arg("--out")
        .arg(&out);
    let used = process::run(&mut command, None, folder)?;
    let made = fs::read(&out).map_err(|error| failed(&out, &error))?;
    let lines = made.iter().filter(|byte| **byte == b'\n').count() as u64;
    if used.status != 0 || lines != 2 * ROWS {
        return Err(format!(
            "{command:?} made {lines} resources of {ROWS} rows\n{}",
            used.output
        ));
    }
    Ok(ROWS as f64 / used.cpu)
}

/// Rows per CPU second of `fumifier`.
fn fumifier(options: &[&str], rows: &Path, folder: &Path, seconds: &str) -> Result<f64, String> {
    let mut command = Command::new("node");
    command
        .arg(folder.join("fumifier.mjs"))
        .arg(rows)
        .arg("--packages")
        .arg(folder.join("packages"))
        .args(options)
        .args(["--warm-up", "4", "--seconds", seconds]);
    let used: Used = process::run(&mut command, None, folder)?;
    let told: Value =
        serde_json::from_str(&used.output).map_err(|error| format!("{command:?}: {error}"))?;
    let number = |name: &str| told.get(name).and_then(Value::as_f64);
    match (number("rows"), number("cpu")) {
        (Some(rows), Some(cpu)) if cpu > 0.0 => Ok(rows / cpu),
        _ => Err(format!("{command:?} told no figures")),
    }
}

/// The script, the npm packages that it needs, and the FHIR packages where it looks for them.
fn install(root: &Path, folder: &Path, arguments: &Arguments) -> Result<(), String> {
    for file in ["package.json", "package-lock.json", "fumifier.mjs"] {
        let from = root.join("benches/peers/mapping").join(file);
        fs::copy(&from, folder.join(file)).map_err(|error| failed(&from, &error))?;
    }
    finish(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder),
    )?;
    let packages = root.join(&arguments.packages);
    let mut archives: Vec<PathBuf> = fs::read_dir(&packages)
        .map_err(|error| failed(&packages, &error))?
        .flatten()
        .map(|entry| entry.path())
        .filter(|path| {
            let name = path.file_name().unwrap_or_default().to_string_lossy();
            // It looks for HL7's terminology and extensions, needed or not.
            [
                "hl7.fhir.r4.core-",
                "hl7.terminology.r4-",
                "hl7.fhir.uv.extensions.r4-",
            ]
            .iter()
            .any(|start| name.starts_with(start))
        })
        .collect();
    // It cannot make the snapshots of UK Core's profiles.
    archives.push(root.join(&arguments.snapshots));
    for archive in archives {
        unpack(&archive, &folder.join("packages"))?;
    }
    Ok(())
}

/// Lays a package out as FHIR tools share them. What it needs is in the folder already, in perhaps
/// another version, so only the dependency on R4 is kept: otherwise it would be fetched.
fn unpack(archive: &Path, cache: &Path) -> Result<(), String> {
    let place = cache.join("unpacking");
    fs::create_dir_all(&place).map_err(|error| failed(&place, &error))?;
    finish(
        Command::new("tar")
            .arg("xzf")
            .arg(archive)
            .arg("-C")
            .arg(&place),
    )?;
    let manifest = place.join("package/package.json");
    let text = fs::read_to_string(&manifest).map_err(|error| failed(&manifest, &error))?;
    let mut told: Value =
        serde_json::from_str(&text).map_err(|error| format!("{}: {error}", manifest.display()))?;
    let text_of = |key: &str| told.get(key).and_then(Value::as_str).unwrap_or_default();
    let name = text_of("name").to_owned();
    let home = cache.join(format!("{name}#{}", text_of("version")));
    let needs = match name.starts_with("fhir.r4.ukcore") {
        true => json!({ "hl7.fhir.r4.core": "4.0.1" }),
        false => json!({}),
    };
    if let Some(members) = told.as_object_mut() {
        members.insert("dependencies".to_owned(), needs);
    }
    fs::write(&manifest, told.to_string()).map_err(|error| failed(&manifest, &error))?;
    if home.exists() {
        fs::remove_dir_all(&home).map_err(|error| failed(&home, &error))?;
    }
    fs::rename(&place, &home).map_err(|error| failed(&home, &error))
}
