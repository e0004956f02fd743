//! A gzip stream unpacked as it comes in, never much of it at once.

use std::io::Write as _;

use flate2::write::MultiGzDecoder;

use crate::{WriteError, Writer};

/// How many packed bytes are unpacked at once: gzip packs a thousandfold at most, so what comes out
/// of them is some four megabytes at worst.
const STEP: usize = 4 * 1024;

/// Unpacks gzip into a [`Writer`]. The writer's limit counts what comes out, so that a few bytes that
/// unpack to a full disk are refused when the limit is reached.
pub struct Gunzip {
    decoder: MultiGzDecoder<Vec<u8>>,
    seen: bool,
}

impl Default for Gunzip {
    fn default() -> Self {
        Self::new()
    }
}

impl Gunzip {
    /// At the start of a stream.
    pub fn new() -> Self {
        Self {
            decoder: MultiGzDecoder::new(Vec::new()),
            seen: false,
        }
    }

    /// Unpacks bytes.
    ///
    /// # Errors
    /// [`WriteError::NotGzip`], or the writer's.
    pub async fn push(&mut self, bytes: &[u8], writer: &mut Writer) -> Result<(), WriteError> {
        for step in bytes.chunks(STEP) {
            self.seen = true;
            self.decoder
                .write_all(step)
                .map_err(|_| WriteError::NotGzip)?;
            let plain = std::mem::take(self.decoder.get_mut());
            writer.push(&plain).await?;
        }
        Ok(())
    }

    /// Ends the stream.
    ///
    /// # Errors
    /// [`WriteError::NotGzip`] when it was cut off, or the writer's.
    pub async fn finish(mut self, writer: &mut Writer) -> Result<(), WriteError> {
        if !self.seen {
            return Ok(());
        }
        self.decoder.try_finish().map_err(|_| WriteError::NotGzip)?;
        let plain = std::mem::take(self.decoder.get_mut());
        writer.push(&plain).await
    }
}
