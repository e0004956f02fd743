//! Tokens already verified, so that a client's next request costs no signature.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::token::Claims;

/// The most tokens remembered.
const MOST: usize = 10_000;

/// Claims by the SHA-256 of the token: the token itself is not kept.
pub(crate) struct Remembered {
    tokens: Mutex<Tokens>,
}

#[derive(Default)]
struct Tokens {
    generation: u64,
    claims: HashMap<[u8; 32], Claims>,
}

impl Remembered {
    pub(crate) fn new() -> Self {
        Self {
            tokens: Mutex::new(Tokens::default()),
        }
    }

    /// The claims of a token that was verified with this very set of keys and has not ended.
    pub(crate) fn get(&self, token: &str, generation: u64, now: Timestamp) -> Option<Claims> {
        let tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.generation != generation {
            return None;
        }
        let claims = tokens.claims.get(&key(token))?;
        (now < claims.expires).then(|| claims.clone())
    }

    pub(crate) fn put(&self, token: &str, generation: u64, claims: &Claims, now: Timestamp) {
        let mut tokens = self.tokens.lock().unwrap_or_else(PoisonError::into_inner);
        if tokens.generation > generation {
            return;
        }
        if tokens.generation < generation {
            tokens.generation = generation;
            tokens.claims.clear();
        }
        if tokens.claims.len() >= MOST {
            tokens.claims.retain(|_, claims| now < claims.expires);
        }
        if tokens.claims.len() >= MOST {
            tokens.claims.clear();
        }
        tokens.claims.insert(key(token), claims.clone());
    }
}

fn key(token: &str) -> [u8; 32] {
    Sha256::digest(token).into()
}
