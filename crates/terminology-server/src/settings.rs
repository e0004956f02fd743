//! How a site asks its terminology server.

use std::path::PathBuf;
use std::time::Duration;

use diagnostics::{Issue, IssueType};
use reqwest::header::{HeaderName, HeaderValue};
use serde::Deserialize;

use crate::codes;

/// The settings, as the configuration file has them under `[terminology.server]`.
#[derive(Debug, Clone, PartialEq, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The base of the server: `https://…/fhir`, or `http` on this machine.
    pub url: String,
    /// The environment variable that holds the token (or the whole value of `header`).
    #[serde(default)]
    pub token_env: Option<String>,
    /// The file that holds it.
    #[serde(default)]
    pub token_file: Option<PathBuf>,
    /// The header that the token goes into. In `Authorization` it becomes `Bearer …`; other headers
    /// get it as it is.
    #[serde(default = "authorization")]
    pub header: String,
    /// The code systems whose codes may be sent: whole urls, or beginnings that end in `*`.
    #[serde(default = "public_systems")]
    pub systems: Vec<String>,
    /// How long one call may take.
    #[serde(default = "ten")]
    pub timeout_seconds: f64,
    /// How long all calls for one set of questions may take.
    #[serde(default = "sixty")]
    pub total_seconds: f64,
    /// How many calls may be in flight.
    #[serde(default = "four")]
    pub parallel: usize,
    /// How many questions go into one Bundle; 1 asks one by one.
    #[serde(default = "fifty")]
    pub batch: usize,
    /// How many answers are remembered.
    #[serde(default = "many")]
    pub remembered: usize,
    /// How long they are.
    #[serde(default = "day")]
    pub remembered_seconds: f64,
    /// How many failures in a row make it leave the server alone.
    #[serde(default = "five")]
    pub failures: u32,
    /// For how long.
    #[serde(default = "thirty")]
    pub pause_seconds: f64,
}

fn authorization() -> String {
    "Authorization".to_owned()
}

/// Code systems whose codes name no person. A provider's own systems are left out: what is in them
/// nobody knows.
fn public_systems() -> Vec<String> {
    [
        "http://snomed.info/sct",
        "https://dmd.nhs.uk",
        "http://loinc.org",
        "http://unitsofmeasure.org",
        "http://hl7.org/fhir/*",
        "http://terminology.hl7.org/*",
        "https://fhir.hl7.org.uk/CodeSystem/*",
        "https://fhir.nhs.uk/CodeSystem/*",
        "http://dicom.nema.org/*",
        "urn:iso:std:iso:*",
        "urn:ietf:bcp:*",
    ]
    .map(str::to_owned)
    .to_vec()
}

const fn four() -> usize {
    4
}
const fn five() -> u32 {
    5
}
const fn fifty() -> usize {
    50
}
const fn many() -> usize {
    100_000
}
const fn ten() -> f64 {
    10.0
}
const fn thirty() -> f64 {
    30.0
}
const fn sixty() -> f64 {
    60.0
}
const fn day() -> f64 {
    86_400.0
}

/// Settings that were found to be usable.
#[derive(Debug)]
pub(crate) struct Options {
    pub base: String,
    pub header: Option<(HeaderName, HeaderValue)>,
    pub systems: Vec<String>,
    pub timeout: Duration,
    pub total: Duration,
    pub parallel: usize,
    pub batch: usize,
    pub remembered: usize,
    pub remembered_for: Duration,
    pub failures: u32,
    pub pause: Duration,
    pub is_local: bool,
}

impl Settings {
    /// The settings of a server of which nothing but its base is said, as `--terminology-server`
    /// does.
    pub fn of(url: &str) -> Self {
        Self {
            url: url.to_owned(),
            token_env: None,
            token_file: None,
            header: authorization(),
            systems: public_systems(),
            timeout_seconds: ten(),
            total_seconds: sixty(),
            parallel: four(),
            batch: fifty(),
            remembered: many(),
            remembered_seconds: day(),
            failures: five(),
            pause_seconds: thirty(),
        }
    }

    pub(crate) fn options(&self) -> Result<Options, Box<Issue>> {
        let base = self.url.trim_end_matches('/').to_owned();
        let parsed = reqwest::Url::parse(&base)
            .map_err(|_| wrong("url", "it is no absolute url", "write https://…/fhir"))?;
        let is_local = match parsed.host_str() {
            Some("localhost") => true,
            Some(host) => host
                .trim_matches(['[', ']'])
                .parse::<std::net::IpAddr>()
                .is_ok_and(|address| address.is_loopback()),
            None => return Err(wrong("url", "it names no host", "write https://…/fhir")),
        };
        let is_safe = parsed.scheme() == "https" || (parsed.scheme() == "http" && is_local);
        let is_bare = parsed.username().is_empty()
            && parsed.password().is_none()
            && parsed.query().is_none()
            && parsed.fragment().is_none();
        if !is_safe || !is_bare {
            return Err(wrong(
                "url",
                "it must begin with https (http on this machine only), without a user, a query or a fragment",
                "give the base of the server, and a token by token-env or token-file",
            ));
        }
        let seconds = |name: &str, value: f64| {
            Duration::try_from_secs_f64(value)
                .ok()
                .filter(|time| !time.is_zero() && *time <= Duration::from_secs(366 * 86_400))
                .ok_or_else(|| {
                    wrong(
                        name,
                        "it is no time that can be waited",
                        "write seconds above 0",
                    )
                })
        };
        let count = |name: &str, value: usize, most: usize| {
            if (1..=most).contains(&value) {
                Ok(value)
            } else {
                Err(wrong(
                    name,
                    "it is out of range",
                    &format!("write 1 to {most}"),
                ))
            }
        };
        Ok(Options {
            base,
            header: self.credentials()?,
            systems: self.systems.clone(),
            timeout: seconds("timeout-seconds", self.timeout_seconds)?,
            total: seconds("total-seconds", self.total_seconds)?,
            parallel: count("parallel", self.parallel, 64)?,
            batch: count("batch", self.batch, 500)?,
            remembered: count("remembered", self.remembered, 10_000_000)?,
            remembered_for: seconds("remembered-seconds", self.remembered_seconds)?,
            failures: self.failures.max(1),
            pause: seconds("pause-seconds", self.pause_seconds)?,
            is_local,
        })
    }

    fn credentials(&self) -> Result<Option<(HeaderName, HeaderValue)>, Box<Issue>> {
        let secret = match (&self.token_env, &self.token_file) {
            (None, None) => return Ok(None),
            (Some(_), Some(_)) => {
                return Err(wrong(
                    "token-env",
                    "token-file is set, too",
                    "set one of them",
                ));
            }
            (Some(name), None) => std::env::var(name).map_err(|_| {
                wrong(
                    "token-env",
                    &format!("the environment variable {name} is not set"),
                    "set it, or name another",
                )
            })?,
            (None, Some(path)) => std::fs::read_to_string(path).map_err(|error| {
                wrong(
                    "token-file",
                    &format!("{} cannot be read: {error}", path.display()),
                    "name a file that Causeway may read",
                )
            })?,
        };
        let secret = secret.trim();
        let name = HeaderName::from_bytes(self.header.as_bytes())
            .map_err(|_| wrong("header", "it is no name of a header", "write Authorization"))?;
        let text = if name == reqwest::header::AUTHORIZATION && !secret.contains(' ') {
            format!("Bearer {secret}")
        } else {
            secret.to_owned()
        };
        let mut value = HeaderValue::from_str(&text)
            .ok()
            .filter(|_| !secret.is_empty())
            .ok_or_else(|| {
                wrong(
                    "token",
                    "it is empty or has characters that no header may have",
                    "check the variable or the file",
                )
            })?;
        value.set_sensitive(true);
        Ok(Some((name, value)))
    }
}

pub(crate) fn wrong(member: &str, why: &str, mend: &str) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::SETTINGS,
            IssueType::Value,
            format!("terminology.server.{member} cannot be used: {why}"),
        )
        .help(mend),
    )
}
