//! What concerns a mapping's folder: its review, and whether that counts.

use jiff::civil::Date;
use mapping::{Folder, MappingFiles as _};
use mapping_registry::{ReviewRefused, Reviewer, Standing};
use serde_json::json;

use super::arguments::{Review, Status};
use crate::cli::Format;
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::{locate, output};

/// `causeway mappings review`.
pub fn review(arguments: &Review) -> Result<Exit, Failure> {
    let zone = jiff::tz::TimeZone::get("Europe/London").map_err(Failure::failed)?;
    let today = jiff::Timestamp::now().to_zoned(zone).date();
    let date = match &arguments.date {
        None => today,
        Some(text) => text.parse::<Date>().map_err(|_| {
            Failure::usage(format!("--date {text} is no day: write it as 2026-11-22"))
        })?,
    };
    let folders = locate::folders(std::slice::from_ref(&arguments.folder))?;
    let [folder] = folders.as_slice() else {
        return Err(Failure::usage(format!(
            "{} holds {} mappings: each is reviewed by itself, so name one",
            arguments.folder.display(),
            folders.len()
        )));
    };
    let knowledge = Knowledge::of(&arguments.packages)?;
    let reviewer = Reviewer {
        name: arguments.reviewer.clone(),
        role: arguments.role.clone(),
        registration: arguments.registration.clone(),
        date,
        note: arguments.note.clone(),
    };
    let outcome = mapping_registry::review(
        folder,
        &reviewer,
        today,
        knowledge.definitions,
        &knowledge.terminology,
    );
    let reviewed = match outcome {
        Ok(reviewed) => reviewed,
        Err(refused) => {
            let loaded = match &refused {
                ReviewRefused::Errors(report) => Some(&report.loaded),
                _ => None,
            };
            if let Some(loaded) = loaded {
                for issue in diagnostics::errors(&loaded.issues) {
                    eprint!("{}", locate::render_in(folder, issue, &loaded.sources));
                }
            }
            return Err(match refused {
                ReviewRefused::TestsFail(_) => Failure::failed(refused),
                refused => Failure::usage(refused),
            });
        }
    };
    let warnings = reviewed
        .report
        .loaded
        .issues
        .iter()
        .filter(|issue| issue.severity == diagnostics::Severity::Warning)
        .count();
    match arguments.format {
        Format::Json => output::print_json(&json!({
            "review": reviewed.review,
            "warnings": warnings,
            "recorded": !reviewed.known,
        }))?,
        Format::Text => {
            let review = &reviewed.review;
            output::print(&format!(
                "{} {} checks without an error ({warnings} warnings), and its {} tests pass\n{}: reviewed {review}\ncontent {}, {} files; any change to them makes this review void\n",
                review.mapping,
                review.version,
                review.tests,
                if reviewed.known {
                    "on record already"
                } else {
                    "recorded"
                },
                review.hash,
                review.files.len()
            ))?;
        }
    }
    Ok(Exit::Fine)
}

/// `causeway mappings status`.
pub fn status(arguments: &Status) -> Result<Exit, Failure> {
    let knowledge = Knowledge::of(&arguments.packages)?;
    let mut usable = true;
    for folder in locate::folders(&arguments.paths)? {
        let files = Folder::open(&folder);
        let loaded = mapping::load(&files, knowledge.definitions, &knowledge.terminology);
        let errors = diagnostics::errors(&loaded.issues).count();
        usable &= errors == 0;
        let standing = Standing::of(&folder, &loaded);
        let version = loaded.mapping.as_ref().map(mapping::Mapping::version);
        match arguments.format {
            Format::Json => output::print_json(&json!({
                "mapping": files.name(),
                "version": version,
                "hash": loaded.mapping.as_ref().map(mapping::Mapping::hash),
                "errors": errors,
                "review": standing.to_json(),
            }))?,
            Format::Text => {
                let name = match version {
                    Some(version) => format!("{} {version}", files.name()),
                    None => files.name().to_owned(),
                };
                let wrong = match errors {
                    0 => String::new(),
                    1 => ", 1 error".to_owned(),
                    several => format!(", {several} errors"),
                };
                output::print(&format!("{name}: {standing}{wrong}\n"))?;
            }
        }
    }
    Ok(if usable { Exit::Fine } else { Exit::Usage })
}
