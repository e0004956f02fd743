//! The common library by itself: every fragment is checked, used or not.

use std::path::{Path, PathBuf};

use definitions::Definitions;
use terminology::Terminology;

use crate::compile::Common;
use crate::compile::fragments::Fragments;
use crate::declare::Systems;
use crate::declare::fragments::{Library, is_name, read};
use crate::declare::source::SourceDecl;
use crate::files::{LIBRARY, MAPPING_FILE, MappingFiles};
use crate::findings::Findings;
use crate::load::Loaded;

/// Checks all fragments of the library that is in reach of some files. Never gives a mapping.
pub fn check_library(
    files: &dyn MappingFiles,
    definitions: &Definitions,
    terminology: &Terminology,
) -> Loaded {
    let mut findings = Findings::new(LIBRARY);
    let mut sources = Vec::new();
    let (mut codes, mut phrases) = (Vec::new(), Vec::new());
    let known = files.fragments();
    let mut decls = Vec::new();
    {
        let mut library = Library {
            files,
            texts: &mut sources,
            codes: &mut codes,
            phrases: &mut phrases,
        };
        for name in known.iter().filter(|name| is_name(name)) {
            decls.extend(read(name, decls.len(), &mut library, &mut findings));
        }
    }
    let systems = Systems::read(None, &mut findings);
    let fragments = Fragments::new(decls, known);
    let common = Common {
        definitions,
        terminology,
        systems: &systems,
        codes: &codes,
        phrases: &phrases,
        fragments: &fragments,
    };
    let source = SourceDecl::default();
    let mut compiler = common.compiler(&source, &[], &[], &mut findings);
    for index in 0..fragments.decls.len() {
        compiler.check_fragment(index);
    }
    for index in 0..fragments.decls.len() {
        compiler.unused_in_fragment(index);
    }
    Loaded {
        mapping: None,
        issues: findings.issues,
        sources,
    }
}

/// The libraries at a path, or right below it: folders called [`LIBRARY`] that hold fragments.
pub fn find_libraries(path: &Path) -> Vec<PathBuf> {
    let holds_fragments = |path: &Path| {
        path.file_name().is_some_and(|name| name == LIBRARY)
            && !path.join(MAPPING_FILE).is_file()
            && std::fs::read_dir(path)
                .into_iter()
                .flatten()
                .flatten()
                .any(|entry| entry.path().extension().is_some_and(|end| end == "yaml"))
    };
    [path.to_owned(), path.join(LIBRARY)]
        .into_iter()
        .filter(|path| holds_fragments(path))
        .collect()
}
