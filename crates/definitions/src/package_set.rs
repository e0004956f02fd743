//! From what a site names to the definitions that it works with.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::Arc;

use diagnostics::{Issue, IssueType};

use crate::archive::Sort;
use crate::content::{Content, NameKind};
use crate::definitions::{Rank, embedded_layers, is_core_type};
use crate::form::{Structure, ValueSet};
use crate::manifest::{Manifest, PackageId};
use crate::package_folder::missing;
use crate::{Definitions, Package, PackageFolder, Wanted, codes, embedded, version};

/// What somebody names when they name a package.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PackageName {
    /// A `.tgz`, or a folder that holds one unpacked.
    Path(PathBuf),
    /// A name and which version.
    Named(String, Wanted),
}

impl PackageName {
    /// Reads `name@version`, `name#version`, a name alone (the newest), or a path. What has a
    /// separator in it or is there as a file or folder is a path.
    pub fn parse(text: &str) -> Option<Self> {
        let path = PathBuf::from(text);
        if text.contains(['/', '\\']) || text.ends_with(".tgz") || path.is_dir() {
            return Some(Self::Path(path));
        }
        let (name, wanted) = text.split_once(['@', '#']).unwrap_or((text, ""));
        version::is_name(name)
            .then(|| Some(Self::Named(name.to_owned(), Wanted::parse(wanted)?)))?
    }
}

/// A set of packages with all that they need and is there.
#[derive(Debug, Clone, Default)]
pub struct PackageSet {
    /// Those that were named, in that order.
    pub named: Vec<Package>,
    /// Those that they need.
    pub dependencies: Vec<Package>,
    /// What is missing, or there in another version.
    pub issues: Vec<Issue>,
}

/// A package that another needs and that is not there.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Needed {
    /// Its name.
    pub name: String,
    /// The version as it is asked for.
    pub version: String,
    /// Who asks for it.
    pub by: PackageId,
}

/// How many packages a set may have.
const MOST_PACKAGES: usize = 200;

impl PackageSet {
    /// Opens the packages that are named, and those that they need as far as they are there. What
    /// is needed and is missing is an issue.
    ///
    /// # Errors
    /// When one that is named is not there or cannot be used.
    pub fn open(folder: &PackageFolder, names: &[PackageName]) -> Result<Self, Box<Issue>> {
        let mut set = Self::default();
        let mut folder = folder.clone();
        for name in names {
            let package = match name {
                PackageName::Path(path) => {
                    if let Some(beside) = path.parent() {
                        folder.look_in(beside);
                    }
                    folder.open_path(path)?
                }
                PackageName::Named(name, wanted) => {
                    if built_in(name, wanted).is_some() {
                        continue;
                    }
                    let (_, path) = folder
                        .find(name, wanted)
                        .ok_or_else(|| missing(&format!("{name}@{wanted}")))?;
                    folder.open_path(&path)?
                }
            };
            set.named.retain(|known| known.id() != package.id());
            set.named.push(package);
        }
        let (dependencies, issues) = dependencies(&set.named, |needed, wanted| {
            folder
                .find(&needed.name, wanted)
                .or_else(|| folder.find(&needed.name, &Wanted::Latest))
                .map(|(_, path)| folder.open_path(&path))
        });
        set.dependencies = dependencies;
        set.issues = issues;
        Ok(set)
    }

    /// The definitions: the named packages over their dependencies over what is built in. Another
    /// package with the canonical of the built-in UK Core takes its place as a whole.
    pub fn definitions(&self) -> Definitions {
        let all = self.named.iter().chain(&self.dependencies);
        let canonicals: Vec<&str> = all
            .filter_map(|package| package.manifest().canonical.as_deref())
            .collect();
        let mut contents = embedded_layers(|built_in| {
            !built_in
                .manifest
                .as_ref()
                .and_then(|manifest| manifest.canonical.as_deref())
                .is_some_and(|canonical| canonicals.contains(&canonical))
        });
        let ranked = |packages: &[Package], rank: Rank| -> Vec<(Rank, Arc<Content>)> {
            packages
                .iter()
                .filter(|package| !is_core(package.manifest()))
                .map(|package| (rank, package.content.clone()))
                .collect()
        };
        contents.extend(ranked(&self.named, Rank::Named));
        contents.extend(ranked(&self.dependencies, Rank::Dependency));
        Definitions::of(contents)
    }

    /// What is wrong between the packages of the set: urls that two of them define differently,
    /// types of FHIR that one of them redefines, and references to what is not there. This reads
    /// every definition of the named packages.
    pub fn examine(&self) -> Vec<Issue> {
        let definitions = self.definitions();
        let mut issues = Vec::new();
        for package in &self.named {
            redefined(package, &mut issues);
            duplicates(package, &definitions, &mut issues);
            unresolved(package, &definitions, &mut issues);
        }
        issues
    }
}

/// Whether a package is R4 core itself.
fn is_core(manifest: &Manifest) -> bool {
    manifest.id.name == "hl7.fhir.r4.core"
}

/// The version of a built-in package that does for what is asked for.
pub fn built_in(name: &str, wanted: &Wanted) -> Option<&'static PackageId> {
    embedded::manifests()
        .map(|manifest| &manifest.id)
        .find(|id| {
            id.name == name
                && (wanted.takes(&id.version)
                    // 4.0.0 was withdrawn for 4.0.1 within days.
                    || (name == "hl7.fhir.r4.core"
                        && matches!(wanted, Wanted::Exact(version) if version == "4.0.0")))
        })
}

/// The packages that some others need, found by `find`, with theirs.
///
/// A package that is named is the one that counts, whatever version others ask for. One that nobody
/// names may come in several versions.
pub fn dependencies(
    named: &[Package],
    mut find: impl FnMut(&Needed, &Wanted) -> Option<Result<Package, Box<Issue>>>,
) -> (Vec<Package>, Vec<Issue>) {
    let mut found: Vec<Package> = Vec::new();
    let mut issues: Vec<Issue> = Vec::new();
    let mut asked: Vec<(String, String)> = Vec::new();
    let mut needs: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut waiting: Vec<Package> = named.iter().rev().cloned().collect();
    while let Some(package) = waiting.pop() {
        let manifest = package.manifest();
        needs
            .entry(manifest.id.name.clone())
            .or_default()
            .extend(manifest.dependencies.iter().map(|(name, _)| name.clone()));
        for (name, version) in &manifest.dependencies {
            if asked.contains(&(name.clone(), version.clone())) {
                continue;
            }
            asked.push((name.clone(), version.clone()));
            let needed = Needed {
                name: name.clone(),
                version: version.clone(),
                by: manifest.id.clone(),
            };
            if let Some(other) = other_fhir(name) {
                issues.push(foreign(&needed, other));
                continue;
            }
            let Some(wanted) = Wanted::parse(version) else {
                issues.push(not_found(
                    &needed,
                    "asks for it by something that is no version",
                ));
                continue;
            };
            if let Some(there) = named.iter().find(|known| known.id().name == *name) {
                other_version(&needed, &wanted, &there.id().version, &mut issues);
                continue;
            }
            if built_in(name, &wanted).is_some() {
                continue;
            }
            if found.len() >= MOST_PACKAGES {
                issues.push(not_found(
                    &needed,
                    "is one of too many packages that need others",
                ));
                return (found, issues);
            }
            match find(&needed, &wanted) {
                Some(Ok(package)) => {
                    other_version(&needed, &wanted, &package.id().version, &mut issues);
                    if !found.iter().any(|known| known.id() == package.id()) {
                        found.push(package.clone());
                        waiting.push(package);
                    }
                }
                Some(Err(issue)) => {
                    let mut issue = *issue;
                    issue.severity = diagnostics::Severity::Warning;
                    issues.push(issue);
                    issues.push(not_found(&needed, "needs it"));
                }
                None => match built_in(name, &Wanted::Latest) {
                    Some(there) => {
                        other_version(&needed, &wanted, &there.version, &mut issues);
                    }
                    None => issues.push(not_found(&needed, "needs it")),
                },
            }
        }
    }
    circles(&needs, &mut issues);
    (found, issues)
}

/// The FHIR version of a core package that is not R4's.
fn other_fhir(name: &str) -> Option<&str> {
    let rest = name.strip_prefix("hl7.fhir.r")?;
    let (release, _) = rest.split_once('.')?;
    (release != "4" && release.starts_with(|first: char| first.is_ascii_digit())).then_some(release)
}

fn foreign(needed: &Needed, release: &str) -> Issue {
    Issue::warning(
        codes::OTHER_FHIR_VERSION,
        IssueType::NotSupported,
        format!(
            "the package {} asks for {}, which is for FHIR R{release}, so it is left out: it \
             defines the same urls as R4 with other content",
            needed.by,
            named(needed)
        ),
    )
    .help("nothing needs to be done unless a definition is reported as missing")
}

fn not_found(needed: &Needed, why: &str) -> Issue {
    Issue::warning(
        codes::DEPENDENCY_MISSING,
        IssueType::NotFound,
        format!(
            "the package {} is not here, and {} {why}",
            named(needed),
            needed.by
        ),
    )
    .help(format!(
        "add it with `causeway packages add {}@{}`; until then what it defines is not checked",
        needed.name, needed.version
    ))
}

fn other_version(needed: &Needed, wanted: &Wanted, there: &str, issues: &mut Vec<Issue>) {
    let is_core = needed.name == "hl7.fhir.r4.core";
    if wanted.takes(there) || is_core {
        return;
    }
    issues.push(
        Issue::warning(
            codes::DEPENDENCY_VERSION,
            IssueType::Conflict,
            format!(
                "the package {} asks for {}, and version {there} is used",
                needed.by,
                named(needed)
            ),
        )
        .help(format!(
            "add the version that is asked for with `causeway packages add {}@{}`",
            needed.name, needed.version
        )),
    );
}

fn named(needed: &Needed) -> String {
    format!("{}#{}", needed.name, needed.version)
}

/// Names each circle of packages that need each other, once. Some of HL7's own do; each is still
/// loaded once.
fn circles(needs: &BTreeMap<String, Vec<String>>, issues: &mut Vec<Issue>) {
    let mut told: Vec<Vec<&str>> = Vec::new();
    for start in needs.keys() {
        // The shortest way from a package back to itself.
        let mut ways: Vec<Vec<&str>> = vec![vec![start]];
        let mut seen: Vec<&str> = Vec::new();
        let mut circle = None;
        while circle.is_none() && !ways.is_empty() {
            let mut longer = Vec::new();
            for way in &ways {
                let next = way.last().and_then(|last| needs.get(*last));
                for name in next.into_iter().flatten() {
                    if name == start {
                        circle = Some(way.clone());
                    } else if needs.contains_key(name) && !seen.contains(&name.as_str()) {
                        seen.push(name);
                        let mut way = way.clone();
                        way.push(name);
                        longer.push(way);
                    }
                }
            }
            ways = longer;
        }
        let Some(circle) = circle else { continue };
        let mut members = circle.clone();
        members.sort_unstable();
        if told.contains(&members) {
            continue;
        }
        issues.push(
            Issue::warning(
                codes::DEPENDENCY_CYCLE,
                IssueType::Conflict,
                format!(
                    "packages need each other in a circle: {} → {start}; each is used once",
                    circle.join(" → ")
                ),
            )
            .help("nothing needs to be done; definitions of the one may refer to the other"),
        );
        told.push(members);
    }
}

/// Types of FHIR that a package defines itself.
fn redefined(package: &Package, issues: &mut Vec<Issue>) {
    if is_core(package.manifest()) {
        return;
    }
    let urls: Vec<&str> = package
        .content
        .archive
        .entries
        .iter()
        .filter(|entry| is_core_type(entry))
        .map(|entry| &*entry.url)
        .collect();
    if !urls.is_empty() {
        issues.push(
            Issue::warning(
                codes::CORE_TYPE,
                IssueType::Conflict,
                format!(
                    "the package {} defines types of FHIR itself, which only R4 core may; they are \
                     left out: {}",
                    package.id(),
                    some(&urls)
                ),
            )
            .help("ask the package's publisher for one without FHIR's own types"),
        );
    }
}

/// Urls that another package of the set defines too, in the same version and differently.
fn duplicates(package: &Package, definitions: &Definitions, issues: &mut Vec<Issue>) {
    let mut by_package: BTreeMap<String, Vec<&str>> = BTreeMap::new();
    for entry in &package.content.archive.entries {
        let kind = match entry.sort {
            Sort::Type { .. } | Sort::Profile => NameKind::Structure,
            Sort::ValueSet => NameKind::ValueSet,
            Sort::CodeSystem {
                is_supplement: false,
            } => NameKind::CodeSystem,
            Sort::CodeSystem { .. } | Sort::SearchParameter => continue,
        };
        for (_, other) in definitions.contents() {
            if Arc::ptr_eq(other, &package.content) {
                continue;
            }
            let differs = other.all(kind, &entry.url).any(|(_, twin)| {
                twin.version == entry.version
                    && other.archive.plain(twin) != package.content.archive.plain(entry)
            });
            if differs {
                let name = other
                    .manifest
                    .as_ref()
                    .map_or_else(String::new, |manifest| manifest.id.to_string());
                by_package.entry(name).or_default().push(&entry.url);
            }
        }
    }
    for (other, urls) in by_package {
        issues.push(
            Issue::warning(
                codes::DUPLICATE_URL,
                IssueType::Conflict,
                format!(
                    "the packages {} and {other} define {} urls in the same version differently: {}",
                    package.id(),
                    urls.len(),
                    some(&urls)
                ),
            )
            .help("the definition of the package that the site names is used"),
        );
    }
}

/// References of a package's definitions that lead nowhere.
fn unresolved(package: &Package, definitions: &Definitions, issues: &mut Vec<Issue>) {
    let mut lost: BTreeMap<(NameKindName, String), Vec<String>> = BTreeMap::new();
    let mut look = |kind: NameKind, canonical: &str, by: &str| {
        let known = definitions.has(kind, canonical);
        if known == Some(true) {
            return;
        }
        let what = match (kind, known) {
            (NameKind::ValueSet, None) => NameKindName::ValueSet,
            (_, None) => NameKindName::Structure,
            (_, Some(_)) => NameKindName::OtherVersion,
        };
        lost.entry((what, canonical.to_owned()))
            .or_default()
            .push(by.to_owned());
    };
    for entry in &package.content.archive.entries {
        if entry.is_retired {
            continue;
        }
        match entry.sort {
            Sort::Type { .. } | Sort::Profile => {
                if let Some(structure) = package.content.archive.record::<Structure>(entry) {
                    references(&structure, |kind, canonical| {
                        look(kind, canonical, &entry.id)
                    });
                }
            }
            Sort::ValueSet => {
                if let Some(set) = package.content.archive.record::<ValueSet>(entry) {
                    for part in set.includes.iter().chain(&set.excludes) {
                        for imported in &part.value_sets {
                            look(NameKind::ValueSet, imported, &entry.url);
                        }
                    }
                }
            }
            _ => {}
        }
    }
    for ((what, canonical), by) in lost {
        let by: Vec<&str> = by.iter().map(String::as_str).collect();
        let (code, words, help) = match what {
            NameKindName::OtherVersion => (
                codes::OTHER_VERSION,
                "is here only in another version, which is used",
                "add the package that has that version",
            ),
            NameKindName::Structure => (
                codes::UNRESOLVED,
                "is not here, so what it asks for is not checked",
                "add the package that has it",
            ),
            NameKindName::ValueSet => (
                codes::UNRESOLVED,
                "is not here, so codes bound to it are not checked",
                "add the package that has it",
            ),
        };
        issues.push(
            Issue::warning(
                code,
                IssueType::NotFound,
                format!("{canonical}, which {} names, {words}", some(&by)),
            )
            .help(help),
        );
    }
}

/// What a missing canonical was to be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum NameKindName {
    Structure,
    ValueSet,
    OtherVersion,
}

fn references(structure: &Structure, mut look: impl FnMut(NameKind, &str)) {
    if let Some(base) = &structure.base
        && !base.ends_with("/Base")
    {
        look(NameKind::Structure, base);
    }
    for rule in &structure.elements {
        for one in &rule.types {
            for profile in one.profiles.iter().chain(&one.target_profiles) {
                look(
                    NameKind::Structure,
                    profile.split('#').next().unwrap_or(profile),
                );
            }
        }
        if let Some(binding) = &rule.binding {
            for set in binding.value_set.iter().chain(&binding.max_value_set) {
                look(NameKind::ValueSet, set);
            }
        }
    }
}

/// The first few of a list.
fn some(all: &[&str]) -> String {
    let mut shown: Vec<&str> = Vec::new();
    for one in all {
        if !shown.contains(one) {
            shown.push(one);
        }
    }
    let more = shown.len().saturating_sub(3);
    shown.truncate(3);
    let mut text = shown.join(", ");
    if more > 0 {
        text.push_str(&format!(" and {more} more"));
    }
    text
}

/// The packages that are built in, with how much there is in each.
pub fn built_in_packages() -> impl Iterator<Item = (&'static Manifest, crate::Contents)> {
    embedded::packages().iter().filter_map(|content| {
        Some((
            content.manifest.as_ref()?,
            crate::compiled::contents(content),
        ))
    })
}
