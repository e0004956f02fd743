//! Answers that are remembered: which were valid, which were not, which the server could not tell.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use hashlink::LruCache;
use validation::Decision;

use crate::question::Question;

/// What a server cannot tell today it may tell soon: a value set may be loaded.
const UNKNOWN_SHARE: u32 = 24;

#[derive(Debug)]
pub(crate) struct Cache {
    answers: Mutex<LruCache<Question, (Instant, Decision)>>,
    kept: Duration,
}

impl Cache {
    pub(crate) fn new(size: usize, kept: Duration) -> Self {
        Self {
            answers: Mutex::new(LruCache::new(size)),
            kept,
        }
    }

    fn answers(&self) -> std::sync::MutexGuard<'_, LruCache<Question, (Instant, Decision)>> {
        // Nothing is left half done under this lock.
        self.answers.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn get(&self, question: &Question) -> Option<Decision> {
        let mut answers = self.answers();
        let (until, decision) = answers.get(question)?;
        if *until > Instant::now() {
            return Some(decision.clone());
        }
        answers.remove(question);
        None
    }

    pub(crate) fn put(&self, question: Question, decision: Decision) {
        let kept = match decision {
            Decision::Unknown(_) => self.kept / UNKNOWN_SHARE,
            _ => self.kept,
        };
        let until = Instant::now() + kept;
        self.answers().insert(question, (until, decision));
    }
}
