//! Why a caller was not let in, and why no caller can be.

use std::fmt;

/// Why a request has no [`crate::Caller`]. Nothing of the token is in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Refusal {
    /// There is no `Authorization` header.
    Missing,
    /// It is not `Bearer` with one token.
    NotBearer,
    /// The token is not a JWT, or not one that can be read.
    Malformed,
    /// The token is not an access token (`typ` is not `at+jwt`): an ID token, for example.
    NotAnAccessToken,
    /// Its algorithm is not allowed, or it is not signed.
    Algorithm,
    /// It has a critical header that is not understood (RFC 7515, section 4.1.11).
    Critical,
    /// No key of the issuer's fits it.
    UnknownKey,
    /// The signature does not fit.
    Signature,
    /// Another issuer made it.
    WrongIssuer,
    /// It is for another audience.
    WrongAudience,
    /// It has ended.
    Expired,
    /// It is not valid yet, or was issued in the future.
    NotYetValid,
    /// It lacks a claim it must have (RFC 9068, section 2.2).
    IncompleteClaims,
    /// The client is not registered here.
    UnknownClient,
    /// It is bound to a client certificate (`cnf`), which this listener cannot check.
    Bound,
    /// The issuer's keys are not known or too old: nobody can be let in.
    NoKeys,
}

impl Refusal {
    /// The stable code, for the `OperationOutcome` and the log.
    pub fn code(self) -> &'static str {
        match self {
            Self::Missing => "A001",
            Self::NotBearer => "A002",
            Self::Malformed => "A003",
            Self::NotAnAccessToken => "A004",
            Self::Algorithm => "A005",
            Self::Critical => "A006",
            Self::UnknownKey => "A007",
            Self::Signature => "A008",
            Self::WrongIssuer => "A009",
            Self::WrongAudience => "A010",
            Self::Expired => "A011",
            Self::NotYetValid => "A012",
            Self::IncompleteClaims => "A013",
            Self::UnknownClient => "A014",
            Self::Bound => "A015",
            Self::NoKeys => "A016",
        }
    }

    /// The HTTP status: 401 (RFC 6750, section 3.1), or 503 when no token at all can be checked.
    pub fn status(self) -> u16 {
        match self {
            Self::NoKeys => 503,
            _ => 401,
        }
    }

    /// What the caller should do.
    pub fn help(self) -> &'static str {
        match self {
            Self::Missing | Self::NotBearer => {
                "send `Authorization: Bearer` with an access token from the issuer"
            }
            Self::NotAnAccessToken => "send the access token, not the ID token",
            Self::WrongAudience => "ask the issuer for a token for this server (see `aud`)",
            Self::Expired => "ask the issuer for a new token",
            Self::NotYetValid => "check the clock of the issuer and of this server",
            Self::UnknownClient => "ask the operator of this server to register the client",
            Self::NoKeys => "try again later; the operator should look at the issuer",
            Self::Bound => "ask the issuer for a token that is not bound to a certificate",
            _ => "ask the issuer this server trusts for a new access token",
        }
    }

    /// The `WWW-Authenticate` header (RFC 6750, section 3). Without any credentials it carries no
    /// error code.
    pub fn www_authenticate(self) -> String {
        match self {
            Self::Missing => "Bearer realm=\"causeway\"".to_owned(),
            Self::NotBearer => {
                format!(
                    "Bearer realm=\"causeway\", error=\"invalid_request\", error_description=\"{self}\""
                )
            }
            _ => format!(
                "Bearer realm=\"causeway\", error=\"invalid_token\", error_description=\"{self}\""
            ),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Missing => "no access token was sent",
            Self::NotBearer => "the Authorization header is not a Bearer token",
            Self::Malformed => "the token is not a signed JWT",
            Self::NotAnAccessToken => "the token is not an access token (typ at+jwt)",
            Self::Algorithm => "the token is not signed with an allowed algorithm",
            Self::Critical => "the token has a critical header that is not understood",
            Self::UnknownKey => "the token is signed with a key the issuer does not publish",
            Self::Signature => "the signature of the token does not fit",
            Self::WrongIssuer => "the token is from another issuer",
            Self::WrongAudience => "the token is for another audience",
            Self::Expired => "the token has expired",
            Self::NotYetValid => "the token is not valid yet",
            Self::IncompleteClaims => "the token lacks a claim that an access token must have",
            Self::UnknownClient => "the client is not registered here",
            Self::Bound => "the token is bound to a certificate that was not presented",
            Self::NoKeys => "the keys of the issuer are not available",
        })
    }
}

impl std::error::Error for Refusal {}

/// Why no [`crate::Auth`] could be made.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DiscoverError {
    /// The configuration cannot be used.
    Config(crate::ConfigError),
    /// The issuer's discovery document cannot be fetched or is not one.
    Discovery(String),
    /// The issuer's keys cannot be fetched or are not usable.
    Keys(String),
}

impl fmt::Display for DiscoverError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Config(error) => error.fmt(f),
            Self::Discovery(reason) => {
                write!(
                    f,
                    "the issuer's discovery document cannot be used: {reason}"
                )
            }
            Self::Keys(reason) => write!(f, "the issuer's keys cannot be used: {reason}"),
        }
    }
}

impl std::error::Error for DiscoverError {}
