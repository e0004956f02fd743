//! From how a value set is composed to its codes.

use std::sync::Arc;

use definitions::form::{Filter, Include, ValueSet};
use definitions::version_fits;

use crate::ecl::Constraint;
use crate::grammar::Grammar;
use crate::reason::Reason;
use crate::release::{Class, DMD, SNOMED};
use crate::rest::Rest;
use crate::set::{Part, Set};
use crate::system::System;
use crate::terminology::Terminology;

/// How deep value sets may import each other.
const MAX_IMPORTS: usize = 32;

impl Terminology {
    /// The codes of a value set. `trail` holds the value sets that are being expanded.
    pub(crate) fn expand(&self, set: &ValueSet, trail: &mut Vec<String>) -> Set {
        let mut all = Set::default();
        for part in &set.includes {
            all.unite(&self.include(part, set.leaves_out_inactive, trail));
        }
        for part in &set.excludes {
            all.subtract(&self.include(part, false, trail));
        }
        // What the publisher lists decides where the code systems to decide with are not here.
        match &set.expansion {
            Some(listed) if !all.is_listed() => {
                let mut given = Set::default();
                for part in listed {
                    given.unite(&self.include(part, false, trail));
                }
                given
            }
            _ => all,
        }
    }

    fn include(&self, include: &Include, only_active: bool, trail: &mut Vec<String>) -> Set {
        let mut found = include
            .system
            .as_deref()
            .map(|system| Set::of(self.chosen(include, system, only_active)));
        for import in &include.value_sets {
            let imported = self.import(import, trail);
            match &mut found {
                Some(found) => found.meet(&imported),
                None => found = Some(imported),
            }
        }
        found.unwrap_or_default()
    }

    fn import(&self, canonical: &str, trail: &mut Vec<String>) -> Set {
        let url = canonical.split('|').next().unwrap_or(canonical);
        if trail.len() >= MAX_IMPORTS || trail.iter().any(|above| above == url) {
            return Set::unknown(Reason::Circle(url.into()));
        }
        if canonical == url
            && let Some(done) = self.expanded(url)
        {
            return done.clone();
        }
        let Some(set) = self.definitions().value_set(canonical) else {
            return Set::unknown(self.why_no_value_set(canonical));
        };
        trail.push(url.to_owned());
        let expanded = self.expand(&set, trail);
        trail.pop();
        expanded
    }

    /// The codes that an include chooses from its system.
    fn chosen(&self, include: &Include, url: &str, only_active: bool) -> Part {
        let known = self.system(url);
        let ignores_case = known.is_some_and(|known| !known.is_case_sensitive);
        let listed = include.codes.iter().map(|code| &**code);
        if !include.codes.is_empty() {
            let is_kept = |code: &&str| {
                !only_active
                    || known
                        .and_then(|known| known.concept(code))
                        .is_none_or(|concept| !concept.is_inactive)
            };
            return Part::listing(url, ignores_case, Rest::Nothing, listed.filter(is_kept));
        }
        if let (Some(known), Some(asked)) = (known, include.version.as_deref())
            && known
                .version
                .as_deref()
                .is_some_and(|here| !version_fits(url, Some(here), asked))
            && asked != "*"
        {
            return Part::new(url, Rest::Open(Reason::OtherVersion(url.into())));
        }
        match known {
            Some(known) if known.is_complete => of_complete(include, url, known, only_active),
            _ => match include.filters.as_slice() {
                [] => self.whole(url, known),
                filters => self.filtered(url, known, filters),
            },
        }
    }

    /// All codes of a system that is not here in full.
    fn whole(&self, url: &str, known: Option<&System>) -> Part {
        let rest = if let Some(grammar) = Grammar::of_system(url) {
            Rest::Grammar(grammar)
        } else if let Some(release) = self.release(url) {
            Rest::Released(Arc::clone(release), None)
        } else if known.is_some() {
            Rest::Open(Reason::Fragment(url.into()))
        } else {
            Rest::Open(Reason::NoCodeSystem(url.into()))
        };
        let codes = known
            .into_iter()
            .flat_map(|known| &known.concepts)
            .map(|concept| &*concept.code);
        let ignores_case = known.is_some_and(|known| !known.is_case_sensitive);
        Part::listing(url, ignores_case, rest, codes)
    }

    /// The codes that meet all filters on a system that is not here in full.
    fn filtered(&self, url: &str, known: Option<&System>, filters: &[Filter]) -> Part {
        let mut all: Option<Part> = None;
        for filter in filters {
            let part = match url {
                SNOMED => self.of_snomed(filter),
                _ => self.of_other(url, filter, known),
            };
            all = Some(match all.take() {
                None => part,
                Some(before) => {
                    let mut both = Set::of(before);
                    both.meet(&Set::of(part));
                    both.parts
                        .pop()
                        .unwrap_or_else(|| Part::new(url, Rest::Nothing))
                }
            });
        }
        all.unwrap_or_else(|| Part::new(url, Rest::Nothing))
    }

    fn of_snomed(&self, filter: &Filter) -> Part {
        let value = filter.value.trim();
        let constraint = match (&*filter.property, &*filter.op) {
            ("constraint" | "expression", "=") => Some(Constraint::read(value)),
            ("concept" | "code", "is-a") => Constraint::is_a(value),
            ("concept" | "code", "descendent-of") => Constraint::descendant_of(value),
            ("concept" | "code", "=") => Some(Constraint::read(value)),
            // R4, Using SNOMED CT with FHIR: `in` names a reference set.
            ("concept" | "code", "in") => {
                let set = value.trim_start_matches('^').trim_start();
                Some(Constraint::read(&format!("^ {set}")))
            }
            _ => None,
        };
        let Some(constraint) = constraint else {
            return Part::new(SNOMED, Rest::Open(why_filter(SNOMED, filter)));
        };
        let texts = |ids: Vec<u64>| -> Vec<String> { ids.iter().map(u64::to_string).collect() };
        if let Some(listed) = constraint.listed() {
            let codes = texts(listed);
            return Part::listing(
                SNOMED,
                false,
                Rest::Nothing,
                codes.iter().map(String::as_str),
            );
        }
        let certain = texts(constraint.certain());
        let release = self.release(SNOMED).cloned();
        let rest = Rest::Snomed(Arc::new(constraint), release.clone());
        // A release says of what is named, too, whether it is in: a concept may be inactive.
        let named = if release.is_some() {
            Vec::new()
        } else {
            certain
        };
        Part::listing(SNOMED, false, rest, named.iter().map(String::as_str))
    }

    fn of_other(&self, url: &str, filter: &Filter, known: Option<&System>) -> Part {
        if let Some(grammar) = Grammar::of_filter(url, filter) {
            return Part::new(url, Rest::Grammar(grammar));
        }
        if url == DMD
            && (&*filter.property, &*filter.op) == ("parent", "=")
            && let (Some(release), Some(class)) = (self.release(DMD), Class::named(&filter.value))
        {
            return Part::new(url, Rest::Released(Arc::clone(release), Some(class)));
        }
        let why = match known {
            Some(_) => Reason::Fragment(url.into()),
            None => why_filter(url, filter),
        };
        let mut named = Vec::new();
        if matches!(
            (&*filter.property, &*filter.op),
            ("concept" | "code", "is-a" | "=")
        ) {
            named.push(&*filter.value);
        }
        let rest = match (&*filter.property, &*filter.op) {
            ("concept" | "code", "=") => Rest::Nothing,
            _ => Rest::Open(why),
        };
        Part::listing(url, false, rest, named)
    }
}

/// The codes that an include chooses from a system that is here in full.
fn of_complete(include: &Include, url: &str, known: &System, only_active: bool) -> Part {
    let mut chosen: Vec<&str> = known
        .concepts
        .iter()
        .filter(|concept| !only_active || !concept.is_inactive)
        .map(|concept| &*concept.code)
        .collect();
    for filter in &include.filters {
        match known.filter(filter) {
            Some(kept) => chosen.retain(|code| kept.contains(code)),
            None => return Part::new(url, Rest::Open(why_filter(url, filter))),
        }
    }
    Part::listing(url, !known.is_case_sensitive, Rest::Nothing, chosen)
}

fn why_filter(url: &str, filter: &Filter) -> Reason {
    Reason::Filter(
        url.into(),
        format!("{} {} {}", filter.property, filter.op, filter.value).into(),
    )
}
