//! Work on many threads, places in a text, and counts.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::ops::ControlFlow;
use std::sync::LazyLock;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use definitions::Definitions;
use diagnostics::Severity;
use fhir::Format;
use json::Position;
use validation::{CodeCheck, Decision, Model, Validator};
use verdict::{Examiner, Tally, in_order};

static EXAMINER: LazyLock<Examiner> = LazyLock::new(examiner);

fn examiner() -> Examiner {
    Examiner::new(Validator::embedded(), Model::new(Definitions::embedded()))
}

#[test]
fn results_come_in_the_order_of_the_jobs() {
    for threads in [1, 2, 5] {
        let mut seen = Vec::new();
        in_order(
            (0..200).map(|job| (1, job)),
            threads,
            1_000,
            |job| {
                // The first of each ten takes longest.
                if job % 10 == 0 {
                    std::thread::sleep(Duration::from_millis(2));
                }
                job
            },
            |result| {
                seen.push(result);
                ControlFlow::Continue(())
            },
        );
        assert_eq!(seen, (0..200).collect::<Vec<_>>(), "{threads}");
    }
}

/// However heavy the jobs are, no more than the budget is under way, or one job.
#[test]
fn memory_is_bounded() {
    for (budget, weight, most) in [(100, 10, 10), (100, 60, 1), (100, 1_000, 1)] {
        let under_way = AtomicUsize::new(0);
        let peak = AtomicUsize::new(0);
        let jobs = (0..100).map(|job| (weight, job));
        in_order(
            jobs.inspect(|_| {}),
            4,
            budget,
            |job| {
                let now = under_way.fetch_add(1, Ordering::SeqCst) + 1;
                peak.fetch_max(now, Ordering::SeqCst);
                std::thread::sleep(Duration::from_micros(200));
                under_way.fetch_sub(1, Ordering::SeqCst);
                job
            },
            |_| ControlFlow::Continue(()),
        );
        assert!(peak.load(Ordering::SeqCst) <= most, "{weight}: {peak:?}");
    }
}

#[test]
fn the_taker_may_break_off() {
    for threads in [1, 3] {
        let made = AtomicUsize::new(0);
        let mut taken = 0;
        in_order(
            (0..1_000_000).map(|job| (10, job)),
            threads,
            50,
            |job: usize| {
                made.fetch_add(1, Ordering::SeqCst);
                job
            },
            |_| {
                taken += 1;
                if taken == 3 {
                    ControlFlow::Break(())
                } else {
                    ControlFlow::Continue(())
                }
            },
        );
        assert_eq!(taken, 3);
        assert!(made.load(Ordering::SeqCst) < 100, "{made:?}");
    }
}

#[test]
#[should_panic(expected = "broken work")]
fn a_panic_of_the_work_is_not_swallowed() {
    in_order(
        (0..10).map(|job| (1, job)),
        2,
        100,
        |job| assert!(job != 5, "broken work"),
        |()| ControlFlow::Continue(()),
    );
}

#[test]
fn places_are_those_of_the_nearest_element_that_is_there() {
    let text = br#"{
 "resourceType": "Observation", "status": "final",
 "code": {"text": "x"},
 "component": [
  {"code": {"text": "a"}, "valueQuantity": {"value": 1}},
  {"code": {"text": "b"}, "_valueString": {"id": "s"}}
 ],
 "note": [{"_text": {"extension": [{"url": "http://example.org/x"}]}}]
}"#;
    let at = |path: &str| {
        let Position { line, column } = fhir::locate(text, Format::Json, &[path])[0];
        (line, column)
    };
    assert_eq!(at("Observation"), (1, 1));
    assert_eq!(at("Observation.subject"), (1, 1));
    assert_eq!(at("Observation.code.coding[0].system"), (3, 2));
    assert_eq!(at("Observation.component"), (4, 2));
    assert_eq!(at("Observation.component[1]"), (6, 3));
    assert_eq!(at("Observation.component[7].code"), (4, 2));
    assert_eq!(
        at("Observation.component[0].value.ofType(Quantity).value"),
        (5, 45)
    );
    assert_eq!(at("Observation.component[0].value"), (5, 27));
    assert_eq!(at("Observation.component[1].value.ofType(string)"), (6, 27));
    assert_eq!(at("Observation.note[0].text.extension[0].url"), (8, 37));
    assert_eq!(at("Observation.note.where(text.exists()).text"), (8, 2));
    assert_eq!(at(""), (1, 1));
    // Many at once are the same as one by one.
    let paths = [
        "Observation.note[0]",
        "Observation.status",
        "Observation.component[1].code",
    ];
    let together = fhir::locate(text, Format::Json, &paths);
    let one_by_one: Vec<Position> = paths
        .iter()
        .map(|path| fhir::locate(text, Format::Json, &[path])[0])
        .collect();
    assert_eq!(together, one_by_one);
}

#[test]
fn open_checks_are_decided_by_who_can() {
    let condition = br#"{"resourceType":"Condition","id":"a","subject":{"reference":"Patient/a"},
 "code":{"coding":[{"system":"http://snomed.info/sct","code":"22298006"}]}}"#;
    let codes = |examiner: &Examiner| -> Vec<(Severity, String)> {
        examiner
            .text(condition, Format::Json, 1)
            .findings
            .iter()
            .map(|finding| (finding.issue.severity, finding.issue.code.to_string()))
            .collect()
    };
    let not_checked = (Severity::Information, "V043".to_owned());
    assert!(codes(&EXAMINER).contains(&not_checked));
    let valid = |checks: &[CodeCheck]| vec![Decision::Valid; checks.len()];
    assert!(!codes(&examiner().with_decider(valid)).contains(&not_checked));
    let invalid = |checks: &[CodeCheck]| vec![Decision::Invalid(None); checks.len()];
    let found = codes(&examiner().with_decider(invalid));
    assert!(
        !found.contains(&not_checked) && !found.is_empty(),
        "{found:?}"
    );
    // Who answers less than was asked leaves the rest unchecked.
    assert!(codes(&examiner().with_decider(|_| Vec::new())).contains(&not_checked));
}

#[test]
fn rules_are_counted_by_issue_and_by_resource() {
    let mut tally = Tally::default();
    let mut other = Tally::default();
    let bad = br#"{"resourceType":"Patient","gender":"x","a":1,"b":2}"#;
    tally.add(&EXAMINER.text(bad, Format::Json, 1));
    tally.add(&EXAMINER.text(b"{}", Format::Json, 2));
    other.add(&EXAMINER.text(bad, Format::Json, 3));
    other.add(&EXAMINER.text(br#"{"resourceType":"Patient"}"#, Format::Json, 4));
    other.add(&EXAMINER.text(b"{", Format::Json, 5));
    tally.merge(other);
    assert_eq!((tally.valid, tally.invalid, tally.unreadable), (1, 3, 1));
    let rules = tally.rules();
    assert_eq!(rules[0], (Severity::Error, "V012", 4, 2));
    assert!(rules.is_sorted_by_key(|(_, _, issues, _)| std::cmp::Reverse(*issues)));
}

/// No two issues of a resource say the same of the same element, whoever raised them.
#[test]
fn nothing_is_said_twice() {
    let text = b"<Patient xmlns=\"http://hl7.org/fhir\">a<!-- -->b<active value=\"true\"/>c<name/>d</Patient>";
    let verdict = EXAMINER.text(text, Format::Xml, 1);
    let texts = verdict
        .findings
        .iter()
        .filter(|finding| finding.issue.code == "V007")
        .count();
    assert_eq!(texts, 1);
}
