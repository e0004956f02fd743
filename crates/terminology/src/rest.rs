//! What a value set says of the codes that it does not name.

use std::sync::Arc;

use crate::ecl::Constraint;
use crate::grammar::Grammar;
use crate::reason::Reason;
use crate::release::{Class, Release};
use crate::set::Membership;

/// A condition on the codes of one system, told without a list.
#[derive(Debug, Clone)]
pub enum Rest {
    /// None of them.
    Nothing,
    /// Those that have a form.
    Grammar(Grammar),
    /// Nothing is known of them.
    Open(Reason),
    /// Those that a SNOMED CT expression constraint means.
    Snomed(Arc<Constraint>, Option<Arc<Release>>),
    /// Those of a release, or those of one class of it.
    Released(Arc<Release>, Option<Class>),
    Or(Arc<(Rest, Rest)>),
    And(Arc<(Rest, Rest)>),
    Minus(Arc<(Rest, Rest)>),
}

impl Rest {
    pub fn holds(&self, code: &str) -> Membership {
        match self {
            Self::Nothing => Membership::Out,
            Self::Grammar(grammar) => grammar.accepts(code),
            Self::Open(_) => Membership::Unknown,
            Self::Snomed(constraint, release) => constraint.holds(code, release.as_deref()),
            Self::Released(release, class) => release.holds(code, *class),
            Self::Or(both) => both.0.holds(code).or(both.1.holds(code)),
            Self::And(both) => both.0.holds(code).and(both.1.holds(code)),
            Self::Minus(both) => both.0.holds(code).and(both.1.holds(code).not()),
        }
    }

    /// Why a code is not decided.
    pub fn why(&self, code: &str) -> Option<Reason> {
        if self.holds(code) != Membership::Unknown {
            return None;
        }
        match self {
            Self::Nothing => None,
            Self::Grammar(grammar) => Some(Reason::Unregistered(grammar.what())),
            Self::Open(why) => Some(why.clone()),
            Self::Snomed(constraint, release) => Some(constraint.why(code, release.as_deref())),
            Self::Released(release, _) => Some(release.why(code)),
            Self::Or(both) | Self::And(both) | Self::Minus(both) => {
                both.0.why(code).or_else(|| both.1.why(code))
            }
        }
    }

    /// Whether every code of the right form is decided.
    pub fn is_decided(&self) -> bool {
        match self {
            Self::Nothing | Self::Grammar(_) | Self::Released(..) => true,
            Self::Open(_) => false,
            Self::Snomed(constraint, release) => release
                .as_deref()
                .is_some_and(|release| constraint.is_decided(release)),
            Self::Or(both) | Self::And(both) | Self::Minus(both) => {
                both.0.is_decided() && both.1.is_decided()
            }
        }
    }

    pub fn or(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, rest) | (rest, Self::Nothing) => rest,
            (one, other) => Self::Or(Arc::new((one, other))),
        }
    }

    pub fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) | (_, Self::Nothing) => Self::Nothing,
            (one, other) => Self::And(Arc::new((one, other))),
        }
    }

    pub fn minus(self, other: Self) -> Self {
        match (self, other) {
            (Self::Nothing, _) => Self::Nothing,
            (rest, Self::Nothing) => rest,
            (one, other) => Self::Minus(Arc::new((one, other))),
        }
    }
}
