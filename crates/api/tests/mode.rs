//! CS-21: what a demonstration and a test system say of themselves, and what live care leaves out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod served;

use axum::body::Body;
use axum::http::Request;
use json::Value;
use served::*;
use store::MappingStamp;
use summary::Mode;

const SUMMARY: &str = "/Patient/$summary?identifier=https://fhir.nhs.uk/Id/nhs-number|9990000018";

async fn home(mode: Mode, reviewed: &[&str]) -> Served {
    let reviewed: Vec<String> = reviewed.iter().map(|hash| (*hash).to_owned()).collect();
    let served = served_with(|config| {
        config.summary.mode = mode;
        config.reviewed_mappings.extend(reviewed);
    })
    .await;
    let mut first = batch("rose", &[&patient("p1", "Smith", "9990000018")]);
    first.submission.as_mut().unwrap().mapping = stamp("hash-one");
    served.store.commit(first).await.unwrap();
    served
}

fn stamp(hash: &str) -> MappingStamp {
    MappingStamp {
        name: "homes".to_owned(),
        version: "1.0.0".to_owned(),
        hash: hash.to_owned(),
    }
}

async fn open(served: &Served, path: &str) -> Got {
    let url = format!("http://causeway.test{path}");
    let request = Request::builder().uri(url).body(Body::empty()).unwrap();
    served.send(request).await
}

#[tokio::test]
async fn cs_21_a_demonstration_and_a_test_system_say_so_in_every_answer() {
    for (mode, word) in [(Mode::Demo, "DEMONSTRATION"), (Mode::Test, "TEST SYSTEM")] {
        let served = home(mode, &[]).await;
        for path in [
            "/Patient/p1",
            "/Patient",
            "/Patient/p1/_history",
            "/Patient/nobody",
            "/Nothing",
            SUMMARY,
        ] {
            let got = served.get("gp", path).await;
            assert!(got.header("causeway-mode").contains(word), "{path}");
        }
        for path in [
            "/_ping",
            "/_status",
            "/metrics",
            "/fhir/R4/metadata",
            "/fhir/R4/.well-known/smart-configuration",
            "/fhir/R4/Patient",
        ] {
            let got = open(&served, path).await;
            assert!(got.header("causeway-mode").contains(word), "{path}");
        }
        for path in ["/_ping", "/_status"] {
            let notes = open(&served, path).await.json();
            let note = notes.get("notes").unwrap().item(0).unwrap().clone();
            assert!(note.as_str().unwrap().contains(word), "{path}");
        }
        let statement = open(&served, "/fhir/R4/metadata").await.json();
        assert!(statement.text("description").unwrap().contains(word));
        assert_eq!(statement.get("experimental"), Some(&Value::Bool(true)));
        assert!(
            statement
                .get("implementation")
                .and_then(|served| served.text("description"))
                .unwrap()
                .contains(word)
        );
        let summary = served.get("gp", SUMMARY).await;
        assert!(summary.text().contains(word));
        for path in ["/Patient", "/Patient/p1/_history", SUMMARY] {
            let page = served.get("gp", path).await;
            assert!(page.text().contains("HTEST"), "{path}: {}", page.text());
        }
    }
}

#[tokio::test]
async fn cs_21_live_care_says_nothing_of_the_kind() {
    let served = home(Mode::Live, &["hash-one"]).await;
    for path in ["/Patient/p1", "/Patient", SUMMARY] {
        let got = served.get("gp", path).await;
        assert_eq!(got.status, 200, "{path}: {}", got.text());
        assert_eq!(got.header("causeway-mode"), "");
        assert!(!got.text().contains("HTEST") && !got.text().contains("TEST SYSTEM"));
    }
    let statement = open(&served, "/fhir/R4/metadata").await.json();
    assert_eq!(statement.get("experimental"), Some(&Value::Bool(false)));
    assert!(open(&served, "/_ping").await.json().get("notes").is_none());
}

#[tokio::test]
async fn cs_21_a_live_summary_leaves_out_what_an_unreviewed_content_made() {
    // The same name and version with other bytes: that was not reviewed.
    let served = home(Mode::Live, &["hash-two"]).await;
    let got = served.get("gp", SUMMARY).await;
    assert!(!got.text().contains("Smith"), "{}", got.text());

    // One file of several is enough to leave the organisation's contribution out.
    let served = home(Mode::Live, &["hash-one"]).await;
    let mut second = batch("rose", &[&allergy("a1", "p1", "Penicillin")]);
    second.submission_id = "sub-two".to_owned();
    let row = second.submission.as_mut().unwrap();
    row.id = "sub-two".to_owned();
    row.mapping = stamp("hash-two");
    served.store.commit(second).await.unwrap();
    let got = served.get("gp", SUMMARY).await;
    assert!(!got.text().contains("Penicillin"), "{}", got.text());
}
