//! Why a file could not be kept, or not read back.

use std::fmt;

/// Why a file could not be kept.
#[derive(Debug)]
pub enum WriteError {
    /// It has more bytes than may be sent.
    TooLarge {
        /// The limit in bytes.
        limit: u64,
    },
    /// It was said to be gzip and is not, or it ends too early.
    NotGzip,
    /// The system gave no random numbers for a key.
    NoRandomness,
    /// The work was interrupted.
    Interrupted,
    /// The store failed.
    Store(store::Error),
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooLarge { limit } => write!(
                f,
                "the file is larger than the {limit} bytes that may be sent: send it in parts, or ask whoever runs Causeway for a higher limit"
            ),
            Self::NotGzip => f.write_str(
                "the file is said to be compressed with gzip and is not, or it was cut off: send it again",
            ),
            Self::NoRandomness => {
                f.write_str("the system gave no random numbers, so the file cannot be encrypted")
            }
            Self::Interrupted => f.write_str("the work was interrupted: send the file again"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for WriteError {}

impl From<store::Error> for WriteError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Why a file could not be read back.
#[derive(Debug)]
pub enum ReadError {
    /// No such file is kept.
    NotKept,
    /// Its content was erased.
    Erased,
    /// It is encrypted, and the key that it needs is not given.
    KeyMissing {
        /// The key's name.
        name: String,
    },
    /// The key of that name is not the one that it was encrypted with, or what it protects was
    /// changed.
    WrongKey {
        /// The key's name.
        name: String,
    },
    /// It is not what was sent any more: a piece is missing or changed.
    Damaged {
        /// Which piece, from 0; `None` when only the whole shows it.
        piece: Option<u32>,
    },
    /// What is read cannot be written where it is wanted.
    Output(std::io::Error),
    /// The work was interrupted.
    Interrupted,
    /// The store failed.
    Store(store::Error),
}

impl fmt::Display for ReadError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotKept => f.write_str("the file is not in the archive"),
            Self::Erased => f.write_str("the file's content was erased from the archive"),
            Self::KeyMissing { name } => write!(
                f,
                "the file is encrypted with the archive key {name:?}, which is not configured: add it to the archive's keys"
            ),
            Self::WrongKey { name } => write!(
                f,
                "the archive key {name:?} does not open the file: it is not the key of that name that it was encrypted with, or the archive was changed"
            ),
            Self::Damaged { piece: Some(piece) } => {
                write!(
                    f,
                    "piece {piece} of the archived file is missing or damaged: restore it from a backup"
                )
            }
            Self::Damaged { piece: None } => f.write_str(
                "the archived file is not the one that was sent: restore it from a backup",
            ),
            Self::Output(error) => write!(f, "the archived file cannot be written out: {error}"),
            Self::Interrupted => f.write_str("the work was interrupted"),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for ReadError {}

impl From<store::Error> for ReadError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

/// Why keys cannot be used. Holds no digit of a key.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum KeyError {
    /// A line is not `NAME=` and 64 hexadecimal digits.
    Unreadable {
        /// The line, from 1.
        line: usize,
    },
    /// Two keys have one name.
    TwiceNamed {
        /// The name.
        name: String,
    },
}

impl fmt::Display for KeyError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreadable { line } => write!(
                f,
                "line {line} of the archive's keys is not a name, an equals sign and 64 hexadecimal digits (32 random bytes)"
            ),
            Self::TwiceNamed { name } => {
                write!(
                    f,
                    "two of the archive's keys are named {name:?}: a new key needs a new name"
                )
            }
        }
    }
}

impl std::error::Error for KeyError {}
