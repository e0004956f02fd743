//! FHIR packages from the outside: a registry, the official patient summary's package, a site's own
//! UK Core, and what is stored after packages have changed.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use std::collections::HashMap;
use std::fs;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};

use harness::{Demo, Finished, causeway, root};
use serde_json::{Value, json};
use sha1::Digest as _;
use tempfile::TempDir;

const IPS: &str = "data/packages/hl7.fhir.uv.ips-2.0.0.tgz";
const IPS_BUNDLE: &str = "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips";

/// A file beside the workspace, or `None` with a loud word. In continuous integration it must be
/// there.
fn peer(path: &str) -> Option<PathBuf> {
    let shared =
        std::env::var_os("CAUSEWAY_SHARED").map_or_else(|| root().join("../shared"), PathBuf::from);
    let file = shared.join(path);
    if file.exists() {
        return Some(file);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "the test peer {path} is missing, and in continuous integration it must be there"
    );
    eprintln!("SKIPPED: the test peer {path} is not here; set CAUSEWAY_SHARED to its folder");
    None
}

fn run(arguments: &[&str]) -> Finished {
    causeway(arguments)
}

fn json_of(finished: &Finished) -> Value {
    serde_json::from_str(&finished.out)
        .unwrap_or_else(|error| panic!("{error}: {} {}", finished.out, finished.err))
}

fn lines_of(finished: &Finished) -> Vec<Value> {
    finished
        .out
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

fn codes_of(issues: &Value) -> Vec<&str> {
    issues
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["code"].as_str().unwrap())
        .collect()
}

/// An unpacked package with these resources.
fn package(folder: &Path, name: &str, version: &str, more: Value, resources: &[Value]) -> PathBuf {
    let inner = folder.join(format!("{name}-{version}")).join("package");
    fs::create_dir_all(&inner).unwrap();
    let mut manifest = json!({ "name": name, "version": version, "fhirVersions": ["4.0.1"] });
    for (name, value) in more.as_object().unwrap() {
        manifest[name] = value.clone();
    }
    fs::write(inner.join("package.json"), manifest.to_string()).unwrap();
    for (number, resource) in resources.iter().enumerate() {
        fs::write(inner.join(format!("r{number}.json")), resource.to_string()).unwrap();
    }
    inner.parent().unwrap().to_path_buf()
}

fn profile(url: &str, version: &str, required: &str) -> Value {
    json!({
        "resourceType": "StructureDefinition", "id": url.rsplit('/').next(), "url": url,
        "version": version, "name": "X", "status": "active", "kind": "resource", "abstract": false,
        "type": "Patient", "derivation": "constraint", "fhirVersion": "4.0.1",
        "baseDefinition": "http://hl7.org/fhir/StructureDefinition/Patient",
        "differential": { "element": [
            { "id": format!("Patient.{required}"), "path": format!("Patient.{required}"), "min": 1 }
        ] }
    })
}

/// A registry on loopback: answers by path, and what it was asked.
struct Registry {
    address: String,
    asked: Arc<Mutex<Vec<String>>>,
}

impl Registry {
    fn start(answers: HashMap<String, Vec<u8>>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = format!("http://{}", listener.local_addr().unwrap());
        let asked = Arc::new(Mutex::new(Vec::new()));
        let heard = asked.clone();
        let own = address.clone();
        std::thread::spawn(move || {
            for stream in listener.incoming() {
                let mut stream = stream.unwrap();
                let mut reader = BufReader::new(stream.try_clone().unwrap());
                let mut line = String::new();
                reader.read_line(&mut line).unwrap();
                let path = line.split(' ').nth(1).unwrap_or_default().to_owned();
                loop {
                    let mut header = String::new();
                    if reader.read_line(&mut header).unwrap() <= 2 {
                        break;
                    }
                }
                heard.lock().unwrap().push(path.clone());
                let (status, body) = match answers.get(&path) {
                    Some(body) if body.starts_with(b"{") => (
                        "200 OK",
                        String::from_utf8(body.clone())
                            .unwrap()
                            .replace("ADDRESS", &own)
                            .into(),
                    ),
                    Some(body) => ("200 OK", body.clone()),
                    None => ("404 Not Found", b"{}".to_vec()),
                };
                let head = format!(
                    "HTTP/1.1 {status}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n",
                    body.len()
                );
                let _ = stream.write_all(head.as_bytes());
                let _ = stream.write_all(&body);
            }
        });
        Self { address, asked }
    }

    fn asked(&self) -> Vec<String> {
        self.asked.lock().unwrap().clone()
    }
}

/// The `.tgz` of an unpacked package.
fn tgz(folder: &Path) -> Vec<u8> {
    let place = tempfile::tempdir().unwrap();
    let added = run(&[
        "packages",
        "add",
        "--offline",
        "--folder",
        place.path().to_str().unwrap(),
        folder.to_str().unwrap(),
    ]);
    assert_eq!(added.code, 0, "{}", added.err);
    let file = fs::read_dir(place.path())
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|ending| ending == "tgz"))
        .unwrap();
    fs::read(file).unwrap()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

fn shasum(bytes: &[u8]) -> String {
    hex(&sha1::Sha1::digest(bytes))
}

/// A registry with `site` 1.0.0, which needs `needed` 1.0.x, of which there are three versions.
fn registry(damage: impl Fn(&str, &mut Value)) -> Registry {
    let work = tempfile::tempdir().unwrap();
    let mut answers = HashMap::new();
    let mut add = |name: &str, versions: &[(&str, Value, Value)]| {
        let mut listing = json!({ "name": name, "versions": {}, "dist-tags": {} });
        for (version, more, resource) in versions {
            let folder = package(
                work.path(),
                name,
                version,
                more.clone(),
                std::slice::from_ref(resource),
            );
            let bytes = tgz(&folder);
            listing["versions"][version] = json!({
                "name": name, "version": version,
                "dist": { "shasum": shasum(&bytes), "tarball": format!("ADDRESS/-/{name}/{version}.tgz") },
            });
            listing["dist-tags"]["latest"] = json!(version);
            answers.insert(format!("/-/{name}/{version}.tgz"), bytes);
        }
        damage(name, &mut listing);
        answers.insert(format!("/{name}"), listing.to_string().into_bytes());
    };
    add(
        "site",
        &[(
            "1.0.0",
            json!({ "dependencies": { "needed": "1.0.x", "nowhere": "1.0.0", "hl7.fhir.r4.core": "4.0.1" } }),
            profile("http://example.org/site", "1.0.0", "gender"),
        )],
    );
    let needed = |version: &str| profile("http://example.org/needed", version, "name");
    add(
        "needed",
        &[
            ("1.0.0", json!({}), needed("1.0.0")),
            ("1.0.3", json!({}), needed("1.0.3")),
            ("1.1.0", json!({}), needed("1.1.0")),
        ],
    );
    Registry::start(answers)
}

#[test]
fn a_package_is_fetched_with_what_it_needs() {
    let registry = registry(|_, _| {});
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_str().unwrap();
    let added = run(&[
        "packages",
        "add",
        "site@latest",
        "--registry",
        &registry.address,
        "--folder",
        folder,
        "--format",
        "json",
    ]);
    assert_eq!(added.code, 0, "{}", added.err);
    let told = json_of(&added);
    let names: Vec<String> = told["added"]
        .as_array()
        .unwrap()
        .iter()
        .map(|one| {
            format!(
                "{}@{}",
                one["name"].as_str().unwrap(),
                one["version"].as_str().unwrap()
            )
        })
        .collect();
    assert_eq!(names, ["site@1.0.0", "needed@1.0.3"]);
    assert!(codes_of(&told["issues"]).contains(&"D013"), "{told}");
    // What is there already is not fetched again.
    let before = registry.asked().len();
    let again = run(&[
        "packages",
        "add",
        "needed@1.0.3",
        "--registry",
        &registry.address,
        "--folder",
        folder,
    ]);
    assert_eq!(again.code, 0, "{}", again.err);
    assert_eq!(registry.asked().len(), before);
    // Its definitions count.
    let patient = place.path().join("patient.json");
    fs::write(
        &patient,
        r#"{"resourceType":"Patient","id":"a","birthDate":"1940-01-01"}"#,
    )
    .unwrap();
    let config = place.path().join("packages.toml");
    fs::write(
        &config,
        "[packages]\nfolder = \".\"\nuse = [\"site@1.0.0\"]\n",
    )
    .unwrap();
    for (profile, code) in [
        ("http://example.org/site", 1),
        ("http://example.org/needed", 1),
    ] {
        let verdict = run(&[
            "validate",
            "--config",
            config.to_str().unwrap(),
            "--profile",
            profile,
            patient.to_str().unwrap(),
        ]);
        assert_eq!(
            verdict.code, code,
            "{profile}: {} {}",
            verdict.out, verdict.err
        );
        assert!(verdict.err.contains("D013"), "{}", verdict.err);
    }
    let without = run(&[
        "validate",
        "--profile",
        "http://example.org/site",
        patient.to_str().unwrap(),
    ]);
    assert_eq!(without.code, 2, "{}", without.err);
    // And are gone with it.
    let listed = lines_of(&run(&[
        "packages", "list", "--folder", folder, "--format", "json",
    ]));
    assert_eq!(listed.len(), 4);
    let removed = run(&["packages", "remove", "needed@1.0.3", "--folder", folder]);
    assert_eq!(
        (removed.code, removed.out.contains("site#1.0.0")),
        (0, true),
        "{}",
        removed.out
    );
    let removed = run(&["packages", "remove", "needed", "--folder", folder]);
    assert_eq!(removed.code, 2);
}

#[test]
fn what_is_not_what_the_registry_says_is_refused() {
    type Damage = fn(&mut Value);
    let damages: [(Damage, &str); 4] = [
        (|dist| dist["shasum"] = json!("0".repeat(40)), "D024"),
        (|dist| dist["integrity"] = json!("sha512-AAAA"), "D024"),
        (
            |dist| dist["tarball"] = json!("ADDRESS/-/needed/1.1.0.tgz"),
            "D024",
        ),
        (
            |dist| {
                *dist = json!({ "tarball": "ADDRESS/-/needed/1.1.0.tgz" });
            },
            "D024",
        ),
    ];
    for (number, (damage, code)) in damages.into_iter().enumerate() {
        let registry = registry(move |name, listing| {
            if name == "site" {
                damage(&mut listing["versions"]["1.0.0"]["dist"]);
            }
        });
        let place = tempfile::tempdir().unwrap();
        let folder = place.path().to_str().unwrap();
        let added = run(&[
            "packages",
            "add",
            "site@1.0.0",
            "--registry",
            &registry.address,
            "--folder",
            folder,
        ]);
        assert_eq!(added.code, 2, "{number}: {}", added.out);
        assert!(added.err.contains(code), "{number}: {}", added.err);
        assert_eq!(fs::read_dir(place.path()).unwrap().count(), 0, "{number}");
    }
}

#[test]
fn a_registry_that_does_not_have_it_or_does_not_answer_is_named() {
    let registry = registry(|_, _| {});
    let place = tempfile::tempdir().unwrap();
    let folder = place.path().to_str().unwrap();
    let add = |what: &str, address: &str| {
        run(&[
            "packages",
            "add",
            what,
            "--registry",
            address,
            "--folder",
            folder,
        ])
    };
    let unknown = add("nowhere@1.0.0", &registry.address);
    assert_eq!(unknown.code, 2);
    assert!(
        unknown.err.contains("it has no package nowhere"),
        "{}",
        unknown.err
    );
    let version = add("needed@7.0.0", &registry.address);
    assert_eq!(version.code, 2);
    assert!(
        version.err.contains("1.0.0, 1.0.3, 1.1.0"),
        "{}",
        version.err
    );
    let current = add("needed@current", &registry.address);
    assert_eq!(current.code, 2);
    assert!(current.err.contains("still changing"), "{}", current.err);
    let nobody = TcpListener::bind("127.0.0.1:0").unwrap();
    let closed = format!("http://{}", nobody.local_addr().unwrap());
    drop(nobody);
    let silent = add("needed@1.0.0", &closed);
    assert_eq!(silent.code, 2);
    assert!(silent.err.contains("cannot be reached"), "{}", silent.err);
    for address in ["nonsense", "ftp://example.org", "file:///etc"] {
        assert_eq!(add("needed@1.0.0", address).code, 2, "{address}");
    }
}

/// Bundles that `$summary` gives for the demo's people.
fn summaries(demo: &Demo) -> Vec<Value> {
    let people = demo.get("gp", "/Patient?_count=100").json();
    people["entry"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let id = entry["resource"]["id"].as_str().unwrap();
            let reply = demo.get("gp", &format!("/Patient/{id}/$summary"));
            assert_eq!(reply.status, 200, "{}", reply.body);
            reply.json()
        })
        .collect()
}

fn installed_ips() -> Option<TempDir> {
    let ips = peer(IPS)?;
    let place = tempfile::tempdir().unwrap();
    // What it needs lies beside it.
    let added = run(&[
        "packages",
        "add",
        "--offline",
        "--folder",
        place.path().to_str().unwrap(),
        "--format",
        "json",
        ips.to_str().unwrap(),
    ]);
    assert_eq!(added.code, 0, "{}", added.err);
    let told = json_of(&added);
    assert_eq!(told["added"].as_array().unwrap().len(), 3, "{told}");
    let codes = codes_of(&told["issues"]);
    for code in ["D013", "D014", "D015"] {
        assert!(codes.contains(&code), "{code}: {codes:?}");
    }
    Some(place)
}

fn validate_ips(place: &TempDir, profile: Option<&str>, files: &[PathBuf]) -> Finished {
    let config = place.path().join("packages.toml");
    fs::write(
        &config,
        "[packages]\nfolder = \".\"\nuse = [\"hl7.fhir.uv.ips@2.0.0\"]\n",
    )
    .unwrap();
    let mut arguments = vec![
        "validate",
        "--config",
        config.to_str().unwrap(),
        "--format",
        "json",
    ];
    if let Some(profile) = profile {
        arguments.extend(["--profile", profile]);
    }
    arguments.extend(files.iter().map(|file| file.to_str().unwrap()));
    run(&arguments)
}

#[test]
fn every_summary_of_the_demo_is_a_patient_summary_by_the_official_package() {
    let Some(place) = installed_ips() else { return };
    let demo = Demo::start();
    let all = summaries(&demo);
    assert!(all.len() >= 10, "only {} summaries", all.len());
    let mut files = Vec::new();
    for (number, summary) in all.iter().enumerate() {
        let file = place.path().join(format!("summary{number}.json"));
        fs::write(&file, summary.to_string()).unwrap();
        files.push(file);
    }
    let verdict = validate_ips(&place, Some(IPS_BUNDLE), &files);
    let lines = lines_of(&verdict);
    assert_eq!(lines.len(), files.len());
    for line in &lines {
        assert_eq!(line["valid"], true, "{line:#}");
    }
    assert_eq!(verdict.code, 0);

    // The same check bites: without a section that every summary must have, with a composition of
    // another kind, and without its subject, none is one.
    type Break = fn(&mut Value);
    let breaks: [Break; 4] = [
        |bundle| {
            let sections = bundle["entry"][0]["resource"]["section"]
                .as_array_mut()
                .unwrap();
            let before = sections.len();
            sections.retain(|section| section["code"]["coding"][0]["code"] != "48765-2");
            assert!(sections.len() < before, "it had allergies");
        },
        |bundle| bundle["entry"][0]["resource"]["type"]["coding"][0]["code"] = json!("34133-9"),
        |bundle| {
            bundle["entry"][0]["resource"]
                .as_object_mut()
                .unwrap()
                .remove("subject");
        },
        |bundle| bundle["type"] = json!("collection"),
    ];
    let mut files = Vec::new();
    for (number, damage) in breaks.iter().enumerate() {
        let mut broken = all[0].clone();
        damage(&mut broken);
        let file = place.path().join(format!("broken{number}.json"));
        fs::write(&file, broken.to_string()).unwrap();
        files.push(file);
    }
    let verdict = validate_ips(&place, Some(IPS_BUNDLE), &files);
    for line in lines_of(&verdict) {
        assert_eq!(line["valid"], false, "{}", line["source"]);
    }
    assert_eq!(verdict.code, 1);
}

#[test]
fn the_examples_of_the_official_package_are_valid() {
    let Some(place) = installed_ips() else { return };
    let ips = peer(IPS).unwrap();
    let examples = place.path().join("examples");
    fs::create_dir(&examples).unwrap();
    let text = flate2::read::GzDecoder::new(fs::File::open(ips).unwrap());
    let mut files = Vec::new();
    for entry in tar::Archive::new(text).entries().unwrap() {
        let mut entry = entry.unwrap();
        let path = entry.path().unwrap().into_owned();
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        if path.starts_with("package/example") && name.ends_with(".json") && !name.starts_with('.')
        {
            let file = examples.join(name);
            let mut text = Vec::new();
            entry.read_to_end(&mut text).unwrap();
            fs::write(&file, text).unwrap();
            files.push(file);
        }
    }
    assert!(files.len() >= 40, "only {} examples", files.len());
    let verdict = validate_ips(&place, None, &files);
    let lines = lines_of(&verdict);
    assert_eq!(lines.len(), files.len());
    let invalid: Vec<&Value> = lines.iter().filter(|line| line["valid"] != true).collect();
    assert!(invalid.is_empty(), "{invalid:#?}");
}

/// A configuration over the demo's data.
fn config_over(demo_data: &Path, folder: &Path, packages: &str) -> PathBuf {
    let mut text = format!(
        "[server]\nmode = \"test\"\nlisten = \"127.0.0.1:0\"\nbase = \"https://care.example.org/fhir/R4\"\n\
         [store]\nfolder = {data:?}\nid-secret-file = {secret:?}\n\
         [auth]\nissuer = \"https://issuer.example.org\"\naudience = \"https://care.example.org/fhir/R4\"\n\
         [packages]\n{packages}\n",
        data = demo_data,
        secret = demo_data.join("id-secret"),
    );
    for tenant in ["ZZ001", "ZZ002", "ZZ003"] {
        text.push_str(&format!(
            "[[access.tenants]]\nname = \"{tenant}\"\norganisation = \"{tenant}\"\n"
        ));
    }
    let path = folder.join("causeway.toml");
    fs::write(&path, text).unwrap();
    path
}

#[test]
fn after_packages_change_what_no_longer_conforms_is_named_and_nothing_is_lost() {
    let work = tempfile::tempdir().unwrap();
    let mut demo = Demo::start();
    let people: Vec<Value> = {
        let bundle = demo.get("gp", "/Patient?_count=100").json();
        bundle["entry"].as_array().unwrap().clone()
    };
    let plain = config_over(&demo.folder.path().join("data"), work.path(), "");
    // A server may be running over the same store.
    let beside = run(&["revalidate", "--config", plain.to_str().unwrap()]);
    assert_eq!(beside.code, 0, "{}", beside.err);
    demo.stop();
    let data = demo.folder.path().join("data");

    // Nothing has changed, so everything conforms and nothing is indexed anew.
    let plain = config_over(&data, work.path(), "");
    let first = run(&[
        "revalidate",
        "--config",
        plain.to_str().unwrap(),
        "--format",
        "json",
    ]);
    assert_eq!(first.code, 0, "{} {}", first.out, first.err);
    let summary = json_of(&first)["summary"].clone();
    let checked = summary["checked"].as_u64().unwrap();
    assert!(checked >= 100, "only {checked}");
    assert_eq!(
        (&summary["doNotConform"], &summary["reindexed"]),
        (&json!(0), &json!(0))
    );

    // A newer UK Core that asks every Patient for a photograph, and a way to search by gender.
    let url = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient";
    let newer = package(
        work.path(),
        "fhir.r4.ukcore.stu9",
        "9.0.0",
        json!({ "canonical": "https://fhir.hl7.org.uk" }),
        &[
            profile(url, "9.0.0", "photo"),
            json!({
                "resourceType": "SearchParameter", "id": "sex", "name": "sex", "status": "active",
                "url": "http://example.org/sex", "code": "sex", "base": ["Patient"],
                "type": "token", "expression": "Patient.gender",
            }),
        ],
    );
    let with = config_over(&data, work.path(), &format!("use = [{:?}]", newer));
    let with = with.to_str().unwrap();
    let second = run(&["revalidate", "--config", with, "--format", "json"]);
    assert_eq!(second.code, 1, "{} {}", second.out, second.err);
    let lines = lines_of(&second);
    let (summary, findings) = lines.split_last().unwrap();
    let summary = &summary["summary"];
    assert_eq!(summary["checked"], checked);
    assert_eq!(summary["doNotConform"], findings.len() as u64);
    assert_eq!(summary["packages"], json!(["fhir.r4.ukcore.stu9#9.0.0"]));
    assert!(
        summary["reindexed"].as_u64().unwrap() >= people.len() as u64,
        "{summary}"
    );
    let patients = findings
        .iter()
        .filter(|one| one["resourceType"] == "Patient")
        .count();
    assert!(patients >= people.len(), "{patients} of {}", people.len());
    assert!(
        summary["rules"]
            .as_object()
            .unwrap()
            .iter()
            .any(|(rule, count)| {
                rule.ends_with(" Patient")
                    || rule.contains("Patient.photo") && count.as_u64() >= Some(1)
            }),
        "{summary}"
    );
    // Nobody's name, number or date of birth is told (CS-22).
    for person in &people {
        let person = &person["resource"];
        let mut secrets = vec![person["birthDate"].as_str().map(str::to_owned)];
        for name in person["name"].as_array().into_iter().flatten() {
            secrets.push(name["family"].as_str().map(str::to_owned));
        }
        for identifier in person["identifier"].as_array().into_iter().flatten() {
            secrets.push(identifier["value"].as_str().map(str::to_owned));
        }
        for secret in secrets.into_iter().flatten().filter(|one| one.len() > 3) {
            assert!(!second.out.contains(&secret), "{secret} is told");
        }
    }

    // Once is enough, text says the same, and one organisation can be asked for.
    let third = run(&["revalidate", "--config", with]);
    assert_eq!(third.code, 1);
    assert!(
        third.out.contains("the search index of 0 was made anew"),
        "{}",
        third.out
    );
    assert!(third.out.contains("does not conform"), "{}", third.out);
    let one = run(&[
        "revalidate",
        "--config",
        with,
        "--organisation",
        "ZZ001",
        "--format",
        "json",
    ]);
    let all = lines_of(&one);
    assert!(
        all.iter()
            .all(|line| line["organisation"].is_null() || line["organisation"] == "ZZ001")
    );
    assert!(all.last().unwrap()["summary"]["checked"].as_u64().unwrap() < checked);
    let unknown = run(&["revalidate", "--config", with, "--organisation", "ZZ999"]);
    assert_eq!(unknown.code, 2, "{}", unknown.err);

    // With the packages of before, everything is as it was.
    let plain = config_over(&data, work.path(), "");
    let last = run(&[
        "revalidate",
        "--config",
        plain.to_str().unwrap(),
        "--format",
        "json",
    ]);
    assert_eq!(last.code, 0, "{} {}", last.out, last.err);
    let left: Vec<String> = fs::read_dir(&data)
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("revalidation"))
        .collect();
    assert_eq!(left, [""; 0], "nothing is left behind");
}

#[test]
fn an_interrupted_run_goes_on_where_it_stopped() {
    let work = tempfile::tempdir().unwrap();
    let mut demo = Demo::start();
    demo.stop();
    let data = demo.folder.path().join("data");
    let config = config_over(&data, work.path(), "");
    let config = config.to_str().unwrap();
    let whole = run(&["revalidate", "--config", config, "--format", "json"]);
    let checked = json_of(&whole)["summary"]["checked"].as_u64().unwrap();
    let one = run(&[
        "revalidate",
        "--config",
        config,
        "--organisation",
        "ZZ001",
        "--format",
        "json",
    ]);
    let of_first = json_of(&one)["summary"]["checked"].as_u64().unwrap();
    // As a run leaves it that ended after the first organisation, with half a line written since.
    let task = json!({
        "program": env!("CARGO_PKG_VERSION"), "definitions": "",
        "organisations": ["ZZ001", "ZZ002", "ZZ003"],
    });
    let state = |task: &Value, length: usize| {
        json!({ "task": task, "tenant": 1, "next": 0, "length": length, "counts":
            { "checked": 1_000_000 + of_first, "broken": 1, "reindexed": 0, "rules": { "V001 X": 1 } } })
    };
    let finding = "{\"resourceType\":\"Flag\",\"id\":\"of-before\",\"issues\":[]}\n";
    let leave = |task: &Value| {
        fs::write(
            data.join("revalidation.json"),
            state(task, finding.len()).to_string(),
        )
        .unwrap();
        fs::write(
            data.join("revalidation.ndjson"),
            format!("{finding}{{\"resou"),
        )
        .unwrap();
    };
    leave(&task);
    let resumed = run(&["revalidate", "--config", config, "--format", "json"]);
    assert!(resumed.err.contains("going on where"), "{}", resumed.err);
    let lines = lines_of(&resumed);
    assert_eq!(lines.len(), 2, "{}", resumed.out);
    assert_eq!(lines[0]["id"], "of-before");
    assert_eq!(lines[1]["summary"]["checked"], 1_000_000 + checked);
    assert_eq!(resumed.code, 1);
    // Asked to begin anew, or over other packages, it does.
    leave(&task);
    let anew = run(&[
        "revalidate",
        "--config",
        config,
        "--restart",
        "--format",
        "json",
    ]);
    assert_eq!(json_of(&anew)["summary"]["checked"], checked);
    let mut other = task.clone();
    other["definitions"] = json!("another#1.0.0");
    leave(&other);
    let anew = run(&["revalidate", "--config", config, "--format", "json"]);
    assert_eq!(json_of(&anew)["summary"]["checked"], checked);
    // Beginnings that cannot be read are no reason to stop.
    fs::write(data.join("revalidation.json"), "{").unwrap();
    let anew = run(&["revalidate", "--config", config, "--format", "json"]);
    assert_eq!(json_of(&anew)["summary"]["checked"], checked);
}
