//! The whole road: shipped samples in, a care summary over HTTP out.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use harness::{Demo, causeway, copy_folder, root};
use serde_json::Value;

fn summary(demo: &Demo) -> Value {
    let reply = demo.get(
        "gp",
        &format!(
            "/Patient/$summary?identifier=https://fhir.nhs.uk/Id/nhs-number|{}",
            demo.nhs_number()
        ),
    );
    assert_eq!(reply.status, 200, "{}", reply.body);
    reply.json()
}

fn entries<'a>(bundle: &'a Value, rtype: &str) -> Vec<&'a Value> {
    bundle["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| &entry["resource"])
        .filter(|resource| resource["resourceType"] == rtype)
        .collect()
}

#[test]
fn one_person_is_gathered_from_three_sources() {
    let demo = Demo::start();
    let bundle = summary(&demo);
    assert_eq!(bundle["resourceType"], "Bundle");
    assert_eq!(bundle["type"], "document");
    assert_eq!(
        bundle["entry"][0]["resource"]["resourceType"],
        "Composition"
    );
    assert_eq!(entries(&bundle, "Patient").len(), 1);
    let mut sources = std::collections::BTreeSet::new();
    for entry in bundle["entry"].as_array().unwrap() {
        for tag in entry["resource"]["meta"]["tag"]
            .as_array()
            .into_iter()
            .flatten()
        {
            if tag["system"] == "urn:causeway:source" {
                sources.insert(tag["code"].as_str().unwrap().to_owned());
            }
        }
    }
    assert_eq!(sources.len(), 3, "{sources:?}");

    // The summary itself is valid.
    let file = demo.folder.path().join("summary.json");
    std::fs::write(&file, bundle.to_string()).unwrap();
    let validated = causeway(&["validate", file.to_str().unwrap()]);
    assert_eq!(validated.code, 0, "{}", validated.out);
}

#[test]
fn every_way_in_is_closed_to_who_does_not_belong() {
    let demo = Demo::start();
    let bare = demo.get("", "/Patient");
    assert_eq!(bare.status, 401);
    assert!(bare.header("www-authenticate").is_some());
    assert_eq!(bare.json()["resourceType"], "OperationOutcome");
    let id = "11111111-2222-4333-8444-555555555555";
    let reply = demo.get_with("gp", "/Patient", &[("X-Request-ID", id)]);
    assert_eq!(reply.status, 200, "{}", reply.body);
    assert_eq!(reply.header("x-request-id"), Some(id));
    assert!(reply.header("cache-control").unwrap().contains("no-store"));
    assert_eq!(demo.get("gp", "/Patient?colour=blue").status, 400);
    assert_eq!(demo.get("gp", "/AuditEvent").status / 100, 4);
    let metadata = demo.get("", "/metadata").json();
    assert_eq!(metadata["resourceType"], "CapabilityStatement");
    assert_eq!(metadata["kind"], "instance");
    // The provider sees its own people; what it sees is not what the GP sees of all three.
    let of = |role: &str| {
        demo.get(role, "/Patient?_count=200").json()["entry"]
            .as_array()
            .map_or(0, Vec::len)
    };
    assert!(of("provider") > 0);
    assert!(of("provider") < of("gp"));
}

#[test]
fn every_resource_the_gp_can_search_is_valid() {
    let demo = Demo::start();
    let metadata = demo.get("", "/metadata").json();
    let mut checked = 0;
    let mut lines = String::new();
    for resource in metadata["rest"][0]["resource"].as_array().unwrap() {
        let rtype = resource["type"].as_str().unwrap();
        let mut next = Some(format!("/{rtype}?_count=50"));
        while let Some(path) = next.take() {
            let page = demo.get("gp", &path).json();
            assert_eq!(page["type"], "searchset", "{rtype}: {page}");
            for entry in page["entry"].as_array().into_iter().flatten() {
                lines.push_str(&entry["resource"].to_string());
                lines.push('\n');
                checked += 1;
            }
            next = page["link"]
                .as_array()
                .into_iter()
                .flatten()
                .find(|link| link["relation"] == "next")
                .map(|link| link["url"].as_str().unwrap().to_owned());
        }
    }
    assert!(checked > 50, "{checked}");
    let file = demo.folder.path().join("all.ndjson");
    std::fs::write(&file, lines).unwrap();
    let validated = causeway(&["validate", file.to_str().unwrap()]);
    assert_eq!(validated.code, 0, "{}", validated.out);
}

#[test]
fn cs_22_nothing_personal_is_logged_or_measured() {
    let demo = Demo::start();
    let bundle = summary(&demo);
    let patient = entries(&bundle, "Patient")[0].clone();
    let family = patient["name"][0]["family"].as_str().unwrap().to_owned();
    let metrics = demo.get("", &demo.base().replace("/fhir/R4", "/metrics"));
    assert_eq!(metrics.status, 200);
    for name in [
        "causeway_http_requests_total",
        "causeway_records_read_total",
        "causeway_quarantined_total",
    ] {
        assert!(metrics.body.contains(name), "{name}: {}", metrics.body);
    }
    let log = std::fs::read_to_string(demo.folder.path().join("err")).unwrap();
    for secret in [demo.nhs_number(), family.as_str(), demo.token("gp")] {
        assert!(!log.contains(secret), "the log holds {secret}");
        assert!(!metrics.body.contains(secret));
    }
}

#[test]
fn demo_once_prints_the_summary_and_ends() {
    let finished = causeway(&["demo", "--once"]);
    assert_eq!(finished.code, 0, "{}", finished.err);
    for word in ["Allerg", "Medic", "fictional", "as of"] {
        assert!(
            finished.out.to_lowercase().contains(&word.to_lowercase()),
            "{word}: {}",
            finished.out
        );
    }
}

#[test]
fn the_demo_does_not_touch_a_folder_that_is_not_its_own() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("precious.txt"), "keep").unwrap();
    let finished = causeway(&["demo", "--once", "--data", folder.path().to_str().unwrap()]);
    assert_eq!(finished.code, 2, "{}", finished.err);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn a_changed_fact_in_a_sample_changes_the_summary() {
    // A copy of the mappings, so that the demo run in it takes the changed sample.
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("mappings"), &folder.path().join("mappings"));
    let before = run_in(folder.path());
    let said = needle(&before);
    let samples = folder
        .path()
        .join("mappings")
        .join("mods-json")
        .join("samples");
    for entry in std::fs::read_dir(samples).unwrap() {
        let path = entry.unwrap().path();
        let text = std::fs::read_to_string(&path).unwrap();
        std::fs::write(&path, text.replace(&said, "Zanzibar marmalade")).unwrap();
    }
    let after = run_in(folder.path());
    assert!(!before.contains("Zanzibar marmalade"));
    assert!(after.contains("Zanzibar marmalade"), "{after}");
}

/// Something that a person said about themselves, as it stands in the sample and in the summary.
fn needle(summary: &str) -> String {
    let samples = root().join("mappings").join("mods-json").join("samples");
    let texts = std::fs::read_dir(samples)
        .unwrap()
        .filter_map(|entry| std::fs::read_to_string(entry.unwrap().path()).ok());
    for text in texts {
        for document in text
            .lines()
            .filter_map(|line| serde_json::from_str::<Value>(line).ok())
        {
            for said in document["aboutMe"].as_object().into_iter().flatten() {
                if let Some(said) = said.1.as_str()
                    && summary.contains(said)
                {
                    return said.to_owned();
                }
            }
        }
    }
    panic!("nothing of the samples' About Me stands in the summary");
}

fn run_in(folder: &std::path::Path) -> String {
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_causeway"))
        .args(["demo", "--once"])
        .current_dir(folder)
        .stdin(std::process::Stdio::null())
        .output()
        .unwrap();
    assert!(
        output.status.success(),
        "{}",
        String::from_utf8_lossy(&output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}
