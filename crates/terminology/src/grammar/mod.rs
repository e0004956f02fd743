//! Code systems whose codes are told by their form.

mod currency;
mod language;
mod media_type;
mod unit;

use definitions::form::Filter;
use octofhir_ucum::Dimension;

use crate::Membership;

/// A form that codes have.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Grammar {
    /// Language tags.
    Language,
    /// Media types.
    MediaType,
    /// Units of measure.
    Unit,
    /// Units of measure of one dimension.
    UnitOf(Dimension),
    /// Currencies.
    Currency,
}

impl Grammar {
    /// The form of the codes of a system.
    pub fn of_system(system: &str) -> Option<Self> {
        Some(match system {
            "urn:ietf:bcp:47" => Self::Language,
            "urn:ietf:bcp:13" => Self::MediaType,
            "http://unitsofmeasure.org" => Self::Unit,
            "urn:iso:std:iso:4217" => Self::Currency,
            _ => return None,
        })
    }

    /// The form of the codes that a filter chooses.
    pub fn of_filter(system: &str, filter: &Filter) -> Option<Self> {
        let is_canonical = system == "http://unitsofmeasure.org"
            && (&*filter.property, &*filter.op) == ("canonical", "=");
        is_canonical
            .then(|| unit::dimension(&filter.value))
            .flatten()
            .map(Self::UnitOf)
    }

    /// What has the form, for a message.
    pub fn what(self) -> &'static str {
        match self {
            Self::Language => "language",
            Self::MediaType => "media type",
            Self::Unit | Self::UnitOf(_) => "unit",
            Self::Currency => "currency",
        }
    }

    /// Whether a code has the form.
    pub fn accepts(self, code: &str) -> Membership {
        match self {
            Self::Language => language::accepts(code),
            Self::MediaType => media_type::accepts(code),
            Self::Unit => unit::accepts(code),
            Self::UnitOf(dimension) => unit::accepts_of(dimension, code),
            Self::Currency => currency::accepts(code),
        }
    }
}
