//! Access tokens: from a file, or for a client assertion (`private_key_jwt`).

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA384, RSA_PKCS1_SHA512, RsaKeyPair,
};
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem::PemObject as _;
use serde_json::json;
use tokio::sync::Mutex;

use super::settings::{OAuthSettings, SigningAlgorithm, Unusable};

/// How long an assertion counts, in seconds; five minutes is the most that issuers take.
const LIFETIME: i64 = 240;
/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(20);
/// How long a token that says nothing about its end is used.
const UNSAID: Duration = Duration::from_secs(300);

/// Where tokens come from.
pub(super) enum Tokens {
    /// None is needed.
    None,
    /// A file.
    File(PathBuf),
    /// The issuer.
    Issuer(Box<Issuer>),
}

/// An issuer, and how the client proves itself to it.
pub(super) struct Issuer {
    settings: OAuthSettings,
    key: Key,
    algorithm: SigningAlgorithm,
    /// One asks for a new token; the others wait for it.
    known: Mutex<Option<(String, Instant)>>,
}

enum Key {
    Rsa(Box<RsaKeyPair>),
    P384(Box<EcdsaKeyPair>),
}

impl Tokens {
    pub(super) fn new(
        file: Option<&Path>,
        oauth: Option<&OAuthSettings>,
    ) -> Result<Self, Unusable> {
        if let Some(file) = file {
            read(file).map_err(|reason| Unusable::new("token-file", reason))?;
            return Ok(Self::File(file.to_owned()));
        }
        let Some(oauth) = oauth else {
            return Ok(Self::None);
        };
        let key =
            Key::read(&oauth.key_file).map_err(|reason| Unusable::new("oauth.key-file", reason))?;
        let algorithm = key
            .algorithm(oauth.algorithm)
            .ok_or_else(|| Unusable::new("oauth.algorithm", "is not one for this key"))?;
        Ok(Self::Issuer(Box::new(Issuer {
            settings: oauth.clone(),
            key,
            algorithm,
            known: Mutex::new(None),
        })))
    }

    /// A token that still counts; `None` where none is needed. The error says why there is none.
    pub(super) async fn current(&self, http: &reqwest::Client) -> Result<Option<String>, String> {
        match self {
            Self::None => Ok(None),
            Self::File(path) => read(path).map(Some),
            Self::Issuer(issuer) => issuer.current(http).await.map(Some),
        }
    }

    /// A token was refused: the next is asked for anew. Whether there can be another.
    pub(super) async fn refused(&self, token: &str) -> bool {
        let Self::Issuer(issuer) = self else {
            return false;
        };
        let mut known = issuer.known.lock().await;
        if known.as_ref().is_some_and(|(held, _)| held == token) {
            *known = None;
        }
        true
    }
}

fn read(path: &Path) -> Result<String, String> {
    let text = fs::read_to_string(path)
        .map_err(|error| format!("{} cannot be read: {error}", path.display()))?;
    let token = text.trim();
    if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(format!("{} does not hold one access token", path.display()));
    }
    Ok(token.to_owned())
}

impl Key {
    fn read(path: &Path) -> Result<Self, String> {
        let unusable = |what: &str| format!("{}: {what}", path.display());
        let pem = fs::read(path).map_err(|error| unusable(&format!("cannot be read: {error}")))?;
        let der = PrivateKeyDer::from_pem_slice(&pem)
            .map_err(|_| unusable("is no private key in PEM (an encrypted one is not taken)"))?;
        let neither =
            || unusable("is neither an RSA key of 2048 bits or more nor one on P-384 in PKCS #8");
        match &der {
            PrivateKeyDer::Pkcs1(rsa) => RsaKeyPair::from_der(rsa.secret_pkcs1_der())
                .map(|key| Self::Rsa(Box::new(key)))
                .map_err(|_| neither()),
            PrivateKeyDer::Pkcs8(key) => {
                let key = key.secret_pkcs8_der();
                if let Ok(rsa) = RsaKeyPair::from_pkcs8(key) {
                    return Ok(Self::Rsa(Box::new(rsa)));
                }
                let random = SystemRandom::new();
                EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, key, &random)
                    .map(|key| Self::P384(Box::new(key)))
                    .map_err(|_| neither())
            }
            _ => Err(neither()),
        }
    }

    fn algorithm(&self, asked: Option<SigningAlgorithm>) -> Option<SigningAlgorithm> {
        use SigningAlgorithm::{ES384, RS384, RS512};
        match (self, asked) {
            (Self::Rsa(_), None) => Some(RS384),
            (Self::P384(_), None | Some(ES384)) => Some(ES384),
            (Self::Rsa(_), Some(asked @ (RS384 | RS512))) => Some(asked),
            _ => None,
        }
    }

    fn sign(&self, algorithm: SigningAlgorithm, input: &[u8]) -> Option<Vec<u8>> {
        let random = SystemRandom::new();
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let padding = match algorithm {
                    SigningAlgorithm::RS512 => &RSA_PKCS1_SHA512,
                    _ => &RSA_PKCS1_SHA384,
                };
                key.sign(padding, &random, input, &mut signature).ok()?;
                Some(signature)
            }
            Self::P384(key) => Some(key.sign(&random, input).ok()?.as_ref().to_vec()),
        }
    }
}

impl Issuer {
    async fn current(&self, http: &reqwest::Client) -> Result<String, String> {
        let mut known = self.known.lock().await;
        if let Some((token, until)) = &*known
            && *until > Instant::now()
        {
            return Ok(token.clone());
        }
        let (token, lifetime) = self.fetch(http).await?;
        *known = Some((
            token.clone(),
            Instant::now() + lifetime.saturating_sub(MARGIN),
        ));
        Ok(token)
    }

    async fn fetch(&self, http: &reqwest::Client) -> Result<(String, Duration), String> {
        let assertion = self
            .assertion(Timestamp::now())
            .ok_or("the client assertion cannot be signed")?;
        let mut form = vec![
            ("grant_type", "client_credentials"),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.as_str()),
        ];
        if let Some(scope) = &self.settings.scope {
            form.push(("scope", scope));
        }
        let answer = http
            .post(&self.settings.token_endpoint)
            .header("Accept", "application/json")
            .form(&form)
            .send()
            .await
            .map_err(|_| "the token endpoint does not answer")?;
        let status = answer.status();
        let body: serde_json::Value = answer.json().await.unwrap_or_default();
        let text = |name: &str| body.get(name).and_then(serde_json::Value::as_str);
        let Some(token) = text("access_token").filter(|_| status.is_success()) else {
            let error = text("error").unwrap_or("no reason given");
            let error: String = error
                .chars()
                .filter(|c| c.is_ascii_graphic())
                .take(60)
                .collect();
            return Err(format!("no access token: {} {error}", status.as_u16()));
        };
        // RFC 6749 wants a number; the NHS API platform sends a text.
        let seconds = match body.get("expires_in") {
            Some(serde_json::Value::String(text)) => text.trim().parse().ok(),
            Some(number) => number.as_u64(),
            None => None,
        };
        let lifetime = seconds.map_or(UNSAID, Duration::from_secs);
        Ok((token.to_owned(), lifetime))
    }

    fn assertion(&self, now: Timestamp) -> Option<String> {
        let algorithm = match self.algorithm {
            SigningAlgorithm::RS384 => "RS384",
            SigningAlgorithm::RS512 => "RS512",
            SigningAlgorithm::ES384 => "ES384",
        };
        let mut header = json!({"alg": algorithm, "typ": "JWT"});
        if let (Some(kid), Some(header)) = (&self.settings.key_id, header.as_object_mut()) {
            header.insert("kid".to_owned(), kid.as_str().into());
        }
        let claims = json!({
            "iss": self.settings.client_id,
            "sub": self.settings.client_id,
            "aud": self.settings.token_endpoint,
            "jti": uuid::Uuid::new_v4().to_string(),
            "iat": now.as_second(),
            "exp": now.as_second() + LIFETIME,
        });
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.key.sign(self.algorithm, input.as_bytes())?;
        Some(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}
