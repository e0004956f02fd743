//! The MESH sandbox, run by Python.

use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use mesh::{MailboxId, Secret, Settings, authorization};
use reqwest::{Client, Method, RequestBuilder, Response};
use tempfile::TempDir;

/// A running sandbox, which ends with the value.
pub struct Sandbox {
    process: Child,
    /// Where the secrets and certificates are.
    pub folder: TempDir,
    pub origin: String,
    http: Client,
}

fn peer() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/mesh-sandbox")
}

fn python() -> Option<PathBuf> {
    let venv = peer().join("venv");
    if venv.join("installed.txt").exists() {
        return Some(venv.join("bin").join("python"));
    }
    let text = "the MESH sandbox is not installed: run `cargo xtask test --only peers`";
    assert!(std::env::var_os("CI").is_none(), "{text}");
    eprintln!("NOT RUN: {text}");
    None
}

/// What the sandbox is started with.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Line {
    Plain,
    /// TLS, and clients must have a certificate of the test's authority.
    Certificates,
}

impl Sandbox {
    /// Starts a sandbox of its own for a test. `None`, said loudly, where it is not installed; in
    /// continuous integration that is a failure.
    pub async fn start(line: Line) -> Option<Self> {
        let python = python()?;
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("password"), "password\n").unwrap();
        std::fs::write(folder.path().join("shared-key"), "TestKey").unwrap();
        let port = TcpListener::bind("127.0.0.1:0")
            .unwrap()
            .local_addr()
            .unwrap()
            .port();
        let mut command = Command::new(&python);
        command
            .args(["-m", "uvicorn", "mesh_sandbox.api:app"])
            .args(["--log-level", "warning", "--port", &port.to_string()])
            .env("AUTH_MODE", "full")
            .env("STORE_MODE", "memory")
            .env("SHARED_KEY", "TestKey")
            .current_dir(folder.path())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(folder.path().join("err")).unwrap());
        let mut scheme = "http";
        if line == Line::Certificates {
            scheme = "https";
            let made = Command::new(&python)
                .arg(peer().join("certificates.py"))
                .arg(folder.path())
                .status()
                .unwrap();
            assert!(made.success());
            command
                .args([
                    "--ssl-certfile",
                    "server.pem",
                    "--ssl-keyfile",
                    "server.key",
                ])
                .args(["--ssl-ca-certs", "authority.pem", "--ssl-cert-reqs", "2"]);
        }
        let mut process = command.spawn().unwrap();
        let begun = Instant::now();
        while std::net::TcpStream::connect(("127.0.0.1", port)).is_err() {
            let err = || std::fs::read_to_string(folder.path().join("err")).unwrap_or_default();
            let ended = process.try_wait().unwrap();
            assert!(ended.is_none(), "the sandbox ended: {}", err());
            let waited = begun.elapsed();
            assert!(waited < Duration::from_secs(120), "not ready: {}", err());
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let _ = rustls::crypto::ring::default_provider().install_default();
        Some(Self {
            process,
            folder,
            origin: format!("{scheme}://127.0.0.1:{port}"),
            http: Client::builder().no_proxy().build().unwrap(),
        })
    }

    /// The settings of a mailbox of the sandbox.
    pub fn settings(&self, mailbox: &str, more: &str) -> Settings {
        let text = format!(
            "url = \"{}/messageexchange\"\nmailbox = \"{mailbox}\"\n\
             password-file = \"password\"\nshared-key-file = \"shared-key\"\n\
             poll-seconds = 0.05\nfirst-wait-seconds = 0.02\n{more}\n\
             [[routes]]\nworkflow = \"TEST_WORKFLOW\"\nfrom = \"x26abc1\"\n\
             organisation = \"VM001\"\nsource = \"home\"\n",
            self.origin
        );
        let mut settings: Settings = toml::from_str(&text).unwrap();
        for file in settings.files_mut() {
            *file = self.folder.path().join(&*file);
        }
        settings
    }

    /// A request past our own client, signed for a mailbox.
    pub fn raw(&self, method: Method, mailbox: &str, path: &str) -> RequestBuilder {
        let value = authorization(
            &MailboxId::new(mailbox).unwrap(),
            &Secret::new("password"),
            &Secret::new("TestKey"),
            uuid::Uuid::new_v4(),
            0,
            jiff::Timestamp::now(),
        );
        let url = format!("{}/messageexchange/{mailbox}{path}", self.origin);
        self.http
            .request(method, url)
            .header("authorization", value)
    }

    /// Sends parts as they are, with any headers; the message's id.
    pub async fn send_raw(
        &self,
        headers: &[(&str, &str)],
        total: usize,
        parts: &[(usize, &[u8])],
    ) -> String {
        let mut id = String::new();
        for (number, part) in parts {
            let path = if id.is_empty() {
                "/outbox".to_owned()
            } else {
                format!("/outbox/{id}/{number}")
            };
            let mut request = self
                .raw(Method::POST, "X26ABC1", &path)
                .header("mex-chunk-range", format!("{number}:{total}"))
                .header("content-type", "application/octet-stream")
                .body(part.to_vec());
            for (name, value) in headers {
                request = request.header(*name, *value);
            }
            let response = request.send().await.unwrap();
            assert_eq!(response.status().as_u16(), 202, "{}", body(response).await);
            if id.is_empty() {
                let told: serde_json::Value = serde_json::from_str(&body(response).await).unwrap();
                id = told["messageID"].as_str().unwrap().to_owned();
            }
        }
        id
    }

    /// Puts a report into a mailbox.
    pub async fn report(&self, mailbox: &str, json: &str) {
        let url = format!("{}/messageexchange/admin/report", self.origin);
        let body = json.replace("MAILBOX", mailbox);
        let request = self
            .http
            .post(url)
            .header("content-type", "application/json");
        let response = request.body(body).send().await.unwrap();
        assert!(response.status().is_success());
    }

    /// What the sandbox itself says of a message.
    pub async fn status(&self, id: &str) -> String {
        let url = format!("{}/messageexchange/admin/message/{id}", self.origin);
        let response = self.http.get(url).send().await.unwrap();
        let told: serde_json::Value = serde_json::from_str(&body(response).await).unwrap();
        told["status"].as_str().unwrap().to_owned()
    }

    /// Runs the service's own client as another mailbox; what it printed.
    pub async fn foreign(&self, arguments: &[&str]) -> String {
        let output = tokio::process::Command::new(python().unwrap())
            .arg(peer().join("client.py"))
            .arg(&self.origin)
            .args(arguments)
            .output()
            .await
            .unwrap();
        let err = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{err}");
        String::from_utf8(output.stdout).unwrap()
    }
}

async fn body(response: Response) -> String {
    response.text().await.unwrap()
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
