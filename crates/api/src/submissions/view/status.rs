//! One submission with everything that its sender should know.

use std::fmt::Write as _;

use diagnostics::Severity;
use json::{Object, Value};
use store::{DeedRow, Job, JobState, PendingRow, Submission};
use submission::Report;

use super::row::{count, head};
use super::table::Table;
use super::words;

/// A submission and what is beside it.
#[derive(Debug, Clone)]
pub struct Whole {
    /// The submission.
    pub submission: Submission,
    /// Jobs about it, the latest first.
    pub jobs: Vec<Job>,
    /// What waits for a person.
    pub pending: Vec<PendingRow>,
    /// What people decided.
    pub deeds: Vec<DeedRow>,
    /// Where it is.
    pub location: String,
}

impl Whole {
    /// The job that waits or runs.
    fn job(&self) -> Option<&Job> {
        self.jobs
            .iter()
            .find(|job| matches!(job.state, JobState::Waiting | JobState::Running))
    }
}

/// A submission as JSON.
pub fn status(whole: &Whole) -> Object {
    let submission = &whole.submission;
    let report = json::parse(submission.report.as_bytes()).unwrap_or(Value::Null);
    let mut out = head(submission);
    if let Some(job) = whole.job() {
        out.insert("job", job_of(job));
    }
    for name in ["extent", "replayed", "undone"] {
        if let Some(value) = report.get(name) {
            out.insert(name, value.clone());
        }
    }
    let empty = || Value::Array(Vec::new());
    out.insert(
        "issues",
        report.get("issues").cloned().unwrap_or_else(empty),
    );
    out.insert("loss", report.get("loss").cloned().unwrap_or(Value::Null));
    out.insert("waits", whole.pending.iter().map(waits).collect::<Value>());
    out.insert(
        "decisions",
        whole.deeds.iter().map(decision).collect::<Value>(),
    );
    out.insert(
        "links",
        Object::new()
            .with("self", whole.location.as_str())
            .with("quarantine", format!("{}/quarantine", whole.location))
            .with("file", format!("{}/file", whole.location)),
    );
    out
}

fn job_of(job: &Job) -> Object {
    let mut out = Object::new()
        .with("kind", job.work.kind.as_str())
        .with("state", job.state.as_str())
        .with("queued", job.queued.to_string())
        .with("attempts", i64::from(job.attempts));
    if let Ok(progress @ Value::Object(_)) = json::parse(job.progress.as_bytes()) {
        out.insert("progress", progress);
    }
    out
}

fn waits(row: &PendingRow) -> Value {
    let mut out = Object::new()
        .with("number", count(row.number))
        .with("resourceType", row.pending.rtype.as_str())
        .with("id", row.pending.id.as_str())
        .with("why", row.pending.why.as_str());
    if let Some(patient) = &row.pending.patient {
        out.insert("patient", patient.as_str());
    }
    out.into()
}

fn decision(row: &DeedRow) -> Value {
    let deed = &row.deed;
    let mut out = Object::new()
        .with("at", deed.at.to_string())
        .with("by", deed.by.as_str())
        .with("what", deed.what.as_str());
    if let Some(note) = &deed.note {
        out.insert("note", note.as_str());
    }
    out.into()
}

/// A submission in plain words, for somebody without a computer department.
pub fn status_text(whole: &Whole) -> String {
    let submission = &whole.submission;
    let mut text = format!(
        "{}, sent as {}\n  received {}, submission {}\n\n{}\n\n",
        submission.file_name,
        submission.source,
        words::moment(submission.received),
        submission.id,
        words::long(submission.state),
    );
    if let Some(job) = whole.job() {
        let records = json::parse(job.progress.as_bytes())
            .ok()
            .and_then(|progress| progress.get("records")?.as_number()?.as_i64());
        let _ = match (job.state, records) {
            (JobState::Running, Some(records)) => {
                writeln!(text, "So far {records} records were read.\n")
            }
            (JobState::Running, None) => writeln!(text, "Work on it is under way.\n"),
            _ => writeln!(text, "Work on it is queued.\n"),
        };
    }
    text.push_str(&Report::of(submission).to_text());
    text.push_str(&pending_text(whole));
    if !whole.deeds.is_empty() {
        text.push_str("\nWhat was decided:\n");
        for row in &whole.deeds {
            let note = row.deed.note.as_ref().map(|note| format!(": {note}"));
            let _ = writeln!(
                text,
                "  {}, {} by {}{}",
                words::moment(row.deed.at),
                row.deed.what,
                row.deed.by,
                note.unwrap_or_default()
            );
        }
    }
    text
}

fn pending_text(whole: &Whole) -> String {
    if whole.pending.is_empty() {
        return String::new();
    }
    let mut text = String::from("\nWhat waits for you:\n");
    let of = |why: &str| {
        whole
            .pending
            .iter()
            .filter(|row| row.pending.why == why)
            .count()
    };
    let mut reasons: Vec<&str> = whole
        .pending
        .iter()
        .map(|row| row.pending.why.as_str())
        .collect();
    reasons.sort_unstable();
    reasons.dedup();
    for why in reasons {
        let what = match why {
            "vanished-allergy" => "allergies that you reported before are not in this file",
            "deleted-allergy" => "allergies are marked as deleted in this file",
            "people-gone" => "facts about people who are not in this file",
            other => other,
        };
        let _ = writeln!(text, "  {} {what}", of(why));
    }
    let _ = write!(
        text,
        "  They stay as they were until you decide. If they are really gone, confirm:\n    POST {0}/confirm\n  If they are not, decline, mend the export and send it again:\n    POST {0}/decline\n",
        whole.location
    );
    text
}

/// The issues of a submission as a table.
pub fn issues_csv(submission: &Submission) -> String {
    let mut table = Table::new(&[
        "severity",
        "code",
        "what is wrong",
        "how often",
        "where",
        "what to do",
    ]);
    for group in &Report::of(submission).issues {
        table.row([
            match group.severity {
                Severity::Error => "not used",
                Severity::Warning => "please check",
                Severity::Information => "note",
            },
            &group.code,
            &group.message,
            &group.count.to_string(),
            &group.places.join("; "),
            group.help.as_deref().unwrap_or_default(),
        ]);
    }
    table.finish()
}
