//! Opening a FHIR package: the `.tgz` that registries serve, or a folder with the same files
//! (<https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>).

use std::ffi::OsStr;
use std::fs;
use std::io::{self, Read};
use std::path::{Component, Path};

use diagnostics::{InputPlace, Issue, IssueType};
use flate2::read::MultiGzDecoder;
use json::Value;

use crate::codes;
use crate::form::Definition;
use crate::package;

/// The largest file that is read from a package, and the most that all of them may hold.
const MAX_FILE: u64 = 64 << 20;
const MAX_PACKAGE: u64 = 2 << 30;

/// A package's manifest and its resources.
#[derive(Debug)]
pub struct PackageFile {
    /// The package's name: `hl7.fhir.r4.core`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// Its licence, as it names it.
    pub licence: Option<String>,
    /// The FHIR versions that it is for.
    pub fhir_versions: Vec<String>,
    /// Its resources by file name, sorted.
    pub resources: Vec<(String, Value)>,
    /// What could not be read.
    pub issues: Vec<Issue>,
}

impl PackageFile {
    /// Opens a package.
    ///
    /// Resources are the JSON files of the folder `package`; what stands in folders below it
    /// (examples, other forms of the same) is left alone. A file that cannot be read is an issue.
    ///
    /// # Errors
    /// When it is neither a `.tgz` nor a folder, is damaged, larger than is reasonable, has no
    /// manifest, or is for another FHIR version than R4.
    pub fn open(path: &Path) -> Result<Self, Box<Issue>> {
        let mut reading = Reading::default();
        let outcome = if path.is_dir() {
            reading.folder(path)
        } else {
            reading.archive(path)
        };
        outcome.map_err(|error| unusable(path, &format!("it cannot be read: {error}")))?;
        reading.finish(path)
    }

    /// The definitions in it, and what is wrong with those that cannot be used.
    pub fn definitions(&self) -> (Vec<Definition>, Vec<Issue>) {
        let mut definitions = Vec::new();
        let mut issues = Vec::new();
        for (file, resource) in &self.resources {
            match package::read(resource) {
                Ok(definition) => definitions.extend(definition),
                Err(issue) => issues.push(issue.at_input(InputPlace::file(file.as_str()))),
            }
        }
        (definitions, issues)
    }
}

#[derive(Default)]
struct Reading {
    manifest: Option<Value>,
    resources: Vec<(String, Value)>,
    issues: Vec<Issue>,
    total: u64,
}

impl Reading {
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        let inner = path.join("package");
        let folder = if inner.is_dir() { &inner } else { path };
        for entry in fs::read_dir(folder)? {
            let entry = entry?.path();
            if entry.is_file()
                && let Some(name) = resource_file(entry.file_name())
            {
                let file = fs::File::open(&entry)?;
                let size = file.metadata()?.len();
                self.file(name, size, file)?;
            }
        }
        Ok(())
    }

    fn archive(&mut self, path: &Path) -> io::Result<()> {
        let mut archive = tar::Archive::new(MultiGzDecoder::new(fs::File::open(path)?));
        for entry in archive.entries()? {
            let entry = entry?;
            if !entry.header().entry_type().is_file() {
                continue;
            }
            let inside = entry.path()?.into_owned();
            let parts: Vec<&OsStr> = inside
                .components()
                .filter_map(|part| match part {
                    Component::Normal(part) => Some(part),
                    _ => None,
                })
                .collect();
            if let [folder, file] = parts.as_slice()
                && *folder == OsStr::new("package")
                && let Some(name) = resource_file(Some(file))
            {
                let size = entry.size();
                self.file(name, size, entry)?;
            }
        }
        Ok(())
    }

    fn file(&mut self, name: String, size: u64, reader: impl Read) -> io::Result<()> {
        self.total = self.total.saturating_add(size);
        if size > MAX_FILE || self.total > MAX_PACKAGE {
            return Err(io::Error::other(format!(
                "{name} makes it larger than Causeway reads ({MAX_FILE} bytes a file, \
                 {MAX_PACKAGE} in all)"
            )));
        }
        let mut text = Vec::new();
        reader.take(MAX_FILE).read_to_end(&mut text)?;
        match json::parse(&text) {
            Ok(manifest) if name == "package.json" => self.manifest = Some(manifest),
            Ok(resource) => self.resources.push((name, resource)),
            Err(error) => self.issues.push(
                Issue::warning(
                    codes::UNREADABLE,
                    IssueType::Structure,
                    format!("a file of the package is not JSON: {error}"),
                )
                .at_input(InputPlace::file(name)),
            ),
        }
        Ok(())
    }

    fn finish(mut self, path: &Path) -> Result<PackageFile, Box<Issue>> {
        let manifest = self
            .manifest
            .ok_or_else(|| unusable(path, "it has no package/package.json"))?;
        let text = |name: &str| manifest.text(name).map(str::to_owned);
        let fhir_versions: Vec<String> = ["fhirVersions", "fhir-version-list"]
            .iter()
            .flat_map(|name| manifest.each(name))
            .filter_map(|version| version.as_str().map(str::to_owned))
            .collect();
        if !fhir_versions.is_empty() && !fhir_versions.iter().any(|one| one.starts_with("4.0")) {
            // R5 defines the same canonical urls with other content.
            let why = format!("it is for FHIR {}, not R4", fhir_versions.join(", "));
            return Err(unusable(path, &why));
        }
        self.resources.sort_by(|one, other| one.0.cmp(&other.0));
        Ok(PackageFile {
            name: text("name").ok_or_else(|| unusable(path, "its manifest has no name"))?,
            version: text("version")
                .ok_or_else(|| unusable(path, "its manifest has no version"))?,
            licence: text("license"),
            fhir_versions,
            resources: self.resources,
            issues: self.issues,
        })
    }
}

/// The name of a file that may hold a resource.
fn resource_file(name: Option<&OsStr>) -> Option<String> {
    let name = name?.to_str()?;
    (name.ends_with(".json") && !name.starts_with('.')).then(|| name.to_owned())
}

fn unusable(path: &Path, why: &str) -> Box<Issue> {
    let name = path
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default();
    Box::new(
        Issue::error(
            codes::PACKAGE,
            IssueType::Structure,
            format!("the FHIR package cannot be used: {why}"),
        )
        .at_input(InputPlace::file(name))
        .help("give the .tgz of a FHIR R4 package, or a folder that holds one unpacked"),
    )
}
