//! A file, or bytes that came by another way, that can be read more than once.

use std::fs::File;
use std::io::{self, Cursor, Read, Seek};
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// What an [`Input`] opens to.
pub trait ReadSeek: Read + Seek + Send {}

impl<T: Read + Seek + Send> ReadSeek for T {}

/// An input with its name. Cloning it is cheap and copies no content.
#[derive(Debug, Clone)]
pub struct Input {
    name: Arc<str>,
    content: Content,
}

#[derive(Debug, Clone)]
enum Content {
    Path(PathBuf),
    Bytes(Arc<[u8]>),
}

impl Input {
    /// A file on disk. Its name in messages is its last path component: a folder's name says where
    /// somebody keeps a person's data and helps nobody else.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        let path = path.into();
        let name = path.file_name().map_or_else(
            || "input".to_owned(),
            |name| name.to_string_lossy().into_owned(),
        );
        Self {
            name: name.into(),
            content: Content::Path(path),
        }
    }

    /// Bytes in memory, with the name that messages call them by.
    pub fn bytes(name: impl Into<Arc<str>>, bytes: impl Into<Arc<[u8]>>) -> Self {
        Self {
            name: name.into(),
            content: Content::Bytes(bytes.into()),
        }
    }

    /// The same content under another name: a temporary file under the name its sender gave it.
    #[must_use]
    pub fn named(mut self, name: impl Into<Arc<str>>) -> Self {
        self.name = name.into();
        self
    }

    /// The name without a folder.
    pub fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The file on disk, when it is one.
    pub fn file_path(&self) -> Option<&Path> {
        match &self.content {
            Content::Path(path) => Some(path),
            Content::Bytes(_) => None,
        }
    }

    /// How many bytes it has.
    ///
    /// # Errors
    /// When the file does not exist or may not be read.
    pub fn len(&self) -> io::Result<u64> {
        match &self.content {
            Content::Path(path) => Ok(std::fs::metadata(path)?.len()),
            Content::Bytes(bytes) => Ok(bytes.len() as u64),
        }
    }

    /// Whether it has no bytes.
    ///
    /// # Errors
    /// As [`Input::len`].
    pub fn is_empty(&self) -> io::Result<bool> {
        Ok(self.len()? == 0)
    }

    /// Opens it from the start; every call is a new, independent reading.
    ///
    /// # Errors
    /// When the file does not exist or may not be read.
    pub fn open(&self) -> io::Result<Box<dyn ReadSeek>> {
        match &self.content {
            Content::Path(path) => Ok(Box::new(File::open(path)?)),
            Content::Bytes(bytes) => Ok(Box::new(Cursor::new(Arc::clone(bytes)))),
        }
    }
}
