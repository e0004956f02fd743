//! Several packages together: which definition counts, what they need, and what is said of gaps.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod made;

use std::path::Path;

use definitions::{
    Definitions, Package, PackageFolder, PackageName, PackageSet, Wanted, codes, package,
};
use made::{PATIENT, manifest, profile, value_set, write};

const URL: &str = "http://example.org/p";

fn open(folder: &Path, names: &[&str]) -> PackageSet {
    let names: Vec<PackageName> = names
        .iter()
        .map(|name| PackageName::parse(name).unwrap())
        .collect();
    PackageSet::open(&PackageFolder::new(folder), &names).unwrap()
}

fn install(folder: &Path, name: &str, version: &str, manifest: &str, resources: &[&str]) {
    let file = write(folder, name, version, manifest, resources);
    PackageFolder::new(folder).install(&file).unwrap();
    std::fs::remove_file(file).unwrap();
}

/// The element that the profile's one rule is about.
fn asks_for(definitions: &Definitions, canonical: &str) -> Option<String> {
    let shape = definitions.shape(canonical)?;
    ["active", "gender", "birthDate", "name"]
        .into_iter()
        .find(|name| {
            let id = shape.child(shape.root(), name).unwrap();
            shape.element(id).min == 1
        })
        .map(str::to_owned)
}

fn codes_of(issues: &[diagnostics::Issue]) -> Vec<&str> {
    issues.iter().map(|issue| &*issue.code).collect()
}

#[test]
fn a_version_finds_exactly_itself_and_a_url_alone_the_newest() {
    let folder = tempfile::tempdir().unwrap();
    for (name, version, element) in [("a", "1.9.0", "active"), ("b", "1.10.0", "gender")] {
        let text = profile(URL, version, PATIENT, element, "");
        install(
            folder.path(),
            name,
            version,
            &manifest(name, version, &[]),
            &[&text],
        );
    }
    for names in [["a", "b"], ["b", "a"]] {
        let all = open(folder.path(), &names).definitions();
        assert_eq!(
            asks_for(&all, &format!("{URL}|1.9.0")).as_deref(),
            Some("active")
        );
        assert_eq!(
            asks_for(&all, &format!("{URL}|1.10.0")).as_deref(),
            Some("gender")
        );
        assert_eq!(asks_for(&all, URL).as_deref(), Some("gender"));
        assert_eq!(asks_for(&all, &format!("{URL}|2.0.0")), None);
        assert_eq!(all.structure_urls().filter(|url| *url == URL).count(), 1);
    }
}

#[test]
fn two_versions_in_one_place_are_told_apart() {
    let read = |text: String| {
        package::read(&json::parse(text.as_bytes()).unwrap())
            .unwrap()
            .unwrap()
    };
    let all = Definitions::embedded()
        .with(&[
            read(profile(URL, "2.0.0", PATIENT, "gender", "")),
            read(profile(URL, "1.0.0", PATIENT, "active", "")),
            read(value_set("http://example.org/v", "2", "active", "new")),
            read(value_set("http://example.org/v", "1", "active", "old")),
        ])
        .unwrap();
    assert_eq!(asks_for(&all, URL).as_deref(), Some("gender"));
    assert_eq!(
        asks_for(&all, &format!("{URL}|1.0.0")).as_deref(),
        Some("active")
    );
    let code = |canonical: &str| all.value_set(canonical).unwrap().includes[0].codes[0].clone();
    assert_eq!(&*code("http://example.org/v|1"), "old");
    assert_eq!(&*code("http://example.org/v"), "new");
    assert_eq!(all.value_set_versions("http://example.org/v"), ["2", "1"]);
    assert!(all.value_set("http://example.org/v|3").is_none());
}

#[test]
fn what_a_site_names_goes_before_what_comes_along() {
    let folder = tempfile::tempdir().unwrap();
    let newer = profile(URL, "9.0.0", PATIENT, "gender", "");
    let older = profile(URL, "1.0.0", PATIENT, "active", "");
    install(
        folder.path(),
        "dep",
        "9.0.0",
        &manifest("dep", "9.0.0", &[]),
        &[&newer],
    );
    let needs = manifest("site", "1.0.0", &[("dep", "9.0.x")]);
    install(folder.path(), "site", "1.0.0", &needs, &[&older]);
    let set = open(folder.path(), &["site@1.0.0"]);
    assert_eq!(set.dependencies.len(), 1);
    assert_eq!(set.issues, []);
    assert_eq!(asks_for(&set.definitions(), URL).as_deref(), Some("active"));
}

#[test]
fn a_retired_definition_is_found_only_where_no_other_is() {
    let folder = tempfile::tempdir().unwrap();
    let url = "http://example.org/v";
    let retired = value_set(url, "3.0.0", "retired", "retired");
    let active = value_set(url, "2.0.0", "active", "active");
    install(
        folder.path(),
        "new",
        "3.0.0",
        &manifest("new", "3.0.0", &[]),
        &[&retired],
    );
    install(
        folder.path(),
        "old",
        "2.0.0",
        &manifest("old", "2.0.0", &[]),
        &[&active],
    );
    let both = open(folder.path(), &["new", "old"]);
    let all = both.definitions();
    assert_eq!(
        all.value_set(url).unwrap().version.as_deref(),
        Some("2.0.0")
    );
    assert!(all.value_set(&format!("{url}|3.0.0")).unwrap().is_retired);
    assert_eq!(codes_of(both.named[0].issues()), [codes::RETIRED]);
    let alone = open(folder.path(), &["new"]).definitions();
    assert!(alone.value_set(url).unwrap().is_retired);
}

#[test]
fn another_uk_core_takes_the_place_of_the_one_that_is_built_in() {
    let folder = tempfile::tempdir().unwrap();
    let url = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient";
    let manifest = r#"{"name":"fhir.r4.ukcore.next","version":"9.0.0","fhirVersions":["4.0.1"],
        "canonical":"https://fhir.hl7.org.uk/"}"#;
    let text = profile(url, "9.0.0", PATIENT, "birthDate", "");
    install(
        folder.path(),
        "fhir.r4.ukcore.next",
        "9.0.0",
        manifest,
        &[&text],
    );
    let all = open(folder.path(), &["fhir.r4.ukcore.next"]).definitions();
    assert_eq!(asks_for(&all, url).as_deref(), Some("birthDate"));
    assert_eq!(
        all.profile("UKCore-Patient").unwrap().version(),
        Some("9.0.0")
    );
    // What the newer one no longer has is not taken from the older.
    assert!(all.profile("UKCore-Observation").is_none());
    assert!(all.shape_of_type("Patient").is_some());
    assert!(
        Definitions::embedded()
            .profile("UKCore-Observation")
            .is_some()
    );
}

#[test]
fn fhirs_own_types_come_from_r4_core_alone() {
    let folder = tempfile::tempdir().unwrap();
    let patient = r#"{"resourceType":"StructureDefinition","id":"Patient","version":"5.0.0",
        "url":"http://hl7.org/fhir/StructureDefinition/Patient","name":"Patient","status":"active",
        "kind":"resource","abstract":false,"type":"Patient","derivation":"specialization",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/DomainResource",
        "differential":{"element":[{"id":"Patient","path":"Patient"},
          {"id":"Patient.soul","path":"Patient.soul","min":1,"max":"1","type":[{"code":"string"}]}]}}"#;
    let foreign = profile(
        "http://example.org/foreign",
        "1.0.0",
        PATIENT,
        "name",
        r#""fhirVersion":"5.0.0","#,
    );
    let texts: [&str; 2] = [patient, &foreign];
    install(
        folder.path(),
        "sly",
        "1.0.0",
        &manifest("sly", "1.0.0", &[]),
        &texts,
    );
    let set = open(folder.path(), &["sly"]);
    let all = set.definitions();
    for found in [
        all.shape(PATIENT).unwrap(),
        all.shape_of_type("Patient").unwrap(),
    ] {
        assert_eq!(found.version(), Some("4.0.1"));
        assert!(found.find("Patient.soul").is_none());
    }
    assert!(all.shape(&format!("{PATIENT}|5.0.0")).is_none());
    assert!(all.shape("http://example.org/foreign").is_none());
    assert_eq!(codes_of(set.named[0].issues()), [codes::FOREIGN_DEFINITION]);
    assert!(codes_of(&set.examine()).contains(&codes::CORE_TYPE));
}

#[test]
fn a_package_of_another_fhir_is_refused_and_as_a_dependency_left_out() {
    let folder = tempfile::tempdir().unwrap();
    let r5 = r#"{"name":"other","version":"1.0.0","fhirVersions":["5.0.0"]}"#;
    let file = write(folder.path(), "other", "1.0.0", r5, &[]);
    let issue = Package::read(&file).unwrap_err();
    assert_eq!(issue.code, codes::OTHER_FHIR_VERSION);
    let needs = manifest(
        "site",
        "1.0.0",
        &[("hl7.fhir.r5.core", "5.0.0"), ("hl7.fhir.r4.core", "4.0.0")],
    );
    let site = write(folder.path(), "site", "1.0.0", &needs, &[]);
    let set = open(folder.path(), &[site.to_str().unwrap()]);
    assert_eq!(codes_of(&set.issues), [codes::OTHER_FHIR_VERSION]);
    assert!(set.dependencies.is_empty());
}

#[test]
fn what_is_needed_and_missing_is_named_and_nothing_fails() {
    let folder = tempfile::tempdir().unwrap();
    let needs = manifest(
        "site",
        "1.0.0",
        &[
            ("nowhere", "1.0.0"),
            ("odd", "^1.0.0"),
            ("there", "1.0.0"),
            ("fhir.r4.ukcore.stu3.currentbuild", "0.0.1"),
        ],
    );
    let text = profile(URL, "1.0.0", PATIENT, "name", "");
    install(folder.path(), "site", "1.0.0", &needs, &[&text]);
    install(
        folder.path(),
        "there",
        "1.2.0",
        &manifest("there", "1.2.0", &[]),
        &[],
    );
    let set = open(folder.path(), &["site"]);
    assert_eq!(
        codes_of(&set.issues),
        [
            codes::DEPENDENCY_MISSING,
            codes::DEPENDENCY_MISSING,
            codes::DEPENDENCY_VERSION,
            codes::DEPENDENCY_VERSION
        ]
    );
    assert!(set.issues[0].message.contains("nowhere#1.0.0"));
    assert!(set.issues[2].message.contains("1.2.0"));
    assert_eq!(asks_for(&set.definitions(), URL).as_deref(), Some("name"));
}

#[test]
fn packages_that_need_each_other_are_each_used_once() {
    let folder = tempfile::tempdir().unwrap();
    for (name, other) in [("a", "b"), ("b", "c"), ("c", "a"), ("self", "self")] {
        let text = profile(
            &format!("http://example.org/{name}"),
            "1.0.0",
            PATIENT,
            "name",
            "",
        );
        let needs = manifest(name, "1.0.0", &[(other, "1.0.0")]);
        install(folder.path(), name, "1.0.0", &needs, &[&text]);
    }
    let set = open(folder.path(), &["a", "self"]);
    let ids: Vec<String> = set
        .dependencies
        .iter()
        .map(|one| one.id().to_string())
        .collect();
    assert_eq!(ids, ["b#1.0.0", "c#1.0.0"]);
    assert_eq!(
        codes_of(&set.issues),
        [codes::DEPENDENCY_CYCLE, codes::DEPENDENCY_CYCLE]
    );
    assert!(set.definitions().shape("http://example.org/c").is_some());
}

#[test]
fn what_leads_nowhere_and_what_is_defined_twice_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let lost = r#"{"resourceType":"StructureDefinition","id":"lost","url":"http://example.org/lost",
        "version":"1.0.0","name":"X","status":"active","kind":"resource","abstract":false,
        "type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient",
        "derivation":"constraint","differential":{"element":[
        {"id":"Patient.maritalStatus","path":"Patient.maritalStatus",
         "binding":{"strength":"required","valueSet":"http://example.org/no-set"}},
        {"id":"Patient.managingOrganization","path":"Patient.managingOrganization",
         "type":[{"code":"Reference","targetProfile":["http://example.org/no-profile",
           "http://example.org/p|7.0.0"]}]}]}}"#;
    let one = profile(URL, "1.0.0", PATIENT, "name", "");
    let twin = profile(URL, "1.0.0", PATIENT, "gender", "");
    install(
        folder.path(),
        "a",
        "1.0.0",
        &manifest("a", "1.0.0", &[]),
        &[lost, &one],
    );
    install(
        folder.path(),
        "b",
        "1.0.0",
        &manifest("b", "1.0.0", &[("a", "1.0.0")]),
        &[&twin],
    );
    let issues = open(folder.path(), &["a"]).examine();
    assert_eq!(
        codes_of(&issues),
        [codes::UNRESOLVED, codes::UNRESOLVED, codes::OTHER_VERSION]
    );
    let set = open(folder.path(), &["b"]);
    assert_eq!(codes_of(&set.examine()), [codes::DUPLICATE_URL]);
    assert_eq!(asks_for(&set.definitions(), URL).as_deref(), Some("gender"));
}

#[test]
fn a_publishers_snapshot_stands_in_for_a_base_that_is_missing() {
    let folder = tempfile::tempdir().unwrap();
    let snapshot = r#""snapshot":{"element":[{"id":"Patient","path":"Patient"},
        {"id":"Patient.active","path":"Patient.active","min":1,"max":"1","type":[{"code":"boolean"}]},
        {"id":"Patient.gender","path":"Patient.gender","min":1,"max":"1","type":[{"code":"code"}]}]},"#;
    let text = profile(
        URL,
        "1.0.0",
        "http://example.org/base/of-another",
        "gender",
        snapshot,
    );
    install(
        folder.path(),
        "a",
        "1.0.0",
        &manifest("a", "1.0.0", &[]),
        &[&text],
    );
    let all = open(folder.path(), &["a"]).definitions();
    let shape = all.shape(URL).unwrap();
    assert_eq!(codes_of(shape.issues()), [codes::SNAPSHOT_USED]);
    for (name, least) in [("active", 1), ("gender", 1), ("name", 0)] {
        let id = shape.child(shape.root(), name).unwrap();
        assert_eq!(shape.element(id).min, least, "{name}");
    }
    // With the base, the differential counts.
    let base = profile(
        "http://example.org/base/of-another",
        "1.0.0",
        PATIENT,
        "birthDate",
        "",
    );
    install(
        folder.path(),
        "b",
        "1.0.0",
        &manifest("b", "1.0.0", &[]),
        &[&base],
    );
    let all = open(folder.path(), &["a", "b"]).definitions();
    let shape = all.shape(URL).unwrap();
    assert!(shape.issues().is_empty());
    let birth = shape.child(shape.root(), "birthDate").unwrap();
    assert_eq!(shape.element(birth).min, 1);
    let active = shape.child(shape.root(), "active").unwrap();
    assert_eq!(shape.element(active).min, 0);
}

#[test]
fn a_definition_with_only_a_snapshot_works() {
    let text = profile(URL, "1.0.0", PATIENT, "gender", "").replace("differential", "snapshot");
    let folder = tempfile::tempdir().unwrap();
    install(
        folder.path(),
        "a",
        "1.0.0",
        &manifest("a", "1.0.0", &[]),
        &[&text],
    );
    let all = open(folder.path(), &["a"]).definitions();
    assert_eq!(asks_for(&all, URL).as_deref(), Some("gender"));
}

#[test]
fn a_cache_that_other_tools_share_is_read_and_not_written() {
    let cache = tempfile::tempdir().unwrap();
    let own = tempfile::tempdir().unwrap();
    let inner = cache.path().join("shared#1.0.0/package");
    std::fs::create_dir_all(&inner).unwrap();
    std::fs::write(inner.join("package.json"), manifest("shared", "1.0.0", &[])).unwrap();
    std::fs::write(
        inner.join("p.json"),
        profile(URL, "1.0.0", PATIENT, "name", ""),
    )
    .unwrap();
    let folder = PackageFolder::new(own.path()).with_fhir_cache(cache.path());
    let open = || PackageSet::open(&folder, &[PackageName::parse("shared").unwrap()]).unwrap();
    assert_eq!(
        asks_for(&open().definitions(), URL).as_deref(),
        Some("name")
    );
    // A file that changes there is read again.
    std::fs::write(
        inner.join("p.json"),
        profile(URL, "1.0.0", PATIENT, "birthDate", ""),
    )
    .unwrap();
    assert_eq!(
        asks_for(&open().definitions(), URL).as_deref(),
        Some("birthDate")
    );
    let entries = std::fs::read_dir(cache.path().join("shared#1.0.0")).unwrap();
    assert_eq!(entries.count(), 1, "nothing was written there");
}

#[test]
fn the_packed_form_is_remade_when_it_is_stale_or_damaged() {
    let folder = tempfile::tempdir().unwrap();
    let element = || {
        let all = open(folder.path(), &["a"]).definitions();
        asks_for(&all, URL).unwrap()
    };
    let text = profile(URL, "1.0.0", PATIENT, "name", "");
    install(
        folder.path(),
        "a",
        "1.0.0",
        &manifest("a", "1.0.0", &[]),
        &[&text],
    );
    let packed = folder.path().join("a#1.0.0.compiled");
    let good = std::fs::read(&packed).unwrap();
    assert_eq!(element(), "name");
    // Another package in the place of the first, and the packed form of the first.
    let text = profile(URL, "1.0.0", PATIENT, "gender", "");
    install(
        folder.path(),
        "a",
        "1.0.0",
        &manifest("a", "1.0.0", &[]),
        &[&text],
    );
    std::fs::write(&packed, &good).unwrap();
    assert_eq!(element(), "gender");
    assert_ne!(std::fs::read(&packed).unwrap(), good, "it was made anew");
    let good = std::fs::read(&packed).unwrap();
    for at in (0..good.len()).step_by(7) {
        let mut damaged = good.clone();
        damaged[at] ^= 1;
        std::fs::write(&packed, &damaged).unwrap();
        assert_eq!(element(), "gender", "byte {at}");
    }
    for length in [0, 1, 40, good.len() / 2, good.len() - 1] {
        std::fs::write(&packed, &good[..length]).unwrap();
        assert_eq!(element(), "gender", "cut at {length}");
    }
}

#[test]
fn packages_are_installed_listed_and_removed() {
    let folder = tempfile::tempdir().unwrap();
    let packages = PackageFolder::new(folder.path().join("deep/packages"));
    assert_eq!(packages.installed().unwrap(), []);
    for version in ["1.0.0", "1.1.0", "2.0.0-ballot"] {
        let file = write(
            folder.path(),
            "a",
            version,
            &manifest("a", version, &[]),
            &[],
        );
        packages.install(&file).unwrap();
    }
    let found = |wanted: &str| {
        let wanted = Wanted::parse(wanted).unwrap();
        packages.find("a", &wanted).map(|(id, _)| id.version)
    };
    assert_eq!(found("latest").as_deref(), Some("1.1.0"));
    assert_eq!(found("1.0.x").as_deref(), Some("1.0.0"));
    assert_eq!(found("2.0.0-ballot").as_deref(), Some("2.0.0-ballot"));
    assert_eq!(found("current"), None);
    let id = packages.installed().unwrap().remove(0);
    assert!(packages.remove(&id).unwrap());
    assert!(!packages.remove(&id).unwrap());
    assert_eq!(packages.installed().unwrap().len(), 2);
    assert_eq!(packages.open(&id).unwrap_err().code, codes::PACKAGE_MISSING);
}

#[test]
fn a_folder_installs_like_its_archive_and_always_the_same() {
    let from = tempfile::tempdir().unwrap();
    let inner = from.path().join("package");
    std::fs::create_dir_all(&inner).unwrap();
    std::fs::write(inner.join("package.json"), manifest("a", "1.0.0", &[])).unwrap();
    std::fs::write(
        inner.join("p.json"),
        profile(URL, "1.0.0", PATIENT, "name", ""),
    )
    .unwrap();
    let install = || {
        let folder = tempfile::tempdir().unwrap();
        let package = PackageFolder::new(folder.path())
            .install(from.path())
            .unwrap();
        let bytes = std::fs::read(folder.path().join("a#1.0.0.tgz")).unwrap();
        (package.fingerprint(), bytes)
    };
    assert_eq!(install(), install());
}
