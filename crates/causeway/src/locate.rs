//! Where a mapping is: in a folder, or in the binary.

use std::path::Path;
use std::sync::Arc;

use diagnostics::{Issue, render_with_source};
use include_dir::{Dir, DirEntry, include_dir};
use mapping::{Embedded, Folder, LIBRARY, Loaded, Mapping, MappingFiles};

use crate::exit::Failure;
use crate::knowledge::Knowledge;

static SHIPPED: Dir<'static> = include_dir!("$CARGO_MANIFEST_DIR/../../mappings");

/// The files of a mapping, by a name or a folder.
///
/// A name is looked for under `./mappings` first, so that an edited mapping of a checkout is the one
/// that runs, and then among those that the binary carries.
pub fn files(name: &str) -> Result<Box<dyn MappingFiles>, Failure> {
    let as_folder = Path::new(name);
    let local = Path::new("mappings").join(name);
    for folder in [as_folder, local.as_path()] {
        if folder.join("mapping.yaml").is_file() {
            return Ok(Box::new(Folder::open(folder)));
        }
    }
    match SHIPPED.get_dir(name) {
        Some(folder) => Ok(Box::new(embedded(name, folder))),
        None => Err(Failure::usage(format!(
            "there is no mapping {name}: name one of {}, or a folder that holds a mapping.yaml",
            shipped_names().join(", ")
        ))),
    }
}

/// The mappings that the binary carries.
pub fn shipped_names() -> Vec<String> {
    let mut names: Vec<String> = SHIPPED
        .dirs()
        .filter(|folder| {
            folder
                .get_file(folder.path().join("mapping.yaml"))
                .is_some()
        })
        .filter_map(|folder| folder.path().file_name()?.to_str().map(str::to_owned))
        .collect();
    names.sort();
    names
}

fn embedded(name: &str, folder: &Dir<'static>) -> Embedded {
    let mut embedded = with_files(Embedded::new(name), folder, folder.path());
    // The library beside the mappings goes with each of them; a mapping's own copy comes first.
    if let Some(library) = SHIPPED.get_dir(LIBRARY) {
        embedded = with_files(embedded, library, Path::new(""));
    }
    embedded
}

/// Adds all files of a folder, by their paths from a root.
fn with_files(mut embedded: Embedded, folder: &Dir<'static>, root: &Path) -> Embedded {
    let mut folders = vec![folder.clone()];
    while let Some(folder) = folders.pop() {
        for entry in folder.entries() {
            match entry {
                DirEntry::Dir(inner) => folders.push(inner.clone()),
                DirEntry::File(file) => {
                    if let Ok(path) = file.path().strip_prefix(root) {
                        let path = path.to_string_lossy().replace('\\', "/");
                        embedded = embedded.with(path, file.contents());
                    }
                }
            }
        }
    }
    embedded
}

/// A mapping that may run. One with errors may not: they are printed to standard error.
pub fn mapping(name: &str, knowledge: &Knowledge) -> Result<Arc<Mapping>, Failure> {
    let files = files(name)?;
    let Loaded {
        mapping,
        issues,
        sources,
    } = mapping::load(
        files.as_ref(),
        knowledge.definitions,
        &knowledge.terminology,
    );
    match mapping {
        Some(mapping) if !diagnostics::has_errors(&issues) => Ok(Arc::new(mapping)),
        _ => {
            for issue in diagnostics::errors(&issues) {
                eprint!("{}", render(issue, &sources));
            }
            Err(Failure::usage(format!(
                "the mapping {name} has errors: mend them, and see them all with `causeway check`"
            )))
        }
    }
}

/// An issue with its line of the mapping and a caret.
pub fn render(issue: &Issue, sources: &[(String, String)]) -> String {
    let source = issue.mapping.as_ref().and_then(|place| {
        sources
            .iter()
            .find(|(file, _)| file.as_str() == &*place.file)
            .map(|(_, text)| text.as_str())
    });
    render_with_source(issue, source)
}

/// The same with the file's path from where the user stands, so that a terminal can open it.
pub fn render_in(folder: &Path, issue: &Issue, sources: &[(String, String)]) -> String {
    let mut shown = issue.clone();
    let mut sources = sources.to_vec();
    if let Some(place) = &mut shown.mapping {
        let path = Folder::open(folder)
            .locate(&place.file)
            .display()
            .to_string();
        for (file, _) in &mut sources {
            if file.as_str() == &*place.file {
                file.clone_from(&path);
            }
        }
        place.file = path.into();
    }
    render(&shown, &sources)
}

/// The samples that a mapping ships, as (file name, bytes): from `./mappings` where that exists, so
/// that an edited sample of a checkout is the one that is shown.
pub fn samples(name: &str) -> Result<Vec<(String, Vec<u8>)>, Failure> {
    let local = Path::new("mappings").join(name).join("samples");
    let mut samples = Vec::new();
    if local.is_dir() {
        let unreadable =
            |error| Failure::failed(format!("{} cannot be read: {error}", local.display()));
        for entry in std::fs::read_dir(&local).map_err(unreadable)? {
            let path = entry.map_err(unreadable)?.path();
            if let Some(name) = path.file_name().and_then(|name| name.to_str())
                && is_sample(name)
            {
                samples.push((name.to_owned(), std::fs::read(&path).map_err(unreadable)?));
            }
        }
    } else if let Some(folder) = SHIPPED.get_dir(format!("{name}/samples")) {
        for file in folder.files() {
            if let Some(name) = file.path().file_name().and_then(|name| name.to_str())
                && is_sample(name)
            {
                samples.push((name.to_owned(), file.contents().to_vec()));
            }
        }
    }
    samples.sort();
    Ok(samples)
}

/// Whether a file beside samples is an export, and not a note about one or the text that a workbook
/// is remade from.
fn is_sample(name: &str) -> bool {
    ["csv", "xlsx", "json", "ndjson"].iter().any(|ending| {
        name.rsplit_once('.')
            .is_some_and(|(_, found)| found == *ending)
    })
}

/// The mapping folders at or under some paths.
pub fn folders(paths: &[std::path::PathBuf]) -> Result<Vec<std::path::PathBuf>, Failure> {
    let mut folders = Vec::new();
    for path in paths {
        let found = mapping::find_mappings(path);
        if found.is_empty() {
            return Err(Failure::usage(format!(
                "{} holds no mapping: a mapping is a folder with a mapping.yaml",
                path.display()
            )));
        }
        folders.extend(found);
    }
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_binary_carries_the_fragments_that_its_mappings_use() {
        let definitions = definitions::Definitions::embedded();
        let terminology = terminology::Terminology::new(definitions);
        for name in shipped_names() {
            let folder = SHIPPED.get_dir(&name).unwrap();
            let loaded = mapping::load(&embedded(&name, folder), definitions, &terminology);
            assert!(loaded.mapping.is_some(), "{name}: {:#?}", loaded.issues);
            assert!(
                loaded
                    .sources
                    .iter()
                    .any(|(file, _)| file.starts_with("common/")),
                "{name} uses no fragment"
            );
        }
    }
}
