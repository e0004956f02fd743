//! Causeway's own samples: what the mappings' tests expect.

use std::fs;
use std::path::{Path, PathBuf};

use json::Value;

use crate::{Case, Format, Set};

/// Every resource in the files of `mappings/*/tests`, against what it claims. A case called `every-…`
/// goes through a list row by row: its resources differ in a label and a code, and would crowd the other
/// shapes out of what mutants are made of, so it is left out.
///
/// # Errors
/// When a folder or file cannot be read.
pub fn samples(mappings: &Path) -> Result<Vec<Case>, String> {
    let mut files = Vec::new();
    walk(mappings, &mut files)?;
    files.sort();
    let mut cases = Vec::new();
    for file in files {
        let text =
            fs::read_to_string(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let mut found = Vec::new();
        match json::parse(text.as_bytes()) {
            Ok(value) => resources(value, &mut found),
            Err(_) => {
                for line in text.lines() {
                    if let Ok(value) = json::parse(line.as_bytes()) {
                        resources(value, &mut found);
                    }
                }
            }
        }
        let place = file.strip_prefix(mappings).unwrap_or(&file);
        let place = place
            .with_extension("")
            .to_string_lossy()
            .replace(['/', '\\'], ".");
        for (index, resource) in found.into_iter().enumerate() {
            cases.push(Case {
                name: format!("sample/{place}.{index}"),
                kind: "sample",
                set: Set::Base,
                profiles: Vec::new(),
                format: Format::Json,
                text: String::from_utf8_lossy(&resource.to_bytes()).into_owned(),
            });
        }
    }
    Ok(cases)
}

fn walk(folder: &Path, files: &mut Vec<PathBuf>) -> Result<(), String> {
    let says = |error: std::io::Error| format!("{}: {error}", folder.display());
    for entry in fs::read_dir(folder).map_err(says)? {
        let path = entry.map_err(says)?.path();
        if path.is_dir() {
            walk(&path, files)?;
        } else if path
            .extension()
            .is_some_and(|e| e == "json" || e == "ndjson")
            && path.components().any(|part| part.as_os_str() == "tests")
            && !path
                .components()
                .any(|part| part.as_os_str().to_string_lossy().starts_with("every-"))
        {
            files.push(path);
        }
    }
    Ok(())
}

/// Resources, whether alone, in an array, or in an object by names.
fn resources(value: Value, found: &mut Vec<Value>) {
    if value.text("resourceType").is_some() {
        found.push(value);
        return;
    }
    match value {
        Value::Array(items) => items.into_iter().for_each(|item| resources(item, found)),
        Value::Object(object) => object
            .iter()
            .for_each(|(_, value)| resources(value.clone(), found)),
        _ => {}
    }
}
