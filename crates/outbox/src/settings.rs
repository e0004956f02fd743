//! `[[destinations]]` of the configuration.

use std::collections::BTreeSet;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use access::{Access, Receiver};
use serde::Deserialize;
use store::{OutboxKey, Tenant};
use summary::Settings;

use crate::route::Shared;
use crate::{Conflict, Fhir, FhirSettings, Matching, NoLonger, OAuthSettings, Route, Unusable};

/// One destination.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct DestinationSettings {
    /// Its name: letters, digits and `-`. What waits and what was sent is kept under it.
    pub name: String,
    /// The tenants whose records are sent; all when left out.
    #[serde(default)]
    pub tenants: Option<Vec<String>>,
    /// The ODS code of the organisation that receives. What is sent is what a sharing agreement
    /// between it and the provider covers.
    pub organisation: String,
    /// The resource types that are sent, of those the agreement covers; all of them when left out.
    #[serde(default)]
    pub types: Option<BTreeSet<String>>,
    /// What becomes there of what is no longer reported or was entered in error.
    #[serde(default)]
    pub no_longer: NoLonger,
    /// The base address of the FHIR server.
    pub base: String,
    /// How a resource finds its place there.
    #[serde(default)]
    pub matching: Matching,
    /// The system of the identifier that carries Causeway's id, where the receiver gives ids.
    #[serde(default)]
    pub identifier_system: Option<String>,
    /// Whether an update names the version that it replaces.
    #[serde(default)]
    pub if_match: bool,
    /// What is done where the receiver's copy was changed by another.
    #[serde(default)]
    pub conflict: Conflict,
    /// Whether what waits of a person goes in one transaction.
    #[serde(default)]
    pub transactions: bool,
    /// A file with an access token.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Where access tokens come from otherwise.
    #[serde(default)]
    pub oauth: Option<OAuthSettings>,
    /// How many seconds one request may take.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
}

fn thirty() -> u64 {
    30
}

impl DestinationSettings {
    /// The same with its files taken from where the configuration is.
    #[must_use]
    pub fn beside(mut self, folder: &Path) -> Self {
        let key = self.oauth.as_mut().map(|oauth| &mut oauth.key_file);
        for path in [self.token_file.as_mut(), key].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self
    }

    fn fhir(&self) -> FhirSettings {
        FhirSettings {
            base: self.base.clone(),
            matching: self.matching,
            identifier_system: self.identifier_system.clone(),
            if_match: self.if_match,
            conflict: self.conflict,
            transactions: self.transactions,
            token_file: self.token_file.clone(),
            oauth: self.oauth.clone(),
            timeout: Duration::from_secs(self.timeout_seconds.clamp(1, 300)),
        }
    }
}

/// Why `[[destinations]]` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// Which setting: `destinations[0].base`.
    pub setting: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.reason)
    }
}

impl std::error::Error for SettingsError {}

/// The record locator's own name among the destinations.
const RESERVED: &str = "nrl";

/// The routes that destinations ask for: one for each tenant and destination. `location` says
/// whether where untraced people live may be sent (CS-3), as for summaries.
///
/// # Errors
/// The first setting that cannot be used.
pub fn routes(
    destinations: &[DestinationSettings],
    tenants: &[Tenant],
    access: &Access,
    location: &Settings,
) -> Result<Vec<Route>, SettingsError> {
    let mut names = BTreeSet::new();
    let mut routes = Vec::new();
    for (number, settings) in destinations.iter().enumerate() {
        let fail = |name: &str, reason: &str| SettingsError {
            setting: format!("destinations[{number}].{name}"),
            reason: reason.to_owned(),
        };
        let named = !settings.name.is_empty()
            && settings
                .name
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        if !named {
            return Err(fail("name", "is made of letters, digits and -"));
        }
        if settings.name == RESERVED {
            return Err(fail("name", "is the record locator's"));
        }
        if !names.insert(&settings.name) {
            return Err(fail("name", "is the name of an earlier destination"));
        }
        let code = &settings.organisation;
        if code.is_empty() || !code.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return Err(fail(
                "organisation",
                "must be an ODS code: letters and digits",
            ));
        }
        let fhir = Fhir::new(settings.fhir())
            .map_err(|Unusable { setting, reason }| fail(&setting, &reason))?;
        let fhir = Arc::new(fhir);
        let of = match &settings.tenants {
            None => tenants.to_vec(),
            Some(chosen) => {
                let known = |name: &String| tenants.iter().find(|t| t.as_str() == name).cloned();
                chosen
                    .iter()
                    .map(|name| {
                        known(name)
                            .ok_or_else(|| fail("tenants", &format!("{name} is not a tenant")))
                    })
                    .collect::<Result<_, _>>()?
            }
        };
        for tenant in of {
            let receiver = Receiver {
                organisation: settings.organisation.clone(),
                types: settings.types.clone(),
            };
            routes.push(Route {
                key: OutboxKey {
                    tenant: tenant.clone(),
                    destination: settings.name.clone(),
                },
                destination: Arc::clone(&fhir) as Arc<dyn crate::Destination>,
                shares: Arc::new(Shared {
                    access: access.clone(),
                    receiver,
                    tenant,
                }),
                no_longer: settings.no_longer,
                location: location.clone(),
            });
        }
    }
    Ok(routes)
}
