//! Raw bytes as they were sent, kept in pieces beside the records that were made of them.
//!
//! The store knows nothing of what the pieces hold: `archive` compresses, encrypts and cuts.

use jiff::Timestamp;

use crate::{Answer, Deed, Sight, Tenant};

/// One piece of a file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Chunk {
    /// Where it is in the file.
    pub head: ChunkHead,
    /// What is kept of it: compressed, and encrypted where the blob says so.
    pub bytes: Vec<u8>,
}

/// Where a piece is in its file, so that a record is found without reading what is before it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ChunkHead {
    /// Its number, from 0.
    pub number: u32,
    /// Where it begins, in bytes of the file as it was sent.
    pub first_byte: u64,
    /// How many bytes of the file it holds.
    pub length: u32,
    /// How many line feeds are before it in the file.
    pub lines_before: u64,
}

/// A file that is kept: content-addressed within a tenant, so the same bytes are kept once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Blob {
    /// Whose it is.
    pub tenant: Tenant,
    /// The SHA-256 of the bytes as they were sent, in hexadecimal.
    pub hash: String,
    /// How many bytes were sent.
    pub size: u64,
    /// How many pieces there are.
    pub chunks: u32,
    /// How the pieces are kept: `deflate`, `deflate+aes-256-gcm`.
    pub codec: String,
    /// The name of the key that `sealed_key` is encrypted with; `None` where nothing is encrypted.
    pub key: Option<String>,
    /// The blob's own key, encrypted: without it the pieces are noise, in every backup too.
    pub sealed_key: Option<Vec<u8>>,
    /// When it was first kept.
    pub kept: Timestamp,
    /// Until when it must be kept; `None` is until somebody says otherwise.
    pub keep_until: Option<Timestamp>,
    /// When its content was erased; the row stays, so that what it was is still known.
    pub erased: Option<Timestamp>,
}

/// Where raw bytes are kept.
pub trait Archive {
    /// Keeps pieces of an upload that is under way. They belong to nothing until
    /// [`crate::Intake::accept`] seals them.
    fn keep<'a>(
        &'a self,
        tenant: &'a Tenant,
        upload: &'a str,
        chunks: Vec<Chunk>,
    ) -> Answer<'a, ()>;

    /// Forgets an upload that will not be sealed.
    fn abandon<'a>(&'a self, tenant: &'a Tenant, upload: &'a str) -> Answer<'a, ()>;

    /// Forgets uploads that were begun before a moment and never sealed: their senders were never
    /// answered. How many.
    fn abandon_older(&self, before: Timestamp) -> Answer<'_, u64>;

    /// A kept file. Only the tenant itself sees it.
    fn blob<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
    ) -> Answer<'a, Option<Blob>>;

    /// Where the pieces of a file begin, in order.
    fn chunk_heads<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
    ) -> Answer<'a, Vec<ChunkHead>>;

    /// One piece.
    fn chunk<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
        number: u32,
    ) -> Answer<'a, Option<Chunk>>;

    /// Files whose time is over and that no waiting or running job needs.
    fn expired(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<(Tenant, String)>>;

    /// Erases the content of a file for good: its pieces, its key, and the raw records that the
    /// quarantine holds of its submissions. Whether there was something to erase.
    fn erase<'a>(&'a self, tenant: &'a Tenant, hash: &'a str, deed: Deed) -> Answer<'a, bool>;
}
