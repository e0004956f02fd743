//! `causeway check`.

mod watch;

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use diagnostics::Severity;
use mapping::{Folder, Loaded, MappingFiles as _};
use mapping_registry::Standing;
use serde_json::json;

use crate::cli::{Check, Format};
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::{locate, output};

/// Findings of one mapping that are printed for people; programs get all.
const MAX_SHOWN: usize = 100;

/// Runs the command.
pub fn run(arguments: &Check) -> Result<Exit, Failure> {
    if let Some(code) = &arguments.explain {
        return explain(code);
    }
    let knowledge = Knowledge::of(&arguments.packages)?;
    if arguments.watch {
        return watch::run(arguments, &knowledge);
    }
    check(arguments, &knowledge)
}

/// Checks every mapping once.
fn check(arguments: &Check, knowledge: &Knowledge) -> Result<Exit, Failure> {
    let (mut errors, mut warnings) = (0, 0);
    let mut first = None;
    let (definitions, terminology) = (knowledge.definitions, &knowledge.terminology);
    let libraries: Vec<PathBuf> = arguments
        .paths
        .iter()
        .flat_map(|path| mapping::find_libraries(path))
        .collect();
    // A library may be checked alone.
    let mappings: Vec<PathBuf> = arguments
        .paths
        .iter()
        .filter(|path| !libraries.contains(path))
        .cloned()
        .collect();
    let mut checked: Vec<(PathBuf, Folder, Loaded, bool)> = Vec::new();
    for folder in libraries {
        let files = Folder::open(&folder);
        let loaded = mapping::check_library(&files, definitions, terminology);
        checked.push((folder, files, loaded, false));
    }
    for folder in locate::folders(&mappings)? {
        let files = Folder::open(&folder);
        let loaded = mapping::load(&files, definitions, terminology);
        checked.push((folder, files, loaded, true));
    }
    for (folder, files, loaded, is_mapping) in checked {
        let count = |severity| {
            let all = loaded.issues.iter();
            all.filter(|issue| issue.severity == severity).count()
        };
        errors += count(Severity::Error);
        warnings += count(Severity::Warning);
        if first.is_none() {
            first = loaded.issues.first().map(|issue| issue.code.to_string());
        }
        match arguments.format {
            Format::Text => output::print(&text(&folder, &loaded, is_mapping))?,
            Format::Json => {
                for issue in &loaded.issues {
                    output::print_json(&json!({ "mapping": files.name(), "issue": issue }))?;
                }
            }
        }
    }
    if arguments.format == Format::Text
        && let Some(code) = first
    {
        output::print(&format!(
            "{errors} errors, {warnings} warnings; what a number means: causeway check --explain {code}\n"
        ))?;
    }
    Ok(if errors > 0 { Exit::Usage } else { Exit::Fine })
}

/// What is found in one mapping, and the verdict.
fn text(folder: &Path, loaded: &Loaded, is_mapping: bool) -> String {
    let mut text = String::new();
    for issue in loaded.issues.iter().take(MAX_SHOWN) {
        text.push_str(&locate::render_in(folder, issue, &loaded.sources));
    }
    let more = loaded.issues.len().saturating_sub(MAX_SHOWN);
    if more > 0 {
        let _ = writeln!(text, "… and {more} more: --format json lists all");
    }
    let verdict = if diagnostics::has_errors(&loaded.issues) {
        "has errors"
    } else {
        "is right"
    };
    let _ = writeln!(text, "{} {verdict}", folder.display());
    // Whether somebody clinical has seen this very content (CS-21).
    if is_mapping {
        let _ = writeln!(text, "    {}", Standing::of(folder, loaded));
    }
    text
}

/// Prints what a number means.
fn explain(code: &str) -> Result<Exit, Failure> {
    let code = code.trim().to_uppercase();
    match mapping::finding_section(&code) {
        Some(section) => {
            output::print(section)?;
            Ok(Exit::Fine)
        }
        None => {
            let known: Vec<&str> = mapping::explained_findings().collect();
            Err(Failure::usage(format!(
                "{code} is no number of a finding: {} to {}",
                known.first().unwrap_or(&""),
                known.last().unwrap_or(&"")
            )))
        }
    }
}
