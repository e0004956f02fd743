//! Files as they were sent, kept whole beside what was made of them.
//!
//! [`Writer`] takes the bytes as they come in, cuts them into pieces, compresses each, encrypts each
//! where there are [`Keys`], and hands them to a [`store::Archive`]. [`Reader`] streams a file back
//! and says at its end whether it is the one that was sent, or reads a few lines or bytes of it.
//!
//! Invariants:
//! - Memory holds a few pieces of a file, never a file.
//! - What comes back is byte for byte what was sent, or an error: hash and size are checked.
//! - Pieces are cut after a line feed where there is one, so that a record lies in one piece.
//! - With keys, each file has a random key of its own, sealed by the newest named key. A nonce is a
//!   piece's number under that file's key, so none is used twice; what is authenticated with each
//!   piece is its place, and with the sealed key whose file it is and which, so that nothing can be
//!   exchanged.
//! - No error holds a byte of a file.

mod codec;
mod cutter;
mod error;
mod gunzip;
mod keys;
mod reader;
mod writer;

use std::sync::Arc;

pub use error::{KeyError, ReadError, WriteError};
pub use gunzip::Gunzip;
pub use keys::Keys;
pub use reader::Reader;
pub use writer::Writer;

/// How many bytes of a file one piece holds at most.
pub const PIECE: usize = 256 * 1024;

/// Where pieces are kept.
pub type Shelf = Arc<dyn store::Archive + Send + Sync>;

/// The length of a key in bytes: AES-256.
pub const KEY_BYTES: usize = 32;
