//! `[pds]`: how the Personal Demographics Service is asked.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use serde::Deserialize;

use super::people::Tracing;
use crate::exit::Failure;

/// `[pds]`. Without it nobody is traced, and every NHS number stays unverified (CS-3).
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Pds {
    /// The address of the API, up to and with `FHIR/R4`.
    pub base_url: String,
    /// The address that gives tokens.
    pub token_url: String,
    /// The file that holds the application's API key.
    pub api_key_file: PathBuf,
    /// The id of the key in the application's published key set.
    pub key_id: String,
    /// The file that holds the private key, as PEM.
    pub key_file: PathBuf,
    /// The most questions in a second, over all processes that use this API key.
    #[serde(default = "five")]
    pub per_second: u32,
    /// How often it is looked who is to be traced.
    #[serde(default = "ten")]
    pub every_minutes: u32,
    /// After how many hours a person whom PDS confirmed is asked about again.
    #[serde(default = "day")]
    pub again_after_hours: u32,
    /// After how many hours anybody else is.
    #[serde(default = "some_hours")]
    pub again_after_hours_unconfirmed: u32,
}

fn five() -> u32 {
    5
}

fn ten() -> u32 {
    10
}

fn day() -> u32 {
    24
}

fn some_hours() -> u32 {
    4
}

impl Pds {
    /// The same, with its files named from the configuration's folder.
    pub fn beside(mut self, folder: &Path) -> Self {
        self.api_key_file = folder.join(&self.api_key_file);
        self.key_file = folder.join(&self.key_file);
        self
    }

    /// The client. Nothing is sent.
    pub fn client(&self) -> Result<Arc<pds::Client>, Failure> {
        let read = |path: &Path| {
            std::fs::read(path).map_err(|error| {
                Failure::usage(format!("pds: {} cannot be read: {error}", path.display()))
            })
        };
        let api_key = String::from_utf8(read(&self.api_key_file)?)
            .map(|text| text.trim().to_owned())
            .ok()
            .filter(|key| !key.is_empty())
            .ok_or_else(|| {
                Failure::usage(format!(
                    "pds: {} holds no API key",
                    self.api_key_file.display()
                ))
            })?;
        let key = pds::PrivateKey::from_pem(&read(&self.key_file)?).map_err(|error| {
            Failure::usage(format!("pds: {}: {error}", self.key_file.display()))
        })?;
        let mut settings =
            pds::Settings::new(&self.base_url, &self.token_url, api_key, &self.key_id, key);
        let hours = |hours: u32| Duration::from_secs(u64::from(hours.max(1)) * 3600);
        settings.per_second = self.per_second;
        settings.keep_found = hours(self.again_after_hours);
        settings.keep_other = hours(self.again_after_hours_unconfirmed);
        pds::Client::new(settings)
            .map(Arc::new)
            .map_err(Failure::usage)
    }

    /// What a server needs to trace by itself.
    pub fn tracing(&self) -> Result<Tracing, Failure> {
        Ok(Tracing {
            client: self.client()?,
            every: Duration::from_secs(u64::from(self.every_minutes.max(1)) * 60),
        })
    }
}
