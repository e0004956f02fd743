//! The JSON files of a package.

use std::fs::File;
use std::io::Read;
use std::path::Path;

/// The JSON files below a folder of a `.tgz`, by their names without `.json`, in name order.
pub fn json_files(archive: &Path, folder: &str) -> Result<Vec<(String, String)>, String> {
    let says = |error: std::io::Error| format!("{}: {error}", archive.display());
    let file = File::open(archive).map_err(says)?;
    let mut tar = tar::Archive::new(flate2::read::GzDecoder::new(file));
    let mut found = Vec::new();
    for entry in tar.entries().map_err(says)? {
        let mut entry = entry.map_err(says)?;
        let path = entry.path().map_err(says)?.to_string_lossy().into_owned();
        let Some(name) = path
            .strip_prefix(folder)
            .and_then(|rest| rest.strip_prefix('/'))
            .and_then(|rest| rest.strip_suffix(".json"))
            .filter(|name| !name.contains('/') && !name.starts_with('.') && *name != "package")
        else {
            continue;
        };
        let name = name.to_owned();
        let mut text = String::new();
        entry.read_to_string(&mut text).map_err(says)?;
        found.push((name, text));
    }
    found.sort();
    Ok(found)
}
