//! The official R4 examples, from the npm package `hl7.fhir.r4.examples`.

use std::path::Path;

use super::archive::json_files;
use crate::{Case, Format, Set};

/// Every example of the package, against what it claims itself.
///
/// # Errors
/// When the archive cannot be read.
pub fn official(archive: &Path) -> Result<Vec<Case>, String> {
    let files = json_files(archive, "package")?;
    Ok(files
        .into_iter()
        .map(|(name, text)| Case {
            name: format!("r4/{name}"),
            kind: "official",
            set: Set::Base,
            profiles: Vec::new(),
            format: Format::Json,
            text,
        })
        .collect())
}

/// The examples that the IPS package brings along.
///
/// # Errors
/// When the archive cannot be read.
pub fn ips(archive: &Path) -> Result<Vec<Case>, String> {
    let files = json_files(archive, "package/example")?;
    Ok(files
        .into_iter()
        .map(|(name, text)| Case {
            name: format!("ips/{name}"),
            kind: "ips",
            set: Set::Ips,
            profiles: Vec::new(),
            format: Format::Json,
            text,
        })
        .collect())
}
