//! What became of a file.

use std::collections::BTreeMap;

use serde::Serialize;

use crate::Group;

/// Where a file stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum ReportState {
    /// It was converted; nothing was stored.
    Converted,
    /// It was stored, and this is the report.
    Reported,
    /// It was stored, and something in it waits for a person to confirm.
    AwaitingConfirmation,
    /// Nothing of it could be used.
    Refused,
}

/// How much of everything. A record is a row of the input, or a document; a resource is what was
/// made of it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
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
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
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
    /// How much of everything.
    pub counts: Counts,
    /// What somebody should know, grouped.
    pub issues: Vec<Group>,
    /// What was in the file and is in no resource.
    pub loss: serde_json::Value,
}
