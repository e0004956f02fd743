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
mod definitions;
pub mod form;
pub mod package;
mod package_file;
mod rules;
mod search_parameter;
mod shape;

pub use definitions::{Definitions, version_fits};
pub use package_file::PackageFile;
pub use rules::{
    Binding, Constraint, ConstraintSeverity, Context, Discriminator, DiscriminatorKind,
    ElementType, Kind, Slicing, SlicingRules, Strength,
};
pub use search_parameter::{SearchComponent, SearchKind, SearchParameter};
pub use shape::{Element, ElementId, Shape};
