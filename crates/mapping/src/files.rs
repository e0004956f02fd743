//! Where the files of a mapping are: a folder on disk, or the program itself.

use std::borrow::Cow;
use std::path::{Path, PathBuf};

/// The files of one mapping.
pub trait MappingFiles {
    /// The name of the folder.
    fn name(&self) -> &str;
    /// A file by its path relative to the folder, with `/` between the parts.
    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>>;
}

/// A folder on disk.
#[derive(Debug, Clone)]
pub struct Folder {
    path: PathBuf,
    name: String,
}

impl Folder {
    /// The folder at a path; a path to its `mapping.yaml` will do.
    pub fn open(path: impl AsRef<Path>) -> Self {
        let path = path.as_ref();
        let path = match path.file_name() {
            Some(file) if file == MAPPING_FILE => path.parent().unwrap_or(Path::new(".")),
            _ => path,
        };
        let name = std::path::absolute(path)
            .ok()
            .and_then(|full| Some(full.file_name()?.to_string_lossy().into_owned()))
            .unwrap_or_default();
        Self {
            path: path.to_owned(),
            name,
        }
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }
}

/// The name of the file that makes a folder a mapping.
pub const MAPPING_FILE: &str = "mapping.yaml";

impl MappingFiles for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        // A mapping reads its own folder and nothing else.
        if !is_inside(path) {
            return None;
        }
        std::fs::read(self.path.join(path)).ok().map(Cow::Owned)
    }
}

/// Files held in memory, for mappings that are built into the program, and for tests.
#[derive(Debug, Clone, Default)]
pub struct Embedded {
    name: String,
    files: Vec<(String, Cow<'static, [u8]>)>,
}

impl Embedded {
    /// A mapping with this folder name and no files yet.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            files: Vec::new(),
        }
    }

    /// Adds a file under its path relative to the folder.
    #[must_use]
    pub fn with(mut self, path: impl Into<String>, content: impl Into<Cow<'static, [u8]>>) -> Self {
        self.files.push((path.into(), content.into()));
        self
    }
}

impl MappingFiles for Embedded {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        self.files
            .iter()
            .find(|(name, _)| name == path)
            .map(|(_, content)| Cow::Borrowed(&**content))
    }
}

fn is_inside(path: &str) -> bool {
    Path::new(path)
        .components()
        .all(|part| matches!(part, std::path::Component::Normal(_)))
}

/// The mapping folders at or below a path, in the order of their names. A mapping folder holds
/// [`MAPPING_FILE`]; what is below one is its own.
pub fn find_mappings(path: &Path) -> Vec<PathBuf> {
    if path.file_name().is_some_and(|name| name == MAPPING_FILE) && path.is_file() {
        return vec![path.parent().unwrap_or(Path::new(".")).to_owned()];
    }
    if path.join(MAPPING_FILE).is_file() {
        return vec![path.to_owned()];
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
        .iter()
        .flat_map(|folder| find_mappings(folder))
        .collect()
}
