//! The review queue, the list of decisions, and outcomes of traces.

use identity::{Decision, Known, NhsNumber, Point, Record, Ruling, VerificationStatus};
use jiff::SignedDuration;
use store::{Case, CaseFound, CaseSide, Decided, NewCase, NewDecision, PersonKeys, Raised, Traced};

use crate::*;

fn person(id: &str, nhs: Option<&str>, family: &str) -> Write {
    let mut patient = about(id, write("Patient", id, family, "2026-01-01"));
    patient.person = Some(keys(nhs, family));
    patient
}

fn keys(nhs: Option<&str>, family: &str) -> PersonKeys {
    PersonKeys {
        nhs_number: nhs.map(str::to_owned),
        birth_date: Some("1940-01-01".into()),
        family: Some(family.into()),
    }
}

/// Three people of two organisations under one number.
async fn three() -> Fresh {
    let store = fresh().await;
    for (home, id, family) in [
        ("a", "p1", "smith"),
        ("b", "p2", "jones"),
        ("b", "p3", "brown"),
    ] {
        put(&*store, home, person(id, Some("9990000018"), family)).await;
    }
    store
}

fn side(home: &str, patient: &str) -> CaseSide {
    CaseSide {
        tenant: tenant(home),
        patient: patient.into(),
        source: "homes".into(),
    }
}

fn case(one: CaseSide, other: CaseSide) -> NewCase {
    NewCase {
        one,
        other,
        found: CaseFound::Gathering,
        speaks_for: vec![Point::SameNumber, Point::SameBirthDate],
        speaks_against: vec![Point::SurnameDiffers, Point::SexDiffers],
    }
}

fn both() -> Sight {
    Sight::new(
        vec![Reach::own(tenant("a")), Reach::own(tenant("b"))],
        Default::default(),
    )
}

fn shared() -> Sight {
    Sight::new(
        vec![Reach::shared(tenant("a")), Reach::shared(tenant("b"))],
        Default::default(),
    )
}

fn decided(decision: Decision) -> NewDecision {
    NewDecision {
        by: "clerk-7".into(),
        note: Some("phoned both".into()),
        decision,
        authority: None,
    }
}

fn record(home: &str, id: &str) -> Record {
    Record::new(home, id)
}

fn rule(one: Record, other: Record, ruling: Ruling) -> NewDecision {
    decided(Decision::Rule { one, other, ruling })
}

async fn open(store: &dyn Store, sight: &Sight) -> Vec<Case> {
    store.cases(sight, false, 0, 100).await.unwrap()
}

async fn number(store: &dyn Store, sight: &Sight, decision: NewDecision) -> u64 {
    match store.decide(sight, &decision).await.unwrap() {
        Decided::Written(number) => number,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn cs_02_two_records_make_one_case_whichever_comes_first() {
    let store = three().await;
    let one = case(side("a", "p1"), side("b", "p2"));
    let Raised::New(first) = store.raise(&one).await.unwrap() else {
        panic!("the case is not new");
    };
    let mut turned = case(side("b", "p2"), side("a", "p1"));
    turned.speaks_against.reverse();
    assert_eq!(store.raise(&turned).await.unwrap(), Raised::Known(first));
    turned.speaks_against.push(Point::GivenNameDiffers);
    assert_eq!(store.raise(&turned).await.unwrap(), Raised::Known(first));
    let second = store.raise(&case(side("a", "p1"), side("b", "p3"))).await;
    assert!(matches!(second.unwrap(), Raised::New(number) if number > first));

    let found = open(&*store, &both()).await;
    assert_eq!(found.len(), 2);
    assert_eq!(found[0].number, first);
    assert!(found[0].speaks_against.contains(&Point::GivenNameDiffers));
    assert_eq!(found[0].found, CaseFound::Gathering);
    let rest = store.cases(&both(), false, first, 100).await.unwrap();
    assert_eq!(rest.len(), 1);
    assert_eq!(store.cases(&both(), false, 0, 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn cs_22_a_case_is_shown_as_far_as_ones_own_record_goes() {
    let store = three().await;
    let Raised::New(number) = store
        .raise(&case(side("a", "p1"), side("b", "p2")))
        .await
        .unwrap()
    else {
        panic!("the case is not new");
    };
    let seen = open(&*store, &own("a")).await;
    assert_eq!(seen[0].sides, [side("a", "p1")]);
    assert_eq!(seen[0].speaks_for, []);
    assert_eq!(
        seen[0].speaks_against,
        [Point::SurnameDiffers],
        "the other one's sex is not its to know"
    );
    let whole = store.case(&both(), number).await.unwrap().unwrap();
    assert_eq!(whole.sides.len(), 2);
    assert_eq!(whole.speaks_against.len(), 2);
    for stranger in [own("c"), shared(), Sight::nothing()] {
        assert_eq!(open(&*store, &stranger).await, []);
        assert_eq!(store.case(&stranger, number).await.unwrap(), None);
    }
}

#[tokio::test]
async fn cs_02_only_who_owns_both_records_decides() {
    let store = three().await;
    let link = rule(record("a", "p1"), record("b", "p2"), Ruling::Link);
    for stranger in [own("a"), own("b"), shared()] {
        let answer = store.decide(&stranger, &link).await.unwrap();
        assert_eq!(answer, Decided::NotYours);
    }
    for nobody in [
        rule(record("a", "p1"), record("a", "p1"), Ruling::Link),
        rule(record("a", "p1"), record("b", "p9"), Ruling::Link),
        // A record goes by its own tenant.
        rule(record("a", "p2"), record("b", "p3"), Ruling::Link),
    ] {
        let answer = store.decide(&both(), &nobody).await.unwrap();
        assert_eq!(answer, Decided::NotYours);
    }
    assert_eq!(store.decisions(&both(), 10).await.unwrap(), []);
    let within = rule(record("b", "p3"), record("b", "p2"), Ruling::KeepApart);
    number(&*store, &own("b"), within.clone()).await;
    let listed = store.decisions(&own("b"), 10).await.unwrap();
    assert_eq!(listed.len(), 1);
    assert_eq!(listed[0].given, within);
    assert_eq!(store.decisions(&own("a"), 10).await.unwrap(), []);
    assert_eq!(store.decisions(&shared(), 10).await.unwrap(), []);
}

#[tokio::test]
async fn cs_02_a_decision_settles_its_case_and_an_undoing_opens_it_again() {
    let store = three().await;
    let raised = case(side("a", "p1"), side("b", "p2"));
    store.raise(&raised).await.unwrap();
    store
        .raise(&case(side("a", "p1"), side("b", "p3")))
        .await
        .unwrap();
    let link = number(
        &*store,
        &both(),
        rule(record("b", "p2"), record("a", "p1"), Ruling::Link),
    )
    .await;
    let still = open(&*store, &both()).await;
    assert_eq!(still.len(), 1, "the other case is not touched");
    assert_eq!(still[0].sides[1].patient, "p3");
    let all = store.cases(&both(), true, 0, 10).await.unwrap();
    assert_eq!(all[0].decided, Some(link));
    // Raised again, it stays settled.
    store.raise(&raised).await.unwrap();
    assert_eq!(open(&*store, &both()).await.len(), 1);

    let apart = number(
        &*store,
        &both(),
        rule(record("a", "p1"), record("b", "p2"), Ruling::KeepApart),
    )
    .await;
    let records = [record("a", "p1"), record("b", "p2")];
    let known = |store: Arc<dyn Store>| {
        let records = records.clone();
        async move {
            let about = store
                .decisions_about(&shared(), &records, &[])
                .await
                .unwrap();
            Known::of(about)
        }
    };
    let ruling = |known: &Known| known.ruling(&records[0], &records[1]);
    assert_eq!(
        ruling(&known(store.store.clone()).await),
        Some(Ruling::KeepApart)
    );
    let undo = number(
        &*store,
        &both(),
        decided(Decision::Undo { decision: apart }),
    )
    .await;
    assert_eq!(
        ruling(&known(store.store.clone()).await),
        Some(Ruling::Link)
    );
    assert_eq!(
        store.cases(&both(), true, 0, 10).await.unwrap()[0].decided,
        Some(link)
    );
    number(&*store, &both(), decided(Decision::Undo { decision: link })).await;
    assert_eq!(ruling(&known(store.store.clone()).await), None);
    assert_eq!(open(&*store, &both()).await.len(), 2);
    // What was undone by mistake comes back, and only to who may.
    let again = decided(Decision::Undo { decision: undo });
    assert_eq!(
        store.decide(&own("a"), &again).await.unwrap(),
        Decided::NotYours
    );
    number(&*store, &both(), again).await;
    assert_eq!(
        ruling(&known(store.store.clone()).await),
        Some(Ruling::KeepApart)
    );
    let nothing = decided(Decision::Undo { decision: 9999 });
    assert_eq!(
        store.decide(&both(), &nothing).await.unwrap(),
        Decided::NotYours
    );
    assert_eq!(store.decisions(&both(), 100).await.unwrap().len(), 5);
}

#[tokio::test]
async fn cs_02_a_merge_stays_within_its_tenant_and_is_found_from_either_end() {
    let store = three().await;
    let merge = |from: Record, into: Record| {
        let mut given = decided(Decision::Merge { from, into });
        given.authority = Some("https://b.example/id".into());
        given
    };
    let across = merge(record("a", "p1"), record("b", "p2"));
    assert_eq!(
        store.decide(&both(), &across).await.unwrap(),
        Decided::Beyond
    );
    let (p2, p3) = (record("b", "p2"), record("b", "p3"));
    let merged = number(&*store, &own("b"), merge(p2.clone(), p3.clone())).await;
    for end in [&p2, &p3] {
        let about = store
            .decisions_about(&shared(), std::slice::from_ref(end), &[])
            .await
            .unwrap();
        let known = Known::of(about);
        assert_eq!(known.survivor(&p2), p3);
        assert_eq!(known.absorbed(&p3), std::slice::from_ref(&p2));
    }
    // It says nothing to who does not see the tenant.
    let about = store
        .decisions_about(&own("a"), std::slice::from_ref(&p2), &[])
        .await
        .unwrap();
    assert_eq!(about, []);
    number(
        &*store,
        &own("b"),
        decided(Decision::Undo { decision: merged }),
    )
    .await;
    let about = store.decisions_about(&shared(), &[p3], &[]).await.unwrap();
    assert!(Known::of(about).is_empty());
}

fn nhs(text: &str) -> NhsNumber {
    text.parse().unwrap()
}

#[tokio::test]
async fn cs_02_a_replaced_number_is_found_from_either_end() {
    let store = three().await;
    let supersede = |home: Option<&str>, old: &str, new: &str| {
        decided(Decision::Supersede {
            tenant: home.map(str::to_owned),
            old: nhs(old),
            new: nhs(new),
        })
    };
    for (sight, not_theirs) in [
        (own("a"), supersede(None, "9990000018", "9990000026")),
        (own("a"), supersede(Some("b"), "9990000018", "9990000026")),
    ] {
        let answer = store.decide(&sight, &not_theirs).await.unwrap();
        assert_eq!(answer, Decided::NotYours);
    }
    let chain = [
        supersede(Some("a"), "9990000018", "9990000026"),
        supersede(Some("a"), "9990000026", "9990000034"),
    ];
    for link in chain {
        number(&*store, &own("a"), link).await;
    }
    for asked in ["9990000018", "9990000034"] {
        let about = store
            .decisions_about(&shared(), &[], &[nhs(asked)])
            .await
            .unwrap();
        let known = Known::of(about);
        assert_eq!(
            known.current_number("a", &nhs("9990000018")),
            &nhs("9990000034")
        );
        assert_eq!(
            known.current_number("b", &nhs("9990000018")),
            &nhs("9990000018")
        );
    }
}

fn traced(id: &str, nhs_number: &str, family: &str, by: Option<&str>) -> Traced {
    Traced {
        tenant: tenant("a"),
        patient: id.into(),
        keys: keys(Some(nhs_number), family),
        status: VerificationStatus::Verified,
        restricted: true,
        deceased: false,
        superseded_by: by.map(nhs),
        at: day("2026-02-01"),
        again: day("2026-02-02"),
    }
}

#[tokio::test]
async fn cs_03_a_trace_holds_as_long_as_the_record_says_the_same() {
    let store = three().await;
    let ask = async |sight: &Sight| {
        store
            .traces(sight, &tenant("a"), &["p1".to_owned(), "px".to_owned()])
            .await
            .unwrap()
    };
    let one = traced("p1", "9990000018", "smith", None);
    store.put_traces(std::slice::from_ref(&one)).await.unwrap();
    assert_eq!(ask(&own("a")).await, std::slice::from_ref(&one));
    assert_eq!(ask(&shared()).await, std::slice::from_ref(&one));
    assert_eq!(ask(&own("b")).await, []);
    let mut later = one.clone();
    later.status = VerificationStatus::Conflict;
    later.restricted = false;
    store.put_traces(&[later.clone()]).await.unwrap();
    assert_eq!(ask(&own("a")).await, [later]);
    let problems = async |sight: &Sight| {
        let found = store.trace_problems(sight, &tenant("a"), 10).await;
        found.unwrap().len()
    };
    assert_eq!(problems(&own("a")).await, 1);
    assert_eq!(
        problems(&shared()).await,
        0,
        "they are the tenant's own to mend"
    );
    put(&*store, "a", person("p1", Some("9990000018"), "smythe")).await;
    assert_eq!(ask(&own("a")).await, []);
    assert_eq!(problems(&own("a")).await, 0);
}

#[tokio::test]
async fn cs_03_who_is_due_is_found_part_by_part() {
    let store = fresh().await;
    for n in 1..=5 {
        let id = format!("p{n}");
        put(&*store, "a", person(&id, Some("9990000018"), &id)).await;
    }
    put(&*store, "a", person("q", None, "nobody")).await;
    let due = async |at: jiff::Timestamp| {
        let mut found = Vec::new();
        let mut from = Some(0);
        while let Some(place) = from {
            let part = store.to_trace(&tenant("a"), at, place, 2).await.unwrap();
            assert!(part.people.len() <= 2);
            found.extend(part.people.into_iter().map(|row| row.patient));
            from = part.next;
        }
        found
    };
    let now = day("2026-02-01");
    assert_eq!(due(now).await, ["p1", "p2", "p3", "p4", "p5"]);
    let traces: Vec<Traced> = (1..=4)
        .map(|n| traced(&format!("p{n}"), "9990000018", &format!("p{n}"), None))
        .collect();
    store.put_traces(&traces).await.unwrap();
    assert_eq!(due(now).await, ["p5"]);
    put(&*store, "a", person("p2", Some("9990000026"), "p2")).await;
    assert_eq!(
        due(now).await,
        ["p2", "p5"],
        "another number is another person"
    );
    let after = now + SignedDuration::from_hours(24);
    assert_eq!(due(after).await, ["p1", "p2", "p3", "p4", "p5"]);
    let nobody = store.to_trace(&tenant("x"), now, 0, 2).await.unwrap();
    assert_eq!((nobody.people.len(), nobody.next), (0, None));
}

#[tokio::test]
async fn t12_a_number_that_pds_replaced_is_written_down_once() {
    let store = three().await;
    let one = traced("p1", "9990000018", "smith", Some("9990000026"));
    for _ in 0..2 {
        store.put_traces(std::slice::from_ref(&one)).await.unwrap();
    }
    let ask = async || {
        store
            .decisions_about(&own("b"), &[], &[nhs("9990000026")])
            .await
            .unwrap()
    };
    let about = ask().await;
    assert_eq!(about.len(), 1, "it holds for everyone");
    let known = Known::of(about.clone());
    assert_eq!(
        known.current_number("b", &nhs("9990000018")),
        &nhs("9990000026")
    );
    // What PDS said, nobody here undoes.
    let undo = decided(Decision::Undo {
        decision: about[0].0,
    });
    assert_eq!(
        store.decide(&both(), &undo).await.unwrap(),
        Decided::NotYours
    );
    store
        .put_traces(&[traced("p1", "9990000018", "smith", Some("9990000034"))])
        .await
        .unwrap();
    let known = Known::of(ask().await);
    assert_eq!(
        known.current_number("b", &nhs("9990000018")),
        &nhs("9990000034")
    );
}
