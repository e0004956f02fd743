//! Which mapping a source's files are read with, asked when a job runs.

use std::collections::HashMap;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};

use mapping::Mapping;
use mapping_registry::{Registry, RegistryError};
use store::{MappingStamp, Tenant};

/// A mapping that is waited for.
pub type Looked<'a> =
    Pin<Box<dyn Future<Output = Result<Arc<Mapping>, RegistryError>> + Send + 'a>>;

/// Where mappings come from. What it gives may publish here (CS-21).
pub trait Mappings: Send + Sync {
    /// What a source's files are read with now.
    ///
    /// # Errors
    /// When nothing is active for the source, it is not clear which of several, or it may not
    /// publish here.
    fn active<'a>(&'a self, tenant: &'a Tenant, source: &'a str) -> Looked<'a>;

    /// A mapping with exactly this content, active or not: to go on with what was begun.
    ///
    /// # Errors
    /// When it is not kept, or may not publish here.
    fn exactly<'a>(&'a self, stamp: &'a MappingStamp) -> Looked<'a>;
}

/// How many mappings are kept ready.
const READY: usize = 32;

/// The mappings that are installed in a store, and on a test system those that the program carries.
pub struct Installed {
    registry: Registry,
    carried: Vec<Arc<Mapping>>,
    ready: Mutex<HashMap<String, Arc<Mapping>>>,
}

impl Installed {
    /// What is installed and active.
    pub fn new(registry: Registry) -> Self {
        Self {
            registry,
            carried: Vec::new(),
            ready: Mutex::default(),
        }
    }

    /// The same; a source for which nothing is active and that has the name of one of these is read
    /// with it. Where reviews are asked for they are not used (CS-21).
    #[must_use]
    pub fn with_carried(mut self, carried: Vec<Arc<Mapping>>) -> Self {
        if !self.registry.gate().asks_for_review() {
            self.carried = carried;
        }
        self
    }

    async fn load(&self, stamp: &MappingStamp) -> Result<Arc<Mapping>, RegistryError> {
        if let Some(carried) = self
            .carried
            .iter()
            .find(|mapping| mapping.hash() == stamp.hash)
        {
            return Ok(carried.clone());
        }
        self.registry.may_publish(stamp).await?;
        let ready = || self.ready.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(mapping) = ready().get(&stamp.hash) {
            return Ok(mapping.clone());
        }
        let mapping = Arc::new(self.registry.load(stamp).await?);
        let mut ready = ready();
        if ready.len() >= READY {
            ready.clear();
        }
        ready.insert(stamp.hash.clone(), mapping.clone());
        Ok(mapping)
    }
}

impl Mappings for Installed {
    fn active<'a>(&'a self, tenant: &'a Tenant, source: &'a str) -> Looked<'a> {
        Box::pin(async move {
            // A source that has a mapping's name is read with that mapping where it is active.
            let active = match self.registry.active_for(tenant, source, source).await? {
                Some(active) => Ok(active),
                None => self.registry.only_active(tenant, Some(source)).await,
            };
            match active {
                Ok(active) => self.load(&active.stamp).await,
                Err(RegistryError::Unclear { active }) => self
                    .carried
                    .iter()
                    .find(|mapping| mapping.name() == source)
                    .cloned()
                    .ok_or(RegistryError::Unclear { active }),
                Err(error) => Err(error),
            }
        })
    }

    fn exactly<'a>(&'a self, stamp: &'a MappingStamp) -> Looked<'a> {
        Box::pin(self.load(stamp))
    }
}

/// One mapping for every source: for a run whose caller has chosen.
pub(crate) struct Only(pub(crate) Arc<Mapping>);

impl Mappings for Only {
    fn active<'a>(&'a self, _tenant: &'a Tenant, _source: &'a str) -> Looked<'a> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }

    fn exactly<'a>(&'a self, _stamp: &'a MappingStamp) -> Looked<'a> {
        Box::pin(std::future::ready(Ok(self.0.clone())))
    }
}
