//! Which mapping an organisation's file is read with.

use std::path::Path;
use std::sync::Arc;

use mapping::{Folder, Mapping, MappingFiles};
use mapping_registry::{REVIEW_FILE, Registry, RegistryError, ReviewFile};
use store::{ActiveMapping, MappingStamp, Tenant};

use crate::exit::Failure;
use crate::knowledge::Knowledge;
use crate::locate;

/// What a file is read with.
pub struct Chosen {
    /// The mapping.
    pub mapping: Arc<Mapping>,
    /// The source that the file is of.
    pub source: String,
    /// What the user should know of the choice.
    pub note: Option<String>,
}

impl Chosen {
    /// What is active for the organisation goes first; where nothing is, what was named: an installed
    /// `NAME@VERSION`, a folder, or one that the binary carries. In production it must have a review
    /// of exactly its content (CS-21).
    pub async fn of(
        registry: &Registry,
        tenant: &Tenant,
        named: Option<&str>,
        source: Option<&str>,
        knowledge: &Knowledge,
    ) -> Result<Self, Failure> {
        let Some(named) = named else {
            let active = registry
                .only_active(tenant, source)
                .await
                .map_err(refused)?;
            let name = active.stamp.name.clone();
            return Self::active(registry, active, source.unwrap_or(&name), None).await;
        };
        let folder = folder_named(named);
        if folder.is_none()
            && let Some((name, version)) = named.split_once('@')
        {
            return Self::installed(registry, tenant, name, version, source).await;
        }
        let name = match folder {
            Some(folder) => Folder::open(folder).name().to_owned(),
            None => named.to_owned(),
        };
        let source = source.unwrap_or(&name);
        if let Some(active) = registry
            .active_for(tenant, &name, source)
            .await
            .map_err(refused)?
        {
            let note = match folder {
                None => None,
                Some(folder) => Some(format!(
                    "{} {} is active for this organisation and is used, not what lies in {}",
                    active.stamp.name,
                    active.stamp.version,
                    folder.display()
                )),
            };
            return Self::active(registry, active, source, note).await;
        }
        Self::from_files(registry, named, source, knowledge).await
    }

    async fn active(
        registry: &Registry,
        active: ActiveMapping,
        source: &str,
        note: Option<String>,
    ) -> Result<Self, Failure> {
        registry.may_publish(&active.stamp).await.map_err(refused)?;
        Ok(Self {
            mapping: Arc::new(registry.load(&active.stamp).await.map_err(refused)?),
            source: source.to_owned(),
            note,
        })
    }

    async fn installed(
        registry: &Registry,
        tenant: &Tenant,
        name: &str,
        version: &str,
        source: Option<&str>,
    ) -> Result<Self, Failure> {
        let source = source.unwrap_or(name);
        let stamp = registry.find(name, version).await.map_err(refused)?.stamp;
        if let Some(active) = registry
            .active_for(tenant, name, source)
            .await
            .map_err(refused)?
            && active.stamp != stamp
        {
            return Err(Failure::usage(format!(
                "{name}@{} is active for this organisation: activate {name}@{version} with `causeway mappings activate`, or leave the version away",
                active.stamp.version
            )));
        }
        registry.may_publish(&stamp).await.map_err(refused)?;
        Ok(Self {
            mapping: Arc::new(registry.load(&stamp).await.map_err(refused)?),
            source: source.to_owned(),
            note: None,
        })
    }

    /// A mapping that nobody has installed. Where reviews are asked for, its review file speaks for
    /// it, and what it is read with is then kept, so that the review and the bytes stay on record.
    async fn from_files(
        registry: &Registry,
        named: &str,
        source: &str,
        knowledge: &Knowledge,
    ) -> Result<Self, Failure> {
        let mapping = locate::mapping(named, knowledge)?;
        if registry.gate().asks_for_review() {
            let stamp = MappingStamp {
                name: mapping.name().to_owned(),
                version: mapping.version().to_owned(),
                hash: mapping.hash().to_owned(),
            };
            let files = locate::files(named)?;
            let reviewed = files
                .read(REVIEW_FILE)
                .and_then(|bytes| String::from_utf8(bytes.into_owned()).ok())
                .map(|text| ReviewFile::parse(&text))
                .transpose()
                .map_err(Failure::usage)?
                .is_some_and(|file| file.of(&stamp.hash).is_some());
            if reviewed {
                registry
                    .install(files.as_ref(), "causeway import")
                    .await
                    .map_err(refused)?;
            }
            registry.may_publish(&stamp).await.map_err(refused)?;
        }
        Ok(Self {
            mapping,
            source: source.to_owned(),
            note: None,
        })
    }
}

/// The folder that a name is a path of, where it is one and not a name under `./mappings`.
fn folder_named(named: &str) -> Option<&Path> {
    let folder = Path::new(named);
    let is_mapping = folder.join(mapping::MAPPING_FILE).is_file()
        || (folder.is_file() && folder.ends_with(mapping::MAPPING_FILE));
    is_mapping.then_some(folder)
}

/// A refusal of the registry, for the user.
pub fn refused(error: RegistryError) -> Failure {
    match error {
        RegistryError::Store(error) => Failure::failed(error),
        error => Failure::usage(error),
    }
}
