//! Who is gathered with whom, and what PDS said of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod served;

use identity::{Decision, Record, Ruling, VerificationStatus};
use served::*;
use store::{CaseFound, Decided, NewDecision, PersonKeys, Reach, Sight, Tenant, Traced};

const NUMBER: &str = "9990000018";
const HOME: &str = r#""address":[{"line":["12 Secret Lane"]}],"#;

async fn two(family: &str, nhs: &str) -> Served {
    let served = served().await;
    fill(&served, family, nhs).await;
    served
}

async fn fill(served: &Served, family: &str, nhs: &str) {
    let one = patient("p1", "Smith", NUMBER).replace("\"gender\"", &format!("{HOME}\"gender\""));
    served
        .put("rose", &[&one, &allergy("a1", "p1", "Penicillin")])
        .await;
    served
        .put(
            "oak",
            &[&patient("p2", family, nhs), &allergy("a2", "p2", "Latex")],
        )
        .await;
}

fn both() -> Sight {
    let own = |name: &str| Reach::own(Tenant::new(name));
    Sight::new(vec![own("rose"), own("oak")], Default::default())
}

async fn decide(served: &Served, decision: Decision) -> u64 {
    let given = NewDecision {
        by: "clerk".to_owned(),
        note: Some("asked both".to_owned()),
        decision,
        authority: None,
    };
    match served.store.decide(&both(), &given).await.unwrap() {
        Decided::Written(number) => number,
        other => panic!("{other:?}"),
    }
}

fn rule(ruling: Ruling) -> Decision {
    Decision::Rule {
        one: Record::new("rose", "p1"),
        other: Record::new("oak", "p2"),
        ruling,
    }
}

fn by_number(number: &str) -> String {
    format!("/Patient/$summary?identifier={NHS}|{number}")
}

#[tokio::test]
async fn cs_02_a_doubt_is_put_before_a_person_and_the_decision_holds() {
    let served = two("Jones", NUMBER).await;
    for _ in 0..2 {
        let got = served.get("gp", &by_number(NUMBER)).await;
        assert_eq!(got.status, 409);
    }
    let cases = served.store.cases(&both(), false, 0, 10).await.unwrap();
    assert_eq!(cases.len(), 1, "asked twice, it is one doubt");
    assert_eq!(cases[0].found, CaseFound::Gathering);
    assert_eq!(cases[0].sides.len(), 2);

    let linked = decide(&served, rule(Ruling::Link)).await;
    let got = served.get("gp", &by_number(NUMBER)).await;
    assert_eq!(got.status, 200, "{}", got.text());
    assert!(got.text().contains("Penicillin") && got.text().contains("Latex"));

    decide(&served, Decision::Undo { decision: linked }).await;
    assert_eq!(served.get("gp", &by_number(NUMBER)).await.status, 409);

    decide(&served, rule(Ruling::KeepApart)).await;
    let got = served.get("gp", "/Patient/p1/$summary").await;
    assert_eq!(got.status, 200);
    assert!(got.text().contains("Penicillin") && !got.text().contains("Latex"));
}

#[tokio::test]
async fn cs_02_a_decision_reaches_a_record_without_the_number() {
    let served = two("Smith", "").await;
    let got = served.get("gp", &by_number(NUMBER)).await;
    assert!(!got.text().contains("Latex"));
    decide(&served, rule(Ruling::Link)).await;
    for url in [by_number(NUMBER), "/Patient/p2/$summary".to_owned()] {
        let got = served.get("gp", &url).await;
        assert_eq!(got.status, 200, "{}", got.text());
        assert!(got.text().contains("Penicillin") && got.text().contains("Latex"));
    }
}

#[tokio::test]
async fn t12_a_replaced_number_leads_to_the_same_person() {
    let served = two("Smith", "9990000026").await;
    let got = served.get("gp", &by_number(NUMBER)).await;
    assert!(got.text().contains("Penicillin") && !got.text().contains("Latex"));
    trace(&served, |traced| {
        traced.superseded_by = Some("9990000026".parse().unwrap());
        traced.status = VerificationStatus::Conflict;
    })
    .await;
    for number in [NUMBER, "9990000026"] {
        let got = served.get("gp", &by_number(number)).await;
        assert_eq!(got.status, 200, "{}", got.text());
        assert!(got.text().contains("Penicillin") && got.text().contains("Latex"));
    }
}

async fn trace(served: &Served, change: impl FnOnce(&mut Traced)) {
    let mut traced = Traced {
        tenant: Tenant::new("rose"),
        patient: "p1".to_owned(),
        keys: PersonKeys {
            nhs_number: Some(NUMBER.to_owned()),
            birth_date: Some("1935-06-01".to_owned()),
            family: Some("smith".to_owned()),
        },
        status: VerificationStatus::Verified,
        restricted: false,
        deceased: false,
        superseded_by: None,
        at: "2026-02-01T00:00:00Z".parse().unwrap(),
        again: "2026-02-02T00:00:00Z".parse().unwrap(),
    };
    change(&mut traced);
    served.store.put_traces(&[traced]).await.unwrap();
}

const PLACES: [&str; 3] = ["/Patient/p1", "/Patient?_id=p1", "/Patient/p1/$summary"];

#[tokio::test]
async fn cs_03_where_a_person_lives_is_told_only_of_those_pds_confirms() {
    let served = two("Smith", NUMBER).await;
    for url in PLACES {
        let got = served.get("gp", url).await;
        assert_eq!(got.status, 200, "{url}");
        assert!(!got.text().contains("Secret Lane"), "{url}: untraced");
    }
    trace(&served, |_| {}).await;
    for url in ["/Patient/p1", "/Patient?_id=p1"] {
        let got = served.get("gp", url).await;
        assert!(got.text().contains("Secret Lane"), "{url}");
        assert!(got.text().contains("\"01\""), "{url}");
    }
    trace(&served, |traced| {
        traced.status = VerificationStatus::Conflict
    })
    .await;
    for url in PLACES {
        let got = served.get("gp", url).await;
        assert!(!got.text().contains("Secret Lane"), "{url}: in conflict");
    }
}

#[tokio::test]
async fn t11_of_a_restricted_person_no_setting_publishes_where_they_live() {
    let served = served_with(|config| config.summary.publish_location_of_untraced = true).await;
    fill(&served, "Smith", NUMBER).await;
    let stay = r#"{"resourceType":"Encounter","id":"e1","status":"in-progress","class":{"code":"HH"},"subject":{"reference":"Patient/p1"},"location":[{"location":{"display":"Secret Lane House"}}]}"#;
    served.put("rose", &[stay]).await;
    let urls = [
        "/Patient/p1",
        "/Patient?_id=p1",
        "/Patient/p1/$summary",
        "/Encounter/e1",
        "/Encounter?patient=p1",
        "/Patient/p1/_history",
    ];
    for url in urls {
        let got = served.get("gp", url).await;
        assert_eq!(got.status, 200, "{url}");
        assert!(
            got.text().contains("Secret Lane"),
            "{url}: the risk is accepted"
        );
    }
    trace(&served, |traced| traced.restricted = true).await;
    for url in urls {
        let got = served.get("gp", url).await;
        assert_eq!(got.status, 200, "{url}");
        assert!(!got.text().contains("Secret Lane"), "{url}: restricted");
    }
}
