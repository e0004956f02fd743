//! What is known of the providers beside their records.

use std::collections::BTreeMap;
use std::sync::{Arc, PoisonError, RwLock};

/// What is known of a provider beside its records, for summaries.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Provider {
    /// The ODS code.
    pub ods: String,
    /// The name, as a person should read it.
    pub name: String,
    /// Whom to phone about the records (CS-7).
    pub phone: Option<String>,
}

/// The providers by tenant, which may change while the server runs. Cheap to clone: all clones hold
/// the same.
#[derive(Debug, Clone, Default)]
pub struct Providers(Arc<RwLock<Arc<BTreeMap<String, Provider>>>>);

impl Providers {
    /// These providers.
    pub fn new(providers: BTreeMap<String, Provider>) -> Self {
        Self(Arc::new(RwLock::new(Arc::new(providers))))
    }

    /// Takes others in place of them, all at once.
    pub fn replace(&self, providers: BTreeMap<String, Provider>) {
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(providers);
    }

    /// The provider of a tenant.
    pub fn of(&self, tenant: &str) -> Option<Provider> {
        let providers = self.0.read().unwrap_or_else(PoisonError::into_inner);
        providers.get(tenant).cloned()
    }
}
