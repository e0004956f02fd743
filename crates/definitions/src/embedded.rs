//! The packages that are built into the program.

use std::sync::{Arc, LazyLock};

use crate::archive::Archive;
use crate::content::Content;
use crate::manifest::{Manifest, PackageId};

/// What the build script packed from one folder of `profiles/`.
struct Built {
    name: &'static str,
    version: &'static str,
    canonical: &'static str,
    licence: &'static str,
    packed: &'static [u8],
}

static BUILT: &[Built] = include!(concat!(env!("OUT_DIR"), "/embedded.rs"));

/// R4 core first, then what is laid over it. Only their indexes are decoded.
pub fn packages() -> &'static [Arc<Content>] {
    static PACKAGES: LazyLock<Vec<Arc<Content>>> = LazyLock::new(|| {
        BUILT
            .iter()
            .map(|built| {
                let manifest = Manifest {
                    id: PackageId {
                        name: built.name.to_owned(),
                        version: built.version.to_owned(),
                    },
                    canonical: Some(built.canonical.to_owned()),
                    licence: Some(built.licence.to_owned()),
                    fhir_versions: vec!["4.0.1".to_owned()],
                    dependencies: Vec::new(),
                };
                // The build script wrote the archive with the code that reads it here.
                let archive = Archive::open(built.packed).unwrap_or_default();
                Arc::new(Content::new(Some(manifest), archive))
            })
            .collect()
    });
    &PACKAGES
}

/// The manifests of what is built in.
pub fn manifests() -> impl Iterator<Item = &'static Manifest> {
    packages().iter().filter_map(|one| one.manifest.as_ref())
}
