//! What an operator should see.

use std::fmt;

use crate::content::Incomplete;
use crate::fault::Fault;
use crate::name::{MailboxId, MessageId};
use crate::receive::NotReceived;

/// Something that happened in a mailbox. Messages are named by the service's id and by nothing else.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// A message is kept and acknowledged.
    Received {
        /// Which.
        message: MessageId,
        /// Whether it had been kept before.
        is_again: bool,
    },
    /// A report about something that was sent was taken note of.
    Reported {
        /// The report.
        message: MessageId,
    },
    /// A message is not whole. It stays in the mailbox.
    Incomplete {
        /// Which.
        message: MessageId,
        /// Why.
        why: Incomplete,
    },
    /// No route says whose file a message holds. It stays in the mailbox.
    NoRoute {
        /// Which.
        message: MessageId,
        /// The sender, where the service names one.
        from: Option<MailboxId>,
        /// The workflow.
        workflow: String,
    },
    /// A message could not be kept. It stays in the mailbox.
    NotReceived {
        /// Which.
        message: MessageId,
        /// Why.
        why: NotReceived,
    },
    /// A message is kept, and the service could not be told. It will be.
    NotAcknowledged {
        /// Which.
        message: MessageId,
        /// Why.
        why: Fault,
    },
    /// The service lists something that is no message id.
    NotAnId,
    /// The mailbox could not be checked in.
    Handshake {
        /// Why.
        why: Fault,
    },
    /// The inbox could not be listed.
    NotListed {
        /// Why.
        why: Fault,
    },
    /// The service fails again and again: the round ended before all messages were looked at.
    GaveUp {
        /// Why.
        why: Fault,
    },
}

impl Notice {
    /// Whether somebody must do something.
    pub fn is_alarm(&self) -> bool {
        !matches!(self, Self::Received { .. } | Self::Reported { .. })
    }

    /// Its kind in a word, for counting.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Received {
                is_again: false, ..
            } => "received",
            Self::Received { .. } => "again",
            Self::Reported { .. } => "report",
            Self::Incomplete {
                why: Incomplete::Fault(_),
                ..
            } => "not-fetched",
            Self::Incomplete { .. } => "incomplete",
            Self::NoRoute { .. } => "no-route",
            Self::NotReceived { .. } => "not-received",
            Self::NotAcknowledged { .. } => "not-acknowledged",
            Self::NotAnId => "not-an-id",
            Self::Handshake { .. } => "not-checked-in",
            Self::NotListed { .. } => "not-listed",
            Self::GaveUp { .. } => "gave-up",
        }
    }

    /// Writes it to the log.
    pub fn log(&self) {
        if self.is_alarm() {
            tracing::warn!(target: "mesh", "{self}");
        } else {
            tracing::info!(target: "mesh", "{self}");
        }
    }
}

/// A workflow id as it may be shown. Senders could write anything there; ids that are registered look
/// like this.
fn shown(workflow: &str) -> &str {
    let is_plain = (1..=100).contains(&workflow.len())
        && workflow
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'));
    if is_plain {
        workflow
    } else {
        "(not a plain id)"
    }
}

impl fmt::Display for Notice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Received {
                message,
                is_again: false,
            } => write!(f, "MESH message {message} was received"),
            Self::Received { message, .. } => {
                write!(f, "MESH message {message} had been received before")
            }
            Self::Reported { message } => write!(f, "MESH report {message} was taken note of"),
            Self::Incomplete {
                message,
                why: Incomplete::Fault(why),
            } => write!(
                f,
                "MESH message {message} could not be fetched and stays in the mailbox: {why}. This \
                 is tried again"
            ),
            Self::Incomplete { message, why } => write!(
                f,
                "MESH message {message} is not whole and stays in the mailbox: {why}. If it stays \
                 so, ask its sender to send it again"
            ),
            Self::NoRoute {
                message,
                from,
                workflow,
            } => {
                let from = from.as_ref().map_or("nobody", MailboxId::as_str);
                write!(
                    f,
                    "MESH message {message} stays in the mailbox: no route names workflow {} from \
                     mailbox {from}. Add it to the mailbox's routes, or ask the sender",
                    shown(workflow)
                )
            }
            Self::NotReceived { message, why } => write!(
                f,
                "MESH message {message} could not be kept and stays in the mailbox: {why}"
            ),
            Self::NotAcknowledged { message, why } => write!(
                f,
                "MESH message {message} was received, and the service could not be told: {why}. \
                 This is tried again"
            ),
            Self::NotAnId => f.write_str("the inbox lists something that is no message id"),
            Self::Handshake { why } => write!(f, "the mailbox could not be checked in: {why}"),
            Self::NotListed { why } => write!(f, "the inbox could not be listed: {why}"),
            Self::GaveUp { why } => write!(
                f,
                "the inbox is left alone until the next round, because the service fails: {why}"
            ),
        }
    }
}
