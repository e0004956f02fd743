//! What one package (or a handful of definitions) brings into a set.

use std::borrow::Cow;
use std::collections::HashMap;
use std::sync::OnceLock;

use crate::archive::{Archive, Entry, Sort};
use crate::manifest::Manifest;

/// An archive with its names findable. It is shared by the sets that it is in.
#[derive(Debug)]
pub struct Content {
    /// The package's manifest; none for definitions that came from no package.
    pub manifest: Option<Manifest>,
    pub archive: Archive,
    names: OnceLock<Names>,
}

impl Content {
    pub fn new(manifest: Option<Manifest>, archive: Archive) -> Self {
        Self {
            manifest,
            archive,
            names: OnceLock::new(),
        }
    }

    pub fn names(&self) -> &Names {
        self.names.get_or_init(|| Names::of(&self.archive.entries))
    }

    pub fn entry(&self, at: usize) -> Option<&Entry<'static>> {
        self.archive.entries.get(at)
    }

    /// All entries with a name, in their order.
    pub fn all<'c>(
        &'c self,
        kind: NameKind,
        name: &str,
    ) -> impl Iterator<Item = (usize, &'c Entry<'static>)> {
        let names = self.names();
        let first = names.table(kind).get(name).copied();
        std::iter::successors(first, |at| names.next.get(at).copied())
            .filter_map(|at| Some((at, self.entry(at)?)))
    }
}

/// What a name names.
#[derive(Debug, Clone, Copy)]
pub enum NameKind {
    /// A StructureDefinition by its url.
    Structure,
    /// A type by its name.
    Type,
    /// A profile by its id.
    Profile,
    /// A value set by its url.
    ValueSet,
    /// A code system by its url.
    CodeSystem,
}

type Table = HashMap<Cow<'static, str>, usize>;

/// Where in the index things are.
#[derive(Debug, Default)]
pub struct Names {
    structures: Table,
    types: Table,
    profiles: Table,
    value_sets: Table,
    code_systems: Table,
    /// The search parameters of a base type.
    pub searches: HashMap<Box<str>, Vec<usize>>,
    /// The next entry of the same url and kind: another version.
    next: HashMap<usize, usize>,
}

impl Names {
    fn of(entries: &[Entry<'static>]) -> Self {
        let mut names = Self::default();
        for (at, entry) in entries.iter().enumerate() {
            let url = || entry.url.clone();
            match entry.sort {
                Sort::Type { .. } => {
                    names.put(NameKind::Structure, url(), at);
                    names.types.entry(entry.type_name.clone()).or_insert(at);
                }
                Sort::Profile => {
                    names.put(NameKind::Structure, url(), at);
                    names.profiles.entry(entry.id.clone()).or_insert(at);
                }
                Sort::ValueSet => names.put(NameKind::ValueSet, url(), at),
                // A supplement does not define its codes.
                Sort::CodeSystem {
                    is_supplement: true,
                } => {}
                Sort::CodeSystem { .. } => names.put(NameKind::CodeSystem, url(), at),
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

    fn table(&self, kind: NameKind) -> &Table {
        match kind {
            NameKind::Structure => &self.structures,
            NameKind::Type => &self.types,
            NameKind::Profile => &self.profiles,
            NameKind::ValueSet => &self.value_sets,
            NameKind::CodeSystem => &self.code_systems,
        }
    }

    fn put(&mut self, kind: NameKind, url: Cow<'static, str>, at: usize) {
        let table = match kind {
            NameKind::Structure => &mut self.structures,
            NameKind::Type => &mut self.types,
            NameKind::Profile => &mut self.profiles,
            NameKind::ValueSet => &mut self.value_sets,
            NameKind::CodeSystem => &mut self.code_systems,
        };
        match table.get(&url).copied() {
            None => {
                table.insert(url, at);
            }
            Some(first) => {
                let mut last = first;
                while let Some(&next) = self.next.get(&last) {
                    last = next;
                }
                self.next.insert(last, at);
            }
        }
    }
}
