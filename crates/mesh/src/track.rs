//! What became of a message that was sent.

use reqwest::Method;
use serde::Deserialize;

use crate::client::Client;
use crate::exchange::{Ask, Repeat};
use crate::fault::Fault;
use crate::name::MessageId;
use crate::outgoing::Reference;

/// Where a message is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Whereabouts {
    /// Not all of its parts have come in; its receiver does not see it.
    Uploading,
    /// It lies in the receiver's mailbox.
    Waiting,
    /// The receiver has it.
    Collected,
    /// It did not arrive and will not.
    Failed,
}

/// A message that was sent, as the service tells of it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tracked {
    /// Its id.
    pub message: MessageId,
    /// Where it is.
    pub whereabouts: Whereabouts,
}

/// What the service knows under a reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Found {
    /// Nothing.
    Nothing,
    /// One message.
    One(Tracked),
    /// More than one: it was sent more than once.
    Several,
}

/// Both forms of the answer: the newer names its members with underscores.
#[derive(Deserialize)]
struct Answer {
    #[serde(alias = "messageId")]
    message_id: String,
    status: String,
}

impl Answer {
    fn read(self) -> Result<Tracked, Fault> {
        let message = MessageId::new(&self.message_id)
            .map_err(|_| Fault::Unreadable("names a message by what is no id"))?;
        let whereabouts = match self.status.to_ascii_lowercase().as_str() {
            "uploading" => Whereabouts::Uploading,
            "accepted" => Whereabouts::Waiting,
            "acknowledged" => Whereabouts::Collected,
            "error" | "undeliverable" => Whereabouts::Failed,
            _ => return Err(Fault::Unreadable("has a status that is unknown")),
        };
        Ok(Tracked {
            message,
            whereabouts,
        })
    }
}

impl Client {
    /// Where a message is that was sent from this mailbox; `None` when the service knows of none.
    ///
    /// # Errors
    /// The service cannot be asked, or answers what cannot be read.
    pub async fn track(&self, message: &MessageId) -> Result<Option<Tracked>, Fault> {
        let mut url = self.exchange.address(["outbox", "tracking"]);
        url.query_pairs_mut()
            .append_pair("messageID", message.as_str());
        let ask = Ask::new(Method::GET, url);
        match self.exchange.json::<Answer>(&ask, Repeat::Safe).await {
            Ok(answer) => answer.read().map(Some),
            Err(Fault::Refused { status: 404, .. }) => Ok(None),
            Err(fault) => Err(fault),
        }
    }

    /// What was sent from this mailbox with a reference.
    ///
    /// # Errors
    /// The service cannot be asked, or answers what cannot be read.
    pub async fn find(&self, reference: &Reference) -> Result<Found, Fault> {
        let path = ["outbox", "tracking", reference.as_str()];
        let ask = Ask::new(Method::GET, self.exchange.address(path));
        match self.exchange.json::<Answer>(&ask, Repeat::Safe).await {
            Ok(answer) => answer.read().map(Found::One),
            Err(Fault::Refused { status: 404, .. }) => Ok(Found::Nothing),
            Err(Fault::Refused { status: 300, .. }) => Ok(Found::Several),
            Err(fault) => Err(fault),
        }
    }
}
