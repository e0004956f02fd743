//! Asking.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use definitions::{Definitions, version_fits};

use crate::grammar::Grammar;
use crate::reason::Reason;
use crate::release::{Release, SNOMED};
use crate::set::{Extent, Membership, Set};
use crate::system::{System, is_named};

/// The value sets and code systems of a set of definitions, and the releases that a site loads.
///
/// One instance is meant to be shared: what it expanded once it keeps.
#[derive(Debug)]
pub struct Terminology {
    definitions: Definitions,
    releases: Vec<Arc<Release>>,
    /// The versions of each value set, the one first that its url alone means.
    sets: OnceLock<HashMap<Box<str>, Versions>>,
    systems: OnceLock<HashMap<Box<str>, OnceLock<Option<System>>>>,
}

type Versions = OnceLock<Box<[Versioned]>>;

#[derive(Debug)]
struct Versioned {
    version: Box<str>,
    set: OnceLock<Option<Set>>,
}

/// What is known of a code.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Known {
    /// Whether it only groups others.
    pub is_abstract: bool,
    /// Whether it is no longer to be used.
    pub is_inactive: bool,
}

impl Terminology {
    /// The terminology of some definitions. Nothing is expanded before it is asked for.
    pub fn new(definitions: &Definitions) -> Self {
        Self {
            definitions: definitions.clone(),
            releases: Vec::new(),
            sets: OnceLock::new(),
            systems: OnceLock::new(),
        }
    }

    /// The same with releases that a site has compiled for itself; of two of one code system the
    /// first is asked.
    pub fn with_releases(mut self, releases: Vec<Arc<Release>>) -> Self {
        self.releases = releases;
        self.sets = OnceLock::new();
        self.systems = OnceLock::new();
        self
    }

    pub(crate) fn definitions(&self) -> &Definitions {
        &self.definitions
    }

    pub(crate) fn release(&self, system: &str) -> Option<&Arc<Release>> {
        self.releases
            .iter()
            .find(|release| release.system() == system)
    }

    /// The value set as it is now, in the version that its url alone means, where it was expanded
    /// before.
    pub(crate) fn expanded(&self, url: &str) -> Option<&Set> {
        let versions = self.sets.get()?.get(url)?.get()?;
        versions.first()?.set.get()?.as_ref()
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
            .get_or_init(|| {
                let system = self.definitions.code_system(url)?;
                Some(System::new(system, self.definitions.supplements(url)))
            })
            .as_ref()
    }

    fn set(&self, canonical: &str) -> Option<&Set> {
        let (url, version) = split(canonical);
        let sets = self.sets.get_or_init(|| {
            self.definitions
                .value_set_urls()
                .map(|url| (url.into(), OnceLock::new()))
                .collect()
        });
        let versions = sets.get(url)?.get_or_init(|| {
            let versions = self.definitions.value_set_versions(url);
            let slots = versions.into_iter().map(|version| Versioned {
                version: version.into(),
                set: OnceLock::new(),
            });
            slots.collect()
        });
        // Another version may hold other codes.
        let known = match version {
            None => versions.first()?,
            Some(asked) => versions
                .iter()
                .find(|known| *known.version == *asked)
                .or_else(|| {
                    let mut fitting = versions.iter();
                    fitting.find(|known| version_fits(url, Some(&known.version), asked))
                })?,
        };
        let set = match known.set.get() {
            Some(set) => set,
            None => {
                let exact = if known.version.is_empty() {
                    url.to_owned()
                } else {
                    format!("{url}|{}", known.version)
                };
                // Expanded outside the slot: value sets that import each other would wait for
                // themselves inside it.
                let expanded = self
                    .definitions
                    .value_set(&exact)
                    .map(|set| self.expand(&set, &mut vec![url.to_owned()]));
                known.set.get_or_init(|| expanded)
            }
        };
        set.as_ref()
    }

    /// Why a value set cannot be used.
    pub(crate) fn why_no_value_set(&self, canonical: &str) -> Reason {
        let (url, _) = split(canonical);
        if self.definitions.value_set(url).is_some() {
            Reason::OtherVersion(url.into())
        } else {
            Reason::NoValueSet(url.into())
        }
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

    /// Why [`Terminology::contains`] does not know; `None` where it does.
    pub fn why_unknown(&self, value_set: &str, system: Option<&str>, code: &str) -> Option<Reason> {
        match self.set(value_set) {
            None => Some(self.why_no_value_set(value_set)),
            Some(set) if set.holds(system, code) == Membership::Unknown => {
                Some(set.why(system, code).unwrap_or(Reason::NoSystem))
            }
            Some(_) => None,
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
        let set = self.set(value_set).filter(|set| set.any.is_none())?;
        Some(
            set.parts
                .iter()
                .map(|part| (&*part.system, part.extent()))
                .collect(),
        )
    }

    /// The system that a code has in a value set, when exactly one is possible.
    pub fn system_of(&self, value_set: &str, code: &str) -> Option<&str> {
        let set = self.set(value_set).filter(|set| set.any.is_none())?;
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
        if let Some(known) = self.system(system)
            && known.is_complete
        {
            return Some(true);
        }
        if self.release(system).is_some() {
            return Some(true);
        }
        let by_form = Grammar::of_system(system).is_some();
        (by_form || self.system(system).is_some()).then_some(false)
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
        if let Some(release) = self.release(system) {
            return release.holds(code, None);
        }
        Grammar::of_system(system).map_or(Membership::Unknown, |grammar| grammar.accepts(code))
    }

    /// Why [`Terminology::code_in_system`] does not know; `None` where it does.
    pub fn why_system_unknown(&self, system: &str, code: &str) -> Option<Reason> {
        if self.code_in_system(system, code) != Membership::Unknown {
            return None;
        }
        Some(if let Some(release) = self.release(system) {
            release.why(code)
        } else if let Some(grammar) = Grammar::of_system(system) {
            Reason::Unregistered(grammar.what())
        } else if self
            .system(system)
            .is_some_and(|known| !known.concepts.is_empty())
        {
            Reason::Fragment(system.into())
        } else {
            Reason::NoCodeSystem(system.into())
        })
    }

    /// What is known of a code; `None` where it is not known to exist.
    pub fn concept(&self, system: &str, code: &str) -> Option<Known> {
        if let Some(concept) = self.system(system).and_then(|known| known.concept(code)) {
            return Some(Known {
                is_abstract: concept.is_abstract,
                is_inactive: concept.is_inactive,
            });
        }
        let release = self.release(system)?;
        (release.holds(code, None) == Membership::In).then(|| Known {
            is_abstract: false,
            is_inactive: release.is_active(code) == Some(false),
        })
    }

    /// Whether a text is one of the names of a code: its preferred term or another, in whatever
    /// language, in whatever case. Unknown when none of its names is here.
    pub fn display_fits(&self, system: &str, code: &str, display: &str) -> Membership {
        if let Some(concept) = self.system(system).and_then(|known| known.concept(code)) {
            return is_named(concept, display);
        }
        match self.release(system) {
            Some(release) => release.is_named(code, display),
            None => Membership::Unknown,
        }
    }

    /// The preferred term of a code, where its code system ships one. Terms of releases are read
    /// from their files: see [`Terminology::preferred_term`].
    pub fn display(&self, system: &str, code: &str) -> Option<&str> {
        self.system(system)?.concept(code)?.display.as_deref()
    }

    /// The preferred term of a code, from its code system or from a release.
    pub fn preferred_term(&self, system: &str, code: &str) -> Option<Cow<'_, str>> {
        match self.display(system, code) {
            Some(display) => Some(display.into()),
            None => self.release(system)?.term(code).map(Cow::Owned),
        }
    }

    /// Whether a release of SNOMED CT is loaded.
    pub fn has_snomed(&self) -> bool {
        self.release(SNOMED).is_some()
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

/// A canonical url and its version.
fn split(canonical: &str) -> (&str, Option<&str>) {
    match canonical.rsplit_once('|') {
        Some((url, version)) => (url, Some(version)),
        None => (canonical, None),
    }
}
