//! The file that holds a compiled release: a mark, the length of the head, the head, the sections.

use std::collections::HashMap;
use std::fs::File;
use std::io::{Read as _, Seek as _, SeekFrom, Write};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use diagnostics::{Issue, IssueType};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use crate::codes;
use crate::reason::Reason;

/// What every file begins with; the last byte is the version of the format.
const MAGIC: &[u8; 8] = b"CWTERM\x00\x01";
/// The longest head: some thousand reference sets.
const MAX_HEAD: usize = 1 << 24;

/// The parts of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Section {
    /// Identifiers, ascending, eight bytes each.
    Ids,
    /// A byte for each identifier: whether it is in use, and its class.
    Marks,
    /// Where each one's parents begin, four bytes each, and the end.
    ParentStarts,
    /// Places of parents, four bytes each.
    Parents,
    /// Where each one's names begin, four bytes each, and the end.
    NameStarts,
    /// The hashes of names, eight bytes each.
    Names,
    /// Where each preferred term begins, eight bytes each, and the end.
    TermStarts,
    /// The preferred terms, one after the other.
    Terms,
    /// The members of all reference sets: ascending places, four bytes each.
    Members,
}

/// Where a section is, counted from the end of the head, and the digest of its bytes.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Place {
    pub section: Section,
    pub at: u64,
    pub length: u64,
    pub digest: [u8; 32],
}

/// The members of one reference set: `count` from `start` on.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct ReferenceSet {
    pub id: u64,
    pub start: u64,
    pub count: u64,
}

/// What is known before anything is read.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Head {
    pub system: String,
    pub version: String,
    pub count: u64,
    pub sources: Vec<String>,
    pub places: Vec<Place>,
    pub reference_sets: Vec<ReferenceSet>,
}

/// An open file.
#[derive(Debug)]
pub struct ReleaseFile {
    head: Head,
    /// Where the sections begin.
    base: u64,
    path: PathBuf,
    file: Mutex<File>,
    sets: Mutex<HashMap<u64, Arc<[u32]>>>,
}

impl ReleaseFile {
    pub fn open(path: &Path) -> Result<Self, Box<Issue>> {
        let failed = |why: &str| {
            Box::new(
                Issue::error(
                    codes::RELEASE_UNUSABLE,
                    IssueType::Processing,
                    format!("the release {} cannot be used: {why}", path.display()),
                )
                .help("compile it again from the publisher's files: causeway terminology add"),
            )
        };
        let mut file = File::open(path).map_err(|error| failed(&error.to_string()))?;
        let mut start = [0_u8; 12];
        file.read_exact(&mut start)
            .map_err(|_| failed("it is no compiled release"))?;
        let (magic, length) = start.split_at(8);
        if magic != MAGIC {
            return Err(failed(
                "it is no release compiled by this version of Causeway",
            ));
        }
        let length: [u8; 4] = length.try_into().unwrap_or_default();
        let length = u32::from_le_bytes(length) as usize;
        if length > MAX_HEAD {
            return Err(failed("its head is too long"));
        }
        let mut head = vec![0; length];
        file.read_exact(&mut head)
            .map_err(|_| failed("it is cut short"))?;
        let head: Head = postcard::from_bytes(&head).map_err(|_| failed("its head is broken"))?;
        let base = 12 + length as u64;
        let end = head
            .places
            .iter()
            .map(|place| place.at.saturating_add(place.length))
            .max()
            .unwrap_or_default();
        let size = file
            .metadata()
            .map_err(|error| failed(&error.to_string()))?
            .len();
        if base.saturating_add(end) != size {
            return Err(failed("it is cut short"));
        }
        Ok(Self {
            head,
            base,
            path: path.to_owned(),
            file: Mutex::new(file),
            sets: Mutex::new(HashMap::new()),
        })
    }

    pub fn head(&self) -> &Head {
        &self.head
    }

    fn failed(&self, why: &str) -> Reason {
        Reason::Release(format!("{}: {why}", self.path.display()).into())
    }

    fn place(&self, section: Section) -> Result<&Place, Reason> {
        self.head
            .places
            .iter()
            .find(|place| place.section == section)
            .ok_or_else(|| self.failed("a part is missing"))
    }

    fn read(&self, at: u64, length: u64) -> Result<Vec<u8>, Reason> {
        let length = usize::try_from(length).map_err(|_| self.failed("it is too large"))?;
        let mut bytes = vec![0; length];
        // A poisoned lock left nothing half done: every read seeks first.
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        file.seek(SeekFrom::Start(self.base + at))
            .and_then(|_| file.read_exact(&mut bytes))
            .map_err(|error| self.failed(&error.to_string()))?;
        Ok(bytes)
    }

    /// A whole section, checked against its digest.
    pub fn bytes(&self, section: Section) -> Result<Vec<u8>, Reason> {
        let place = self.place(section)?;
        let bytes = self.read(place.at, place.length)?;
        if Sha256::digest(&bytes)[..] == place.digest {
            Ok(bytes)
        } else {
            Err(self.failed("it has changed since it was compiled"))
        }
    }

    pub fn words(&self, section: Section) -> Result<Vec<u32>, Reason> {
        Ok(words(&self.bytes(section)?))
    }

    pub fn longs(&self, section: Section) -> Result<Vec<u64>, Reason> {
        Ok(longs(&self.bytes(section)?))
    }

    /// The members of a reference set, as ascending places.
    pub fn reference_set(&self, id: u64) -> Result<Arc<[u32]>, Reason> {
        let mut sets = self.sets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = sets.get(&id) {
            return Ok(Arc::clone(known));
        }
        let set = self
            .head
            .reference_sets
            .iter()
            .find(|set| set.id == id)
            .ok_or(Reason::NoReferenceSet(id))?;
        let place = self.place(Section::Members)?;
        let members: Arc<[u32]> = words(&self.within(place, set.start * 4, set.count * 4)?).into();
        sets.insert(id, Arc::clone(&members));
        Ok(members)
    }

    /// The preferred term of the identifier at a place.
    pub fn term(&self, at: usize) -> Result<Option<String>, Reason> {
        let starts = self.place(Section::TermStarts)?;
        let bounds = longs(&self.within(starts, at as u64 * 8, 16)?);
        let [start, end] = bounds.as_slice() else {
            return Err(self.failed("a term is missing"));
        };
        let length = end
            .checked_sub(*start)
            .ok_or_else(|| self.failed("a term ends before it begins"))?;
        if length == 0 {
            return Ok(None);
        }
        let terms = self.place(Section::Terms)?;
        let bytes = self.within(terms, *start, length)?;
        String::from_utf8(bytes)
            .map(Some)
            .map_err(|_| self.failed("a term is not text"))
    }

    /// Bytes of a section.
    fn within(&self, place: &Place, start: u64, length: u64) -> Result<Vec<u8>, Reason> {
        if start
            .checked_add(length)
            .is_none_or(|end| end > place.length)
        {
            return Err(self.failed("a part is too short"));
        }
        self.read(place.at + start, length)
    }
}

fn words(bytes: &[u8]) -> Vec<u32> {
    let (words, _) = bytes.as_chunks::<4>();
    words.iter().copied().map(u32::from_le_bytes).collect()
}

fn longs(bytes: &[u8]) -> Vec<u64> {
    let (longs, _) = bytes.as_chunks::<8>();
    longs.iter().copied().map(u64::from_le_bytes).collect()
}

/// Writes the head before sections that are in a file of their own.
pub fn write(head: &Head, sections: &mut File, into: &mut impl Write) -> std::io::Result<()> {
    let head = postcard::to_stdvec(head).map_err(std::io::Error::other)?;
    let length = u32::try_from(head.len()).map_err(std::io::Error::other)?;
    into.write_all(MAGIC)?;
    into.write_all(&length.to_le_bytes())?;
    into.write_all(&head)?;
    sections.seek(SeekFrom::Start(0))?;
    std::io::copy(sections, into)?;
    Ok(())
}
