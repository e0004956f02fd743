//! Submissions in a list.

use std::fmt::Write as _;

use json::{Object, Value};
use store::Submission;

use super::words;

/// A submission in a list, with its address.
pub fn row(submission: &Submission, location: &str) -> Object {
    head(submission).with("location", location)
}

/// What is known of a submission beside its report.
pub(super) fn head(submission: &Submission) -> Object {
    let mut head = Object::new()
        .with("id", submission.id.as_str())
        .with("source", submission.source.as_str())
        .with("file", submission.file_name.as_str())
        .with("state", submission.state.as_str())
        .with("received", submission.received.to_string())
        .with("asOf", submission.as_of.to_string())
        .with("way", submission.way.as_str())
        .with("size", count(submission.size))
        .with("sha256", submission.file_hash.as_str());
    if let Some(of) = &submission.of {
        head.insert("of", of.as_str());
    }
    if !submission.mapping.name.is_empty() {
        head.insert(
            "mapping",
            Object::new()
                .with("name", submission.mapping.name.as_str())
                .with("version", submission.mapping.version.as_str())
                .with("hash", submission.mapping.hash.as_str()),
        );
    }
    head.insert("counts", counts(submission));
    head
}

/// The counts that every submission has, with those of its report; nought before it was read.
fn counts(submission: &Submission) -> Value {
    let stored = json::parse(submission.counts.as_bytes()).unwrap_or(Value::Null);
    let mut counts = Object::new();
    for name in [
        "records",
        "created",
        "updated",
        "unchanged",
        "retired",
        "quarantined",
    ] {
        counts.insert(name, count(0));
    }
    for (name, number) in stored.as_object().into_iter().flat_map(Object::iter) {
        counts.insert(name.to_owned(), number.clone());
    }
    counts.into()
}

/// A number that counts something.
pub(super) fn count(number: u64) -> Value {
    i64::try_from(number).unwrap_or(i64::MAX).into()
}

/// A list in plain words, the latest first.
pub fn list_text(submissions: &[Submission]) -> String {
    if submissions.is_empty() {
        return "No files fit what was asked for.\n".to_owned();
    }
    let mut text = String::new();
    for one in submissions {
        let _ = writeln!(
            text,
            "{}  {}  {} ({}): {}",
            words::moment(one.received),
            one.id,
            one.file_name,
            one.source,
            words::short(one.state)
        );
    }
    text
}
