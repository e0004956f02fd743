//! The person index.

use store::{PersonKeys, PersonMatch, PersonRow};

use crate::*;

fn person(id: &str, nhs: Option<&str>, family: &str, birth: &str) -> Write {
    let mut patient = about(id, write("Patient", id, family, "2026-01-01"));
    patient.person = Some(PersonKeys {
        nhs_number: nhs.map(str::to_owned),
        birth_date: Some(birth.into()),
        family: Some(family.into()),
    });
    patient
}

fn who(rows: &[PersonRow]) -> Vec<(&str, &str)> {
    rows.iter()
        .map(|row| (row.tenant.as_str(), row.patient.as_str()))
        .collect()
}

#[tokio::test]
async fn a_person_is_found_across_the_tenants_in_sight_and_no_others() {
    let store = fresh().await;
    for home in ["a", "b", "c"] {
        put(
            &*store,
            home,
            person(
                &format!("p-{home}"),
                Some("9990000018"),
                "smith",
                "1940-01-01",
            ),
        )
        .await;
    }
    let two = Sight::new(
        vec![Reach::shared(tenant("a")), Reach::shared(tenant("c"))],
        Default::default(),
    );
    let found = store
        .people_by_nhs_number(&two, "9990000018")
        .await
        .unwrap();
    assert_eq!(who(&found), [("a", "p-a"), ("c", "p-c")]);
    assert_eq!(found[0].keys.birth_date.as_deref(), Some("1940-01-01"));
    assert_eq!(
        store
            .people_by_nhs_number(&two, "9990000026")
            .await
            .unwrap(),
        []
    );
    let nothing = store
        .people_by_nhs_number(&Sight::nothing(), "9990000018")
        .await
        .unwrap();
    assert_eq!(nothing, []);
    let no_patients = two.only_types(["Flag"]);
    assert_eq!(
        store
            .people_by_nhs_number(&no_patients, "9990000018")
            .await
            .unwrap(),
        []
    );
}

#[tokio::test]
async fn cs_01_persons_of_a_source_are_found_by_what_identifies_them() {
    let store = fresh().await;
    commit(
        &*store,
        "home",
        vec![
            person("p1", Some("9990000018"), "smith", "1940-01-01"),
            person("p2", None, "smith", "1940-01-01"),
            person("p3", None, "smith", "1941-01-01"),
        ],
    )
    .await;
    let find = async |source: &str, matching: PersonMatch| {
        let rows = store
            .people_of_source(&own("home"), &tenant("home"), source, &matching)
            .await
            .unwrap();
        rows.iter()
            .map(|row| row.patient.clone())
            .collect::<Vec<_>>()
    };
    let name = PersonMatch::FamilyAndBirthDate {
        family: "smith".into(),
        birth_date: "1940-01-01".into(),
    };
    assert_eq!(find("homes", name.clone()).await, ["p1", "p2"]);
    assert_eq!(
        find("homes", PersonMatch::NhsNumber("9990000018".into())).await,
        ["p1"]
    );
    assert_eq!(find("council", name).await, [""; 0]);
}

#[tokio::test]
async fn a_changed_key_replaces_the_old_one() {
    let store = fresh().await;
    put(
        &*store,
        "home",
        person("p1", Some("9990000018"), "smith", "1940-01-01"),
    )
    .await;
    put(
        &*store,
        "home",
        person("p1", Some("9990000026"), "jones", "1940-01-01"),
    )
    .await;
    assert_eq!(
        store
            .people_by_nhs_number(&own("home"), "9990000018")
            .await
            .unwrap(),
        []
    );
    let row = store
        .person(&own("home"), &tenant("home"), "p1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(row.keys.nhs_number.as_deref(), Some("9990000026"));
    assert_eq!(row.keys.family.as_deref(), Some("jones"));
    assert_eq!(
        store
            .person(&own("x"), &tenant("home"), "p1")
            .await
            .unwrap(),
        None
    );
}
