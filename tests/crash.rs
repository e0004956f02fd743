//! F1: the real binary is ended as a power cut would end it, at every named place and at random
//! moments, started again, and compared with a run that nobody disturbed, byte for byte. F4 and F7 are
//! here too: the network breaks, and two processes share one store.
//!
//! `CAUSEWAY_CRASH_ROUNDS=1000` sets how many random moments there are.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use std::collections::BTreeMap;
use std::time::{Duration, Instant};

use harness::{Cut, Cutter, Process, Site, binary, free_port, reply};
use serde_json::Value;

/// A short lease, so that what a killed worker held is soon another's.
const SETTINGS: &str = "lease-seconds = 2\nthreads = 2\n";

/// How many random moments there are unless the environment says so.
const ROUNDS: u64 = 6;

/// The engines that there are here: SQLite always, PostgreSQL where it is installed.
fn engines() -> Vec<(&'static str, Site)> {
    let mut engines = vec![("SQLite", Site::new().with(SETTINGS))];
    if let Some(database) = postgres_peer::database() {
        engines.push(("PostgreSQL", postgres(&database)));
    }
    engines
}

fn postgres(database: &postgres_peer::Database) -> Site {
    // The owner makes the tables once; the server connects as who owns nothing.
    let site = Site::over("url-file = \"database-url\"\nowner-url-env = \"CAUSEWAY_TEST_OWNER\"\n")
        .with(SETTINGS)
        .environment("CAUSEWAY_TEST_OWNER", &database.owner_url);
    std::fs::write(site.path("database-url"), &database.url).unwrap();
    site
}

/// An export with some hundred records, a few of them untidy.
fn first() -> Vec<u8> {
    let mut out = Vec::new();
    samples::write(samples::Format::CldR1, &samples::Plan::new(40, 7), &mut out).unwrap();
    out
}

/// What the council sends then: a quarter later, some people fewer, some facts other.
fn second() -> Vec<u8> {
    let text = String::from_utf8_lossy(&first()).into_owned();
    let mut lines: Vec<String> = text.lines().map(str::to_owned).collect();
    let last = lines.len() - 3;
    lines.truncate(last);
    lines
        .iter()
        .map(|line| {
            format!("{line}\r\n")
                .replace("30/09/2026", "31/12/2026")
                .replace("2026-09-30", "2026-12-31")
                .replace("Progress to Assessment", "NFA - Information & Advice")
        })
        .collect::<String>()
        .into_bytes()
}

const FIRST: &str = "11111111-2222-4333-8444-000000000001";
const SECOND: &str = "11111111-2222-4333-8444-000000000002";

/// What is left of a run: every resource, every report, the quarantine. Ids of submissions and times
/// of the run are no part of it.
#[derive(Debug, PartialEq, Eq)]
struct Left {
    resources: BTreeMap<String, String>,
    reports: Vec<Value>,
    held: Vec<Value>,
}

fn left(site: &Site) -> Left {
    let metadata = site.get("", "/fhir/R4/metadata").json();
    let mut resources = BTreeMap::new();
    let list = site.get("council", "/submissions?_count=100").json();
    let mut ids = Vec::new();
    let mut reports = Vec::new();
    for one in list["submissions"].as_array().unwrap() {
        let id = one["id"].as_str().unwrap();
        ids.push(id.to_owned());
        let mut report = site.get("council", &format!("/submissions/{id}")).json();
        for name in ["id", "received", "links", "decisions"] {
            report.as_object_mut().unwrap().remove(name);
        }
        for waits in report["waits"].as_array_mut().unwrap() {
            waits.as_object_mut().unwrap().remove("number");
        }
        reports.push(report);
    }
    let plain = |text: String| {
        ids.iter().enumerate().fold(text, |text, (number, id)| {
            text.replace(id.as_str(), &format!("submission {number}"))
        })
    };
    for kind in metadata["rest"][0]["resource"].as_array().unwrap() {
        let kind = kind["type"].as_str().unwrap();
        let mut next = Some(format!("/fhir/R4/{kind}?_count=200"));
        while let Some(path) = next.take() {
            let page = site.get("council", &path).json();
            for entry in page["entry"].as_array().into_iter().flatten() {
                let mut resource = entry["resource"].clone();
                let key = format!("{kind}/{}", resource["id"].as_str().unwrap());
                resource["meta"]
                    .as_object_mut()
                    .unwrap()
                    .remove("lastUpdated");
                resources.insert(key, plain(resource.to_string()));
            }
            next = page["link"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|link| link["relation"] == "next")
                .map(|link| link["url"].as_str().unwrap().to_owned());
        }
    }
    let mut held: Vec<Value> = site
        .get("council", "/quarantine?open=false&_count=500")
        .json()["quarantine"]
        .as_array()
        .unwrap()
        .iter()
        .map(|row| {
            let mut row = row.clone();
            row.as_object_mut().unwrap().remove("number");
            serde_json::from_str(&plain(row.to_string())).unwrap()
        })
        .collect();
    held.sort_by_key(Value::to_string);
    Left {
        resources,
        reports,
        held,
    }
}

#[track_caller]
fn compare(what: &str, found: &Left, expected: &Left) {
    assert_eq!(found.reports, expected.reports, "{what}: the reports");
    assert_eq!(
        found.resources.keys().collect::<Vec<_>>(),
        expected.resources.keys().collect::<Vec<_>>(),
        "{what}: which resources"
    );
    for (key, resource) in &expected.resources {
        assert_eq!(&found.resources[key], resource, "{what}: {key}");
    }
    assert_eq!(found.held, expected.held, "{what}: the quarantine");
}

/// Sends a file until it is taken, starting the server again where it was ended.
fn deliver(site: &Site, server: &mut Process, body: &[u8], id: &str) -> String {
    let begun = Instant::now();
    loop {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{}",
            server.log()
        );
        let sent = site
            .request("POST", "council", "/submissions?source=cld-r1&file=q.csv")
            .header("X-Request-ID", id)
            .header("Content-Type", "text/csv")
            .body(body.to_vec())
            .send();
        if let Ok(answer) = sent
            && answer.status().as_u16() == 202
        {
            return answer.headers()["location"].to_str().unwrap().to_owned();
        }
        if server.ended() {
            *server = site.start();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Waits for the end of what is under way, starting the server again where it was ended.
fn settle(site: &Site, server: &mut Process, location: &str) {
    let begun = Instant::now();
    loop {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{}",
            server.log()
        );
        let asked = site
            .request("GET", "council", location)
            .header("Accept", "application/json")
            .send();
        if let Ok(answer) = asked
            && let Ok(report) = answer.json::<Value>()
        {
            let busy = report["job"].is_object();
            let state = report["state"].as_str().unwrap_or("archived");
            if !busy && !matches!(state, "received" | "archived" | "reading" | "stored") {
                return;
            }
        }
        if server.ended() {
            *server = site.start();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
}

/// Two files, and the second is taken back: everything that happens to a file.
fn life(site: &Site, server: Process) -> Left {
    let _server = lived(site, server);
    left(site)
}

/// The same up to its end, and the server that is there then.
fn lived(site: &Site, mut server: Process) -> Process {
    let one = deliver(site, &mut server, &first(), FIRST);
    settle(site, &mut server, &one);
    let two = deliver(site, &mut server, &second(), SECOND);
    settle(site, &mut server, &two);
    let begun = Instant::now();
    loop {
        assert!(
            begun.elapsed() < Duration::from_secs(120),
            "{}",
            server.log()
        );
        if let Ok(answer) = site
            .request("POST", "council", &format!("{two}/withdraw"))
            .send()
        {
            // 409: it was decided before the answer was lost.
            let status = answer.status().as_u16();
            assert!(matches!(status, 202 | 409), "{status}");
            break;
        }
        if server.ended() {
            server = site.start();
        }
        std::thread::sleep(Duration::from_millis(20));
    }
    settle(site, &mut server, &two);
    server
}

/// The server, or another where it has ended.
fn alive(site: &Site, mut server: Process) -> Process {
    match server.ended() {
        true => site.start(),
        false => server,
    }
}

fn site_like(name: &str) -> Site {
    match name {
        "SQLite" => Site::new().with(SETTINGS),
        _ => postgres(&postgres_peer::database().unwrap()),
    }
}

#[test]
fn f01_a_kill_at_every_named_place_changes_nothing() {
    for (engine, site) in engines() {
        let undisturbed = life(&site, site.start());
        assert!(undisturbed.resources.len() > 100);
        assert_eq!(undisturbed.reports.len(), 2);
        for point in submission::kill_point::POINTS {
            // What comes more than once in a file is also broken off the second time.
            let times: &[u32] = match point.starts_with("data") {
                true => &[1, 2],
                false => &[1],
            };
            for time in times {
                let at = format!("{point}:{time}");
                let site = site_like(engine);
                let server = site.start_with(&[("CAUSEWAY_KILL_AT", &at)]);
                let disturbed = life(&site, server);
                compare(
                    &format!("{engine}, killed at {at}"),
                    &disturbed,
                    &undisturbed,
                );
            }
        }
    }
}

#[test]
fn f01_a_kill_at_random_moments_changes_nothing() {
    let rounds: u64 = std::env::var("CAUSEWAY_CRASH_ROUNDS")
        .ok()
        .and_then(|rounds| rounds.parse().ok())
        .unwrap_or(ROUNDS);
    let mut random = samples::Rng::stream(20_261_122, "crash", 0);
    for (engine, site) in engines() {
        let begun = Instant::now();
        let _server = lived(&site, site.start());
        let long = u64::try_from(begun.elapsed().as_millis()).unwrap();
        let undisturbed = left(&site);
        for round in 0..rounds {
            let moment = random.below(long.max(1));
            let site = site_like(engine);
            let server = site.start();
            let id = server.id();
            let killer = std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(moment));
                let _ = std::process::Command::new("kill")
                    .args(["-KILL", &id.to_string()])
                    .stderr(std::process::Stdio::null())
                    .status();
            });
            let server = lived(&site, server);
            killer.join().unwrap();
            std::thread::sleep(Duration::from_millis(20));
            let _server = alive(&site, server);
            let disturbed = left(&site);
            compare(
                &format!("{engine}, round {round}, killed after {moment} ms"),
                &disturbed,
                &undisturbed,
            );
        }
    }
}

#[test]
fn f04_a_cut_network_makes_no_second_submission() {
    let site = Site::new().with(SETTINGS);
    let _server = site.start();
    let file = site.path("quarter.csv");
    std::fs::write(&file, first()).unwrap();
    let token = site.path("token");
    std::fs::write(&token, site.token("council")).unwrap();
    let cutter = Cutter::before(
        site.port,
        vec![Cut::Request(900), Cut::Answer, Cut::Request(20_000)],
    );
    let finished = std::process::Command::new(binary())
        .arg("submit")
        .arg(&file)
        .args(["--to", &format!("http://127.0.0.1:{}", cutter.port)])
        .args(["--source", "cld-r1", "--token-file"])
        .arg(&token)
        .output()
        .unwrap();
    let err = String::from_utf8_lossy(&finished.stderr);
    assert!(finished.status.success(), "{err}");
    assert!(err.contains("trying again"), "{err}");
    assert!(cutter.connections() >= 3, "{}", cutter.connections());
    let list = site.get("council", "/submissions").json();
    assert_eq!(list["submissions"].as_array().unwrap().len(), 1, "{list}");
}

#[test]
fn f07_two_processes_share_the_work_and_either_may_die() {
    for (engine, site) in engines() {
        let undisturbed = {
            let site = site_like(engine);
            life(&site, site.start())
        };
        let one = site.start();
        let port = free_port();
        let mut two = site.spawn(&site.second(port), &[]);
        assert!(
            site.wait_until_up(&mut two, port),
            "{engine}: {}",
            two.log()
        );
        let killer = {
            let id = one.id();
            std::thread::spawn(move || {
                std::thread::sleep(Duration::from_millis(700));
                let _ = std::process::Command::new("kill")
                    .args(["-KILL", &id.to_string()])
                    .status();
            })
        };
        let one = lived(&site, one);
        killer.join().unwrap();
        std::thread::sleep(Duration::from_millis(20));
        let _one = alive(&site, one);
        let disturbed = left(&site);
        compare(
            &format!("{engine}, two processes"),
            &disturbed,
            &undisturbed,
        );
        drop(two);
    }
}

#[cfg(unix)]
#[test]
fn a_server_that_is_asked_to_end_puts_its_job_back() {
    let site = Site::new().with("lease-seconds = 600\nthreads = 2\n");
    let undisturbed = {
        let site = Site::new().with(SETTINGS);
        let _server = site.start();
        let sent = site.send(first(), FIRST);
        site.waited("council", sent.header("location").unwrap());
        left(&site)
    };
    let mut server = site.start();
    let sent = reply(
        site.request("POST", "council", "/submissions?source=cld-r1")
            .header("X-Request-ID", FIRST)
            .header("Content-Type", "text/csv")
            .body(first())
            .send()
            .unwrap(),
    );
    assert_eq!(sent.status, 202, "{}", sent.body);
    assert_eq!(server.terminate(), Some(0), "{}", server.log());
    // The lease is ten minutes: only a job that was put back is done now.
    let _server = site.start();
    site.waited("council", sent.header("location").unwrap());
    let found = left(&site);
    compare("asked to end", &found, &undisturbed);
}
