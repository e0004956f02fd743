//! Where the files of a mapping are: a folder on disk, or the program itself.

use std::borrow::Cow;
use std::io::Read as _;
use std::path::{Path, PathBuf};

/// The files of one mapping.
pub trait MappingFiles {
    /// The name of the folder.
    fn name(&self) -> &str;
    /// A file by its path relative to the folder, with `/` between the parts.
    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>>;

    /// The same, of at most so many bytes, and with the reason where it cannot be read.
    ///
    /// # Errors
    /// When there is no such file in the folder, or it is none of the mapping's own.
    fn open(&self, path: &str, most: u64) -> Result<Cow<'_, [u8]>, FileProblem> {
        if !is_inside(path) {
            return Err(FileProblem::Outside);
        }
        let bytes = self.read(path).ok_or(FileProblem::Absent)?;
        if bytes.len() as u64 > most {
            return Err(FileProblem::TooLarge(most));
        }
        Ok(bytes)
    }

    /// The names of the fragments in reach.
    fn fragments(&self) -> Vec<String> {
        Vec::new()
    }

    /// The paths of all files, as far as they can be named: for suggestions only.
    fn paths(&self) -> Vec<String> {
        Vec::new()
    }
}

/// Why a file of a mapping cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileProblem {
    /// It is not there, or the system does not let it be read.
    Absent,
    /// The path, or a link on it, leads out of the folder.
    Outside,
    /// It is a folder, a pipe or a device.
    NotAFile,
    /// It is larger than this many bytes.
    TooLarge(u64),
}

impl FileProblem {
    /// The code of the finding.
    pub fn code(self) -> &'static str {
        match self {
            Self::Absent | Self::NotAFile => crate::codes::FILE,
            Self::Outside => crate::codes::OUTSIDE_FOLDER,
            Self::TooLarge(_) => crate::codes::TOO_MUCH,
        }
    }

    /// What to do about it.
    pub fn help(self) -> &'static str {
        match self {
            Self::Absent => {
                "the path is relative to the folder of the mapping, with / between its parts"
            }
            Self::Outside => {
                "keep all files of a mapping in its own folder, and name them from there"
            }
            Self::NotAFile => "name a plain file",
            Self::TooLarge(_) => "split it",
        }
    }
}

impl std::fmt::Display for FileProblem {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Absent => f.write_str("is not there, or cannot be read"),
            Self::Outside => f.write_str("is not in the folder of the mapping"),
            Self::NotAFile => f.write_str("is no plain file"),
            Self::TooLarge(most) => write!(f, "is larger than {} KiB", most / 1024),
        }
    }
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

/// The folder of fragments: inside the mapping's own, or beside it. Its files are read under paths
/// that begin with this name, wherever it is.
pub const LIBRARY: &str = "common";

/// The name of the file that makes a folder a mapping.
pub const MAPPING_FILE: &str = "mapping.yaml";

impl MappingFiles for Folder {
    fn name(&self) -> &str {
        &self.name
    }

    fn read(&self, path: &str) -> Option<Cow<'_, [u8]>> {
        self.open(path, u64::MAX).ok()
    }

    fn open(&self, path: &str, most: u64) -> Result<Cow<'_, [u8]>, FileProblem> {
        // A mapping reads its own folder, and the one library beside it, and nothing else.
        if !is_inside(path) {
            return Err(FileProblem::Outside);
        }
        let own = open_in(&self.path, path, most);
        match (own, self.library_beside(path)) {
            (Err(FileProblem::Absent), Some((library, rest))) => open_in(&library, rest, most),
            (own, _) => own,
        }
    }

    fn paths(&self) -> Vec<String> {
        let mut paths = Vec::new();
        for folder in ["", "codes"] {
            for entry in std::fs::read_dir(self.path.join(folder))
                .into_iter()
                .flatten()
                .flatten()
                .take(500)
            {
                let name = entry.file_name().to_string_lossy().into_owned();
                if entry.file_type().is_ok_and(|kind| kind.is_file()) {
                    paths.push(if folder.is_empty() {
                        name
                    } else {
                        format!("{folder}/{name}")
                    });
                }
            }
        }
        paths.sort();
        paths
    }

    fn fragments(&self) -> Vec<String> {
        let libraries = [
            Some(self.path.join(LIBRARY)),
            self.beside().map(|beside| beside.join(LIBRARY)),
        ];
        let mut names: Vec<String> = libraries
            .iter()
            .flatten()
            .flat_map(|library| std::fs::read_dir(library).into_iter().flatten())
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                let is_yaml = path.extension().is_some_and(|ending| ending == "yaml");
                let name = path.file_stem()?.to_str()?.to_owned();
                is_yaml.then_some(name)
            })
            .collect();
        names.sort();
        names.dedup();
        names
    }
}

/// Opens a file of a folder.
fn open_in(folder: &Path, path: &str, most: u64) -> Result<Cow<'static, [u8]>, FileProblem> {
    let root = folder.canonicalize().map_err(|_| FileProblem::Absent)?;
    let full = root
        .join(path)
        .canonicalize()
        .map_err(|_| FileProblem::Absent)?;
    if !full.starts_with(&root) {
        return Err(FileProblem::Outside);
    }
    // On systems that do not tell upper from lower case, a name counts only as it is written: the
    // mapping must read elsewhere as well. A link may be called as it likes.
    let is_link = root.join(path).is_symlink();
    if !is_link && full.file_name() != Path::new(path).file_name() {
        return Err(FileProblem::Absent);
    }
    // Asked before it is opened: opening a pipe waits for who writes into it.
    if !full.metadata().map_err(|_| FileProblem::Absent)?.is_file() {
        return Err(FileProblem::NotAFile);
    }
    let file = std::fs::File::open(&full).map_err(|_| FileProblem::Absent)?;
    let mut bytes = Vec::new();
    file.take(most.saturating_add(1))
        .read_to_end(&mut bytes)
        .map_err(|_| FileProblem::Absent)?;
    if bytes.len() as u64 > most {
        return Err(FileProblem::TooLarge(most));
    }
    Ok(Cow::Owned(bytes))
}

impl Folder {
    /// The folder that holds this one.
    fn beside(&self) -> Option<PathBuf> {
        std::path::absolute(&self.path)
            .ok()?
            .parent()
            .map(Path::to_owned)
    }

    /// The library beside the folder, and the rest of a path that leads into it.
    fn library_beside<'p>(&self, path: &'p str) -> Option<(PathBuf, &'p str)> {
        let rest = path.strip_prefix(LIBRARY)?.strip_prefix('/')?;
        Some((self.beside()?.join(LIBRARY), rest))
    }

    /// Where a file of the mapping really is: one of the library may stand beside the folder.
    pub fn locate(&self, path: &str) -> PathBuf {
        let own = self.path.join(path);
        if Path::new(path).starts_with(LIBRARY) && !own.is_file() {
            let beside = self.path.join("..").join(path);
            if beside.is_file() {
                return beside;
            }
        }
        own
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

    fn fragments(&self) -> Vec<String> {
        self.files
            .iter()
            .filter_map(|(path, _)| {
                let name = path.strip_prefix(LIBRARY)?.strip_prefix('/')?;
                let name = name.strip_suffix(".yaml")?;
                (!name.contains('/')).then(|| name.to_owned())
            })
            .collect()
    }
}

/// Whether a path stays in the folder, on every system: no way up, no root, no drive, no device.
pub(crate) fn is_inside(path: &str) -> bool {
    !path.is_empty()
        && !path.contains(|c: char| c == '\\' || c == ':' || c.is_control())
        && path
            .split('/')
            .all(|part| !part.is_empty() && !part.ends_with(['.', ' ']) && part != "~")
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
    below(path, 0)
}

/// How deep folders of mappings are looked for.
const MAX_FOLDERS: u32 = 8;

/// The mapping folders in a folder. Links below it are not followed: they may lead round in a circle.
fn below(path: &Path, depth: u32) -> Vec<PathBuf> {
    if depth >= MAX_FOLDERS {
        return Vec::new();
    }
    let mut folders: Vec<PathBuf> = std::fs::read_dir(path)
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| {
            entry.file_type().is_ok_and(|kind| {
                kind.is_dir() || (kind.is_symlink() && entry.path().join(MAPPING_FILE).is_file())
            })
        })
        .map(|entry| entry.path())
        .collect();
    folders.sort();
    folders
        .into_iter()
        .flat_map(|folder| match folder.join(MAPPING_FILE).is_file() {
            true => vec![folder],
            false => below(&folder, depth + 1),
        })
        .collect()
}
