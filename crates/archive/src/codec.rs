//! One piece, compressed and encrypted, and back.

use std::io::{Read as _, Write as _};

use flate2::Compression;
use flate2::read::ZlibDecoder;
use flate2::write::ZlibEncoder;
use store::{Blob, Chunk, ChunkHead, Tenant};

use crate::ReadError;
use crate::keys::FileKey;

/// Compressed, with a checksum (zlib, RFC 1950).
pub(crate) const PLAIN: &str = "deflate";
/// The same, encrypted and authenticated.
pub(crate) const ENCRYPTED: &str = "deflate+aes-256-gcm";

/// Makes of a piece what is kept. `None` only when the cipher refuses, which it does for pieces of
/// many gigabytes.
pub(crate) fn encode(head: ChunkHead, bytes: &[u8], key: Option<&FileKey>) -> Option<Chunk> {
    let mut encoder = ZlibEncoder::new(Vec::with_capacity(bytes.len() / 4), Compression::fast());
    encoder.write_all(bytes).ok()?;
    let mut kept = encoder.finish().ok()?;
    if let Some(key) = key {
        key.encrypt(head.number, &place(&head), &mut kept)?;
    }
    Some(Chunk { head, bytes: kept })
}

/// The bytes of a piece as they were sent.
///
/// # Errors
/// [`ReadError::Damaged`] when it is not what was kept.
pub(crate) fn decode(chunk: Chunk, key: Option<&FileKey>) -> Result<Vec<u8>, ReadError> {
    let Chunk { head, mut bytes } = chunk;
    let damaged = || ReadError::Damaged {
        piece: Some(head.number),
    };
    if let Some(key) = key {
        key.decrypt(head.number, &place(&head), &mut bytes)
            .ok_or_else(damaged)?;
    }
    let length = usize::try_from(head.length).map_err(|_| damaged())?;
    let mut plain = Vec::with_capacity(length.min(crate::PIECE));
    // One byte more than it may have, so that what grew is noticed and never kept.
    ZlibDecoder::new(bytes.as_slice())
        .take(u64::from(head.length) + 1)
        .read_to_end(&mut plain)
        .map_err(|_| damaged())?;
    if plain.len() != length {
        return Err(damaged());
    }
    Ok(plain)
}

/// What is authenticated with a piece: where it is.
fn place(head: &ChunkHead) -> Vec<u8> {
    let mut bytes = b"causeway archive piece 1".to_vec();
    bytes.extend_from_slice(&head.number.to_be_bytes());
    bytes.extend_from_slice(&head.first_byte.to_be_bytes());
    bytes.extend_from_slice(&head.length.to_be_bytes());
    bytes.extend_from_slice(&head.lines_before.to_be_bytes());
    bytes
}

/// What a file's sealed key is bound to: whose file it is, and which.
pub(crate) fn bound_to(tenant: &Tenant, hash: &str, size: u64, pieces: u32) -> Vec<u8> {
    let mut bytes = b"causeway archive key 1".to_vec();
    for part in [tenant.as_str(), hash, ENCRYPTED] {
        bytes.extend_from_slice(&(part.len() as u64).to_be_bytes());
        bytes.extend_from_slice(part.as_bytes());
    }
    bytes.extend_from_slice(&size.to_be_bytes());
    bytes.extend_from_slice(&pieces.to_be_bytes());
    bytes
}

/// What the sealed key of a kept file is bound to.
pub(crate) fn bound_to_blob(blob: &Blob) -> Vec<u8> {
    bound_to(&blob.tenant, &blob.hash, blob.size, blob.chunks)
}
