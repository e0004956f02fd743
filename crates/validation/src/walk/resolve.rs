//! What references point at inside the same resource or Bundle
//! (<http://hl7.org/fhir/R4/bundle.html#references>), and whether it meets a profile.

use std::collections::HashMap;

use json::Value;

use super::{MAX_TRIALS, Walk};
use crate::plan::Node;

/// A Bundle around the place of the walk.
pub(super) struct Inside<'v> {
    /// Its entries by their full URLs; of two with one URL, the first.
    by_url: HashMap<&'v str, &'v Value>,
    /// The entry that the walk is in.
    pub entry: Option<&'v Value>,
}

/// A resource that was found, and the entry that holds it.
#[derive(Clone, Copy)]
pub(super) struct Found<'v> {
    pub resource: &'v Value,
    pub entry: Option<&'v Value>,
}

impl<'v> Inside<'v> {
    pub fn new(bundle: &'v Value) -> Self {
        let mut by_url = HashMap::new();
        for entry in bundle.each("entry") {
            if let Some(url) = entry.text("fullUrl") {
                by_url.entry(url).or_insert(entry);
            }
        }
        Self {
            by_url,
            entry: None,
        }
    }

    /// The entry that has a full URL.
    pub fn has_url(&self, url: &str) -> Option<&'v Value> {
        self.by_url.get(url).copied()
    }

    /// What a reference in an entry points at. A relative one is meant on the server that the
    /// entry's own full URL names.
    pub fn resolve(&self, from: Option<&Value>, reference: &str) -> Option<Found<'v>> {
        let (named, version) = match reference.split_once("/_history/") {
            Some((named, version)) => (named, Some(version)),
            None => (reference, None),
        };
        let entry = if named.contains(':') {
            self.has_url(named)?
        } else {
            let (type_name, id) = named.split_once('/')?;
            let entry = self.has_url(&beside(from?.text("fullUrl")?, named, id)?)?;
            let is_meant = entry.get("resource")?.text("resourceType") == Some(type_name);
            is_meant.then_some(entry)?
        };
        let resource = entry.get("resource")?;
        let fits = version.is_none_or(|version| {
            resource.get("meta").and_then(|meta| meta.text("versionId")) == Some(version)
        });
        fits.then_some(Found {
            resource,
            entry: Some(entry),
        })
    }
}

/// The full URL of what stands on the same server as another full URL.
fn beside(full_url: &str, named: &str, id: &str) -> Option<String> {
    if full_url.starts_with("urn:") {
        let (base, _) = full_url.rsplit_once(':')?;
        return Some(format!("{base}:{id}"));
    }
    let (base, _) = full_url.rsplit_once('/')?;
    let (base, _) = base.rsplit_once('/')?;
    Some(format!("{base}/{named}"))
}

impl<'v> Walk<'_, 'v> {
    /// The resource that a Reference, or a text that is one, points at, where it is here.
    pub(super) fn target(&self, reference: &'v Value) -> Option<&'v Value> {
        let text = reference.as_str().or_else(|| reference.text("reference"))?;
        self.found(text).map(|found| found.resource)
    }

    pub(super) fn found(&self, reference: &str) -> Option<Found<'v>> {
        if let Some(id) = reference.strip_prefix('#') {
            return self.contained(id).map(|resource| Found {
                resource,
                entry: None,
            });
        }
        let inside = self.bundles.last()?;
        inside.resolve(inside.entry, reference)
    }

    /// The contained resource of that id; the container itself for the empty id.
    pub(super) fn contained(&self, id: &str) -> Option<&'v Value> {
        let container = self.containers.last().copied()?;
        if id.is_empty() {
            return Some(container);
        }
        container
            .each("contained")
            .find(|resource| resource.text("id") == Some(id))
    }

    /// Whether a value meets a profile, by a trial that leaves no issue behind; `None` where the
    /// profile is unknown. What is on trial already is taken to meet it.
    pub(super) fn conforms(&mut self, value: &'v Value, profile: &str) -> Option<bool> {
        self.conforms_in(
            Found {
                resource: value,
                entry: None,
            },
            profile,
        )
    }

    /// The same for a resource that was found in an entry of the Bundle around the place.
    pub(super) fn conforms_in(&mut self, found: Found<'v>, profile: &str) -> Option<bool> {
        let node = self.validator.plans().of_profile_or_other(profile)?;
        let Some(object) = found.resource.as_object() else {
            return Some(false);
        };
        let type_name = found.resource.text("resourceType");
        if type_name.is_some_and(|name| {
            *node.type_name != *name && !matches!(&*node.type_name, "Resource" | "DomainResource")
        }) {
            return Some(false);
        }
        let key: (*const Value, *const Node) = (found.resource, node);
        if let Some(known) = self.tried.get(&key) {
            return Some(*known);
        }
        if self.trials >= MAX_TRIALS {
            return None;
        }
        self.tried.insert(key, true);
        self.trials += 1;
        let mark = self.mark();
        let entry_before = match (found.entry, self.bundles.last_mut()) {
            (Some(entry), Some(inside)) => Some(inside.entry.replace(entry)),
            _ => None,
        };
        if type_name.is_some() {
            let is_own_container = found.entry.is_some() || self.containers.is_empty();
            if is_own_container {
                self.containers.push(found.resource);
            }
            self.resources.push(found.resource);
            self.begins.push(self.path.len());
            self.ids.push(Vec::new());
            let places = node.root.as_ref().map_or(&[][..], |root| &root.places);
            self.object(found.resource, object, node, places);
            self.ids.pop();
            self.begins.pop();
            self.resources.pop();
            if is_own_container {
                self.containers.pop();
            }
        } else {
            self.object(found.resource, object, node, &[]);
        }
        if let (Some(before), Some(inside)) = (entry_before, self.bundles.last_mut()) {
            inside.entry = before;
        }
        let holds = !self.roll_back(mark);
        self.trials -= 1;
        self.tried.insert(key, holds);
        Some(holds)
    }
}
