//! Definitions of Causeway's own for rules that neither R4 nor UK Core uses.

use std::fs;
use std::path::Path;

use definitions::package;
use definitions::{Definitions, form::Definition};

/// The built-in definitions with those of a folder (`conformance/oracle/profiles`) over them.
///
/// # Errors
/// When one cannot be read or understood.
pub fn own_definitions(folder: &Path) -> Result<Definitions, String> {
    let says = |error: std::io::Error| format!("{}: {error}", folder.display());
    let mut files: Vec<_> = fs::read_dir(folder)
        .map_err(says)?
        .filter_map(|entry| entry.ok().map(|entry| entry.path()))
        .filter(|path| {
            path.extension()
                .is_some_and(|extension| extension == "json")
        })
        .collect();
    files.sort();
    let mut own: Vec<Definition> = Vec::new();
    for file in files {
        let text = fs::read(&file).map_err(|error| format!("{}: {error}", file.display()))?;
        let resource =
            json::parse(&text).map_err(|error| format!("{}: {error}", file.display()))?;
        let read =
            package::read(&resource).map_err(|issue| format!("{}: {issue}", file.display()))?;
        own.extend(read);
    }
    Definitions::embedded().with(&own)
}
