//! A file read back.

use std::io::Write;
use std::ops::Range;

use sha2::{Digest as _, Sha256};
use store::{Blob, ChunkHead, Sight, Tenant};

use crate::codec;
use crate::keys::FileKey;
use crate::writer::hex;
use crate::{Keys, ReadError, Shelf};

/// A kept file, opened.
pub struct Reader {
    shelf: Shelf,
    sight: Sight,
    blob: Blob,
    key: Option<FileKey>,
}

impl Reader {
    /// Opens a file by the hash of its bytes.
    ///
    /// # Errors
    /// When it is not kept or was erased, its key is missing or wrong, or the store fails.
    pub async fn open(
        shelf: Shelf,
        sight: &Sight,
        tenant: &Tenant,
        hash: &str,
        keys: &Keys,
    ) -> Result<Self, ReadError> {
        let blob = shelf
            .blob(sight, tenant, hash)
            .await?
            .ok_or(ReadError::NotKept)?;
        if blob.erased.is_some() {
            return Err(ReadError::Erased);
        }
        let key = match (&blob.key, &blob.sealed_key) {
            (None, None) if blob.codec == codec::PLAIN => None,
            (Some(name), Some(sealed)) if blob.codec == codec::ENCRYPTED => {
                Some(keys.unseal(name, sealed, &codec::bound_to_blob(&blob))?)
            }
            _ => return Err(ReadError::Damaged { piece: None }),
        };
        Ok(Self {
            shelf,
            sight: sight.clone(),
            blob,
            key,
        })
    }

    /// What is kept.
    pub fn blob(&self) -> &Blob {
        &self.blob
    }

    /// One piece, as it was sent.
    async fn piece(&self, number: u32) -> Result<(ChunkHead, Vec<u8>), ReadError> {
        let chunk = self
            .shelf
            .chunk(&self.sight, &self.blob.tenant, &self.blob.hash, number)
            .await?
            .filter(|chunk| chunk.head.number == number)
            .ok_or(ReadError::Damaged {
                piece: Some(number),
            })?;
        let head = chunk.head;
        let key = self.key.clone();
        let bytes = tokio::task::spawn_blocking(move || codec::decode(chunk, key.as_ref()))
            .await
            .map_err(|_| ReadError::Interrupted)??;
        Ok((head, bytes))
    }

    /// Writes the whole file out, and says whether it is the one that was sent.
    ///
    /// # Errors
    /// [`ReadError::Damaged`] when it is not: what was written must not be used then. Or what kept it
    /// from being read or written.
    pub async fn copy_to(&self, out: &mut (dyn Write + Send)) -> Result<(), ReadError> {
        let mut hash = Sha256::new();
        let mut size = 0_u64;
        for number in 0..self.blob.chunks {
            let (head, bytes) = self.piece(number).await?;
            if head.first_byte != size {
                return Err(ReadError::Damaged {
                    piece: Some(number),
                });
            }
            size += bytes.len() as u64;
            hash.update(&bytes);
            out.write_all(&bytes).map_err(ReadError::Output)?;
        }
        out.flush().map_err(ReadError::Output)?;
        if size != self.blob.size || hex(&hash.finalize()) != self.blob.hash {
            return Err(ReadError::Damaged { piece: None });
        }
        Ok(())
    }

    async fn heads(&self) -> Result<Vec<ChunkHead>, ReadError> {
        let heads = self
            .shelf
            .chunk_heads(&self.sight, &self.blob.tenant, &self.blob.hash)
            .await?;
        if heads.len() as u64 != u64::from(self.blob.chunks) {
            return Err(ReadError::Damaged { piece: None });
        }
        Ok(heads)
    }

    /// Some bytes of the file, from the pieces that hold them alone. A range that reaches beyond the
    /// end gives what there is.
    ///
    /// # Errors
    /// What kept it from being read.
    pub async fn bytes(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let mut found = Vec::new();
        for head in self.heads().await? {
            let end = head.first_byte + u64::from(head.length);
            if end <= range.start || head.first_byte >= range.end {
                continue;
            }
            let (head, bytes) = self.piece(head.number).await?;
            let within = |place: u64| {
                usize::try_from(place.saturating_sub(head.first_byte))
                    .unwrap_or(usize::MAX)
                    .min(bytes.len())
            };
            found.extend_from_slice(
                bytes
                    .get(within(range.start)..within(range.end))
                    .unwrap_or_default(),
            );
        }
        Ok(found)
    }

    /// Some lines of the file with their line feeds, from the pieces that hold them alone; the first
    /// line is 0. A record of a CSV file is found by its line, which its place names (from 1).
    ///
    /// # Errors
    /// What kept it from being read.
    pub async fn lines(&self, range: Range<u64>) -> Result<Vec<u8>, ReadError> {
        let mut found = Vec::new();
        let heads = self.heads().await?;
        let mut following = heads.iter().skip(1);
        for head in &heads {
            let until = following.next().map_or(u64::MAX, |next| next.lines_before);
            // A line that goes on into the next piece is in both.
            if head.lines_before >= range.end || until < range.start {
                continue;
            }
            let (head, bytes) = self.piece(head.number).await?;
            let mut line = head.lines_before;
            for part in bytes.split_inclusive(|byte| *byte == b'\n') {
                if range.contains(&line) {
                    found.extend_from_slice(part);
                }
                line += u64::from(part.ends_with(b"\n"));
            }
        }
        Ok(found)
    }
}
