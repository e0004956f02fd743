//! Narrative: what `Narrative.div` may hold, and how to make one safely
//! (<http://hl7.org/fhir/R4/narrative.html#xhtml>).
//!
//! A narrative is shown to people in web pages, so the rule is an allow-list: elements and
//! attributes of basic formatting, nothing that runs. R4 lets an image come from elsewhere;
//! [`fetches_images`] tells which narratives have one, before they are shown.

mod build;
mod check;
mod rules;
mod structure;

pub use build::{Div, escape};
pub use check::{check, fetches_images, is_well_formed};

/// The namespace of XHTML.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";
