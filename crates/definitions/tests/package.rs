//! Opening packages, and taking their prose away without touching a rule.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

mod peers;

use std::fs;

use definitions::form::Definition;
use definitions::{Definitions, PackageFile, codes, package};

const PACKAGES: &[&str] = &[
    peers::R4,
    peers::UK_CORE,
    "data/packages/hl7.fhir.uv.ips-2.0.0.tgz",
    "data/packages/hl7.fhir.uv.extensions.r4-5.3.0-ballot-tc1.tgz",
    "data/packages/hl7.terminology.r4-7.0.1.tgz",
];

#[test]
fn slimming_loses_no_rule_and_keeps_no_prose() {
    const PROSE: [&str; 7] = [
        "\"short\":",
        "\"definition\":\"",
        "\"comment\":",
        "\"requirements\":",
        "\"description\":",
        "\"title\":",
        "\"mapping\":",
    ];
    for path in PACKAGES {
        let Some(package) = peers::package(path) else {
            continue;
        };
        let mut count = 0;
        for (file, resource) in &package.resources {
            let read = package::read(resource).unwrap_or_else(|issue| panic!("{file}: {issue}"));
            let slim = package::slim(resource, true);
            assert_eq!(read.is_some(), slim.is_some(), "{file}");
            let (Some(read), Some(slim)) = (read, slim) else {
                continue;
            };
            let again = package::read(&slim).unwrap().unwrap();
            assert!(ruling(read) == ruling(again), "{file} reads otherwise");
            // A composite search parameter's parts name others by url under `definition`.
            let text = String::from_utf8(slim.to_bytes())
                .unwrap()
                .replace("\"definition\":\"http", "");
            for prose in PROSE {
                assert!(!text.contains(prose), "{file} keeps {prose}");
            }
            count += 1;
        }
        assert!(count > 50, "{path}: only {count}");
    }
}

/// A definition without the properties of concepts, of which only those are kept that the value sets
/// filter by that are built in, and without the expansion of a value set that is composed.
fn ruling(mut definition: Definition) -> Definition {
    if let Definition::ValueSet(set) = &mut definition {
        set.expansion = None;
    }
    if let Definition::CodeSystem(system) = &mut definition {
        for concept in &mut system.concepts {
            concept.properties.clear();
        }
    }
    definition
}

#[test]
fn a_site_can_lay_other_packages_over_what_is_built_in() {
    let mut all = Definitions::embedded().clone();
    for path in PACKAGES.get(2..4).unwrap() {
        let Some(package) = peers::package(path) else {
            return;
        };
        let (definitions, issues) = package.definitions();
        assert_eq!(issues, []);
        all = all.with(&definitions).unwrap();
    }
    let patient = all.profile("Patient-uv-ips").unwrap();
    let birth = patient.find("Patient.birthDate").unwrap();
    assert_eq!(patient.element(birth).min, 1);
    assert!(all.profile("UKCore-Patient").is_some());
    assert!(Definitions::embedded().profile("Patient-uv-ips").is_none());
}

#[test]
fn a_folder_is_read_like_an_archive() {
    let folder = tempfile::tempdir().unwrap();
    let inner = folder.path().join("package");
    fs::create_dir_all(inner.join("example")).unwrap();
    let manifest = r#"{"name":"a.b","version":"1.0.0","fhirVersions":["4.0.1"]}"#;
    let set =
        r#"{"resourceType":"ValueSet","id":"v","url":"http://example.org/v","status":"active"}"#;
    fs::write(inner.join("package.json"), manifest).unwrap();
    fs::write(inner.join("ValueSet-v.json"), set).unwrap();
    fs::write(inner.join(".index.json"), "{}").unwrap();
    fs::write(inner.join("broken.json"), "{").unwrap();
    fs::write(inner.join("example/Patient-x.json"), "not read").unwrap();
    let package = PackageFile::open(folder.path()).unwrap();
    assert_eq!((&*package.name, &*package.version), ("a.b", "1.0.0"));
    assert_eq!(package.resources.len(), 1);
    let [issue] = package.issues.as_slice() else {
        panic!("{:?}", package.issues)
    };
    assert_eq!(
        issue.input.as_ref().unwrap().file.as_deref(),
        Some("broken.json")
    );
}

#[test]
fn what_is_no_r4_package_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let refused = |why: &str| {
        let issue = PackageFile::open(folder.path()).unwrap_err();
        assert!(
            [codes::PACKAGE, codes::OTHER_FHIR_VERSION].contains(&&*issue.code),
            "{issue}"
        );
        assert!(issue.message.contains(why), "{issue}");
    };
    refused("no package/package.json");
    let manifest = r#"{"name":"hl7.fhir.r5.core","version":"5.0.0","fhirVersions":["5.0.0"]}"#;
    fs::write(folder.path().join("package.json"), manifest).unwrap();
    refused("FHIR 5.0.0");
    let file = folder.path().join("cut.tgz");
    fs::write(&file, b"\x1f\x8b\x08\x00cut short").unwrap();
    let issue = PackageFile::open(&file).unwrap_err();
    assert_eq!(issue.code, codes::PACKAGE);
}
