//! A file while it is read.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::pin::Pin;
use std::task::{Context, Poll, ready};
use std::time::SystemTime;

use tokio::io::{AsyncRead, ReadBuf};

/// What tells whether a file is still the same.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Stamp {
    pub size: u64,
    pub modified: Option<SystemTime>,
    #[cfg(unix)]
    id: (u64, u64),
}

impl Stamp {
    pub(crate) fn of(metadata: &Metadata) -> Self {
        #[cfg(unix)]
        use std::os::unix::fs::MetadataExt as _;
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
            #[cfg(unix)]
            id: (metadata.dev(), metadata.ino()),
        }
    }
}

/// A regular file under one name only, and no link: what a sender put there and nothing else.
pub(crate) fn is_plain_file(metadata: &Metadata) -> bool {
    #[cfg(unix)]
    {
        use std::os::unix::fs::MetadataExt as _;
        metadata.file_type().is_file() && metadata.nlink() == 1
    }
    #[cfg(not(unix))]
    metadata.file_type().is_file()
}

/// The bytes of a file. Its end is only told when all of it was read and nobody changed it meanwhile;
/// until then whoever reads must keep nothing for good.
#[derive(Debug)]
pub struct Content {
    file: tokio::fs::File,
    /// The same open file, to ask about.
    again: File,
    stamp: Stamp,
    read: u64,
    /// Whether the end was told.
    is_ended: bool,
}

impl Content {
    /// Opens a file that was picked up.
    pub(crate) fn open(path: &Path, stamp: &Stamp) -> io::Result<Self> {
        let file = File::open(path)?;
        // What was looked at under the name, and what was opened, must be one and the same.
        if Stamp::of(&file.metadata()?) != *stamp {
            return Err(changed());
        }
        Ok(Self {
            again: file.try_clone()?,
            file: tokio::fs::File::from_std(file),
            stamp: stamp.clone(),
            read: 0,
            is_ended: false,
        })
    }

    /// How many bytes the file has.
    pub fn length(&self) -> u64 {
        self.stamp.size
    }

    pub(crate) fn is_ended(&self) -> bool {
        self.is_ended
    }
}

fn changed() -> io::Error {
    io::Error::new(
        io::ErrorKind::InvalidData,
        "the file was changed while it was read",
    )
}

impl AsyncRead for Content {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        if buffer.remaining() == 0 {
            return Poll::Ready(Ok(()));
        }
        let before = buffer.filled().len();
        ready!(Pin::new(&mut self.file).poll_read(context, buffer))?;
        let count = buffer.filled().len() - before;
        self.read += count as u64;
        if count > 0 {
            return Poll::Ready(Ok(()));
        }
        let now = Stamp::of(&self.again.metadata()?);
        if now != self.stamp || self.read != self.stamp.size {
            return Poll::Ready(Err(changed()));
        }
        self.is_ended = true;
        Poll::Ready(Ok(()))
    }
}
