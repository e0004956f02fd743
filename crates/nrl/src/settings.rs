//! `[nrl]` of the configuration.

use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use access::{Access, Receiver};
use outbox::{FhirSettings, NoLonger, OAuthSettings, Route, Shared, Unusable};
use serde::Deserialize;
use store::{OutboxKey, Store, Tenant};
use summary::Settings;

use crate::{Details, Kind, Nrl};

/// The locator, and what is said to it.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct NrlSettings {
    /// The producer interface: `https://api.service.nhs.uk/record-locator/producer/FHIR/R4`.
    pub base: String,
    /// The ODS code with which providers have the agreement under which people are pointed to.
    #[serde(default = "x26")]
    pub organisation: String,
    /// The tenants whose people are pointed to; all when left out.
    #[serde(default)]
    pub tenants: Option<Vec<String>>,
    /// The type of pointer that was agreed.
    #[serde(default)]
    pub kind: Kind,
    /// Where Causeway serves, as those who retrieve reach it.
    pub retrieval_base: String,
    /// The practice setting: a SNOMED CT code of the locator's value set.
    pub practice_setting: String,
    /// Its display.
    pub practice_setting_display: String,
    /// The ASID, where the retrieval address begins with `ssp://`.
    #[serde(default)]
    pub asid: Option<String>,
    /// A file with an access token.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// Where access tokens come from otherwise.
    #[serde(default)]
    pub oauth: Option<OAuthSettings>,
    /// How many seconds one request may take.
    #[serde(default = "thirty")]
    pub timeout_seconds: u64,
    /// How many hours lie between two comparisons with what the locator has.
    #[serde(default = "nightly")]
    pub compare_hours: u64,
}

fn x26() -> String {
    "X26".to_owned()
}

fn thirty() -> u64 {
    30
}

fn nightly() -> u64 {
    24
}

impl NrlSettings {
    /// The same with its files taken from where the configuration is.
    #[must_use]
    pub fn beside(mut self, folder: &Path) -> Self {
        let key = self.oauth.as_mut().map(|oauth| &mut oauth.key_file);
        for path in [self.token_file.as_mut(), key].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self
    }

    pub(crate) fn client(&self) -> FhirSettings {
        let mut settings = FhirSettings::new(self.base.clone());
        settings.token_file.clone_from(&self.token_file);
        settings.oauth.clone_from(&self.oauth);
        settings.timeout = Duration::from_secs(self.timeout_seconds.clamp(1, 300));
        settings
    }

    /// Checks all that can be checked without asking anybody, for a provider with this ODS code.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(&self, custodian: &str) -> Result<(), SettingsError> {
        self.details(custodian)?;
        outbox::Client::new(&self.client())
            .map(drop)
            .map_err(|Unusable { setting, reason }| SettingsError::new(&setting, &reason))
    }

    fn details(&self, custodian: &str) -> Result<Details, SettingsError> {
        let fail = |setting: &str, reason: &str| Err(SettingsError::new(setting, reason));
        let base = &self.retrieval_base;
        if base.ends_with('/') {
            return fail("retrieval-base", "is written without a slash at its end");
        }
        let direct = base.starts_with("https://");
        if !direct && !base.starts_with("ssp://") {
            return fail("retrieval-base", "must begin with https:// or ssp://");
        }
        match (&self.asid, direct) {
            (Some(asid), false) if asid.len() == 12 && asid.bytes().all(|b| b.is_ascii_digit()) => {
            }
            (None, true) => {}
            (Some(_), true) => {
                return fail("asid", "goes with a retrieval-base that begins with ssp://");
            }
            (_, false) => {
                return fail("asid", "must be the 12 digits of the system behind ssp://");
            }
        }
        if !self.practice_setting.bytes().all(|b| b.is_ascii_digit())
            || self.practice_setting.len() < 6
            || self.practice_setting_display.is_empty()
        {
            return fail(
                "practice-setting",
                "must be a SNOMED CT code, with its display in practice-setting-display",
            );
        }
        if custodian.is_empty() || !custodian.bytes().all(|b| b.is_ascii_alphanumeric()) {
            return fail("tenants", "each needs an ODS code: it is the custodian");
        }
        Ok(Details {
            kind: self.kind,
            custodian: custodian.to_owned(),
            retrieval_base: base.clone(),
            practice_setting: (
                self.practice_setting.clone(),
                self.practice_setting_display.clone(),
            ),
            asid: self.asid.clone(),
        })
    }
}

/// Why `[nrl]` cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SettingsError {
    /// Which setting: `nrl.base`.
    pub setting: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl SettingsError {
    fn new(setting: &str, reason: &str) -> Self {
        Self {
            setting: format!("nrl.{setting}"),
            reason: reason.to_owned(),
        }
    }
}

impl fmt::Display for SettingsError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.reason)
    }
}

impl std::error::Error for SettingsError {}

/// The route from a tenant, whose ODS code is the custodian, to the locator. `None`: the settings
/// leave the tenant out.
///
/// # Errors
/// The first setting that cannot be used.
pub fn route(
    settings: &NrlSettings,
    store: Arc<dyn Store>,
    (tenant, custodian): (&Tenant, &str),
    access: &Access,
    location: &Settings,
) -> Result<Option<Route>, SettingsError> {
    let chosen = |names: &Vec<String>| names.iter().any(|name| name == tenant.as_str());
    if settings
        .tenants
        .as_ref()
        .is_some_and(|names| !chosen(names))
    {
        return Ok(None);
    }
    let key = OutboxKey {
        tenant: tenant.clone(),
        destination: "nrl".to_owned(),
    };
    let shares = Shared {
        access: access.clone(),
        receiver: Receiver {
            organisation: settings.organisation.clone(),
            types: Some(["Patient".to_owned()].into()),
        },
        tenant: tenant.clone(),
    };
    let details = settings.details(custodian)?;
    let nrl = Nrl::new(
        &settings.client(),
        details,
        store,
        key.clone(),
        shares.clone(),
    )
    .map_err(|Unusable { setting, reason }| SettingsError::new(&setting, &reason))?;
    Ok(Some(Route {
        key,
        destination: Arc::new(nrl),
        shares: Arc::new(shares),
        no_longer: NoLonger::Delete,
        location: location.clone(),
    }))
}
