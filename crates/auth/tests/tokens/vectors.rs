//! One token at a time.

use auth::{Auth, Kind, Refusal};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::auth;
use crate::idp::{Idp, Key, input, now};

async fn call(auth: &Auth, token: &str) -> Result<auth::Caller, Refusal> {
    auth.caller(Some(&format!("Bearer {token}"))).await
}

/// The object with one member set, or taken away when the value is null.
fn with(mut object: Value, name: &str, value: Value) -> Value {
    let members = object.as_object_mut().unwrap();
    match value {
        Value::Null => members.remove(name),
        value => members.insert(name.into(), value),
    };
    object
}

#[tokio::test]
async fn a_good_token_gives_the_caller_that_is_registered() {
    let idp = Idp::start().await;
    let auth = auth(&idp).await;
    let gp = call(&auth, &idp.token()).await.unwrap();
    assert_eq!(
        (gp.client_id.as_str(), gp.organisation.as_str()),
        ("gp", "A81001")
    );
    assert_eq!(
        (gp.kind, gp.scope.as_str()),
        (Kind::Consumer, "system/Patient.rs")
    );
    assert_eq!(gp.token_id.as_deref(), Some("1"));
    let claims = with(idp.claims(), "client_id", json!("home"));
    let home = call(&auth, &idp.key.sign(&idp.key.header(), &claims))
        .await
        .unwrap();
    assert_eq!(
        home.kind,
        Kind::Provider {
            tenant: "seaview".into()
        }
    );
    // Claims about the organisation or the tenant in the token change nothing.
    let claims = with(
        with(idp.claims(), "tenant", json!("seaview")),
        "organisation",
        json!("X"),
    );
    let gp = call(&auth, &idp.key.sign(&idp.key.header(), &claims))
        .await
        .unwrap();
    assert_eq!(
        (gp.kind, gp.organisation.as_str()),
        (Kind::Consumer, "A81001")
    );
}

#[tokio::test]
async fn headers_are_read_strictly() {
    let idp = Idp::start().await;
    let auth = auth(&idp).await;
    let token = idp.token();
    assert_eq!(auth.caller(None).await, Err(Refusal::Missing));
    for bad in [
        String::new(),
        token.clone(),
        "Bearer".into(),
        "Bearer ".into(),
        format!("Bearer  {token}"),
        format!("Bearer {token} "),
        format!("Bearer {token}, Bearer {token}"),
        format!("Basic {token}"),
        "Bearer \u{0}".into(),
        "Bearer tök.e.n".into(),
    ] {
        assert_eq!(
            auth.caller(Some(&bad)).await,
            Err(Refusal::NotBearer),
            "{bad:?}"
        );
    }
    assert!(auth.caller(Some(&format!("bearer {token}"))).await.is_ok());
    for bad in [
        "a",
        "a.b",
        "a.b.c",
        "a.b.c.d.e",
        "..",
        "e30.e30.",
        &"x".repeat(20_000),
    ] {
        let result = call(&auth, bad).await;
        assert!(
            matches!(result, Err(Refusal::Malformed | Refusal::Algorithm)),
            "{bad:.20}: {result:?}"
        );
    }
}

/// Every claim and header at fault, each with the reason it must be refused for, or none.
#[tokio::test]
async fn each_fault_is_refused_for_its_reason() {
    let idp = Idp::start().await;
    let auth = auth(&idp).await;
    let claim = |name: &str, value: Value| {
        idp.key
            .sign(&idp.key.header(), &with(idp.claims(), name, value))
    };
    let header = |name: &str, value: Value| {
        idp.key
            .sign(&with(idp.key.header(), name, value), &idp.claims())
    };
    let attacker = Key::new("one");
    let stranger = Key::new("two");
    let slash = format!("{}/", idp.url);
    let long_ago = idp.claims();
    let long_ago = with(
        with(long_ago, "iat", json!(now() - 900)),
        "exp",
        json!(now() - 600),
    );
    let cases: Vec<(&str, String, Option<Refusal>)> = vec![
        ("as it should be", idp.token(), None),
        (
            "typ in full",
            header("typ", json!("application/at+jwt")),
            None,
        ),
        ("typ in capitals", header("typ", json!("AT+JWT")), None),
        ("no kid and one key", header("kid", Value::Null), None),
        (
            "aud as a list of one",
            claim("aud", json!([crate::AUDIENCE])),
            None,
        ),
        ("nbf in the past", claim("nbf", json!(now() - 60)), None),
        ("iat a little ahead", claim("iat", json!(now() + 10)), None),
        (
            "azp and no client_id",
            {
                let claims = with(
                    with(idp.claims(), "client_id", Value::Null),
                    "azp",
                    json!("gp"),
                );
                idp.key.sign(&idp.key.header(), &claims)
            },
            None,
        ),
        ("no scope", claim("scope", Value::Null), None),
        (
            "expired",
            idp.key.sign(&idp.key.header(), &long_ago),
            Some(Refusal::Expired),
        ),
        (
            "exp this second",
            claim("exp", json!(now())),
            Some(Refusal::Expired),
        ),
        (
            "no exp",
            claim("exp", Value::Null),
            Some(Refusal::IncompleteClaims),
        ),
        (
            "exp as a word",
            claim("exp", json!("never")),
            Some(Refusal::Malformed),
        ),
        (
            "nbf ahead",
            claim("nbf", json!(now() + 3600)),
            Some(Refusal::NotYetValid),
        ),
        (
            "nbf as a word",
            claim("nbf", json!("soon")),
            Some(Refusal::Malformed),
        ),
        (
            "iat ahead",
            claim("iat", json!(now() + 3600)),
            Some(Refusal::NotYetValid),
        ),
        (
            "no iat",
            claim("iat", Value::Null),
            Some(Refusal::IncompleteClaims),
        ),
        (
            "another audience",
            claim("aud", json!("https://other.example")),
            Some(Refusal::WrongAudience),
        ),
        (
            "an empty audience",
            claim("aud", json!([])),
            Some(Refusal::WrongAudience),
        ),
        (
            "one audience more",
            claim("aud", json!([crate::AUDIENCE, "x"])),
            Some(Refusal::WrongAudience),
        ),
        (
            "no aud",
            claim("aud", Value::Null),
            Some(Refusal::IncompleteClaims),
        ),
        (
            "another issuer",
            claim("iss", json!("https://evil.example")),
            Some(Refusal::WrongIssuer),
        ),
        (
            "the issuer with a slash",
            claim("iss", json!(slash)),
            Some(Refusal::WrongIssuer),
        ),
        (
            "no iss",
            claim("iss", Value::Null),
            Some(Refusal::IncompleteClaims),
        ),
        (
            "no sub",
            claim("sub", Value::Null),
            Some(Refusal::IncompleteClaims),
        ),
        (
            "no client",
            claim("client_id", Value::Null),
            Some(Refusal::IncompleteClaims),
        ),
        (
            "two clients",
            claim("azp", json!("home")),
            Some(Refusal::IncompleteClaims),
        ),
        (
            "a client not registered",
            claim("client_id", json!("other")),
            Some(Refusal::UnknownClient),
        ),
        (
            "a bound token",
            claim("cnf", json!({"x5t#S256": "x"})),
            Some(Refusal::Bound),
        ),
        (
            "an ID token",
            header("typ", json!("JWT")),
            Some(Refusal::NotAnAccessToken),
        ),
        (
            "no typ",
            header("typ", Value::Null),
            Some(Refusal::NotAnAccessToken),
        ),
        (
            "a logout token",
            header("typ", json!("logout+jwt")),
            Some(Refusal::NotAnAccessToken),
        ),
        (
            "an unknown critical header",
            header("crit", json!(["x"])),
            Some(Refusal::Critical),
        ),
        (
            "an empty list of critical headers",
            header("crit", json!([])),
            Some(Refusal::Critical),
        ),
        (
            "a nested token",
            header("cty", json!("JWT")),
            Some(Refusal::NotAnAccessToken),
        ),
        (
            "ES384 claimed for an ES256 key",
            header("alg", json!("ES384")),
            Some(Refusal::Signature),
        ),
        (
            "RS256 claimed for an ES256 key",
            header("alg", json!("RS256")),
            Some(Refusal::UnknownKey),
        ),
        (
            "EdDSA, which is not allowed",
            header("alg", json!("EdDSA")),
            Some(Refusal::Algorithm),
        ),
        (
            "no alg",
            header("alg", Value::Null),
            Some(Refusal::Algorithm),
        ),
        (
            "an attacker's key under our kid",
            attacker.sign(&attacker.header(), &idp.claims()),
            Some(Refusal::Signature),
        ),
        (
            "an unknown kid",
            stranger.sign(&stranger.header(), &idp.claims()),
            Some(Refusal::UnknownKey),
        ),
        (
            "a key that the token brings",
            {
                let header = with(attacker.header(), "jwk", attacker.jwk());
                attacker.sign(&header, &idp.claims())
            },
            Some(Refusal::Signature),
        ),
        (
            "a key set that the token points to",
            {
                let header = with(stranger.header(), "jku", json!(format!("{}/evil", idp.url)));
                stranger.sign(&header, &idp.claims())
            },
            Some(Refusal::UnknownKey),
        ),
        (
            "a certificate that the token points to",
            {
                let header = with(stranger.header(), "x5u", json!(format!("{}/evil", idp.url)));
                stranger.sign(&header, &idp.claims())
            },
            Some(Refusal::UnknownKey),
        ),
    ];
    for (what, token, expected) in cases {
        let result = call(&auth, &token).await;
        match expected {
            None => assert!(result.is_ok(), "{what}: {result:?}"),
            Some(refusal) => assert_eq!(result, Err(refusal), "{what}"),
        }
    }
}

#[tokio::test]
async fn unsigned_and_forged_tokens_are_refused() {
    let idp = Idp::start().await;
    let auth = auth(&idp).await;
    for alg in ["none", "None", "NONE", "nOnE"] {
        let unsigned = input(&json!({"alg": alg, "typ": "at+jwt"}), &idp.claims());
        for signature in ["", "AA"] {
            let token = format!("{unsigned}.{signature}");
            assert_eq!(call(&auth, &token).await, Err(Refusal::Algorithm), "{alg}");
        }
    }
    // Signed with the public key as if it were a shared secret.
    let jwk = idp.key.jwk().to_string().into_bytes();
    for secret in [idp.key.public_bytes(), jwk] {
        let body = input(
            &json!({"alg": "HS256", "typ": "at+jwt", "kid": "one"}),
            &idp.claims(),
        );
        let token = format!(
            "{body}.{}",
            URL_SAFE_NO_PAD.encode(hmac(&secret, body.as_bytes()))
        );
        assert_eq!(call(&auth, &token).await, Err(Refusal::Algorithm));
    }
    // Altered after signing.
    let token = idp.token();
    let parts: Vec<&str> = token.split('.').collect();
    let richer = with(idp.claims(), "scope", json!("system/*.cruds"));
    let richer = URL_SAFE_NO_PAD.encode(richer.to_string());
    let altered = format!("{}.{richer}.{}", parts[0], parts[2]);
    assert_eq!(call(&auth, &altered).await, Err(Refusal::Signature));
    let stripped = format!("{}.{}.", parts[0], parts[1]);
    assert_eq!(call(&auth, &stripped).await, Err(Refusal::Algorithm));
    let zeros = format!(
        "{}.{}.{}",
        parts[0],
        parts[1],
        URL_SAFE_NO_PAD.encode([0u8; 64])
    );
    assert_eq!(call(&auth, &zeros).await, Err(Refusal::Signature));
    // The good one still is, so nothing above was refused for another reason.
    assert!(call(&auth, &token).await.is_ok());
}

fn hmac(secret: &[u8], message: &[u8]) -> Vec<u8> {
    let mut key = [0u8; 64];
    if secret.len() > 64 {
        key[..32].copy_from_slice(&Sha256::digest(secret));
    } else {
        key[..secret.len()].copy_from_slice(secret);
    }
    let pad = |byte: u8| key.map(|b| b ^ byte);
    let inner = Sha256::new()
        .chain_update(pad(0x36))
        .chain_update(message)
        .finalize();
    Sha256::new()
        .chain_update(pad(0x5c))
        .chain_update(inner)
        .finalize()
        .to_vec()
}

#[tokio::test]
async fn a_remembered_token_ends_when_it_ends() {
    let idp = Idp::start().await;
    let auth = auth(&idp).await;
    let claims = with(idp.claims(), "exp", json!(now() + 2));
    let token = idp.key.sign(&idp.key.header(), &claims);
    assert!(call(&auth, &token).await.is_ok());
    assert!(call(&auth, &token).await.is_ok());
    while now() < claims["exp"].as_i64().unwrap() {
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    assert_eq!(call(&auth, &token).await, Err(Refusal::Expired));
}

#[test]
fn no_answer_repeats_the_token_and_each_is_a_proper_challenge() {
    let all = [
        Refusal::Missing,
        Refusal::NotBearer,
        Refusal::Malformed,
        Refusal::NotAnAccessToken,
        Refusal::Algorithm,
        Refusal::Critical,
        Refusal::UnknownKey,
        Refusal::Signature,
        Refusal::WrongIssuer,
        Refusal::WrongAudience,
        Refusal::Expired,
        Refusal::NotYetValid,
        Refusal::IncompleteClaims,
        Refusal::UnknownClient,
        Refusal::Bound,
        Refusal::NoKeys,
    ];
    let mut codes = std::collections::BTreeSet::new();
    for refusal in all {
        assert!(codes.insert(refusal.code()), "{refusal:?} shares its code");
        let challenge = refusal.www_authenticate();
        assert!(challenge.starts_with("Bearer realm=\"causeway\""));
        assert_eq!(challenge.contains("error="), refusal != Refusal::Missing);
        assert_eq!(challenge.matches('"').count() % 2, 0);
        assert_eq!(
            refusal.status(),
            if refusal == Refusal::NoKeys { 503 } else { 401 }
        );
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is sent, the answer is a refusal and never a fault.
    #[test]
    fn garbage_is_refused(text in "\\PC{0,80}", parts in proptest::collection::vec("[A-Za-z0-9_-]{0,40}", 0..5)) {
        thread_local! {
            static RUNTIME: (tokio::runtime::Runtime, Idp, Auth) = {
                let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
                let (idp, auth) = runtime.block_on(async {
                    let idp = Idp::start().await;
                    let auth = auth(&idp).await;
                    (idp, auth)
                });
                (runtime, idp, auth)
            };
        }
        RUNTIME.with(|(runtime, _idp, auth)| {
            for header in [text.clone(), format!("Bearer {text}"), format!("Bearer {}", parts.join("."))] {
                let result = runtime.block_on(auth.caller(Some(&header)));
                prop_assert!(result.is_err());
            }
            Ok(())
        })?;
    }
}
