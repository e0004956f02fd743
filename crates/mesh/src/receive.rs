//! Whom messages are handed to.

use std::fmt;
use std::future::Future;
use std::time::Duration;

use crate::authorization::hexadecimal;
use crate::content::{Content, Incomplete};
use crate::name::{MailboxId, MessageId};
use crate::notice::Notice;
use crate::report::Report;
use sha2::{Digest as _, Sha256};

/// A message that a route was found for.
#[derive(Clone, PartialEq, Eq)]
pub struct Arrival {
    /// The message.
    pub message: MessageId,
    /// The mailbox it lies in: ours.
    pub mailbox: MailboxId,
    /// The sender's mailbox.
    pub from: MailboxId,
    /// The workflow.
    pub workflow: String,
    /// The id that the sender gave it. The sender chooses it: never log it.
    pub local_id: Option<String>,
    /// The file's name at the sender. The sender chooses it: never log it.
    pub file_name: Option<String>,
    /// The content type that the sender gave.
    pub content_type: Option<String>,
    /// The ODS code of the organisation whose records these are, by the route.
    pub organisation: String,
    /// The source, by the route.
    pub source: String,
    /// The workflow by which the report goes back, by the route.
    pub reply_workflow: Option<String>,
}

impl fmt::Debug for Arrival {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Arrival")
            .field("message", &self.message)
            .field("mailbox", &self.mailbox)
            .field("from", &self.from)
            .field("workflow", &self.workflow)
            .field("organisation", &self.organisation)
            .field("source", &self.source)
            .finish_non_exhaustive()
    }
}

impl Arrival {
    /// Who sends, as the one that a key belongs to.
    pub fn client(&self) -> String {
        format!("mesh:{}:{}", self.mailbox, self.from)
    }

    /// The key by which the same message is known again, whether it is the very message whose
    /// acknowledgement was lost or one that its sender sent a second time because the first answer
    /// was lost: sender, workflow, local id and content where there is a local id, else the message's
    /// own id. A local id that is used for other content makes another key, so nothing is taken for a
    /// repeat that is none.
    pub fn key(&self, sha256: &str) -> String {
        let Some(local_id) = &self.local_id else {
            return format!("message:{}", self.message);
        };
        let mut hash = Sha256::new();
        for part in [self.from.as_str(), &self.workflow, local_id, sha256] {
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        }
        format!("content:{}", hexadecimal(&hash.finalize()))
    }
}

/// What became of a message. Both mean that it is durable, and both are acknowledged.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Received {
    /// It is kept now.
    New,
    /// The same message was kept before; nothing was added.
    Again,
}

/// Why a message was not kept. It stays in the mailbox.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotReceived {
    /// The message itself is not whole.
    Incomplete(Incomplete),
    /// Too much waits already.
    Busy {
        /// When to try again, where that is known.
        wait: Option<Duration>,
    },
    /// It could not be kept, in words without personal data.
    Failed(String),
}

impl fmt::Display for NotReceived {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Incomplete(why) => why.fmt(f),
            Self::Busy { .. } => f.write_str("too many files of the organisation wait already"),
            Self::Failed(why) => f.write_str(why),
        }
    }
}

impl std::error::Error for NotReceived {}

impl From<Incomplete> for NotReceived {
    fn from(why: Incomplete) -> Self {
        Self::Incomplete(why)
    }
}

/// Whom the messages of a mailbox are handed to.
pub trait Receiver: Send + Sync {
    /// Keeps a message. When this returns `Ok` the message is on disk, whatever happens next, and is
    /// acknowledged. It must not be kept before `content` has told its end; its key is then
    /// [`Arrival::key`] of [`Content::sha256`].
    ///
    /// # Errors
    /// [`NotReceived`]: the message stays in the mailbox and is offered again later.
    fn receive(
        &self,
        arrival: &Arrival,
        content: &mut Content,
    ) -> impl Future<Output = Result<Received, NotReceived>> + Send;

    /// Takes note of a report about something that was sent. It is acknowledged when this returns
    /// `Ok`, and may be told twice.
    ///
    /// # Errors
    /// [`NotReceived`]: the report stays in the mailbox and is told again later.
    fn report(&self, report: &Report) -> impl Future<Output = Result<(), NotReceived>> + Send;

    /// Something that an operator should see. Notices hold no personal data.
    fn tell(&self, notice: &Notice) {
        notice.log();
    }
}
