//! The whole corpus: which cases there are, and Causeway's verdicts on them.

use std::path::{Path, PathBuf};

use definitions::{Definitions, PackageFolder, PackageName, PackageSet};

use crate::mutants::{Base, World, mutants};
use crate::{Case, Ours, Set, Verdict, corpus};

/// How many resources of each type are grown.
const GROWN: usize = 6;

/// Where the corpus comes from.
#[derive(Debug, Clone)]
pub struct Sources {
    /// The project's folder.
    pub root: PathBuf,
    /// The folder with `packages` and `ukcore-examples`, where there is one.
    pub data: Option<PathBuf>,
    /// The archive of the official R4 examples, where there is one.
    pub examples: Option<PathBuf>,
}

/// The corpus, and the definitions it is held against.
pub struct Suite {
    sources: Sources,
    definitions: Definitions,
    seed: u64,
    per_kind: usize,
}

impl Suite {
    /// A suite with `per_kind` mutants of each kind of rule.
    ///
    /// # Errors
    /// When Causeway's own test profiles cannot be read.
    pub fn new(sources: Sources, seed: u64, per_kind: usize) -> Result<Self, String> {
        let definitions =
            corpus::own_definitions(&sources.root.join("conformance/oracle/profiles"))?;
        Ok(Self {
            sources,
            definitions,
            seed,
            per_kind,
        })
    }

    /// The cases that nobody broke.
    ///
    /// # Errors
    /// When a source that is there cannot be read.
    pub fn corpus(&self) -> Result<Vec<Case>, String> {
        let root = &self.sources.root;
        let mut cases = corpus::samples(&root.join("mappings"))?;
        cases.extend(corpus::generated(&self.definitions, self.seed, GROWN));
        cases.extend(corpus::made(
            &root.join("conformance/oracle/made.json"),
            self.seed,
            self.per_kind,
        )?);
        if let Some(data) = &self.sources.data {
            cases.extend(corpus::ukcore(&data.join("ukcore-examples"))?);
            cases.extend(corpus::ips(&package(data, "hl7.fhir.uv.ips-")?)?);
        }
        if let Some(examples) = &self.sources.examples {
            cases.extend(corpus::official(examples)?);
        }
        Ok(cases)
    }

    /// Mutants of those of the corpus that the oracle finds valid: `valid` says which.
    pub fn mutants(
        &self,
        corpus: &[Case],
        valid: impl Fn(&Case) -> bool,
        only: Option<&str>,
    ) -> Vec<Case> {
        let bases: Vec<Base> = corpus
            .iter()
            .filter(|case| ["sample", "generated", "ukcore"].contains(&case.kind) && valid(case))
            .filter_map(|case| {
                Some(Base {
                    name: case.name.clone(),
                    set: case.set,
                    profiles: case.profiles.clone(),
                    resource: json::parse(case.text.as_bytes()).ok()?,
                })
            })
            .collect();
        let world = World::new(&self.definitions);
        mutants(&world, &bases, self.seed, self.per_kind, only)
    }

    /// The packages of a set as the oracle is given them.
    ///
    /// # Errors
    /// When they are not there.
    pub fn packages(&self, set: Set) -> Result<Vec<PathBuf>, String> {
        let data = self
            .sources
            .data
            .as_ref()
            .ok_or("the FHIR packages are not here")?;
        let names: &[&str] = match set {
            Set::Base => &["hl7.fhir.r4.core-", "fhir.r4.ukcore."],
            Set::Ips => &[
                "hl7.fhir.r4.core-",
                "hl7.terminology.r4-",
                "hl7.fhir.uv.extensions.r4-",
                "hl7.fhir.uv.ips-",
            ],
        };
        let mut found = Vec::new();
        for name in names {
            found.push(package(data, name)?);
        }
        if set == Set::Base {
            found.push(self.sources.root.join("conformance/oracle/profiles"));
        }
        Ok(found)
    }

    /// Causeway's verdicts on cases, in their order.
    ///
    /// # Errors
    /// When the packages of a set that is needed cannot be opened.
    pub fn ours(&self, cases: &[Case]) -> Result<Vec<Verdict>, String> {
        let base = Ours::new(&self.definitions);
        let ips = if cases.iter().any(|case| case.set == Set::Ips) {
            let data = self
                .sources
                .data
                .as_ref()
                .ok_or("the FHIR packages are not here")?;
            let folder = PackageFolder::new(data.join("packages"));
            let names = [PackageName::Path(package(data, "hl7.fhir.uv.ips-")?)];
            let set = PackageSet::open(&folder, &names).map_err(|issue| issue.to_string())?;
            Some(Ours::new(&set.definitions()))
        } else {
            None
        };
        Ok(cases
            .iter()
            .map(|case| match (&ips, case.set) {
                (Some(ips), Set::Ips) => ips.verdict(case),
                _ => base.verdict(case),
            })
            .collect())
    }
}

/// The archive of a package whose name begins so.
fn package(data: &Path, name: &str) -> Result<PathBuf, String> {
    let folder = data.join("packages");
    crate::oracle::files(&folder, "tgz")?
        .into_iter()
        .find(|path| {
            path.file_name()
                .is_some_and(|file| file.to_string_lossy().starts_with(name))
        })
        .ok_or_else(|| format!("{}: there is no {name}*.tgz", folder.display()))
}
