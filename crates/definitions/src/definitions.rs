//! The definitions that a program works with.

use std::sync::{Arc, LazyLock, OnceLock};

use diagnostics::Issue;

use crate::archive::{Archive, Entry, Sort};
use crate::compile::{Trail, compile, cycle};
use crate::content::{Content, NameKind};
use crate::form::{CodeSystem, Definition, Structure, ValueSet};
use crate::{ElementId, Kind, SearchParameter, Shape, embedded, version};

/// A set of FHIR definitions. Cloning it is cheap; it can be shared between threads.
///
/// It may hold several versions of one url. `url|version` finds exactly that version. A url alone
/// finds, of all that have it: that of the package with the highest [`Rank`], then one that is not
/// retired, then the newest.
#[derive(Debug, Clone)]
pub struct Definitions(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    /// The highest rank first.
    layers: Vec<Layer>,
}

/// One package in a set.
#[derive(Debug)]
struct Layer {
    rank: Rank,
    content: Arc<Content>,
    /// The Shape of each entry in this set, once it was asked for.
    shapes: Vec<OnceLock<Result<Shape, Box<Issue>>>>,
}

/// Whose definition counts where several have one url: what a site names goes before what that
/// brings along, and both go before what is built in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rank {
    /// R4 core. Only it defines FHIR's own types.
    Core,
    /// UK Core as it is built in.
    BuiltIn,
    /// A package that another needs.
    Dependency,
    /// A package that the site names.
    Named,
    /// Definitions that were added with [`Definitions::with`], the later the higher.
    Added(u32),
}

/// Where a definition stands in a set.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Place {
    layer: usize,
    at: usize,
}

impl Definitions {
    /// What is built into the program: R4 core 4.0.1 and UK Core. Nothing is decoded or compiled
    /// before it is asked for.
    pub fn embedded() -> &'static Definitions {
        static EMBEDDED: LazyLock<Definitions> =
            LazyLock::new(|| Definitions::of(embedded_layers(|_| true)));
        &EMBEDDED
    }

    /// These definitions with others over them: of two with one url, the one given here is used.
    ///
    /// # Errors
    /// When there are gigabytes of them.
    pub fn with(&self, definitions: &[Definition]) -> Result<Definitions, String> {
        let content = Arc::new(Content::new(None, Archive::of(definitions)?));
        let rank = match self.0.layers.first().map(|layer| layer.rank) {
            Some(Rank::Added(number)) => Rank::Added(number.saturating_add(1)),
            _ => Rank::Added(0),
        };
        let mut contents = vec![(rank, content)];
        contents.extend(
            self.0
                .layers
                .iter()
                .map(|layer| (layer.rank, layer.content.clone())),
        );
        Ok(Self::of(contents))
    }

    /// A set of packages, whatever their order.
    pub(crate) fn of(mut contents: Vec<(Rank, Arc<Content>)>) -> Self {
        contents.sort_by_key(|(rank, _)| std::cmp::Reverse(*rank));
        let layers = contents
            .into_iter()
            .map(|(rank, content)| Layer {
                rank,
                shapes: content
                    .archive
                    .entries
                    .iter()
                    .map(|_| OnceLock::new())
                    .collect(),
                content,
            })
            .collect();
        Self(Arc::new(Inner { layers }))
    }

    pub(crate) fn contents(&self) -> impl Iterator<Item = (Rank, &Arc<Content>)> {
        self.0
            .layers
            .iter()
            .map(|layer| (layer.rank, &layer.content))
    }

    /// Everything with a name, the highest rank first.
    fn all(
        &self,
        kind: NameKind,
        name: &str,
    ) -> impl Iterator<Item = (Place, Rank, &Entry<'static>)> {
        self.0
            .layers
            .iter()
            .enumerate()
            .flat_map(move |(number, layer)| {
                layer
                    .content
                    .all(kind, name)
                    .filter(move |(_, entry)| layer.rank == Rank::Core || !is_core_type(entry))
                    .map(move |(at, entry)| (Place { layer: number, at }, layer.rank, entry))
            })
    }

    /// What a url alone finds: see [`Definitions`].
    fn best(&self, kind: NameKind, name: &str) -> Option<Place> {
        let mut all = self.all(kind, name);
        let mut best = all.next()?;
        for other in all {
            if other.1 < best.1 {
                break;
            }
            let order = best
                .2
                .is_retired
                .cmp(&other.2.is_retired)
                .then_with(|| version::newer(&other.2.version, &best.2.version));
            if order.is_gt() {
                best = other;
            }
        }
        Some(best.0)
    }

    /// What a url with a version finds. `4.0.1` of something that HL7 publishes is what R4 core has,
    /// whatever version it gives itself: see [`version_fits`].
    fn exact(&self, kind: NameKind, url: &str, asked: &str) -> Option<Place> {
        self.all(kind, url)
            .find(|(_, _, entry)| entry.version == asked)
            .or_else(|| {
                self.all(kind, url)
                    .filter(|(_, _, entry)| version_fits(url, Some(&entry.version), asked))
                    .last()
            })
            .map(|(place, ..)| place)
    }

    /// What a canonical finds: the url as a whole first, because some urls hold a `|` themselves.
    fn canonical(&self, kind: NameKind, canonical: &str) -> Option<Place> {
        match split(canonical) {
            (url, Some(version)) => self.exact(kind, url, version),
            (url, None) => self.best(kind, url),
        }
    }

    fn entry(&self, place: Place) -> Option<(&Layer, &Entry<'static>)> {
        let layer = self.0.layers.get(place.layer)?;
        Some((layer, layer.content.entry(place.at)?))
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
        match self.canonical(NameKind::Structure, canonical) {
            Some(place) => self.compiled_at(place, None).map(Some),
            None => Ok(None),
        }
    }

    /// The Shape of a type: `Patient`, `HumanName`, `string`.
    pub fn shape_of_type(&self, type_name: &str) -> Option<Shape> {
        self.type_shape(type_name, None)
    }

    /// A profile by its short name (`UKCore-Patient`) or its canonical url.
    pub fn profile(&self, name: &str) -> Option<Shape> {
        match self.best(NameKind::Profile, name) {
            Some(place) => self.compiled_at(place, None).ok(),
            None => self.shape(name).filter(Shape::is_profile),
        }
    }

    /// The short names of all profiles that are not retired: to suggest the nearest.
    pub fn profile_names(&self) -> impl Iterator<Item = &str> {
        self.entries()
            .filter(|(_, entry)| entry.sort == Sort::Profile && !entry.is_retired)
            .filter(|(place, entry)| self.best(NameKind::Profile, &entry.id) == Some(*place))
            .map(|(_, entry)| &*entry.id)
    }

    /// The concrete resource types.
    pub fn resource_types(&self) -> impl Iterator<Item = &str> {
        self.entries()
            .filter(|(_, entry)| {
                matches!(
                    entry.sort,
                    Sort::Type {
                        kind: Kind::Resource,
                        is_abstract: false
                    }
                )
            })
            .map(|(_, entry)| &*entry.type_name)
    }

    /// The canonical urls of all StructureDefinitions, each once.
    pub fn structure_urls(&self) -> impl Iterator<Item = &str> {
        self.urls(NameKind::Structure, |sort| {
            matches!(sort, Sort::Type { .. } | Sort::Profile)
        })
    }

    /// The canonical urls of all value sets, each once.
    pub fn value_set_urls(&self) -> impl Iterator<Item = &str> {
        self.urls(NameKind::ValueSet, |sort| sort == Sort::ValueSet)
    }

    /// The urls of all code systems, each once.
    pub fn code_system_urls(&self) -> impl Iterator<Item = &str> {
        self.urls(NameKind::CodeSystem, |sort| {
            sort == Sort::CodeSystem {
                is_supplement: false,
            }
        })
    }

    /// The versions of a value set that are here, the one that its url alone finds first.
    pub fn value_set_versions(&self, url: &str) -> Vec<&str> {
        let best = self.best(NameKind::ValueSet, url);
        let mut found: Vec<(bool, &str)> = self
            .all(NameKind::ValueSet, url)
            .map(|(place, _, entry)| (Some(place) != best, &*entry.version))
            .collect();
        found.sort_by_key(|(is_other, _)| *is_other);
        found.into_iter().map(|(_, version)| version).collect()
    }

    fn urls(&self, kind: NameKind, wanted: impl Fn(Sort) -> bool) -> impl Iterator<Item = &str> {
        self.entries()
            .filter(move |(_, entry)| wanted(entry.sort))
            // Most urls are in one package only; of the others, one entry stands for all.
            .filter(move |(place, entry)| {
                self.all(kind, &entry.url).next().map(|(first, ..)| first) == Some(*place)
            })
            .map(|(_, entry)| &*entry.url)
    }

    fn entries(&self) -> impl Iterator<Item = (Place, &Entry<'static>)> {
        self.0
            .layers
            .iter()
            .enumerate()
            .flat_map(|(number, layer)| {
                let entries = layer.content.archive.entries.iter().enumerate();
                entries.map(move |(at, entry)| (Place { layer: number, at }, entry))
            })
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
        for layer in &self.0.layers {
            let content = &layer.content;
            let places = bases
                .iter()
                .filter_map(|base| content.names().searches.get(base.type_name()))
                .flatten();
            for &at in places {
                if let Some(parameter) = content
                    .entry(at)
                    .and_then(|entry| content.archive.search_parameter(entry))
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
        let place = self.canonical(NameKind::ValueSet, canonical)?;
        let (layer, entry) = self.entry(place)?;
        layer.content.archive.record(entry)
    }

    /// A code system by its url, with or without a version; in R4 a url may itself hold one
    /// (`…/v2-0006|2.1`). Decoded anew each time: `terminology` keeps what it needs.
    pub fn code_system(&self, canonical: &str) -> Option<CodeSystem> {
        let place = self
            .best(NameKind::CodeSystem, canonical)
            .or_else(|| self.canonical(NameKind::CodeSystem, canonical))?;
        let (layer, entry) = self.entry(place)?;
        layer.content.archive.record(entry)
    }

    /// What supplements a code system: more names and properties for its codes. Decoded anew each
    /// time. A supplement of one version supplements that version only.
    pub fn supplements(&self, url: &str) -> Vec<CodeSystem> {
        self.entries()
            .filter(|(_, entry)| {
                entry.sort
                    == Sort::CodeSystem {
                        is_supplement: true,
                    }
            })
            .filter_map(|(place, _)| {
                let (layer, entry) = self.entry(place)?;
                layer.content.archive.record::<CodeSystem>(entry)
            })
            .filter(|system| {
                system
                    .supplements
                    .as_deref()
                    .is_some_and(|supplemented| split(supplemented).0 == split(url).0)
            })
            .collect()
    }

    /// A Shape by its url, in the version that is asked for or else in another: how definitions refer
    /// to each other.
    pub(crate) fn compiled(
        &self,
        canonical: &str,
        trail: Option<&Trail<'_>>,
    ) -> Result<Option<Shape>, Box<Issue>> {
        let place = self
            .canonical(NameKind::Structure, canonical)
            .or_else(|| self.best(NameKind::Structure, split(canonical).0));
        match place {
            Some(place) => self.compiled_at(place, trail).map(Some),
            None => Ok(None),
        }
    }

    /// As [`Definitions::compiled`], for a reference that the reader can do without.
    pub(crate) fn find(&self, canonical: &str, trail: Option<&Trail<'_>>) -> Option<Shape> {
        self.compiled(canonical, trail).ok().flatten()
    }

    /// Whether there is something of a kind under a canonical, in the version asked for or another;
    /// `Some(false)` when only in another.
    pub(crate) fn has(&self, kind: NameKind, canonical: &str) -> Option<bool> {
        match self.canonical(kind, canonical) {
            Some(_) => Some(true),
            None => self.best(kind, split(canonical).0).map(|_| false),
        }
    }

    /// The Shape of a type.
    pub(crate) fn type_shape(&self, name: &str, trail: Option<&Trail<'_>>) -> Option<Shape> {
        // R4 core is the lowest, and nothing that calls itself a type of FHIR goes before it.
        let place = match self.all(NameKind::Type, name).last()? {
            (place, Rank::Core, _) => place,
            _ => self.best(NameKind::Type, name)?,
        };
        self.compiled_at(place, trail).ok()
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

    /// The Shape at a place, from its slot or compiled into it.
    fn compiled_at(&self, place: Place, trail: Option<&Trail<'_>>) -> Result<Shape, Box<Issue>> {
        let Some((layer, entry)) = self.entry(place) else {
            return Err(cycle(""));
        };
        let slot = layer.shapes.get(place.at);
        if let Some(done) = slot.and_then(OnceLock::get) {
            return done.clone();
        }
        let Some(trail_here) = Trail::extend(trail, &entry.url) else {
            return Err(cycle(&entry.url));
        };
        let outcome = match layer.content.archive.record::<Structure>(entry) {
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

/// The packages that are built in, but for those that a site's own take the place of.
pub(crate) fn embedded_layers(stays: impl Fn(&Content) -> bool) -> Vec<(Rank, Arc<Content>)> {
    let ranks = std::iter::once(Rank::Core).chain(std::iter::repeat(Rank::BuiltIn));
    embedded::packages()
        .iter()
        .zip(ranks)
        .filter(|(content, rank)| *rank == Rank::Core || stays(content))
        .map(|(content, rank)| (rank, content.clone()))
        .collect()
}

/// Whether an entry defines one of FHIR's own types: R4 core is the only one that may, since a
/// definition of another version of FHIR has the same url and other elements.
pub(crate) fn is_core_type(entry: &Entry<'_>) -> bool {
    let Sort::Type { kind, .. } = entry.sort else {
        return false;
    };
    kind != Kind::Logical
        && entry
            .url
            .strip_prefix("http://hl7.org/fhir/StructureDefinition/")
            .is_some_and(|name| !name.contains('/'))
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
pub(crate) fn split(canonical: &str) -> (&str, Option<&str>) {
    match canonical.rsplit_once('|') {
        Some((url, version)) => (url, Some(version)),
        None => (canonical, None),
    }
}
