//! A file being kept.

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};
use store::{Blob, Chunk, ChunkHead, Tenant, Upload};

use crate::codec::{self, ENCRYPTED, PLAIN};
use crate::cutter::Cutter;
use crate::keys::FileKey;
use crate::{KEY_BYTES, Keys, Shelf, WriteError};

/// How many pieces go to the store at once: each time it waits for the disk.
const TOGETHER: usize = 4;

/// Keeps a file as its bytes come in. What it has kept belongs to nothing until the store seals the
/// [`Upload`] that [`Writer::finish`] gives; a writer that is dropped leaves pieces behind that
/// [`store::Archive::abandon_older`] sweeps away.
pub struct Writer {
    shelf: Shelf,
    tenant: Tenant,
    upload: String,
    limit: u64,
    keys: Keys,
    key: Option<(FileKey, [u8; KEY_BYTES])>,
    cutter: Cutter,
    ready: Vec<Chunk>,
    hash: Sha256,
    size: u64,
}

impl Writer {
    /// Begins to keep a file of at most `limit` bytes.
    ///
    /// # Errors
    /// When the system gives no random numbers for the file's key.
    pub fn new(shelf: Shelf, tenant: Tenant, keys: &Keys, limit: u64) -> Result<Self, WriteError> {
        let key = if keys.is_empty() {
            None
        } else {
            Some(FileKey::random()?)
        };
        Ok(Self {
            shelf,
            tenant,
            upload: uuid::Uuid::new_v4().to_string(),
            limit,
            keys: keys.clone(),
            key,
            cutter: Cutter::default(),
            ready: Vec::new(),
            hash: Sha256::new(),
            size: 0,
        })
    }

    /// How many bytes have come in.
    pub fn size(&self) -> u64 {
        self.size
    }

    /// Takes bytes.
    ///
    /// # Errors
    /// [`WriteError::TooLarge`] beyond the limit, or the store's failures. The file is lost then:
    /// [`Writer::abandon`] it.
    pub async fn push(&mut self, bytes: &[u8]) -> Result<(), WriteError> {
        self.size = self.size.saturating_add(bytes.len() as u64);
        if self.size > self.limit {
            return Err(WriteError::TooLarge { limit: self.limit });
        }
        self.hash.update(bytes);
        let mut rest = bytes;
        while !rest.is_empty() {
            let taken = self.cutter.take(rest);
            rest = rest.get(taken..).unwrap_or_default();
            if let Some(piece) = self.cutter.full() {
                self.ready(piece).await?;
            }
        }
        Ok(())
    }

    async fn ready(&mut self, (head, bytes): (ChunkHead, Vec<u8>)) -> Result<(), WriteError> {
        let key = self.key.as_ref().map(|(key, _)| key.clone());
        // Packing takes milliseconds, in which nobody else's request should wait.
        let chunk = tokio::task::spawn_blocking(move || codec::encode(head, &bytes, key.as_ref()))
            .await
            .ok()
            .flatten()
            .ok_or(WriteError::Interrupted)?;
        self.ready.push(chunk);
        if self.ready.len() >= TOGETHER {
            self.keep().await?;
        }
        Ok(())
    }

    async fn keep(&mut self) -> Result<(), WriteError> {
        if self.ready.is_empty() {
            return Ok(());
        }
        let chunks = std::mem::take(&mut self.ready);
        self.shelf.keep(&self.tenant, &self.upload, chunks).await?;
        Ok(())
    }

    /// Keeps what is left and says what the store is to seal.
    ///
    /// # Errors
    /// The store's failures. The file is lost then, as if it had never come.
    pub async fn finish(
        mut self,
        now: Timestamp,
        keep_until: Option<Timestamp>,
    ) -> Result<Upload, WriteError> {
        if let Some(piece) = self.cutter.rest() {
            self.ready(piece).await?;
        }
        self.keep().await?;
        let hash = hex(&self.hash.finalize());
        let chunks = self.cutter.pieces();
        let sealed = match &self.key {
            None => None,
            Some((_, secret)) => {
                let bound_to = codec::bound_to(&self.tenant, &hash, self.size, chunks);
                Some(self.keys.seal(secret, &bound_to)?)
            }
        };
        let (key, sealed_key) = sealed.map(|sealed| (sealed.name, sealed.bytes)).unzip();
        Ok(Upload {
            name: self.upload,
            blob: Blob {
                tenant: self.tenant,
                hash,
                size: self.size,
                chunks,
                codec: if key.is_some() { ENCRYPTED } else { PLAIN }.to_owned(),
                key,
                sealed_key,
                kept: now,
                keep_until,
                erased: None,
            },
        })
    }

    /// Forgets the file.
    ///
    /// # Errors
    /// The store's failures; the pieces are swept away later then.
    pub async fn abandon(self) -> Result<(), WriteError> {
        self.shelf.abandon(&self.tenant, &self.upload).await?;
        Ok(())
    }
}

pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
