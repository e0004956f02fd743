//! The official UK Core examples fit their profiles.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::{errors, examples, lines};

#[test]
fn official_examples_fit_their_profiles() {
    let mut refused = String::new();
    for example in examples() {
        let errors = errors(&example.resource, &[&example.profile]);
        if !errors.is_empty() {
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
