//! The definitions, terminology and validator that commands share.

use std::sync::Arc;

use definitions::{Definitions, Package, PackageSet};
use diagnostics::Severity;
use terminology::Terminology;
use validation::Validator;

use crate::cli::PackageOptions;
use crate::config;
use crate::exit::Failure;
use crate::packages::Settings;

/// What Causeway knows of FHIR.
pub struct Knowledge {
    /// R4 and UK Core, and what a site lays over them.
    pub definitions: &'static Definitions,
    /// Their codes.
    pub terminology: Arc<Terminology>,
    /// The packages besides those that are built in.
    pub packages: Vec<Package>,
}

impl Knowledge {
    /// The definitions that the binary carries; they are decoded as they are asked for.
    pub fn embedded() -> Self {
        Self::over(Definitions::embedded(), Vec::new())
    }

    /// What a command is told to use: `--package`, and `[packages]` of a configuration file.
    pub fn of(options: &PackageOptions) -> Result<Self, Failure> {
        let terminology = match &options.config {
            Some(path) => config::Terminology::read(path)?,
            None => config::Terminology::default(),
        };
        let known = if options.package.is_empty() && options.config.is_none() {
            Self::embedded()
        } else {
            Self::with(&Settings::read(
                options.config.as_deref(),
                &options.package,
            )?)?
        };
        known.with_releases(&terminology)
    }

    /// What a server's configuration says, and further packages.
    pub fn configured(
        config: &config::Packages,
        terminology: &config::Terminology,
        names: &[String],
    ) -> Result<Self, Failure> {
        let known = if config.used.is_empty() && names.is_empty() {
            Self::embedded()
        } else {
            Self::with(&Settings::new(config, names)?)?
        };
        known.with_releases(terminology)
    }

    /// The same with the releases of licensed codes that the site has compiled. One that cannot be
    /// used is told, and its codes stay open.
    fn with_releases(mut self, config: &config::Terminology) -> Result<Self, Failure> {
        let releases = crate::terminology::open(config)?;
        if !releases.is_empty() {
            self.terminology = Arc::new(Terminology::new(self.definitions).with_releases(releases));
        }
        Ok(self)
    }

    fn with(settings: &Settings) -> Result<Self, Failure> {
        if settings.used.is_empty() {
            return Ok(Self::embedded());
        }
        let set = PackageSet::open(&settings.folder, &settings.used).map_err(Failure::usage)?;
        for issue in set
            .issues
            .iter()
            .filter(|one| one.severity != Severity::Information)
        {
            eprintln!("{issue}");
        }
        let packages = set.named.iter().chain(&set.dependencies).cloned().collect();
        // There is one for as long as the program runs.
        let definitions = Box::leak(Box::new(set.definitions()));
        Ok(Self::over(definitions, packages))
    }

    fn over(definitions: &'static Definitions, packages: Vec<Package>) -> Self {
        Self {
            definitions,
            terminology: Arc::new(Terminology::new(definitions)),
            packages,
        }
    }

    /// A text that is the same for the same definitions.
    pub fn fingerprint(&self) -> String {
        let mut packages: Vec<String> = self
            .packages
            .iter()
            .map(|package| format!("{} {}", package.id(), package.fingerprint()))
            .collect();
        packages.sort();
        packages.join(", ")
    }

    /// What decides, besides a file and its mapping, what becomes of it.
    pub fn engine(&self) -> String {
        let packages = self.fingerprint();
        let version = env!("CARGO_PKG_VERSION");
        match packages.is_empty() {
            true => format!("causeway {version}"),
            false => format!("causeway {version}, {packages}"),
        }
    }

    /// A validator over them.
    pub fn validator(&self) -> Validator {
        Validator::new(self.definitions, self.terminology.clone())
    }
}
