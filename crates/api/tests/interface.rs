//! Each status, header and refusal of the interface.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod served;

use std::time::Duration;

use axum::body::Body;
use axum::http::{Method, Request};
use served::*;

async fn two_homes() -> Served {
    let served = served().await;
    served
        .put(
            "rose",
            &[
                &patient("p1", "Smith", "9990000018"),
                &allergy("a1", "p1", "Penicillin"),
                &weight("w1", "p1", "61.50", "2026-01-10"),
            ],
        )
        .await;
    served
        .put(
            "oak",
            &[
                &patient("p2", "SMITH", "9990000018"),
                &allergy("a2", "p2", "Latex"),
                &patient("p3", "Jones", "9990000026"),
            ],
        )
        .await;
    served
}

fn bare(path: &str) -> axum::http::request::Builder {
    Request::builder().uri(format!("{BASE}{path}"))
}

#[tokio::test]
async fn without_a_good_token_nothing_is_answered() {
    let served = two_homes().await;
    let none = served
        .send(bare("/Patient/p1").body(Body::empty()).unwrap())
        .await;
    assert_eq!((none.status, none.outcome().as_str()), (401, "login"));
    assert!(none.header("www-authenticate").starts_with("Bearer"));

    let good = served.token("gp", "system/*.rs");
    let expired = served.issuer.mint("gp", "system/*.rs", Duration::ZERO);
    let (head, rest) = good.split_once('.').unwrap();
    let (claims, signature) = rest.split_once('.').unwrap();
    let altered = format!("{head}.{}.{signature}", claims.replace('a', "b"));
    for authorization in [
        "Bearer".to_owned(),
        "Bearer ".to_owned(),
        "Basic Z3A6Z3A=".to_owned(),
        "Bearer not.a.jwt".to_owned(),
        format!("Bearer {altered}"),
        format!("Bearer {head}.{claims}."),
        format!("Bearer {good} {good}"),
        good.clone(),
        format!("Bearer {}", served.token("stranger", "system/*.rs")),
    ] {
        let got = served
            .send(
                bare("/Patient/p1")
                    .header("authorization", &authorization)
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        assert_eq!(got.status, 401, "{authorization}");
        got.outcome();
        assert!(got.header("www-authenticate").starts_with("Bearer"));
        assert!(!got.text().contains(&good[..20]));
    }
    let late = served
        .send(
            bare("/Patient/p1")
                .header("authorization", format!("Bearer {expired}"))
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!((late.status, late.outcome().as_str()), (401, "expired"));
    let twice = served
        .send(
            bare("/Patient/p1")
                .header("authorization", format!("Bearer {good}"))
                .header("authorization", format!("Bearer {good}"))
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(twice.status, 401);
    // Unknown paths and types are no exception.
    for path in [
        "/Nonsense",
        "/Patient/nobody",
        "/",
        "",
        "/Patient/p1/_history/1",
        "/Patient/$summary",
    ] {
        let got = served.send(bare(path).body(Body::empty()).unwrap()).await;
        assert_eq!(got.status, 401, "{path}");
    }
}

#[tokio::test]
async fn what_is_open_is_open_and_says_nothing_of_people() {
    let served = two_homes().await;
    for path in [
        "/metadata",
        "/.well-known/smart-configuration",
        "/_ping",
        "/_status",
    ] {
        let got = served.send(bare(path).body(Body::empty()).unwrap()).await;
        assert_eq!(got.status, 200, "{path}: {}", got.text());
    }
    let ping = served
        .send(
            Request::builder()
                .uri("http://causeway.test/_ping")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(ping.json().text("status"), Some("pass"));
    let status = served
        .send(
            Request::builder()
                .uri("http://causeway.test/_status")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(status.json().text("status"), Some("pass"));
    assert!(status.json().get("checks").unwrap().get("store").is_some());
    let smart = served
        .send(
            bare("/.well-known/smart-configuration")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    assert!(smart.json().get("capabilities").is_some());
}

#[tokio::test]
async fn metadata_lists_what_is_served_and_nothing_else() {
    let served = two_homes().await;
    let got = served
        .send(bare("/metadata").body(Body::empty()).unwrap())
        .await;
    let statement = got.json();
    assert_eq!(statement.text("kind"), Some("instance"));
    assert_eq!(statement.text("fhirVersion"), Some("4.0.1"));
    let rest = statement.get("rest").unwrap().item(0).unwrap().clone();
    let mut parameters = 0;
    for resource in rest.each("resource") {
        let rtype = resource.text("type").unwrap();
        assert_ne!(rtype, "AuditEvent");
        assert_eq!(
            served.get("gp", &format!("/{rtype}")).await.status,
            200,
            "{rtype}"
        );
        // Each listed parameter is really taken.
        for parameter in resource.each("searchParam") {
            let name = parameter.text("name").unwrap();
            let value = match parameter.text("type").unwrap() {
                "date" => "2026",
                "reference" => "x",
                _ => "x",
            };
            let got = served.get("gp", &format!("/{rtype}?{name}={value}")).await;
            assert_eq!(got.status, 200, "{rtype}?{name}: {}", got.text());
            parameters += 1;
        }
    }
    assert!(parameters > 100);
}

#[tokio::test]
async fn a_resource_is_read_as_it_was_stored() {
    let served = two_homes().await;
    let got = served.get("gp", "/Observation/w1").await;
    assert_eq!(got.status, 200);
    assert!(got.text().contains("61.50"), "decimals stay as written");
    assert_eq!(got.header("etag"), "W/\"1\"");
    assert!(got.header("last-modified").ends_with("GMT"));
    assert!(
        got.header("content-type")
            .starts_with("application/fhir+json")
    );
    let again = served
        .call(
            "gp",
            Method::GET,
            "/Observation/w1",
            &[("if-none-match", "W/\"1\"")],
            Vec::new(),
        )
        .await;
    assert_eq!((again.status, again.body.len()), (304, 0));
    let stale = served
        .call(
            "gp",
            Method::GET,
            "/Observation/w1",
            &[("if-none-match", "W/\"9\"")],
            Vec::new(),
        )
        .await;
    assert_eq!(stale.status, 200);

    served
        .put("rose", &[&weight("w1", "p1", "62", "2026-01-10")])
        .await;
    assert_eq!(
        served.get("gp", "/Observation/w1").await.header("etag"),
        "W/\"2\""
    );
    assert!(
        served
            .get("gp", "/Observation/w1/_history/1")
            .await
            .text()
            .contains("61.50")
    );
    let history = served.get("gp", "/Observation/w1/_history").await.json();
    assert_eq!(history.each("entry").count(), 2);
    for path in [
        "/Observation/w1/_history/9",
        "/Observation/w1/_history/x",
        "/Observation/none",
        "/Observation/a_b",
        "/Observation/none/_history",
    ] {
        assert_eq!(served.get("gp", path).await.status, 404, "{path}");
    }
}

#[tokio::test]
async fn what_xml_cannot_carry_is_offered_as_json() {
    let served = served().await;
    served
        .put(
            "rose",
            &[r#"{"resourceType":"Patient","id":"bell","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}],"name":[{"family":"Bell\u0007"}]}"#],
        )
        .await;
    let xml = served
        .call(
            "gp",
            Method::GET,
            "/Patient/bell",
            &[("accept", "application/fhir+xml")],
            Vec::new(),
        )
        .await;
    assert_eq!(xml.status, 406);
    assert!(xml.text().contains("application/fhir+json"));
    assert!(!xml.text().contains("Bell"));
    assert_eq!(served.get("gp", "/Patient/bell").await.status, 200);
}

#[tokio::test]
async fn xml_and_json_are_chosen_by_accept_and_format() {
    let served = two_homes().await;
    for (path, accept, xml) in [
        ("/Patient/p1", "application/fhir+xml", true),
        ("/Patient/p1?_format=xml", "application/fhir+json", true),
        ("/Patient/p1?_format=json", "application/fhir+xml", false),
        ("/Patient?family=Smith", "application/xml", true),
        ("/Patient/none", "application/fhir+xml", true),
        ("/metadata", "application/fhir+xml", true),
        (
            "/Patient/p1",
            "application/fhir+json; fhirVersion=4.3",
            false,
        ),
    ] {
        let got = served
            .call("gp", Method::GET, path, &[("accept", accept)], Vec::new())
            .await;
        let kind = if xml {
            "application/fhir+xml"
        } else {
            "application/fhir+json"
        };
        assert!(
            got.header("content-type").starts_with(kind),
            "{path} {accept}: {}",
            got.header("content-type")
        );
        if xml {
            assert!(got.text().contains("xmlns=\"http://hl7.org/fhir\""));
        } else {
            got.json();
        }
    }
    for (path, accept) in [
        ("/Patient/p1", "text/html"),
        ("/Patient/p1", "application/fhir+json; fhirVersion=5.0"),
        ("/Patient/p1?_format=pdf", "*/*"),
    ] {
        let got = served
            .call("gp", Method::GET, path, &[("accept", accept)], Vec::new())
            .await;
        assert_eq!(got.status, 406, "{accept}");
        got.outcome();
    }
}

#[tokio::test]
async fn b1_another_tenants_resource_is_as_if_it_were_not() {
    let served = two_homes().await;
    let missing = served.get("rose", "/Patient/nobody").await;
    for (caller, path) in [
        ("rose", "/Patient/p2"),
        ("rose", "/AllergyIntolerance/a2"),
        ("rose", "/Patient/p2/_history"),
        ("rose", "/Patient/p2/_history/1"),
        ("rose", "/Patient/p2/$summary"),
        ("hospital", "/Patient/p3"),
        ("hospital", "/AllergyIntolerance/a2"),
    ] {
        let got = served.get(caller, path).await;
        assert_eq!(got.status, 404, "{caller} {path}");
        assert_eq!(got.text(), missing.text(), "{caller} {path}");
    }
    assert_eq!(served.get("rose", "/Patient").await.ids(), ["p1"]);
    assert_eq!(served.get("oak", "/Patient").await.ids(), ["p2", "p3"]);
    assert_eq!(
        served.get("hospital", "/AllergyIntolerance").await.ids(),
        ["a1"]
    );
    assert!(
        served
            .get("hospital", "/Patient?family=Jones")
            .await
            .ids()
            .is_empty()
    );
    assert!(
        served
            .get("hospital", &format!("/Patient?identifier={NHS}|9990000026"))
            .await
            .ids()
            .is_empty()
    );
    let mut all = served.get("gp", "/Patient").await.ids();
    all.sort();
    assert_eq!(all, ["p1", "p2", "p3"]);
}

#[tokio::test]
async fn scopes_bound_every_interaction() {
    let served = two_homes().await;
    let call = async |scope: &str, method: Method, path: &str| {
        let token = served.token("gp", scope);
        served
            .send(
                bare(path)
                    .method(method)
                    .header("authorization", format!("Bearer {token}"))
                    .body(Body::empty())
                    .unwrap(),
            )
            .await
    };
    for (scope, path, status) in [
        ("system/Observation.rs", "/Observation/w1", 200),
        ("system/Observation.rs", "/Observation", 200),
        ("system/Observation.rs", "/Patient/p1", 403),
        ("system/Observation.rs", "/Patient", 403),
        (
            "system/Observation.rs",
            "/Patient/$summary?identifier=9990000018",
            403,
        ),
        ("system/Observation.r", "/Observation", 403),
        ("system/Observation.s", "/Observation/w1", 403),
        ("system/Observation.s", "/Observation/w1/_history/1", 403),
        ("", "/Observation/w1", 403),
        ("openid profile", "/Observation/w1", 403),
        ("system/*.rs", "/AuditEvent", 403),
        ("system/*.cruds", "/AuditEvent/x", 403),
        ("system/*.rs", "/Nonsense", 404),
        ("system/*.rs", "/Account", 404),
        ("system/*.rs", "/Patient/p1/$everything", 404),
        ("system/*.rs", "/", 404),
    ] {
        let got = call(scope, Method::GET, path).await;
        assert_eq!(got.status, status, "{scope} {path}: {}", got.text());
        if status != 200 {
            got.outcome();
        }
    }
    // A write is asked of the scopes first.
    for (method, path) in [
        (Method::POST, "/Patient"),
        (Method::PUT, "/Patient/p1"),
        (Method::PATCH, "/Patient/p1"),
        (Method::DELETE, "/Patient/p1"),
    ] {
        assert_eq!(
            call("system/*.rs", method.clone(), path).await.status,
            403,
            "{method}"
        );
        let provider = served.token("rose", "system/*.cruds");
        let got = served
            .send(
                bare(path)
                    .method(method)
                    .header("authorization", format!("Bearer {provider}"))
                    .body(Body::empty())
                    .unwrap(),
            )
            .await;
        assert_eq!(got.status, 405);
        assert!(got.header("allow").contains("GET"));
        got.outcome();
    }
    assert_eq!(
        call("system/*.rs", Method::POST, "/Patient/p1/_history")
            .await
            .status,
        405
    );
    assert_eq!(
        call("system/*.rs", Method::GET, "/Patient/_search")
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn without_a_purpose_nothing_is_seen_unless_the_listener_is_for_direct_care() {
    let served = served_with(|config| config.default_purpose = None).await;
    served
        .put("rose", &[&patient("p1", "Smith", "9990000018")])
        .await;
    assert_eq!(served.get("gp", "/Patient/p1").await.status, 403);
    let treat = [("x-purpose-of-use", "TREAT")];
    assert_eq!(
        served
            .call("gp", Method::GET, "/Patient/p1", &treat, Vec::new())
            .await
            .status,
        200
    );
    let research = [("x-purpose-of-use", "HRESCH")];
    assert_eq!(
        served
            .call("gp", Method::GET, "/Patient/p1", &research, Vec::new())
            .await
            .status,
        403
    );
}

#[tokio::test]
async fn ids_are_mirrored_or_refused() {
    let served = two_homes().await;
    let id = "11111111-2222-4333-8444-555555555555";
    for path in ["/Patient/p1", "/Patient/none", "/metadata"] {
        let got = served
            .call(
                "gp",
                Method::GET,
                path,
                &[("x-request-id", id), ("x-correlation-id", "abc-1")],
                Vec::new(),
            )
            .await;
        assert_eq!(got.header("x-request-id"), id);
        assert_eq!(got.header("x-correlation-id"), "abc-1");
    }
    let long = "x".repeat(129);
    for (name, value) in [
        ("x-request-id", long.as_str()),
        ("x-request-id", "a b"),
        ("x-correlation-id", "é"),
        ("x-request-id", ""),
    ] {
        let got = served
            .call(
                "gp",
                Method::GET,
                "/Patient/p1",
                &[(name, value)],
                Vec::new(),
            )
            .await;
        assert_eq!(got.status, 400, "{name}");
        assert_ne!(got.header("x-request-id"), value);
    }
    let strict = served_with(|config| config.strict_request_id = true).await;
    assert_eq!(strict.get("gp", "/Patient").await.status, 400);
    assert_eq!(
        strict
            .call(
                "gp",
                Method::GET,
                "/Patient",
                &[("x-request-id", "not-a-uuid")],
                Vec::new()
            )
            .await
            .status,
        400
    );
    assert_eq!(
        strict
            .call(
                "gp",
                Method::GET,
                "/Patient",
                &[("x-request-id", id)],
                Vec::new()
            )
            .await
            .status,
        200
    );
    assert_eq!(
        strict
            .send(bare("/metadata").body(Body::empty()).unwrap())
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn unknown_parameters_are_refused_with_the_nearest_names() {
    let served = two_homes().await;
    let got = served.get("gp", "/Patient?famly=Smith").await;
    assert_eq!((got.status, got.outcome().as_str()), (400, "not-supported"));
    assert!(got.text().contains("`family`"));
    for path in [
        "/Patient?_sort=family",
        "/Patient?family:exact=Smith",
        "/Patient?birthdate=yesterday",
        "/Patient?_count=x",
        "/Patient?family=%FF",
        "/Patient/p1?_summary=true",
        "/Patient?identifier=https://fhir.nhs.uk/Id/nhs-number|9990000019",
        "/Patient?_page=abc",
        "/Patient/$summary?name=Smith&identifier=9990000018",
    ] {
        let got = served.get("gp", path).await;
        assert_eq!(got.status, 400, "{path}");
        got.outcome();
    }
    let lenient = [("prefer", "return=minimal, handling=lenient")];
    let got = served
        .call(
            "gp",
            Method::GET,
            "/Patient?famly=Smith&family=Jones",
            &lenient,
            Vec::new(),
        )
        .await;
    assert_eq!(got.ids(), ["p3"]);
    assert!(got.text().contains("\"outcome\""));
    assert!(!got.link("self").unwrap().contains("famly"));
}

#[tokio::test]
async fn searches_find_by_every_kind_of_parameter() {
    let served = two_homes().await;
    for (query, found) in [
        ("/Patient?family=smith", vec!["p1", "p2"]),
        ("/Patient?name=ada&family=jones", vec!["p3"]),
        (
            "/Patient?gender=female&birthdate=1935-06",
            vec!["p1", "p2", "p3"],
        ),
        ("/Patient?birthdate=ge1936", vec![]),
        (
            "/Patient?birthdate=ge1935-01-01&birthdate=lt1936",
            vec!["p1", "p2", "p3"],
        ),
        ("/Patient?_id=p1,p3", vec!["p1", "p3"]),
        ("/Patient?identifier=urn:local|L-p3", vec!["p3"]),
        ("/Patient?identifier=L-p3", vec!["p3"]),
        (
            "/Patient?identifier=https%3A%2F%2Ffhir.nhs.uk%2FId%2Fnhs-number%7C9990000018",
            vec!["p1", "p2"],
        ),
        ("/AllergyIntolerance?patient=p1", vec!["a1"]),
        (
            "/AllergyIntolerance?patient=Patient/p2&clinical-status=active",
            vec!["a2"],
        ),
        ("/AllergyIntolerance?clinical-status=resolved", vec![]),
        (
            "/Observation?subject=Patient/p1&code=27113001&date=2026-01",
            vec!["w1"],
        ),
        ("/Observation?_lastUpdated=ge2020", vec!["w1"]),
        ("/Observation?_lastUpdated=lt2020", vec![]),
    ] {
        let got = served.get("gp", query).await;
        assert_eq!(got.status, 200, "{query}: {}", got.text());
        let mut ids = got.ids();
        ids.sort();
        assert_eq!(ids, found, "{query}");
        assert!(got.link("self").unwrap().starts_with(BASE));
    }
    let form = [("content-type", "application/x-www-form-urlencoded")];
    let got = served
        .call(
            "gp",
            Method::POST,
            "/Patient/_search?gender=female",
            &form,
            b"family=Jones&_total=accurate".to_vec(),
        )
        .await;
    assert_eq!(got.ids(), ["p3"]);
    assert_eq!(got.json().get("total").unwrap().to_string(), "1");
    let got = served
        .call(
            "gp",
            Method::POST,
            "/Patient/_search",
            &[("content-type", "application/json")],
            b"{}".to_vec(),
        )
        .await;
    assert_eq!(got.status, 415);
    let got = served
        .call(
            "gp",
            Method::POST,
            "/Patient/_search",
            &form,
            vec![b'x'; 200_000],
        )
        .await;
    assert_eq!(got.status, 413);
}

#[tokio::test]
async fn a_walk_sees_each_resource_once_while_others_arrive() {
    let served = served().await;
    served
        .put("rose", &[&patient("p1", "Smith", "9990000018")])
        .await;
    let first: Vec<String> = (0..25)
        .map(|n| weight(&format!("w{n:02}"), "p1", "60", "2026-01-10"))
        .collect();
    served
        .put(
            "rose",
            &first.iter().map(String::as_str).collect::<Vec<_>>(),
        )
        .await;
    let mut seen = Vec::new();
    let mut url = format!("{BASE}/Observation?patient=p1&_count=4");
    let mut pages = 0;
    loop {
        let got = served.call("gp", Method::GET, &url, &[], Vec::new()).await;
        assert_eq!(got.status, 200, "{}", got.text());
        seen.extend(got.ids());
        pages += 1;
        // Others arrive between the pages.
        let late = weight(&format!("late{pages}"), "p1", "61", "2026-01-11");
        served.put("rose", &[&late]).await;
        assert!(pages < 40);
        let Some(next) = got.link("next") else { break };
        // Somebody else's place, an altered place, and a place of another search are refused.
        if pages == 1 {
            for client in ["hospital", "rose", "oak"] {
                assert_eq!(
                    served
                        .call(client, Method::GET, &next, &[], Vec::new())
                        .await
                        .status,
                    400
                );
            }
            let other = next.replace("patient=p1", "patient=p2");
            assert_eq!(
                served
                    .call("gp", Method::GET, &other, &[], Vec::new())
                    .await
                    .status,
                400
            );
            assert_eq!(
                served
                    .call("gp", Method::GET, &format!("{next}0"), &[], Vec::new())
                    .await
                    .status,
                400
            );
        }
        url = next;
    }
    let firsts: Vec<&String> = seen.iter().filter(|id| id.starts_with('w')).collect();
    assert_eq!(firsts.len(), 25);
    let mut unique = seen.clone();
    unique.sort();
    unique.dedup();
    assert_eq!(unique.len(), seen.len(), "nothing is seen twice");
    assert!(
        served
            .get("gp", "/Observation?_count=0&_total=accurate")
            .await
            .ids()
            .is_empty()
    );
}

#[tokio::test]
async fn metrics_and_outcomes_name_no_person() {
    let served = two_homes().await;
    served.get("gp", "/Patient/p1").await;
    served
        .get("gp", &format!("/Patient?identifier={NHS}|9990000018"))
        .await;
    served
        .get("gp", "/Patient?family=Smith&birthdate=nonsense-Smith")
        .await;
    let metrics = served
        .send(
            Request::builder()
                .uri("http://causeway.test/metrics")
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    let text = metrics.text();
    assert!(
        text.contains("causeway_http_requests_total") && text.contains("route=\"/{type}/{id}\"")
    );
    for secret in ["9990000018", "Smith", "p1"] {
        assert!(!text.contains(secret), "{secret}");
    }
    let got = served.get("gp", "/Patient?birthdate=Smith-1935").await;
    assert!(!got.text().contains("Smith"));
}

#[tokio::test]
async fn cs_03_a_placement_leads_nobody_to_the_home() {
    let episode = |id: &str, kind: &str, home: &str| {
        format!(
            r#"{{"resourceType":"EpisodeOfCare","id":"{id}","status":"active","type":[{{"text":"{kind}"}}],"patient":{{"reference":"Patient/p1"}},"managingOrganization":{{"reference":"Organization/{home}","display":"{home}"}}}}"#
        )
    };
    let served = served_with(|config| {
        for name in ["EpisodeOfCare", "Organization", "ServiceRequest"] {
            config.types.insert(name.to_owned());
        }
    })
    .await;
    served
        .put(
            "rose",
            &[
                &patient("p1", "Smith", "9990000018"),
                &episode("e1", "Residential placement, Hidden", "Hidden"),
                &episode("e2", "Home care", "Visitors"),
                r#"{"resourceType":"Organization","id":"Hidden","name":"Hidden","address":[{"line":["12 Secret Lane"]}]}"#,
                r#"{"resourceType":"ServiceRequest","id":"s1","status":"active","intent":"plan","subject":{"reference":"Patient/p1"},"locationCode":[{"text":"12 Secret Lane"}]}"#,
            ],
        )
        .await;
    for path in [
        "/EpisodeOfCare/e1",
        "/EpisodeOfCare/e1/_history",
        "/EpisodeOfCare?patient=p1",
        "/EpisodeOfCare?patient=p1&_format=xml",
        "/ServiceRequest/s1",
        "/ServiceRequest?patient=p1",
    ] {
        let got = served.get("gp", path).await;
        assert_eq!(got.status, 200, "{path}");
        for secret in ["Hidden", "Secret Lane"] {
            assert!(!got.text().contains(secret), "{path}: {secret}");
        }
    }
    let got = served.get("gp", "/Organization/Hidden").await;
    assert!(!got.text().contains("Secret Lane"));
    let got = served.get("gp", "/EpisodeOfCare/e2").await;
    assert!(got.text().contains("Visitors") && !got.text().contains("SUBSETTED"));
    for path in [
        "/EpisodeOfCare?organization=Organization/Hidden",
        "/Organization?address=Secret",
    ] {
        assert_eq!(served.get("gp", path).await.status, 403, "{path}");
    }
    let got = served.get("rose", "/EpisodeOfCare/e1").await;
    assert!(got.text().contains("Hidden"));
    assert_eq!(
        served
            .get("rose", "/EpisodeOfCare?organization=Organization/Hidden")
            .await
            .status,
        200
    );
}

#[tokio::test]
async fn cs_03_where_an_untraced_person_lives_leaves_by_no_road() {
    let located = patient("p1", "Smith", "9990000018").replace(
        "\"gender\"",
        "\"telecom\":[{\"system\":\"phone\",\"value\":\"020 7946 0999\"}],\"address\":[{\"line\":[\"12 Secret Lane\"],\"postalCode\":\"LS1 9ZZ\"}],\"gender\"",
    );
    let secrets = ["Secret Lane", "LS1 9ZZ", "7946"];
    let served = served().await;
    served.put("rose", &[&located]).await;
    for path in [
        "/Patient/p1",
        "/Patient/p1/_history/1",
        "/Patient/p1/_history",
        "/Patient?family=Smith",
        "/Patient/p1/$summary",
        "/Patient/p1?_format=xml",
    ] {
        let got = served.get("gp", path).await;
        assert_eq!(got.status, 200, "{path}");
        for secret in secrets {
            assert!(!got.text().contains(secret), "{path}: {secret}");
        }
    }
    assert!(
        served
            .get("gp", "/Patient/p1")
            .await
            .text()
            .contains("SUBSETTED")
    );
    for path in [
        "/Patient?address-postalcode=LS1",
        "/Patient?phone=020%207946%200999",
        "/Patient?address:contains=Secret",
    ] {
        let got = served.get("gp", path).await;
        assert_eq!(
            (got.status, got.outcome().as_str()),
            (403, "forbidden"),
            "{path}"
        );
    }
    // The provider sees its own record whole, and so does everyone once the risk is accepted.
    assert!(
        served
            .get("rose", "/Patient/p1")
            .await
            .text()
            .contains("Secret Lane")
    );
    assert_eq!(
        served
            .get("rose", "/Patient?address-postalcode=LS1")
            .await
            .ids(),
        ["p1"]
    );
    let open = served_with(|config| config.summary.publish_location_of_untraced = true).await;
    open.put("rose", &[&located]).await;
    assert!(
        open.get("gp", "/Patient/p1")
            .await
            .text()
            .contains("Secret Lane")
    );
}

#[tokio::test]
async fn what_was_deleted_is_gone() {
    let served = two_homes().await;
    let mut batch = batch("rose", &[&weight("w1", "p1", "61.50", "2026-01-10")]);
    batch.writes[0].status = store::Status::Deleted;
    served.store.commit(batch).await.unwrap();
    let got = served.get("gp", "/Observation/w1").await;
    assert_eq!((got.status, got.outcome().as_str()), (410, "deleted"));
    assert!(
        served
            .get("gp", "/Observation?patient=p1")
            .await
            .ids()
            .is_empty()
    );
}

#[tokio::test]
async fn cs_15_no_version_shows_what_another_withholds() {
    let flag = |id: &str, text: &str| {
        format!(
            r#"{{"resourceType":"Flag","id":"{id}","status":"active","code":{{"text":"{text}"}},"subject":{{"reference":"Patient/p1"}}}}"#
        )
    };
    let served = served().await;
    served
        .put("rose", &[&patient("p1", "Smith", "9990000018")])
        .await;
    served
        .put(
            "rose",
            &[
                &flag("was", "Safeguarding enquiry SECRET"),
                &flag("is", "Talk to SECRET"),
            ],
        )
        .await;
    served
        .put(
            "rose",
            &[&flag("was", "See file"), &flag("is", "Safeguarding SECRET")],
        )
        .await;
    for caller in ["gp", "rose"] {
        for path in [
            "/Flag/was",
            "/Flag/was/_history",
            "/Flag/was/_history/1",
            "/Flag/is",
            "/Flag/is/_history",
            "/Flag/is/_history/1",
            "/Flag/is/_history/2",
            "/Flag?patient=p1",
            "/Flag?patient=p1&_total=accurate",
            "/Patient/p1/$summary",
        ] {
            let got = served.get(caller, path).await;
            assert!(
                !got.text().contains("SECRET"),
                "{caller} {path}: {}",
                got.text()
            );
        }
    }
}
