//! Asking.

use std::collections::HashMap;
use std::sync::OnceLock;

use definitions::{Definitions, version_fits};

use crate::grammar::Grammar;
use crate::set::{Extent, Membership, Rest, Set};
use crate::system::System;

/// The value sets and code systems of a set of definitions.
///
/// One instance is meant to be shared: what it expanded once it keeps.
#[derive(Debug)]
pub struct Terminology {
    definitions: Definitions,
    sets: OnceLock<HashMap<Box<str>, OnceLock<Option<Versioned>>>>,
    systems: OnceLock<HashMap<Box<str>, OnceLock<Option<System>>>>,
}

#[derive(Debug)]
struct Versioned {
    version: Option<Box<str>>,
    set: Set,
}

impl Terminology {
    /// The terminology of some definitions. Nothing is expanded before it is asked for.
    pub fn new(definitions: &Definitions) -> Self {
        Self {
            definitions: definitions.clone(),
            sets: OnceLock::new(),
            systems: OnceLock::new(),
        }
    }

    pub(crate) fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    /// A set that was expanded before.
    pub(crate) fn expanded(&self, url: &str) -> Option<&Set> {
        let slot = self.sets.get()?.get(url)?;
        slot.get()?.as_ref().map(|known| &known.set)
    }

    /// A code system that is here.
    pub(crate) fn system(&self, url: &str) -> Option<&System> {
        let systems = self.systems.get_or_init(|| {
            self.definitions
                .code_system_urls()
                .map(|url| (url.into(), OnceLock::new()))
                .collect()
        });
        systems
            .get(url)?
            .get_or_init(|| self.definitions.code_system(url).map(System::new))
            .as_ref()
    }

    fn set(&self, canonical: &str) -> Option<&Set> {
        let (url, version) = match canonical.rsplit_once('|') {
            Some((url, version)) => (url, Some(version)),
            None => (canonical, None),
        };
        let sets = self.sets.get_or_init(|| {
            self.definitions
                .value_set_urls()
                .map(|url| (url.into(), OnceLock::new()))
                .collect()
        });
        let slot = sets.get(url)?;
        let known = match slot.get() {
            Some(known) => known,
            None => {
                // Expanded outside the slot: value sets that import each other would wait for
                // themselves inside it.
                let expanded = self.definitions.value_set(url).map(|set| Versioned {
                    version: set.version.clone(),
                    set: self.expand(&set, &mut vec![url.to_owned()]),
                });
                slot.get_or_init(|| expanded)
            }
        };
        let known = known.as_ref()?;
        // Another version may hold other codes.
        if version.is_some_and(|asked| !version_fits(url, known.version.as_deref(), asked)) {
            return None;
        }
        Some(&known.set)
    }

    /// Whether a code is in a value set. `system` is `None` for an element of type `code`, whose
    /// set implies the system. A value set that is not here, or not in the version asked for,
    /// decides nothing.
    pub fn contains(&self, value_set: &str, system: Option<&str>, code: &str) -> Membership {
        match self.set(value_set) {
            Some(set) => set.holds(system, code),
            None => Membership::Unknown,
        }
    }

    /// Whether a value set is here.
    pub fn knows_value_set(&self, value_set: &str) -> bool {
        self.set(value_set).is_some()
    }

    /// All (system, code) pairs of a value set, when they can be listed.
    pub fn codes(&self, value_set: &str) -> Option<Vec<(&str, &str)>> {
        let set = self.set(value_set).filter(|set| set.is_listed())?;
        Some(pairs(set))
    }

    /// The (system, code) pairs that are certainly in a value set, even where others may be too.
    pub fn certain_codes(&self, value_set: &str) -> Vec<(&str, &str)> {
        self.set(value_set).map(pairs).unwrap_or_default()
    }

    /// The code systems that a value set draws from and how far its codes of each are known;
    /// `None` when the value set is not here or takes in one that is not.
    pub fn extent(&self, value_set: &str) -> Option<Vec<(&str, Extent)>> {
        let set = self.set(value_set).filter(|set| !set.any)?;
        let extents = set.parts.iter().map(|part| {
            let extent = match part.rest {
                Rest::Nothing => Extent::Listed,
                Rest::Grammar(_) => Extent::Grammar,
                Rest::Open => Extent::Open,
            };
            (&*part.system, extent)
        });
        Some(extents.collect())
    }

    /// The system that a code has in a value set, when exactly one is possible.
    pub fn system_of(&self, value_set: &str, code: &str) -> Option<&str> {
        let set = self.set(value_set).filter(|set| !set.any)?;
        let mut possible = set
            .parts
            .iter()
            .filter(|part| part.holds(code) != Membership::Out);
        let only = possible.next()?;
        let certain = only.holds(code) == Membership::In;
        (certain && possible.next().is_none()).then_some(&*only.system)
    }

    /// Whether a code system is known, and if so whether all of its codes are.
    pub fn knows_system(&self, system: &str) -> Option<bool> {
        match self.system(system) {
            Some(known) => Some(known.is_complete),
            None => Grammar::of_system(system).map(|_| false),
        }
    }

    /// Whether a code is in a code system.
    pub fn code_in_system(&self, system: &str, code: &str) -> Membership {
        if let Some(known) = self.system(system) {
            if known.concept(code).is_some() {
                return Membership::In;
            }
            if known.is_complete {
                return Membership::Out;
            }
        }
        Grammar::of_system(system).map_or(Membership::Unknown, |grammar| grammar.accepts(code))
    }

    /// The preferred term of a code, where its code system ships one.
    pub fn display(&self, system: &str, code: &str) -> Option<&str> {
        self.system(system)?.concept(code)?.display.as_deref()
    }
}

fn pairs(set: &Set) -> Vec<(&str, &str)> {
    set.parts
        .iter()
        .flat_map(|part| {
            part.in_order()
                .into_iter()
                .map(|code| (&*part.system, code))
        })
        .collect()
}
