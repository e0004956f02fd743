//! An archive in memory, whose pieces a test may change.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use archive::{Keys, ReadError, Reader, Shelf, WriteError, Writer};
use jiff::Timestamp;
use store::{Answer, Archive, Blob, Chunk, ChunkHead, Deed, Error, Sight, Tenant, Upload};

/// What is kept, by hash.
pub type Kept = BTreeMap<String, (Blob, Vec<Chunk>)>;

#[derive(Default)]
pub struct Memory {
    pub uploads: Mutex<BTreeMap<String, Vec<Chunk>>>,
    pub kept: Mutex<Kept>,
}

fn ready<'a, T: Send + 'a>(value: T) -> Answer<'a, T> {
    Box::pin(std::future::ready(Ok(value)))
}

impl Archive for Memory {
    fn keep<'a>(&'a self, _: &'a Tenant, upload: &'a str, chunks: Vec<Chunk>) -> Answer<'a, ()> {
        let mut uploads = self.uploads.lock().unwrap();
        uploads.entry(upload.to_owned()).or_default().extend(chunks);
        ready(())
    }

    fn abandon<'a>(&'a self, _: &'a Tenant, upload: &'a str) -> Answer<'a, ()> {
        self.uploads.lock().unwrap().remove(upload);
        ready(())
    }

    fn abandon_older(&self, _: Timestamp) -> Answer<'_, u64> {
        ready(0)
    }

    fn blob<'a>(&'a self, _: &'a Sight, _: &'a Tenant, hash: &'a str) -> Answer<'a, Option<Blob>> {
        let kept = self.kept.lock().unwrap();
        ready(kept.get(hash).map(|(blob, _)| blob.clone()))
    }

    fn chunk_heads<'a>(
        &'a self,
        _: &'a Sight,
        _: &'a Tenant,
        hash: &'a str,
    ) -> Answer<'a, Vec<ChunkHead>> {
        let kept = self.kept.lock().unwrap();
        ready(kept[hash].1.iter().map(|chunk| chunk.head).collect())
    }

    fn chunk<'a>(
        &'a self,
        _: &'a Sight,
        _: &'a Tenant,
        hash: &'a str,
        number: u32,
    ) -> Answer<'a, Option<Chunk>> {
        let kept = self.kept.lock().unwrap();
        ready(kept[hash].1.get(number as usize).cloned())
    }

    fn expired(&self, _: Timestamp, _: usize) -> Answer<'_, Vec<(Tenant, String)>> {
        ready(Vec::new())
    }

    fn erase<'a>(&'a self, _: &'a Tenant, _: &'a str, _: Deed) -> Answer<'a, bool> {
        Box::pin(std::future::ready(Err(Error::Closed)))
    }
}

pub const KEY_A: &str = "a=000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
pub const KEY_B: &str = "b=ff0102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1eff";

pub struct Bench {
    pub memory: Arc<Memory>,
    pub tenant: Tenant,
    pub runtime: tokio::runtime::Runtime,
}

impl Bench {
    pub fn new() -> Self {
        Self {
            memory: Arc::default(),
            tenant: Tenant::new("T1"),
            runtime: tokio::runtime::Builder::new_multi_thread()
                .worker_threads(1)
                .build()
                .unwrap(),
        }
    }

    pub fn shelf(&self) -> Shelf {
        self.memory.clone()
    }

    pub fn writer(&self, keys: &Keys, limit: u64) -> Writer {
        Writer::new(self.shelf(), self.tenant.clone(), keys, limit).unwrap()
    }

    /// Keeps a file that comes in parts.
    pub fn keep(&self, keys: &Keys, parts: &[&[u8]]) -> Blob {
        let upload = self.runtime.block_on(async {
            let mut writer = self.writer(keys, u64::MAX);
            for part in parts {
                writer.push(part).await.unwrap();
            }
            writer.finish(Timestamp::UNIX_EPOCH, None).await.unwrap()
        });
        self.seal(upload)
    }

    pub fn seal(&self, upload: Upload) -> Blob {
        let chunks = self
            .memory
            .uploads
            .lock()
            .unwrap()
            .remove(&upload.name)
            .unwrap_or_default();
        assert_eq!(chunks.len(), upload.blob.chunks as usize);
        let blob = upload.blob;
        let mut kept = self.memory.kept.lock().unwrap();
        kept.insert(blob.hash.clone(), (blob.clone(), chunks));
        blob
    }

    pub fn open(&self, keys: &Keys, hash: &str) -> Result<Reader, ReadError> {
        self.runtime.block_on(Reader::open(
            self.shelf(),
            &Sight::nothing(),
            &self.tenant,
            hash,
            keys,
        ))
    }

    pub fn read(&self, keys: &Keys, hash: &str) -> Result<Vec<u8>, ReadError> {
        let reader = self.open(keys, hash)?;
        let mut out = Vec::new();
        self.runtime.block_on(reader.copy_to(&mut out))?;
        Ok(out)
    }

    pub fn push_all(&self, writer: &mut Writer, bytes: &[u8]) -> Result<(), WriteError> {
        self.runtime.block_on(writer.push(bytes))
    }
}
