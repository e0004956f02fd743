//! The validators, and how each is installed and called.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use definitions::PackageFile;
use serde_json::Value;

use super::input::{Broken, Input, Kind};
use super::process::{self, Used};
use super::{Arguments, failed};

/// What is validated against.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Against {
    /// R4's own types.
    R4,
    /// UK Core's profiles.
    UkCore,
}

impl Against {
    pub fn id(self) -> &'static str {
        match self {
            Self::R4 => "r4",
            Self::UkCore => "uk-core",
        }
    }

    pub fn name(self) -> &'static str {
        match self {
            Self::R4 => "R4",
            Self::UkCore => "UK Core",
        }
    }

    /// Whether a broken resource breaks a rule of these definitions.
    pub fn includes(self, broken: &Broken) -> bool {
        self == Self::UkCore || !broken.only_uk_core
    }
}

/// A validator, ready to be called.
#[derive(Debug)]
pub struct Tool {
    name: &'static str,
    how: How,
}

#[derive(Debug)]
enum How {
    /// The command line of Causeway.
    Causeway(PathBuf),
    /// A script of `benches/peers`, and UK Core's definitions as NDJSON.
    Node { script: PathBuf, uk_core: PathBuf },
    /// The program of `conformance/oracle`: its class path and the packages.
    Hapi {
        class_path: String,
        r4: PathBuf,
        uk_core: PathBuf,
    },
}

/// What a program is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Mode {
    /// Its own time; Causeway's is taken from outside.
    Time,
    /// A verdict a line.
    Verdicts,
}

/// What a timed run gave.
#[derive(Debug)]
pub struct Timed {
    pub resources: f64,
    pub cpu: f64,
    pub invalid: f64,
    pub peak_kilobytes: f64,
}

/// How many of the broken resources were found, or why the tool cannot try.
#[derive(Debug)]
pub enum Found {
    Unable(String),
    Missed { all: usize, rules: Vec<String> },
}

/// CPU seconds of warm-up: a script's engine is warm in a few, a Java machine takes longer.
const NODE_WARM_UP: &str = "4";
const JAVA_WARM_UP: &str = "40";

/// How often Causeway's command is given the file of good resources: it has no warm-up to hide, and
/// should run for some seconds.
const CAUSEWAY_PASSES: usize = 100;

/// Installs and builds what is asked for. A tool that cannot be had is named and left out.
pub fn prepare(root: &Path, folder: &Path, arguments: &Arguments) -> Result<Vec<Tool>, String> {
    let is_asked = |id: &str| arguments.only.is_empty() || arguments.only.iter().any(|o| o == id);
    let mut tools = Vec::new();
    if is_asked("causeway") {
        let binary = match &arguments.binary {
            Some(binary) => binary.clone(),
            None => build(root)?,
        };
        tools.push(Tool {
            name: "Causeway",
            how: How::Causeway(binary),
        });
    }
    if is_asked("fhir") || is_asked("medplum") {
        let uk_core = folder.join("uk-core.ndjson");
        let installed = install(&root.join("benches/peers"), folder)
            .and_then(|()| unpack(&root.join(&arguments.snapshots), &uk_core));
        match installed {
            Ok(()) => {
                for (id, name) in [("fhir", "npm fhir"), ("medplum", "@medplum/core")] {
                    if is_asked(id) {
                        tools.push(Tool {
                            name,
                            how: How::Node {
                                script: folder.join(format!("{id}.mjs")),
                                uk_core: uk_core.clone(),
                            },
                        });
                    }
                }
            }
            Err(error) => eprintln!("LEFT OUT: the npm packages: {error}"),
        }
    }
    if is_asked("hapi") {
        match hapi(root, &root.join(&arguments.packages)) {
            Ok(tool) => tools.push(tool),
            Err(error) => eprintln!("LEFT OUT: HAPI: {error}"),
        }
    }
    if tools.is_empty() {
        return Err("there is nothing to time".to_owned());
    }
    Ok(tools)
}

pub fn build(root: &Path) -> Result<PathBuf, String> {
    let cargo = std::env::var_os("CARGO").unwrap_or_else(|| "cargo".into());
    finish(
        Command::new(cargo)
            .args(["build", "--release", "--locked", "--bin", "causeway"])
            .current_dir(root),
    )?;
    let target = std::env::var_os("CARGO_TARGET_DIR")
        .map_or_else(|| root.join("target"), |folder| root.join(folder));
    Ok(target.join("release/causeway"))
}

/// The scripts and the npm packages that they need, below `target`.
fn install(scripts: &Path, folder: &Path) -> Result<(), String> {
    for file in [
        "package.json",
        "package-lock.json",
        "timing.mjs",
        "fhir.mjs",
        "medplum.mjs",
    ] {
        let from = scripts.join(file);
        fs::copy(&from, folder.join(file)).map_err(|error| failed(&from, &error))?;
    }
    finish(
        Command::new("npm")
            .args(["ci", "--no-audit", "--no-fund", "--loglevel=error"])
            .current_dir(folder),
    )
}

/// The StructureDefinitions of a package, one a line.
fn unpack(package: &Path, to: &Path) -> Result<(), String> {
    let package = PackageFile::open(package).map_err(|issue| issue.to_string())?;
    let mut lines = Vec::new();
    for (_, resource) in &package.resources {
        if resource.text("resourceType") == Some("StructureDefinition") {
            resource.write(&mut lines);
            lines.push(b'\n');
        }
    }
    fs::write(to, lines).map_err(|error| failed(to, &error))
}

fn hapi(root: &Path, packages: &Path) -> Result<Tool, String> {
    let find = |start: &str| {
        let entries = fs::read_dir(packages).map_err(|error| failed(packages, &error))?;
        entries
            .flatten()
            .map(|entry| entry.path())
            .find(|path| {
                path.file_name()
                    .is_some_and(|name| name.to_string_lossy().starts_with(start))
            })
            .ok_or_else(|| format!("{} has no {start}", packages.display()))
    };
    let (r4, uk_core) = (find("hl7.fhir.r4.core")?, find("fhir.r4.ukcore.stu3")?);
    let out = root.join("target/oracle/java");
    finish(
        Command::new("mvn")
            .args(["-q", "-B", "-f", "conformance/oracle/pom.xml"])
            .arg(format!("-Dcauseway.target={}", out.display()))
            .arg("package")
            .current_dir(root),
    )?;
    let class_path = format!("{0}/oracle-1.jar:{0}/lib/*", out.display());
    Ok(Tool {
        name: "HAPI FHIR",
        how: How::Hapi {
            class_path,
            r4,
            uk_core,
        },
    })
}

pub fn finish(command: &mut Command) -> Result<(), String> {
    match command.status() {
        Ok(status) if status.success() => Ok(()),
        Ok(status) => Err(format!("{command:?} ended with {status}")),
        Err(error) => Err(format!("{command:?} could not be started: {error}")),
    }
}

impl Tool {
    pub fn name(&self) -> &'static str {
        self.name
    }

    /// The program and what it must be told in any case.
    fn command(&self, mode: Mode, against: Against, kind: Kind) -> Command {
        match &self.how {
            How::Causeway(binary) => {
                let mut command = Command::new(binary);
                command.args(["validate", "--format", "json"]);
                command
            }
            How::Node { script, uk_core } => {
                let mut command = Command::new("node");
                command.arg(script);
                if mode == Mode::Verdicts {
                    command.arg("--verdicts");
                }
                if against == Against::UkCore {
                    command.args(["--profile", kind.profile(), "--profiles"]);
                    command.arg(uk_core);
                }
                command
            }
            How::Hapi {
                class_path,
                r4,
                uk_core,
            } => {
                let mut command = Command::new("java");
                command.args(["-Xmx3g", "-cp", class_path, "uk.causeway.oracle.Oracle"]);
                if mode == Mode::Time {
                    command.arg("time");
                }
                command.arg("--package").arg(r4);
                if against == Against::UkCore {
                    command.arg("--package").arg(uk_core);
                }
                command
            }
        }
    }

    /// From the start of the process to its end, with one Patient to validate.
    pub fn start(
        &self,
        against: Against,
        input: &Input,
        folder: &Path,
    ) -> Result<Duration, String> {
        let mut command = self.command(Mode::Time, against, Kind::Patient);
        command.arg(input.first(against));
        Ok(process::run(&mut command, None, folder)?.wall)
    }

    /// How many good resources it validates in how much CPU time.
    pub fn timed(
        &self,
        against: Against,
        kind: Kind,
        input: &Input,
        seconds: f64,
        folder: &Path,
    ) -> Result<Timed, String> {
        let mut command = self.command(Mode::Time, against, kind);
        let file = input.good(kind, against);
        match &self.how {
            How::Causeway(_) => {
                command.args(std::iter::repeat_n(&file, CAUSEWAY_PASSES));
                let used = process::run(&mut command, None, folder)?;
                let verdicts = verdicts(&used)?;
                Ok(Timed {
                    resources: verdicts.len() as f64,
                    cpu: used.cpu,
                    invalid: verdicts.iter().filter(|valid| !**valid).count() as f64,
                    peak_kilobytes: used.peak_kilobytes as f64,
                })
            }
            How::Node { .. } | How::Hapi { .. } => {
                let warm_up = match self.how {
                    How::Node { .. } => NODE_WARM_UP,
                    _ => JAVA_WARM_UP,
                };
                command
                    .arg(&file)
                    .args(["--warm-up", warm_up])
                    .arg("--seconds")
                    .arg(seconds.to_string());
                let used = process::run(&mut command, None, folder)?;
                let told: Value = serde_json::from_str(&used.output)
                    .map_err(|error| format!("{command:?}: {error}"))?;
                let number = |name: &str| {
                    told.get(name)
                        .and_then(Value::as_f64)
                        .ok_or_else(|| format!("{command:?} told no {name}"))
                };
                Ok(Timed {
                    resources: number("resources")?,
                    cpu: number("cpu")?,
                    invalid: number("invalid")?,
                    peak_kilobytes: number("peak_kb")?,
                })
            }
        }
    }

    /// Which of the broken resources it finds broken.
    pub fn found(&self, against: Against, input: &Input, folder: &Path) -> Result<Found, String> {
        let mut all = 0;
        let mut missed = Vec::new();
        for kind in [Kind::Patient, Kind::Observation] {
            let (file, broken) = input.broken(kind, against);
            let mut command = self.command(Mode::Verdicts, against, kind);
            let stdin = match &self.how {
                How::Causeway(_) | How::Node { .. } => {
                    command.arg(&file);
                    None
                }
                How::Hapi { .. } => Some(file.as_path()),
            };
            let used = process::run(&mut command, stdin, folder)?;
            if let Ok(told) = serde_json::from_str::<Value>(&used.output)
                && let Some(why) = told.get("unable").and_then(Value::as_str)
            {
                return Ok(Found::Unable(why.to_owned()));
            }
            let verdicts = verdicts(&used)?;
            if verdicts.len() != broken.len() {
                return Err(format!(
                    "{command:?} gave {} verdicts on {} resources",
                    verdicts.len(),
                    broken.len()
                ));
            }
            all += broken.len();
            for (broken, valid) in broken.iter().zip(verdicts) {
                if valid {
                    missed.push(broken.rule.clone());
                }
            }
        }
        Ok(Found::Missed { all, rules: missed })
    }
}

/// Whether each resource is valid, from the lines that a tool printed.
fn verdicts(used: &Used) -> Result<Vec<bool>, String> {
    used.output
        .lines()
        .map(|line| {
            serde_json::from_str::<Value>(line)
                .ok()
                .and_then(|told| told.get("valid")?.as_bool())
                .ok_or_else(|| format!("a line (status {}) is no verdict: {line}", used.status))
        })
        .collect()
}
