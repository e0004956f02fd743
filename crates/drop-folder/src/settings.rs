//! What a site says about its folder.

use std::collections::HashSet;
use std::path::PathBuf;
use std::time::Duration;

use diagnostics::{Issue, IssueType};
use serde::Deserialize;

use crate::codes;

/// The settings of one watched folder, as the configuration file has them under `[[folder]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The folder that holds `inbox`, `processing`, `done`, `failed` and `out`.
    pub path: PathBuf,
    /// Whose files the folders below `inbox` hold.
    #[serde(default)]
    pub sources: Vec<Source>,
    /// How often it is looked at. It is looked at and not notified: shares and SFTP mounts do not
    /// notify.
    #[serde(default = "poll")]
    pub poll_seconds: f64,
    /// What becomes of a file that was received.
    #[serde(default)]
    pub after: After,
    /// The most bytes that a file may hold.
    #[serde(default = "largest")]
    pub largest_file_bytes: u64,
    /// How many files of a source are taken in one look.
    #[serde(default = "at_once")]
    pub at_once: usize,
}

/// `[[folder.sources]]`: a folder below `inbox`, and whose files it holds. Nothing is guessed: what
/// lies in other folders is left alone.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Source {
    /// The folder's name below `inbox`; the source's name where it is left out.
    #[serde(default)]
    pub folder: Option<String>,
    /// The ODS code of the organisation whose records these are.
    pub organisation: String,
    /// The source that the mapping is declared for.
    pub source: String,
    /// How a file is known to be whole.
    #[serde(default)]
    pub whole: Whole,
    /// With `whole = "quiet"`: for how long neither size nor time may have changed.
    #[serde(default = "quiet")]
    pub quiet_seconds: f64,
}

/// How a file is known to be whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Whole {
    /// A file with its name and `.done` behind it is written after it. Without its marker nothing is
    /// taken, so this is what holds where nothing is said.
    #[default]
    Marked,
    /// It is written under another name, one that is never taken, and renamed at the end.
    Renamed,
    /// It has not changed for a while. For senders that can do neither of the others: a transfer
    /// that pauses for longer is taken for whole.
    Quiet,
}

/// What becomes of a file that was received.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum After {
    /// It is moved to `done`.
    #[default]
    Keep,
    /// It is deleted: the archive has it.
    Delete,
}

const fn poll() -> f64 {
    10.0
}
const fn largest() -> u64 {
    4 << 30
}
const fn at_once() -> usize {
    100
}
const fn quiet() -> f64 {
    120.0
}

/// Settings that were found to be usable.
#[derive(Debug, Clone)]
pub(crate) struct Options {
    pub path: PathBuf,
    pub feeds: Vec<Feed>,
    pub poll: Duration,
    pub after: After,
    pub largest: u64,
    pub at_once: usize,
}

/// A folder below `inbox`.
#[derive(Debug, Clone)]
pub(crate) struct Feed {
    pub folder: String,
    pub organisation: String,
    pub source: String,
    pub whole: Whole,
    pub quiet: Duration,
}

impl Settings {
    pub(crate) fn options(&self) -> Result<Options, Box<Issue>> {
        let mut folders = HashSet::new();
        let mut feeds = Vec::new();
        for source in &self.sources {
            if source.organisation.trim().is_empty() || source.source.trim().is_empty() {
                return Err(wrong(
                    "sources",
                    "an organisation or a source is empty",
                    "give both",
                ));
            }
            let folder = source.folder.as_ref().unwrap_or(&source.source);
            if !is_folder_name(folder) {
                return Err(wrong(
                    "sources",
                    "a folder's name has other characters than letters, digits, dots, hyphens and underscores, or begins with a dot",
                    "give the source a `folder` of such a name",
                ));
            }
            // Shares that do not tell cases apart would make one folder of two.
            if !folders.insert(folder.to_lowercase()) {
                return Err(wrong(
                    "sources",
                    &format!("the folder {folder} is there twice"),
                    "keep one of them: a file can only be one organisation's",
                ));
            }
            feeds.push(Feed {
                folder: folder.clone(),
                organisation: source.organisation.clone(),
                source: source.source.clone(),
                whole: source.whole,
                quiet: seconds("quiet-seconds", source.quiet_seconds)?,
            });
        }
        if self.at_once == 0 || self.largest_file_bytes == 0 {
            return Err(wrong(
                "at-once",
                "nothing could be received",
                "leave at-once and largest-file-bytes out, or write more than 0",
            ));
        }
        Ok(Options {
            path: self.path.clone(),
            feeds,
            poll: seconds("poll-seconds", self.poll_seconds)?,
            after: self.after,
            largest: self.largest_file_bytes,
            at_once: self.at_once,
        })
    }

    /// Checks all that can be checked without touching the folder.
    ///
    /// # Errors
    /// An issue that names the setting.
    pub fn check(&self) -> Result<(), Box<Issue>> {
        self.options().map(drop)
    }
}

fn is_folder_name(name: &str) -> bool {
    (1..=100).contains(&name.len())
        && !name.starts_with('.')
        && name
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

fn seconds(name: &str, value: f64) -> Result<Duration, Box<Issue>> {
    Duration::try_from_secs_f64(value)
        .ok()
        .filter(|time| !time.is_zero() && *time <= Duration::from_secs(86_400))
        .ok_or_else(|| {
            wrong(
                name,
                "it is no time that can be waited",
                "write seconds above 0, at most a day",
            )
        })
}

fn wrong(setting: &str, why: &str, mend: &str) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::SETTINGS,
            IssueType::Value,
            format!("the setting {setting} of the watched folder cannot be used: {why}"),
        )
        .help(mend.to_owned()),
    )
}
