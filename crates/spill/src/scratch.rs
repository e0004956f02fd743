//! The temporary file of a budget: places in it are given out and taken back.

use std::fs::File;
use std::io;
use std::path::PathBuf;
use std::sync::{Mutex, OnceLock, PoisonError};

/// A part of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Region {
    pub offset: u64,
    pub len: u64,
}

impl Region {
    fn end(self) -> u64 {
        self.offset + self.len
    }
}

/// One file without a name, made when it is first needed.
#[derive(Debug)]
pub(crate) struct Scratch {
    folder: Option<PathBuf>,
    /// How long the file may become.
    most: u64,
    file: OnceLock<File>,
    space: Mutex<Space>,
}

/// What of the file is in use.
#[derive(Debug, Default)]
struct Space {
    end: u64,
    /// In the order of their offsets; no two touch.
    free: Vec<Region>,
}

impl Scratch {
    pub fn new(folder: Option<PathBuf>, most: u64) -> Self {
        Self {
            folder,
            most,
            file: OnceLock::new(),
            space: Mutex::default(),
        }
    }

    fn file(&self) -> io::Result<&File> {
        if let Some(file) = self.file.get() {
            return Ok(file);
        }
        let made = match &self.folder {
            Some(folder) => tempfile::tempfile_in(folder)?,
            None => tempfile::tempfile()?,
        };
        Ok(self.file.get_or_init(|| made))
    }

    /// How many bytes of the file were ever given out.
    pub fn len(&self) -> u64 {
        self.space().end
    }

    fn space(&self) -> std::sync::MutexGuard<'_, Space> {
        self.space.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A place of so many bytes. What it holds is not said.
    pub fn allocate(&self, len: u64) -> Region {
        let mut space = self.space();
        let best = space
            .free
            .iter()
            .enumerate()
            .filter(|(_, region)| region.len >= len)
            .min_by_key(|(_, region)| region.len)
            .map(|(index, _)| index);
        if let Some(index) = best
            && let Some(region) = space.free.get_mut(index)
        {
            let given = Region {
                offset: region.offset,
                len,
            };
            region.offset += len;
            region.len -= len;
            if region.len == 0 {
                space.free.remove(index);
            }
            return given;
        }
        // The last place, where it is free, grows.
        if let Some(last) = space.free.last().copied()
            && last.end() == space.end
        {
            space.free.pop();
            space.end = last.offset + len;
            return Region {
                offset: last.offset,
                len,
            };
        }
        let given = Region {
            offset: space.end,
            len,
        };
        space.end += len;
        given
    }

    /// Takes a place back.
    pub fn free(&self, region: Region) {
        if region.len == 0 {
            return;
        }
        let mut space = self.space();
        let at = space
            .free
            .partition_point(|free| free.offset < region.offset);
        space.free.insert(at, region);
        if let Some(next) = space.free.get(at + 1).copied()
            && region.end() == next.offset
        {
            if let Some(own) = space.free.get_mut(at) {
                own.len += next.len;
            }
            space.free.remove(at + 1);
        }
        if at > 0
            && let Some(own) = space.free.get(at).copied()
            && let Some(before) = space.free.get_mut(at - 1)
            && before.end() == own.offset
        {
            before.len += own.len;
            space.free.remove(at);
        }
    }

    /// Fills a buffer from a place of the file. Beyond its end there are zeros.
    pub fn read(&self, mut buffer: &mut [u8], mut offset: u64) -> io::Result<()> {
        let file = self.file()?;
        while !buffer.is_empty() {
            match read_at(file, buffer, offset) {
                Ok(0) => {
                    buffer.fill(0);
                    return Ok(());
                }
                Ok(read) => {
                    offset += read as u64;
                    buffer = buffer.get_mut(read..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }

    /// Writes at a place of the file.
    pub fn write(&self, mut bytes: &[u8], mut offset: u64) -> io::Result<()> {
        if offset.saturating_add(bytes.len() as u64) > self.most {
            return Err(io::Error::new(
                io::ErrorKind::StorageFull,
                "the temporary file may not become longer",
            ));
        }
        let file = self.file()?;
        while !bytes.is_empty() {
            match write_at(file, bytes, offset) {
                Ok(0) => return Err(io::ErrorKind::WriteZero.into()),
                Ok(written) => {
                    offset += written as u64;
                    bytes = bytes.get(written..).unwrap_or_default();
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
        Ok(())
    }
}

#[cfg(unix)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::read_at(file, buffer, offset)
}

#[cfg(unix)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::unix::fs::FileExt::write_at(file, bytes, offset)
}

#[cfg(windows)]
fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    match std::os::windows::fs::FileExt::seek_read(file, buffer, offset) {
        // The end of the file is an error there.
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(0),
        outcome => outcome,
    }
}

#[cfg(windows)]
fn write_at(file: &File, bytes: &[u8], offset: u64) -> io::Result<usize> {
    std::os::windows::fs::FileExt::seek_write(file, bytes, offset)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_that_come_back_are_given_out_again() {
        let scratch = Scratch::new(None, u64::MAX);
        let places: Vec<Region> = (0..4).map(|_| scratch.allocate(100)).collect();
        scratch.free(places[1]);
        scratch.free(places[2]);
        assert_eq!(scratch.allocate(200).offset, 100, "neighbours are one");
        scratch.free(places[3]);
        assert_eq!(scratch.allocate(150).offset, 300, "the last one grows");
        assert_eq!(scratch.len(), 450);
        scratch.free(places[0]);
        assert_eq!(scratch.allocate(40).offset, 0);
        assert_eq!(scratch.allocate(60).offset, 40);
        assert_eq!(scratch.allocate(1).offset, 450);
    }

    #[test]
    fn what_was_never_written_is_zero() {
        let scratch = Scratch::new(None, u64::MAX);
        scratch.write(b"abc", 2).unwrap();
        let mut buffer = [9; 7];
        scratch.read(&mut buffer, 0).unwrap();
        assert_eq!(&buffer, b"\0\0abc\0\0");
    }
}
