//! The named keys that seal the keys of files.

use std::fmt;
use std::sync::Arc;

use ring::aead::{AES_256_GCM, Aad, LessSafeKey, NONCE_LEN, Nonce, UnboundKey};
use ring::rand::{SecureRandom as _, SystemRandom};

use crate::{KEY_BYTES, KeyError, ReadError, WriteError};

/// Named keys, the newest last: it seals what is kept from now on, the others open what is there.
/// Without any, files are kept compressed and not encrypted. Cheap to clone.
///
/// A key seals with random nonces of 96 bits, which is safe for some billion files; a new one is
/// named after that, or when somebody may have seen the old one.
#[derive(Clone, Default)]
pub struct Keys {
    keys: Arc<[(String, LessSafeKey)]>,
}

impl fmt::Debug for Keys {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list()
            .entries(self.keys.iter().map(|(name, _)| name))
            .finish()
    }
}

impl Keys {
    /// No keys: nothing is encrypted.
    pub fn none() -> Self {
        Self::default()
    }

    /// Reads keys from text, one on a line: `NAME=` and 64 hexadecimal digits. Blank lines and lines
    /// that begin with `#` are passed over. The last one is the newest.
    ///
    /// # Errors
    /// When a line is something else, or a name comes twice.
    pub fn parse(text: &str) -> Result<Self, KeyError> {
        let mut keys: Vec<(String, LessSafeKey)> = Vec::new();
        for (number, line) in text.lines().enumerate() {
            let line = line.trim();
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let unreadable = || KeyError::Unreadable { line: number + 1 };
            let (name, digits) = line.split_once('=').ok_or_else(unreadable)?;
            let name = name.trim();
            let bytes = unhex(digits.trim()).ok_or_else(unreadable)?;
            if name.is_empty() || bytes.len() != KEY_BYTES {
                return Err(unreadable());
            }
            if keys.iter().any(|(known, _)| known == name) {
                return Err(KeyError::TwiceNamed {
                    name: name.to_owned(),
                });
            }
            keys.push((name.to_owned(), key(&bytes).ok_or_else(unreadable)?));
        }
        Ok(Self { keys: keys.into() })
    }

    /// Whether files are encrypted.
    pub fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    /// The names, the newest last.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.keys.iter().map(|(name, _)| name.as_str())
    }

    /// Seals a file's key with the newest key.
    pub(crate) fn seal(&self, secret: &[u8], bound_to: &[u8]) -> Result<Sealed, WriteError> {
        let (name, key) = self.keys.last().ok_or(WriteError::NoRandomness)?;
        let mut sealed = random::<NONCE_LEN>()?.to_vec();
        let nonce =
            Nonce::try_assume_unique_for_key(&sealed).map_err(|_| WriteError::NoRandomness)?;
        let mut bytes = secret.to_vec();
        key.seal_in_place_append_tag(nonce, Aad::from(named(name, bound_to)), &mut bytes)
            .map_err(|_| WriteError::NoRandomness)?;
        sealed.append(&mut bytes);
        Ok(Sealed {
            name: name.clone(),
            bytes: sealed,
        })
    }

    /// Opens a file's key.
    pub(crate) fn unseal(
        &self,
        name: &str,
        sealed: &[u8],
        bound_to: &[u8],
    ) -> Result<FileKey, ReadError> {
        let (_, key) = self
            .keys
            .iter()
            .find(|(known, _)| known == name)
            .ok_or_else(|| ReadError::KeyMissing {
                name: name.to_owned(),
            })?;
        let wrong = || ReadError::WrongKey {
            name: name.to_owned(),
        };
        let (nonce, bytes) = sealed.split_at_checked(NONCE_LEN).ok_or_else(wrong)?;
        let nonce = Nonce::try_assume_unique_for_key(nonce).map_err(|_| wrong())?;
        let mut bytes = bytes.to_vec();
        let secret = key
            .open_in_place(nonce, Aad::from(named(name, bound_to)), &mut bytes)
            .map_err(|_| wrong())?;
        FileKey::new(secret).ok_or_else(wrong)
    }
}

/// A file's key, sealed.
pub(crate) struct Sealed {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
}

/// The key of one file.
#[derive(Clone)]
pub(crate) struct FileKey(Arc<LessSafeKey>);

impl FileKey {
    fn new(secret: &[u8]) -> Option<Self> {
        key(secret).map(|key| Self(Arc::new(key)))
    }

    /// A new random one, and its bytes for sealing.
    pub(crate) fn random() -> Result<(Self, [u8; KEY_BYTES]), WriteError> {
        let secret = random::<KEY_BYTES>()?;
        let key = Self::new(&secret).ok_or(WriteError::NoRandomness)?;
        Ok((key, secret))
    }

    /// Encrypts a piece. Its number is the nonce: each number comes once under a file's own key.
    pub(crate) fn encrypt(&self, number: u32, place: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
        self.0
            .seal_in_place_append_tag(nonce(number), Aad::from(place), bytes)
            .ok()
    }

    /// Decrypts a piece.
    pub(crate) fn decrypt(&self, number: u32, place: &[u8], bytes: &mut Vec<u8>) -> Option<()> {
        let length = self
            .0
            .open_in_place(nonce(number), Aad::from(place), bytes)
            .ok()?
            .len();
        bytes.truncate(length);
        Some(())
    }
}

fn nonce(number: u32) -> Nonce {
    let mut bytes = [0; NONCE_LEN];
    for (byte, digit) in bytes.iter_mut().rev().zip(number.to_le_bytes()) {
        *byte = digit;
    }
    Nonce::assume_unique_for_key(bytes)
}

fn key(secret: &[u8]) -> Option<LessSafeKey> {
    Some(LessSafeKey::new(
        UnboundKey::new(&AES_256_GCM, secret).ok()?,
    ))
}

/// What a sealed key is bound to: the sealing key's name too, so that none opens another's.
fn named(name: &str, bound_to: &[u8]) -> Vec<u8> {
    let mut bytes = bound_to.to_vec();
    bytes.push(0);
    bytes.extend_from_slice(name.as_bytes());
    bytes
}

fn random<const N: usize>() -> Result<[u8; N], WriteError> {
    let mut bytes = [0; N];
    SystemRandom::new()
        .fill(&mut bytes)
        .map_err(|_| WriteError::NoRandomness)?;
    Ok(bytes)
}

fn unhex(digits: &str) -> Option<Vec<u8>> {
    let digits = digits.as_bytes();
    if !digits.len().is_multiple_of(2) {
        return None;
    }
    let value = |digit: u8| char::from(digit).to_digit(16);
    digits
        .chunks_exact(2)
        .map(|pair| match pair {
            [high, low] => u8::try_from(value(*high)? * 16 + value(*low)?).ok(),
            _ => None,
        })
        .collect()
}
