//! What the service tells about a message that was sent.

use std::fmt;

use reqwest::header::HeaderMap;

use crate::head::text;
use crate::name::MessageId;

/// The code by which the service says that nobody collected a message in time.
const NOT_COLLECTED: &str = "14";

/// A message of type REPORT: something that was sent from this mailbox did not arrive.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// The report's own id.
    pub message: MessageId,
    /// The message that it is about, where the service says so.
    pub about: Option<MessageId>,
    /// The local id that the message was sent with: ours, so it names no person.
    pub local_id: Option<String>,
    /// The service's code, for example `14`.
    pub code: Option<String>,
    /// Whether the message was delivered after all.
    pub is_success: bool,
    /// The service's words; they are about mailboxes and workflows.
    pub description: Option<String>,
}

impl Report {
    pub(crate) fn read(message: &MessageId, headers: &HeaderMap) -> Self {
        Self {
            message: message.clone(),
            about: text(headers, "mex-linkedmsgid").and_then(|id| MessageId::new(&id).ok()),
            local_id: text(headers, "mex-localid"),
            code: text(headers, "mex-statuscode"),
            is_success: text(headers, "mex-statussuccess").as_deref() == Some("SUCCESS"),
            description: text(headers, "mex-statusdescription"),
        }
    }

    /// Whether the message was not collected in time: it lies nowhere any more and must be sent
    /// again.
    pub fn is_not_collected(&self) -> bool {
        !self.is_success && self.code.as_deref() == Some(NOT_COLLECTED)
    }
}

impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.about {
            Some(about) => write!(f, "MESH reports that the message {about} that was sent ")?,
            None => f.write_str("MESH reports that a message that was sent ")?,
        }
        match (self.is_success, self.is_not_collected()) {
            (true, _) => f.write_str("was delivered")?,
            (false, true) => {
                f.write_str("was not collected by its receiver in time: it must be sent again")?;
            }
            (false, false) => f.write_str("was not delivered")?,
        }
        if let Some(code) = &self.code {
            write!(f, " (code {code})")?;
        }
        write!(f, "; see report {}", self.message)
    }
}
