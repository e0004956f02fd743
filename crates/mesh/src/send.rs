//! Sending a message.

use std::fmt;
use std::io::{self, Write as _};

use flate2::Compression;
use flate2::write::GzEncoder;
use reqwest::Method;
use serde::Deserialize;
use tokio::io::{AsyncRead, AsyncReadExt as _};

use crate::client::{Client, put};
use crate::exchange::{Ask, Repeat};
use crate::fault::Fault;
use crate::name::MessageId;
use crate::outgoing::{NotSendable, Outgoing};
use crate::track::{Found, Whereabouts};

/// The most bytes of one message.
const MOST_BYTES: u64 = 100_000_000_000;

/// Why a message was not sent, or why nobody knows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NotSent {
    /// It cannot be sent as it is. Trying again does not help.
    NotSendable(NotSendable),
    /// What was to be sent could not be read, or is not as long as was said. The receiver sees
    /// nothing of it.
    Unreadable,
    /// The service said no. The receiver sees nothing of it. Trying again helps only where
    /// [`NotSent::is_passing`] says so.
    Refused(Fault),
    /// Only some parts were sent. The receiver sees nothing of them; it must be sent from the start.
    Unfinished {
        /// The message that was begun.
        message: MessageId,
        /// Why.
        why: Fault,
    },
    /// It may have been sent: no answer came, and the service does not tell of it. Sent again with
    /// the same reference, it may arrive twice, and its receiver can tell by the reference.
    Unknown(Fault),
    /// It was sent before, more than once.
    SentTwice,
    /// It was sent before and did not arrive.
    Failed {
        /// That message.
        message: MessageId,
    },
}

impl NotSent {
    /// Whether a later try may succeed.
    pub fn is_passing(&self) -> bool {
        match self {
            Self::Refused(fault) => fault.is_of_service() || *fault == Fault::NotLetIn,
            Self::Unfinished { .. } | Self::Unknown(_) => true,
            _ => false,
        }
    }
}

impl fmt::Display for NotSent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotSendable(why) => why.fmt(f),
            Self::Unreadable => {
                f.write_str("what was to be sent could not be read to the end that was announced")
            }
            Self::Refused(fault) => write!(f, "nothing was sent: {fault}"),
            Self::Unfinished { message, why } => write!(
                f,
                "MESH message {message} was begun and not finished, so it does not arrive: {why}"
            ),
            Self::Unknown(why) => {
                write!(f, "nobody knows whether the message was sent: {why}")
            }
            Self::SentTwice => f.write_str("the message was sent more than once before"),
            Self::Failed { message } => {
                write!(
                    f,
                    "MESH message {message} was sent before and did not arrive"
                )
            }
        }
    }
}

impl std::error::Error for NotSent {}

impl From<NotSendable> for NotSent {
    fn from(why: NotSendable) -> Self {
        Self::NotSendable(why)
    }
}

#[derive(Deserialize)]
struct Sent {
    #[serde(alias = "messageID", alias = "messageId")]
    message_id: String,
}

impl Client {
    /// Sends a message, unless one was sent with its reference before: then that one's id is given,
    /// and nothing is sent. For whoever tries until it is sent.
    ///
    /// # Errors
    /// [`NotSent`].
    pub async fn send_once(
        &self,
        outgoing: &Outgoing,
        content: impl AsyncRead + Send + Unpin,
        length: u64,
    ) -> Result<MessageId, NotSent> {
        match self.find(&outgoing.reference).await {
            Err(fault) => Err(NotSent::Refused(fault)),
            Ok(Found::Several) => Err(NotSent::SentTwice),
            Ok(Found::One(tracked)) => match tracked.whereabouts {
                Whereabouts::Waiting | Whereabouts::Collected => Ok(tracked.message),
                Whereabouts::Failed => Err(NotSent::Failed {
                    message: tracked.message,
                }),
                // An unfinished upload is never delivered; where the reader stopped nobody knows.
                Whereabouts::Uploading => self.send(outgoing, content, length).await,
            },
            Ok(Found::Nothing) => self.send(outgoing, content, length).await,
        }
    }

    /// Sends a message of `length` bytes, in parts where it is long. The first part is never sent
    /// twice, because that would make a second message: where no answer comes, the service is asked
    /// by the reference what became of it.
    ///
    /// # Errors
    /// [`NotSent`].
    pub async fn send(
        &self,
        outgoing: &Outgoing,
        mut content: impl AsyncRead + Send + Unpin,
        length: u64,
    ) -> Result<MessageId, NotSent> {
        let headers = outgoing.headers()?;
        if length == 0 || length > MOST_BYTES {
            return Err(NotSent::NotSendable(NotSendable {
                part: "content",
                why: "MESH takes 1 byte to 100 GB",
            }));
        }
        let size = self.exchange.options.chunk as u64;
        let of = length.div_ceil(size);
        let mut ask = Ask::new(Method::POST, self.exchange.address(["outbox"]));
        for (name, value) in headers {
            put(&mut ask.headers, name, &value).map_err(NotSent::Refused)?;
        }
        let mut left = length;
        let part = next_part(&mut content, &mut left, size).await?;
        prepare(&mut ask, 1, of, part).map_err(NotSent::Refused)?;
        let message = self.first_part(&ask, outgoing).await?;
        for number in 2..=of {
            let part = next_part(&mut content, &mut left, size).await?;
            let path = ["outbox", message.as_str(), &number.to_string()];
            let mut ask = Ask::new(Method::POST, self.exchange.address(path));
            prepare(&mut ask, number, of, part).map_err(NotSent::Refused)?;
            if let Err(why) = self.exchange.ask(&ask, Repeat::Safe).await {
                self.is_whole_all_the_same(&message, why).await?;
            }
        }
        Ok(message)
    }

    async fn first_part(&self, ask: &Ask, outgoing: &Outgoing) -> Result<MessageId, NotSent> {
        let fault = match self.exchange.json::<Sent>(ask, Repeat::Never).await {
            Ok(sent) => match MessageId::new(&sent.message_id) {
                Ok(id) => return Ok(id),
                Err(_) => Fault::Unreadable("names the message by what is no id"),
            },
            Err(fault) => fault,
        };
        let is_certain = match &fault {
            Fault::Unreachable | Fault::Untrusted | Fault::NotLetIn => true,
            Fault::Busy { status, .. } => matches!(status, 425 | 429),
            Fault::Refused { status, .. } => (400..500).contains(status),
            Fault::Slow | Fault::Broken | Fault::Unreadable(_) => false,
        };
        if is_certain {
            return Err(NotSent::Refused(fault));
        }
        // The request may have arrived although no answer did.
        match self.find(&outgoing.reference).await {
            Ok(Found::One(tracked)) if tracked.whereabouts != Whereabouts::Failed => {
                Ok(tracked.message)
            }
            Ok(Found::One(tracked)) => Err(NotSent::Failed {
                message: tracked.message,
            }),
            Ok(Found::Several) => Err(NotSent::SentTwice),
            Ok(Found::Nothing) | Err(_) => Err(NotSent::Unknown(fault)),
        }
    }

    /// A part that was sent twice because its first answer was lost is refused the second time once
    /// the message is complete: then all is well.
    async fn is_whole_all_the_same(&self, message: &MessageId, why: Fault) -> Result<(), NotSent> {
        if matches!(why, Fault::Refused { status: 423, .. })
            && let Ok(Some(tracked)) = self.track(message).await
            && matches!(
                tracked.whereabouts,
                Whereabouts::Waiting | Whereabouts::Collected
            )
        {
            return Ok(());
        }
        Err(NotSent::Unfinished {
            message: message.clone(),
            why,
        })
    }
}

/// Reads the next part whole. At the last one nothing may be left over: a message that is longer
/// than was announced would be cut.
async fn next_part(
    content: &mut (impl AsyncRead + Send + Unpin),
    left: &mut u64,
    size: u64,
) -> Result<Vec<u8>, NotSent> {
    let count = (*left).min(size);
    let mut part = Vec::new();
    let read = content.take(count).read_to_end(&mut part).await;
    if read.is_err() || part.len() as u64 != count {
        return Err(NotSent::Unreadable);
    }
    *left -= count;
    if *left == 0 {
        let more = content.read_u8().await;
        if more.is_ok() || more.is_err_and(|error| error.kind() != io::ErrorKind::UnexpectedEof) {
            return Err(NotSent::Unreadable);
        }
    }
    Ok(part)
}

/// Each part is a gzip of its own.
fn prepare(ask: &mut Ask, number: u64, of: u64, part: Vec<u8>) -> Result<(), Fault> {
    let broken = |_| Fault::Unreadable("would need gzip that cannot be made");
    let mut gzip = GzEncoder::new(Vec::new(), Compression::default());
    gzip.write_all(&part).map_err(broken)?;
    ask.body = Some(gzip.finish().map_err(broken)?);
    put(
        &mut ask.headers,
        "mex-chunk-range",
        &format!("{number}:{of}"),
    )?;
    put(&mut ask.headers, "content-encoding", "gzip")?;
    put(&mut ask.headers, "content-type", "application/octet-stream")
}
