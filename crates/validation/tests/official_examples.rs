//! The official UK Core examples fit their profiles, but for the one that does not.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::{errors, examples, lines};

/// The one official example that breaks its profile: it names the url of a profile where the id of an
/// organisation belongs.
const BROKEN: &str = "UKCore-Provenance-RARecordConsent-Example.json";

#[test]
fn official_examples_fit_their_profiles() {
    let mut refused = String::new();
    for example in examples() {
        let errors = errors(&example.resource, &[&example.profile]);
        if example.file == BROKEN {
            let told: Vec<(&str, Option<&str>)> = errors
                .iter()
                .map(|issue| (&*issue.code, issue.element.as_deref()))
                .collect();
            assert_eq!(
                told,
                [("V070", Some("Provenance.agent[0].onBehalfOf"))],
                "{}",
                lines(&errors)
            );
        } else if !errors.is_empty() {
            refused += &format!(
                "{} against {}\n{}",
                example.file,
                example.profile,
                lines(&errors)
            );
        }
    }
    assert!(refused.is_empty(), "{refused}");
}
