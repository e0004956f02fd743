//! `[submissions]`: how files come in, are kept and are worked on.

use std::path::{Path, PathBuf};

use archive::Keys;
use serde::Deserialize;

use crate::exit::Failure;

/// `[submissions]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields, default)]
pub struct Submissions {
    /// How many files this process works on at once; 0 leaves the work to other processes of the
    /// same store.
    pub workers: usize,
    /// How many threads map and validate one file; 0 takes as many as the machine has.
    pub threads: usize,
    /// The largest file that is taken, in bytes as it is unpacked.
    pub largest_file: u64,
    /// How many files of one organisation may wait; beyond, a sender is told to come back.
    pub most_waiting: u32,
    /// How long a sender may pause within a file, in seconds.
    pub pause_seconds: u64,
    /// How long one file may take to come in, in seconds.
    pub upload_seconds: u64,
    /// How long a worker may be silent before another takes its job over, in seconds.
    pub lease_seconds: u64,
    /// How many days the raw bytes of a file are kept; without end when left out.
    pub keep_days: Option<u32>,
    /// The environment variable that holds the keys by which raw bytes are encrypted, a line each:
    /// a name, an equals sign and 64 hexadecimal digits. The last is used for new files. Nothing is
    /// encrypted when there are none.
    pub archive_keys_env: Option<String>,
    /// The file that holds them.
    pub archive_keys_file: Option<PathBuf>,
}

impl Default for Submissions {
    fn default() -> Self {
        Self {
            workers: 2,
            threads: 0,
            largest_file: 1024 * 1024 * 1024,
            most_waiting: 100,
            pause_seconds: 30,
            upload_seconds: 3600,
            lease_seconds: 60,
            keep_days: None,
            archive_keys_env: None,
            archive_keys_file: None,
        }
    }
}

impl Submissions {
    /// The same with its paths taken from where the file is.
    pub(super) fn beside(mut self, folder: &Path) -> Self {
        if let Some(file) = &mut self.archive_keys_file {
            *file = folder.join(&*file);
        }
        self
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        let fail = |what: &str| Err(Failure::usage(format!("submissions.{what}")));
        if self.workers > 64 {
            return fail("workers must be at most 64");
        }
        if self.largest_file == 0 {
            return fail("largest-file must be at least one byte");
        }
        if self.most_waiting == 0 {
            return fail("most-waiting must be at least 1");
        }
        if self.pause_seconds == 0 || self.upload_seconds < self.pause_seconds {
            return fail("upload-seconds must be at least pause-seconds, and that at least 1");
        }
        if !(2..=3600).contains(&self.lease_seconds) {
            return fail("lease-seconds must be from 2 to 3600");
        }
        if self.keep_days == Some(0) {
            return fail("keep-days must be at least 1; leave it out to keep files without end");
        }
        if self.archive_keys_env.is_some() && self.archive_keys_file.is_some() {
            return fail("archive-keys-env and archive-keys-file: give one of them");
        }
        Ok(())
    }

    /// The keys by which raw bytes are encrypted.
    pub fn archive_keys(&self) -> Result<Keys, Failure> {
        let (place, text) = match (&self.archive_keys_env, &self.archive_keys_file) {
            (Some(name), _) => {
                let text = std::env::var(name).map_err(|_| {
                    Failure::usage(format!(
                        "submissions.archive-keys-env names the environment's {name}, which is not set"
                    ))
                })?;
                (format!("the environment's {name}"), text)
            }
            (None, Some(file)) => {
                let text = std::fs::read_to_string(file).map_err(|error| {
                    Failure::usage(format!(
                        "the archive's keys {} cannot be read: {error}",
                        file.display()
                    ))
                })?;
                (file.display().to_string(), text)
            }
            (None, None) => return Ok(Keys::none()),
        };
        let keys =
            Keys::parse(&text).map_err(|error| Failure::usage(format!("{place}: {error}")))?;
        if keys.is_empty() {
            // Somebody wanted encryption: files must not be kept in the clear because a file is empty.
            return Err(Failure::usage(format!(
                "{place} holds no key: write NAME= and 64 hexadecimal digits, as of `openssl rand -hex 32`"
            )));
        }
        Ok(keys)
    }
}
