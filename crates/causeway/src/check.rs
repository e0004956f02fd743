//! `causeway check`.

use mapping::{Folder, MappingFiles as _};
use serde_json::json;

use crate::cli::{Check, Format};
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::{locate, output};

/// Runs the command.
pub fn run(arguments: &Check) -> Result<Exit, Failure> {
    let knowledge = Knowledge::of(&arguments.packages)?;
    let mut errors = 0;
    let mut warnings = 0;
    for folder in locate::folders(&arguments.paths)? {
        let files = Folder::open(&folder);
        let loaded = mapping::load(&files, knowledge.definitions, &knowledge.terminology);
        for issue in &loaded.issues {
            match issue.severity {
                diagnostics::Severity::Error => errors += 1,
                diagnostics::Severity::Warning => warnings += 1,
                diagnostics::Severity::Information => {}
            }
            match arguments.format {
                Format::Text => output::print(&locate::render_in(&folder, issue, &loaded.sources))?,
                Format::Json => {
                    output::print_json(&json!({ "mapping": files.name(), "issue": issue }))?
                }
            }
        }
        if arguments.format == Format::Text {
            let verdict = if diagnostics::has_errors(&loaded.issues) {
                "has errors"
            } else {
                "is right"
            };
            output::print(&format!("{} {verdict}\n", folder.display()))?;
        }
    }
    if arguments.format == Format::Text && errors + warnings > 0 {
        output::print(&format!("{errors} errors, {warnings} warnings\n"))?;
    }
    Ok(if errors > 0 { Exit::Usage } else { Exit::Fine })
}
