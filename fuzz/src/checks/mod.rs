//! The checks, by target.

mod codes;
mod definitions;
mod exports;
mod fhirpath;
mod json;
mod mappings;
mod validate;
mod verdict;
mod xml;

pub use self::codes::grammar;
pub use self::definitions::{definition, package};
pub use self::exports::{csv, json_tree, xlsx};
pub use self::fhirpath::{fhirpath, patch};
pub use self::json::json;
pub use self::mappings::{expression, mapping_file, mapping_run};
pub use self::validate::validate;
pub use self::verdict::verdict;
pub use self::xml::{narrative, round_trip, xml};

/// What a target is called and what it calls.
pub type Target = (&'static str, fn(&[u8]));

/// All targets.
pub const TARGETS: &[Target] = &[
    ("json", json),
    ("xml", xml),
    ("round_trip", round_trip),
    ("validate", validate),
    ("verdict", verdict),
    ("fhirpath", fhirpath),
    ("patch", patch),
    ("narrative", narrative),
    ("grammar", grammar),
    ("package", package),
    ("definition", definition),
    ("csv", csv),
    ("json_tree", json_tree),
    ("xlsx", xlsx),
    ("mapping_file", mapping_file),
    ("expression", expression),
    ("mapping_run", mapping_run),
];
