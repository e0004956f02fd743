//! Opening a FHIR package: the `.tgz` that registries serve, or a folder with the same files
//! (<https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>).

use std::collections::BTreeMap;
use std::fs;
use std::io::{self, Read};
use std::path::Path;

use diagnostics::{InputPlace, Issue, IssueType};
use json::Value;

use crate::codes;
use crate::form::Definition;
use crate::manifest::Manifest;
use crate::package;
use crate::tarball::{self, MAX_FILE, MAX_PACKAGE, is_resource_file, too_large};

/// A package's manifest and its resources, all of them in memory: for tools that want the resources
/// themselves. What only needs the definitions opens a [`crate::Package`].
#[derive(Debug)]
pub struct PackageFile {
    /// The package's name: `hl7.fhir.r4.core`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The url that its definitions' urls begin with.
    pub canonical: Option<String>,
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
        let mut resources = BTreeMap::new();
        let mut twice = Vec::new();
        let (manifest, mut issues) = scan(path, |name, resource| {
            if resources.insert(name.to_owned(), resource).is_some() {
                twice.push(name.to_owned());
            }
        })?;
        issues.extend(twice.iter().map(|name| duplicate(name)));
        Ok(Self {
            name: manifest.id.name,
            version: manifest.id.version,
            canonical: manifest.canonical,
            licence: manifest.licence,
            fhir_versions: manifest.fhir_versions,
            resources: resources.into_iter().collect(),
            issues,
        })
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

/// The issue of a file that an archive has twice.
pub(crate) fn duplicate(name: &str) -> Issue {
    Issue::warning(
        codes::DUPLICATE_FILE,
        IssueType::Conflict,
        "the package holds a file of this name twice, and the last one counts",
    )
    .at_input(InputPlace::file(name))
    .help("ask the package's publisher which of the two is meant")
}

/// Reads a package file by file; each resource goes to `take` with its file's name and is not kept.
///
/// # Errors
/// As [`PackageFile::open`].
pub(crate) fn scan(
    path: &Path,
    take: impl FnMut(&str, Value),
) -> Result<(Manifest, Vec<Issue>), Box<Issue>> {
    let mut reading = Reading {
        manifest: None,
        manifests: 0,
        take,
        issues: Vec::new(),
        total: 0,
    };
    let outcome = if path.is_dir() {
        reading.folder(path)
    } else {
        fs::File::open(path).and_then(|file| reading.archive(io::BufReader::new(file)))
    };
    outcome.map_err(|error| unusable(path, &format!("it cannot be read: {error}")))?;
    reading.finish(path)
}

struct Reading<F> {
    manifest: Option<Value>,
    manifests: usize,
    take: F,
    issues: Vec<Issue>,
    total: u64,
}

impl<F: FnMut(&str, Value)> Reading<F> {
    fn folder(&mut self, path: &Path) -> io::Result<()> {
        for (name, file) in files(path)? {
            // Through the link, so that a folder of links (some caches are) still reads; only
            // regular files are.
            let size = fs::metadata(&file)?.len();
            self.file(&name, size, &mut fs::File::open(&file)?)?;
        }
        Ok(())
    }

    fn archive(&mut self, archive: impl Read) -> io::Result<()> {
        tarball::read(archive, |path, size, file| {
            match tarball::package_file(path) {
                Some(name) => self.file(name, size, file),
                None => Ok(()),
            }
        })
    }

    fn file(&mut self, name: &str, size: u64, reader: &mut dyn Read) -> io::Result<()> {
        self.total = self.total.saturating_add(size);
        if size > MAX_FILE || self.total > MAX_PACKAGE {
            return Err(too_large(&format!(
                "{name} makes it larger than Causeway reads ({MAX_FILE} bytes a file, \
                 {MAX_PACKAGE} in all)"
            )));
        }
        let mut text = Vec::new();
        reader.take(MAX_FILE).read_to_end(&mut text)?;
        if text.len() as u64 != size {
            return Err(io::Error::from(io::ErrorKind::UnexpectedEof));
        }
        // Some publishers' tools write a byte order mark.
        let text = text.strip_prefix(b"\xef\xbb\xbf").unwrap_or(&text);
        match json::parse(text) {
            Ok(manifest) if name == "package.json" => {
                self.manifests += 1;
                self.manifest = Some(manifest);
            }
            Ok(resource) => (self.take)(name, resource),
            Err(error) => self.issues.push(
                Issue::warning(
                    codes::UNREADABLE,
                    IssueType::Structure,
                    format!("a file of the package is not JSON that FHIR allows: {error}"),
                )
                .at_input(InputPlace::file(name))
                .help("mend the package, or leave the file out of it"),
            ),
        }
        Ok(())
    }

    fn finish(self, path: &Path) -> Result<(Manifest, Vec<Issue>), Box<Issue>> {
        if self.manifests > 1 {
            return Err(unusable(
                path,
                "it has two package.json, so what it is cannot be known",
            ));
        }
        let manifest = self
            .manifest
            .ok_or_else(|| unusable(path, "it has no package/package.json that can be read"))?;
        let manifest = Manifest::read(&manifest).map_err(|why| unusable(path, &why))?;
        if !manifest.is_r4() {
            return Err(other_fhir_version(path, &manifest));
        }
        Ok((manifest, self.issues))
    }
}

/// The files of an unpacked package that may hold resources, by name, in order.
pub(crate) fn files(path: &Path) -> io::Result<Vec<(String, std::path::PathBuf)>> {
    let inner = path.join("package");
    let folder = if inner.is_dir() { &inner } else { path };
    let mut files = Vec::new();
    for entry in fs::read_dir(folder)? {
        let entry = entry?;
        let Ok(name) = entry.file_name().into_string() else {
            continue;
        };
        let file = entry.path();
        if is_resource_file(&name) && file.is_file() {
            files.push((name, file));
        }
    }
    files.sort();
    Ok(files)
}

/// R5 defines the same canonical urls with other content.
fn other_fhir_version(path: &Path, manifest: &Manifest) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::OTHER_FHIR_VERSION,
            IssueType::NotSupported,
            format!(
                "the FHIR package {} cannot be used: it is for FHIR {}, not R4, and another \
                 version of FHIR defines the same urls with other content",
                manifest.id,
                manifest.fhir_versions.join(", ")
            ),
        )
        .at_input(InputPlace::file(file_name(path)))
        .help("give the publisher's package for FHIR R4 (4.0.1); its name often ends in .r4"),
    )
}

/// The issue of a package that cannot be used at all.
pub(crate) fn unusable(path: &Path, why: &str) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::PACKAGE,
            IssueType::Structure,
            format!("the FHIR package cannot be used: {why}"),
        )
        .at_input(InputPlace::file(file_name(path)))
        .help("give the .tgz of a FHIR R4 package, or a folder that holds one unpacked"),
    )
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}
