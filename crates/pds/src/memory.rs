//! Outcomes that need not be asked for again.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use identity::Claim;
use jiff::Timestamp;
use sha2::{Digest as _, Sha256};

use crate::trace::Trace;

/// What an outcome is remembered under: a hash of all that the question rests on, so that the same
/// question finds it and a changed record does not.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub struct Question([u8; 32]);

impl Question {
    pub(crate) fn of(claim: &Claim) -> Self {
        let mut hash = Sha256::new();
        let mut absorb = |part: Option<&str>| {
            let part = part.unwrap_or_default();
            hash.update((part.len() as u64).to_be_bytes());
            hash.update(part.as_bytes());
        };
        absorb(
            claim
                .key
                .nhs_number
                .as_ref()
                .map(identity::NhsNumber::as_str),
        );
        absorb(claim.birth_date.as_deref());
        absorb(claim.key.family.as_deref());
        absorb(claim.sex.as_deref());
        absorb(Some(if claim.multiple_birth { "many" } else { "one" }));
        for given in &claim.given {
            absorb(Some(given));
        }
        Self(hash.finalize().into())
    }
}

/// Where outcomes are remembered. They hold no personal data.
pub trait Remember: Send + Sync {
    /// The outcome of a question that is still good.
    fn recall(&self, question: Question, now: Timestamp) -> Option<Trace>;

    /// Remembers an outcome until a moment.
    fn remember(&self, question: Question, trace: &Trace, until: Timestamp);
}

/// Remembers in memory, up to a number of outcomes.
pub struct Memory {
    most: usize,
    known: Mutex<HashMap<Question, (Trace, Timestamp)>>,
}

impl Memory {
    /// A memory for this many outcomes; with none it forgets at once.
    pub fn new(most: usize) -> Self {
        Self {
            most,
            known: Mutex::new(HashMap::new()),
        }
    }
}

impl Default for Memory {
    fn default() -> Self {
        Self::new(100_000)
    }
}

impl Remember for Memory {
    fn recall(&self, question: Question, now: Timestamp) -> Option<Trace> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let (trace, until) = known.get(&question)?;
        (*until > now).then(|| trace.clone())
    }

    fn remember(&self, question: Question, trace: &Trace, until: Timestamp) {
        let mut known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if known.len() >= self.most {
            known.retain(|_, (_, until)| *until > trace.at);
        }
        if known.len() >= self.most {
            known.clear();
        }
        if self.most > 0 {
            known.insert(question, (trace.clone(), until));
        }
    }
}
