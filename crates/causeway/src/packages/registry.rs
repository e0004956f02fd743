//! Fetching packages from a FHIR NPM registry
//! (<https://confluence.hl7.org/display/FHIR/NPM+Package+Specification>, package registries).

use std::cell::Cell;
use std::io::Write as _;
use std::time::Duration;

use definitions::{MAX_TGZ, Package, PackageFolder, Wanted, codes};
use diagnostics::{Issue, IssueType};
use reqwest::{Client, Response, Url};
use serde_json::Value;
use sha1::Sha1;
use sha2::{Digest as _, Sha256, Sha512};

use crate::exit::Failure;

/// The largest list of versions that is read.
const MAX_LISTING: u64 = 16 << 20;
const CONNECT: Duration = Duration::from_secs(10);
/// For a listing as a whole, and between two parts of a package.
const PATIENCE: Duration = Duration::from_secs(30);
/// For one package as a whole.
const WHOLE: Duration = Duration::from_secs(600);

/// A registry.
pub struct Registry {
    url: String,
    client: Client,
    runtime: tokio::runtime::Runtime,
    /// Set once it could not be reached: a second attempt would only wait again.
    unreachable: Cell<bool>,
}

impl Registry {
    /// A registry by its address. Nothing is asked of it yet.
    pub fn new(url: &str) -> Result<Self, Failure> {
        let parsed = Url::parse(url)
            .ok()
            .filter(|url| matches!(url.scheme(), "https" | "http") && url.has_host());
        if parsed.is_none() {
            return Err(Failure::usage(format!(
                "{url} is no address of a registry: give one such as {}",
                super::settings::PUBLIC_REGISTRY
            )));
        }
        let client = Client::builder()
            .connect_timeout(CONNECT)
            .read_timeout(PATIENCE)
            .timeout(WHOLE)
            .https_only(url.starts_with("https:"))
            .user_agent(concat!("causeway/", env!("CARGO_PKG_VERSION")))
            .build()
            .map_err(Failure::failed)?;
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            client,
            runtime: tokio::runtime::Runtime::new().map_err(Failure::failed)?,
            unreachable: Cell::new(false),
        })
    }

    /// Its address.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Downloads a package and installs it.
    pub fn fetch(
        &self,
        name: &str,
        wanted: &Wanted,
        folder: &PackageFolder,
    ) -> Result<Package, Box<Issue>> {
        if matches!(wanted, Wanted::Exact(version) if version == "current" || version == "dev") {
            return Err(self.failed(
                &format!(
                    "{name}@{wanted} is a build that is still changing, which registries do not have"
                ),
                "download its package.tgz from its build server, and add that file",
            ));
        }
        if self.unreachable.get() {
            return Err(self.failed(
                &format!("{name}@{wanted} was not asked for, because it cannot be reached"),
                "try again when it can, or give the package's .tgz",
            ));
        }
        let (file, version) = self.runtime.block_on(self.download(name, wanted))?;
        folder.install_if(file.path(), |id| {
            if id.name == name && id.version == version {
                return Ok(());
            }
            Err(Box::new(
                Issue::error(
                    codes::INTEGRITY,
                    IssueType::Conflict,
                    format!(
                        "the registry {} gave {id} when it was asked for {name}#{version}",
                        self.url
                    ),
                )
                .help("tell whoever runs the registry, or fetch the package from another"),
            ))
        })
    }

    async fn download(
        &self,
        name: &str,
        wanted: &Wanted,
    ) -> Result<(tempfile::NamedTempFile, String), Box<Issue>> {
        let listing = self.get(&format!("{}/{name}", self.url), name).await?;
        let listing = self.body(listing, MAX_LISTING, name).await?;
        let listing: Value = serde_json::from_slice(&listing).map_err(|_| {
            self.failed(
                &format!("its answer about {name} is not JSON"),
                "check the registry's address",
            )
        })?;
        let versions = listing.get("versions").and_then(Value::as_object);
        let tag = |tag: &str| listing.get("dist-tags")?.get(tag)?.as_str();
        let there = || {
            versions
                .into_iter()
                .flat_map(|all| all.keys())
                .map(String::as_str)
        };
        let version = match wanted {
            Wanted::Latest => tag("latest").or_else(|| wanted.choose(there())),
            // Anything else that is no version may be one of the registry's own tags.
            Wanted::Exact(exact) => wanted.choose(there()).or_else(|| tag(exact)),
            Wanted::Within(_) => wanted.choose(there()),
        };
        let entry = version.and_then(|version| versions?.get(version));
        let (Some(version), Some(entry)) = (version, entry) else {
            let all: Vec<&str> = there().collect();
            return Err(self.failed(
                &format!("it has no {name}@{wanted}"),
                &format!("ask for one that it has: {}", last_of(&all)),
            ));
        };
        let dist = entry.get("dist");
        let text = |member: &str| dist?.get(member)?.as_str();
        let address = text("tarball")
            .filter(|address| Url::parse(address).is_ok())
            .map_or_else(|| format!("{}/{name}/{version}", self.url), str::to_owned);
        let mut file = tempfile::Builder::new()
            .suffix(".tgz")
            .tempfile()
            .map_err(|error| self.failed(&format!("no temporary file: {error}"), "make room"))?;
        let mut response = self.get(&address, name).await?;
        let mut hashes = Hashes::default();
        let mut length = 0u64;
        while let Some(part) = response.chunk().await.map_err(|error| self.lost(&error))? {
            length += part.len() as u64;
            if length > MAX_TGZ {
                return Err(self.failed(
                    &format!("{name}@{version} is larger than {MAX_TGZ} bytes"),
                    "a FHIR package is never as large; check the registry's address",
                ));
            }
            hashes.update(&part);
            file.write_all(&part).map_err(|error| {
                self.failed(&format!("it cannot be kept: {error}"), "make room")
            })?;
        }
        file.flush()
            .map_err(|error| self.failed(&format!("it cannot be kept: {error}"), "make room"))?;
        if !hashes.fit(text("integrity"), text("shasum")) {
            return Err(Box::new(
                Issue::error(
                    codes::INTEGRITY,
                    IssueType::Conflict,
                    format!(
                        "{name}@{version} was refused: what was downloaded is not what the registry \
                         {} says it has",
                        self.url
                    ),
                )
                .help("try again; if it happens twice, somebody changes it on the way"),
            ));
        }
        Ok((file, version.to_owned()))
    }

    async fn get(&self, address: &str, name: &str) -> Result<Response, Box<Issue>> {
        let response = self
            .client
            .get(address)
            .send()
            .await
            .map_err(|error| self.lost(&error))?;
        let status = response.status();
        if status.as_u16() == 404 {
            return Err(self.failed(
                &format!("it has no package {name}"),
                "check the name, name another registry with --registry, or give the .tgz",
            ));
        }
        if !status.is_success() {
            return Err(self.failed(
                &format!("it answered {status} about {name}"),
                "try again later, or give the package's .tgz",
            ));
        }
        Ok(response)
    }

    async fn body(
        &self,
        mut response: Response,
        most: u64,
        name: &str,
    ) -> Result<Vec<u8>, Box<Issue>> {
        let mut body = Vec::new();
        while let Some(part) = response.chunk().await.map_err(|error| self.lost(&error))? {
            body.extend_from_slice(&part);
            if body.len() as u64 > most {
                return Err(self.failed(
                    &format!("its answer about {name} has no end"),
                    "check the registry's address",
                ));
            }
        }
        Ok(body)
    }

    /// The connection failed, or took too long.
    fn lost(&self, error: &reqwest::Error) -> Box<Issue> {
        self.unreachable
            .set(error.is_connect() || error.is_timeout());
        // The chain of causes says what the outermost error leaves out.
        let mut words = error.to_string();
        let mut cause = std::error::Error::source(error);
        while let Some(inner) = cause {
            words = inner.to_string();
            cause = inner.source();
        }
        self.failed(
            &format!("it cannot be reached: {words}"),
            "check the network and its proxy (HTTPS_PROXY), or give the package's .tgz",
        )
    }

    fn failed(&self, what: &str, help: &str) -> Box<Issue> {
        Box::new(
            Issue::error(
                codes::REGISTRY,
                IssueType::Processing,
                format!("the registry {}: {what}", self.url),
            )
            .help(help),
        )
    }
}

/// The last few versions that there are.
fn last_of(all: &[&str]) -> String {
    let mut all = all.to_vec();
    all.sort_by(|one, other| definitions::newer(one, other));
    let first = all.len().saturating_sub(5);
    match all.get(first..) {
        Some(last) if !last.is_empty() => last.join(", "),
        _ => "it has none".to_owned(),
    }
}

/// What a registry may say of the bytes of a package.
#[derive(Default)]
struct Hashes {
    sha1: Sha1,
    sha256: Sha256,
    sha512: Sha512,
}

impl Hashes {
    fn update(&mut self, part: &[u8]) {
        self.sha1.update(part);
        self.sha256.update(part);
        self.sha512.update(part);
    }

    /// Whether the bytes are those that `integrity` (`sha512-…` in base64) or, where that says
    /// nothing that is understood, `shasum` (SHA-1 in hexadecimal) speak of. A registry may give
    /// neither.
    fn fit(self, integrity: Option<&str>, shasum: Option<&str>) -> bool {
        use base64::Engine as _;
        let encode = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
        let known: Vec<(&str, &str)> = integrity
            .unwrap_or_default()
            .split_whitespace()
            .filter_map(|one| one.split_once('-'))
            .filter(|(kind, _)| matches!(*kind, "sha512" | "sha256"))
            .collect();
        let (sha256, sha512) = (self.sha256.finalize(), self.sha512.finalize());
        if !known.is_empty() {
            return known.iter().any(|(kind, value)| {
                let own = if *kind == "sha512" {
                    encode(&sha512)
                } else {
                    encode(&sha256)
                };
                own == *value
            });
        }
        let Some(shasum) = shasum.map(str::trim).filter(|text| !text.is_empty()) else {
            return true;
        };
        let own: String = self
            .sha1
            .finalize()
            .iter()
            .map(|byte| format!("{byte:02x}"))
            .collect();
        own.eq_ignore_ascii_case(shasum)
    }
}
