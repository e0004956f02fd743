//! Records that their source marks as deleted: what is made of them, and what is retired.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

const MAPPING: &str = r#"mapping: events
version: 1.0.0
fhir: 4.0.1
source:
  format: ndjson
  extent: changes
  asOf: stated
  tables:
    events:
      path: ""
      key: id
      identity: [person]
      latest: { of: id, by: version }
      deleted: =[op] = "void"
      columns:
        id: { type: string, required: true }
        version: { type: integer, required: true }
        op: { type: code, values: [upsert, void], required: true }
        person: { type: string, required: true }
        pulse: { type: integer, optional: true }
        started: { type: date, formats: [iso], optional: true }
        ended: { type: date, formats: [iso], optional: true }
make:
  Patient:
    from: events
    only: =[op] = "upsert"
    group: [person]
    deleted: retire
    identifier: [ { system: local(person), value: "=[person]" } ]
  Observation:
    from: events
    when: =present([pulse])
    deleted: DELETED
    profile: UKCore-Observation-VitalSigns-HeartRate
    status: final
    code:
      coding: [ { slice: snomedCT, code: "364075005", display: Heart rate } ]
    subject: =Patient([person])
    effective: =[started] | onMissing(quarantine)
    value: =quantity([pulse], "/min")
  EpisodeOfCare:
    from: events
    when: =missing([pulse])
    deleted:
      status: finished
      period: { start: "=[started]", end: "=[ended]" }
    status: active
    patient: =Patient([person])
    period: { start: "=[started]" }
"#;

fn mapping(deleted: &str) -> mapping::Mapping {
    let text = MAPPING.replace("DELETED", deleted);
    support::good("events", &text, &[])
}

const EVENTS: &str = r#"{"id":"e1","version":1,"op":"upsert","person":"p1","pulse":72,"started":"2026-07-01"}
{"id":"e2","version":1,"op":"upsert","person":"p1","pulse":80,"started":"2026-07-02"}
{"id":"e2","version":2,"op":"void","person":"p1","pulse":80,"started":"2026-07-02"}
{"id":"e3","version":2,"op":"void","person":"p1","started":"2026-06-01","ended":"2026-07-02"}
"#;

#[test]
fn a_deleted_last_version_is_entered_in_error() {
    let (sink, _) = support::run(&mapping("entered-in-error"), "in.ndjson", EVENTS.as_bytes());
    let observations = sink.of("Observation");
    assert_eq!(observations.len(), 2, "{}", sink.text());
    let text = |index: usize, path: &str| observations[index].resource.text(path);
    assert_eq!(text(0, "status"), Some("final"));
    assert_eq!(text(1, "status"), Some("entered-in-error"));
    let profile = |index: usize| {
        let meta = observations[index].resource.get("meta").unwrap();
        meta.get("profile").unwrap().to_string()
    };
    assert!(profile(0).contains("HeartRate"), "{}", profile(0));
    // The vital signs profile wants `final`: an entered-in-error reading may not claim it.
    assert_eq!(
        profile(1),
        r#"["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation"]"#
    );
    let episode = sink.one("EpisodeOfCare");
    assert_eq!(episode.resource.text("status"), Some("finished"));
    assert_eq!(
        episode.resource.get("period").unwrap().to_string(),
        r#"{"start":"2026-06-01","end":"2026-07-02"}"#
    );
    assert!(sink.retired.is_empty());
}

#[test]
fn what_a_deleted_record_made_is_retired_under_the_id_that_it_had() {
    let mapping = mapping("retire");
    let first: String = EVENTS
        .lines()
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect();
    let (before, _) = support::run(&mapping, "in.ndjson", first.as_bytes());
    // The record says no more than what is gone, and of whom.
    let second = "{\"id\":\"e2\",\"version\":2,\"op\":\"void\",\"person\":\"p1\"}\n{\"id\":\"e1\",\"version\":1,\"op\":\"upsert\",\"person\":\"p1\",\"pulse\":72,\"started\":\"2026-07-01\"}\n";
    let (after, report) = support::run(&mapping, "in.ndjson", second.as_bytes());
    let retired: Vec<_> = after
        .retired
        .iter()
        .filter(|retired| &*retired.rule == "Observation")
        .collect();
    assert_eq!(retired.len(), 1, "{:?}", after.retired);
    assert_eq!(retired[0].id, before.of("Observation")[1].id);
    assert_eq!(retired[0].issue.code, "M124");
    assert!(retired[0].person.is_some());
    assert_eq!(report.counts.retired.get("Observation"), Some(&1));
    assert_eq!(after.of("Observation").len(), 1, "{}", after.text());
}

#[test]
fn a_record_that_is_and_is_not_deleted_is_neither() {
    let mapping = support::good(
        "events",
        &MAPPING
            .replace("DELETED", "retire")
            .replace("      latest: { of: id, by: version }\n", "")
            .replace(
                "version: { type: integer, required: true }",
                "version: { ignore: not here }",
            ),
        &[],
    );
    let both = EVENTS
        .lines()
        .skip(1)
        .take(2)
        .map(|line| format!("{line}\n"))
        .collect::<String>();
    let (sink, _) = support::run(&mapping, "in.ndjson", both.as_bytes());
    assert!(sink.of("Observation").is_empty(), "{}", sink.text());
    assert!(
        !sink
            .retired
            .iter()
            .any(|retired| &*retired.rule == "Observation")
    );
    assert!(
        sink.refusals().contains(&"M111".to_owned()),
        "{:?}",
        sink.refusals()
    );
}

#[test]
fn a_deletion_that_nothing_can_say_is_found() {
    let of = |text: &str| {
        let loaded = support::load("events", text, &[]);
        (
            loaded
                .issues
                .iter()
                .map(|issue| issue.code.to_string())
                .collect::<Vec<_>>(),
            support::render(&loaded),
        )
    };
    let text = MAPPING.replace("DELETED", "retire");
    // A patient has no status that says it.
    let (codes, shown) = of(&text.replace(
        "    group: [person]\n    deleted: retire\n",
        "    group: [person]\n",
    ));
    assert!(codes.contains(&"M087".to_owned()), "{shown}");
    let (codes, shown) = of(&text.replace("      deleted: =[op] = \"void\"\n", ""));
    assert!(codes.contains(&"M087".to_owned()), "{shown}");
    let (codes, shown) =
        of(&text.replace("deleted: retire\n    profile", "deleted: gone\n    profile"));
    assert!(codes.contains(&"M006".to_owned()), "{shown}");
    let (codes, shown) = of(&text.replace("      status: finished\n", "      state: finished\n"));
    assert!(codes.contains(&"M051".to_owned()), "{shown}");
}

#[test]
fn cs_10_an_allergy_that_is_entered_in_error_has_no_clinical_status() {
    let text = MAPPING.replace("DELETED", "retire")
        + r#"  AllergyIntolerance:
    from: events
    profile: UKCore-AllergyIntolerance
    clinicalStatus: active
    verificationStatus: unconfirmed
    code: snomed|716186003|No known allergy
    patient: =Patient([person])
"#;
    let mapping = support::good("events", &text, &[]);
    let (sink, _) = support::run(&mapping, "in.ndjson", EVENTS.as_bytes());
    let made = sink.of("AllergyIntolerance");
    let gone = &made
        .iter()
        .find(|made| made.resource.get("clinicalStatus").is_none())
        .unwrap()
        .resource;
    assert_eq!(
        gone.get("verificationStatus")
            .unwrap()
            .get("coding")
            .unwrap()
            .as_array()
            .unwrap()[0]
            .text("code"),
        Some("entered-in-error")
    );
    assert_eq!(
        made.iter()
            .filter(|made| made.resource.get("clinicalStatus").is_some())
            .count(),
        1
    );
}
