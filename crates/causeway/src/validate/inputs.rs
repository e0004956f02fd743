//! From arguments to files.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use fhir::Format;
use walkdir::WalkDir;

use crate::exit::Failure;

/// What the arguments name.
pub struct Inputs {
    /// The arguments as they were given.
    pub names: Vec<String>,
    /// The files behind them, in the order of the arguments and by name within one.
    pub sources: Vec<Source>,
}

/// Something to read.
#[derive(Debug, Clone)]
pub struct Source {
    /// Which argument it comes from.
    pub argument: usize,
    /// What it is called in the output.
    pub name: Arc<str>,
    /// Where it is; `None` for standard input.
    pub path: Option<PathBuf>,
    /// The format, where its name leaves no doubt.
    pub format: Option<Format>,
    /// Whether it is compressed.
    pub is_gzip: bool,
}

impl Inputs {
    /// Finds the files.
    ///
    /// # Errors
    /// When an argument names nothing: no file, a folder or a glob without a file that could be FHIR.
    pub fn find(arguments: &[PathBuf]) -> Result<Self, Failure> {
        let mut inputs = Self {
            names: Vec::new(),
            sources: Vec::new(),
        };
        for argument in arguments {
            let index = inputs.names.len();
            inputs.names.push(argument.display().to_string());
            let before = inputs.sources.len();
            if argument == Path::new("-") {
                inputs.sources.push(Source {
                    argument: index,
                    name: "-".into(),
                    path: None,
                    format: None,
                    is_gzip: false,
                });
            } else if argument.is_dir() {
                inputs.folder(argument, index)?;
            } else if argument.exists() {
                inputs.file(argument.clone(), index);
            } else {
                inputs.glob(argument, index)?;
            }
            if inputs.sources.len() == before {
                return Err(Failure::usage(format!(
                    "{}: no file ending in .json, .ndjson, .jsonl or .xml (or one of these and .gz)",
                    argument.display()
                )));
            }
        }
        Ok(inputs)
    }

    fn file(&mut self, path: PathBuf, argument: usize) {
        let (format, is_gzip) = told_by_name(&path);
        self.sources.push(Source {
            argument,
            name: path.display().to_string().into(),
            path: Some(path),
            format,
            is_gzip,
        });
    }

    /// The files in a folder and those below it whose name says that they could be FHIR. What begins
    /// with a full stop is hidden, and stays so.
    fn folder(&mut self, folder: &Path, argument: usize) -> Result<(), Failure> {
        let entries = WalkDir::new(folder)
            .follow_links(true)
            .sort_by_file_name()
            .into_iter()
            .filter_entry(|entry| entry.depth() == 0 || !is_hidden(entry.path()));
        for entry in entries {
            let entry = entry.map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", folder.display()))
            })?;
            if entry.file_type().is_file() && is_fhir(entry.path()) {
                self.file(entry.into_path(), argument);
            }
        }
        Ok(())
    }

    fn glob(&mut self, pattern: &Path, argument: usize) -> Result<(), Failure> {
        let Some(text) = pattern
            .to_str()
            .filter(|text| text.contains(['*', '?', '[']))
        else {
            return Err(Failure::usage(format!(
                "{}: there is no such file",
                pattern.display()
            )));
        };
        let found = glob::glob(text).map_err(|error| {
            Failure::usage(format!("{text}: this is no pattern of files: {error}"))
        })?;
        for path in found {
            let path = path.map_err(|error| {
                Failure::usage(format!("{} cannot be read", error.path().display()))
            })?;
            if path.is_dir() {
                self.folder(&path, argument)?;
            } else {
                self.file(path, argument);
            }
        }
        Ok(())
    }
}

fn is_hidden(path: &Path) -> bool {
    path.file_name()
        .is_some_and(|name| name.to_string_lossy().starts_with('.'))
}

/// The last ending of a file's name without `.gz`, in lower case, and whether there was one.
fn ending(path: &Path) -> (String, bool) {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().to_ascii_lowercase())
        .unwrap_or_default();
    let (name, is_gzip) = match name.strip_suffix(".gz") {
        Some(inner) => (inner.to_owned(), true),
        None => (name, false),
    };
    let ending = name.rsplit_once('.').map_or("", |(_, ending)| ending);
    (ending.to_owned(), is_gzip)
}

fn is_fhir(path: &Path) -> bool {
    matches!(ending(path).0.as_str(), "json" | "ndjson" | "jsonl" | "xml")
}

/// The format of a file by its name. A `.json` file may hold NDJSON, so it is looked into.
fn told_by_name(path: &Path) -> (Option<Format>, bool) {
    let (ending, is_gzip) = ending(path);
    let format = match ending.as_str() {
        "ndjson" | "jsonl" => Some(Format::NdJson),
        "xml" => Some(Format::Xml),
        _ => None,
    };
    (format, is_gzip)
}
