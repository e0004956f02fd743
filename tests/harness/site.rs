//! A site of the tests' own: an issuer in this process, a configuration, and `causeway serve` over it,
//! started, killed and started again.

use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use demo_issuer::Issuer;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::Value;
use tempfile::TempDir;

use super::binary::{Finished, binary, root};
use super::demo::{Reply, client};
use super::server::free_port;

/// The audience of every token here.
const AUDIENCE: &str = "causeway-tests";

/// A folder with a configuration, and an issuer.
pub struct Site {
    /// Holds `causeway.toml`, `data` and the logs.
    pub folder: TempDir,
    issuer: Issuer,
    runtime: tokio::runtime::Runtime,
    /// Where the server listens.
    pub port: u16,
    /// A client over loopback.
    pub client: Client,
    store: String,
    /// What stands under `[submissions]`.
    settings: String,
    /// Variables that every process gets.
    environment: Vec<(String, String)>,
}

/// A running server, killed when it is dropped.
pub struct Process {
    child: Child,
    log: PathBuf,
}

impl Site {
    /// A site over the embedded store.
    pub fn new() -> Self {
        Self::over("folder = \"data\"\n")
    }

    /// A site over a store, as `[store]` names it.
    pub fn over(store: &str) -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let runtime = tokio::runtime::Builder::new_multi_thread()
            .worker_threads(1)
            .enable_all()
            .build()
            .expect("a runtime");
        let issuer = runtime
            .block_on(Issuer::start(0, AUDIENCE, Vec::new()))
            .expect("an issuer");
        std::fs::write(folder.path().join("id-secret"), [7_u8; 32]).expect("a secret");
        let site = Self {
            folder,
            issuer,
            runtime,
            port: free_port(),
            client: client(),
            store: store.to_owned(),
            settings: String::new(),
            environment: Vec::new(),
        };
        site.write();
        site
    }

    /// The same with lines under `[submissions]`.
    pub fn with(mut self, settings: &str) -> Self {
        self.settings = settings.to_owned();
        self.write();
        self
    }

    /// The same with a variable for every process.
    pub fn environment(mut self, name: &str, value: &str) -> Self {
        self.environment.push((name.to_owned(), value.to_owned()));
        self
    }

    /// A path in the site's folder.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The configuration.
    pub fn config(&self) -> PathBuf {
        self.path("causeway.toml")
    }

    fn write(&self) {
        let port = self.port;
        std::fs::write(self.config(), self.text(port)).expect("a configuration");
    }

    /// A second configuration for another process over the same store.
    pub fn second(&self, port: u16) -> PathBuf {
        let path = self.path(&format!("causeway-{port}.toml"));
        std::fs::write(&path, self.text(port)).expect("a configuration");
        path
    }

    fn text(&self, port: u16) -> String {
        let (issuer, store, settings) = (self.issuer.url(), &self.store, &self.settings);
        format!(
            r#"
[server]
listen = "127.0.0.1:{port}"
base = "http://127.0.0.1:{port}/fhir/R4"
mode = "test"

[store]
{store}id-secret-file = "id-secret"

[submissions]
{settings}

[auth]
issuer = "{issuer}"
audience = "{AUDIENCE}"

[[auth.clients]]
id = "gp"
organisation = "Y12345"

[[auth.clients]]
id = "council"
organisation = "ZZ001"
tenant = "council"

[[auth.clients]]
id = "home"
organisation = "ZZ002"
tenant = "home"

[[access.tenants]]
name = "council"
organisation = "ZZ001"

[[access.tenants]]
name = "home"
organisation = "ZZ002"

[[access.agreements]]
consumer = "Y12345"
provider = "ZZ001"
from = "2026-01-01"

[[organisations]]
ods = "ZZ001"
name = "Sampleshire Council"
phone = "01632 960001"
identifiers = {{ council = ["999"] }}

[[organisations]]
ods = "ZZ002"
name = "Pretend Lodge"
phone = "01632 960002"
identifiers = {{ ods = ["VZ999"], cqc-location = ["1-999000001"] }}
"#
        )
    }

    /// Starts a server and waits until it answers.
    pub fn start(&self) -> Process {
        self.start_with(&[])
    }

    /// The same with variables of the environment.
    pub fn start_with(&self, environment: &[(&str, &str)]) -> Process {
        let mut process = self.spawn(&self.config(), environment);
        assert!(
            self.wait_until_up(&mut process, self.port),
            "the server ended: {}",
            process.log()
        );
        process
    }

    /// Starts a server with a configuration and does not wait.
    pub fn spawn(&self, config: &Path, environment: &[(&str, &str)]) -> Process {
        let log = self.path(&format!("log-{}", uuid::Uuid::new_v4()));
        let child = Command::new(binary())
            .arg("serve")
            .arg("--config")
            .arg(config)
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .envs(environment.iter().copied())
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(std::fs::File::create(&log).expect("a log"))
            .spawn()
            .expect("the server starts");
        Process { child, log }
    }

    /// Waits until a server answers; `false` when it ended instead.
    pub fn wait_until_up(&self, process: &mut Process, port: u16) -> bool {
        let ping = format!("http://127.0.0.1:{port}/_ping");
        let begun = Instant::now();
        loop {
            if self.client.get(&ping).send().is_ok() {
                return true;
            }
            if process.ended() {
                return false;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(120),
                "the server is not ready: {}",
                process.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// A token of a client: `council`, `home`, `gp`.
    pub fn token(&self, client: &str) -> String {
        let scope = match client {
            "gp" => "system/*.rs",
            _ => "system/*.cruds",
        };
        self.issuer
            .mint(client, scope, Duration::from_secs(12 * 3600))
    }

    /// The address below the root.
    pub fn url(&self, path: &str) -> String {
        match path.starts_with("http") {
            true => path.to_owned(),
            false => format!("http://127.0.0.1:{}{path}", self.port),
        }
    }

    /// A request as a client.
    pub fn request(&self, method: &str, client: &str, path: &str) -> RequestBuilder {
        let method = method.parse().expect("a method");
        let request = self.client.request(method, self.url(path));
        match client {
            "" => request,
            client => request.bearer_auth(self.token(client)),
        }
    }

    /// GET as JSON.
    pub fn get(&self, client: &str, path: &str) -> Reply {
        self.get_as(client, path, "application/json")
    }

    /// GET in a form.
    pub fn get_as(&self, client: &str, path: &str, accept: &str) -> Reply {
        reply(
            self.request("GET", client, path)
                .header("Accept", accept)
                .send()
                .expect("an answer"),
        )
    }

    /// POST without a body.
    pub fn post(&self, client: &str, path: &str) -> Reply {
        reply(
            self.request("POST", client, path)
                .header("Accept", "application/json")
                .send()
                .expect("an answer"),
        )
    }

    /// Sends a file of the council as source `cld-r1`.
    pub fn send(&self, body: impl Into<Vec<u8>>, id: &str) -> Reply {
        self.send_as("council", "cld-r1", body, id)
    }

    /// Sends a file.
    pub fn send_as(&self, client: &str, source: &str, body: impl Into<Vec<u8>>, id: &str) -> Reply {
        reply(
            self.request("POST", client, &format!("/submissions?source={source}"))
                .header("X-Request-ID", id)
                .header("Content-Type", "text/csv")
                .body(body.into())
                .send()
                .expect("an answer"),
        )
    }

    /// Sends a file, waits for its end, and gives its report.
    pub fn submitted(&self, body: impl Into<Vec<u8>>) -> Value {
        let sent = self.send(body, &uuid::Uuid::new_v4().to_string());
        assert_eq!(sent.status, 202, "{}", sent.body);
        self.waited("council", sent.header("location").expect("a location"))
    }

    /// Waits until nothing more happens to a submission by itself.
    pub fn waited(&self, client: &str, location: &str) -> Value {
        let begun = Instant::now();
        loop {
            let found = self.get(client, location);
            assert_eq!(found.status, 200, "{location}: {}", found.body);
            let report = found.json();
            let state = report["state"].as_str().expect("a state");
            let busy = report["job"].is_object();
            if !busy && !matches!(state, "received" | "archived" | "reading" | "stored") {
                return report;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(180),
                "{location} does not end: {report}"
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    /// Runs a command over the site's configuration.
    pub fn command(&self, arguments: &[&str]) -> Finished {
        Command::new(binary())
            .args(arguments)
            .arg("--config")
            .arg(self.config())
            .envs(self.environment.iter().map(|(name, value)| (name, value)))
            .current_dir(self.folder.path())
            .stdin(Stdio::null())
            .output()
            .expect("the binary starts")
            .into()
    }

    /// The runtime that the issuer runs on.
    pub fn runtime(&self) -> &tokio::runtime::Runtime {
        &self.runtime
    }
}

/// An answer, read whole.
pub fn reply(answer: Response) -> Reply {
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

impl Process {
    /// Its process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// Whether it has ended.
    pub fn ended(&mut self) -> bool {
        self.child.try_wait().expect("asked").is_some()
    }

    /// Ends it as a power cut would.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// Asks it to end (SIGTERM), and waits for it. Its exit code.
    #[cfg(unix)]
    pub fn terminate(&mut self) -> Option<i32> {
        Command::new("kill")
            .args(["-TERM", &self.child.id().to_string()])
            .status()
            .expect("kill runs");
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().expect("asked") {
                return status.code();
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "the server does not end: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(10));
        }
    }

    /// What it logged.
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}
