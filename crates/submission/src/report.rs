//! What became of a file.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use store::{Submission, SubmissionState};

use crate::Group;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportState {
    /// Its bytes are kept, and it waits for its turn.
    #[default]
    Archived,
    /// It is being read.
    Reading,
    /// It was converted; nothing was stored.
    Converted,
    /// It was stored, and this is the report.
    Reported,
    /// It was stored, and something in it waits for a person to confirm.
    AwaitingConfirmation,
    /// Nothing of it could be used.
    Refused,
    /// Causeway itself could not finish it: whoever runs it has to look.
    Failed,
    /// It was taken back, with what it had done.
    Withdrawn,
}

/// How much of everything. A record is a row of the input, or a document; a resource is what was
/// made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Counts {
    /// Records read.
    pub records: u64,
    /// Valid resources made.
    pub resources: u64,
    /// Resources that are new.
    pub created: u64,
    /// Resources that have a new version.
    pub updated: u64,
    /// Resources that say what was known already.
    pub unchanged: u64,
    /// Resources that are older than what is stored, so they changed nothing.
    pub older: u64,
    /// Resources that the file no longer holds, now marked as no longer reported.
    pub retired: u64,
    /// Records or resources that were held back.
    pub quarantined: u64,
    /// Resources made, by type.
    pub by_type: BTreeMap<String, u64>,
}

/// What became of a file: for its sender.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Report {
    /// The submission's id; none for a conversion.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// Where it stands.
    pub state: ReportState,
    /// The file's name.
    pub file: String,
    /// The mapping's name and version.
    pub mapping: String,
    /// What moment the file is true of, as it says itself or its sender stated.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub as_of: Option<String>,
    /// Whether the file is the whole truth of its source (`snapshot`) or only what changed
    /// (`changes`); nothing where it was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub extent: Option<String>,
    /// Why it was read again, where it was: `replay`, `rebuild`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rerun: Option<String>,
    /// How much of everything.
    pub counts: Counts,
    /// What became of the things of the quarantine that were read again, for a replay.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub replayed: Option<Replayed>,
    /// What was undone, for a file that was taken back.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub undone: Option<Undone>,
    /// What somebody should know, grouped.
    pub issues: Vec<Group>,
    /// What was in the file and is in no resource.
    pub loss: serde_json::Value,
}

/// What became of the rows of the quarantine that were read again.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Replayed {
    /// They went through.
    pub released: u64,
    /// They are held back again, with today's issues.
    pub again: u64,
    /// Today's mapping makes nothing of them; they stay where they are.
    pub nothing: u64,
}

/// What was undone when a file was taken back.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase", default)]
pub struct Undone {
    /// Resources that say again what they said before the file.
    pub restored: u64,
    /// Resources that the file had brought and that are no longer shown.
    pub retired: u64,
    /// Resources that the file had only confirmed.
    pub unconfirmed: u64,
    /// Resources that another file has said something newer of: they stay as they are.
    pub left_alone: u64,
}

impl ReportState {
    /// Where a stored submission stands.
    pub fn of(state: SubmissionState) -> Self {
        match state {
            SubmissionState::Received | SubmissionState::Archived => Self::Archived,
            SubmissionState::Reading | SubmissionState::Stored => Self::Reading,
            SubmissionState::Reported => Self::Reported,
            SubmissionState::AwaitingConfirmation => Self::AwaitingConfirmation,
            SubmissionState::Refused => Self::Refused,
            SubmissionState::Failed => Self::Failed,
            SubmissionState::Withdrawn => Self::Withdrawn,
        }
    }

    fn stored(self) -> SubmissionState {
        match self {
            Self::Archived => SubmissionState::Archived,
            Self::Reading => SubmissionState::Reading,
            Self::Converted | Self::Reported => SubmissionState::Reported,
            Self::AwaitingConfirmation => SubmissionState::AwaitingConfirmation,
            Self::Refused => SubmissionState::Refused,
            Self::Failed => SubmissionState::Failed,
            Self::Withdrawn => SubmissionState::Withdrawn,
        }
    }
}

impl Report {
    /// The report of a stored submission, as far as there is one: of a file that was not read yet it
    /// says only where it stands.
    pub fn of(submission: &Submission) -> Self {
        let mut report: Self = serde_json::from_str(&submission.report).unwrap_or_default();
        report.id = Some(submission.id.clone());
        report.state = ReportState::of(submission.state);
        report.file.clone_from(&submission.file_name);
        report
    }

    /// Writes the report, its counts and its state into a submission's row.
    pub(crate) fn put_into(&self, submission: &mut Submission) {
        submission.state = self.state.stored();
        // Numbers and texts are always written.
        submission.counts = serde_json::to_string(&self.counts).unwrap_or_default();
        submission.report = serde_json::to_string(self).unwrap_or_default();
    }
}
