//! Reading the files of a `.tgz` without trusting it.
//!
//! Nothing of an archive is written to disk under a name of its own, so a path that climbs out of
//! its folder can at most be ignored; what bounds memory and time is here.

use std::io::{self, Read};

use flate2::read::MultiGzDecoder;

/// The largest file that is read from a package, and the most that all of them may hold unpacked.
pub const MAX_FILE: u64 = 64 << 20;
/// See [`MAX_FILE`]. HL7's largest package (terminology) holds a fifth of a gigabyte.
pub const MAX_PACKAGE: u64 = 1 << 30;
/// How many entries an archive may have.
const MAX_ENTRIES: usize = 100_000;
/// How long a path that stands in an entry of its own may be, and such an entry as a whole.
const MAX_PATH: u64 = 64 << 10;

/// Gives each regular file of a `.tgz` with its path to `take`, which reads as much of it as it
/// wants.
///
/// # Errors
/// When the archive is damaged, cut short or larger than is reasonable, or `take` fails.
pub fn read(
    archive: impl Read,
    mut take: impl FnMut(&str, u64, &mut dyn Read) -> io::Result<()>,
) -> io::Result<()> {
    let unpacked = Bounded {
        inner: MultiGzDecoder::new(archive),
        left: MAX_PACKAGE,
    };
    let mut archive = tar::Archive::new(unpacked);
    let mut long_path: Option<Vec<u8>> = None;
    // Raw: the reader would otherwise gather long names in memory itself, however long they are.
    for (count, entry) in archive.entries()?.raw(true).enumerate() {
        let mut entry = entry?;
        if count >= MAX_ENTRIES {
            return Err(too_large(&format!("it has more than {MAX_ENTRIES} files")));
        }
        let kind = entry.header().entry_type();
        if kind.is_gnu_longname() || kind.is_pax_local_extensions() {
            if entry.size() > MAX_PATH {
                return Err(too_large("a file name in it has no end"));
            }
            let mut bytes = Vec::new();
            entry.read_to_end(&mut bytes)?;
            long_path = if kind.is_gnu_longname() {
                let end = bytes.iter().position(|&byte| byte == 0);
                bytes.truncate(end.unwrap_or(bytes.len()));
                Some(bytes)
            } else {
                pax_path(&bytes)
            };
            continue;
        }
        if kind.is_pax_global_extensions() || kind.is_gnu_longlink() {
            continue;
        }
        let path = long_path
            .take()
            .unwrap_or_else(|| entry.path_bytes().into_owned());
        if !kind.is_file() {
            continue;
        }
        let path = String::from_utf8_lossy(&path).into_owned();
        let size = entry.size();
        take(&path, size, &mut entry)?;
    }
    // The archive's own end comes before that of the compressed stream, which has the checksum.
    io::copy(&mut archive.into_inner(), &mut io::sink()).map(drop)
}

/// The path in the records of an extended header: `LENGTH path=VALUE\n`.
fn pax_path(records: &[u8]) -> Option<Vec<u8>> {
    let mut rest = records;
    let mut found = None;
    while !rest.is_empty() {
        let space = rest.iter().position(|&byte| byte == b' ')?;
        let length: usize = std::str::from_utf8(rest.get(..space)?).ok()?.parse().ok()?;
        let record = rest.get(space + 1..length)?.strip_suffix(b"\n")?;
        if let Some(path) = record.strip_prefix(b"path=") {
            found = Some(path.to_vec());
        }
        rest = rest.get(length..)?;
    }
    found
}

/// The name of a file directly in the folder `package`, when it may hold a resource or the
/// manifest. A path with anything unusual in it is nobody's.
pub fn package_file(path: &str) -> Option<&str> {
    let path = path.strip_prefix("./").unwrap_or(path);
    let name = path.strip_prefix("package/")?;
    is_resource_file(name).then_some(name)
}

/// Whether a file name may be that of a resource or the manifest.
pub fn is_resource_file(name: &str) -> bool {
    name.ends_with(".json")
        && !name.starts_with('.')
        && !name.contains(['/', '\\', '\0'])
        && name.len() <= 255
}

/// A reader that ends in an error rather than give more than it may.
struct Bounded<R> {
    inner: R,
    left: u64,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(into)?;
        self.left = self
            .left
            .checked_sub(read as u64)
            .ok_or_else(|| too_large(&format!("it unpacks to more than {MAX_PACKAGE} bytes")))?;
        Ok(read)
    }
}

/// The error of something that is larger than Causeway reads.
pub fn too_large(why: &str) -> io::Error {
    io::Error::other(why.to_owned())
}
