//! `causeway serve` with a configuration of the test's own.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use super::binary::{binary, root};
use super::demo::client;

/// A running server, which ends with the value.
pub struct Server {
    process: Child,
    /// The address of the FHIR API.
    pub base: String,
}

/// A port that was free a moment ago.
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0")
        .and_then(|listener| listener.local_addr())
        .expect("a free port")
        .port()
}

impl Server {
    /// Starts `causeway serve` and waits until `_ping` answers.
    pub fn start(config: &std::path::Path, port: u16) -> Self {
        let mut process = Command::new(binary())
            .arg("serve")
            .arg("--config")
            .arg(config)
            .current_dir(root())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the server starts");
        let ping = format!("http://127.0.0.1:{port}/_ping");
        let client = client();
        let begun = Instant::now();
        while client.get(&ping).send().is_err() {
            assert!(
                process.try_wait().expect("asked").is_none(),
                "the server ended"
            );
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "the server is not ready"
            );
            std::thread::sleep(Duration::from_millis(50));
        }
        Self {
            process,
            base: format!("http://127.0.0.1:{port}/fhir/R4"),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}
