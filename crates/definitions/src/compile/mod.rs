//! From a differential to a Shape.
//!
//! A Shape starts as a copy of its base's Shape (or, for the two roots of FHIR's type tree, as one
//! bare element); then each element of the differential is found in it, growing inline copies of
//! types where its path walks into them, and its rules are applied. Rules that FHIR leaves to the
//! reader of a differential, and that this module supplies:
//!
//! - Slices of `extension` and `modifierExtension` are told apart by `url`, slices of a choice by
//!   their type, even where no `slicing` says so
//!   (<http://hl7.org/fhir/R4/profiling.html#slicing>).
//! - A new slice takes over everything that the sliced element says but its minimum, which counts
//!   the slices together, and its own slicing.
//! - What a differential says of the sliced element holds for the slices it inherits.
//! - `valueQuantity` where the base has `value[x]` narrows the choice to that type
//!   (<http://hl7.org/fhir/R4/profiling.html#summary>, shortcut for choice elements).

mod draft;
mod finish;
mod overlay;
mod walk;

use diagnostics::{Issue, IssueType};

use crate::form::Structure;
use crate::{Definitions, Shape, codes};
use draft::Draft;
use overlay::Overlay;

/// How deep definitions may be laid over each other.
const MAX_BASES: usize = 64;

/// The root of R5's types: it has no elements.
const BASE: &str = "http://hl7.org/fhir/StructureDefinition/Base";

/// The definitions that are being compiled, the innermost first: what a base must not be.
#[derive(Clone, Copy)]
pub(crate) struct Trail<'t> {
    url: &'t str,
    above: Option<&'t Trail<'t>>,
    depth: usize,
}

impl<'t> Trail<'t> {
    /// The trail with one more definition; `None` when it is on it already, or too long.
    pub fn extend(above: Option<&'t Trail<'t>>, url: &'t str) -> Option<Self> {
        let depth = above.map_or(0, |trail| trail.depth + 1);
        let mut step = above;
        while let Some(trail) = step {
            if trail.url == url {
                return None;
            }
            step = trail.above;
        }
        (depth <= MAX_BASES).then_some(Self { url, above, depth })
    }
}

/// Lays a structure over its base.
///
/// # Errors
/// When the base is missing, cannot be compiled, or leads back to the structure itself.
pub(crate) fn compile(
    structure: &Structure,
    definitions: &Definitions,
    trail: &Trail<'_>,
) -> Result<Shape, Box<Issue>> {
    let mut other_version = None;
    let mut rules = &structure.elements;
    let draft = match &structure.base {
        None => Draft::bare(&structure.type_name),
        Some(base) => match definitions.compiled(base, Some(trail)) {
            Ok(Some(found)) => {
                other_version = version_asked(base)
                    .filter(|asked| !crate::version_fits(found.url(), found.version(), asked));
                Draft::over(&found, &structure.type_name)
            }
            // R5 puts everything under a type that R4 does not have; some R4 packages name it.
            Ok(None) if **base == *BASE => Draft::bare(&structure.type_name),
            // Its publisher's snapshot says everything that the base says, and what it changes.
            Ok(None) if !structure.snapshot.is_empty() => {
                match definitions.type_shape(&structure.type_name, Some(trail)) {
                    Some(found) => {
                        rules = &structure.snapshot;
                        Draft::over(&found, &structure.type_name)
                    }
                    None => return Err(base_missing(structure, base)),
                }
            }
            Ok(None) => return Err(base_missing(structure, base)),
            Err(issue) => return Err(issue),
        },
    };
    let mut overlay = Overlay::new(structure, definitions, trail, draft);
    if let Some(asked) = other_version {
        overlay.note_other_version(asked);
    }
    if !std::ptr::eq(rules, &structure.elements) {
        overlay.note_snapshot();
    }
    for rule in rules {
        overlay.apply(rule);
    }
    Ok(overlay.finish())
}

fn base_missing(structure: &Structure, base: &str) -> Box<Issue> {
    Box::new(
        Issue::warning(
            codes::BASE_MISSING,
            IssueType::NotFound,
            format!(
                "the definition {} cannot be used: its base {base} is not there",
                structure.url
            ),
        )
        .help("add the package that has the base"),
    )
}

fn version_asked(canonical: &str) -> Option<&str> {
    canonical.rsplit_once('|').map(|(_, version)| version)
}

/// The issue of a structure that is laid over itself.
pub(crate) fn cycle(url: &str) -> Box<Issue> {
    Box::new(
        Issue::warning(
            codes::BASE_CYCLE,
            IssueType::Conflict,
            format!("the definition {url} cannot be used: it is laid over itself"),
        )
        .help("mend `baseDefinition` in the package"),
    )
}
