//! What a site says about its mailbox.

use std::path::PathBuf;
use std::time::Duration;

use diagnostics::{Issue, IssueType};
use reqwest::Url;
use serde::Deserialize;

use crate::authorization::Credentials;
use crate::codes;
use crate::name::MailboxId;
use crate::route::{Route, Routes};
use crate::secret::Secret;

/// The settings of one mailbox, as the configuration file has them under `[[mesh]]`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Settings {
    /// The base of the service: `https://…/messageexchange`, or `http` on this machine.
    pub url: String,
    /// The mailbox.
    pub mailbox: MailboxId,
    /// The environment variable that holds the mailbox's password.
    #[serde(default)]
    pub password_env: Option<String>,
    /// The file that holds it.
    #[serde(default)]
    pub password_file: Option<PathBuf>,
    /// The environment variable that holds the shared key of the environment.
    #[serde(default)]
    pub shared_key_env: Option<String>,
    /// The file that holds it.
    #[serde(default)]
    pub shared_key_file: Option<PathBuf>,
    /// The client certificate and those above it, PEM.
    #[serde(default)]
    pub certificate_file: Option<PathBuf>,
    /// Its private key, PEM.
    #[serde(default)]
    pub certificate_key_file: Option<PathBuf>,
    /// The certificates of the authorities that the service's own certificate may come from, PEM.
    /// The system's are not used where this is given.
    #[serde(default)]
    pub authority_file: Option<PathBuf>,
    /// Whose files the messages hold: workflow and sender lead to an organisation and a source.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// How often the inbox is looked at. The service asks for no more than every five minutes.
    #[serde(default = "poll")]
    pub poll_seconds: f64,
    /// How long one exchange may stand still.
    #[serde(default = "timeout")]
    pub timeout_seconds: f64,
    /// How many messages a page of the inbox lists.
    #[serde(default = "page")]
    pub page: u32,
    /// How often an exchange that is worth repeating is tried.
    #[serde(default = "tries")]
    pub tries: u32,
    /// The longest wait that the service may ask for before a repeat; beyond, the round goes on
    /// without the message.
    #[serde(default = "longest_wait")]
    pub longest_wait_seconds: f64,
    /// The first wait before a repeat; it doubles.
    #[serde(default = "first_wait")]
    pub first_wait_seconds: f64,
    /// The most bytes that a message may hold.
    #[serde(default = "largest")]
    pub largest_message_bytes: u64,
    /// How many bytes, before compression, go into one part of a message that is sent.
    #[serde(default = "chunk")]
    pub chunk_bytes: usize,
}

const fn poll() -> f64 {
    300.0
}
const fn timeout() -> f64 {
    60.0
}
const fn page() -> u32 {
    500
}
const fn tries() -> u32 {
    4
}
const fn longest_wait() -> f64 {
    60.0
}
const fn first_wait() -> f64 {
    0.5
}
const fn largest() -> u64 {
    4 << 30
}
const fn chunk() -> usize {
    20 << 20
}

/// The service takes less than 100 MB a part, and what gzip cannot press grows a little.
const MOST_CHUNK: usize = 95_000_000;

/// Settings that were found to be usable.
#[derive(Debug)]
pub(crate) struct Options {
    pub base: Url,
    pub is_local: bool,
    pub credentials: Credentials,
    /// Certificate chain and key in one, PEM.
    pub identity: Option<Secret>,
    pub authorities: Option<Vec<u8>>,
    pub routes: Routes,
    pub poll: Duration,
    pub timeout: Duration,
    pub page: u32,
    pub tries: u32,
    pub longest_wait: Duration,
    pub first_wait: Duration,
    pub largest: u64,
    pub chunk: usize,
}

impl Settings {
    /// The files that are named, for a reader of configuration that takes them from another folder.
    pub fn files_mut(&mut self) -> impl Iterator<Item = &mut PathBuf> {
        [
            &mut self.password_file,
            &mut self.shared_key_file,
            &mut self.certificate_file,
            &mut self.certificate_key_file,
            &mut self.authority_file,
        ]
        .into_iter()
        .flatten()
    }

    /// Checks all that can be checked without asking the service: reads the secrets and the
    /// certificates, too.
    ///
    /// # Errors
    /// An issue that names the setting.
    pub fn check(&self) -> Result<(), Box<Issue>> {
        self.options().map(drop)
    }

    pub(crate) fn options(&self) -> Result<Options, Box<Issue>> {
        let (base, is_local) = base(&self.url)?;
        let seconds = |name: &str, value: f64| {
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
        };
        if !(10..=5000).contains(&self.page) {
            return Err(wrong("page", "it is out of range", "write 10 to 5000"));
        }
        if !(1..=20).contains(&self.tries) {
            return Err(wrong("tries", "it is out of range", "write 1 to 20"));
        }
        if self.largest_message_bytes == 0 {
            return Err(wrong(
                "largest-message-bytes",
                "nothing could be received",
                "leave it out",
            ));
        }
        if !(1..=MOST_CHUNK).contains(&self.chunk_bytes) {
            return Err(wrong(
                "chunk-bytes",
                "it is out of range",
                &format!("write at most {MOST_CHUNK}"),
            ));
        }
        Ok(Options {
            base,
            is_local,
            credentials: Credentials {
                mailbox: self.mailbox.clone(),
                password: secret("password", &self.password_env, &self.password_file)?,
                shared_key: secret("shared-key", &self.shared_key_env, &self.shared_key_file)?,
            },
            identity: self.identity()?,
            authorities: self
                .authority_file
                .as_ref()
                .map(|path| read("authority-file", path))
                .transpose()?,
            routes: Routes::new(&self.routes)?,
            poll: seconds("poll-seconds", self.poll_seconds)?,
            timeout: seconds("timeout-seconds", self.timeout_seconds)?,
            page: self.page,
            tries: self.tries,
            longest_wait: seconds("longest-wait-seconds", self.longest_wait_seconds)?,
            first_wait: seconds("first-wait-seconds", self.first_wait_seconds)?,
            largest: self.largest_message_bytes,
            chunk: self.chunk_bytes,
        })
    }

    fn identity(&self) -> Result<Option<Secret>, Box<Issue>> {
        match (&self.certificate_file, &self.certificate_key_file) {
            (None, None) => Ok(None),
            (Some(certificate), Some(key)) => {
                let mut pem = read("certificate-file", certificate)?;
                pem.push(b'\n');
                pem.extend(read("certificate-key-file", key)?);
                let text = String::from_utf8(pem).map_err(|_| {
                    wrong(
                        "certificate-file",
                        "it is not PEM",
                        "give certificate and key as PEM",
                    )
                })?;
                Ok(Some(Secret::new(text)))
            }
            _ => Err(wrong(
                "certificate-file",
                "a certificate needs its key, and a key its certificate",
                "set certificate-file and certificate-key-file, or neither",
            )),
        }
    }
}

fn base(text: &str) -> Result<(Url, bool), Box<Issue>> {
    let parsed = Url::parse(text.trim_end_matches('/')).map_err(|_| {
        wrong(
            "url",
            "it is no absolute url",
            "write https://…/messageexchange",
        )
    })?;
    let is_local = match parsed.host_str() {
        Some("localhost") => true,
        Some(host) => host
            .trim_matches(['[', ']'])
            .parse::<std::net::IpAddr>()
            .is_ok_and(|address| address.is_loopback()),
        None => return Err(wrong("url", "it names no host", "write https://…")),
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
            "give the base of the service and nothing more",
        ));
    }
    Ok((parsed, is_local))
}

fn secret(
    name: &str,
    variable: &Option<String>,
    file: &Option<PathBuf>,
) -> Result<Secret, Box<Issue>> {
    let setting = format!("{name}-env");
    let text = match (variable, file) {
        (Some(variable), None) => std::env::var(variable).map_err(|_| {
            wrong(
                &setting,
                &format!("the environment variable {variable} is not set"),
                "set it where the server is started",
            )
        })?,
        (None, Some(file)) => String::from_utf8(read(&format!("{name}-file"), file)?)
            .map_err(|_| wrong(&format!("{name}-file"), "it is no text", "write it again"))?,
        _ => {
            return Err(wrong(
                &setting,
                "it must come from one place",
                &format!("set {name}-env or {name}-file, and not both"),
            ));
        }
    };
    // An editor's line end at the end of the file is no part of the secret.
    let text = text.trim_end_matches(['\n', '\r']);
    if text.is_empty() {
        return Err(wrong(
            &setting,
            "it is empty",
            "write what the service gave you",
        ));
    }
    Ok(Secret::new(text))
}

fn read(setting: &str, path: &PathBuf) -> Result<Vec<u8>, Box<Issue>> {
    std::fs::read(path).map_err(|error| {
        wrong(
            setting,
            &format!("{} cannot be read: {error}", path.display()),
            "name a file that the server may read",
        )
    })
}

pub(crate) fn wrong(setting: &str, why: &str, mend: &str) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::SETTINGS,
            IssueType::Value,
            format!("the setting {setting} of the MESH mailbox cannot be used: {why}"),
        )
        .help(mend.to_owned()),
    )
}
