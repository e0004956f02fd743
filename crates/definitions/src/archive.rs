//! The binary form that is built into the program.
//!
//! An index, then one deflated postcard record a definition. Reading the index borrows its texts
//! from the bytes; a record is decoded when its definition is asked for.

use std::borrow::Cow;
use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::DeflateDecoder;
use flate2::write::DeflateEncoder;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::form::Definition;
use crate::{Kind, SearchParameter};

/// What the index says of a definition.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub struct Entry<'a> {
    /// What it is.
    pub sort: Sort,
    /// The canonical url.
    #[serde(borrow)]
    pub url: Cow<'a, str>,
    /// The business version; empty when it has none.
    #[serde(borrow)]
    pub version: Cow<'a, str>,
    /// Its resource id.
    #[serde(borrow)]
    pub id: Cow<'a, str>,
    /// The type it defines or constrains; the code of a search parameter.
    #[serde(borrow)]
    pub type_name: Cow<'a, str>,
    /// The resource types of a search parameter, with spaces between them: one text can be
    /// borrowed from the index, a list of texts cannot.
    #[serde(borrow)]
    pub bases: Cow<'a, str>,
    /// Whether its publisher has retired it.
    pub is_retired: bool,
    at: u32,
    length: u32,
}

/// What a definition is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub enum Sort {
    /// A type of this kind; abstract or concrete.
    Type { kind: Kind, is_abstract: bool },
    /// A profile.
    Profile,
    /// A value set.
    ValueSet,
    /// A code system; a supplement does not define its codes.
    CodeSystem { is_supplement: bool },
    /// A search parameter.
    SearchParameter,
}

impl Entry<'_> {
    /// The entry of a definition, its record at a place in the archive.
    fn of(definition: &Definition, at: usize, length: usize) -> Result<Entry<'static>, String> {
        let own = |text: &str| Cow::Owned(text.to_owned());
        let mut entry = Entry {
            sort: Sort::ValueSet,
            url: own(definition.url()),
            version: Cow::Borrowed(""),
            id: Cow::Borrowed(""),
            type_name: Cow::Borrowed(""),
            bases: Cow::Borrowed(""),
            is_retired: false,
            at: u32::try_from(at).map_err(|_| "the definitions are larger than 4 GB")?,
            length: u32::try_from(length).map_err(|_| "a definition is larger than 4 GB")?,
        };
        let version = match definition {
            Definition::Structure(structure) => {
                entry.sort = if structure.is_profile {
                    Sort::Profile
                } else {
                    Sort::Type {
                        kind: structure.kind,
                        is_abstract: structure.is_abstract,
                    }
                };
                entry.id = own(&structure.id);
                entry.type_name = own(&structure.type_name);
                entry.is_retired = structure.is_retired;
                &structure.version
            }
            Definition::ValueSet(set) => {
                entry.is_retired = set.is_retired;
                &set.version
            }
            Definition::CodeSystem(system) => {
                entry.sort = Sort::CodeSystem {
                    is_supplement: system.supplements.is_some(),
                };
                entry.is_retired = system.is_retired;
                &system.version
            }
            Definition::SearchParameter(parameter) => {
                entry.sort = Sort::SearchParameter;
                entry.type_name = own(&parameter.code);
                entry.bases = Cow::Owned(parameter.bases.join(" "));
                &None
            }
        };
        if let Some(version) = version {
            entry.version = own(version);
        }
        Ok(entry)
    }
}

impl Entry<'_> {
    #[allow(dead_code, reason = "the build script has no use for it")]
    fn into_owned(self) -> Entry<'static> {
        let own = |text: Cow<'_, str>| Cow::Owned(text.into_owned());
        Entry {
            sort: self.sort,
            url: own(self.url),
            version: own(self.version),
            id: own(self.id),
            type_name: own(self.type_name),
            bases: own(self.bases),
            is_retired: self.is_retired,
            at: self.at,
            length: self.length,
        }
    }
}

/// Packs definitions, in the order given.
///
/// # Errors
/// When they do not fit, which takes gigabytes of them.
#[allow(dead_code, reason = "the build script packs, the library unpacks")]
pub fn pack(definitions: &[Definition]) -> Result<Vec<u8>, String> {
    let (entries, records) = records(definitions, Compression::best())?;
    let mut archive = Vec::new();
    write(&entries, &records, &mut archive)?;
    Ok(archive)
}

fn write(entries: &[Entry<'_>], records: &[u8], out: &mut Vec<u8>) -> Result<(), String> {
    let index = postcard::to_stdvec(entries)
        .map_err(|error| format!("the index cannot be packed: {error}"))?;
    let length = u32::try_from(index.len()).map_err(|_| "the index is larger than 4 GB")?;
    out.extend_from_slice(&length.to_le_bytes());
    out.extend_from_slice(&index);
    out.extend_from_slice(records);
    Ok(())
}

type Packed = (Vec<Entry<'static>>, Vec<u8>);

fn records(definitions: &[Definition], effort: Compression) -> Result<Packed, String> {
    let mut entries = Vec::with_capacity(definitions.len());
    let mut records = Vec::new();
    for definition in definitions {
        let plain = match definition {
            Definition::Structure(structure) => postcard::to_stdvec(structure),
            Definition::ValueSet(set) => postcard::to_stdvec(set),
            Definition::CodeSystem(system) => postcard::to_stdvec(system),
            Definition::SearchParameter(parameter) => postcard::to_stdvec(parameter),
        }
        .map_err(|error| format!("{} cannot be packed: {error}", definition.url()))?;
        let mut encoder = DeflateEncoder::new(Vec::new(), effort);
        let packed = encoder
            .write_all(&plain)
            .and_then(|()| encoder.finish())
            .map_err(|error| format!("{} cannot be packed: {error}", definition.url()))?;
        entries.push(Entry::of(definition, records.len(), packed.len())?);
        records.extend_from_slice(&packed);
    }
    Ok((entries, records))
}

/// An archive, read as far as its index.
#[derive(Debug, Default)]
pub struct Archive {
    /// What is in it.
    pub entries: Vec<Entry<'static>>,
    records: Cow<'static, [u8]>,
}

impl Archive {
    /// Reads the index of packed definitions. `None` when the bytes are not an archive.
    pub fn open(bytes: &'static [u8]) -> Option<Self> {
        let (length, rest) = bytes.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let (index, records) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        Some(Self {
            entries: postcard::from_bytes(index).ok()?,
            records: Cow::Borrowed(records),
        })
    }

    /// An archive of definitions that were read at run time.
    ///
    /// # Errors
    /// When they do not fit.
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn of(definitions: &[Definition]) -> Result<Self, String> {
        let (entries, records) = records(definitions, Compression::fast())?;
        Ok(Self {
            entries,
            records: Cow::Owned(records),
        })
    }

    /// As [`Archive::open`], of bytes that were read from a file.
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn from_vec(bytes: &[u8]) -> Option<Self> {
        let (length, rest) = bytes.split_at_checked(4)?;
        let length = u32::from_le_bytes(length.try_into().ok()?);
        let (index, records) = rest.split_at_checked(usize::try_from(length).ok()?)?;
        let entries: Vec<Entry<'_>> = postcard::from_bytes(index).ok()?;
        Some(Self {
            entries: entries.into_iter().map(Entry::into_owned).collect(),
            records: Cow::Owned(records.to_vec()),
        })
    }

    /// Writes it as [`pack`] does.
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn write(&self, out: &mut Vec<u8>) -> Result<(), String> {
        write(&self.entries, &self.records, out)
    }

    /// The packed records of all definitions.
    #[allow(dead_code, reason = "the build script has no use for it")]
    pub fn records(&self) -> &[u8] {
        &self.records
    }

    /// The plain bytes of a record: the same for the same definition.
    pub fn plain(&self, entry: &Entry<'_>) -> Option<Vec<u8>> {
        let packed = self.packed(entry)?;
        let mut plain = Vec::with_capacity(packed.len() * 4);
        DeflateDecoder::new(packed).read_to_end(&mut plain).ok()?;
        Some(plain)
    }

    fn packed(&self, entry: &Entry<'_>) -> Option<&[u8]> {
        let start = usize::try_from(entry.at).ok()?;
        let length = usize::try_from(entry.length).ok()?;
        self.records.get(start..start.checked_add(length)?)
    }

    /// Decodes the record of an entry as what its sort says it is.
    pub fn record<T: DeserializeOwned>(&self, entry: &Entry<'_>) -> Option<T> {
        postcard::from_bytes(&self.plain(entry)?).ok()
    }

    /// The search parameter of an entry.
    pub fn search_parameter(&self, entry: &Entry<'_>) -> Option<SearchParameter> {
        (entry.sort == Sort::SearchParameter)
            .then(|| self.record(entry))
            .flatten()
    }
}
