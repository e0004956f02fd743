//! The Java program, and what it has said before.

use std::collections::HashMap;
use std::fs::{self, File, OpenOptions};
use std::io::{BufRead, BufReader, BufWriter, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use json::{Object, Value};
use sha2::{Digest, Sha256};

use crate::{Case, Set, Verdict};

/// How to run the program.
#[derive(Debug, Clone)]
pub struct Oracle {
    /// The folder with `oracle-1.jar` and `lib`.
    pub program: PathBuf,
    /// The packages of a set, the core first.
    pub packages: HashMap<Set, Vec<PathBuf>>,
    /// The file of verdicts given before.
    pub cache: PathBuf,
    /// Where the program's own figures go.
    pub log: PathBuf,
    /// Changes with the program.
    pub salt: String,
    /// Changes with Causeway's own test profiles, which only the cases that name one depend on.
    pub own_salt: String,
}

/// A hash of some files' content, to know whether verdicts are still good.
///
/// # Errors
/// When one cannot be read.
pub fn hash_of(files: &[PathBuf]) -> Result<String, String> {
    let mut hash = Sha256::new();
    for file in files {
        hash.update(fs::read(file).map_err(|error| format!("{}: {error}", file.display()))?);
    }
    Ok(hash
        .finalize()
        .iter()
        .take(6)
        .map(|byte| format!("{byte:02x}"))
        .collect())
}

impl Oracle {
    /// The verdicts on cases, in their order: those known already, and the others from the program.
    /// `refresh` asks anew for all.
    ///
    /// # Errors
    /// When the program does not run or stops early; what it has said by then is kept.
    pub fn verdicts(&self, cases: &[Case], refresh: bool) -> Result<Vec<Verdict>, String> {
        let mut known = if refresh {
            HashMap::new()
        } else {
            self.known()?
        };
        for set in Set::ALL {
            let mut missing: Vec<&Case> = cases
                .iter()
                .filter(|case| case.set == set && !known.contains_key(&self.key(case)))
                .collect();
            missing.sort_by_key(|case| case.text.len());
            if !missing.is_empty() {
                eprintln!(
                    "asking the oracle about {} cases ({})",
                    missing.len(),
                    set.name()
                );
                self.ask(set, &missing, &mut known)?;
            }
        }
        cases
            .iter()
            .map(|case| {
                let verdict = known.get(&self.key(case)).cloned();
                verdict.ok_or_else(|| format!("the oracle gave no verdict on {}", case.name))
            })
            .collect()
    }

    fn key(&self, case: &Case) -> String {
        let own = "causeway.test/StructureDefinition";
        let named =
            case.text.contains(own) || case.profiles.iter().any(|profile| profile.contains(own));
        let own = if named { &self.own_salt } else { "" };
        format!("{}-{own}-{}", self.salt, case.hash())
    }

    fn known(&self) -> Result<HashMap<String, Verdict>, String> {
        let mut known = HashMap::new();
        let Ok(file) = File::open(&self.cache) else {
            return Ok(known);
        };
        for line in BufReader::new(file).lines() {
            let line = line.map_err(|error| format!("{}: {error}", self.cache.display()))?;
            // A run that was stopped may have left half a line.
            if let Ok(value) = json::parse(line.as_bytes())
                && let Some(key) = value.text("key")
            {
                known.insert(key.to_owned(), verdict(&value));
            }
        }
        Ok(known)
    }

    fn ask(
        &self,
        set: Set,
        cases: &[&Case],
        known: &mut HashMap<String, Verdict>,
    ) -> Result<(), String> {
        let says = |error: std::io::Error| format!("the oracle: {error}");
        let jars = format!(
            "{}:{}/*",
            self.program.join("oracle-1.jar").display(),
            self.program.join("lib").display()
        );
        let mut command = Command::new("java");
        command.args([
            "-Xmx3g",
            "-XX:+UseSerialGC",
            "-cp",
            &jars,
            "uk.causeway.oracle.Oracle",
        ]);
        for package in self.packages.get(&set).into_iter().flatten() {
            command.arg("--package").arg(package);
        }
        let log = File::create(&self.log).map_err(says)?;
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(log)
            .spawn()
            .map_err(says)?;
        let (Some(input), Some(output)) = (child.stdin.take(), child.stdout.take()) else {
            return Err("the oracle has no standard input or output".to_owned());
        };
        let mut cache = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.cache)
            .map_err(says)?;
        let lines: Vec<String> = cases.iter().map(|case| case.line()).collect();
        let writer = std::thread::spawn(move || {
            let mut input = BufWriter::new(input);
            for line in lines {
                if writeln!(input, "{line}").is_err() {
                    return;
                }
            }
        });
        let mut answers = BufReader::new(output).lines();
        for (number, case) in cases.iter().enumerate() {
            let Some(line) = answers.next() else {
                return Err(format!(
                    "the oracle stopped at {}: see {}",
                    case.name,
                    self.log.display()
                ));
            };
            let line = line.map_err(says)?;
            let value =
                json::parse(line.as_bytes()).map_err(|error| format!("the oracle: {error}"))?;
            if value.text("case") != Some(&case.name) {
                return Err(format!("the oracle answered out of turn at {}", case.name));
            }
            let kept = kept(&self.key(case), &value);
            writeln!(cache, "{}", String::from_utf8_lossy(&kept.to_bytes())).map_err(says)?;
            known.insert(self.key(case), verdict(&value));
            if (number + 1) % 500 == 0 {
                eprintln!("  {} of {}", number + 1, cases.len());
            }
        }
        let _ = writer.join();
        let status = child.wait().map_err(says)?;
        if status.success() {
            Ok(())
        } else {
            Err(format!(
                "the oracle ended with {status}: see {}",
                self.log.display()
            ))
        }
    }
}

fn kept(key: &str, answer: &Value) -> Value {
    let issues: Vec<Value> = answer
        .each("issues")
        .take(8)
        .map(|issue| {
            let member = |name: &str| Value::from(issue.text(name).unwrap_or("?"));
            Object::new()
                .with("location", member("location"))
                .with("messageId", member("messageId"))
                .with("text", member("text"))
                .into()
        })
        .collect();
    Object::new()
        .with("key", key)
        .with("valid", answer.get("valid").cloned().unwrap_or_default())
        .with("issues", Value::Array(issues))
        .into()
}

fn verdict(answer: &Value) -> Verdict {
    let mut verdict = Verdict {
        valid: answer
            .get("valid")
            .and_then(Value::as_bool)
            .unwrap_or(false),
        ..Verdict::default()
    };
    for issue in answer.each("issues") {
        let id = issue.text("messageId").unwrap_or("?");
        // An invariant's id is the url of its definition with the key.
        let rule = id.rsplit(['/', '#']).next().unwrap_or(id);
        let location = issue.text("location").unwrap_or("?");
        let text = issue.text("text").unwrap_or("?");
        verdict.refuse(rule, format!("{rule} {location}: {text}"));
    }
    verdict
}

/// The files of a folder with an extension, in name order.
///
/// # Errors
/// When the folder cannot be read.
pub fn files(folder: &Path, extension: &str) -> Result<Vec<PathBuf>, String> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .map_err(|error| format!("{}: {error}", folder.display()))?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| path.extension().is_some_and(|found| found == extension))
        .collect();
    found.sort();
    Ok(found)
}
