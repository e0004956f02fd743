//! The decision.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use auth::{Caller, Kind};
use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;
use store::{Reach, Sight, Tenant};

use crate::labels::{withheld_by_default, withheld_from_others};
use crate::{Agreement, Config, ConfigError, GrantedTypes, Interaction, Purpose, Scopes};

/// What a caller asks to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ask<'a> {
    /// A FHIR interaction with a type.
    Type {
        /// The resource type.
        rtype: &'a str,
        /// What is done.
        interaction: Interaction,
    },
    /// `Patient/$summary`. Needs read of Patient; the summary then gathers the types whose read is
    /// granted, and no others.
    Summary,
    /// Handing in files for the caller's own tenant, and reading their reports. Needs create of
    /// every type (`system/*.c`), because a file may hold any.
    Submit,
}

/// A decision to let the caller go on, and how far it may see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Granted {
    /// The predicate for the store.
    pub sight: Sight,
    /// The tenant that the caller may write to: a provider's own.
    pub tenant: Option<Tenant>,
}

/// A decision not to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// The token has no scope that grants anything here.
    NoScope,
    /// The scopes do not grant this interaction with this type.
    Scope,
    /// The purpose is not direct care.
    Purpose,
    /// The provider's tenant is not configured, or is another organisation's.
    UnknownTenant,
    /// No sharing agreement holds for the consumer.
    NoAgreement,
    /// A consumer cannot write.
    ReadOnly,
}

impl Refusal {
    /// The stable code, for the `OperationOutcome` and the log. The HTTP status is 403.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoScope => "A030",
            Self::Scope => "A031",
            Self::Purpose => "A032",
            Self::UnknownTenant => "A033",
            Self::NoAgreement => "A034",
            Self::ReadOnly => "A035",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NoScope => "the access token carries no scope that grants anything here",
            Self::Scope => "the access token's scopes do not grant this",
            Self::Purpose => "only direct care (TREAT) is an allowed purpose",
            Self::UnknownTenant => "the provider's tenant is not configured for its organisation",
            Self::NoAgreement => "no sharing agreement in force names this organisation",
            Self::ReadOnly => "a consumer can only read",
        })
    }
}

impl std::error::Error for Refusal {}

/// The policy.
/// Cheap to clone: all clones decide by the same configuration.
#[derive(Debug, Clone)]
pub struct Access {
    /// Replaced whole, so that no decision sees half of a change.
    config: Arc<RwLock<Arc<Config>>>,
}

impl Access {
    /// A policy from its configuration.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn new(config: Config) -> Result<Self, ConfigError> {
        config.check()?;
        Ok(Self {
            config: Arc::new(RwLock::new(Arc::new(config))),
        })
    }

    /// Takes another configuration in place of the one there is: the next decision is made by it.
    ///
    /// # Errors
    /// The first setting that cannot be used; the configuration stays as it was.
    pub fn replace(&self, config: Config) -> Result<(), ConfigError> {
        config.check()?;
        *self.config.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(config);
        Ok(())
    }

    pub(crate) fn config(&self) -> Arc<Config> {
        Arc::clone(&self.config.read().unwrap_or_else(PoisonError::into_inner))
    }

    /// Decides whether a caller may do what it asks, and how far it sees.
    ///
    /// # Errors
    /// The first reason found to refuse.
    pub fn decide(
        &self,
        caller: &Caller,
        purpose: Purpose,
        ask: Ask<'_>,
        now: Timestamp,
    ) -> Result<Granted, Refusal> {
        let scopes = Scopes::parse(&caller.scope);
        if scopes.is_empty() {
            return Err(Refusal::NoScope);
        }
        let (allowed, writes, sees) = match ask {
            Ask::Type { rtype, interaction } => {
                let writes = !matches!(interaction, Interaction::Read | Interaction::Search);
                // Beside a write only what may be read is seen.
                let sees = if writes {
                    Interaction::Read
                } else {
                    interaction
                };
                (scopes.allows(rtype, interaction), writes, sees)
            }
            Ask::Summary => (
                scopes.allows("Patient", Interaction::Read),
                false,
                Interaction::Read,
            ),
            Ask::Submit => (
                scopes.allows_all(Interaction::Create),
                true,
                Interaction::Read,
            ),
        };
        if !allowed {
            return Err(Refusal::Scope);
        }
        if purpose != Purpose::DirectCare {
            return Err(Refusal::Purpose);
        }
        let config = self.config();
        let (sight, tenant) = match &caller.kind {
            Kind::Provider { tenant } => {
                let known = config.tenants.iter().any(|known| {
                    known.name == *tenant
                        && known
                            .organisation
                            .eq_ignore_ascii_case(&caller.organisation)
                });
                if !known {
                    return Err(Refusal::UnknownTenant);
                }
                let tenant = Tenant::new(tenant.as_str());
                let sight = Sight::new(vec![Reach::own(tenant.clone())], withheld_by_default());
                (sight, Some(tenant))
            }
            Kind::Consumer if writes => return Err(Refusal::ReadOnly),
            Kind::Consumer => {
                let reach = shared_with(&config, &caller.organisation, day_of(now));
                if reach.is_empty() {
                    return Err(Refusal::NoAgreement);
                }
                (Sight::new(reach, withheld_from_others()), None)
            }
        };
        let sight = match scopes.granted(sees) {
            GrantedTypes::All => sight,
            GrantedTypes::Only(types) => sight.only_types(types),
        };
        Ok(Granted { sight, tenant })
    }

    /// The sight of Causeway's own submission pipeline within one tenant: everything of the tenant,
    /// withheld labels and retired resources included. Nothing seen with it may leave the pipeline.
    pub fn pipeline(tenant: &Tenant) -> Sight {
        Sight::new(vec![Reach::own(tenant.clone())], Default::default()).with_retired()
    }
}

/// The tenants whose agreements with a consumer hold on a day, and what each shares.
pub(crate) fn shared_with(config: &Config, consumer: &str, day: Date) -> Vec<Reach> {
    let mut shared: BTreeMap<&str, Reach> = BTreeMap::new();
    let holds = |agreement: &&Agreement| {
        agreement.consumer.eq_ignore_ascii_case(consumer)
            && agreement.from <= day
            && agreement.until.is_none_or(|until| day <= until)
    };
    for agreement in config.agreements.iter().filter(holds) {
        for tenant in &config.tenants {
            if !tenant
                .organisation
                .eq_ignore_ascii_case(&agreement.provider)
            {
                continue;
            }
            match shared.get_mut(tenant.name.as_str()) {
                // Two agreements with one provider share what either shares.
                Some(reach) => {
                    reach.types = match (reach.types.take(), &agreement.types) {
                        (Some(mut types), Some(more)) => {
                            types.extend(more.iter().cloned());
                            Some(types)
                        }
                        _ => None,
                    };
                }
                None => {
                    let mut reach = Reach::shared(Tenant::new(tenant.name.as_str()));
                    reach.types.clone_from(&agreement.types);
                    shared.insert(&tenant.name, reach);
                }
            }
        }
    }
    shared.into_values().collect()
}

/// The day in England: agreements are made in days there.
pub(crate) fn day_of(now: Timestamp) -> Date {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    now.to_zoned(zone).date()
}
