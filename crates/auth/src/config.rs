//! Which issuer is trusted, and which clients are known.

use std::collections::BTreeSet;
use std::fmt;
use std::time::Duration;

use openidconnect::core::CoreJwsSigningAlgorithm;
use serde::Deserialize;

use crate::Kind;

/// A signature algorithm that may be allowed (RFC 7518, section 3.1). Symmetric ones and `none`
/// cannot be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Deserialize)]
pub enum Algorithm {
    /// ECDSA on P-256 with SHA-256.
    ES256,
    /// ECDSA on P-384 with SHA-384.
    ES384,
    /// RSA PKCS #1 with SHA-256.
    RS256,
    /// RSA PKCS #1 with SHA-384.
    RS384,
    /// RSA PKCS #1 with SHA-512.
    RS512,
    /// RSA PSS with SHA-256.
    PS256,
    /// RSA PSS with SHA-384.
    PS384,
    /// RSA PSS with SHA-512.
    PS512,
}

/// How tokens are checked: the `[auth]` table of the configuration.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Config {
    /// The issuer, byte for byte as its tokens name it (a slash at the end counts). `https`, or
    /// `http` on a loopback address.
    pub issuer: String,
    /// What tokens for this server carry as `aud`.
    pub audience: String,
    /// The algorithms that count.
    #[serde(default = "usual_algorithms")]
    pub algorithms: BTreeSet<Algorithm>,
    /// How far the issuer's clock may be off, in seconds; at most 120.
    #[serde(default = "usual_leeway")]
    pub leeway_seconds: u64,
    /// How long keys that can no longer be refreshed still count, in seconds; at most a day.
    #[serde(default = "usual_stale")]
    pub keys_stale_seconds: u64,
    /// The registered clients.
    #[serde(default)]
    pub clients: Vec<Client>,
    /// How often the issuer is asked for its keys. Not a setting of the configuration file.
    #[serde(skip)]
    pub pace: Pace,
}

/// How often the issuer is asked for its keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pace {
    /// How old keys may be before they are fetched again.
    pub refresh: Duration,
    /// How long to wait between two fetches: an unknown key, or an issuer that is down, causes no
    /// more than one in this time.
    pub pause: Duration,
    /// How long one fetch may take.
    pub timeout: Duration,
}

impl Default for Pace {
    /// Ten minutes, 30 seconds and 5 seconds.
    fn default() -> Self {
        Self {
            refresh: Duration::from_secs(600),
            pause: Duration::from_secs(30),
            timeout: Duration::from_secs(5),
        }
    }
}

/// One registered client.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Client {
    /// The client id that tokens name.
    pub id: String,
    /// The ODS code of the organisation that it acts for.
    pub organisation: String,
    /// For a provider: its tenant. A client without a tenant is a consumer.
    #[serde(default)]
    pub tenant: Option<String>,
}

impl Algorithm {
    pub(crate) fn signing(self) -> CoreJwsSigningAlgorithm {
        match self {
            Self::ES256 => CoreJwsSigningAlgorithm::EcdsaP256Sha256,
            Self::ES384 => CoreJwsSigningAlgorithm::EcdsaP384Sha384,
            Self::RS256 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha256,
            Self::RS384 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha384,
            Self::RS512 => CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
            Self::PS256 => CoreJwsSigningAlgorithm::RsaSsaPssSha256,
            Self::PS384 => CoreJwsSigningAlgorithm::RsaSsaPssSha384,
            Self::PS512 => CoreJwsSigningAlgorithm::RsaSsaPssSha512,
        }
    }

    /// The name in a token's header.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::ES256 => "ES256",
            Self::ES384 => "ES384",
            Self::RS256 => "RS256",
            Self::RS384 => "RS384",
            Self::RS512 => "RS512",
            Self::PS256 => "PS256",
            Self::PS384 => "PS384",
            Self::PS512 => "PS512",
        }
    }
}

impl Client {
    /// What the client is.
    pub fn kind(&self) -> Kind {
        match &self.tenant {
            Some(tenant) => Kind::Provider {
                tenant: tenant.clone(),
            },
            None => Kind::Consumer,
        }
    }
}

fn usual_algorithms() -> BTreeSet<Algorithm> {
    [
        Algorithm::ES256,
        Algorithm::ES384,
        Algorithm::RS256,
        Algorithm::RS384,
        Algorithm::RS512,
        Algorithm::PS256,
        Algorithm::PS384,
        Algorithm::PS512,
    ]
    .into()
}

fn usual_leeway() -> u64 {
    30
}

fn usual_stale() -> u64 {
    24 * 60 * 60
}

/// Why a configuration cannot be used. The name of the setting is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ConfigError {
    /// Which setting: `auth.issuer`.
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

impl Config {
    /// A configuration for one issuer and audience with the usual settings and no clients.
    pub fn new(issuer: impl Into<String>, audience: impl Into<String>) -> Self {
        Self {
            issuer: issuer.into(),
            audience: audience.into(),
            algorithms: usual_algorithms(),
            leeway_seconds: usual_leeway(),
            keys_stale_seconds: usual_stale(),
            clients: Vec::new(),
            pace: Pace::default(),
        }
    }

    /// Checks what can be checked without the network.
    ///
    /// # Errors
    /// The first setting that cannot be used.
    pub fn check(&self) -> Result<(), ConfigError> {
        let fail = |setting: &str, reason: &str| {
            Err(ConfigError {
                setting: setting.to_owned(),
                reason: reason.to_owned(),
            })
        };
        if !crate::fetch::trustworthy(&self.issuer) {
            return fail(
                "auth.issuer",
                "must be an https address, or http on a loopback address, without user, query or fragment",
            );
        }
        if self.audience.trim().is_empty() {
            return fail(
                "auth.audience",
                "must name what tokens for this server carry as `aud`",
            );
        }
        if self.algorithms.is_empty() {
            return fail("auth.algorithms", "must allow at least one algorithm");
        }
        if self.leeway_seconds > 120 {
            return fail("auth.leeway-seconds", "must be at most 120");
        }
        if self.keys_stale_seconds > 24 * 60 * 60 {
            return fail("auth.keys-stale-seconds", "must be at most a day (86400)");
        }
        check_clients(&self.clients)
    }
}

/// Checks a list of clients.
///
/// # Errors
/// The first that cannot be used.
pub fn check_clients(clients: &[Client]) -> Result<(), ConfigError> {
    let fail = |setting: &str, reason: &str| {
        Err(ConfigError {
            setting: setting.to_owned(),
            reason: reason.to_owned(),
        })
    };
    let mut ids = BTreeSet::new();
    for client in clients {
        if client.id.is_empty() {
            return fail("auth.clients.id", "must not be empty");
        }
        if client.organisation.is_empty()
            || !client
                .organisation
                .bytes()
                .all(|b| b.is_ascii_alphanumeric())
        {
            return fail(
                "auth.clients.organisation",
                "must be an ODS code: letters and digits",
            );
        }
        if client.tenant.as_deref() == Some("") {
            return fail(
                "auth.clients.tenant",
                "must not be empty: leave it out for a consumer",
            );
        }
        if !ids.insert(client.id.as_str()) {
            return fail("auth.clients", "names one client id twice");
        }
    }
    Ok(())
}
