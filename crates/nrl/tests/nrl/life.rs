//! A pointer's life.

use store::{Batch, Label, OutboxQuery, OutboxState, Retire};

use crate::site::{PEOPLE, Site, agreements, day, key, own, patient, stop, tenant};

#[tokio::test]
async fn t11_only_traced_living_unrestricted_people_are_pointed_to() {
    let site = Site::new().await;
    let delivery = site.start().await;
    for (id, number) in PEOPLE {
        site.commit(vec![patient(id, number, "", "2026-01-01")])
            .await;
    }
    site.settled().await;
    assert!(
        site.locator.take_log().is_empty(),
        "nobody is traced: nothing is asked"
    );
    for (id, number) in PEOPLE {
        site.trace(id, number, |_| {}).await;
    }
    site.settled().await;
    let pointers = site.locator.pointers();
    assert_eq!(site.locator.subjects().len(), 3);
    for (id, pointer) in &pointers {
        assert!(id.starts_with("VNHOM-"));
        let text = pointer.to_string();
        assert!(!text.contains("Smith") && !text.contains("1940"));
        assert!(text.contains("https://causeway.example.nhs.uk/fhir/R4/Patient/p"));
        assert!(text.contains("/$summary"));
    }
    // One has died, one is restricted says the trace, one is restricted says the record.
    site.commit(vec![patient(
        "p1",
        PEOPLE[0].1,
        r#","deceasedBoolean":true"#,
        "2026-01-02",
    )])
    .await;
    site.trace("p2", PEOPLE[1].1, |traced| traced.restricted = true)
        .await;
    let mut restricted = patient("p3", PEOPLE[2].1, "", "2026-01-02");
    restricted.labels.push(Label::new(
        "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        "R",
    ));
    site.commit(vec![restricted]).await;
    site.until("all are gone", || site.locator.pointers().is_empty())
        .await;
    stop(delivery).await;
}

#[tokio::test]
async fn t13_the_trace_says_that_a_person_has_died() {
    let site = Site::new().await;
    site.everyone().await;
    let delivery = site.start().await;
    site.settled().await;
    site.trace("p1", PEOPLE[0].1, |traced| traced.deceased = true)
        .await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.locator.subjects(), [PEOPLE[1].1, PEOPLE[2].1]);
}

#[tokio::test]
async fn a_change_of_the_record_leaves_the_pointer_alone_and_one_of_its_address_supersedes_it() {
    let mut site = Site::new().await;
    site.everyone().await;
    let delivery = site.start().await;
    site.settled().await;
    site.locator.take_log();
    let first = site.locator.pointers();
    site.commit(vec![patient(
        "p1",
        PEOPLE[0].1,
        r#","gender":"female""#,
        "2026-01-02",
    )])
    .await;
    site.settled().await;
    stop(delivery).await;
    assert!(site.locator.take_log().is_empty());
    site.text = site.text.replace("causeway.example", "other.example");
    let delivery = site.start().await;
    site.store.look_anew(&key()).await.unwrap();
    site.until("every pointer leads elsewhere", || {
        let pointers = site.locator.pointers();
        pointers.len() == 3
            && pointers.iter().all(|(id, pointer)| {
                !first.contains_key(id) && pointer.to_string().contains("other.example")
            })
    })
    .await;
    stop(delivery).await;
    let one = site.locator.pointers().into_values().next().unwrap();
    // The old address is not this person's any more, so the old pointer was deleted, not replaced.
    assert!(one.get("id").is_some());
}

#[tokio::test]
async fn a_pointer_of_another_content_is_superseded() {
    let mut site = Site::new().await;
    site.everyone().await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    let first = site.locator.pointers();
    site.text = site
        .text
        .replace("Adult social care service", "Social care service");
    site.locator.take_log();
    let delivery = site.start().await;
    site.store.look_anew(&key()).await.unwrap();
    site.until("every pointer is replaced", || {
        let pointers = site.locator.pointers();
        pointers.len() == 3 && pointers.keys().all(|id| !first.contains_key(id))
    })
    .await;
    stop(delivery).await;
    let log = site.locator.take_log();
    assert!(
        !log.iter().any(|line| line.starts_with("DELETE")),
        "{log:?}"
    );
}

#[tokio::test]
async fn a_pointer_is_deleted_when_care_or_consent_ends() {
    let site = Site::new().await;
    site.everyone().await;
    let delivery = site.start().await;
    site.settled().await;
    let mut batch = Batch::new(tenant(), "");
    batch.retire.push(Retire {
        source: "homes".to_owned(),
        as_of: day("2026-01-02"),
        ids: vec![("Patient".to_owned(), "p1".to_owned())],
        tag: None,
        only_said_by: None,
    });
    site.store.commit(batch).await.unwrap();
    site.settled().await;
    assert_eq!(site.locator.subjects(), [PEOPLE[1].1, PEOPLE[2].1]);
    let said = site
        .store
        .exchanges(&own(), &tenant(), Some(PEOPLE[0].1))
        .await
        .unwrap();
    assert_eq!(said.last().unwrap().verb, "DELETE");
    site.access.replace(agreements(Some("2020-02-02"))).unwrap();
    site.until("nobody is pointed to", || {
        site.locator.pointers().is_empty()
    })
    .await;
    site.access.replace(agreements(None)).unwrap();
    site.until("those in care are again", || {
        site.locator.pointers().len() == 2
    })
    .await;
    stop(delivery).await;
}

#[tokio::test]
async fn t12_another_number_is_another_pointer() {
    let site = Site::new().await;
    site.everyone().await;
    let delivery = site.start().await;
    site.settled().await;
    let other = "9990000085";
    site.commit(vec![patient("p1", other, "", "2026-01-02")])
        .await;
    site.settled().await;
    assert_eq!(
        site.locator.pointers().len(),
        2,
        "the new number is not traced yet"
    );
    site.trace("p1", other, |_| {}).await;
    site.settled().await;
    stop(delivery).await;
    let mut subjects = site.locator.subjects();
    subjects.sort();
    assert_eq!(subjects, [PEOPLE[1].1, PEOPLE[2].1, other]);
}

#[tokio::test]
async fn f04_a_registration_whose_answer_was_lost_makes_no_second_pointer() {
    let site = Site::new().await;
    *site.locator.inner.lose.lock().unwrap() = 2;
    site.everyone().await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.locator.pointers().len(), 3);
}

#[tokio::test]
async fn f10_a_locator_that_is_down_is_waited_for() {
    let site = Site::new().await;
    *site.locator.inner.down.lock().unwrap() = true;
    site.everyone().await;
    let delivery = site.start().await;
    tokio::time::sleep(std::time::Duration::from_millis(300)).await;
    *site.locator.inner.down.lock().unwrap() = false;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.locator.pointers().len(), 3);
    let query = OutboxQuery {
        state: Some(OutboxState::Dead),
        ..OutboxQuery::default()
    };
    let dead = site.store.outbox(&own(), &tenant(), &query).await.unwrap();
    assert!(dead.is_empty());
}

#[tokio::test]
async fn a_comparison_registers_what_is_lost_and_deletes_what_is_not_ours() {
    let site = Site::new().await;
    site.everyone().await;
    let delivery = site.start().await;
    site.settled().await;
    let before = site.locator.pointers();
    {
        let mut pointers = site.locator.inner.pointers.lock().unwrap();
        let (id, stray) = pointers
            .iter()
            .next()
            .map(|(i, p)| (i.clone(), p.clone()))
            .unwrap();
        // A pointer to somebody who is not there, and one that the locator has lost.
        let text = stray.to_string().replace("/Patient/p1/", "/Patient/gone/");
        let text = text.replace(&id, "VNHOM-stray");
        pointers.insert(
            "VNHOM-stray".to_owned(),
            json::parse(text.as_bytes()).unwrap(),
        );
        let lost = before.keys().last().unwrap();
        pointers.remove(lost);
    }
    site.store.look_anew(&key()).await.unwrap();
    site.until("what is there is what is to be", || {
        let pointers = site.locator.pointers();
        pointers.len() == 3 && !pointers.contains_key("VNHOM-stray")
    })
    .await;
    stop(delivery).await;
    let mut subjects = site.locator.subjects();
    subjects.sort();
    assert_eq!(subjects, PEOPLE.map(|(_, number)| number));
}

#[tokio::test]
async fn every_registration_and_deletion_is_on_record_and_only_for_the_provider() {
    let site = Site::new().await;
    site.everyone().await;
    let delivery = site.start().await;
    site.settled().await;
    site.trace("p1", PEOPLE[0].1, |traced| traced.deceased = true)
        .await;
    site.settled().await;
    stop(delivery).await;
    let said = site
        .store
        .exchanges(&own(), &tenant(), Some(PEOPLE[0].1))
        .await
        .unwrap();
    let lines: Vec<_> = said
        .iter()
        .map(|side| (side.verb.as_str(), side.is_answer, side.status))
        .collect();
    assert_eq!(
        lines,
        [
            ("POST", false, None),
            ("POST", true, Some(201)),
            ("DELETE", false, None),
            ("DELETE", true, Some(200)),
        ]
    );
    assert_eq!(said[0].request, said[1].request);
    assert_eq!(said[0].ods, "VNHOM");
    assert!(said[0].body.as_deref().unwrap().contains(PEOPLE[0].1));
    assert!(said[1].pointer.as_deref().unwrap().starts_with("VNHOM-"));
    let shared = store::Sight::new(vec![store::Reach::shared(tenant())], Default::default());
    let others = site
        .store
        .exchanges(&shared, &tenant(), None)
        .await
        .unwrap();
    assert!(others.is_empty());
}

#[test]
fn settings_that_cannot_be_used_are_refused() {
    let good = r#"
        base = "https://api.example.test/producer/FHIR/R4"
        retrieval-base = "ssp://causeway.example.nhs.uk/fhir/R4"
        asid = "200000000123"
        practice-setting = "1127531000000102"
        practice-setting-display = "Adult social care service"
    "#;
    let refused = |from: &str, to: &str| {
        let folder = tempfile::tempdir().unwrap();
        let store =
            store::SqliteStore::open(&folder.path().join("s.db"), Default::default()).unwrap();
        let settings: nrl::NrlSettings = toml::from_str(&good.replace(from, to)).unwrap();
        let access = access::Access::new(agreements(None)).unwrap();
        let location = summary::Settings::new(day("2026-01-01"));
        nrl::route(
            &settings,
            std::sync::Arc::new(store),
            (&tenant(), "VNHOM"),
            &access,
            &location,
        )
        .map(|route| route.is_some())
        .map_err(|error| error.to_string())
    };
    assert_eq!(refused("", ""), Ok(true));
    assert!(
        refused("200000000123", "12")
            .unwrap_err()
            .contains("nrl.asid")
    );
    assert!(
        refused("ssp://", "http://")
            .unwrap_err()
            .contains("nrl.retrieval-base")
    );
    assert!(
        refused("1127531000000102", "social")
            .unwrap_err()
            .contains("practice-setting")
    );
    assert!(
        refused("https://api", "http://api")
            .unwrap_err()
            .contains("nrl.base")
    );
}

#[test]
fn the_stand_in_takes_every_type_of_pointer_and_refuses_each_that_is_wrong_in_one_thing() {
    use nrl::Kind;
    let details = |kind, asid: Option<&str>, base: &str| nrl::Details {
        kind,
        custodian: "VNHOM".to_owned(),
        retrieval_base: base.to_owned(),
        practice_setting: ("1127531000000102".to_owned(), "Social care".to_owned()),
        asid: asid.map(str::to_owned),
    };
    let direct = "https://causeway.example.nhs.uk/fhir/R4";
    for kind in [
        Kind::SummaryRecord,
        Kind::CareAndSupportPlan,
        Kind::AboutMe,
        Kind::ContingencyPlan,
        Kind::AdvanceCarePlan,
        Kind::EndOfLifeCarePlan,
        Kind::EmergencyHealthCarePlan,
        Kind::TreatmentEscalationPlan,
    ] {
        let pointer = nrl::pointer(&details(kind, None, direct), PEOPLE[0].1, "p1");
        assert_eq!(crate::rules::check(&pointer, "VNHOM"), Ok(()), "{kind:?}");
    }
    let proxied = details(
        Kind::SummaryRecord,
        Some("200000000123"),
        "ssp://x.nhs.uk/fhir/R4",
    );
    let proxied = nrl::pointer(&proxied, PEOPLE[0].1, "p1").to_string();
    let whole = nrl::pointer(
        &details(Kind::SummaryRecord, None, direct),
        PEOPLE[0].1,
        "p1",
    );
    let whole = whole.to_string();
    let check = |text: &str| crate::rules::check(&json::parse(text.as_bytes()).unwrap(), "VNHOM");
    assert_eq!((check(&whole), check(&proxied)), (Ok(()), Ok(())));
    for (text, from, to) in [
        (&whole, r#""status":"current""#, r#""status":"draft""#),
        (&whole, r#""value":"VNHOM""#, r#""value":"OTHER""#),
        (&whole, "9990000018", "9990000019"),
        (&whole, "Summary record", "Summary Record"),
        (&whole, "Clinical note", "clinical note"),
        (&whole, r#""code":"dynamic""#, r#""code":"Dynamic""#),
        (&whole, r#""display":"Dynamic""#, r#""display":"dynamic""#),
        (&whole, "urn:nhs-ic:unstructured", "urn:nhs-ic:structured"),
        (&whole, "/Patient/p1/", "/Patient/9990000018/"),
        (
            &whole,
            r#""status":"current""#,
            r#""status":"current","language":"en""#,
        ),
        (&whole, r#""contentType":"application/fhir+json","#, ""),
        (&whole, "practiceSetting", "facilityType"),
        (&proxied, "200000000123", "20000000012"),
        (&proxied, "nhsSpineASID", "accredited-system"),
    ] {
        assert!(text.contains(from), "{from}");
        assert!(check(&text.replace(from, to)).is_err(), "{from} -> {to}");
    }
}
