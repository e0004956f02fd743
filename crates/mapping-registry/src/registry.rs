//! What is installed in a store, and what is active there.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use definitions::Definitions;
use mapping::{Folder, Loaded, Mapping, MappingFiles};
use store::{
    ActiveMapping, InstalledMapping, MappingChange, MappingOrder, MappingOutcome, MappingStamp,
    Store, Tenant,
};
use terminology::Terminology;

use crate::review_file::{REVIEW_FILE, ReviewFile, ReviewFileError};
use crate::{Damaged, Gate, load_package, package_of};

/// The mappings of a store. Cheap to clone.
#[derive(Clone)]
pub struct Registry {
    store: Arc<dyn Store>,
    definitions: &'static Definitions,
    terminology: Arc<Terminology>,
    gate: Gate,
}

/// Why something was not done. Nothing has changed then.
#[derive(Debug)]
pub enum RegistryError {
    /// Nobody is named for the record.
    Nobody,
    /// The mapping has errors.
    Errors(Box<Loaded>),
    /// Its review file cannot be read.
    ReviewFile(ReviewFileError),
    /// Another content has this name and version.
    OtherContent {
        /// What was to be installed.
        stamp: MappingStamp,
        /// The hash of what is.
        kept: String,
    },
    /// No mapping of this name and version is installed.
    NotInstalled {
        /// The name.
        name: String,
        /// The version, where one was named.
        version: Option<String>,
    },
    /// Nobody has reviewed this content, and this is production (CS-21).
    NotReviewed(MappingStamp),
    /// There is nothing to go back to.
    NothingBefore {
        /// The mapping's name.
        name: String,
    },
    /// No mapping was named, and not exactly one is active.
    Unclear {
        /// The names of those that are.
        active: Vec<String>,
    },
    /// What is kept cannot be run.
    Damaged(Damaged),
    /// The store failed.
    Store(store::Error),
}

impl fmt::Display for RegistryError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Nobody => f.write_str("say who does it, for the record"),
            Self::Errors(_) => f.write_str(
                "the mapping has errors: mend them, and see them all with `causeway check`",
            ),
            Self::ReviewFile(error) => write!(f, "{error}; mend it, or move it away"),
            Self::OtherContent { stamp, kept } => write!(
                f,
                "{}@{} is installed with other content (its hash begins with {}): a version never changes, so give the new content a new version",
                stamp.name,
                stamp.version,
                kept.get(..12).unwrap_or(kept)
            ),
            Self::NotInstalled { name, version } => match version {
                Some(version) => write!(
                    f,
                    "{name}@{version} is not installed: see `causeway mappings list`, and install it with `causeway mappings install`"
                ),
                None => write!(f, "no mapping {name} is installed"),
            },
            Self::NotReviewed(stamp) => write!(
                f,
                "{0}@{1} has no clinical review of exactly this content, and this server is in production (CS-21): have a clinician review it (`causeway mappings review`), install that (`causeway mappings install`), or set mode = \"test\" under [server] on a system that serves nobody's care",
                stamp.name, stamp.version
            ),
            Self::NothingBefore { name } => write!(
                f,
                "nothing of {name} was active there before, so there is nothing to go back to"
            ),
            Self::Unclear { active } if active.is_empty() => f.write_str(
                "no mapping is active for this organisation: name one with --mapping, or activate one with `causeway mappings activate`",
            ),
            Self::Unclear { active } => write!(
                f,
                "more than one mapping is active for this organisation: name one of {} with --mapping",
                active.join(", ")
            ),
            Self::Damaged(damaged) => write!(f, "{damaged}"),
            Self::Store(error) => write!(f, "{error}"),
        }
    }
}

impl std::error::Error for RegistryError {}

impl From<store::Error> for RegistryError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl Registry {
    /// The registry of a store.
    pub fn new(
        store: Arc<dyn Store>,
        definitions: &'static Definitions,
        terminology: Arc<Terminology>,
        gate: Gate,
    ) -> Self {
        Self {
            store,
            definitions,
            terminology,
            gate,
        }
    }

    /// Whether reviews are asked for.
    pub fn gate(&self) -> Gate {
        self.gate
    }

    /// Puts the content of a folder into the store, with the reviews of exactly this content.
    ///
    /// # Errors
    /// When it has errors, its review file cannot be read, or another content has its version.
    pub async fn install_folder(
        &self,
        folder: &Path,
        by: &str,
    ) -> Result<(MappingStamp, MappingOutcome), RegistryError> {
        self.install(&Folder::open(folder), by).await
    }

    /// The same from wherever a mapping's files are.
    ///
    /// # Errors
    /// As [`Registry::install_folder`].
    pub async fn install(
        &self,
        files: &dyn MappingFiles,
        by: &str,
    ) -> Result<(MappingStamp, MappingOutcome), RegistryError> {
        let by = named(by)?;
        let review_file = files.read(REVIEW_FILE).map(|bytes| bytes.into_owned());
        let reviews = match &review_file {
            None => ReviewFile::default(),
            Some(bytes) => std::str::from_utf8(bytes)
                .map_err(|_| ReviewFileError("it is not UTF-8".to_owned()))
                .and_then(ReviewFile::parse)
                .map_err(RegistryError::ReviewFile)?,
        };
        let loaded = mapping::load(files, self.definitions, &self.terminology);
        let Some(package) = package_of(&loaded) else {
            return Err(RegistryError::Errors(Box::new(loaded)));
        };
        // What is kept must be enough to run it again.
        load_package(&package, self.definitions, &self.terminology)
            .map_err(RegistryError::Damaged)?;
        let stamp = package.stamp.clone();
        let reviews = reviews
            .reviews
            .iter()
            .filter(|review| review.hash == stamp.hash)
            .map(|review| review.to_stored())
            .collect();
        let outcome = self
            .order(
                &by,
                MappingChange::Install {
                    package,
                    reviews,
                    review_file,
                },
            )
            .await?;
        match outcome {
            MappingOutcome::OtherContent { kept } => {
                Err(RegistryError::OtherContent { stamp, kept })
            }
            outcome => Ok((stamp, outcome)),
        }
    }

    /// Makes an installed mapping the one that an organisation's files are read with, from the next
    /// file on. It must run under this program and its definitions.
    ///
    /// # Errors
    /// When it is not installed or cannot run; in production, when nobody has reviewed it.
    pub async fn activate(
        &self,
        tenant: &Tenant,
        source: Option<&str>,
        name: &str,
        version: &str,
        by: &str,
    ) -> Result<MappingOutcome, RegistryError> {
        let by = named(by)?;
        let stamp = self.find(name, version).await?.stamp;
        self.load(&stamp).await?;
        let outcome = self
            .order(
                &by,
                MappingChange::Activate {
                    tenant: tenant.clone(),
                    source: source.map(str::to_owned),
                    name: name.to_owned(),
                    version: version.to_owned(),
                    reviewed_only: self.gate.asks_for_review(),
                },
            )
            .await?;
        match outcome {
            MappingOutcome::NotReviewed { mapping } => Err(RegistryError::NotReviewed(mapping)),
            MappingOutcome::NotInstalled => Err(not_installed(name, Some(version))),
            outcome => Ok(outcome),
        }
    }

    /// Goes back to what was active before.
    ///
    /// # Errors
    /// When nothing was; in production, when nobody has reviewed what was.
    pub async fn roll_back(
        &self,
        tenant: &Tenant,
        source: Option<&str>,
        name: &str,
        by: &str,
    ) -> Result<MappingOutcome, RegistryError> {
        let by = named(by)?;
        let outcome = self
            .order(
                &by,
                MappingChange::RollBack {
                    tenant: tenant.clone(),
                    source: source.map(str::to_owned),
                    name: name.to_owned(),
                    reviewed_only: self.gate.asks_for_review(),
                },
            )
            .await?;
        match outcome {
            MappingOutcome::NotReviewed { mapping } => Err(RegistryError::NotReviewed(mapping)),
            MappingOutcome::NothingBefore => Err(RegistryError::NothingBefore {
                name: name.to_owned(),
            }),
            outcome => Ok(outcome),
        }
    }

    /// What an organisation's files of a source are to be read with, where something is active:
    /// the choice for this very source, else the one for every source.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn active_for(
        &self,
        tenant: &Tenant,
        name: &str,
        source: &str,
    ) -> Result<Option<ActiveMapping>, RegistryError> {
        let mut active = self.store.active(Some(tenant)).await?;
        active.retain(|one| one.stamp.name == name);
        let own = active
            .iter()
            .position(|one| one.source.as_deref() == Some(source))
            .or_else(|| active.iter().position(|one| one.source.is_none()));
        Ok(own.map(|index| active.swap_remove(index)))
    }

    /// What an organisation's files are read with where nobody names a mapping: what is active, when
    /// it is one.
    ///
    /// # Errors
    /// When nothing is active, or more than one mapping is.
    pub async fn only_active(
        &self,
        tenant: &Tenant,
        source: Option<&str>,
    ) -> Result<ActiveMapping, RegistryError> {
        let active = self.store.active(Some(tenant)).await?;
        let own: Vec<_> = active
            .iter()
            .filter(|one| one.source.is_some() && one.source.as_deref() == source)
            .collect();
        let wide: Vec<_> = active.iter().filter(|one| one.source.is_none()).collect();
        let fit = if own.is_empty() { wide } else { own };
        match fit.as_slice() {
            [one] => Ok((*one).clone()),
            several => Err(RegistryError::Unclear {
                active: several.iter().map(|one| one.stamp.name.clone()).collect(),
            }),
        }
    }

    /// An installed mapping by name and version.
    ///
    /// # Errors
    /// When there is none.
    pub async fn find(&self, name: &str, version: &str) -> Result<InstalledMapping, RegistryError> {
        self.store
            .installed()
            .await?
            .into_iter()
            .find(|one| one.stamp.name == name && one.stamp.version == version)
            .ok_or_else(|| not_installed(name, Some(version)))
    }

    /// Loads an installed mapping from the bytes that are kept.
    ///
    /// # Errors
    /// When it is not there, or cannot be run from them.
    pub async fn load(&self, stamp: &MappingStamp) -> Result<Mapping, RegistryError> {
        let package = self
            .store
            .package(&stamp.hash)
            .await?
            .ok_or_else(|| not_installed(&stamp.name, Some(&stamp.version)))?;
        load_package(&package, self.definitions, &self.terminology)
            .map(|(mapping, _)| mapping)
            .map_err(RegistryError::Damaged)
    }

    /// Whether a content may publish here: always in a test system, else when exactly this content
    /// has a review that the store keeps (CS-21).
    ///
    /// # Errors
    /// [`RegistryError::NotReviewed`] when it may not.
    pub async fn may_publish(&self, stamp: &MappingStamp) -> Result<(), RegistryError> {
        if self.gate.asks_for_review() && self.store.reviews(&stamp.hash).await?.is_empty() {
            return Err(RegistryError::NotReviewed(stamp.clone()));
        }
        Ok(())
    }

    async fn order(
        &self,
        by: &str,
        change: MappingChange,
    ) -> Result<MappingOutcome, RegistryError> {
        let order = MappingOrder {
            by: by.to_owned(),
            change,
        };
        Ok(self.store.order(order).await?)
    }
}

fn named(by: &str) -> Result<String, RegistryError> {
    match by.trim() {
        "" => Err(RegistryError::Nobody),
        by => Ok(by.to_owned()),
    }
}

fn not_installed(name: &str, version: Option<&str>) -> RegistryError {
    RegistryError::NotInstalled {
        name: name.to_owned(),
        version: version.map(str::to_owned),
    }
}
