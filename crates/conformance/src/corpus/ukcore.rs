//! The official UK Core examples, each against the profile that their manifest names.

use std::fs;
use std::path::Path;

use crate::{Case, Format, Set};

/// The examples of a folder with a `manifest.json`.
///
/// # Errors
/// When the manifest or an example cannot be read.
pub fn ukcore(folder: &Path) -> Result<Vec<Case>, String> {
    let read = |name: &str| {
        let path = folder.join(name);
        fs::read_to_string(&path).map_err(|error| format!("{}: {error}", path.display()))
    };
    let manifest = json::parse(read("manifest.json")?.as_bytes())
        .map_err(|error| format!("manifest.json: {error}"))?;
    let mut cases = Vec::new();
    for entry in manifest.as_array().unwrap_or_default() {
        let Some(file) = entry.text("file") else {
            return Err("manifest.json: an entry names no file".to_owned());
        };
        let profile = entry.text("inferredProfile").map(str::to_owned);
        cases.push(Case {
            name: format!("ukcore/{}", file.trim_end_matches(".json")),
            kind: "ukcore",
            set: Set::Base,
            profiles: profile.into_iter().collect(),
            format: Format::Json,
            text: read(file)?,
        });
    }
    Ok(cases)
}
