//! What a source has said, and last-updated times.

use store::Status;

use crate::*;

#[tokio::test]
async fn times_never_go_back_and_fit_the_body() {
    let store = fresh().await;
    for content in ["a", "b", "c"] {
        put(
            &*store,
            "home",
            write("Patient", "p1", content, "2026-01-01"),
        )
        .await;
    }
    let history = store.history(&own("home"), "Patient", "p1").await.unwrap();
    assert_eq!(history.len(), 3);
    for pair in history.windows(2) {
        assert!(pair[0].updated >= pair[1].updated);
    }
    for version in &history {
        let body = json::parse(&version.body).unwrap();
        let stamp = body.get("meta").unwrap();
        assert_eq!(
            stamp.text("versionId").unwrap(),
            version.version.to_string()
        );
        assert_eq!(
            stamp
                .text("lastUpdated")
                .unwrap()
                .parse::<Timestamp>()
                .unwrap(),
            version.updated
        );
    }
}

#[tokio::test]
async fn what_a_source_has_said_is_listed_with_type_and_person() {
    let store = fresh().await;
    let mut other = write("Flag", "f2", "b", "2026-01-01");
    other.source = "council".into();
    commit(
        &*store,
        "home",
        vec![
            about("p1", write("Patient", "p1", "a", "2026-01-01")),
            about("p1", write("Flag", "f1", "a", "2026-01-01")),
            other,
        ],
    )
    .await;
    commit(
        &*store,
        "elsewhere",
        vec![write("Flag", "f3", "c", "2026-01-01")],
    )
    .await;
    let current = store
        .current_of_source(&own("home"), &tenant("home"), "homes")
        .await
        .unwrap();
    let listed: Vec<_> = current
        .iter()
        .map(|c| {
            (
                c.rtype.as_str(),
                c.id.as_str(),
                c.patient.as_deref(),
                c.status,
            )
        })
        .collect();
    assert_eq!(
        listed,
        [
            ("Patient", "p1", Some("p1"), Status::Active),
            ("Flag", "f1", Some("p1"), Status::Active)
        ]
    );
    let none = store
        .current_of_source(&own("elsewhere"), &tenant("home"), "homes")
        .await
        .unwrap();
    assert!(none.is_empty());
}
