//! Whom files are handed to.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::content::Content;
use crate::name::Ticket;
use crate::notice::Notice;

/// A file that was picked up.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// What it is called by.
    pub ticket: Ticket,
    /// The folder below `inbox` that it lay in.
    pub folder: String,
    /// Its own name. The sender chooses it: never log it.
    pub name: String,
    /// The ODS code of the organisation whose records these are.
    pub organisation: String,
    /// The source.
    pub source: String,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("ticket", &self.ticket)
            .field("folder", &self.folder)
            .field("organisation", &self.organisation)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Arrival {
    /// Who sends, as the one that a key belongs to.
    pub fn client(&self) -> String {
        format!("folder:{}", self.folder)
    }

    /// The key by which the same file is known again when it is offered a second time, because the
    /// process ended between keeping it and putting it away. A file that is sent a second time has
    /// another: it is a new submission, whose content is found to be the same.
    pub fn key(&self) -> String {
        format!("file:{}", self.ticket)
    }
}

/// What became of a file. Both mean that it is durable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is kept now.
    New,
    /// It was kept before; nothing was added.
    Again,
}

/// Why a file was not kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReceived {
    /// Too much waits already. It is offered again.
    Busy {
        /// When, where that is known.
        wait: Option<Duration>,
    },
    /// It could not be kept now. It is offered again. In words without personal data.
    Failed(String),
    /// It can never be kept as it is: it goes to `failed`, with these words beside it, which say what
    /// is wrong and hold no personal data.
    Refused(String),
}

impl fmt::Display for NotReceived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Busy { .. } => f.write_str("too many files of the organisation wait already"),
            Self::Failed(why) | Self::Refused(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for NotReceived {}

/// Whom the files of a folder are handed to.
pub trait Receiver: Send + Sync {
    /// Keeps a file. When this returns `Ok` the file is on disk, whatever happens next, and is put
    /// away. It must not be kept before `content` has told its end, and must be known again by
    /// [`Arrival::key`].
    ///
    /// # Errors
    /// [`NotReceived`].
    fn receive(
        &self,
        arrival: &Arrival,
        content: &mut Content,
    ) -> impl Future<Output = Result<Received, NotReceived>> + Send;

    /// Something that an operator should see. Notices hold no personal data.
    fn tell(&self, notice: &Notice) {
        notice.log();
    }
}
