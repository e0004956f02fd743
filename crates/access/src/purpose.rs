//! Why a caller asks.

/// A purpose of use (HL7 v3 `PurposeOfUse`). Only direct care is allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Purpose {
    /// `TREAT`: direct care.
    DirectCare,
    /// Anything else: refused.
    Other,
}

impl Purpose {
    /// A purpose from its code; what is not `TREAT` is [`Purpose::Other`].
    pub fn from_code(code: &str) -> Self {
        if code == "TREAT" {
            Self::DirectCare
        } else {
            Self::Other
        }
    }
}
