//! A FHIR server that is not ours: HAPI FHIR's (`tests/foreign-fhir-server`), which refuses what
//! refers to something that it has not got, and deleting what is referred to.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::time::Duration;

use store::OutboxState;

use crate::site::{Site, observation, patient, record, stop};

struct Foreign {
    base: String,
    child: Child,
    _stdin: ChildStdin,
}

impl Drop for Foreign {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Foreign {
    /// `None`, said loudly, where it is not built.
    fn start() -> Option<Self> {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../target/foreign-fhir-server");
        let jar = folder.join("foreign-fhir-server-1.jar");
        if !jar.is_file() {
            let text = "the foreign FHIR server is missing: cargo xtask test --only peers";
            assert!(std::env::var_os("CI").is_none(), "{text}");
            eprintln!("SKIPPED: {text}");
            return None;
        }
        let path = format!("{}:{}/lib/*", jar.display(), folder.display());
        let mut child = Command::new("java")
            .args(["-Xmx256m", "-cp", &path, "uk.causeway.foreign.Main"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let stdin = child.stdin.take().unwrap();
        let mut line = String::new();
        BufReader::new(child.stdout.take().unwrap())
            .read_line(&mut line)
            .unwrap();
        let port = line.trim().strip_prefix("PORT ").unwrap();
        Some(Self {
            base: format!("http://127.0.0.1:{port}/fhir"),
            child,
            _stdin: stdin,
        })
    }

    async fn get(&self, place: &str) -> (u16, json::Value) {
        let response = reqwest::get(format!("{}/{place}", self.base))
            .await
            .unwrap();
        let status = response.status().as_u16();
        let body = response.bytes().await.unwrap();
        (status, json::parse(&body).unwrap())
    }

    /// Stops it where it is, or lets it go on: a server that takes connections and says nothing.
    fn signal(&self, signal: &str) {
        let done = Command::new("kill")
            .args([signal, &self.child.id().to_string()])
            .status();
        assert!(done.unwrap().success());
    }
}

/// The content without what each server says of its own version.
fn content(mut resource: json::Value) -> json::Value {
    let object = resource.as_object_mut().unwrap();
    object.remove("meta");
    object.sort_by_key(str::to_owned);
    resource
}

async fn same(site: &Site, foreign: &Foreign, place: &str) {
    let (status, there) = foreign.get(place).await;
    let ours = json::parse(&site.stored(place).await).unwrap();
    assert_eq!((status, content(there)), (200, content(ours)), "{place}");
}

#[tokio::test]
async fn f10_a_foreign_fhir_server_has_what_is_stored_through_an_outage() {
    let Some(foreign) = Foreign::start() else {
        return;
    };
    let mut site = Site::new().await;
    site.settings.base.clone_from(&foreign.base);
    site.settings.if_match = true;
    site.settings.timeout = Duration::from_secs(1);
    let people = ["p1", "p2", "p3"];
    for id in people {
        site.commit(record(id, "70.10", "2026-01-01")).await;
    }
    let delivery = site.start().await;
    site.settled().await;
    assert!(
        site.rows(OutboxState::Dead).await.is_empty(),
        "{:?}",
        site.rows(OutboxState::Dead).await
    );
    for id in people {
        for place in [
            format!("Patient/{id}"),
            format!("Encounter/e-{id}"),
            format!("Observation/w-{id}"),
        ] {
            same(&site, &foreign, &place).await;
        }
    }
    foreign.signal("-STOP");
    for value in 71..75 {
        for id in people {
            let as_of = format!("2026-01-{:02}", value - 60);
            site.commit(vec![
                observation(&format!("w-{id}"), id, &format!("{value}.50"), &as_of),
                patient(id, &format!("Family {value}"), &as_of),
            ])
            .await;
        }
        tokio::time::sleep(Duration::from_millis(700)).await;
    }
    site.retire(
        &[
            ("Observation", "w-p3"),
            ("Encounter", "e-p3"),
            ("Patient", "p3"),
        ],
        "2026-02-01",
    )
    .await;
    foreign.signal("-CONT");
    site.settled().await;
    stop(delivery).await;
    assert!(
        site.rows(OutboxState::Dead).await.is_empty(),
        "{:?}",
        site.rows(OutboxState::Dead).await
    );
    for place in [
        "Patient/p1",
        "Observation/w-p1",
        "Patient/p2",
        "Observation/w-p2",
    ] {
        same(&site, &foreign, place).await;
    }
    for place in ["Patient/p3", "Encounter/e-p3", "Observation/w-p3"] {
        assert_eq!(foreign.get(place).await.0, 410, "{place}");
    }
}
