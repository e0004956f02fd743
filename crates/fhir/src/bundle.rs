//! Bundles: the envelope of search results and documents
//! (<http://hl7.org/fhir/R4/bundle.html>).

use json::{Object, Value};

/// Why a resource is in a search result.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SearchMode {
    /// It matched.
    Match,
    /// It was asked for beside a match (`_include`).
    Include,
    /// It tells about the search itself: an OperationOutcome.
    Outcome,
}

impl SearchMode {
    fn code(self) -> &'static str {
        match self {
            Self::Match => "match",
            Self::Include => "include",
            Self::Outcome => "outcome",
        }
    }
}

/// A page of search results under construction.
#[derive(Debug, Clone, Default)]
pub struct Searchset {
    total: Option<i64>,
    links: Vec<Value>,
    entries: Vec<Value>,
}

impl Searchset {
    /// A page without results.
    pub fn new() -> Self {
        Self::default()
    }

    /// Says how many matches there are on all pages together; leave it out where it is not known.
    #[must_use]
    pub fn total(mut self, total: i64) -> Self {
        self.total = Some(total);
        self
    }

    /// Adds a link: `self` with the parameters that were really used, `next` for the next page.
    #[must_use]
    pub fn link(mut self, relation: &str, url: &str) -> Self {
        let link = Object::new().with("relation", relation).with("url", url);
        self.links.push(link.into());
        self
    }

    /// Adds a result. `full_url` is its address on this server; an OperationOutcome has none.
    pub fn push(&mut self, full_url: Option<&str>, resource: Value, mode: SearchMode) {
        let mut entry = Object::new();
        if let Some(url) = full_url {
            entry.insert("fullUrl", url);
        }
        entry.insert("resource", resource);
        entry.insert("search", Object::new().with("mode", mode.code()));
        self.entries.push(entry.into());
    }

    /// The Bundle. A page without results has no `entry`: FHIR has no empty arrays.
    pub fn finish(self) -> Value {
        let mut bundle = Object::new()
            .with("resourceType", "Bundle")
            .with("type", "searchset");
        if let Some(total) = self.total {
            bundle.insert("total", total);
        }
        with_list(&mut bundle, "link", self.links);
        with_list(&mut bundle, "entry", self.entries);
        bundle.into()
    }
}

/// A document: a Composition and everything that it refers to, under one identifier.
///
/// `entries` are pairs of full URL and resource; the Composition must be the first of them
/// (constraint `bdl-11`). `timestamp` is when the document was put together, as an R4 instant.
pub fn document(
    identifier: Value,
    timestamp: &str,
    entries: impl IntoIterator<Item = (String, Value)>,
) -> Value {
    let entries: Vec<Value> = entries
        .into_iter()
        .map(|(url, resource)| {
            Object::new()
                .with("fullUrl", url)
                .with("resource", resource)
                .into()
        })
        .collect();
    let mut bundle = Object::new()
        .with("resourceType", "Bundle")
        .with("identifier", identifier)
        .with("type", "document")
        .with("timestamp", timestamp);
    with_list(&mut bundle, "entry", entries);
    bundle.into()
}

/// The resources in a Bundle with their full URLs, in order.
pub fn resources(bundle: &Value) -> impl Iterator<Item = (Option<&str>, &Value)> {
    bundle
        .each("entry")
        .filter_map(|entry| Some((entry.text("fullUrl"), entry.get("resource")?)))
}

fn with_list(bundle: &mut Object, name: &str, items: Vec<Value>) {
    if !items.is_empty() {
        bundle.insert(name, items);
    }
}
