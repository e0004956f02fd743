//! `$summary` over the interface: gathered across the organisations in sight.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod served;

use axum::http::Method;
use served::*;
use store::Quarantined;

async fn two_homes() -> Served {
    let served = served().await;
    served
        .put(
            "rose",
            &[
                &patient("p1", "Smith", "9990000018"),
                &allergy("a1", "p1", "Penicillin"),
                r#"{"resourceType":"Flag","id":"sg","status":"active","category":[{"coding":[{"code":"SGC"}]}],"code":{"text":"Safeguarding enquiry"},"subject":{"reference":"Patient/p1"}}"#,
                r#"{"resourceType":"CareTeam","id":"ct","status":"active","name":"Team","subject":{"reference":"Patient/p1"},"participant":[{"member":{"reference":"Practitioner/dr"}}]}"#,
                r#"{"resourceType":"Practitioner","id":"dr","name":[{"family":"Who"}]}"#,
            ],
        )
        .await;
    let mut second = batch(
        "oak",
        &[
            &patient("p2", "SMITH", "9990000018"),
            &allergy("a2", "p2", "Latex"),
            &patient("p4", "Brown", "9990000034"),
        ],
    );
    second.quarantine.push(Quarantined {
        place: "row 3".to_owned(),
        rtype: Some("MedicationStatement".to_owned()),
        patient: Some("p2".to_owned()),
        issues: "[]".to_owned(),
        raw: "{\"secret\":\"Warfarin\"}".to_owned(),
        ..Quarantined::default()
    });
    served.store.commit(second).await.unwrap();
    served
}

#[tokio::test]
async fn a_summary_is_gathered_from_every_organisation_in_sight() {
    let served = two_homes().await;
    let url = format!("/Patient/$summary?identifier={NHS}|9990000018");
    let got = served.get("gp", &url).await;
    assert_eq!(got.status, 200, "{}", got.text());
    let bundle = got.json();
    assert_eq!(bundle.text("type"), Some("document"));
    let text = got.text();
    for part in [
        "Penicillin",
        "Latex",
        "rose care home",
        "oak care home",
        "2026-02-01",
    ] {
        assert!(text.contains(part), "{part}");
    }
    assert!(text.contains("Who"), "what is referred to comes along");
    // CS-7 and CS-22: that something is missing, never what.
    assert!(text.contains("1 record(s) from oak care home could not be processed"));
    assert!(text.contains("0113 496 0000") && !text.contains("Warfarin"));
    // CS-15.
    assert!(!text.to_lowercase().contains("safeguard"));

    // The same by POST, by id, and by a local identifier.
    let parameters = format!(
        r#"{{"resourceType":"Parameters","parameter":[{{"name":"identifier","valueString":"{NHS}|9990000018"}}]}}"#
    );
    let json = [("content-type", "application/fhir+json")];
    let posted = served
        .call(
            "gp",
            Method::POST,
            "/Patient/$summary",
            &json,
            parameters.into_bytes(),
        )
        .await;
    assert_eq!(posted.status, 200, "{}", posted.text());
    for path in [
        "/Patient/p1/$summary",
        "/Patient/p2/$summary",
        "/Patient/$summary?identifier=urn:local|L-p1",
        "/Patient/$summary?identifier=999%20000%200018",
    ] {
        let got = served.get("gp", path).await;
        assert_eq!(got.status, 200, "{path}: {}", got.text());
        assert!(
            got.text().contains("Penicillin") && got.text().contains("Latex"),
            "{path}"
        );
    }
    let rendered = summary::render_text(&bundle).unwrap();
    assert!(rendered.contains("Allergies and Intolerances") && rendered.contains("Penicillin"));
}

#[tokio::test]
async fn a_summary_holds_only_what_the_caller_may_see() {
    let served = two_homes().await;
    let url = format!("/Patient/$summary?identifier={NHS}|9990000018");
    let hospital = served.get("hospital", &url).await.text();
    assert!(
        hospital.contains("Penicillin") && !hospital.contains("Latex") && !hospital.contains("oak")
    );
    let oak = served.get("oak", &url).await.text();
    assert!(oak.contains("Latex") && !oak.contains("Penicillin"));

    let missing = served
        .get(
            "gp",
            &format!("/Patient/$summary?identifier={NHS}|9990000107"),
        )
        .await;
    let hidden = served
        .get(
            "hospital",
            &format!("/Patient/$summary?identifier={NHS}|9990000034"),
        )
        .await;
    assert_eq!((missing.status, hidden.status), (404, 404));
    assert_eq!(missing.text(), hidden.text());

    // What the scopes do not grant is left out, and the summary says so.
    let token = served.token("gp", "system/Patient.rs system/Condition.rs");
    let got = served
        .send(
            axum::http::Request::builder()
                .uri(format!("{BASE}{url}"))
                .header("authorization", format!("Bearer {token}"))
                .body(axum::body::Body::empty())
                .unwrap(),
        )
        .await;
    assert_eq!(got.status, 200);
    assert!(!got.text().contains("Penicillin"));
    assert!(
        got.text()
            .contains("AllergyIntolerance records of rose care home are outside")
    );
}

#[tokio::test]
async fn cs_02_records_that_disagree_are_not_gathered() {
    let served = two_homes().await;
    served
        .put("oak", &[&patient("p2", "Jones", "9990000018")])
        .await;
    let got = served
        .get(
            "gp",
            &format!("/Patient/$summary?identifier={NHS}|9990000018"),
        )
        .await;
    assert_eq!((got.status, got.outcome().as_str()), (409, "conflict"));
    assert!(!got.text().contains("Jones"));
    let one = served.get("gp", "/Patient/p1/$summary").await;
    assert_eq!(one.status, 200);
    assert!(one.text().contains("Penicillin") && !one.text().contains("Latex"));
}

#[tokio::test]
async fn a_summary_is_served_as_xml_too() {
    let served = two_homes().await;
    let accept = [("accept", "application/fhir+xml")];
    let got = served
        .call(
            "gp",
            Method::GET,
            "/Patient/p1/$summary",
            &accept,
            Vec::new(),
        )
        .await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert!(got.text().contains("<Composition"));
}

#[tokio::test]
async fn what_is_asked_wrongly_is_refused() {
    let served = two_homes().await;
    let json = [("content-type", "application/fhir+json")];
    for (body, status) in [
        (
            r#"{"resourceType":"Parameters","parameter":[{"name":"who","valueString":"x"}]}"#,
            400,
        ),
        (r#"{"resourceType":"Patient"}"#, 400),
        ("{", 400),
        ("", 400),
    ] {
        let got = served
            .call(
                "gp",
                Method::POST,
                "/Patient/$summary",
                &json,
                body.as_bytes().to_vec(),
            )
            .await;
        assert_eq!(got.status, status, "{body}");
        got.outcome();
    }
    let plain = [("content-type", "text/plain")];
    assert_eq!(
        served
            .call(
                "gp",
                Method::POST,
                "/Patient/$summary",
                &plain,
                b"x".to_vec()
            )
            .await
            .status,
        415
    );
    for path in [
        "/Patient/$summary",
        "/Patient/$summary?identifier=",
        "/Patient/$summary?identifier=https://fhir.nhs.uk/Id/nhs-number|123",
        "/Patient/$summary?identifier=9990000018&profile=urn:other",
        "/Patient/p1/$summary?identifier=9990000018",
    ] {
        assert_eq!(served.get("gp", path).await.status, 400, "{path}");
    }
    assert_eq!(
        served.get("gp", "/Patient/nobody/$summary").await.status,
        404
    );
    assert_eq!(
        served
            .call(
                "gp",
                Method::DELETE,
                "/Patient/p1/$summary",
                &[],
                Vec::new()
            )
            .await
            .status,
        405
    );
}

#[tokio::test]
async fn cs_07_a_record_held_back_as_a_whole_is_missed() {
    let served = two_homes().await;
    let mut third = batch("rose", &[]);
    third.quarantine.push(Quarantined {
        place: "row 9".to_owned(),
        rtype: Some("Patient".to_owned()),
        nhs_number: Some("9990000034".to_owned()),
        issues: "[]".to_owned(),
        raw: "{\"secret\":\"Latex\"}".to_owned(),
        ..Quarantined::default()
    });
    served.store.commit(third).await.unwrap();
    let url = format!("/Patient/$summary?identifier={NHS}|9990000034");
    let text = served.get("gp", &url).await.text();
    assert!(text.contains("holds a record under this NHS number that could not be processed"));
    assert!(!text.contains("Latex"));
    // Another organisation's quarantine is nothing to a provider.
    let text = served.get("oak", &url).await.text();
    assert!(
        text.contains("Brown") && !text.contains("could not be processed"),
        "{text}"
    );
}
