//! The checksum that a sender may give.

use md5::Md5;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::authorization::hexadecimal;

/// A check of `Mex-Content-Checksum`. The service does not say which algorithm it is made with: the
/// length tells. What is none of those that are in use cannot be checked.
#[derive(Debug, Clone)]
pub(crate) struct Checksum {
    expected: String,
    algorithm: Algorithm,
}

#[derive(Debug, Clone)]
enum Algorithm {
    Md5(Md5),
    Sha1(Sha1),
    Sha256(Sha256),
    Sha512(Sha512),
}

impl Checksum {
    /// Reads the header: hexadecimal, perhaps behind the algorithm's name (`SHA-256:…`).
    pub(crate) fn read(header: &str) -> Option<Self> {
        let last = header.trim().rsplit([':', ' ']).next()?;
        let expected = last.to_ascii_lowercase();
        if !expected.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return None;
        }
        let algorithm = match expected.len() {
            32 => Algorithm::Md5(Md5::default()),
            40 => Algorithm::Sha1(Sha1::default()),
            64 => Algorithm::Sha256(Sha256::default()),
            128 => Algorithm::Sha512(Sha512::default()),
            _ => return None,
        };
        Some(Self {
            expected,
            algorithm,
        })
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        match &mut self.algorithm {
            Algorithm::Md5(hash) => hash.update(bytes),
            Algorithm::Sha1(hash) => hash.update(bytes),
            Algorithm::Sha256(hash) => hash.update(bytes),
            Algorithm::Sha512(hash) => hash.update(bytes),
        }
    }

    /// Whether all that was told makes the sender's checksum.
    pub(crate) fn holds(self) -> bool {
        let found = match self.algorithm {
            Algorithm::Md5(hash) => hexadecimal(&hash.finalize()),
            Algorithm::Sha1(hash) => hexadecimal(&hash.finalize()),
            Algorithm::Sha256(hash) => hexadecimal(&hash.finalize()),
            Algorithm::Sha512(hash) => hexadecimal(&hash.finalize()),
        };
        found == self.expected
    }
}
