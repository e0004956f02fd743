//! The definitions that a program works with.

use std::sync::{Arc, LazyLock};

use crate::form::{CodeSystem, ValueSet};
use crate::{ElementId, SearchParameter, Shape};

/// A set of FHIR definitions. Cloning it is cheap; it can be shared between threads.
#[derive(Debug, Clone)]
pub struct Definitions(Arc<Inner>);

#[derive(Debug)]
struct Inner {}

impl Definitions {
    /// What is built into the program: R4 core 4.0.1 and UK Core. Nothing is decoded or compiled
    /// before it is asked for.
    pub fn embedded() -> &'static Definitions {
        static EMBEDDED: LazyLock<Definitions> = LazyLock::new(|| Definitions(Arc::new(Inner {})));
        &EMBEDDED
    }

    /// The Shape of a canonical url, `https://…/UKCore-Patient` or `…|2.6.1`: compiled when first
    /// asked for, then kept. A url with a version is found only in that version.
    pub fn shape(&self, _canonical: &str) -> Option<Shape> {
        None
    }

    /// The Shape of a type: `Patient`, `HumanName`, `string`.
    pub fn shape_of_type(&self, _type_name: &str) -> Option<Shape> {
        None
    }

    /// A profile by its short name (`UKCore-Patient`) or its canonical url.
    pub fn profile(&self, _name: &str) -> Option<Shape> {
        None
    }

    /// The short names of all profiles that are not retired: to suggest the nearest.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// The concrete resource types.
    pub fn resource_types(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }

    /// The search parameters of a resource type, with those that all resources have.
    pub fn search_parameters(&self, _resource_type: &str) -> Vec<SearchParameter> {
        Vec::new()
    }

    /// Where the children of an element live: the element itself when it has inline children, else
    /// what its contentReference names, else the root of the Shape of its type (or of the one
    /// profile that the type names). `None` for the value of a primitive.
    pub fn scope(
        &self,
        _shape: &Shape,
        _element: ElementId,
        _type_code: &str,
    ) -> Option<(Shape, ElementId)> {
        None
    }

    /// The Shape of an extension by the url in its instances.
    pub fn extension(&self, _url: &str) -> Option<Shape> {
        None
    }

    /// A value set as it is composed, by its canonical url with or without a version.
    pub fn value_set(&self, _canonical: &str) -> Option<Arc<ValueSet>> {
        None
    }

    /// A code system by its url.
    pub fn code_system(&self, _url: &str) -> Option<Arc<CodeSystem>> {
        None
    }
}
