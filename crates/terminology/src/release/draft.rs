//! A release while it is made. Identifiers, parents and members are kept in memory as numbers; terms
//! go to a temporary file.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write as _};
use std::path::Path;

use diagnostics::{Issue, IssueType};
use sha2::{Digest as _, Sha256};

use super::file::{self, Head, Place, ReferenceSet, Section};
use crate::codes;
use crate::system::fold_name;

/// What an identifier is: its date, whether it is in use, its class.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Listed {
    pub id: u64,
    pub date: u32,
    pub mark: u8,
}

/// The release so far.
pub struct Draft {
    system: &'static str,
    sources: Vec<String>,
    newest: u32,
    ids: Vec<u64>,
    marks: Vec<u8>,
    /// (place, place of the parent)
    parents: Vec<(u32, u32)>,
    /// (place, hash of a name)
    names: Vec<(u32, u64)>,
    sets: BTreeMap<u64, Vec<u32>>,
    spool: File,
    spooled: u64,
    /// Where the best term so far of each is in the spool, and how good it is (0: there is none).
    terms: Vec<(u64, u32, u8)>,
}

/// The first eight bytes of the hash of a name, folded as names are compared.
pub fn name_hash(name: &str) -> u64 {
    let digest = Sha256::digest(fold_name(name).as_bytes());
    let (words, _) = digest.as_chunks::<8>();
    words.first().copied().map_or(0, u64::from_le_bytes)
}

/// The issue of a release that cannot be written.
pub fn not_written(path: &Path, error: &std::io::Error) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::NOT_WRITTEN,
            IssueType::Processing,
            format!(
                "the release cannot be written to {}: {error}",
                path.display()
            ),
        )
        .help("make room, or give Causeway a folder that it may write to"),
    )
}

impl Draft {
    /// A release of these identifiers; of one that is listed more than once the newest counts.
    pub fn new(system: &'static str, mut listed: Vec<Listed>) -> std::io::Result<Self> {
        listed.sort_unstable_by(|one, other| other.cmp(one));
        listed.dedup_by_key(|one| one.id);
        listed.reverse();
        Ok(Self {
            system,
            sources: Vec::new(),
            newest: listed.iter().map(|one| one.date).max().unwrap_or_default(),
            terms: vec![(0, 0, 0); listed.len()],
            ids: listed.iter().map(|one| one.id).collect(),
            marks: listed.iter().map(|one| one.mark).collect(),
            parents: Vec::new(),
            names: Vec::new(),
            sets: BTreeMap::new(),
            spool: tempfile::tempfile()?,
            spooled: 0,
        })
    }

    pub fn place(&self, id: u64) -> Option<u32> {
        let at = self.ids.binary_search(&id).ok()?;
        u32::try_from(at).ok()
    }

    pub fn count(&self) -> usize {
        self.ids.len()
    }

    pub fn source(&mut self, name: &str) {
        self.sources.push(name.to_owned());
    }

    pub fn parent(&mut self, child: u32, parent: u32) {
        self.parents.push((child, parent));
    }

    pub fn member(&mut self, set: u64, place: u32) {
        self.sets.entry(set).or_default().push(place);
    }

    /// A reference set, though it may have no member.
    pub fn reference_set(&mut self, set: u64) {
        self.sets.entry(set).or_default();
    }

    /// A name; the one with the highest rank becomes the preferred term.
    pub fn name(&mut self, place: u32, name: &str, rank: u8) -> std::io::Result<()> {
        self.names.push((place, name_hash(name)));
        let Some(best) = self.terms.get_mut(place as usize) else {
            return Ok(());
        };
        if best.2 < rank {
            let length = u32::try_from(name.len()).map_err(std::io::Error::other)?;
            *best = (self.spooled, length, rank);
            self.spool.write_all(name.as_bytes())?;
            self.spooled += u64::from(length);
        }
        Ok(())
    }

    /// Writes the release to a file, in one step: either the whole is there or what was before.
    pub fn write(mut self, into: &Path) -> Result<(), Box<Issue>> {
        let failed = |error: &std::io::Error| not_written(into, error);
        let folder = into.parent().unwrap_or(Path::new("."));
        std::fs::create_dir_all(folder).map_err(|error| failed(&error))?;
        let mut sections = Sections::new(folder).map_err(|error| failed(&error))?;
        let head = self
            .sections(&mut sections)
            .map_err(|error| failed(&error))?;
        let mut made = tempfile::NamedTempFile::new_in(folder).map_err(|error| failed(&error))?;
        file::write(&head, &mut sections.file, made.as_file_mut())
            .and_then(|()| made.as_file().sync_all())
            .map_err(|error| failed(&error))?;
        made.persist(into).map_err(|error| failed(&error.error))?;
        Ok(())
    }

    fn sections(&mut self, sections: &mut Sections) -> std::io::Result<Head> {
        let count = self.ids.len();
        let longs =
            |all: &[u64]| -> Vec<u8> { all.iter().flat_map(|one| one.to_le_bytes()).collect() };
        let words =
            |all: &[u32]| -> Vec<u8> { all.iter().flat_map(|one| one.to_le_bytes()).collect() };
        sections.add(Section::Ids, &longs(&self.ids))?;
        sections.add(Section::Marks, &self.marks)?;

        self.parents.sort_unstable();
        self.parents.dedup();
        let (starts, parents) = grouped(count, &self.parents)?;
        sections.add(Section::ParentStarts, &words(&starts))?;
        sections.add(Section::Parents, &words(&parents))?;

        self.names.sort_unstable();
        self.names.dedup();
        let (starts, names) = grouped(count, &self.names)?;
        sections.add(Section::NameStarts, &words(&starts))?;
        sections.add(Section::Names, &longs(&names))?;

        let mut reference_sets = Vec::new();
        let mut members: Vec<u32> = Vec::new();
        for (&id, places) in &mut self.sets {
            places.sort_unstable();
            places.dedup();
            reference_sets.push(ReferenceSet {
                id,
                start: members.len() as u64,
                count: places.len() as u64,
            });
            members.append(places);
        }
        sections.add(Section::Members, &words(&members))?;

        let mut start = 0;
        let mut starts = Vec::with_capacity(count + 1);
        for (_, length, _) in &self.terms {
            starts.push(start);
            start += u64::from(*length);
        }
        starts.push(start);
        sections.add(Section::TermStarts, &longs(&starts))?;
        sections.begin(Section::Terms)?;
        let mut term = Vec::new();
        for (at, length, _) in &self.terms {
            term.resize(*length as usize, 0);
            self.spool.seek(SeekFrom::Start(*at))?;
            self.spool.read_exact(&mut term)?;
            sections.put(&term)?;
        }
        sections.end();
        Ok(Head {
            system: self.system.to_owned(),
            version: if self.newest == 0 {
                self.sources.join(", ")
            } else {
                self.newest.to_string()
            },
            count: count as u64,
            sources: std::mem::take(&mut self.sources),
            places: std::mem::take(&mut sections.places),
            reference_sets,
        })
    }
}

/// Sorted pairs as the second of each, and where those of each first begin.
fn grouped<T: Copy>(count: usize, pairs: &[(u32, T)]) -> std::io::Result<(Vec<u32>, Vec<T>)> {
    u32::try_from(pairs.len()).map_err(std::io::Error::other)?;
    let mut starts = Vec::with_capacity(count + 1);
    let mut at = 0_u32;
    let mut rest = pairs;
    for place in 0..count {
        starts.push(at);
        while let Some((first, after)) = rest.split_first()
            && first.0 as usize == place
        {
            at += 1;
            rest = after;
        }
    }
    starts.push(at);
    Ok((starts, pairs.iter().map(|(_, second)| *second).collect()))
}

/// The sections, written one after the other to a temporary file.
struct Sections {
    file: File,
    places: Vec<Place>,
    written: u64,
    digest: Sha256,
}

impl Sections {
    fn new(folder: &Path) -> std::io::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile_in(folder)?,
            places: Vec::new(),
            written: 0,
            digest: Sha256::new(),
        })
    }

    fn add(&mut self, section: Section, bytes: &[u8]) -> std::io::Result<()> {
        self.begin(section)?;
        self.put(bytes)?;
        self.end();
        Ok(())
    }

    fn begin(&mut self, section: Section) -> std::io::Result<()> {
        self.digest = Sha256::new();
        self.places.push(Place {
            section,
            at: self.written,
            length: 0,
            digest: [0; 32],
        });
        Ok(())
    }

    fn put(&mut self, bytes: &[u8]) -> std::io::Result<()> {
        self.file.write_all(bytes)?;
        self.digest.update(bytes);
        self.written += bytes.len() as u64;
        Ok(())
    }

    fn end(&mut self) {
        let digest = std::mem::take(&mut self.digest).finalize();
        if let Some(place) = self.places.last_mut() {
            place.length = self.written - place.at;
            place.digest.copy_from_slice(&digest);
        }
    }
}
