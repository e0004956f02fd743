//! What the tests compare with: packages and other tools' results, beside the workspace.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(dead_code, reason = "each test file uses some of it")]

use std::path::{Path, PathBuf};

use definitions::PackageFile;

/// A file beside the workspace, or `None` with a loud word when it is not there. In continuous
/// integration its absence fails the test.
pub fn peer(path: &str) -> Option<PathBuf> {
    let root = std::env::var_os("CAUSEWAY_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = root.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "the test peer {path} is missing, and in continuous integration it must be there"
    );
    eprintln!("SKIPPED: the test peer {path} is not here; set CAUSEWAY_SHARED to its folder");
    None
}

pub fn package(path: &str) -> Option<PackageFile> {
    peer(path).map(|path| PackageFile::open(&path).expect("the package opens"))
}

pub const R4: &str = "data/packages/hl7.fhir.r4.core-4.0.1.tgz";
pub const UK_CORE: &str =
    "data/packages/fhir.r4.ukcore.stu3.currentbuild-2.0.0-currentbuild.20250620.tgz";
pub const UK_CORE_SNAPSHOTS: &str = "data/oracle/fhir.r4.ukcore.stu3.snapshots.tgz";
