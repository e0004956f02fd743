//! Right mappings over many profiles: the checker finds nothing in them, and what they make is valid.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

const PROFILES: &str = include_str!("variants/profiles.yaml");

const HEADER: &str = "ID,NHS,Name,Given,Born,Sex,Seen,Due,Drug,Problem,Jab,Heart,Temp,Sats,Breaths,Height,GP,Nurse,Note,Phones,Walks\n";
const FULL: &str = "1,9990000018,Test,Ada,11/02/1938,Female,01/07/2026 09:30,01/08/2026,Paracetamol,Asthma,Flu,72,36.6,97,16,161.5,B81001,Beth Example,a note,01632 960001;01632 960002,Y\n";
const SPARSE: &str = "2,9990000026,Test,,12/03/1940,,02/07/2026 10:00,,,,,,,,,,,,,,\n";

#[test]
fn right_mappings_have_no_finding() {
    let loaded = support::load("profiles", PROFILES, &[]);
    assert!(loaded.issues.is_empty(), "{}", support::render(&loaded));
}

#[test]
fn what_they_make_is_valid() {
    let mapping = support::good("profiles", PROFILES, &[]);
    let terminology = Arc::new(terminology::Terminology::new(
        definitions::Definitions::embedded(),
    ));
    let validator = validation::Validator::new(definitions::Definitions::embedded(), terminology);
    let input = format!("{HEADER}{FULL}{SPARSE}");
    let (made, _) = support::run(&mapping, "x.csv", input.as_bytes());
    assert!(made.quarantined.is_empty(), "{:#?}", made.quarantined);
    let rules: std::collections::BTreeSet<&str> =
        made.made.iter().map(|made| &*made.rule).collect();
    for rule in mapping.rules() {
        assert!(rules.contains(rule), "{rule} makes nothing");
    }
    let mut wrong = Vec::new();
    for made in &made.made {
        for issue in validator.validate(&made.resource, &[]) {
            if issue.is_error() {
                wrong.push(format!("{}: {issue}\n{}", made.rule, made.resource));
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n\n"));
}
