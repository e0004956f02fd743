//! What the targets start from: the repository's own samples, and the files of `seeds/`.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A seed's name and its bytes.
pub type Seed = (String, Vec<u8>);

/// The largest file that makes a good seed: small ones are tried more often.
const MAX_SEED: usize = 30_000;

/// The seeds of a target, in a fixed order. `root` is the folder of the workspace.
///
/// # Errors
/// When a file cannot be read.
pub fn of(root: &Path, target: &str) -> io::Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    for folder in ["seeds", "regressions"] {
        for path in files(&root.join("fuzz").join(folder).join(target))? {
            seeds.push((name(&path), fs::read(&path)?));
        }
    }
    match target {
        "json" | "validate" | "round_trip" | "verdict" => seeds.extend(resources(root)?),
        "fhirpath" => seeds.extend(expressions(root)?),
        "definition" => seeds.extend(definitions(root)?),
        "csv" => seeds.extend(exports(root, &["csv"])?),
        "json_tree" => seeds.extend(exports(root, &["json", "ndjson"])?),
        "xlsx" => seeds.extend(exports(root, &["xlsx"])?),
        "mapping_file" => seeds.extend(mappings(root)?),
        "expression" => seeds.extend(mapping_expressions(root)?),
        "mapping_run" => seeds.extend(exports(root, &["csv", "json", "ndjson", "xlsx"])?),
        _ => {}
    }
    seeds.retain(|(_, bytes)| bytes.len() <= MAX_SEED);
    Ok(seeds)
}

/// Resources that the mappings' tests expect, one of each type and rough size.
fn resources(root: &Path) -> io::Result<Vec<Seed>> {
    let mut seen = BTreeSet::new();
    let mut seeds = Vec::new();
    for case in cases(root)? {
        let path = case.join("expected.ndjson");
        if !path.is_file() {
            continue;
        }
        for (number, line) in fs::read(&path)?.split(|byte| *byte == b'\n').enumerate() {
            let Some(type_name) = type_name(line) else {
                continue;
            };
            if seen.insert((type_name, line.len() / 400)) {
                let of = format!("{}-{}", name(&case), number + 1);
                seeds.push((of, line.to_vec()));
            }
        }
    }
    Ok(seeds)
}

fn type_name(line: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(line).ok()?;
    let (_, rest) = text.split_once("\"resourceType\":\"")?;
    Some(rest.split_once('"')?.0.to_owned())
}

/// Every thirtieth definition of those that are built in.
fn definitions(root: &Path) -> io::Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    for package in files(&root.join("profiles"))? {
        for path in files(&package)? {
            if path.extension().is_none_or(|ending| ending != "ndjson") {
                continue;
            }
            let text = fs::read(&path)?;
            for (number, line) in text.split(|byte| *byte == b'\n').enumerate().step_by(30) {
                if (1..5_000).contains(&line.len()) {
                    seeds.push((format!("{}-{}", name(&path), number + 1), line.to_vec()));
                }
            }
        }
    }
    Ok(seeds)
}

/// The invariants and search parameters of what is built in, each expression once.
fn expressions(root: &Path) -> io::Result<Vec<Seed>> {
    let mut all = BTreeSet::new();
    for package in files(&root.join("profiles"))? {
        for path in files(&package)? {
            for part in fs::read_to_string(&path)?
                .split("\"expression\":\"")
                .skip(1)
            {
                if let Some((expression, _)) = part.split_once("\",\"") {
                    all.insert(expression.replace("\\\"", "\"").replace("\\\\", "\\"));
                }
            }
        }
    }
    let numbered = all.into_iter().enumerate();
    Ok(numbered
        .map(|(number, expression)| (number.to_string(), expression.into_bytes()))
        .collect())
}

/// The shipped mappings, and the examples of the language's pages.
fn mappings(root: &Path) -> io::Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    for folder in files(&root.join("mappings"))? {
        let path = folder.join("mapping.yaml");
        if path.is_file() {
            seeds.push((name(&folder), fs::read(&path)?));
        }
    }
    for page in ["mapping-language.md", "mapping-findings.md"] {
        let text = fs::read_to_string(root.join("docs").join(page))?;
        for (number, block) in text.split("```yaml").skip(1).enumerate() {
            let block = block.split_once('\n').map_or("", |(_, rest)| rest);
            let block = block.split("```").next().unwrap_or_default();
            seeds.push((format!("{page}-{number}"), block.as_bytes().to_vec()));
        }
    }
    Ok(seeds)
}

/// The examples of expressions on the language's page.
fn mapping_expressions(root: &Path) -> io::Result<Vec<Seed>> {
    let text = fs::read_to_string(root.join("docs/mapping-language.md"))?;
    let blocks = text.split("```expr\n").skip(1);
    let lines = blocks.flat_map(|block| block.split("```").next().unwrap_or_default().lines());
    let numbered = lines.filter_map(|line| line.split_once(" => ")).enumerate();
    Ok(numbered
        .map(|(number, (expression, _))| {
            (number.to_string(), expression.trim().as_bytes().to_vec())
        })
        .collect())
}

/// Inputs of the mappings' tests.
fn exports(root: &Path, endings: &[&str]) -> io::Result<Vec<Seed>> {
    let mut seeds = Vec::new();
    for case in cases(root)? {
        for ending in endings {
            let path = case.join(format!("input.{ending}"));
            if path.is_file() {
                seeds.push((format!("{}.{ending}", name(&case)), fs::read(&path)?));
            }
        }
    }
    Ok(seeds)
}

/// The folders of the mappings' tests.
fn cases(root: &Path) -> io::Result<Vec<PathBuf>> {
    let mut cases = Vec::new();
    for mapping in files(&root.join("mappings"))? {
        cases.extend(files(&mapping.join("tests"))?);
    }
    Ok(cases)
}

/// What stands in a folder, sorted; nothing when it is none.
fn files(folder: &Path) -> io::Result<Vec<PathBuf>> {
    if !folder.is_dir() {
        return Ok(Vec::new());
    }
    let mut paths = fs::read_dir(folder)?
        .map(|entry| Ok(entry?.path()))
        .collect::<io::Result<Vec<_>>>()?;
    paths.sort();
    Ok(paths)
}

fn name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
