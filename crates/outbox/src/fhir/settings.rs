//! How a FHIR server is sent to.

use std::fmt;
use std::path::PathBuf;
use std::time::Duration;

use reqwest::Url;
use serde::Deserialize;

/// How a resource finds its place at the receiver.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Matching {
    /// `PUT [base]/Type/id`, with Causeway's id: the bytes go as they are stored.
    #[default]
    Id,
    /// `PUT [base]/Type?identifier=SYSTEM|ID`: the receiver gives an id of its own
    /// (<http://hl7.org/fhir/R4/http.html#cond-update>).
    Identifier,
    /// `POST [base]/Type` with `If-None-Exist` first, and `PUT` to the receiver's id from then on
    /// (<http://hl7.org/fhir/R4/http.html#ccreate>).
    Create,
}

/// What is done where the receiver's copy is not the one that was sent last.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Conflict {
    /// What is true in the store goes over it, once the version there has been read.
    #[default]
    Overwrite,
    /// It is left as it is, and a person has to look.
    Stop,
}

/// A signing algorithm of a client assertion.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Deserialize)]
pub enum SigningAlgorithm {
    /// RSA with SHA-384, as SMART asks for.
    RS384,
    /// RSA with SHA-512, as the NHS API platform asks for.
    RS512,
    /// P-384, as SMART asks for.
    ES384,
}

/// Where access tokens come from (RFC 6749, section 4.4, with RFC 7523).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct OAuthSettings {
    /// The token endpoint.
    pub token_endpoint: String,
    /// The client's id there.
    pub client_id: String,
    /// The client's private key: a PEM file.
    pub key_file: PathBuf,
    /// The id under which the public key is known.
    pub key_id: Option<String>,
    /// How it signs; left out, RS384 with an RSA key and ES384 with one on P-384.
    pub algorithm: Option<SigningAlgorithm>,
    /// The scopes that are asked for, with blanks between.
    pub scope: Option<String>,
}

/// The settings of one FHIR server.
#[derive(Debug, Clone)]
pub struct FhirSettings {
    /// Its base address, without a slash at the end.
    pub base: String,
    /// How a resource finds its place.
    pub matching: Matching,
    /// The system of the identifier that carries Causeway's id, where the receiver gives out its own.
    pub identifier_system: Option<String>,
    /// Whether each update names the version that it replaces (`If-Match`).
    pub if_match: bool,
    /// What is done where that version is not there any more.
    pub conflict: Conflict,
    /// Whether what waits of a person goes in one transaction.
    pub transactions: bool,
    /// A file that holds an access token. It is read anew for each request, so that it can be
    /// replaced.
    pub token_file: Option<PathBuf>,
    /// Where access tokens come from otherwise.
    pub oauth: Option<OAuthSettings>,
    /// How long one request may take.
    pub timeout: Duration,
}

impl FhirSettings {
    /// A server that is sent to by id, without a token.
    pub fn new(base: impl Into<String>) -> Self {
        Self {
            base: base.into(),
            matching: Matching::default(),
            identifier_system: None,
            if_match: false,
            conflict: Conflict::default(),
            transactions: false,
            token_file: None,
            oauth: None,
            timeout: Duration::from_secs(30),
        }
    }

    pub(super) fn check(&self) -> Result<(), Unusable> {
        address("base", &self.base)?;
        if self.base.ends_with('/') {
            return Err(Unusable::new(
                "base",
                "is written without a slash at its end",
            ));
        }
        if self.matching != Matching::Id
            && self.identifier_system.as_deref().is_none_or(str::is_empty)
        {
            return Err(Unusable::new(
                "identifier-system",
                "is needed where the receiver gives out ids of its own: the URI of a system for Causeway's ids",
            ));
        }
        if self.matching != Matching::Id && self.transactions {
            return Err(Unusable::new(
                "transactions",
                "go with matching = \"id\" only: the references in them could not be rewritten",
            ));
        }
        if self.token_file.is_some() && self.oauth.is_some() {
            return Err(Unusable::new(
                "token-file",
                "stands beside oauth: say one of them",
            ));
        }
        if let Some(oauth) = &self.oauth {
            address("oauth.token-endpoint", &oauth.token_endpoint)?;
        }
        Ok(())
    }
}

/// Records go over `https`, or stay on this machine.
fn address(setting: &'static str, text: &str) -> Result<(), Unusable> {
    let fail = |reason| Err(Unusable::new(setting, reason));
    let Ok(url) = Url::parse(text) else {
        return fail("is not an address");
    };
    if !url.username().is_empty() || url.password().is_some() {
        return fail("must not hold a password: use token-file or oauth");
    }
    if url.query().is_some() || url.fragment().is_some() {
        return fail("must be an address without ? or #");
    }
    match url.scheme() {
        "https" => Ok(()),
        "http" if is_local(&url) => Ok(()),
        _ => fail("must begin with https: records are not sent in the clear"),
    }
}

pub(super) fn is_local(url: &Url) -> bool {
    let host = url.host_str().unwrap_or_default();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    bare == "localhost"
        || bare
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback())
}

/// A setting of a destination that cannot be used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unusable {
    /// Which.
    pub setting: String,
    /// Why, and what to do.
    pub reason: String,
}

impl Unusable {
    pub(crate) fn new(setting: impl Into<String>, reason: impl Into<String>) -> Self {
        Self {
            setting: setting.into(),
            reason: reason.into(),
        }
    }
}

impl fmt::Display for Unusable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} {}", self.setting, self.reason)
    }
}

impl std::error::Error for Unusable {}
