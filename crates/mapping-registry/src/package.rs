//! A mapping's content as one thing, and back.

use std::fmt;

use definitions::Definitions;
use mapping::{Embedded, Loaded, Mapping};
use store::{MappingFile, MappingPackage, MappingStamp};
use terminology::Terminology;

/// A content that cannot be run from the bytes that are kept.
#[derive(Debug)]
pub struct Damaged {
    /// Which.
    pub stamp: MappingStamp,
    /// What loading it found; without an error among it, the bytes come to another hash.
    pub loaded: Box<Loaded>,
}

impl fmt::Display for Damaged {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let MappingStamp { name, version, .. } = &self.stamp;
        match diagnostics::errors(&self.loaded.issues).next() {
            Some(first) => write!(
                f,
                "{name} {version} has errors under this program and these definitions: {first}"
            ),
            None => write!(
                f,
                "what is kept of {name} {version} is not what was installed: its hash differs"
            ),
        }
    }
}

impl std::error::Error for Damaged {}

/// The stamp of a mapping.
pub(crate) fn stamp_of(mapping: &Mapping) -> MappingStamp {
    MappingStamp {
        name: mapping.name().to_owned(),
        version: mapping.version().to_owned(),
        hash: mapping.hash().to_owned(),
    }
}

/// The content of a mapping that loads: exactly the files that its hash covers. `None` when it has
/// errors.
pub fn package_of(loaded: &Loaded) -> Option<MappingPackage> {
    let mapping = loaded.mapping.as_ref()?;
    let mut types: Vec<String> = mapping
        .resource_types()
        .into_iter()
        .map(str::to_owned)
        .collect();
    types.sort();
    let mut files: Vec<MappingFile> = loaded
        .sources
        .iter()
        .map(|(path, text)| MappingFile {
            path: path.clone(),
            content: text.clone().into_bytes(),
        })
        .collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Some(MappingPackage {
        stamp: stamp_of(mapping),
        types,
        files,
    })
}

/// Loads a content from its bytes.
///
/// # Errors
/// When it has errors under these definitions, or the bytes are not those that its hash was taken of.
pub fn load_package(
    package: &MappingPackage,
    definitions: &Definitions,
    terminology: &Terminology,
) -> Result<(Mapping, Loaded), Damaged> {
    let mut files = Embedded::new(package.stamp.name.clone());
    for file in &package.files {
        files = files.with(file.path.clone(), file.content.clone());
    }
    let mut loaded = mapping::load(&files, definitions, terminology);
    match loaded.mapping.take() {
        Some(mapping) if stamp_of(&mapping) == package.stamp => Ok((mapping, loaded)),
        _ => Err(Damaged {
            stamp: package.stamp.clone(),
            loaded: Box::new(loaded),
        }),
    }
}
