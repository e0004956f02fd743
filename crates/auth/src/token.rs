//! One token: looked at, verified, and turned into claims.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use openidconnect::core::{
    CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm,
};
use openidconnect::{
    AdditionalClaims, ClaimsVerificationError, IdToken, Nonce, SignatureVerificationError,
};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::keys::Current;
use crate::{Algorithm, Refusal};

/// The longest token that is looked at. Headers beyond this are not taken by common servers either.
const MOST_BYTES: usize = 16 * 1024;

/// The claims of an access token besides those of every token (RFC 9068, section 2.2).
#[derive(Debug, Clone, Deserialize, Serialize)]
struct Extra {
    #[serde(default)]
    client_id: Option<String>,
    #[serde(default)]
    scope: Option<String>,
    #[serde(default)]
    jti: Option<String>,
    #[serde(default)]
    nbf: Option<serde_json::Number>,
    /// A token that only counts with proof of a key (RFC 7800).
    #[serde(default)]
    cnf: Option<Value>,
}

impl AdditionalClaims for Extra {}

type AccessToken =
    IdToken<Extra, CoreGenderClaim, CoreJweContentEncryptionAlgorithm, CoreJwsSigningAlgorithm>;

/// What a verified token says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Claims {
    pub(crate) client_id: String,
    pub(crate) subject: String,
    pub(crate) scope: String,
    pub(crate) token_id: Option<String>,
    pub(crate) expires: Timestamp,
}

/// The token of an `Authorization` header: `Bearer`, one blank, one `b64token` (RFC 6750, 2.1).
pub(crate) fn of_header(header: &str) -> Result<&str, Refusal> {
    let (scheme, token) = header.split_once(' ').ok_or(Refusal::NotBearer)?;
    if !scheme.eq_ignore_ascii_case("bearer") || token.is_empty() {
        return Err(Refusal::NotBearer);
    }
    let plain = token
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b"-._~+/=".contains(&b));
    if !plain {
        return Err(Refusal::NotBearer);
    }
    if token.len() > MOST_BYTES {
        return Err(Refusal::Malformed);
    }
    Ok(token)
}

/// Refuses what need not be verified to be refused, so that the reason can be told apart. Nothing
/// seen here is trusted: all is checked again by the verifier, on its own reading of the token.
pub(crate) fn look(token: &str, allowed: &BTreeSet<Algorithm>) -> Result<(), Refusal> {
    let parts: Vec<&str> = token.split('.').collect();
    let [header, claims, signature] = parts.as_slice() else {
        return Err(Refusal::Malformed);
    };
    let object = |part: &str| {
        let bytes = URL_SAFE_NO_PAD.decode(part).ok()?;
        match serde_json::from_slice(&bytes) {
            Ok(Value::Object(object)) => Some(object),
            _ => None,
        }
    };
    let header = object(header).ok_or(Refusal::Malformed)?;
    let claims = object(claims).ok_or(Refusal::Malformed)?;
    if header.contains_key("crit") {
        return Err(Refusal::Critical);
    }
    let algorithm = header.get("alg").and_then(Value::as_str);
    if !allowed.iter().any(|one| Some(one.name()) == algorithm) || signature.is_empty() {
        return Err(Refusal::Algorithm);
    }
    let typ = header
        .get("typ")
        .and_then(Value::as_str)
        .unwrap_or_default();
    let typ = typ.to_ascii_lowercase();
    if typ != "at+jwt" && typ != "application/at+jwt" {
        return Err(Refusal::NotAnAccessToken);
    }
    let needed = ["iss", "aud", "sub", "exp", "iat"];
    if !needed
        .iter()
        .all(|name| claims.get(*name).is_some_and(|value| !value.is_null()))
    {
        return Err(Refusal::IncompleteClaims);
    }
    Ok(())
}

/// Verifies a token with the keys, and its times with the clock.
pub(crate) fn verify(
    token: &str,
    current: &Current,
    now: Timestamp,
    leeway: i64,
) -> Result<Claims, Refusal> {
    let token: AccessToken = token.parse().map_err(|_| Refusal::Malformed)?;
    let claims = token
        .claims(&current.verifier, |_: Option<&Nonce>| Ok(()))
        .map_err(|error| refusal(&error))?;
    let latest = now.as_second().saturating_add(leeway);
    if claims.issue_time().timestamp() > latest {
        return Err(Refusal::NotYetValid);
    }
    let extra = claims.additional_claims();
    if let Some(nbf) = &extra.nbf {
        // A time that is not a number that can be compared has not been reached.
        let begins = nbf.as_f64().ok_or(Refusal::NotYetValid)?;
        if begins > latest as f64 {
            return Err(Refusal::NotYetValid);
        }
    }
    if extra.cnf.is_some() {
        return Err(Refusal::Bound);
    }
    let party = claims.authorized_party().map(|party| party.as_str());
    let client_id = match (extra.client_id.as_deref(), party) {
        // Two names for the client must be one.
        (Some(client), Some(party)) if client != party => return Err(Refusal::IncompleteClaims),
        (Some(client), _) => client,
        (None, Some(party)) => party,
        (None, None) => return Err(Refusal::IncompleteClaims),
    };
    let expires =
        Timestamp::from_second(claims.expiration().timestamp()).map_err(|_| Refusal::Malformed)?;
    Ok(Claims {
        client_id: client_id.to_owned(),
        subject: claims.subject().as_str().to_owned(),
        scope: extra.scope.clone().unwrap_or_default(),
        token_id: extra.jti.clone(),
        expires,
    })
}

fn refusal(error: &ClaimsVerificationError) -> Refusal {
    use SignatureVerificationError as Signature;
    match error {
        ClaimsVerificationError::Expired(_) => Refusal::Expired,
        ClaimsVerificationError::InvalidAudience(_) => Refusal::WrongAudience,
        ClaimsVerificationError::InvalidIssuer(_) => Refusal::WrongIssuer,
        ClaimsVerificationError::Unsupported(_) => Refusal::NotAnAccessToken,
        ClaimsVerificationError::SignatureVerification(error) => match error {
            Signature::NoMatchingKey | Signature::AmbiguousKeyId(_) => Refusal::UnknownKey,
            Signature::DisallowedAlg(_) | Signature::UnsupportedAlg(_) | Signature::NoSignature => {
                Refusal::Algorithm
            }
            _ => Refusal::Signature,
        },
        _ => Refusal::Malformed,
    }
}
