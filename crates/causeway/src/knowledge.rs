//! The definitions, terminology and validator that commands share.

use std::sync::Arc;

use definitions::Definitions;
use terminology::Terminology;
use validation::Validator;

/// What Causeway knows of FHIR.
pub struct Knowledge {
    /// R4 and UK Core.
    pub definitions: &'static Definitions,
    /// Their codes.
    pub terminology: Arc<Terminology>,
}

impl Knowledge {
    /// The definitions that the binary carries; they are decoded as they are asked for.
    pub fn embedded() -> Self {
        let definitions = Definitions::embedded();
        Self {
            definitions,
            terminology: Arc::new(Terminology::new(definitions)),
        }
    }

    /// A validator over them.
    pub fn validator(&self) -> Validator {
        Validator::new(self.definitions, self.terminology.clone())
    }
}
