//! A file's life, as its sender and an operator see it, through the real binary.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use std::io::Write as _;

use harness::{Site, first_sample, reply};
use serde_json::Value;

fn sample() -> String {
    std::fs::read_to_string(first_sample("cld-r1")).unwrap()
}

fn id() -> String {
    uuid::Uuid::new_v4().to_string()
}

/// The sample without the lines that hold a text.
fn without(text: &str, gone: &str) -> String {
    text.lines()
        .filter(|line| !line.contains(gone))
        .map(|line| format!("{line}\r\n"))
        .collect()
}

#[test]
fn a_file_is_taken_read_and_reported() {
    let site = Site::new();
    let _server = site.start();
    let sent = site.send(sample(), "11111111-2222-4333-8444-000000000001");
    assert_eq!(sent.status, 202, "{}", sent.body);
    assert_eq!(
        sent.header("x-request-id"),
        Some("11111111-2222-4333-8444-000000000001")
    );
    let location = sent.header("location").unwrap().to_owned();
    assert!(
        location.starts_with(&site.url("/submissions/")),
        "{location}"
    );
    let report = site.waited("council", &location);
    assert_eq!(report["state"], "reported", "{report}");
    assert_eq!(report["source"], "cld-r1");
    assert_eq!(report["counts"]["records"], 19);
    assert!(report["counts"]["created"].as_u64().unwrap() > 20);
    assert!(report["counts"]["quarantined"].as_u64().unwrap() > 0);
    assert!(report["issues"].as_array().unwrap().len() > 1);
    assert!(report["loss"].is_object() || report["loss"].is_array());

    // T9: the same request again is the same submission; with another file it is a mistake.
    let again = site.send(sample(), "11111111-2222-4333-8444-000000000001");
    assert_eq!(again.status, 202, "{}", again.body);
    assert_eq!(again.header("location"), Some(location.as_str()));
    let other = site.send(
        without(&sample(), "SV-8701"),
        "11111111-2222-4333-8444-000000000001",
    );
    assert_eq!(other.status, 422, "{}", other.body);
    assert_eq!(other.json()["issue"][0]["code"], "duplicate");

    // Another request with the same bytes changes nothing.
    let same = site.submitted(sample());
    assert_eq!(same["state"], "reported");
    assert_eq!(same["counts"]["created"], 0);
    assert_eq!(same["counts"]["updated"], 0);

    // In plain words, and as tables.
    let text = site.get_as("council", &location, "text/plain");
    assert_eq!(text.status, 200);
    for words in ["was read", "19 records read", "mend:", "where:"] {
        assert!(text.body.contains(words), "{words}: {}", text.body);
    }
    let table = site.get_as("council", &location, "text/csv");
    let mut rows = csv::Reader::from_reader(table.body.as_bytes());
    assert!(rows.records().count() > 1);
    let held = site
        .get("council", &format!("{location}/quarantine?open=false"))
        .json();
    assert!(!held["quarantine"].as_array().unwrap().is_empty());

    // The bytes come back as they were sent, and only to be saved.
    let file = site.get("council", &format!("{location}/file"));
    assert_eq!(file.body, sample());
    assert!(
        file.header("content-disposition")
            .unwrap()
            .starts_with("attachment")
    );
}

#[test]
fn b1_nobody_else_sees_a_submission() {
    let site = Site::new();
    let _server = site.start();
    let sent = site.send(sample(), &id());
    let location = sent.header("location").unwrap().to_owned();
    site.waited("council", &location);
    let missing = site.get("home", "/submissions/00000000-0000-4000-8000-000000000000");
    assert_eq!(missing.status, 404);
    let held = site.get("council", "/quarantine").json();
    let number = held["quarantine"][0]["number"].as_u64().unwrap();
    let unknown = site.post("home", "/quarantine/999999999/discard");
    assert_eq!(unknown.status, 404);
    for (method, path) in [
        ("GET", String::new()),
        ("GET", "/file".to_owned()),
        ("GET", "/quarantine".to_owned()),
        ("POST", "/confirm".to_owned()),
        ("POST", "/decline".to_owned()),
        ("POST", "/withdraw".to_owned()),
        ("POST", "/replay".to_owned()),
    ] {
        let path = format!("{location}{path}");
        let ask = |client: &str| reply(site.request(method, client, &path).send().unwrap());
        let home = ask("home");
        assert_eq!((home.status, &home.body), (404, &missing.body), "{path}");
        assert_eq!(ask("gp").status, 403, "{path}");
        assert_eq!(ask("").status, 401, "{path}");
    }
    let foreign = site.post("home", &format!("/quarantine/{number}/discard"));
    assert_eq!(
        (foreign.status, &foreign.body),
        (404, &unknown.body),
        "another's row is as if it were not there"
    );
    assert!(
        site.get("home", "/submissions").json()["submissions"]
            .as_array()
            .unwrap()
            .is_empty()
    );
    assert_eq!(site.get("gp", "/submissions").status, 403);
}

#[test]
fn what_cannot_be_taken_is_refused_before_its_bytes_are_read() {
    let site = Site::new().with("largest-file = 20000\n");
    let _server = site.start();
    let post = |client: &str, query: &str| {
        site.request("POST", client, &format!("/submissions{query}"))
            .header("X-Request-ID", id())
            .header("Content-Type", "text/csv")
    };
    let status = |request: reqwest::blocking::RequestBuilder| {
        let answer = reply(request.send().unwrap());
        assert_eq!(
            answer.json()["resourceType"],
            "OperationOutcome",
            "{}",
            answer.body
        );
        answer.status
    };
    assert_eq!(status(post("", "?source=cld-r1").body("x")), 401);
    assert_eq!(status(post("gp", "?source=cld-r1").body("x")), 403);
    assert_eq!(status(post("council", "").body("x")), 400);
    assert_eq!(status(post("council", "?source=nobody").body("x")), 422);
    assert_eq!(status(post("council", "?source=cld-r1").body("")), 422);
    assert_eq!(
        status(post("council", "?source=cld-r1&colour=blue").body("x")),
        400
    );
    assert_eq!(
        status(post("council", "?source=cld-r1&asOf=yesterday").body("x")),
        422
    );
    // I3, I4: too large as it is, and as it unpacks.
    assert_eq!(
        status(post("council", "?source=cld-r1").body("x".repeat(20_001))),
        413
    );
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    packed.write_all(&vec![b'x'; 1_000_000]).unwrap();
    let bomb = post("council", "?source=cld-r1")
        .header("Content-Encoding", "gzip")
        .body(packed.finish().unwrap());
    assert_eq!(status(bomb), 413);
    for (encoding, body, expected) in [("gzip", "no gzip", 400), ("br", "x", 415)] {
        let request = post("council", "?source=cld-r1")
            .header("Content-Encoding", encoding)
            .body(body);
        assert_eq!(status(request), expected, "{encoding}");
    }
    // What `curl -d` sends has lost its line ends.
    let form = site
        .request("POST", "council", "/submissions?source=cld-r1")
        .header("Content-Type", "application/x-www-form-urlencoded")
        .body("a,b");
    assert_eq!(status(form), 415);
    // Nothing of all this was kept.
    assert!(
        site.get("council", "/submissions").json()["submissions"]
            .as_array()
            .unwrap()
            .is_empty()
    );
}

#[test]
fn a_form_and_a_packed_file_are_the_same_file() {
    let site = Site::new();
    let _server = site.start();
    let boundary = "------------------------d74496d66958873e";
    let part = |name: &str, text: &str| {
        format!(
            "--{boundary}\r\nContent-Disposition: form-data; name=\"file\"{name}\r\nContent-Type: text/csv\r\n\r\n{text}\r\n"
        )
    };
    let send = |body: String| {
        reply(
            site.request("POST", "council", "/submissions?source=cld-r1")
                .header("X-Request-ID", id())
                .header(
                    "Content-Type",
                    format!("multipart/form-data; boundary={boundary}"),
                )
                .body(body)
                .send()
                .unwrap(),
        )
    };
    let file = part("; filename=\"quarter.csv\"", &sample());
    let end = format!("--{boundary}--\r\n");
    let form = send(format!("{file}{end}"));
    assert_eq!(form.status, 202, "{}", form.body);
    let report = site.waited("council", form.header("location").unwrap());
    assert_eq!(report["file"], "quarter.csv");
    assert!(
        report["counts"]["created"].as_u64().unwrap() > 20,
        "{report}"
    );
    for broken in [
        file.clone(),
        format!("{file}{file}{end}"),
        format!("{}{end}", part("", "no file")),
        end.clone(),
    ] {
        let answer = send(broken);
        assert_eq!(answer.status, 400, "{}", answer.body);
    }

    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::default());
    packed.write_all(sample().as_bytes()).unwrap();
    let packed = reply(
        site.request("POST", "council", "/submissions?source=cld-r1&file=q.csv")
            .header("Content-Encoding", "gzip")
            .body(packed.finish().unwrap())
            .send()
            .unwrap(),
    );
    assert_eq!(packed.status, 202, "{}", packed.body);
    let again = site.waited("council", packed.header("location").unwrap());
    assert_eq!(again["sha256"], report["sha256"]);
    assert_eq!(again["counts"]["created"], 0);
}

#[test]
fn cs_04_f06_a_late_older_file_turns_nothing_back() {
    let site = Site::new();
    let _server = site.start();
    site.submitted(sample());
    let before = site.get("council", "/fhir/R4/Patient?_count=100").json();
    let older = sample()
        .replace("30/09/2026", "30/06/2026")
        .replace("Testwood", "Testwould");
    let report = site.submitted(older);
    assert_eq!(report["counts"]["created"], 0, "{report}");
    assert_eq!(report["counts"]["updated"], 0, "{report}");
    assert_eq!(report["counts"]["retired"], 0, "{report}");
    let after = site.get("council", "/fhir/R4/Patient?_count=100").json();
    assert_eq!(before["entry"], after["entry"]);
}

#[test]
fn cs_04_a_truncated_snapshot_waits_for_a_person() {
    let site = Site::new();
    let _server = site.start();
    site.submitted(sample());
    let people = |site: &Site| {
        site.get("council", "/fhir/R4/Patient?_count=100").json()["entry"]
            .as_array()
            .unwrap()
            .len()
    };
    let all = people(&site);
    // Half of the lines are gone, and the quarter is a later one.
    let lines: Vec<&str> = sample().leak().lines().collect();
    let half: String = lines[..10]
        .iter()
        .map(|line| format!("{line}\r\n").replace("30/09/2026", "31/12/2026"))
        .collect();
    let report = site.submitted(half);
    assert_eq!(report["state"], "awaiting-confirmation", "{report}");
    assert_eq!(report["counts"]["retired"], 0);
    assert!(!report["waits"].as_array().unwrap().is_empty(), "{report}");
    assert_eq!(people(&site), all, "nobody is gone until a person says so");

    let location = format!("/submissions/{}", report["id"].as_str().unwrap());
    let confirmed = site.post("council", &format!("{location}/confirm?note=checked"));
    assert_eq!(confirmed.status, 202, "{}", confirmed.body);
    let after = site.waited("council", &location);
    assert_eq!(after["state"], "reported", "{after}");
    assert!(people(&site) < all);
    let decision = &after["decisions"][0];
    assert_eq!(
        (&decision["what"], &decision["by"], &decision["note"]),
        (
            &Value::from("confirmed"),
            &Value::from("council"),
            &Value::from("checked")
        )
    );
    // What is decided is decided.
    let twice = site.post("council", &format!("{location}/confirm"));
    assert_eq!(twice.status, 409, "{}", twice.body);
}

#[test]
fn a_withdrawn_file_is_undone() {
    let site = Site::new();
    let _server = site.start();
    let fetch = |path: &str| site.get("council", path).json()["entry"].clone();
    let path = "/fhir/R4/EpisodeOfCare?_count=200";
    site.submitted(without(&sample(), "SV-8701"));
    let before = fetch(path);
    let later = sample().replace("30/09/2026", "31/12/2026");
    let report = site.submitted(later);
    let location = format!("/submissions/{}", report["id"].as_str().unwrap());
    assert_ne!(fetch(path), before);
    let withdrawn = site.post("council", &format!("{location}/withdraw"));
    assert_eq!(withdrawn.status, 202, "{}", withdrawn.body);
    let after = site.waited("council", &location);
    assert_eq!(after["state"], "withdrawn", "{after}");
    let contents = |entries: Value| {
        let mut all: Vec<String> = entries
            .as_array()
            .unwrap()
            .iter()
            .map(|entry| {
                let mut resource = entry["resource"].clone();
                resource.as_object_mut().unwrap().remove("meta");
                resource.to_string()
            })
            .collect();
        all.sort();
        all
    };
    assert_eq!(contents(fetch(path)), contents(before));
}

#[test]
fn another_councils_file_is_refused() {
    let site = Site::new();
    let _server = site.start();
    let other: String = sample()
        .lines()
        .map(|line| match line.strip_prefix("999,") {
            Some(rest) => format!("998,{rest}\r\n"),
            None => format!("{line}\r\n"),
        })
        .collect();
    let report = site.submitted(other);
    assert_eq!(report["state"], "refused", "{report}");
    let people = site.get("council", "/fhir/R4/Patient").json();
    assert!(people["entry"].as_array().is_none_or(Vec::is_empty));
    // A quotation mark that is never closed: the file may be cut off there, so none of it is used.
    let cut = site.submitted(format!("{}999,\"unbalanced\r\n", sample()));
    assert_eq!(cut["state"], "refused", "{cut}");
    let garbage = site.submitted(b"\x00\xff\xfe garbage".to_vec());
    assert_eq!(garbage["state"], "refused", "{garbage}");
}

#[test]
fn f09_a_poison_record_costs_itself_alone() {
    let site = Site::new();
    let _server = site.start();
    let mut text = sample();
    let columns = text.lines().next().unwrap().split(',').count();
    for poison in [
        format!("999,{}", "x".repeat(5_000_000)),
        format!("999{}", ",\u{0}".repeat(columns - 1)),
    ] {
        text.push_str(&poison);
        text.push_str("\r\n");
    }
    let clean = site.submitted(sample());
    let report = site.submitted(text.replace("30/09/2026", "31/12/2026"));
    assert!(
        matches!(
            report["state"].as_str().unwrap(),
            "reported" | "awaiting-confirmation"
        ),
        "{report}"
    );
    assert!(
        report["counts"]["quarantined"].as_u64() > clean["counts"]["quarantined"].as_u64(),
        "{report}"
    );
    assert_eq!(report["counts"]["retired"], 0, "{report}");
    assert_eq!(site.get("", "/_ping").status, 200);
}

#[test]
fn b2_lists_are_paged_and_their_places_are_the_callers_own() {
    let site = Site::new();
    let _server = site.start();
    for number in 0..3 {
        site.submitted(sample().replace("Fall at home", &format!("Fall {number}")));
    }
    let mut seen = Vec::new();
    let mut next = Some("/submissions?source=cld-r1&_count=2".to_owned());
    let mut place = None;
    while let Some(path) = next.take() {
        let page = site.get("council", &path).json();
        for one in page["submissions"].as_array().unwrap() {
            seen.push(one["id"].as_str().unwrap().to_owned());
        }
        next = page["next"].as_str().map(str::to_owned);
        place = next.clone().or(place);
    }
    assert_eq!(seen.len(), 3);
    seen.dedup();
    assert_eq!(seen.len(), 3);
    assert_eq!(site.get("home", &place.unwrap()).status, 400);
    for (query, count) in [
        ("state=refused", 0),
        ("state=reported,refused", 3),
        ("from=2020-01-01&to=2020-12-31", 0),
        ("source=other", 0),
    ] {
        let found = site.get("council", &format!("/submissions?{query}")).json();
        assert_eq!(
            found["submissions"].as_array().unwrap().len(),
            count,
            "{query}"
        );
    }
    assert_eq!(site.get("council", "/submissions?state=lost").status, 400);
    let sources = site.get("council", "/sources").json();
    assert_eq!(sources["sources"][0]["source"], "cld-r1");
    assert_eq!(sources["sources"][0]["overdue"], false);
    let status = site.get("", "/_status").json();
    assert_eq!(status["checks"]["sources"][0]["status"], "pass", "{status}");
    let metrics = site.get("", "/metrics").body;
    for name in ["causeway_jobs_waiting", "causeway_sources_silent"] {
        assert!(metrics.contains(name), "{name}");
    }
}

#[test]
fn an_operator_decides_beside_a_running_server() {
    let site = Site::new();
    let _server = site.start();
    let report = site.submitted(sample());
    let submission = report["id"].as_str().unwrap();
    let of = ["--organisation", "ZZ001"];
    let run = |arguments: &[&str]| site.command(&[arguments, &of[..]].concat());
    let list = run(&["submissions", "list"]);
    assert_eq!(list.code, 0, "{}", list.err);
    assert!(list.out.contains(submission), "{}", list.out);
    let shown = run(&["submissions", "show", submission]);
    assert!(shown.out.contains("19 records read"), "{}", shown.out);
    let held = run(&["quarantine", "list", "--format", "json"]);
    let first: Value = serde_json::from_str(held.out.lines().next().unwrap()).unwrap();
    let number = first["number"].to_string();
    let discarded = run(&["quarantine", "discard", &number, "--by", "Pat Operator"]);
    assert_eq!(discarded.code, 0, "{}", discarded.err);
    let found = site.get("council", "/quarantine?open=false").json();
    let row = found["quarantine"]
        .as_array()
        .unwrap()
        .iter()
        .find(|row| row["number"].as_u64().map(|own| own.to_string()).as_deref() == Some(&*number))
        .unwrap()
        .clone();
    assert_eq!(row["decided"], "discarded");
    // Without a yes nothing is rebuilt.
    let asked = run(&["rebuild", "--source", "cld-r1", "--by", "Pat Operator"]);
    assert_eq!(asked.code, 2, "{}", asked.out);
    assert!(
        asked.out.contains("Nothing has been changed"),
        "{}",
        asked.out
    );
    let rebuilt = run(&[
        "rebuild",
        "--source",
        "cld-r1",
        "--by",
        "Pat Operator",
        "--yes",
    ]);
    assert_eq!(rebuilt.code, 0, "{}", rebuilt.err);
    // The other organisation has none of it.
    let other = site.command(&["submissions", "show", submission, "--organisation", "ZZ002"]);
    assert_eq!(other.code, 2, "{}", other.out);
    // The bytes come back as they were, and can be erased.
    let out = site.path("back.csv");
    let got = run(&["archive", "get", submission, "--out", out.to_str().unwrap()]);
    assert_eq!(got.code, 0, "{}", got.err);
    assert_eq!(std::fs::read_to_string(&out).unwrap(), sample());
    site.waited("council", &format!("/submissions/{submission}"));
    for again in site.get("council", "/submissions").json()["submissions"]
        .as_array()
        .unwrap()
    {
        site.waited("council", again["location"].as_str().unwrap());
    }
    let erased = run(&[
        "archive",
        "erase",
        submission,
        "--yes",
        "--by",
        "Pat Operator",
    ]);
    assert_eq!(erased.code, 0, "{}", erased.err);
    let gone = site.get("council", &format!("/submissions/{submission}/file"));
    assert_eq!(gone.status, 410, "{}", gone.body);
}

#[test]
fn the_messiest_file_has_a_report_that_a_person_can_use() {
    let site = Site::new();
    let _server = site.start();
    let mut messy = Vec::new();
    let plan = samples::Plan {
        mess: 0.5,
        ..samples::Plan::new(150, 20)
    };
    samples::write(samples::Format::CldR1, &plan, &mut messy).unwrap();
    let report = site.submitted(messy);
    let location = format!("/submissions/{}", report["id"].as_str().unwrap());
    let text = site.get_as("council", &location, "text/plain").body;
    assert!(report["counts"]["quarantined"].as_u64().unwrap() > 10);
    // However many mistakes there are, the page stays one, and says of each what to do.
    assert!(text.lines().count() < 250, "{}", text.lines().count());
    let mistakes = text.lines().filter(|line| line.starts_with("  - not used"));
    let mends = text.lines().filter(|line| line.contains("mend:")).count();
    assert!(mistakes.count() <= mends, "{text}");
    for line in text.lines() {
        assert!(line.chars().count() < 600, "{line}");
        assert!(!line.contains("FHIRPath") && !line.contains("::"), "{line}");
    }
}
