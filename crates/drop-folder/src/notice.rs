//! What an operator should see.

use std::fmt;
use std::io;

use crate::name::Ticket;
use crate::receive::NotReceived;

/// Something that happened in a folder. Files are named by their ticket: their own names may hold a
/// person's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A file is kept and put away.
    Received {
        /// Which.
        ticket: Ticket,
        /// Whether it had been kept before.
        is_again: bool,
    },
    /// A file can never be kept and was put into `failed`.
    Refused {
        /// Which.
        ticket: Ticket,
        /// Why.
        why: Reason,
    },
    /// A file could not be kept now; it is offered again.
    NotReceived {
        /// Which.
        ticket: Ticket,
        /// Why.
        why: NotReceived,
    },
    /// A file is kept, and could not be put away; it will be.
    NotPutAway {
        /// Which.
        ticket: Ticket,
        /// Why.
        why: io::ErrorKind,
    },
    /// Something in a folder below `inbox` is never taken: a link, a device, a file with several
    /// names.
    NotTaken {
        /// The folder.
        folder: String,
        /// How many.
        count: usize,
    },
    /// Files in a folder below `inbox` wait for their marker for more than an hour.
    NotMarked {
        /// The folder.
        folder: String,
        /// How many.
        count: usize,
    },
    /// A folder could not be read or changed.
    Folder {
        /// Which, below the watched folder.
        folder: String,
        /// Why.
        why: io::ErrorKind,
    },
}

/// Why a file can never be kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// It has no bytes.
    Empty,
    /// It has more bytes than the settings allow.
    TooLarge {
        /// The most.
        most: u64,
    },
    /// It is a link, a device, or has several names.
    NotAFile,
    /// The receiver says so.
    Refused(String),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Empty => f.write_str("the file is empty"),
            Self::TooLarge { most } => write!(f, "the file holds more than {most} bytes"),
            Self::NotAFile => f.write_str("it is a link or a device and no plain file"),
            Self::Refused(why) => f.write_str(why),
        }
    }
}

impl Reason {
    /// What the sender can do.
    pub fn mend(&self) -> &'static str {
        match self {
            Self::Empty => {
                "Export the records again, check that the new file has something in it, and send that."
            }
            Self::TooLarge { .. } => {
                "Send the export in several files, or ask those who run Causeway to allow larger ones."
            }
            Self::NotAFile => "Put the file itself into the folder, not a link to it.",
            Self::Refused(_) => {
                "Mend what is said above and send the file again. Ask those who run Causeway if it is not clear."
            }
        }
    }
}

impl Notice {
    /// Whether somebody must do something.
    pub fn is_alarm(&self) -> bool {
        !matches!(self, Self::Received { .. })
    }

    /// Its kind in a word, for counting.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Received {
                is_again: false, ..
            } => "received",
            Self::Received { .. } => "again",
            Self::Refused { .. } => "refused",
            Self::NotReceived { .. } => "not-received",
            Self::NotPutAway { .. } => "not-put-away",
            Self::NotTaken { .. } => "not-taken",
            Self::NotMarked { .. } => "not-marked",
            Self::Folder { .. } => "folder",
        }
    }

    /// Writes it to the log.
    pub fn log(&self) {
        if self.is_alarm() {
            tracing::warn!(target: "drop_folder", "{self}");
        } else {
            tracing::info!(target: "drop_folder", "{self}");
        }
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received {
                ticket,
                is_again: false,
            } => write!(f, "file {ticket} was received"),
            Self::Received { ticket, .. } => write!(f, "file {ticket} had been received before"),
            Self::Refused { ticket, why } => {
                write!(f, "file {ticket} was put into failed: {why}")
            }
            Self::NotReceived { ticket, why } => write!(
                f,
                "file {ticket} could not be kept, stays in processing and is tried again: {why}"
            ),
            Self::NotPutAway { ticket, why } => write!(
                f,
                "file {ticket} was received and could not be put away, which is tried again: {why}"
            ),
            Self::NotTaken { folder, count } => write!(
                f,
                "{count} entries of inbox/{folder} are links, devices or files with several names \
                 and are never taken: remove them"
            ),
            Self::NotMarked { folder, count } => write!(
                f,
                "{count} files of inbox/{folder} have waited for their .done markers for more than \
                 an hour (one that was put before the last change to its file does not count): ask \
                 the sender to put them, or set another `whole` for the folder"
            ),
            Self::Folder { folder, why } => {
                write!(f, "the folder {folder} cannot be used: {why}")
            }
        }
    }
}
