//! The issuer's key.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use openidconnect::JsonWebKeyId;
use openidconnect::core::{CoreJsonCurveType, CoreJsonWebKey, CoreJsonWebKeySet};
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate as _;

/// An ES256 key made at start.
pub(crate) struct Signer {
    key: SigningKey,
    id: String,
}

impl Signer {
    pub(crate) fn new() -> Result<Self, std::io::Error> {
        let key = SigningKey::try_generate()
            .map_err(|_| std::io::Error::other("the system gives no random numbers for a key"))?;
        Ok(Self {
            key,
            id: uuid::Uuid::new_v4().to_string(),
        })
    }

    /// A compact JWS with the type of an access token.
    pub(crate) fn sign(&self, claims: &serde_json::Value) -> String {
        let header = serde_json::json!({"alg": "ES256", "typ": "at+jwt", "kid": self.id});
        let input = format!(
            "{}.{}",
            URL_SAFE_NO_PAD.encode(header.to_string()),
            URL_SAFE_NO_PAD.encode(claims.to_string())
        );
        let signature: Signature = self.key.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }

    /// The public half, as the key set that the issuer publishes.
    pub(crate) fn public(&self) -> CoreJsonWebKeySet {
        let point = self.key.verifying_key().to_sec1_point(false);
        let coordinate =
            |bytes: Option<&_>| bytes.map_or_else(Vec::new, |b: &p256::FieldBytes| b.to_vec());
        CoreJsonWebKeySet::new(vec![CoreJsonWebKey::new_ec(
            coordinate(point.x()),
            coordinate(point.y()),
            CoreJsonCurveType::P256,
            Some(JsonWebKeyId::new(self.id.clone())),
        )])
    }
}
