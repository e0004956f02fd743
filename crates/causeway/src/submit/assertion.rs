//! A client assertion: a short-lived JWT, signed with the client's own key, by which it proves who it
//! is (RFC 7523, section 2.2; `private_key_jwt` of OpenID Connect).

use std::path::Path;

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

use super::arguments::Algorithm;
use crate::exit::Failure;

/// How long an assertion counts, in seconds; five minutes is the most that issuers take.
const LIFETIME: i64 = 240;

/// A client's private key.
pub enum ClientKey {
    /// RSA.
    Rsa(RsaKeyPair),
    /// On P-384.
    P384(EcdsaKeyPair),
}

impl ClientKey {
    /// Reads a key from a PEM file.
    pub fn read(path: &Path) -> Result<Self, Failure> {
        let unusable = |what: &str| Failure::usage(format!("{}: {what}", path.display()));
        let pem = std::fs::read(path)
            .map_err(|error| unusable(&format!("the key cannot be read: {error}")))?;
        let der = PrivateKeyDer::from_pem_slice(&pem).map_err(|_| {
            unusable("this is no private key in PEM (an encrypted one is not taken)")
        })?;
        let random = SystemRandom::new();
        match &der {
            PrivateKeyDer::Pkcs1(rsa) => RsaKeyPair::from_der(rsa.secret_pkcs1_der())
                .map(Self::Rsa)
                .map_err(|_| unusable(RSA)),
            PrivateKeyDer::Pkcs8(key) => {
                let key = key.secret_pkcs8_der();
                let p384 = EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, key, &random);
                match (RsaKeyPair::from_pkcs8(key), p384) {
                    (Ok(rsa), _) => Ok(Self::Rsa(rsa)),
                    (_, Ok(p384)) => Ok(Self::P384(p384)),
                    _ => Err(unusable(RSA)),
                }
            }
            _ => Err(unusable(
                "an EC key must be PKCS #8: `openssl pkcs8 -topk8 -nocrypt -in KEY -out KEY8`",
            )),
        }
    }

    /// The algorithm to sign with: the one that was asked for, if this key can.
    pub fn algorithm(&self, asked: Option<Algorithm>) -> Result<Algorithm, Failure> {
        match (self, asked) {
            (Self::Rsa(_), None) => Ok(Algorithm::Rs512),
            (Self::P384(_), None) => Ok(Algorithm::Es384),
            (Self::Rsa(_), Some(asked @ (Algorithm::Rs512 | Algorithm::Rs384)))
            | (Self::P384(_), Some(asked @ Algorithm::Es384)) => Ok(asked),
            (_, Some(asked)) => Err(Failure::usage(format!(
                "the key is not one for {}",
                asked.name()
            ))),
        }
    }

    fn sign(&self, algorithm: Algorithm, input: &[u8]) -> Result<Vec<u8>, Failure> {
        let random = SystemRandom::new();
        let failed = |_| Failure::failed("the client assertion cannot be signed");
        match self {
            Self::Rsa(key) => {
                let mut signature = vec![0; key.public().modulus_len()];
                let padding = match algorithm {
                    Algorithm::Rs384 => &RSA_PKCS1_SHA384,
                    _ => &RSA_PKCS1_SHA512,
                };
                key.sign(padding, &random, input, &mut signature)
                    .map_err(failed)?;
                Ok(signature)
            }
            Self::P384(key) => {
                let signature = key.sign(&random, input).map_err(failed)?;
                Ok(signature.as_ref().to_vec())
            }
        }
    }

    /// An assertion for a token endpoint.
    pub fn assertion(
        &self,
        algorithm: Algorithm,
        key_id: Option<&str>,
        client: &str,
        endpoint: &str,
        now: Timestamp,
    ) -> Result<String, Failure> {
        let mut header = json!({"alg": algorithm.name(), "typ": "JWT"});
        if let (Some(kid), Some(header)) = (key_id, header.as_object_mut()) {
            header.insert("kid".to_owned(), kid.into());
        }
        let claims = json!({
            "iss": client,
            "sub": client,
            "aud": endpoint,
            "jti": uuid::Uuid::new_v4().to_string(),
            "iat": now.as_second(),
            "exp": now.as_second() + LIFETIME,
        });
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature = self.sign(algorithm, input.as_bytes())?;
        Ok(format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }
}

const RSA: &str = "this is neither an RSA key of 2048 bits or more nor one on P-384";
