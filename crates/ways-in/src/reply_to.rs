//! Where a submission's report goes, as it is kept with the submission.

use std::fmt;
use std::str::FromStr;

use mesh::MailboxId;

/// Where a report goes. Its text is kept in [`store::Submission::reply_to`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplyTo {
    /// To the sender's mailbox.
    Mesh {
        /// From which mailbox.
        mailbox: MailboxId,
        /// To which.
        to: MailboxId,
        /// By which workflow.
        workflow: String,
    },
    /// Into `out` of a watched folder.
    Folder {
        /// The watched folder's path, as the configuration has it.
        path: String,
        /// The folder below `out`.
        folder: String,
        /// The file's own name.
        name: String,
    },
}

/// A text that says no such place.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NoPlace;

impl fmt::Display for NoPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the place that the report should go to cannot be read")
    }
}

impl std::error::Error for NoPlace {}

/// No name holds it: neither paths nor ids have control characters.
const BETWEEN: char = '\u{1f}';

impl fmt::Display for ReplyTo {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let b = BETWEEN;
        match self {
            Self::Mesh {
                mailbox,
                to,
                workflow,
            } => write!(f, "mesh{b}{mailbox}{b}{to}{b}{workflow}"),
            Self::Folder { path, folder, name } => {
                let name = name.replace(BETWEEN, "");
                write!(f, "folder{b}{path}{b}{folder}{b}{name}")
            }
        }
    }
}

impl FromStr for ReplyTo {
    type Err = NoPlace;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let parts: Vec<&str> = text.split(BETWEEN).collect();
        match parts.as_slice() {
            ["mesh", mailbox, to, workflow] => Ok(Self::Mesh {
                mailbox: MailboxId::new(mailbox).map_err(|_| NoPlace)?,
                to: MailboxId::new(to).map_err(|_| NoPlace)?,
                workflow: (*workflow).to_owned(),
            }),
            ["folder", path, folder, name] => Ok(Self::Folder {
                path: (*path).to_owned(),
                folder: (*folder).to_owned(),
                name: (*name).to_owned(),
            }),
            _ => Err(NoPlace),
        }
    }
}
