//! The content of a message while it comes in.

use std::fmt;
use std::io;
use std::pin::Pin;
use std::task::{Context, Poll, ready};

use tokio::io::{AsyncRead, ReadBuf};
use tokio::sync::mpsc;

use crate::fault::Fault;

/// Why the content of a message is not whole. Such a message is never acknowledged.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Incomplete {
    /// The service does not have a part that it announced.
    MissingChunk {
        /// Its number, from 1.
        number: u32,
        /// How many parts were announced.
        of: u32,
    },
    /// A part is not the one that was asked for, or the number of parts changed on the way.
    WrongChunk {
        /// The number that was asked for.
        number: u32,
        /// How many parts were announced first.
        of: u32,
    },
    /// A part is not the gzip that it says it is.
    BadGzip {
        /// Its number, from 1.
        number: u32,
    },
    /// Nothing says where a part ends, so nobody can tell whether it is whole.
    EndUnknown {
        /// Its number, from 1.
        number: u32,
    },
    /// A part that was fetched again is another one than before.
    Changed {
        /// Its number, from 1.
        number: u32,
    },
    /// The content is not what the sender made the checksum of.
    Checksum,
    /// There is more of it than the mailbox's settings allow.
    TooLarge {
        /// The most bytes that are taken.
        most: u64,
    },
    /// The service failed on the way.
    Fault(Fault),
    /// Receiving was ended before the message was whole.
    Ended,
}

impl fmt::Display for Incomplete {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::MissingChunk { number, of } => {
                write!(f, "part {number} of {of} is missing in the mailbox")
            }
            Self::WrongChunk { number, of } => {
                write!(f, "what came is not part {number} of {of}")
            }
            Self::BadGzip { number } => write!(f, "part {number} is damaged: it is no whole gzip"),
            Self::EndUnknown { number } => {
                write!(f, "nothing says where part {number} ends")
            }
            Self::Changed { number } => {
                write!(
                    f,
                    "part {number} was not the same when it was fetched again"
                )
            }
            Self::Checksum => f.write_str("the content does not agree with the sender's checksum"),
            Self::TooLarge { most } => write!(
                f,
                "the message holds more than {most} bytes: raise largest-message-bytes if that is right"
            ),
            Self::Fault(fault) => fault.fmt(f),
            Self::Ended => f.write_str("receiving was ended before the message was whole"),
        }
    }
}

impl std::error::Error for Incomplete {}

impl From<Fault> for Incomplete {
    fn from(fault: Fault) -> Self {
        Self::Fault(fault)
    }
}

/// What goes from the download to the reader.
#[derive(Debug)]
pub(crate) enum Piece {
    Data(Vec<u8>),
    /// All parts came and all checks held: the SHA-256 of the message as it was transferred.
    End(String),
    Broken(Incomplete),
}

/// The bytes of a message, in order, as they come. The end is only told when every part has come and
/// all that can be checked holds; until then whoever reads must keep nothing for good.
#[derive(Debug)]
pub struct Content {
    pieces: mpsc::Receiver<Piece>,
    rest: Vec<u8>,
    given: usize,
    ended: Option<Result<String, Incomplete>>,
}

impl Content {
    pub(crate) fn new(pieces: mpsc::Receiver<Piece>) -> Self {
        Self {
            pieces,
            rest: Vec::new(),
            given: 0,
            ended: None,
        }
    }

    /// The next bytes; `None` at the end of a message that is whole.
    ///
    /// # Errors
    /// [`Incomplete`] when the message is not whole. Nothing more comes then.
    pub async fn next(&mut self) -> Result<Option<Vec<u8>>, Incomplete> {
        std::future::poll_fn(|context| self.poll_next(context)).await
    }

    /// The SHA-256 of the message, in hexadecimal; `None` before its end was reached.
    pub fn sha256(&self) -> Option<&str> {
        self.ended.as_ref()?.as_deref().ok()
    }

    fn poll_next(
        &mut self,
        context: &mut Context<'_>,
    ) -> Poll<Result<Option<Vec<u8>>, Incomplete>> {
        if self.given < self.rest.len() {
            let rest = self.rest.split_off(self.given);
            self.rest.clear();
            self.given = 0;
            return Poll::Ready(Ok(Some(rest)));
        }
        if let Some(ended) = &self.ended {
            return Poll::Ready(ended.clone().map(|_| None));
        }
        let ended = match ready!(self.pieces.poll_recv(context)) {
            Some(Piece::Data(bytes)) => return Poll::Ready(Ok(Some(bytes))),
            Some(Piece::End(hash)) => Ok(hash),
            Some(Piece::Broken(why)) => Err(why),
            None => Err(Incomplete::Ended),
        };
        self.ended = Some(ended.clone());
        Poll::Ready(ended.map(|_| None))
    }
}

/// The same as bytes to read. An [`Incomplete`] message ends in an error, never in an end of file.
impl AsyncRead for Content {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        while self.given >= self.rest.len() {
            match ready!(self.poll_next(context)) {
                Ok(Some(bytes)) => {
                    self.rest = bytes;
                    self.given = 0;
                }
                Ok(None) => return Poll::Ready(Ok(())),
                Err(why) => {
                    return Poll::Ready(Err(io::Error::new(io::ErrorKind::InvalidData, why)));
                }
            }
        }
        let start = self.given;
        let left = self.rest.get(start..).unwrap_or_default();
        let count = left.len().min(buffer.remaining());
        buffer.put_slice(left.get(..count).unwrap_or_default());
        self.given = start + count;
        Poll::Ready(Ok(()))
    }
}
