//! Links inside the document: every reference points at an entry, or at nothing (CS-3, CS-15).

use std::collections::{HashMap, VecDeque};

use json::{Object, Value};
use safeguarding::is_about;

use crate::gather::{Gathered, Local, relative};
use crate::ident;
use crate::withhold::strip_location;

/// Rewrites references and remembers which supporting resources are needed.
pub(crate) struct Links<'g, 'a> {
    gathered: &'g Gathered<'a>,
    names: HashMap<Local, String>,
    wanted: VecDeque<Local>,
}

impl<'g, 'a> Links<'g, 'a> {
    pub(crate) fn new(gathered: &'g Gathered<'a>, patient: &str) -> Self {
        let mut names: HashMap<Local, String> = gathered
            .statements
            .iter()
            .map(|statement| (statement.home.clone(), statement.urn.clone()))
            .collect();
        for (local, urn) in &gathered.aliases {
            names.insert(local.clone(), urn.clone());
        }
        for (index, contribution) in gathered.used.iter().enumerate() {
            if let Some(id) = contribution.patient.text("id") {
                names.insert((index, format!("Patient/{id}")), patient.to_owned());
            }
        }
        Self {
            gathered,
            names,
            wanted: VecDeque::new(),
        }
    }

    /// Makes a resource of a contribution fit for the document: no narrative of its own (it would
    /// be shown as markup), no server's version, no location where that is withheld, no link out.
    pub(crate) fn settle(&mut self, contribution: usize, mut resource: Value) -> Value {
        let located = self.gathered.located.get(contribution) == Some(&true);
        if !located {
            strip_location(&mut resource);
        }
        if let Some(object) = resource.as_object_mut() {
            object.remove("text");
            if let Some(Value::Object(meta)) = object.get_mut("meta") {
                meta.remove("versionId");
                meta.remove("lastUpdated");
            }
            if let Some(Value::Array(contained)) = object.get_mut("contained") {
                contained.retain(|inner| {
                    !is_about(inner) && (located || inner.text("resourceType") != Some("Location"))
                });
                for inner in contained.iter_mut() {
                    if let Some(inner) = inner.as_object_mut() {
                        inner.remove("text");
                    }
                }
                if contained.is_empty() {
                    object.remove("contained");
                }
            }
        }
        let contained: Vec<String> = resource
            .each("contained")
            .filter_map(|inner| inner.text("id").map(str::to_owned))
            .collect();
        self.walk(contribution, located, &contained, &mut resource);
        resource
    }

    fn walk(
        &mut self,
        contribution: usize,
        located: bool,
        contained: &[String],
        value: &mut Value,
    ) {
        match value {
            Value::Array(items) => {
                for item in items {
                    self.walk(contribution, located, contained, item);
                }
            }
            Value::Object(object) => {
                if let Some(Value::String(reference)) = object.get("reference") {
                    let reference = reference.to_string();
                    self.relink(contribution, located, contained, &reference, object);
                }
                for (_, child) in object.iter_mut() {
                    self.walk(contribution, located, contained, child);
                }
            }
            _ => {}
        }
    }

    fn relink(
        &mut self,
        contribution: usize,
        located: bool,
        contained: &[String],
        reference: &str,
        object: &mut Object,
    ) {
        if let Some(id) = reference.strip_prefix('#') {
            if id.is_empty() || contained.iter().any(|inner| inner == id) {
                return;
            }
        } else if let Some(name) = relative(reference) {
            let local = (contribution, name);
            if let Some(urn) = self.names.get(&local) {
                object.insert("reference", urn.as_str());
                return;
            }
            let is_location = local.1.starts_with("Location/");
            if self.gathered.support.contains_key(&local) && (located || !is_location) {
                object.insert("reference", self.support(local));
                return;
            }
        }
        // What it pointed at is not in the document: not even its label is kept, which could name
        // what is withheld. An identifier that the source gave beside it stays.
        object.remove("reference");
        object.remove("type");
        object.insert("display", "not included in this summary");
    }

    fn support(&mut self, local: Local) -> String {
        let tenant = self
            .gathered
            .used
            .get(local.0)
            .map_or("", |contribution| contribution.tenant.as_str());
        let urn = ident::urn("resource", &[tenant, &local.1]);
        // Two contributions of one organisation may hold the same resource: one entry.
        let known = self.names.values().any(|known| *known == urn);
        self.names.insert(local.clone(), urn.clone());
        if !known {
            self.wanted.push_back(local);
        }
        urn
    }

    /// The supporting resources that are needed, each settled; settling may call for more.
    pub(crate) fn take_support(&mut self) -> Vec<(Local, String, Value)> {
        let mut out = Vec::new();
        while let Some(local) = self.wanted.pop_front() {
            let (Some(resource), Some(urn)) = (
                self.gathered.support.get(&local).copied(),
                self.names.get(&local).cloned(),
            ) else {
                continue;
            };
            let settled = self.settle(local.0, resource.clone());
            out.push((local, urn, settled));
        }
        out
    }
}
