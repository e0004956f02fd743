//! From how a value set is composed to its codes.

use definitions::form::{Filter, Include, ValueSet};

use crate::ecl;
use crate::grammar::Grammar;
use crate::set::{Part, Rest, Set};
use crate::system::System;
use crate::terminology::Terminology;

/// How deep value sets may import each other.
const MAX_IMPORTS: usize = 32;

impl Terminology {
    /// The codes of a value set. `trail` holds the value sets that are being expanded.
    pub(crate) fn expand(&self, set: &ValueSet, trail: &mut Vec<String>) -> Set {
        let mut all = Set::default();
        for part in &set.includes {
            all.unite(self.include(part, trail));
        }
        for part in &set.excludes {
            let less = self.include(part, trail);
            all.subtract(&less);
        }
        all
    }

    fn include(&self, include: &Include, trail: &mut Vec<String>) -> Set {
        let mut found = include.system.as_deref().map(|system| {
            let known = self.system(system);
            let mut part = chosen(include, system, known);
            part.ignores_case = known.is_some_and(|known| !known.is_case_sensitive);
            Set::of(part)
        });
        for import in &include.value_sets {
            let imported = self.import(import, trail);
            match &mut found {
                Some(found) => found.meet(&imported),
                None => found = Some(imported),
            }
        }
        found.unwrap_or_else(Set::unknown)
    }

    fn import(&self, canonical: &str, trail: &mut Vec<String>) -> Set {
        let url = canonical.split('|').next().unwrap_or(canonical);
        if trail.len() >= MAX_IMPORTS || trail.iter().any(|above| above == url) {
            return Set::unknown();
        }
        if let Some(done) = self.expanded(url) {
            return done.clone();
        }
        let Some(set) = self.definitions().value_set(canonical) else {
            return Set::unknown();
        };
        trail.push(url.to_owned());
        let expanded = self.expand(&set, trail);
        trail.pop();
        expanded
    }
}

/// The codes that an include chooses from its system.
fn chosen(include: &Include, system: &str, known: Option<&System>) -> Part {
    if !include.codes.is_empty() {
        let mut part = Part::new(system, Rest::Nothing);
        for code in &include.codes {
            part.add(code);
        }
        return part;
    }
    match known {
        Some(known) if known.is_complete => {
            let mut chosen: Vec<&str> = known.concepts.iter().map(|one| &*one.code).collect();
            for filter in &include.filters {
                match known.filter(filter) {
                    Some(kept) => chosen.retain(|code| kept.contains(code)),
                    None => return Part::new(system, Rest::Open),
                }
            }
            let mut part = Part::new(system, Rest::Nothing);
            for code in chosen {
                part.add(code);
            }
            part
        }
        _ => match include.filters.as_slice() {
            [] => {
                let rest = Grammar::of_system(system).map_or(Rest::Open, Rest::Grammar);
                let mut part = Part::new(system, rest);
                for concept in known.into_iter().flat_map(|known| &known.concepts) {
                    part.add(&concept.code);
                }
                part
            }
            [filter] => filtered(system, filter),
            _ => Part::new(system, Rest::Open),
        },
    }
}

/// A filter on a system whose codes are not here.
fn filtered(system: &str, filter: &Filter) -> Part {
    if system == "http://snomed.info/sct" && &*filter.property == "constraint" {
        let listed = ecl::read(&filter.value);
        let rest = if listed.is_complete {
            Rest::Nothing
        } else {
            Rest::Open
        };
        let mut part = Part::new(system, rest);
        for code in &listed.codes {
            part.add(code);
        }
        return part;
    }
    let rest = Grammar::of_filter(system, filter).map_or(Rest::Open, Rest::Grammar);
    let mut part = Part::new(system, rest);
    if matches!((&*filter.property, &*filter.op), ("concept", "is-a")) {
        part.add(&filter.value);
    }
    part
}
