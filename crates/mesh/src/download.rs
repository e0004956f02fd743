//! The parts of a message, put together and checked while they pass.

use reqwest::header::HeaderMap;
use reqwest::{Method, Response, StatusCode};
use sha2::{Digest as _, Sha256};
use tokio::sync::mpsc;

use crate::authorization::hexadecimal;
use crate::checksum::Checksum;
use crate::content::{Incomplete, Piece};
use crate::exchange::{Ask, Exchange, Repeat, fault_of};
use crate::fault::Fault;
use crate::gunzip::Gunzip;
use crate::head::{Head, chunk_range, text};
use crate::inner::Inner;
use crate::name::MessageId;

/// Nobody reads any more.
#[derive(Debug)]
pub(crate) struct NotWanted;

/// Why a part did not pass.
enum Stop {
    NotWanted,
    Incomplete(Incomplete),
    /// Worth fetching the part again.
    Again(Fault),
}

impl From<Incomplete> for Stop {
    fn from(why: Incomplete) -> Self {
        Self::Incomplete(why)
    }
}

impl Exchange {
    /// Fetches the head of a message, with the first part still to be read.
    pub(crate) async fn open(&self, id: &MessageId) -> Result<(Head, Response), Fault> {
        let ask = Ask::new(Method::GET, self.address(["inbox", id.as_str()]));
        let response = self.ask(&ask, Repeat::Safe).await?;
        let head = Head::read(id, response.headers())?;
        Ok((head, response))
    }

    async fn part(&self, id: &MessageId, number: u32, of: u32) -> Result<Response, Incomplete> {
        let part = number.to_string();
        let mut path = vec!["inbox", id.as_str()];
        if number > 1 {
            path.push(&part);
        }
        let ask = Ask::new(Method::GET, self.address(path));
        self.ask(&ask, Repeat::Safe)
            .await
            .map_err(|fault| match fault {
                Fault::Refused {
                    status: 404 | 410, ..
                } => Incomplete::MissingChunk { number, of },
                fault => fault.into(),
            })
    }

    pub(crate) async fn acknowledge(&self, id: &MessageId) -> Result<(), Fault> {
        let path = ["inbox", id.as_str(), "status", "acknowledged"];
        let ask = Ask::new(Method::PUT, self.address(path));
        self.ask(&ask, Repeat::Safe).await.map(drop)
    }
}

/// What has passed of a message.
pub(crate) struct Download<'a> {
    exchange: &'a Exchange,
    head: &'a Head,
    to: mpsc::Sender<Piece>,
    hash: Sha256,
    /// The sender's checksum, over what was transferred.
    checksum: Option<Checksum>,
    inner: Inner,
    bytes: u64,
}

impl<'a> Download<'a> {
    pub(crate) fn new(exchange: &'a Exchange, head: &'a Head, to: mpsc::Sender<Piece>) -> Self {
        let checksum = head.checksum.as_deref().and_then(Checksum::read);
        Self {
            exchange,
            head,
            to,
            hash: Sha256::new(),
            inner: Inner::new(
                head.is_compressed,
                checksum.clone(),
                exchange.options.largest,
            ),
            checksum,
            bytes: 0,
        }
    }

    /// Passes all parts on, and at last that they were all. Whether they were.
    ///
    /// # Errors
    /// [`NotWanted`] when the reader went away before the end was told.
    pub(crate) async fn pass(
        mut self,
        first: Response,
    ) -> Result<Result<(), Incomplete>, NotWanted> {
        let ended = match self.parts(first).await {
            Ok(()) => self.finish(),
            Err(stop) => Err(stop),
        };
        let (piece, outcome) = match ended {
            Ok((rest, hash)) => {
                if !rest.is_empty() {
                    self.send(rest).await.map_err(|_| NotWanted)?;
                }
                (Piece::End(hash), Ok(()))
            }
            Err(Stop::NotWanted) => return Err(NotWanted),
            Err(Stop::Incomplete(why)) => (Piece::Broken(why.clone()), Err(why)),
            Err(Stop::Again(fault)) => {
                let why = Incomplete::Fault(fault);
                (Piece::Broken(why.clone()), Err(why))
            }
        };
        self.to.send(piece).await.map_err(|_| NotWanted)?;
        Ok(outcome)
    }

    async fn parts(&mut self, first: Response) -> Result<(), Stop> {
        let of = self.head.chunks;
        if of == 0 {
            return Err(Incomplete::MissingChunk { number: 1, of }.into());
        }
        let mut first = Some(first);
        for number in 1..=of {
            let mut pause = self.exchange.options.first_wait;
            let mut left = self.exchange.options.tries;
            // What of this part has been passed on, should it have to be fetched again.
            let mut part = Part {
                number,
                of,
                before: self.hash.clone(),
                passed: 0,
            };
            loop {
                let response = match first.take() {
                    Some(response) => response,
                    None => self.exchange.part(&self.head.id, number, of).await?,
                };
                let fault = match self.part(response, &mut part).await {
                    Ok(()) => break,
                    Err(Stop::Again(fault)) => fault,
                    Err(stop) => return Err(stop),
                };
                left = left.saturating_sub(1);
                if left == 0 {
                    return Err(Stop::Again(fault));
                }
                let waited = self.exchange.pause(&fault, &mut pause).await;
                waited.map_err(|fault| Stop::Incomplete(fault.into()))?;
            }
        }
        Ok(())
    }

    async fn part(&mut self, mut response: Response, part: &mut Part) -> Result<(), Stop> {
        let number = part.number;
        part.check(response.status(), response.headers())?;
        let mut gunzip = match text(response.headers(), "content-encoding").as_deref() {
            None | Some("identity") => None,
            Some("gzip") => Some(Gunzip::new()),
            Some(_) => return Err(Incomplete::BadGzip { number }.into()),
        };
        let mut again = Again {
            hash: part.before.clone(),
            seen: 0,
        };
        loop {
            let piece = match response.chunk().await {
                Ok(Some(piece)) => piece,
                Ok(None) => break,
                Err(error) => return Err(Stop::Again(fault_of(&error))),
            };
            match &mut gunzip {
                None => self.take(part, &mut again, piece.to_vec()).await?,
                Some(gunzip) => {
                    for slice in Gunzip::slices(&piece) {
                        let plain = gunzip
                            .undo(slice)
                            .map_err(|_| Incomplete::BadGzip { number })?;
                        self.take(part, &mut again, plain).await?;
                    }
                }
            }
        }
        if let Some(gunzip) = &mut gunzip {
            let plain = gunzip.end().map_err(|_| Incomplete::BadGzip { number })?;
            self.take(part, &mut again, plain).await?;
        }
        if again.seen < part.passed {
            return Err(Incomplete::Changed { number }.into());
        }
        Ok(())
    }

    /// Takes bytes of a part; those that an earlier try passed on are only compared.
    async fn take(
        &mut self,
        part: &mut Part,
        again: &mut Again,
        mut bytes: Vec<u8>,
    ) -> Result<(), Stop> {
        let known = part.passed.saturating_sub(again.seen);
        if known > 0 {
            let count = usize::try_from(known).map_or(bytes.len(), |known| known.min(bytes.len()));
            let rest = bytes.split_off(count);
            again.hash.update(&bytes);
            again.seen += count as u64;
            if again.seen == part.passed
                && again.hash.clone().finalize() != self.hash.clone().finalize()
            {
                return Err(Incomplete::Changed {
                    number: part.number,
                }
                .into());
            }
            bytes = rest;
        }
        if bytes.is_empty() {
            return Ok(());
        }
        let count = bytes.len() as u64;
        self.bytes += count;
        let most = self.exchange.options.largest;
        if self.bytes > most {
            return Err(Incomplete::TooLarge { most }.into());
        }
        self.hash.update(&bytes);
        if let Some(checksum) = &mut self.checksum {
            checksum.update(&bytes);
        }
        again.seen += count;
        // Counted before it goes on: what the inner decoder has taken must not come to it twice.
        part.passed += count;
        let number = part.number;
        let mut outside = Some(bytes);
        while let Some(plain) = self.inner.take(&mut outside, number)? {
            self.send(plain).await?;
        }
        Ok(())
    }

    /// The last checks: what is still held back, and the hash.
    fn finish(&mut self) -> Result<(Vec<u8>, String), Stop> {
        let (rest, inner_holds) = self.inner.finish(self.head.chunks)?;
        let outer_holds = self.checksum.take().map(Checksum::holds);
        // Senders make the checksum of what they have: before or after they compressed it.
        if outer_holds == Some(false) && inner_holds != Some(true) {
            return Err(Incomplete::Checksum.into());
        }
        Ok((rest, hexadecimal(&self.hash.clone().finalize())))
    }

    async fn send(&self, bytes: Vec<u8>) -> Result<(), Stop> {
        if bytes.is_empty() {
            return Ok(());
        }
        let sent = self.to.send(Piece::Data(bytes)).await;
        sent.map_err(|_| Stop::NotWanted)
    }
}

/// One part of the message.
struct Part {
    number: u32,
    of: u32,
    /// The hash of all parts before.
    before: Sha256,
    /// How many of its bytes were passed on.
    passed: u64,
}

/// A try at a part.
struct Again {
    hash: Sha256,
    seen: u64,
}

impl Part {
    /// Whether this is the part that was asked for, and one whose end can be told.
    fn check(&self, status: StatusCode, headers: &HeaderMap) -> Result<(), Incomplete> {
        let Self { number, of, .. } = *self;
        let wrong = Incomplete::WrongChunk { number, of };
        let range = chunk_range(headers).transpose()?;
        let is_named = match range {
            Some(range) => range == (number, of),
            None => of == 1,
        };
        let total = text(headers, "mex-total-chunks");
        let agrees = total.is_none_or(|total| total.parse() == Ok(of));
        let expected = if number < of {
            StatusCode::PARTIAL_CONTENT
        } else {
            StatusCode::OK
        };
        if !is_named || !agrees || status != expected {
            return Err(wrong);
        }
        // A body that ends with its connection looks whole when the connection is cut. Gzip has its
        // own end.
        let has_end = ["content-length", "transfer-encoding"]
            .iter()
            .any(|name| headers.contains_key(*name))
            || text(headers, "content-encoding").as_deref() == Some("gzip");
        if has_end {
            Ok(())
        } else {
            Err(Incomplete::EndUnknown { number })
        }
    }
}
