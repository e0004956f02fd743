//! A server whose clients sign in with a certified OpenID provider.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use harness::{OpenIdProvider, Server, causeway, client, first_sample, free_port};

#[test]
fn tokens_of_a_certified_provider_open_what_they_should() {
    let port = free_port();
    let base = format!("http://127.0.0.1:{port}/fhir/R4");
    let Some(provider) = OpenIdProvider::start(&base) else {
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let config = folder.path().join("causeway.toml");
    std::fs::write(folder.path().join("id-secret"), [7; 32]).unwrap();
    std::fs::write(
        &config,
        format!(
            r#"
[server]
listen = "127.0.0.1:{port}"
mode = "test"
base = "{base}"

[store]
folder = "data"
id-secret-file = "id-secret"

[auth]
issuer = "{issuer}"
audience = "{base}"

[[auth.clients]]
id = "gp-system"
organisation = "Y12345"

[[auth.clients]]
id = "care-home"
organisation = "VM001"
tenant = "VM001"

[[access.tenants]]
name = "VM001"
organisation = "VM001"

[[access.tenants]]
name = "VM002"
organisation = "VM002"

[[access.agreements]]
consumer = "Y12345"
provider = "VM001"
from = "2026-01-01"

[[organisations]]
ods = "VM001"
name = "A home"
phone = "01632 960001"
"#,
            issuer = provider.issuer()
        ),
    )
    .unwrap();
    for organisation in ["VM001", "VM002"] {
        let sample = first_sample("generic-carehome-xlsx");
        let imported = causeway(&[
            "import",
            "--config",
            config.to_str().unwrap(),
            "--organisation",
            organisation,
            "--mapping",
            "generic-carehome-xlsx",
            sample.to_str().unwrap(),
        ]);
        assert!(
            [0, 3].contains(&imported.code),
            "{}{}",
            imported.out,
            imported.err
        );
    }

    let server = Server::start(&config, port);
    let get = |path: &str, token: &str| {
        let answer = client()
            .get(format!("{}{path}", server.base))
            .bearer_auth(token)
            .send()
            .unwrap();
        let status = answer.status().as_u16();
        (status, answer.text().unwrap())
    };
    let (status, body) = get("/Patient?_count=200", provider.token("gp"));
    assert_eq!(status, 200, "{body}");
    let count = |body: &str| {
        let bundle: serde_json::Value = serde_json::from_str(body).unwrap();
        bundle["entry"].as_array().map_or(0, Vec::len)
    };
    // The agreement is with the first home only; both were given the same people.
    assert!(count(&body) > 0);
    let (status, own) = get("/Patient?_count=200", provider.token("provider"));
    assert_eq!(status, 200, "{own}");
    assert_eq!(count(&own), count(&body));
    assert_eq!(get("/Patient", provider.token("otherAudience")).0, 401);
    assert_eq!(get("/Patient", provider.token("noScope")).0, 403);
    assert_eq!(get("/Patient", "not.a.token").0, 401);
}
