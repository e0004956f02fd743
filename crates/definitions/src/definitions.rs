//! The definitions that a program works with.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, OnceLock};

use diagnostics::Issue;

use crate::archive::{Archive, Entry, Sort};
use crate::compile::{Trail, compile, cycle};
use crate::form::{CodeSystem, Definition, Structure, ValueSet};
use crate::{ElementId, Kind, SearchParameter, Shape};

/// What the build script packed from `profiles/`.
static PACKED: &[u8] = include_bytes!(concat!(env!("OUT_DIR"), "/definitions.bin"));

/// A set of FHIR definitions. Cloning it is cheap; it can be shared between threads.
#[derive(Debug, Clone)]
pub struct Definitions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// Definitions that are used where this set has none of its own.
    below: Option<Definitions>,
    archive: Archive,
    /// The Shape of each entry, once it was asked for.
    shapes: Vec<OnceLock<Result<Shape, Box<Issue>>>>,
    names: OnceLock<Names>,
}

/// Where in the index things are.
#[derive(Debug, Default)]
struct Names {
    structures: HashMap<Cow<'static, str>, usize>,
    types: HashMap<Cow<'static, str>, usize>,
    profiles: HashMap<Cow<'static, str>, usize>,
    value_sets: HashMap<Cow<'static, str>, usize>,
    code_systems: HashMap<Cow<'static, str>, usize>,
    searches: HashMap<Box<str>, Vec<usize>>,
}

impl Names {
    fn of(entries: &[Entry<'static>]) -> Self {
        let mut names = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            let url = entry.url.clone();
            match entry.sort {
                Sort::Type { .. } => {
                    names.structures.entry(url).or_insert(at);
                    names.types.entry(entry.type_name.clone()).or_insert(at);
                }
                Sort::Profile => {
                    names.structures.entry(url).or_insert(at);
                    names.profiles.entry(entry.id.clone()).or_insert(at);
                }
                Sort::ValueSet => {
                    names.value_sets.entry(url).or_insert(at);
                }
                Sort::CodeSystem { is_supplement } => {
                    if !is_supplement {
                        names.code_systems.entry(url).or_insert(at);
                    }
                }
                Sort::SearchParameter => {
                    for base in entry.bases.split(' ') {
                        match names.searches.get_mut(base) {
                            Some(places) => places.push(at),
                            None => {
                                names.searches.insert(base.into(), vec![at]);
                            }
                        }
                    }
                }
            }
        }
        names
    }
}

impl Definitions {
    /// What is built into the program: R4 core 4.0.1 and UK Core. Nothing is decoded or compiled
    /// before it is asked for.
    pub fn embedded() -> &'static Definitions {
        static EMBEDDED: LazyLock<Definitions> = LazyLock::new(|| {
            // The build script wrote the archive with the code that reads it here.
            Definitions::new(None, Archive::open(PACKED).unwrap_or_default())
        });
        &EMBEDDED
    }

    /// These definitions with others over them: of two with one url, the one given here is used.
    ///
    /// # Errors
    /// When there are gigabytes of them.
    pub fn with(&self, definitions: &[Definition]) -> Result<Definitions, String> {
        Archive::of(definitions).map(|archive| Definitions::new(Some(self.clone()), archive))
    }

    fn new(below: Option<Definitions>, archive: Archive) -> Self {
        let shapes = archive.entries.iter().map(|_| OnceLock::new()).collect();
        Self(Arc::new(Inner {
            below,
            archive,
            shapes,
            names: OnceLock::new(),
        }))
    }

    fn names(&self) -> &Names {
        self.0
            .names
            .get_or_init(|| Names::of(&self.0.archive.entries))
    }

    fn entry(&self, at: usize) -> Option<&Entry<'static>> {
        self.0.archive.entries.get(at)
    }

    /// This set and those below it, from the top.
    fn layers(&self) -> impl Iterator<Item = &Definitions> {
        std::iter::successors(Some(self), |layer| layer.0.below.as_ref())
    }

    /// The first layer that has something, with its place there.
    fn locate(&self, place: impl Fn(&Names) -> Option<usize>) -> Option<(&Definitions, usize)> {
        self.layers()
            .find_map(|layer| Some((layer, place(layer.names())?)))
    }

    /// The Shape of a canonical url, `https://…/UKCore-Patient` or `…|2.6.1`: compiled when first
    /// asked for, then kept. A url with a version is found only in that version.
    pub fn shape(&self, canonical: &str) -> Option<Shape> {
        self.checked_shape(canonical).ok().flatten()
    }

    /// As [`Definitions::shape`], and says why a definition that is there cannot be used.
    ///
    /// # Errors
    /// When the base of the definition is missing, broken or leads back to it.
    pub fn checked_shape(&self, canonical: &str) -> Result<Option<Shape>, Box<Issue>> {
        let (url, version) = split(canonical);
        let Some((layer, at)) = self.locate(|names| names.structures.get(url).copied()) else {
            return Ok(None);
        };
        let here = layer.entry(at).map(|entry| &*entry.version);
        if version.is_some_and(|asked| !version_fits(url, here, asked)) {
            return Ok(None);
        }
        layer.compiled_at(at, None).map(Some)
    }

    /// The Shape of a type: `Patient`, `HumanName`, `string`.
    pub fn shape_of_type(&self, type_name: &str) -> Option<Shape> {
        self.type_shape(type_name, None)
    }

    /// A profile by its short name (`UKCore-Patient`) or its canonical url.
    pub fn profile(&self, name: &str) -> Option<Shape> {
        match self.locate(|names| names.profiles.get(name).copied()) {
            Some((layer, at)) => layer.compiled_at(at, None).ok(),
            None => self.shape(name).filter(Shape::is_profile),
        }
    }

    /// The short names of all profiles that are not retired: to suggest the nearest.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.entries()
            .filter(|entry| entry.sort == Sort::Profile && !entry.is_retired)
            .map(|entry| &*entry.id)
    }

    /// The concrete resource types.
    pub fn resource_types(&self) -> impl Iterator<Item = &str> {
        self.entries()
            .filter(|entry| {
                matches!(
                    entry.sort,
                    Sort::Type {
                        kind: Kind::Resource,
                        is_abstract: false
                    }
                )
            })
            .map(|entry| &*entry.type_name)
    }

    /// The canonical urls of all StructureDefinitions.
    pub fn structure_urls(&self) -> impl Iterator<Item = &str> {
        self.urls(|sort| matches!(sort, Sort::Type { .. } | Sort::Profile))
    }

    /// The canonical urls of all value sets.
    pub fn value_set_urls(&self) -> impl Iterator<Item = &str> {
        self.urls(|sort| sort == Sort::ValueSet)
    }

    /// The urls of all code systems.
    pub fn code_system_urls(&self) -> impl Iterator<Item = &str> {
        self.urls(|sort| {
            sort == Sort::CodeSystem {
                is_supplement: false,
            }
        })
    }

    fn urls(&self, wanted: impl Fn(Sort) -> bool) -> impl Iterator<Item = &str> {
        self.entries()
            .filter(move |entry| wanted(entry.sort))
            .map(|entry| &*entry.url)
    }

    fn entries(&self) -> impl Iterator<Item = &Entry<'static>> {
        self.layers().flat_map(|layer| &layer.0.archive.entries)
    }

    /// The search parameters of a resource type, with those that all resources have.
    pub fn search_parameters(&self, resource_type: &str) -> Vec<SearchParameter> {
        let mut found: Vec<SearchParameter> = Vec::new();
        // R4's resources without text and extensions are not DomainResources.
        let bases: Vec<Shape> = std::iter::successors(self.shape_of_type(resource_type), |shape| {
            self.shape(shape.base()?)
        })
        .take(8)
        .collect();
        for layer in self.layers() {
            let places = bases
                .iter()
                .filter_map(|base| layer.names().searches.get(base.type_name()))
                .flatten();
            for &at in places {
                if let Some(parameter) = layer
                    .entry(at)
                    .and_then(|entry| layer.0.archive.search_parameter(entry))
                    && !found.iter().any(|known| known.code == parameter.code)
                {
                    found.push(parameter);
                }
            }
        }
        found.sort_by(|one, other| one.code.cmp(&other.code));
        found
    }

    /// Where the children of an element live: the element itself when it has inline children, else
    /// what its contentReference names, else the root of the Shape of its type (or of the one
    /// profile that the type names). `None` for the value of a primitive.
    ///
    /// Where an element may have several types and children are inline, those are what the types
    /// share, so the answer is the type's Shape.
    pub fn scope(
        &self,
        shape: &Shape,
        element: ElementId,
        type_code: &str,
    ) -> Option<(Shape, ElementId)> {
        let found = shape.element(element);
        if !found.children.is_empty() && found.types.len() <= 1 {
            return Some((shape.clone(), element));
        }
        if let Some(reference) = &found.content_reference {
            return self.content_reference(reference, shape.type_name(), None);
        }
        if shape.kind() == Kind::Primitive && &*found.name == "value" {
            return None;
        }
        let stated = found.types.iter().find(|known| &*known.code == type_code);
        let profile = stated.and_then(|stated| match stated.profiles.as_slice() {
            [profile] => self.find(profile, None),
            _ => None,
        });
        let scope = profile.or_else(|| self.shape_of_type(type_code))?;
        let root = scope.root();
        Some((scope, root))
    }

    /// The Shape of an extension by the url in its instances.
    pub fn extension(&self, url: &str) -> Option<Shape> {
        self.shape(url)
            .filter(|shape| shape.is_profile() && shape.type_name() == "Extension")
    }

    /// A value set as it is composed, by its canonical url with or without a version; a version
    /// that is not there is not found. Decoded anew each time: `terminology` keeps what it needs.
    pub fn value_set(&self, canonical: &str) -> Option<ValueSet> {
        let (url, version) = split(canonical);
        let (layer, at) = self.locate(|names| names.value_sets.get(url).copied())?;
        let entry = layer.entry(at)?;
        if version.is_some_and(|asked| !version_fits(url, Some(&entry.version), asked)) {
            return None;
        }
        layer.0.archive.record(entry)
    }

    /// A code system by its url, which in R4 may hold a version itself (`…/v2-0006|2.1`). Decoded anew each time: `terminology` keeps what it needs.
    pub fn code_system(&self, url: &str) -> Option<CodeSystem> {
        let (layer, at) = self.locate(|names| names.code_systems.get(url).copied())?;
        layer.0.archive.record(layer.entry(at)?)
    }

    /// A Shape by its url, whatever version is asked for: how definitions refer to each other.
    pub(crate) fn compiled(
        &self,
        canonical: &str,
        trail: Option<&Trail<'_>>,
    ) -> Result<Option<Shape>, Box<Issue>> {
        let (url, _) = split(canonical);
        match self.locate(|names| names.structures.get(url).copied()) {
            Some((layer, at)) => layer.compiled_at(at, trail).map(Some),
            None => Ok(None),
        }
    }

    /// As [`Definitions::compiled`], for a reference that the reader can do without.
    pub(crate) fn find(&self, canonical: &str, trail: Option<&Trail<'_>>) -> Option<Shape> {
        self.compiled(canonical, trail).ok().flatten()
    }

    /// The Shape of a type.
    pub(crate) fn type_shape(&self, name: &str, trail: Option<&Trail<'_>>) -> Option<Shape> {
        let (layer, at) = self.locate(|names| names.types.get(name).copied())?;
        layer.compiled_at(at, trail).ok()
    }

    /// The element that a contentReference names: `#Questionnaire.item` is looked for in the
    /// type's own definition, because a profile's rules for an item are not rules for the items
    /// inside it (<http://hl7.org/fhir/R4/elementdefinition.html#interpretation>).
    pub(crate) fn content_reference(
        &self,
        reference: &str,
        type_name: &str,
        trail: Option<&Trail<'_>>,
    ) -> Option<(Shape, ElementId)> {
        let (url, id) = reference.split_once('#')?;
        let shape = if url.is_empty() {
            self.type_shape(type_name, trail)?
        } else {
            self.find(url, trail)?
        };
        let element = shape.find(id)?;
        Some((shape, element))
    }

    /// The Shape of an entry of this layer, from its slot or compiled into it.
    fn compiled_at(&self, at: usize, trail: Option<&Trail<'_>>) -> Result<Shape, Box<Issue>> {
        let slot = self.0.shapes.get(at);
        if let Some(done) = slot.and_then(OnceLock::get) {
            return done.clone();
        }
        let Some(entry) = self.entry(at) else {
            return Err(cycle(""));
        };
        let Some(trail_here) = Trail::extend(trail, &entry.url) else {
            return Err(cycle(&entry.url));
        };
        let outcome = match self.0.archive.record::<Structure>(entry) {
            Some(structure) => compile(&structure, self, &trail_here),
            None => Err(cycle(&entry.url)),
        };
        // A failure on the way to another Shape may be that other's fault.
        if let Some(slot) = slot
            && (outcome.is_ok() || trail.is_none())
        {
            return slot.get_or_init(|| outcome).clone();
        }
        outcome
    }
}

/// Whether a definition of a version is what a reference with a version asks for.
///
/// R4's own definitions ask for the version of FHIR even of value sets that have versions of their
/// own (`…/v3-NullFlavor|4.0.1`, which says of itself that it is `2018-08-12`).
pub fn version_fits(url: &str, version: Option<&str>, asked: &str) -> bool {
    version == Some(asked)
        || (asked == "4.0.1"
            && ["http://hl7.org/fhir/", "http://terminology.hl7.org/"]
                .iter()
                .any(|publisher| url.starts_with(publisher)))
}

/// A canonical url and its version.
fn split(canonical: &str) -> (&str, Option<&str>) {
    match canonical.rsplit_once('|') {
        Some((url, version)) => (url, Some(version)),
        None => (canonical, None),
    }
}
