//! Which organisation may see whose people: configuration.

use std::collections::BTreeSet;
use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Deserializer, de::Error as _};

/// The `[access]` table of the configuration.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The tenants and the organisations they are.
    #[serde(default)]
    pub tenants: Vec<TenantConfig>,
    /// Sharing agreements.
    #[serde(default)]
    pub agreements: Vec<Agreement>,
}

/// One tenant.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct TenantConfig {
    /// The tenant's name.
    pub name: String,
    /// The ODS code of the care provider that it is.
    pub organisation: String,
}

/// An agreement by which a consumer sees a provider's people for direct care.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Agreement {
    /// The ODS code of the organisation that sees.
    pub consumer: String,
    /// The ODS code of the provider whose people are seen.
    pub provider: String,
    /// The resource types shared; all when left out.
    #[serde(default)]
    pub types: Option<BTreeSet<String>>,
    /// The first day that it holds, as `2026-04-01`.
    #[serde(deserialize_with = "day")]
    pub from: Date,
    /// The last day that it holds; without end when left out.
    #[serde(default, deserialize_with = "optional_day")]
    pub until: Option<Date>,
}

/// Why a configuration cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Which setting: `access.agreements[2].provider`.
    pub setting: String,
    /// What is wrong and what to do.
    pub reason: String,
}

impl fmt::Display for ConfigError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.setting, self.reason)
    }
}

impl std::error::Error for ConfigError {}

fn day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Date, D::Error> {
    let text = String::deserialize(deserializer)?;
    text.parse()
        .map_err(|_| D::Error::custom("a day is written as \"2026-04-01\", in quotes"))
}

fn optional_day<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Date>, D::Error> {
    day(deserializer).map(Some)
}

impl Config {
    /// Checks that names are given once, codes are codes, and every agreement is with a tenant.
    pub(crate) fn check(&self) -> Result<(), ConfigError> {
        let fail = |setting: String, reason: &str| {
            Err(ConfigError {
                setting,
                reason: reason.to_owned(),
            })
        };
        let mut names = BTreeSet::new();
        for (number, tenant) in self.tenants.iter().enumerate() {
            let setting = |name: &str| format!("access.tenants[{number}].{name}");
            if tenant.name.is_empty() {
                return fail(setting("name"), "must not be empty");
            }
            if !names.insert(&tenant.name) {
                return fail(setting("name"), "is the name of an earlier tenant");
            }
            if !is_ods(&tenant.organisation) {
                return fail(setting("organisation"), ODS);
            }
        }
        for (number, agreement) in self.agreements.iter().enumerate() {
            let setting = |name: &str| format!("access.agreements[{number}].{name}");
            // No wildcard: whoever sees a person's record is named.
            if !is_ods(&agreement.consumer) {
                return fail(setting("consumer"), ODS);
            }
            let known = self.tenants.iter().any(|tenant| {
                tenant
                    .organisation
                    .eq_ignore_ascii_case(&agreement.provider)
            });
            if !known {
                return fail(
                    setting("provider"),
                    "is not the organisation of a configured tenant",
                );
            }
            if agreement.types.as_ref().is_some_and(BTreeSet::is_empty) {
                return fail(
                    setting("types"),
                    "shares nothing: leave it out to share all types, or leave out the agreement",
                );
            }
            if agreement.until.is_some_and(|until| until < agreement.from) {
                return fail(setting("until"), "is before the agreement begins");
            }
        }
        Ok(())
    }
}

const ODS: &str = "must be an ODS code: letters and digits";

fn is_ods(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|b| b.is_ascii_alphanumeric())
}
