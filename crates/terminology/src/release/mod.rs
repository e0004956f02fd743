//! Releases of licensed code systems, SNOMED CT and dm+d, that a site compiles from its own files.
//!
//! [`compile`](compile()) turns the publisher's files into one compact file; [`Release::open`] reads
//! its head, and everything else when it is first asked for: identifiers and what they stand under
//! stay in memory then (some 25 MB for the UK edition), terms are read one by one.

mod compile;
mod dmd;
mod draft;
mod file;
mod input;
mod rf2;

use std::path::Path;
use std::sync::OnceLock;

use diagnostics::Issue;

pub use compile::{Found, compile, compiled};

use crate::reason::Reason;
use crate::sctid;
use crate::set::Membership;
use file::{Head, ReleaseFile, Section};

/// What `Coding.system` says for SNOMED CT.
pub const SNOMED: &str = "http://snomed.info/sct";
/// What `Coding.system` says for dm+d in UK Core.
pub const DMD: &str = "https://dmd.nhs.uk";

/// The kinds of entries of dm+d, as UK Core's value sets filter by them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[repr(u8)]
pub enum Class {
    /// A virtual therapeutic moiety.
    Vtm = 1,
    /// A virtual medicinal product.
    Vmp,
    /// An actual medicinal product.
    Amp,
    /// A pack of a virtual medicinal product.
    Vmpp,
    /// A pack of an actual medicinal product.
    Ampp,
    /// A substance.
    Ingredient,
}

impl Class {
    /// The class of a name in a filter: `VMP`.
    pub fn named(name: &str) -> Option<Self> {
        Some(match name {
            "VTM" => Self::Vtm,
            "VMP" => Self::Vmp,
            "AMP" => Self::Amp,
            "VMPP" => Self::Vmpp,
            "AMPP" => Self::Ampp,
            "INGREDIENT" => Self::Ingredient,
            _ => return None,
        })
    }
}

/// The bit of an entry's mark that says that it is in use; the others hold its [`Class`].
const ACTIVE: u8 = 0x80;

/// A compiled release of one code system.
#[derive(Debug)]
pub struct Release {
    file: ReleaseFile,
    index: OnceLock<Result<Index, Reason>>,
    names: OnceLock<Result<Names, Reason>>,
}

/// The identifiers, sorted, with what is said of each.
#[derive(Debug)]
struct Index {
    ids: Vec<u64>,
    marks: Vec<u8>,
    /// Where the parents of each begin in `parents`, and where the last one's end.
    starts: Vec<u32>,
    /// Places in `ids`.
    parents: Vec<u32>,
    /// The namespaces of identifiers, sorted: an identifier of another may well exist elsewhere.
    namespaces: Vec<u32>,
}

/// The names of each identifier as hashes: enough to tell whether a text is one of them.
#[derive(Debug)]
struct Names {
    starts: Vec<u32>,
    hashes: Vec<u64>,
}

impl Release {
    /// Opens a compiled release: reads its head.
    ///
    /// # Errors
    /// When the file cannot be read, or is not a release compiled by this version of Causeway.
    pub fn open(path: &Path) -> Result<Self, Box<Issue>> {
        Ok(Self {
            file: ReleaseFile::open(path)?,
            index: OnceLock::new(),
            names: OnceLock::new(),
        })
    }

    fn head(&self) -> &Head {
        self.file.head()
    }

    /// The code system.
    pub fn system(&self) -> &str {
        &self.head().system
    }

    /// The newest date in it, `20260422`; the names of the files it was made from, where none says.
    pub fn version(&self) -> &str {
        &self.head().version
    }

    /// How many identifiers are in it.
    pub fn count(&self) -> u64 {
        self.head().count
    }

    /// The names of the files it was made from.
    pub fn sources(&self) -> &[String] {
        &self.head().sources
    }

    fn index(&self) -> Result<&Index, Reason> {
        self.index
            .get_or_init(|| {
                let ids = self.file.longs(Section::Ids)?;
                let marks = self.file.bytes(Section::Marks)?;
                let starts = self.file.words(Section::ParentStarts)?;
                let parents = self.file.words(Section::Parents)?;
                let mut namespaces: Vec<u32> = ids.iter().map(|id| namespace(*id)).collect();
                namespaces.sort_unstable();
                namespaces.dedup();
                Ok(Index {
                    ids,
                    marks,
                    starts,
                    parents,
                    namespaces,
                })
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    fn place(&self, id: u64) -> Result<Option<usize>, Reason> {
        Ok(self.index()?.ids.binary_search(&id).ok())
    }

    /// Why the release cannot be used, if it cannot.
    pub(crate) fn failure(&self) -> Option<Reason> {
        self.index().err()
    }

    /// Whether an identifier is in the release. One whose namespace is nowhere in it may belong to
    /// an extension that the site did not load.
    pub(crate) fn has(&self, id: u64) -> Membership {
        match self.index() {
            Err(_) => Membership::Unknown,
            Ok(index) if index.ids.binary_search(&id).is_ok() => Membership::In,
            Ok(index) if index.namespaces.binary_search(&namespace(id)).is_ok() => Membership::Out,
            Ok(_) => Membership::Unknown,
        }
    }

    /// Whether a code is in the release, or in one class of it.
    pub(crate) fn holds(&self, code: &str, class: Option<Class>) -> Membership {
        let Some(id) = sctid::concept(code) else {
            // SNOMED CT also has expressions; dm+d has only identifiers.
            let may_be_expression =
                self.system() == SNOMED && !code.bytes().all(|byte| byte.is_ascii_digit());
            return if may_be_expression {
                Membership::Unknown
            } else {
                Membership::Out
            };
        };
        let found = self.has(id);
        let (Some(class), Membership::In) = (class, found) else {
            return found;
        };
        let is_of_class = |index: &Index| {
            let at = index.ids.binary_search(&id).ok()?;
            Some(index.marks.get(at)? & !ACTIVE == class as u8)
        };
        match self.index() {
            Ok(index) => Membership::of(is_of_class(index) == Some(true)),
            Err(_) => Membership::Unknown,
        }
    }

    /// Why a code is not decided.
    pub(crate) fn why(&self, code: &str) -> Reason {
        self.failure().unwrap_or_else(|| {
            if sctid::concept(code).is_none() {
                Reason::Expression
            } else {
                Reason::Fragment(self.system().into())
            }
        })
    }

    /// Whether a code is in use; `None` when it is not in the release.
    pub fn is_active(&self, code: &str) -> Option<bool> {
        let at = self.place(sctid::concept(code)?).ok()??;
        Some(self.index().ok()?.marks.get(at)? & ACTIVE != 0)
    }

    /// What an identifier stands directly under.
    pub(crate) fn parents(&self, id: u64) -> Result<Vec<u64>, Reason> {
        let index = self.index()?;
        let Ok(at) = index.ids.binary_search(&id) else {
            return Ok(Vec::new());
        };
        Ok(index
            .parents_of(at)
            .iter()
            .filter_map(|&parent| index.ids.get(parent as usize).copied())
            .collect())
    }

    /// Everything that an identifier stands under, without itself.
    pub(crate) fn ancestors(&self, id: u64) -> Result<Vec<u64>, Reason> {
        let index = self.index()?;
        let Ok(at) = index.ids.binary_search(&id) else {
            return Ok(Vec::new());
        };
        // Some tens even of the deepest concepts: a list is looked through faster than a hash.
        let mut found: Vec<u32> = Vec::new();
        let mut next = 0;
        found.extend(index.parents_of(at));
        while let Some(&above) = found.get(next) {
            next += 1;
            for &parent in index.parents_of(above as usize) {
                if !found.contains(&parent) {
                    found.push(parent);
                }
            }
        }
        Ok(found
            .into_iter()
            .filter_map(|place| index.ids.get(place as usize).copied())
            .filter(|above| *above != id)
            .collect())
    }

    /// Whether a reference set is in the release.
    pub(crate) fn has_reference_set(&self, set: u64) -> bool {
        self.head().reference_sets.iter().any(|one| one.id == set)
    }

    /// Whether a concept is in a reference set.
    pub(crate) fn is_member(&self, set: u64, id: u64) -> Membership {
        if !self.has_reference_set(set) {
            return Membership::Unknown;
        }
        let (Ok(place), Ok(members)) = (self.place(id), self.file.reference_set(set)) else {
            return Membership::Unknown;
        };
        Membership::of(
            place
                .and_then(|place| u32::try_from(place).ok())
                .is_some_and(|place| members.binary_search(&place).is_ok()),
        )
    }

    fn names(&self) -> Result<&Names, Reason> {
        self.names
            .get_or_init(|| {
                Ok(Names {
                    starts: self.file.words(Section::NameStarts)?,
                    hashes: self.file.longs(Section::Names)?,
                })
            })
            .as_ref()
            .map_err(Clone::clone)
    }

    /// Whether a text is one of the names of a code; unknown when none of its names is here.
    pub(crate) fn is_named(&self, code: &str, text: &str) -> Membership {
        let hashes = || -> Option<&[u64]> {
            let at = self.place(sctid::concept(code)?).ok()??;
            let names = self.names().ok()?;
            let start = *names.starts.get(at)? as usize;
            let end = *names.starts.get(at + 1)? as usize;
            names.hashes.get(start..end)
        };
        match hashes() {
            None | Some([]) => Membership::Unknown,
            Some(hashes) => Membership::of(hashes.contains(&draft::name_hash(text))),
        }
    }

    /// The preferred term of a code.
    pub(crate) fn term(&self, code: &str) -> Option<String> {
        let at = self.place(sctid::concept(code)?).ok()??;
        self.file.term(at).ok().flatten()
    }
}

impl Index {
    fn parents_of(&self, at: usize) -> &[u32] {
        let (Some(&start), Some(&end)) = (self.starts.get(at), self.starts.get(at + 1)) else {
            return &[];
        };
        self.parents
            .get(start as usize..end as usize)
            .unwrap_or(&[])
    }
}

/// The namespace of an identifier: the seven digits before the partition, where the partition says
/// that there is one; none for the international core.
fn namespace(id: u64) -> u32 {
    if id / 100 % 10 == 1 {
        u32::try_from(id / 1000 % 10_000_000).unwrap_or(u32::MAX)
    } else {
        0
    }
}
