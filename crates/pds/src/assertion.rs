//! The signed JWT by which the application says who it is.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use serde_json::json;
use uuid::Uuid;

use crate::settings::Settings;

/// How long an assertion is good for, in seconds: at most five minutes are allowed, and clocks
/// differ.
const LIFETIME: i64 = 240;

/// A new assertion, as the NHS API platform wants it: RS512, `typ` JWT, the key's id, `iss` and `sub`
/// the API key, `aud` the token address, `jti` used once.
pub(crate) fn assertion(settings: &Settings, now: Timestamp) -> Option<String> {
    let header = json!({ "alg": "RS512", "typ": "JWT", "kid": settings.key_id });
    let claims = json!({
        "iss": settings.api_key,
        "sub": settings.api_key,
        "aud": settings.token_url,
        "jti": Uuid::new_v4().to_string(),
        "exp": now.as_second() + LIFETIME,
    });
    let signed = format!(
        "{}.{}",
        URL_SAFE_NO_PAD.encode(header.to_string()),
        URL_SAFE_NO_PAD.encode(claims.to_string())
    );
    let signature = settings.key.sign(signed.as_bytes())?;
    Some(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
}
