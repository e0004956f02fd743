//! Why something cannot be decided.

use std::fmt;
use std::sync::Arc;

/// Why a code's place in a value set or code system is not known. As text it is a clause without a
/// full stop: it names definitions, never a code of a record.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Reason {
    /// The value set is not here.
    NoValueSet(Arc<str>),
    /// A value set or code system is here, in another version than is asked for.
    OtherVersion(Arc<str>),
    /// The codes of the code system are not here.
    NoCodeSystem(Arc<str>),
    /// Only some codes of the code system are here.
    Fragment(Arc<str>),
    /// A filter cannot be applied to the code system as it is here: the system, the filter.
    Filter(Arc<str>, Arc<str>),
    /// A SNOMED CT expression constraint needs more than is here.
    Constraint,
    /// A SNOMED CT reference set is not in the release.
    NoReferenceSet(u64),
    /// The code is an expression made of codes.
    Expression,
    /// Value sets import each other in a circle, or too deeply.
    Circle(Arc<str>),
    /// The code has the right form, and whether it is registered is not known here.
    Unregistered(&'static str),
    /// No code system is named, and several are possible.
    NoSystem,
    /// A release file cannot be read.
    Release(Arc<str>),
}

impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoValueSet(url) => write!(f, "the value set {url} is not here"),
            Self::OtherVersion(url) => write!(f, "{url} is here in another version only"),
            Self::NoCodeSystem(url) => write!(f, "the codes of {url} are not here"),
            Self::Fragment(url) => write!(f, "only some codes of {url} are here"),
            Self::Filter(url, filter) => {
                write!(f, "the filter {filter} needs more of {url} than is here")
            }
            Self::Constraint => f.write_str(
                "the SNOMED CT expression constraint needs a terminology server or a release of \
                 SNOMED CT",
            ),
            Self::NoReferenceSet(id) => write!(
                f,
                "the reference set {id} is not in the release of SNOMED CT that is here"
            ),
            Self::Expression => f.write_str("the code is an expression, not one concept"),
            Self::Circle(url) => write!(f, "the value set {url} takes itself in"),
            Self::Unregistered(what) => write!(f, "whether it is a registered {what} is not known"),
            Self::NoSystem => f.write_str("the code comes without its code system"),
            Self::Release(why) => write!(f, "the release file cannot be used: {why}"),
        }
    }
}
