//! FHIR definitions, compiled.
//!
//! FHIR says what data may look like in StructureDefinitions, mostly as differences from other
//! StructureDefinitions. This crate reads them (R4 core and UK Core are built in), lays each
//! difference over what it differs from, and gives the result as a [`Shape`]: the one answer to
//! "what may stand here" that mapping, validation, search and the codecs share. Value sets, code
//! systems and search parameters come with them. The main type is [`Definitions`].
//!
//! Invariants:
//! - Nothing is decoded, parsed or compiled before somebody asks for it, and nothing twice.
//! - A definition that cannot be understood costs itself only: what is wrong is a named issue of
//!   the [`Shape`], and broken or cyclic input never panics and never runs without bound.
//! - Whether an element is a JSON array is decided by the type's own definition.
//! - No prose: only rules, names and codes are kept.

mod archive;
pub mod codes;
mod compile;
mod compiled;
mod content;
mod definitions;
mod embedded;
pub mod form;
mod manifest;
pub mod package;
mod package_file;
mod package_folder;
mod package_set;
mod rules;
mod search_parameter;
mod shape;
mod tarball;
mod version;

pub use compiled::{Contents, Package};
pub use definitions::{Definitions, version_fits};
pub use manifest::{Manifest, PackageId};
pub use package_file::PackageFile;
pub use package_folder::{MAX_TGZ, PackageFolder};
pub use package_set::{Needed, PackageName, PackageSet, built_in, built_in_packages, dependencies};
pub use rules::{
    Aggregation, Binding, Constraint, ConstraintSeverity, Context, Discriminator,
    DiscriminatorKind, ElementType, Kind, Slicing, SlicingRules, Strength,
};
pub use search_parameter::{SearchComponent, SearchKind, SearchParameter};
pub use shape::{Element, ElementId, Shape};
pub use version::{Wanted, newer};
