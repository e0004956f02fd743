//! `causeway demo` as a server under test.

use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use reqwest::blocking::Client;
use serde_json::Value;
use tempfile::TempDir;

use super::binary::{binary, root};

/// A running demo, which ends with the value.
pub struct Demo {
    process: Child,
    /// Its folder: holds `info.json` and `data`.
    pub folder: TempDir,
    /// What it wrote to `--info`.
    pub info: Value,
    client: Client,
}

/// An answer.
#[derive(Debug)]
pub struct Reply {
    /// The HTTP status.
    pub status: u16,
    /// The headers, their names in lower case.
    pub headers: Vec<(String, String)>,
    /// The body.
    pub body: String,
}

impl Reply {
    /// The body as JSON.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap_or_else(|error| panic!("{error}: {}", self.body))
    }

    /// A header by its lower-case name.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers
            .iter()
            .find(|(key, _)| key == name)
            .map(|(_, value)| value.as_str())
    }
}

/// A client over loopback.
pub fn client() -> Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    Client::builder()
        .timeout(Duration::from_secs(60))
        .no_proxy()
        .build()
        .expect("a client")
}

impl Demo {
    /// Starts the demo on a free port and waits until it is ready.
    pub fn start() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let info = folder.path().join("info.json");
        let mut process = Command::new(binary())
            .arg("demo")
            .args(["--port", "0", "--info"])
            .arg(&info)
            .arg("--data")
            .arg(folder.path().join("data"))
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("err")).expect("a file"))
            .spawn()
            .expect("the demo starts");
        let begun = Instant::now();
        let info = loop {
            if let Ok(text) = std::fs::read_to_string(&info)
                && let Ok(info) = serde_json::from_str(&text)
            {
                break info;
            }
            let ended = process.try_wait().expect("the demo can be asked");
            let err = || std::fs::read_to_string(folder.path().join("err")).unwrap_or_default();
            assert!(ended.is_none(), "the demo ended: {}", err());
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "the demo is not ready: {}",
                err()
            );
            std::thread::sleep(Duration::from_millis(50));
        };
        Self {
            process,
            folder,
            info,
            client: client(),
        }
    }

    /// Ends the process, so that its data can be used by another.
    pub fn stop(&mut self) {
        self.process.kill().expect("the demo can be ended");
        self.process.wait().expect("the demo ends");
    }

    /// The address of the FHIR API.
    pub fn base(&self) -> &str {
        self.info["base"].as_str().expect("info has base")
    }

    /// The token of a role: `gp` or `provider`.
    pub fn token(&self, role: &str) -> &str {
        self.info["tokens"][role]
            .as_str()
            .expect("info has the token")
    }

    /// The NHS number that the info names.
    pub fn nhs_number(&self) -> &str {
        self.info["nhsNumber"].as_str().expect("info has nhsNumber")
    }

    /// GET below the base as a role; an empty role sends no token.
    pub fn get(&self, role: &str, path: &str) -> Reply {
        self.get_with(role, path, &[])
    }

    /// GET with more headers.
    pub fn get_with(&self, role: &str, path: &str, headers: &[(&str, &str)]) -> Reply {
        let url = if path.starts_with("http") {
            path.to_owned()
        } else {
            format!("{}{path}", self.base())
        };
        let mut request = self.client.get(url);
        if !headers
            .iter()
            .any(|(name, _)| name.eq_ignore_ascii_case("accept"))
        {
            request = request.header("Accept", "application/fhir+json");
        }
        if !role.is_empty() {
            request = request.bearer_auth(self.token(role));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        let answer = request.send().expect("the demo answers");
        Reply {
            status: answer.status().as_u16(),
            headers: answer
                .headers()
                .iter()
                .map(|(name, value)| {
                    (
                        name.to_string(),
                        String::from_utf8_lossy(value.as_bytes()).into_owned(),
                    )
                })
                .collect(),
            body: answer.text().expect("the body is text"),
        }
    }
}

impl Drop for Demo {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
