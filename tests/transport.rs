//! Files that come by a watched folder and by MESH, through the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod harness;
// The sandbox is started as in the MESH client's own tests, which need more of it.
#[allow(dead_code)]
#[path = "../crates/mesh/tests/mailbox/sandbox/peer.rs"]
mod peer;

use std::fs;
use std::time::{Duration, Instant};

use harness::{Process, Site, first_sample};
use peer::{Line, Sandbox};
use serde_json::Value;

/// Adds lines to a site's configuration.
fn add(site: &Site, lines: &str) {
    let text = fs::read_to_string(site.config()).unwrap();
    fs::write(site.config(), text + lines).unwrap();
}

fn until(what: &str, mut is_so: impl FnMut() -> bool) {
    let begun = Instant::now();
    while !is_so() {
        assert!(begun.elapsed() < Duration::from_secs(120), "{what}");
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// The submissions of the council, once there are some and all are reported.
fn reported(site: &Site) -> Vec<Value> {
    let mut all = Vec::new();
    until("reported", || {
        let found = site.get("council", "/submissions");
        assert_eq!(found.status, 200, "{}", found.body);
        all = found.json()["submissions"].as_array().unwrap().clone();
        !all.is_empty() && all.iter().all(|one| one["state"] == "reported")
    });
    all
}

const FOLDER: &str = r#"
[[folder]]
path = "drop"
poll-seconds = 0.05

[[folder.sources]]
organisation = "ZZ001"
source = "cld-r1"
"#;

fn put(site: &Site, name: &str) {
    let inbox = site.path("drop").join("inbox").join("cld-r1");
    fs::create_dir_all(&inbox).unwrap();
    fs::copy(first_sample("cld-r1"), inbox.join(name)).unwrap();
    fs::write(inbox.join(format!("{name}.done")), "").unwrap();
}

fn count(site: &Site, place: &str) -> usize {
    let folder = site.path("drop").join(place).join("cld-r1");
    fs::read_dir(folder).map_or(0, Iterator::count)
}

#[test]
fn a_file_in_the_folder_is_read_and_reported() {
    let site = Site::new();
    add(&site, FOLDER);
    let mut server = site.start();
    put(&site, "Wendy Testperson.csv");
    until("done", || count(&site, "done") == 1);
    let all = reported(&site);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["way"], "folder");
    assert_eq!(all[0]["source"], "cld-r1");
    assert_eq!(all[0]["counts"]["records"], 19);
    // CS-22: the name of a file is the sender's.
    assert!(!server.log().contains("Wendy"), "{}", server.log());
    server.kill();
}

#[test]
fn f01_a_server_that_ends_while_it_takes_a_file_takes_it_once() {
    for point in ["accept.before", "accept.after"] {
        let site = Site::new();
        add(&site, FOLDER);
        put(&site, "export.csv");
        let mut server = site.spawn(&site.config(), &[("CAUSEWAY_KILL_AT", point)]);
        until("ended", || server.ended());
        assert_eq!(count(&site, "processing"), 1, "{}", server.log());
        let mut server = site.start();
        until("done", || count(&site, "done") == 1);
        assert_eq!(reported(&site).len(), 1, "{point}");
        assert_eq!(count(&site, "processing"), 0);
        server.kill();
    }
}

/// A site with a mailbox of the sandbox.
fn with_mailbox(site: &Site, sandbox: &Sandbox) {
    for secret in ["password", "shared-key"] {
        fs::copy(sandbox.folder.path().join(secret), site.path(secret)).unwrap();
    }
    add(
        site,
        &format!(
            r#"
[[mesh]]
url = "{}/messageexchange"
mailbox = "X26ABC2"
password-file = "password"
shared-key-file = "shared-key"
poll-seconds = 0.1

[[mesh.routes]]
workflow = "TEST_WORKFLOW"
from = "X26ABC1"
organisation = "ZZ001"
source = "cld-r1"
"#,
            sandbox.origin
        ),
    );
}

/// Sends the sample in two parts; the message's id.
fn send(site: &Site, sandbox: &Sandbox, workflow: &str) -> String {
    let content = fs::read(first_sample("cld-r1")).unwrap();
    let (first, second) = content.split_at(1000);
    let head = [
        ("mex-to", "X26ABC2"),
        ("mex-workflowid", workflow),
        ("mex-localid", "export-1"),
        ("mex-filename", "Wendy Testperson.csv"),
    ];
    let parts = [(1, first), (2, second)];
    site.runtime().block_on(sandbox.send_raw(&head, 2, &parts))
}

fn status(site: &Site, sandbox: &Sandbox, id: &str) -> String {
    site.runtime().block_on(sandbox.status(id))
}

#[test]
fn a_message_is_read_reported_and_acknowledged_and_one_without_a_route_is_left() {
    let site = Site::new();
    let Some(sandbox) = site.runtime().block_on(Sandbox::start(Line::Plain)) else {
        return;
    };
    with_mailbox(&site, &sandbox);
    let mut server = site.start();
    let other = send(&site, &sandbox, "TEST_WORKFLOW2");
    let id = send(&site, &sandbox, "TEST_WORKFLOW");
    until("acknowledged", || {
        status(&site, &sandbox, &id) == "Acknowledged"
    });
    let all = reported(&site);
    assert_eq!(all.len(), 1);
    assert_eq!(all[0]["way"], "mesh");
    assert_eq!(all[0]["counts"]["records"], 19);
    until("told", || server.log().contains(&other));
    assert_eq!(status(&site, &sandbox, &other), "Accepted");
    for secret in ["Wendy", "TestKey", "NHSMESH"] {
        assert!(!server.log().contains(secret), "{}", server.log());
    }
    server.kill();
}

#[test]
fn f06_a_server_that_ends_between_keeping_and_acknowledging_keeps_a_message_once() {
    let site = Site::new();
    let Some(sandbox) = site.runtime().block_on(Sandbox::start(Line::Plain)) else {
        return;
    };
    with_mailbox(&site, &sandbox);
    let id = send(&site, &sandbox, "TEST_WORKFLOW");
    for point in ["accept.before", "accept.after"] {
        let mut server: Process = site.spawn(&site.config(), &[("CAUSEWAY_KILL_AT", point)]);
        until("ended", || server.ended());
        assert_eq!(status(&site, &sandbox, &id), "Accepted", "{}", server.log());
    }
    let mut server = site.start();
    until("acknowledged", || {
        status(&site, &sandbox, &id) == "Acknowledged"
    });
    assert_eq!(reported(&site).len(), 1);
    server.kill();
}

#[test]
fn a_mailbox_or_folder_that_cannot_be_used_is_told_before_the_server_serves() {
    let site = Site::new();
    add(
        &site,
        &FOLDER.replace("source = \"cld-r1\"", "source = \"a b\""),
    );
    let mut server = site.spawn(&site.config(), &[]);
    until("ended", || server.ended());
    assert!(server.log().contains("watched folder"), "{}", server.log());
}
