//! What a sight hides: tenants, people, types and labels, in every read there is.

use std::collections::BTreeSet;

use store::{Batch, People, PersonKeys, Quarantined, Query, Submission, SubmissionQuery};

use crate::*;

/// Everything a sight can see of `home`, by every read of the interface.
async fn seen(store: &dyn Store, sight: &Sight) -> BTreeSet<String> {
    let home = tenant("home");
    let mut seen = BTreeSet::new();
    for (rtype, id) in [
        ("Patient", "p1"),
        ("Patient", "p2"),
        ("Flag", "f1"),
        ("Flag", "f2"),
        ("Observation", "o1"),
        ("Organization", "org"),
    ] {
        let read = store.read(sight, rtype, id).await.unwrap();
        let vread = store.vread(sight, rtype, id, 1).await.unwrap();
        let history = store.history(sight, rtype, id).await.unwrap();
        let page = store
            .search(
                sight,
                &Query {
                    total: true,
                    ..Query::new(rtype)
                },
            )
            .await
            .unwrap();
        let found = page.items.iter().any(|item| item.id == id);
        assert_eq!(
            page.total,
            Some(page.items.len() as u64),
            "a total counts what is seen"
        );
        assert_eq!(read.is_some(), found, "{rtype}/{id}: read and search");
        assert_eq!(
            read.is_some(),
            vread.is_some(),
            "{rtype}/{id}: read and vread"
        );
        assert_eq!(
            read.is_some(),
            !history.is_empty(),
            "{rtype}/{id}: read and history"
        );
        if read.is_some() {
            seen.insert(id.to_owned());
        }
    }
    for patient in ["p1", "p2"] {
        for stored in store.everything_about(sight, &home, patient).await.unwrap() {
            assert!(
                seen.contains(&stored.id),
                "{} only in everything_about",
                stored.id
            );
        }
        let person = store.person(sight, &home, patient).await.unwrap();
        assert_eq!(
            person.is_some(),
            seen.contains(patient),
            "{patient}: person index"
        );
    }
    for current in store
        .current_of_source(sight, &home, "homes")
        .await
        .unwrap()
    {
        assert!(
            seen.contains(&current.id),
            "{} only in current_of_source",
            current.id
        );
    }
    for person in store
        .people_by_nhs_number(sight, "9990000018")
        .await
        .unwrap()
    {
        assert!(seen.contains(&person.patient));
    }
    seen
}

async fn filled() -> Fresh {
    let store = fresh().await;
    let patient = |id: &str, nhs: &str| {
        let mut patient = about(id, write("Patient", id, id, "2026-01-01"));
        patient.person = Some(PersonKeys {
            nhs_number: Some(nhs.into()),
            ..PersonKeys::default()
        });
        patient
    };
    let mut secret = about("p1", write("Flag", "f2", "secret", "2026-01-01"));
    secret.resource = json::parse(
        br#"{"resourceType":"Flag","id":"f2","meta":{"security":[{"system":"urn:causeway:label","code":"safeguarding"}]},"text":{"div":"secret"}}"#,
    )
    .unwrap();
    let mut batch = Batch::new(tenant("home"), "s1");
    batch.submission = Some(submission("s1"));
    batch.writes = vec![
        patient("p1", "9990000018"),
        patient("p2", "9990000026"),
        about("p1", write("Flag", "f1", "falls", "2026-01-01")),
        secret,
        about("p2", write("Observation", "o1", "pulse", "2026-01-01")),
        write("Organization", "org", "home", "2026-01-01"),
    ];
    batch.quarantine = vec![
        held("p1", "Condition", vec![]),
        held("p1", "Flag", vec![withheld()]),
    ];
    store.commit(batch).await.unwrap();
    store
}

pub fn submission(id: &str) -> Submission {
    let mut submission = Submission::new(tenant("home"), id, "homes", day("2026-01-02"));
    submission.file_name = "people.csv".into();
    submission.file_hash = "00".into();
    submission.as_of = day("2026-01-01");
    submission.state = store::SubmissionState::Reported;
    submission.report = r#"{"value":"from the file"}"#.into();
    submission
}

pub fn held(patient: &str, rtype: &str, labels: Vec<Label>) -> Quarantined {
    Quarantined {
        place: "people.csv row 3".into(),
        rtype: Some(rtype.into()),
        patient: Some(patient.into()),
        labels,
        issues: "[]".into(),
        raw: "raw content".into(),
        ..Quarantined::default()
    }
}

fn set(ids: &[&str]) -> BTreeSet<String> {
    ids.iter().map(|id| (*id).to_owned()).collect()
}

#[tokio::test]
async fn another_tenant_sees_nothing() {
    let store = filled().await;
    assert_eq!(seen(&*store, &own("elsewhere")).await, set(&[]));
    put(
        &*store,
        "elsewhere",
        write("Flag", "own", "x", "2026-01-01"),
    )
    .await;
    assert_eq!(seen(&*store, &own("elsewhere")).await, set(&[]));
    assert_eq!(seen(&*store, &Sight::nothing()).await, set(&[]));
    assert_eq!(
        seen(&*store, &own("home")).await,
        set(&["p1", "p2", "f1", "f2", "o1", "org"])
    );
    for sight in [own("elsewhere"), Sight::nothing()] {
        let home = tenant("home");
        assert!(
            store
                .quarantine_for(&sight, &home, "p1")
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            store
                .quarantine(&sight, &home, &of_submission("s1"))
                .await
                .unwrap()
                .is_empty()
        );
        assert!(
            store
                .find_submissions(&sight, &home, &SubmissionQuery::default())
                .await
                .unwrap()
                .is_empty()
        );
        assert_eq!(store.submission(&sight, &home, "s1").await.unwrap(), None);
    }
}

#[tokio::test]
async fn the_same_id_in_two_tenants_is_two_resources() {
    let store = filled().await;
    put(
        &*store,
        "elsewhere",
        write("Flag", "f1", "theirs", "2026-01-01"),
    )
    .await;
    let theirs = store
        .read(&own("elsewhere"), "Flag", "f1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(text(&theirs.body), "theirs");
    let ours = store
        .read(&own("home"), "Flag", "f1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((text(&ours.body).as_str(), ours.version), ("falls", 1));
    let both = Sight::new(
        vec![
            Reach::shared(tenant("home")),
            Reach::shared(tenant("elsewhere")),
        ],
        Default::default(),
    );
    let read = store.read(&both, "Flag", "f1").await;
    assert!(matches!(read, Err(store::Error::Ambiguous)));
}

#[tokio::test]
async fn cs_15_a_withheld_label_hides_in_every_read() {
    let store = filled().await;
    for label in [withheld(), Label::new("", "safeguarding")] {
        let sight = Sight::new(vec![Reach::own(tenant("home"))], [label].into());
        assert_eq!(
            seen(&*store, &sight).await,
            set(&["p1", "p2", "f1", "o1", "org"])
        );
        let held = store
            .quarantine_for(&sight, &tenant("home"), "p1")
            .await
            .unwrap();
        assert_eq!(
            held.len(),
            1,
            "a held-back safeguarding flag is not hinted at"
        );
    }
    let other = Sight::new(
        vec![Reach::own(tenant("home"))],
        [Label::new("urn:other", "safeguarding")].into(),
    );
    assert!(seen(&*store, &other).await.contains("f2"));
}

#[tokio::test]
async fn cs_15_a_label_that_the_writer_adds_hides_later_too() {
    let store = filled().await;
    // The same content again, now with a label: no new version, and hidden from now on.
    let mut labelled = about("p1", write("Flag", "f1", "falls", "2026-01-02"));
    labelled.labels = vec![withheld()];
    let outcome = put(&*store, "home", labelled).await;
    assert_eq!(outcome, Outcome::Unchanged { version: 1 });
    let sight = Sight::new(vec![Reach::own(tenant("home"))], [withheld()].into());
    assert!(!seen(&*store, &sight).await.contains("f1"));
    // A later version without it is seen; the version that carried it is not.
    put(
        &*store,
        "home",
        about("p1", write("Flag", "f1", "slips", "2026-01-03")),
    )
    .await;
    assert!(store.read(&sight, "Flag", "f1").await.unwrap().is_some());
    assert_eq!(store.vread(&sight, "Flag", "f1", 1).await.unwrap(), None);
    assert_eq!(store.history(&sight, "Flag", "f1").await.unwrap().len(), 1);
}

#[tokio::test]
async fn a_withheld_patient_hides_everything_about_the_person() {
    let store = filled().await;
    let mut restricted = about("p1", write("Patient", "p1", "p1", "2026-01-02"));
    restricted.labels = vec![Label::new("urn:c", "R")];
    put(&*store, "home", restricted).await;
    let sight = Sight::new(
        vec![Reach::own(tenant("home"))],
        [Label::new("urn:c", "R")].into(),
    );
    assert_eq!(seen(&*store, &sight).await, set(&["p2", "o1", "org"]));
}

#[tokio::test]
async fn a_sight_of_a_few_people_sees_theirs_and_the_administrative() {
    let store = filled().await;
    put(
        &*store,
        "home",
        write("Observation", "stray", "about nobody", "2026-01-01"),
    )
    .await;
    let mut reach = Reach::shared(tenant("home"));
    reach.people = People::Only(["p2".to_owned()].into());
    let sight = Sight::new(vec![reach], Default::default());
    assert_eq!(seen(&*store, &sight).await, set(&["p2", "o1", "org"]));
    assert_eq!(
        store.read(&sight, "Observation", "stray").await.unwrap(),
        None
    );
    assert!(
        store
            .quarantine_for(&sight, &tenant("home"), "p1")
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test]
async fn a_sight_of_some_types_sees_no_others() {
    let store = filled().await;
    let sight = own("home").only_types(["Patient", "Observation"]);
    assert_eq!(seen(&*store, &sight).await, set(&["p1", "p2", "o1"]));
    let narrower = sight.clone().only_types(["Flag", "Observation"]);
    assert_eq!(seen(&*store, &narrower).await, set(&["o1"]));
    let held = store
        .quarantine_for(&sight, &tenant("home"), "p1")
        .await
        .unwrap();
    assert!(
        held.is_empty(),
        "what was held back is of types not granted"
    );
}

#[tokio::test]
async fn cs_22_values_are_read_back_by_the_sender_only() {
    let store = filled().await;
    let home = tenant("home");
    let own_rows = store
        .quarantine_for(&own("home"), &home, "p1")
        .await
        .unwrap();
    assert_eq!(own_rows[0].held.raw, "raw content");
    let shared = Sight::new(vec![Reach::shared(home.clone())], Default::default());
    let rows = store.quarantine_for(&shared, &home, "p1").await.unwrap();
    assert_eq!(rows.len(), 2, "that something is missing may be said");
    for row in rows {
        assert_eq!(
            (
                row.held.raw.as_str(),
                row.held.place.as_str(),
                row.held.issues.as_str()
            ),
            ("", "", "")
        );
    }
    assert!(
        store
            .find_submissions(&shared, &home, &SubmissionQuery::default())
            .await
            .unwrap()
            .is_empty()
    );
    assert!(
        store
            .quarantine(&shared, &home, &of_submission("s1"))
            .await
            .unwrap()
            .is_empty()
    );
    let submission = store
        .submission(&shared, &home, "s1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (submission.report.as_str(), submission.file_name.as_str()),
        ("", "")
    );
}
