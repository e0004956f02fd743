//! What the tests of this crate share.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

use std::sync::LazyLock;

use definitions::Definitions;
use drafting::{Draft, Options};
use mapping::{Embedded, Loaded};
use source::Input;
use terminology::Terminology;

pub static TERMINOLOGY: LazyLock<Terminology> =
    LazyLock::new(|| Terminology::new(Definitions::embedded()));

pub fn draft_with(file: &str, bytes: &[u8], options: &Options) -> Draft {
    let input = Input::bytes(file, bytes.to_vec());
    drafting::draft(&input, options).unwrap_or_else(|issues| panic!("{issues:?}"))
}

pub fn draft(file: &str, bytes: &[u8]) -> Draft {
    draft_with(file, bytes, &Options::new("draft"))
}

pub fn text<'d>(draft: &'d Draft, file: &str) -> &'d str {
    draft
        .files
        .iter()
        .find(|(name, _)| name == file)
        .map(|(_, text)| text.as_str())
        .unwrap_or_else(|| panic!("no {file}"))
}

pub fn load(draft: &Draft) -> Loaded {
    let mut folder = Embedded::new("draft");
    for (name, text) in &draft.files {
        folder = folder.with(name.clone(), text.clone().into_bytes());
    }
    mapping::load(&folder, Definitions::embedded(), &TERMINOLOGY)
}

pub fn render(loaded: &Loaded) -> String {
    loaded
        .issues
        .iter()
        .filter(|issue| issue.is_error())
        .map(|issue| {
            let file = issue.mapping.as_ref().map(|place| place.file.to_string());
            let source = file.as_deref().and_then(|file| loaded.source(file));
            diagnostics::render_with_source(issue, source)
        })
        .collect::<Vec<_>>()
        .join("\n")
}

/// Asserts that a draft loads; with its text where it does not.
pub fn assert_loads(draft: &Draft) {
    let loaded = load(draft);
    assert!(
        loaded.mapping.is_some(),
        "{}\n{}",
        render(&loaded),
        text(draft, "mapping.yaml")
    );
}

pub fn every_rule() -> Options {
    Options {
        every_rule: true,
        ..Options::new("draft")
    }
}

/// Loads the text of a mapping that is called `good`.
pub fn load_text(text: &str) -> Loaded {
    let folder = Embedded::new("good").with("mapping.yaml", text.to_owned().into_bytes());
    mapping::load(&folder, Definitions::embedded(), &TERMINOLOGY)
}
