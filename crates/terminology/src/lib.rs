//! Which codes are in which value sets and code systems.
//!
//! The main type is [`Terminology`]: it turns the value sets of [`definitions`] into codes, once
//! each, and answers from memory.
//!
//! Invariants:
//! - What cannot be decided offline is [`Membership::Unknown`], never a guess.
//! - Asking about a code allocates nothing.

use definitions::Definitions;

/// Whether a code is in a set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Membership {
    /// It is.
    In,
    /// It is not.
    Out,
    /// The set cannot be listed offline (a SNOMED CT filter, say): nothing is decided.
    Unknown,
}

/// The value sets and code systems of a set of definitions.
#[derive(Debug)]
pub struct Terminology {
    #[allow(dead_code)]
    definitions: Definitions,
}

impl Terminology {
    /// The terminology of some definitions. Nothing is expanded before it is asked for.
    pub fn new(definitions: &Definitions) -> Self {
        Self {
            definitions: definitions.clone(),
        }
    }

    /// Whether a code is in a value set. `system` is `None` for an element of type `code`, whose
    /// set implies the system.
    pub fn contains(&self, _value_set: &str, _system: Option<&str>, _code: &str) -> Membership {
        Membership::Unknown
    }

    /// All (system, code) pairs of a value set, when they can be listed.
    pub fn codes(&self, _value_set: &str) -> Option<Vec<(&str, &str)>> {
        None
    }

    /// The system that a code has in a value set, when exactly one is possible.
    pub fn system_of(&self, _value_set: &str, _code: &str) -> Option<&str> {
        None
    }

    /// Whether a code system is known, and if so whether all of its codes are.
    pub fn knows_system(&self, _system: &str) -> Option<bool> {
        None
    }

    /// Whether a code is in a code system.
    pub fn code_in_system(&self, _system: &str, _code: &str) -> Membership {
        Membership::Unknown
    }

    /// The preferred term of a code, where its code system ships one.
    pub fn display(&self, _system: &str, _code: &str) -> Option<&str> {
        None
    }
}
