//! Sending a submission's report back the way that the submission came.

use std::collections::HashMap;
use std::fmt;
use std::io;

use drop_folder::Tray;
use mesh::{Client, FileKind, MailboxId, NotSent, Outgoing, Reference};

use crate::reply_to::{NoPlace, ReplyTo};

/// Where reports can be sent to from here.
#[derive(Default)]
pub struct Replies {
    pub(crate) mailboxes: HashMap<MailboxId, Client>,
    pub(crate) trays: HashMap<String, Tray>,
}

/// Why a report was not sent back.
#[derive(Debug)]
pub enum NotReplied {
    /// It is not known where to.
    NoPlace(NoPlace),
    /// This process has no such mailbox or folder any more.
    NotHere,
    /// MESH did not take it.
    NotSent(NotSent),
    /// The folder did not take it.
    NotPut(io::ErrorKind),
}

impl NotReplied {
    /// Whether a later try may succeed.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::NoPlace(_) | Self::NotHere => false,
            Self::NotSent(why) => why.is_passing(),
            Self::NotPut(kind) => *kind != io::ErrorKind::NotFound,
        }
    }
}

impl fmt::Display for NotReplied {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoPlace(why) => why.fmt(f),
            Self::NotHere => f.write_str(
                "the mailbox or folder that the file came by is no longer in the configuration",
            ),
            Self::NotSent(why) => why.fmt(f),
            Self::NotPut(kind) => write!(f, "the report could not be put into the folder: {kind}"),
        }
    }
}

impl std::error::Error for NotReplied {}

impl Replies {
    /// Sends the report of a submission. May be called again until it succeeds: by MESH the
    /// submission's id is the reference by which a repeat is known, and in a folder the same report
    /// is there once.
    ///
    /// # Errors
    /// [`NotReplied`].
    pub async fn send(
        &self,
        reply_to: &str,
        submission: &str,
        report: &str,
    ) -> Result<(), NotReplied> {
        match reply_to.parse().map_err(NotReplied::NoPlace)? {
            ReplyTo::Mesh {
                mailbox,
                to,
                workflow,
            } => {
                let client = self.mailboxes.get(&mailbox).ok_or(NotReplied::NotHere)?;
                let reference = Reference::new(submission)
                    .map_err(|why| NotReplied::NotSent(NotSent::NotSendable(why)))?;
                let outgoing = Outgoing {
                    to,
                    workflow,
                    reference,
                    kind: FileKind::Text,
                };
                let length = report.len() as u64;
                let sent = client.send_once(&outgoing, report.as_bytes(), length).await;
                sent.map(drop).map_err(NotReplied::NotSent)
            }
            ReplyTo::Folder { path, folder, name } => {
                let tray = self.trays.get(&path).ok_or(NotReplied::NotHere)?;
                let put = tray.put_report(&folder, &name, report).await;
                put.map(drop)
                    .map_err(|error| NotReplied::NotPut(error.kind()))
            }
        }
    }
}
