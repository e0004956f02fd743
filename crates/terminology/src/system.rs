//! A code system, ready for asking.

use std::collections::{HashMap, HashSet};

use definitions::form::{CodeSystem, Concept, Filter};

/// A code system with its codes findable.
#[derive(Debug)]
pub struct System {
    pub is_complete: bool,
    pub is_case_sensitive: bool,
    pub concepts: Vec<Concept>,
    places: HashMap<Box<str>, usize>,
}

impl System {
    pub fn new(system: CodeSystem) -> Self {
        let places = system
            .concepts
            .iter()
            .enumerate()
            .map(|(at, concept)| (concept.code.clone(), at))
            .collect();
        Self {
            is_complete: system.is_complete,
            is_case_sensitive: system.is_case_sensitive,
            concepts: system.concepts,
            places,
        }
    }

    pub fn concept(&self, code: &str) -> Option<&Concept> {
        if let Some(&at) = self.places.get(code) {
            return self.concepts.get(at);
        }
        if self.is_case_sensitive {
            return None;
        }
        self.concepts
            .iter()
            .find(|concept| concept.code.eq_ignore_ascii_case(code))
    }

    /// The codes that meet a filter, or `None` when it asks for something that is not kept.
    pub fn filter<'s>(&'s self, filter: &Filter) -> Option<HashSet<&'s str>> {
        let all = || self.concepts.iter().map(|concept| &*concept.code);
        let listed = || -> HashSet<&str> { filter.value.split(',').map(str::trim).collect() };
        Some(match (&*filter.property, &*filter.op) {
            ("concept" | "code", "is-a") => self.below(&filter.value, true),
            ("concept" | "code", "descendent-of") => self.below(&filter.value, false),
            ("concept" | "code", "is-not-a") => {
                let below = self.below(&filter.value, true);
                all().filter(|code| !below.contains(code)).collect()
            }
            ("concept" | "code", "=") => all().filter(|code| **code == *filter.value).collect(),
            ("concept" | "code", "in") => {
                let listed = listed();
                all().filter(|code| listed.contains(code)).collect()
            }
            ("concept" | "code", "not-in") => {
                let listed = listed();
                all().filter(|code| !listed.contains(code)).collect()
            }
            ("parent", "=") => self
                .concepts
                .iter()
                .filter(|concept| concept.parents.contains(&filter.value))
                .map(|concept| &*concept.code)
                .collect(),
            (property, "=") => {
                let has = |concept: &&Concept| {
                    concept
                        .properties
                        .iter()
                        .any(|(name, value)| **name == *property && *value == filter.value)
                };
                let kept = self.concepts.iter().any(|concept| {
                    concept
                        .properties
                        .iter()
                        .any(|(name, _)| **name == *property)
                });
                if !kept {
                    return None;
                }
                self.concepts
                    .iter()
                    .filter(has)
                    .map(|concept| &*concept.code)
                    .collect()
            }
            _ => return None,
        })
    }

    /// A code with everything under it, or only what is under it.
    fn below<'s>(&'s self, code: &str, with_itself: bool) -> HashSet<&'s str> {
        let mut children: HashMap<&str, Vec<&'s str>> = HashMap::new();
        for concept in &self.concepts {
            for parent in &concept.parents {
                children.entry(parent).or_default().push(&concept.code);
            }
        }
        let mut found = HashSet::new();
        let mut waiting: Vec<&str> = self
            .concept(code)
            .map(|top| &*top.code)
            .into_iter()
            .collect();
        let top = waiting.first().copied();
        while let Some(next) = waiting.pop() {
            for &child in children.get(next).into_iter().flatten() {
                if found.insert(child) {
                    waiting.push(child);
                }
            }
        }
        match top {
            Some(top) if with_itself => {
                found.insert(self.concept(top).map_or("", |concept| &*concept.code));
            }
            Some(top) => {
                found.remove(top);
            }
            None => {}
        }
        found
    }
}
