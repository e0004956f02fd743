//! What the terminology said of codes. Records use few codes again and again, so the answers on the
//! first ones are kept: in a table of fixed size that is read without a lock and never forgets, from
//! which nothing is taken for an answer but the same question.

use std::sync::OnceLock;

use terminology::{Membership, Terminology};

use crate::plan::quick_hash;

/// How many answers are kept, a power of two.
const SLOTS: usize = 2048;

/// How many slots from its own an answer may lie.
const PROBES: usize = 4;

/// Longer questions are asked each time: no code is that long, and memory stays bounded.
const MAX_LENGTH: usize = 400;

/// What is known of a code in its own code system.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Existence {
    In,
    Out,
    Unknown,
    /// What stands as its system is a value set.
    ValueSet,
}

/// A question and what was answered.
#[derive(Debug)]
struct Known {
    kind: Kind,
    texts: [Box<str>; 3],
    answer: Existence,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Is a code in a value set, whatever its system?
    Code,
    /// Is a code of a system in a value set?
    Coding,
    /// Is a code in its system?
    Exists,
    /// Is a text a name of a code?
    Display,
}

/// The answers that are kept.
#[derive(Debug)]
pub(crate) struct KnownCodes(Box<[OnceLock<Known>]>);

impl Default for KnownCodes {
    fn default() -> Self {
        Self((0..SLOTS).map(|_| OnceLock::new()).collect())
    }
}

impl KnownCodes {
    /// No room for any answer: each question is asked each time.
    pub fn none() -> Self {
        Self(Box::default())
    }

    /// Whether a code is in a value set: [`Terminology::contains`].
    pub fn membership(
        &self,
        terminology: &Terminology,
        value_set: &str,
        system: Option<&str>,
        code: &str,
    ) -> Membership {
        let kind = match system {
            None => Kind::Code,
            Some(_) => Kind::Coding,
        };
        let texts = [code, value_set, system.unwrap_or("")];
        as_membership(self.answer(kind, texts, || {
            of(terminology.contains(value_set, system, code))
        }))
    }

    /// Whether a code is in its system: [`Terminology::code_in_system`].
    pub fn existence(&self, terminology: &Terminology, system: &str, code: &str) -> Existence {
        self.answer(Kind::Exists, [code, system, ""], || {
            let is_value_set = system.contains("/ValueSet/")
                && terminology.knows_system(system).is_none()
                && terminology.knows_value_set(system);
            if is_value_set {
                Existence::ValueSet
            } else {
                of(terminology.code_in_system(system, code))
            }
        })
    }

    /// Whether a text is a name of a code: [`Terminology::display_fits`].
    pub fn display_fits(
        &self,
        terminology: &Terminology,
        system: &str,
        code: &str,
        display: &str,
    ) -> Membership {
        as_membership(self.answer(Kind::Display, [code, system, display], || {
            of(terminology.display_fits(system, code, display))
        }))
    }

    fn answer(&self, kind: Kind, texts: [&str; 3], ask: impl FnOnce() -> Existence) -> Existence {
        let [one, two, three] = texts;
        let start = quick_hash(one)
            ^ quick_hash(two).rotate_left(21)
            ^ quick_hash(three).rotate_left(42)
            ^ kind as u64;
        for slot in self.probes(start) {
            match slot.get() {
                Some(known) if known.is(kind, texts) => return known.answer,
                Some(_) => {}
                None => break,
            }
        }
        self.learn(start, kind, texts, ask())
    }

    #[cold]
    fn learn(&self, start: u64, kind: Kind, texts: [&str; 3], answer: Existence) -> Existence {
        // A display that is no name of the code could be anything, even a person's.
        let is_kept = texts.iter().map(|text| text.len()).sum::<usize>() <= MAX_LENGTH
            && (kind != Kind::Display || answer == Existence::In);
        if is_kept {
            for slot in self.probes(start) {
                let known = slot.get_or_init(|| Known {
                    kind,
                    texts: texts.map(Box::from),
                    answer,
                });
                if known.is(kind, texts) {
                    break;
                }
            }
        }
        answer
    }

    #[allow(
        clippy::cast_possible_truncation,
        reason = "only the low bits of a hash are wanted"
    )]
    fn probes(&self, start: u64) -> impl Iterator<Item = &OnceLock<Known>> {
        (0..PROBES).filter_map(move |step| self.0.get((start as usize + step) & (SLOTS - 1)))
    }
}

impl Known {
    fn is(&self, kind: Kind, texts: [&str; 3]) -> bool {
        self.kind == kind
            && self
                .texts
                .iter()
                .zip(texts)
                .all(|(known, text)| **known == *text)
    }
}

fn of(membership: Membership) -> Existence {
    match membership {
        Membership::In => Existence::In,
        Membership::Out => Existence::Out,
        Membership::Unknown => Existence::Unknown,
    }
}

fn as_membership(existence: Existence) -> Membership {
    match existence {
        Existence::In => Membership::In,
        Existence::Out => Membership::Out,
        Existence::Unknown | Existence::ValueSet => Membership::Unknown,
    }
}
