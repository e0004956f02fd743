//! On exports that nobody has seen before: what is true survives, what must be refused is refused,
//! what must not be said is not said, and every cell is accounted for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod cells;
mod engine;

use std::collections::BTreeMap;

use engine::{Outcome, export, run, texts};
use samples::{Format, Plan, Taboo, Truth};

/// Seeds that no mapping was tried on while it was written: the day's, so that every day tests
/// other people, and two that stay. A failure names its seed; `CAUSEWAY_SAMPLE_SEED` runs that one.
fn seeds() -> Vec<u64> {
    if let Ok(seed) = std::env::var("CAUSEWAY_SAMPLE_SEED") {
        return vec![seed.parse().expect("CAUSEWAY_SAMPLE_SEED is a number")];
    }
    let today = std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs()
        / 86_400;
    vec![20_260_000_000 + today, 918_273_645, 3]
}

/// The id of each person of the truth, found by what names them in the export.
fn patients(truth: &Truth, outcome: &Outcome) -> BTreeMap<String, String> {
    let made: Vec<_> = outcome
        .made
        .iter()
        .filter(|made| &*made.resource_type == "Patient")
        .map(|made| (made.id.clone(), texts(&made.resource)))
        .collect();
    let mut found = BTreeMap::new();
    for person in &truth.persons {
        let holds = |texts: &[String], text: &str| texts.iter().any(|found| found == text);
        let mut matching = made.iter().filter(|(_, texts)| {
            match (&person.local_id, &person.nhs_number, &person.birth_date) {
                (Some(id), _, _) => holds(texts, id),
                (None, Some(number), _) => holds(texts, number),
                (None, None, Some(birth)) => holds(texts, &person.family) && holds(texts, birth),
                (None, None, None) => false,
            }
        });
        let patient = matching.next();
        assert!(matching.next().is_none(), "{}: two Patients", person.key);
        match (person.held, patient) {
            (None, Some((id, _))) => {
                found.insert(person.key.clone(), id.clone());
            }
            (None, None) => panic!("{} has no Patient", person.key),
            (Some(why), Some(_)) => panic!("{} has a Patient, although {why}", person.key),
            (Some(_), None) => {}
        }
    }
    assert_eq!(found.len(), made.len(), "Patients of nobody");
    found
}

fn check(format: Format, seed: u64, people: u32) {
    let plan = Plan::new(people, seed);
    let (bytes, truth) = export(format, &plan);
    let outcome = run(format, bytes.clone());
    let told = format!("{} of seed {seed}", format.name());
    let patients = patients(&truth, &outcome);

    for fact in &truth.facts {
        let patient = &patients[&fact.person];
        let survives = outcome
            .about(patient)
            .filter(|made| &*made.resource_type == fact.resource)
            .any(|made| {
                texts(&made.resource)
                    .iter()
                    .any(|text| text.contains(&fact.text))
            });
        assert!(
            survives,
            "{told}: {fact:?} is lost;\n{}",
            outcome.of(patient, fact.resource)
        );
    }

    for taboo in &truth.forbidden {
        let patient = taboo.person.as_ref().and_then(|key| patients.get(key));
        if taboo.why == Taboo::Denied {
            let said = outcome.made.iter().map(|made| made.resource.to_string());
            let raw = outcome.quarantined.iter().map(|held| held.raw.clone());
            let issues = outcome.all_issues().map(|issue| format!("{issue:?}"));
            let leak = said
                .chain(raw)
                .chain(issues)
                .any(|text| text.contains(&taboo.text));
            assert!(!leak, "{told}: {taboo:?} left the reader");
            continue;
        }
        let about = outcome.made.iter().filter(|made| match &taboo.person {
            Some(_) => patient.is_some() && made.person.as_deref() == patient.map(String::as_str),
            None => true,
        });
        for made in about {
            if taboo
                .resource
                .is_some_and(|kind| kind != &*made.resource_type)
            {
                continue;
            }
            let said = texts(&made.resource).iter().any(|text| match taboo.why {
                Taboo::Refused => text == &taboo.text,
                _ => text.contains(&taboo.text),
            });
            if said
                && taboo.why == Taboo::NotAsserted
                && taboo.resource == Some("AllergyIntolerance")
            {
                // It may be shown, as text that asserts nothing.
                let code = made.resource.get("code").unwrap();
                assert!(code.get("coding").is_none(), "{told}: {taboo:?} is coded");
                let status = made.resource.get("clinicalStatus");
                assert!(
                    status.is_none_or(|status| status.get("coding").is_none()),
                    "{told}: {taboo:?} has a clinical status"
                );
                continue;
            }
            assert!(!said, "{told}: {taboo:?} in {}", made.resource);
        }
    }
    cells::account(format, &bytes, &truth, &outcome, &told);
}

#[test]
fn client_level_data_is_accounted_for() {
    for seed in seeds() {
        check(Format::CldR1, seed, 80);
    }
}

#[test]
fn mods_documents_are_accounted_for() {
    for seed in seeds() {
        check(Format::ModsJson, seed, 80);
    }
}

#[test]
fn workbooks_are_accounted_for() {
    for seed in seeds() {
        check(Format::GenericCarehomeXlsx, seed, 60);
    }
}

#[test]
fn a_clean_export_has_no_error_and_loses_nobody() {
    for format in Format::ALL {
        for seed in seeds() {
            let (bytes, truth) = export(format, &Plan::clean(40, seed));
            let outcome = run(format, bytes);
            let told = format!("{} of seed {seed}", format.name());
            assert!(
                outcome.quarantined.is_empty(),
                "{told}: {:?}",
                outcome.quarantined.first()
            );
            assert_eq!(
                patients(&truth, &outcome).len(),
                truth.persons.len(),
                "{told}"
            );
        }
    }
}

#[test]
fn the_same_bytes_give_the_same_resources_byte_for_byte() {
    for format in Format::ALL {
        let (bytes, _) = export(format, &Plan::new(40, 8));
        let texts = |outcome: &Outcome| -> Vec<String> {
            outcome
                .made
                .iter()
                .map(|made| made.resource.to_string())
                .collect()
        };
        assert_eq!(
            texts(&run(format, bytes.clone())),
            texts(&run(format, bytes))
        );
    }
}
