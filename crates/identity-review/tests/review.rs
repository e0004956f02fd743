//! Raising, deciding and tracing, on the embedded store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "../../pds/tests/standin/mod.rs"]
mod standin;

use std::sync::Arc;
use std::sync::atomic::Ordering;

use identity::{Decision, Known, Record, Ruling, VerificationStatus};
use identity_review::{Desk, NotDecided, Sign, TraceRun, case_in_words, examine, trace};
use standin::{Reply, StandIn, person};
use store::{Batch, Options, PersonKeys, Reach, Sight, SqliteStore, Store, Tenant, Write};

const SIGN: Sign<'static> = Sign {
    by: "clerk-7",
    why: "phoned both homes",
};

struct Ground {
    store: Arc<dyn Store>,
    _folder: tempfile::TempDir,
}

fn ground() -> Ground {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store.db"), Options::default()).unwrap();
    Ground {
        store: Arc::new(store),
        _folder: folder,
    }
}

fn tenant(name: &str) -> Tenant {
    Tenant::new(name)
}

fn own(name: &str) -> Sight {
    Sight::new(vec![Reach::own(tenant(name))], Default::default())
}

fn all() -> Sight {
    Sight::new(
        vec![Reach::own(tenant("a")), Reach::own(tenant("b"))],
        Default::default(),
    )
}

impl Ground {
    async fn put(&self, home: &str, id: &str, nhs: &str, family: &str, birth: &str) {
        let resource = format!(
            r#"{{"resourceType":"Patient","id":"{id}",
            "identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{nhs}"}},
              {{"system":"https://{home}.example/id","value":"{id}"}}],
            "name":[{{"family":"{family}","given":["Mary"]}}],"birthDate":"{birth}"}}"#
        );
        let resource = json::parse(resource.as_bytes()).unwrap();
        let key = identity::PersonKey::of_patient(&resource);
        let mut write = Write::new(resource, "homes", "2026-01-01T00:00:00Z".parse().unwrap());
        write.patient = Some(id.to_owned());
        write.person = Some(PersonKeys {
            nhs_number: key.nhs_number.map(|number| number.as_str().to_owned()),
            birth_date: Some(birth.to_owned()),
            family: key.family,
        });
        let mut batch = Batch::new(tenant(home), "");
        batch.writes = vec![write];
        self.store.commit(batch).await.unwrap();
    }

    async fn examine(&self, home: &str, ids: &[&str]) -> identity_review::Examined {
        let ids: Vec<String> = ids.iter().map(|id| (*id).to_owned()).collect();
        examine(&*self.store, &all(), &tenant(home), &ids)
            .await
            .unwrap()
    }

    async fn traced(&self, home: &str, id: &str) -> Option<store::Traced> {
        let ids = [id.to_owned()];
        let found = self.store.traces(&own(home), &tenant(home), &ids).await;
        found.unwrap().pop()
    }

    async fn run(&self, pds: &StandIn, run: &TraceRun) -> identity_review::TraceReport {
        let client = Arc::new(pds::Client::new(pds.settings()).unwrap());
        trace(&self.store, &client, &tenant("a"), run)
            .await
            .unwrap()
    }
}

#[tokio::test]
async fn cs_02_a_file_raises_what_the_rule_leaves_in_doubt_and_only_that() {
    let ground = ground();
    ground
        .put("a", "p1", "9990000018", "O'Brien", "1938-02-11")
        .await;
    ground
        .put("b", "p2", "9990000018", "OBRIEN", "1938-02-11")
        .await;
    ground
        .put("b", "p3", "9990000018", "Jones", "1938-02-11")
        .await;
    ground
        .put("b", "p4", "9990000026", "O'Brien", "1938-02-11")
        .await;
    let found = ground.examine("a", &["p1", "px"]).await;
    assert_eq!((found.people, found.new, found.known), (1, 1, 0));
    let found = ground.examine("b", &["p2", "p3", "p4"]).await;
    assert_eq!((found.people, found.new, found.known), (3, 1, 2));
    let everything = all();
    let desk = Desk::new(&*ground.store, &everything);
    let cases = desk.cases(false, 0, 10).await.unwrap();
    assert_eq!(cases.len(), 2);
    for case in &cases {
        let words = case_in_words(case).join("\n");
        assert!(words.contains("the surnames differ"), "{words}");
        for value in ["999", "1938", "Brien", "Jones"] {
            assert!(!words.contains(value), "{value} in {words}");
        }
    }
}

#[tokio::test]
async fn cs_02_a_decision_is_signed_and_taken_by_who_owns_both() {
    let ground = ground();
    ground
        .put("a", "p1", "9990000018", "O'Brien", "1938-02-11")
        .await;
    ground
        .put("b", "p2", "9990000018", "Jones", "1938-02-11")
        .await;
    ground.examine("a", &["p1"]).await;
    let (mine, everything) = (own("a"), all());
    let home = Desk::new(&*ground.store, &mine);
    let whole = Desk::new(&*ground.store, &everything);
    let number = home.cases(false, 0, 10).await.unwrap()[0].number;
    let words = case_in_words(&home.case(number).await.unwrap()).join("\n");
    assert!(
        words.contains("another organisation") && !words.contains("p2"),
        "{words}"
    );

    let refused = home.rule(number, Ruling::Link, SIGN).await.unwrap_err();
    assert!(matches!(refused, NotDecided::OneSided), "{refused}");
    let unsigned = Sign {
        by: "clerk-7",
        why: " ",
    };
    let refused = whole
        .rule(number, Ruling::Link, unsigned)
        .await
        .unwrap_err();
    assert!(matches!(refused, NotDecided::Unsigned), "{refused}");
    let refused = whole.rule(999, Ruling::Link, SIGN).await.unwrap_err();
    assert!(matches!(refused, NotDecided::NotFound), "{refused}");

    let decision = whole.rule(number, Ruling::Link, SIGN).await.unwrap();
    assert_eq!(whole.cases(false, 0, 10).await.unwrap(), []);
    let settled = case_in_words(&whole.case(number).await.unwrap()).join("\n");
    assert!(settled.contains(&format!("settled by decision {decision}")));
    let listed = whole.decisions(10).await.unwrap();
    assert_eq!(listed[0].given.by, "clerk-7");
    assert_eq!(listed[0].given.note.as_deref(), Some("phoned both homes"));
    // Decided, it is not raised again.
    assert_eq!(ground.examine("b", &["p2"]).await.new, 0);
    whole.undo(decision, SIGN).await.unwrap();
    assert_eq!(whole.cases(false, 0, 10).await.unwrap().len(), 1);
}

#[tokio::test]
async fn cs_02_a_merge_and_its_undoing() {
    let ground = ground();
    ground
        .put("a", "p1", "9990000018", "O'Brien", "1938-02-11")
        .await;
    ground.put("a", "p2", "", "Brien", "1983-02-11").await;
    let mine = own("a");
    let desk = Desk::new(&*ground.store, &mine);
    let home = tenant("a");
    for authority in ["https://b.example/id", "https://fhir.nhs.uk/Id/nhs-number"] {
        let refused = desk.merge(&home, authority, ("p2", "p1"), SIGN).await;
        assert!(matches!(refused, Err(NotDecided::Merge(_))), "{authority}");
    }
    let missing = desk
        .merge(&home, "https://a.example/id", ("p2", "p9"), SIGN)
        .await;
    assert!(matches!(missing, Err(NotDecided::NotFound)));
    let merged = desk
        .merge(&home, "https://a.example/id", ("p2", "p1"), SIGN)
        .await
        .unwrap();
    let known = async || {
        let records = [Record::new("a", "p1")];
        let about = ground.store.decisions_about(&mine, &records, &[]).await;
        Known::of(about.unwrap())
    };
    assert_eq!(
        known().await.absorbed(&Record::new("a", "p1")),
        [Record::new("a", "p2")]
    );
    let listed = desk.decisions(10).await.unwrap();
    assert_eq!(
        listed[0].given.authority.as_deref(),
        Some("https://a.example/id")
    );
    desk.undo(merged, SIGN).await.unwrap();
    assert!(known().await.is_empty());
}

#[tokio::test]
async fn t12_records_under_a_replaced_number_are_compared_with_the_new_one() {
    let ground = ground();
    ground
        .put("a", "p1", "9990000018", "O'Brien", "1938-02-11")
        .await;
    ground
        .put("b", "p2", "9990000034", "Jones", "1938-02-11")
        .await;
    assert_eq!(ground.examine("a", &["p1"]).await.new, 0);
    let mine = own("a");
    let desk = Desk::new(&*ground.store, &mine);
    let (old, new) = ("9990000018".parse().unwrap(), "9990000034".parse().unwrap());
    let same = desk
        .supersede(
            &tenant("a"),
            identity::NhsNumber::clone(&old),
            old.clone(),
            SIGN,
        )
        .await;
    assert!(matches!(same, Err(NotDecided::SameNumber)));
    desk.supersede(&tenant("a"), old, new, SIGN).await.unwrap();
    assert_eq!(ground.examine("a", &["p1"]).await.new, 1);
}

#[tokio::test]
async fn cs_03_a_tracing_run_keeps_a_status_and_nothing_of_the_person() {
    let pds = StandIn::start().await;
    pds.answer("9990000018", [Reply::Json(200, person("9990000018", "R"))]);
    pds.answer("9990000026", [Reply::Json(200, person("9990000034", "U"))]);
    pds.answer("9990000042", [Reply::Json(200, person("9990000042", "U"))]);
    let ground = ground();
    ground
        .put("a", "p1", "9990000018", "O'Brien", "1938-02-11")
        .await;
    ground
        .put("a", "p2", "9990000026", "O'Brien", "1938-02-11")
        .await;
    ground
        .put("a", "p3", "9990000042", "Smith", "1938-02-11")
        .await;
    ground
        .put("a", "p4", "9990000050", "Nobody", "1938-02-11")
        .await;
    ground.put("a", "p5", "", "Unnumbered", "1938-02-11").await;
    let report = ground.run(&pds, &TraceRun::default()).await;
    assert_eq!(
        (
            report.traced,
            report.verified,
            report.not_found,
            report.conflicts,
            report.failed
        ),
        (4, 1, 1, 2, 0)
    );
    let one = ground.traced("a", "p1").await.unwrap();
    assert_eq!(one.status, VerificationStatus::Verified);
    assert!(one.restricted);
    assert_eq!(ground.traced("a", "p3").await.unwrap().status.code(), "05");
    assert_eq!(ground.traced("a", "p4").await.unwrap().status.code(), "04");
    assert_eq!(ground.traced("a", "p5").await, None);
    let about = ground
        .store
        .decisions_about(&own("a"), &[], &["9990000026".parse().unwrap()])
        .await
        .unwrap();
    assert!(matches!(
        &about[0].1,
        Decision::Supersede { tenant: None, new, .. } if new.as_str() == "9990000034"
    ));
    let mine = own("a");
    let desk = Desk::new(&*ground.store, &mine);
    let problems = desk.trace_problems(&tenant("a"), 10).await.unwrap();
    assert_eq!(problems.len(), 3);

    // What is known is not asked again; a changed record is.
    let asked = pds.asked();
    assert_eq!(ground.run(&pds, &TraceRun::default()).await.traced, 0);
    assert_eq!(pds.asked(), asked);
    ground
        .put("a", "p3", "9990000042", "O'Brien", "1938-02-11")
        .await;
    let report = ground.run(&pds, &TraceRun::default()).await;
    assert_eq!((report.traced, report.verified), (1, 1));
}

#[tokio::test]
async fn cs_03_a_run_that_is_cut_short_goes_on_where_it_was() {
    let pds = StandIn::start().await;
    let numbers = [
        "9990000018",
        "9990000026",
        "9990000034",
        "9990000042",
        "9990000050",
    ];
    let ground = ground();
    for (n, number) in numbers.iter().enumerate() {
        pds.answer(number, [Reply::Json(200, person(number, "U"))]);
        ground
            .put("a", &format!("p{n}"), number, "O'Brien", "1938-02-11")
            .await;
    }
    // PDS asks to wait for an hour, after two answers.
    pds.answer(numbers[2], [Reply::Later(429, 3600)]);
    let run = TraceRun {
        at_once: 1,
        part: 2,
        ..TraceRun::default()
    };
    let report = ground.run(&pds, &run).await;
    assert_eq!((report.traced, report.failed), (2, 1));
    assert!(matches!(report.ended, Some(pds::Error::Busy { .. })));
    assert_eq!(
        ground.traced("a", "p2").await,
        None,
        "as untraced as before"
    );

    let stopped = TraceRun::default();
    stopped.stop.store(true, Ordering::Relaxed);
    assert_eq!(ground.run(&pds, &stopped).await.traced, 0);

    pds.answer(numbers[2], [Reply::Json(200, person(numbers[2], "U"))]);
    let before = pds.asked();
    let report = ground.run(&pds, &run).await;
    assert_eq!((report.traced, report.verified, report.ended), (3, 3, None));
    assert_eq!(pds.asked() - before, 3, "nobody is asked about twice");

    // One answer that nobody understands keeps nobody else from being traced.
    let other = self::ground();
    other
        .put("a", "q1", numbers[0], "O'Brien", "1938-02-11")
        .await;
    other
        .put("a", "q2", numbers[1], "O'Brien", "1938-02-11")
        .await;
    pds.answer(numbers[0], [Reply::Html(404)]);
    let report = other.run(&pds, &run).await;
    assert_eq!((report.traced, report.failed, report.ended), (1, 1, None));
}
