//! Value sets against the expansions that another tool made of them.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use definitions::Definitions;
use terminology::{Extent, Membership, Terminology};

/// Value sets that are expanded there and not here, with the reason.
const EXPLAINED: &[(&str, &str)] = &[(
    "http://terminology.hl7.org/ValueSet/v2-0936",
    "neither R4 core nor UK Core has it: it comes with the HL7 terminology package",
)];

fn oracle() -> Option<json::Value> {
    let root = std::env::var_os("CAUSEWAY_SHARED").map_or_else(
        || Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared"),
        PathBuf::from,
    );
    let file = root.join("data/oracle/ukcore-expansions.json");
    if !file.exists() {
        assert!(
            std::env::var_os("CI").is_none(),
            "the expansions to compare with are missing, and in continuous integration they must \
             be there"
        );
        eprintln!("SKIPPED: the expansions to compare with are not here; set CAUSEWAY_SHARED");
        return None;
    }
    Some(json::parse(&std::fs::read(file).unwrap()).unwrap())
}

#[test]
fn expansions_agree_code_by_code() {
    let Some(oracle) = oracle() else {
        return;
    };
    let terminology = Terminology::new(Definitions::embedded());
    let mut compared = 0;
    for (url, expansion) in oracle.as_object().unwrap().iter() {
        let theirs: BTreeSet<(&str, &str)> = expansion
            .each("codes")
            .map(|code| (code.text("system").unwrap(), code.text("code").unwrap()))
            .collect();
        let Some(codes) = terminology.codes(url) else {
            assert!(
                EXPLAINED.iter().any(|(known, _)| *known == url),
                "{url} is not listed"
            );
            continue;
        };
        let ours: BTreeSet<(&str, &str)> = codes.iter().copied().collect();
        assert_eq!(ours.len(), codes.len(), "{url} lists a code twice");
        assert_eq!(ours, theirs, "{url}");
        for (system, code) in theirs {
            assert_eq!(
                terminology.contains(url, Some(system), code),
                Membership::In
            );
            assert_eq!(terminology.contains(url, None, code), Membership::In);
            assert_eq!(
                terminology.contains(url, Some("http://example.org/other"), code),
                Membership::Out
            );
            assert_eq!(
                terminology.contains(url, Some(system), "no such code"),
                Membership::Out
            );
        }
        compared += 1;
    }
    assert!(compared >= 75, "only {compared} value sets were compared");
}

/// Required bindings that cannot be decided, with the reason. Everything else that R4 core or UK
/// Core binds with strength `required` is decided.
const UNDECIDED: &[(&str, &str)] = &[
    (
        "http://loinc.org/vs/LL379-9",
        "an answer list of LOINC, which no package here has",
    ),
    (
        "http://hl7.org/fhir/ValueSet/timezones",
        "the time zone database is not in the packages",
    ),
    (
        "http://hl7.org/fhir/ValueSet/observation-triggeredbytype",
        "a value set of R5, bound by a UK Core extension",
    ),
    (
        "http://hl7.org/fhir/ValueSet/subscription-payload-content",
        "a value set of R5, bound by a UK Core extension",
    ),
    (
        "http://hl7.org/fhir/ValueSet/patient-fetalstatus",
        "a value set of R6, bound by a UK Core extension",
    ),
];

#[test]
fn required_bindings_are_decided() {
    let definitions = Definitions::embedded();
    let terminology = Terminology::new(definitions);
    let mut bound = BTreeSet::new();
    for url in definitions.structure_urls() {
        let shape = definitions.shape(url).unwrap();
        for (_, element) in shape.iter() {
            if let Some(binding) = &element.binding
                && binding.strength == definitions::Strength::Required
                && let Some(set) = &binding.value_set
            {
                bound.insert(set.to_string());
            }
        }
    }
    let open: Vec<&String> = bound
        .iter()
        .filter(|set| {
            let url = set.split('|').next().unwrap();
            !UNDECIDED.iter().any(|(known, _)| *known == url)
        })
        .filter(|set| {
            terminology
                .extent(set)
                .is_none_or(|parts| parts.iter().any(|(_, extent)| *extent == Extent::Open))
        })
        .collect();
    assert!(open.is_empty(), "undecided: {open:#?}");
    assert!(bound.len() > 220, "only {}", bound.len());
}
