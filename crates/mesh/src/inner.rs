//! Content that its sender compressed as a whole before it was cut into parts.

use crate::checksum::Checksum;
use crate::content::Incomplete;
use crate::gunzip::Gunzip;

/// How gzip begins, with deflate (RFC 1952).
const GZIP: [u8; 3] = [0x1f, 0x8b, 0x08];

/// What is done with the message's bytes once their transfer encoding is undone. `Mex-Content-
/// Compressed` is set by the service, too, when it compressed the transfer, so the bytes decide: no
/// file that can be read begins as gzip does.
pub(crate) struct Inner {
    state: State,
    /// The sender's checksum, should it be of what is inside.
    checksum: Option<Checksum>,
    most: u64,
}

enum State {
    /// Too few bytes came to tell.
    Undecided(Vec<u8>),
    Plain,
    Gzip(Box<Inside>),
}

struct Inside {
    gunzip: Gunzip,
    /// What was taken and not undone yet.
    left: Vec<u8>,
    at: usize,
    /// How many bytes came out.
    bytes: u64,
}

impl Inner {
    pub(crate) fn new(may_be_compressed: bool, checksum: Option<Checksum>, most: u64) -> Self {
        let state = if may_be_compressed {
            State::Undecided(Vec::new())
        } else {
            State::Plain
        };
        Self {
            state,
            checksum,
            most,
        }
    }

    /// Takes bytes, and gives what can be passed on; called until it gives nothing.
    pub(crate) fn take(
        &mut self,
        bytes: &mut Option<Vec<u8>>,
        number: u32,
    ) -> Result<Option<Vec<u8>>, Incomplete> {
        if let State::Undecided(held) = &mut self.state {
            held.extend(bytes.take().unwrap_or_default());
            if held.len() < GZIP.len() {
                return Ok(None);
            }
            let held = std::mem::take(held);
            if held.starts_with(&GZIP) {
                self.state = State::Gzip(Box::new(Inside {
                    gunzip: Gunzip::new(),
                    left: Vec::new(),
                    at: 0,
                    bytes: 0,
                }));
            } else {
                self.state = State::Plain;
            }
            *bytes = Some(held);
        }
        let State::Gzip(inside) = &mut self.state else {
            return Ok(bytes.take());
        };
        if let Some(bytes) = bytes.take() {
            inside.left = bytes;
            inside.at = 0;
        }
        let waiting = inside.left.get(inside.at..).unwrap_or_default();
        let Some(slice) = Gunzip::slices(waiting).next() else {
            return Ok(None);
        };
        let plain = inside
            .gunzip
            .undo(slice)
            .map_err(|_| Incomplete::BadGzip { number })?;
        inside.at += slice.len();
        inside.bytes += plain.len() as u64;
        if inside.bytes > self.most {
            return Err(Incomplete::TooLarge { most: self.most });
        }
        if let Some(checksum) = &mut self.checksum {
            checksum.update(&plain);
        }
        Ok(Some(plain))
    }

    /// What was held back, and whether the checksum is that of the content inside; `None` where
    /// there is no inside or no checksum.
    pub(crate) fn finish(&mut self, of: u32) -> Result<(Vec<u8>, Option<bool>), Incomplete> {
        match &mut self.state {
            State::Plain => Ok((Vec::new(), None)),
            State::Undecided(held) => Ok((std::mem::take(held), None)),
            State::Gzip(inside) => {
                let rest = inside
                    .gunzip
                    .end()
                    .map_err(|_| Incomplete::BadGzip { number: of })?;
                let holds = self.checksum.take().map(|mut checksum| {
                    checksum.update(&rest);
                    checksum.holds()
                });
                Ok((rest, holds))
            }
        }
    }
}
