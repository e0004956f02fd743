//! A package as Causeway uses it: its manifest, and its definitions packed for quick opening.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::Path;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue, IssueType};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::archive::{Archive, Sort};
use crate::content::Content;
use crate::form::{Definition, Structure};
use crate::manifest::{Manifest, PackageId, is_r4};
use crate::{codes, package, package_file};

/// A package whose definitions can be put into a set. Cloning it is cheap.
#[derive(Debug, Clone)]
pub struct Package {
    pub(crate) content: Arc<Content>,
    manifest: Arc<Manifest>,
    issues: Arc<[Issue]>,
}

/// How many definitions of each kind a package has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Contents {
    /// Types and profiles.
    pub structures: usize,
    /// Value sets.
    pub value_sets: usize,
    /// Code systems.
    pub code_systems: usize,
    /// Search parameters.
    pub search_parameters: usize,
    /// How many of them their publisher has retired.
    pub retired: usize,
}

/// The hash of what a packed file was made from.
pub type Source = [u8; 32];

/// The size and the time of what a packed file was made from: when both are as they were, so is it.
pub type Stamp = [u8; 24];

const MAGIC: &[u8] = b"causeway definitions ";
const FORMAT: &[u8] = env!("CAUSEWAY_DEFINITIONS_FORMAT").as_bytes();

/// What stands before the archive in a packed file.
#[derive(Debug, Serialize, Deserialize)]
struct Head {
    manifest: Manifest,
    notes: Vec<Note>,
}

/// An issue as it is kept in a packed file.
#[derive(Debug, Serialize, Deserialize)]
struct Note {
    code: String,
    message: String,
    help: Option<String>,
    file: Option<String>,
}

impl Package {
    /// Reads a `.tgz` or a folder. Its resources are read one after the other; only their rules are
    /// kept.
    ///
    /// # Errors
    /// When it is damaged, larger than is reasonable, has no usable manifest, or is for another
    /// version of FHIR than R4. A definition that cannot be used is an issue of the package.
    pub fn read(path: &Path) -> Result<Self, Box<Issue>> {
        let mut found = Found::default();
        let (manifest, mut issues) =
            package_file::scan(path, |name, resource| found.take(name, &resource))?;
        issues.append(&mut found.issues);
        let (definitions, retired) = found.finish();
        if let Some(retired) = retired {
            issues.push(retired);
        }
        let archive =
            Archive::of(&definitions).map_err(|why| package_file::unusable(path, &why))?;
        Ok(Self::new(manifest, archive, issues))
    }

    fn new(manifest: Manifest, archive: Archive, issues: Vec<Issue>) -> Self {
        Self {
            content: Arc::new(Content::new(Some(manifest.clone()), archive)),
            manifest: Arc::new(manifest),
            issues: issues.into(),
        }
    }

    /// What it says of itself.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// Its name and version.
    pub fn id(&self) -> &PackageId {
        &self.manifest.id
    }

    /// What of it cannot be used, and what somebody should know of it.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// A text that is the same for the same definitions: a hash, in hexadecimal.
    pub fn fingerprint(&self) -> String {
        Sha256::digest(self.content.archive.records())
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }

    /// How much there is in it.
    pub fn contents(&self) -> Contents {
        contents(&self.content)
    }

    /// The packed form, to be kept beside what it was made from.
    ///
    /// # Errors
    /// When it does not fit, which takes gigabytes.
    pub(crate) fn pack(&self, stamp: &Stamp, source: &Source) -> Result<Vec<u8>, String> {
        let head = Head {
            manifest: Manifest::clone(&self.manifest),
            notes: self.issues.iter().map(Note::of).collect(),
        };
        let head = postcard::to_stdvec(&head).map_err(|error| error.to_string())?;
        let length = u32::try_from(head.len()).map_err(|_| "it is larger than 4 GB")?;
        let mut body = length.to_le_bytes().to_vec();
        body.extend_from_slice(&head);
        self.content.archive.write(&mut body)?;
        let mut file = MAGIC.to_vec();
        file.extend_from_slice(FORMAT);
        file.extend_from_slice(stamp);
        file.extend_from_slice(source);
        file.extend_from_slice(&Sha256::digest(&body));
        file.extend_from_slice(&body);
        Ok(file)
    }

    /// Reads the packed form. `None` when it was made from something else, by another Causeway, or
    /// is damaged: it is then made again.
    ///
    /// `source` is asked only when the stamp is another: hashing megabytes takes longer than a program
    /// may take to start.
    pub(crate) fn unpack(
        file: &[u8],
        stamp: &Stamp,
        source: impl FnOnce() -> Option<Source>,
    ) -> Option<Self> {
        let rest = file.strip_prefix(MAGIC)?.strip_prefix(FORMAT)?;
        let (stamped, rest) = rest.split_at_checked(stamp.len())?;
        let (made_from, rest) = rest.split_at_checked(32)?;
        if stamped != stamp && source()?.as_slice() != made_from {
            return None;
        }
        let (hash, body) = rest.split_at_checked(32)?;
        if Sha256::digest(body).as_slice() != hash {
            return None;
        }
        let (length, rest) = body.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let (head, archive) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let head: Head = postcard::from_bytes(head).ok()?;
        let issues = head.notes.into_iter().map(Note::issue).collect();
        Some(Self::new(
            head.manifest,
            Archive::from_vec(archive)?,
            issues,
        ))
    }
}

/// How much there is in a package.
pub(crate) fn contents(content: &Content) -> Contents {
    let mut contents = Contents::default();
    for entry in &content.archive.entries {
        match entry.sort {
            Sort::Type { .. } | Sort::Profile => contents.structures += 1,
            Sort::ValueSet => contents.value_sets += 1,
            Sort::CodeSystem { .. } => contents.code_systems += 1,
            Sort::SearchParameter => contents.search_parameters += 1,
        }
        contents.retired += usize::from(entry.is_retired);
    }
    contents
}

impl Note {
    fn of(issue: &Issue) -> Self {
        Self {
            code: issue.code.to_string(),
            message: issue.message.clone(),
            help: issue.help.clone(),
            file: issue
                .input
                .as_ref()
                .and_then(|place| place.file.as_deref().map(str::to_owned)),
        }
    }

    fn issue(self) -> Issue {
        let issue = if self.code == codes::RETIRED {
            Issue::information(self.code, self.message)
        } else {
            Issue::warning(self.code, IssueType::Structure, self.message)
        };
        let issue = match self.help {
            Some(help) => issue.help(help),
            None => issue,
        };
        match self.file {
            Some(file) => issue.at_input(InputPlace::file(file)),
            None => issue,
        }
    }
}

/// The definitions of a package, by file, while it is read.
#[derive(Default)]
struct Found {
    by_file: BTreeMap<String, Definition>,
    seen: HashSet<String>,
    issues: Vec<Issue>,
}

impl Found {
    fn take(&mut self, file: &str, resource: &json::Value) {
        if !self.seen.insert(file.to_owned()) {
            self.by_file.remove(file);
            self.issues.push(package_file::duplicate(file));
        }
        let definition = match package::read(resource) {
            Ok(Some(definition)) => definition,
            Ok(None) => return,
            Err(issue) => {
                self.issues.push(issue.at_input(InputPlace::file(file)));
                return;
            }
        };
        if let Some(version) = resource.text("fhirVersion")
            && matches!(definition, Definition::Structure(_))
            && !is_r4(version)
        {
            self.issues.push(
                Issue::warning(
                    codes::FOREIGN_DEFINITION,
                    IssueType::NotSupported,
                    format!(
                        "the definition {} is left out: it is for FHIR {version}, not R4",
                        definition.url()
                    ),
                )
                .at_input(InputPlace::file(file))
                .help("ask the package's publisher for one that holds R4 definitions only"),
            );
            return;
        }
        let definition = match definition {
            Definition::Structure(mut structure) => {
                if needs_snapshot(&structure) {
                    structure.snapshot = package::read_snapshot(resource, &structure);
                }
                Definition::Structure(structure)
            }
            other => other,
        };
        self.by_file.insert(file.to_owned(), definition);
    }

    /// The definitions in the order of their files, one for each url and version, and a word on
    /// those that are retired.
    fn finish(self) -> (Vec<Definition>, Option<Issue>) {
        let mut definitions: Vec<Definition> = self.by_file.into_values().collect();
        let own: HashSet<Box<str>> = definitions
            .iter()
            .filter_map(|definition| match definition {
                Definition::Structure(structure) => Some(structure.url.clone()),
                _ => None,
            })
            .collect();
        let mut retired: HashMap<bool, Vec<&str>> = HashMap::new();
        for definition in &mut definitions {
            if let Definition::Structure(structure) = definition
                && structure
                    .base
                    .as_deref()
                    .is_none_or(|base| own.contains(crate::definitions::split(base).0))
            {
                structure.snapshot = Vec::new();
            }
        }
        for definition in &definitions {
            let (is_retired, name) = match definition {
                Definition::Structure(structure) => (structure.is_retired, &*structure.id),
                Definition::ValueSet(set) => (set.is_retired, last(&set.url)),
                Definition::CodeSystem(system) => (system.is_retired, last(&system.url)),
                Definition::SearchParameter(_) => (false, ""),
            };
            if is_retired {
                retired.entry(true).or_default().push(name);
            }
        }
        let issue = retired.get(&true).map(|names| {
            let shown: Vec<&str> = names.iter().copied().take(5).collect();
            let more = if names.len() > shown.len() {
                ", …"
            } else {
                ""
            };
            Issue::information(
                codes::RETIRED,
                format!(
                    "{} definitions of the package are retired by their publisher: {}{more}",
                    names.len(),
                    shown.join(", ")
                ),
            )
            .help("records may name them; new data should not")
        });
        (definitions, issue)
    }
}

fn last(url: &str) -> &str {
    url.rsplit('/').next().unwrap_or(url)
}

/// Whether a base may be missing when the structure is used: those of R4 never are.
fn needs_snapshot(structure: &Structure) -> bool {
    !structure.elements.is_empty()
        && structure.base.as_deref().is_some_and(|base| {
            base.strip_prefix("http://hl7.org/fhir/StructureDefinition/")
                .is_none_or(|name| !name.bytes().all(|byte| byte.is_ascii_alphanumeric()))
        })
}
