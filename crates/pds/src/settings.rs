//! What a deployment says about PDS.

use std::fmt;
use std::time::Duration;

use crate::key::PrivateKey;

/// How PDS is asked. Its `Debug` holds neither the API key nor the private key.
#[derive(Clone)]
pub struct Settings {
    /// The address of the API up to and with `FHIR/R4`: `https`, or `http` on loopback.
    pub base_url: String,
    /// The address that gives tokens; also the assertion's `aud`.
    pub token_url: String,
    /// The application's API key.
    pub api_key: String,
    /// The id (`kid`) of the key in the application's published key set.
    pub key_id: String,
    /// The private key that belongs to it.
    pub key: PrivateKey,
    /// The most questions in a second. The platform's default limit is 5.
    pub per_second: u32,
    /// How long one try may take.
    pub timeout: Duration,
    /// How often a question is tried before it is given up.
    pub tries: u32,
    /// The first wait before another try; it doubles each time.
    pub first_wait: Duration,
    /// The longest that is waited when PDS says how long: longer than that, the question is given
    /// back as [`crate::Error::Busy`].
    pub longest_wait: Duration,
    /// How long a person who was found is not asked about again. Whether somebody is restricted can
    /// change any day.
    pub keep_found: Duration,
    /// How long anything else is not asked about again.
    pub keep_other: Duration,
}

impl Settings {
    /// The defaults.
    pub fn new(
        base_url: impl Into<String>,
        token_url: impl Into<String>,
        api_key: impl Into<String>,
        key_id: impl Into<String>,
        key: PrivateKey,
    ) -> Self {
        Self {
            base_url: base_url.into(),
            token_url: token_url.into(),
            api_key: api_key.into(),
            key_id: key_id.into(),
            key,
            per_second: 5,
            timeout: Duration::from_secs(10),
            tries: 4,
            first_wait: Duration::from_millis(500),
            longest_wait: Duration::from_secs(60),
            keep_found: Duration::from_secs(24 * 3600),
            keep_other: Duration::from_secs(4 * 3600),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings")
            .field("base_url", &self.base_url)
            .field("token_url", &self.token_url)
            .field("per_second", &self.per_second)
            .finish_non_exhaustive()
    }
}
