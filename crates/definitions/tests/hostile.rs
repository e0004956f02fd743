//! Packages that somebody made to do harm: clear errors, bounded memory, and nothing written where
//! it does not belong.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod made;

use std::fs;
use std::io::Write as _;
use std::path::Path;

use definitions::{Package, PackageFolder, PackageId, PackageName, codes};
use flate2::Compression;
use flate2::write::GzEncoder;
use made::{PATIENT, manifest, profile, tgz};
use proptest::prelude::*;

fn read(bytes: &[u8]) -> Result<Package, Box<diagnostics::Issue>> {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("p.tgz");
    fs::write(&path, bytes).unwrap();
    Package::read(&path)
}

fn refused(bytes: &[u8], why: &str) {
    let issue = read(bytes).unwrap_err();
    assert_eq!(issue.code, codes::PACKAGE, "{issue}");
    assert!(issue.message.contains(why), "{issue}");
    assert!(issue.help.is_some());
}

fn good() -> Vec<u8> {
    let manifest = manifest("a", "1.0.0", &[]);
    let text = profile("http://example.org/p", "1.0.0", PATIENT, "name", "");
    tgz(&[
        ("package/package.json", manifest.as_bytes()),
        ("package/p.json", text.as_bytes()),
    ])
}

/// Everything in a folder, by path.
fn tree(folder: &Path) -> Vec<String> {
    let mut found = Vec::new();
    let mut waiting = vec![folder.to_path_buf()];
    while let Some(next) = waiting.pop() {
        for entry in fs::read_dir(next).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                waiting.push(path.clone());
            }
            found.push(path.strip_prefix(folder).unwrap().display().to_string());
        }
    }
    found.sort();
    found
}

#[test]
fn a_package_that_is_cut_short_is_refused_wherever_it_is_cut() {
    let whole = good();
    assert_eq!(read(&whole).unwrap().contents().structures, 1);
    for length in 0..whole.len() - 8 {
        let outcome = read(&whole[..length]);
        assert!(outcome.is_err(), "cut at {length} of {}", whole.len());
    }
}

#[test]
fn paths_that_climb_out_are_nobodys_and_nothing_is_written_there() {
    let manifest = manifest("a", "1.0.0", &[]);
    let text = profile("http://example.org/p", "1.0.0", PATIENT, "name", "");
    let archive = tgz(&[
        ("package/package.json", manifest.as_bytes()),
        ("package/../../escaped.json", text.as_bytes()),
        ("../package/escaped.json", text.as_bytes()),
        ("/package/absolute.json", text.as_bytes()),
        ("package\\windows.json", text.as_bytes()),
        ("package/sub/below.json", text.as_bytes()),
        ("package/.hidden.json", text.as_bytes()),
    ]);
    let outside = tempfile::tempdir().unwrap();
    let file = outside.path().join("p.tgz");
    fs::write(&file, archive).unwrap();
    let packages = PackageFolder::new(outside.path().join("deep/packages"));
    let package = packages.install(&file).unwrap();
    assert_eq!(package.contents().structures, 0);
    assert_eq!(
        tree(outside.path()),
        [
            "deep",
            "deep/packages",
            "deep/packages/a#1.0.0.compiled",
            "deep/packages/a#1.0.0.tgz",
            "p.tgz"
        ]
    );
}

#[test]
fn a_manifest_cannot_name_a_file_elsewhere() {
    for (name, version) in [
        ("../../etc/passwd", "1.0.0"),
        ("a", "../../1"),
        ("a/b", "1"),
        ("a", "1/2"),
        ("", "1.0.0"),
        ("a", ""),
        (".hidden", "1"),
        ("a", "1..2"),
        ("a\\u0000", "1"),
        ("a#b", "1"),
    ] {
        let manifest = manifest(name, version, &[]);
        let outcome = read(&tgz(&[("package/package.json", manifest.as_bytes())]));
        assert_eq!(
            outcome.unwrap_err().code,
            codes::PACKAGE,
            "{name} {version}"
        );
    }
    for text in ["../x#1", "a#../1", "a#", "#1", "a", "a b#1"] {
        assert_eq!(PackageId::parse(text), None, "{text}");
    }
    assert_eq!(
        PackageName::parse("../x"),
        Some(PackageName::Path("../x".into()))
    );
    assert_eq!(PackageName::parse("a@^1.0.0"), None);
}

#[test]
fn manifests_that_are_none_are_refused() {
    for (manifest, why) in [
        ("", "package.json that can be read"),
        ("[]", "not a JSON object"),
        ("{", "package.json that can be read"),
        (r#"{"version":"1.0.0"}"#, "no name"),
        (r#"{"name":"a"}"#, "no version"),
        (r#"{"name":7,"version":[]}"#, "no name"),
        (r#"{"name":"a","name":"b","version":"1"}"#, "can be read"),
    ] {
        refused(&tgz(&[("package/package.json", manifest.as_bytes())]), why);
    }
    refused(
        &tgz(&[("other/file.json", b"{}")]),
        "no package/package.json",
    );
    refused(b"", "cannot be");
    refused(b"not a gzip", "cannot be read");
    let one = manifest("a", "1.0.0", &[]);
    let two = manifest("b", "1.0.0", &[]);
    refused(
        &tgz(&[
            ("package/package.json", one.as_bytes()),
            ("package/package.json", two.as_bytes()),
        ]),
        "two package.json",
    );
    let many: Vec<String> = (0..600).map(|number| format!("n{number}")).collect();
    let many: Vec<(&str, &str)> = many.iter().map(|name| (name.as_str(), "1.0.0")).collect();
    let many = made::manifest("a", "1.0.0", &many);
    refused(
        &tgz(&[("package/package.json", many.as_bytes())]),
        "more than",
    );
}

#[test]
fn of_two_files_with_one_name_the_last_counts_and_it_is_said() {
    let manifest = manifest("a", "1.0.0", &[]);
    let one = profile("http://example.org/one", "1.0.0", PATIENT, "name", "");
    let two = profile("http://example.org/two", "1.0.0", PATIENT, "name", "");
    let package = read(&tgz(&[
        ("package/package.json", manifest.as_bytes()),
        ("package/p.json", one.as_bytes()),
        ("package/p.json", two.as_bytes()),
    ]))
    .unwrap();
    assert_eq!(package.contents().structures, 1);
    assert_eq!(package.issues()[0].code, codes::DUPLICATE_FILE);
}

#[test]
fn deep_and_broken_json_costs_its_own_file() {
    let manifest = manifest("a", "1.0.0", &[]);
    let deep = format!("{}1{}", "[".repeat(200_000), "]".repeat(200_000));
    let nested = format!(
        r#"{{"resourceType":"CodeSystem","url":"http://example.org/c","content":"complete","concept":[{}{}]}}"#,
        r#"{"code":"x","concept":["#.repeat(5_000),
        "]}".repeat(5_000)
    );
    let text = profile("http://example.org/p", "1.0.0", PATIENT, "name", "");
    let package = read(&tgz(&[
        ("package/package.json", manifest.as_bytes()),
        ("package/deep.json", deep.as_bytes()),
        ("package/nested.json", nested.as_bytes()),
        ("package/latin.json", b"{\"a\":\"\xe9\"}"),
        ("package/empty.json", b""),
        ("package/p.json", text.as_bytes()),
    ]))
    .unwrap();
    assert_eq!(package.contents().structures, 1);
    let files: Vec<&str> = package
        .issues()
        .iter()
        .map(|issue| {
            assert_eq!(issue.code, codes::UNREADABLE);
            issue.input.as_ref().unwrap().file.as_deref().unwrap()
        })
        .collect();
    assert_eq!(
        files,
        ["deep.json", "nested.json", "latin.json", "empty.json"]
    );
}

/// A gzip stream of an archive whose one file says that it has `size` bytes and goes on with zeros.
fn bomb(path: &str, kind: tar::EntryType, size: u64, written: u64) -> Vec<u8> {
    let mut header = tar::Header::new_gnu();
    header.set_path(path).unwrap();
    header.set_entry_type(kind);
    header.set_size(size);
    header.set_cksum();
    let mut out = GzEncoder::new(Vec::new(), Compression::fast());
    out.write_all(header.as_bytes()).unwrap();
    let zeros = vec![0; 1 << 20];
    let mut left = written;
    while left > 0 {
        let part = left.min(zeros.len() as u64);
        out.write_all(&zeros[..part as usize]).unwrap();
        left -= part;
    }
    out.finish().unwrap()
}

#[test]
fn what_unpacks_to_more_than_is_reasonable_is_refused_early() {
    let file = tar::EntryType::Regular;
    refused(
        &bomb("package/p.json", file, 65 << 20, 1 << 20),
        "larger than",
    );
    refused(
        &bomb("package/p.json", file, u64::MAX / 2, 1 << 20),
        "larger than",
    );
    // What is not read still unpacks.
    refused(
        &bomb("package/other/x.bin", file, 4 << 30, 1100 << 20),
        "unpacks to more than",
    );
    let name = tar::EntryType::GNULongName;
    refused(&bomb("././@LongLink", name, 1 << 30, 1 << 20), "file name");
    let pax = tar::EntryType::XHeader;
    refused(&bomb("pax", pax, 1 << 30, 1 << 20), "file name");
}

#[test]
fn links_and_devices_are_not_followed() {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let manifest = manifest("a", "1.0.0", &[]);
    let mut header = tar::Header::new_gnu();
    header.set_size(manifest.len() as u64);
    archive
        .append_data(&mut header, "package/package.json", manifest.as_bytes())
        .unwrap();
    for (number, kind) in [
        tar::EntryType::Symlink,
        tar::EntryType::Link,
        tar::EntryType::Char,
        tar::EntryType::Fifo,
    ]
    .into_iter()
    .enumerate()
    {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(kind);
        header.set_size(0);
        archive
            .append_link(
                &mut header,
                format!("package/l{number}.json"),
                "/etc/hostname",
            )
            .unwrap();
    }
    let bytes = archive.into_inner().unwrap().finish().unwrap();
    let package = read(&bytes).unwrap();
    assert_eq!(package.contents(), Default::default());
    assert_eq!(package.issues(), []);
}

#[test]
fn long_names_of_both_kinds_are_read() {
    let manifest = manifest("a", "1.0.0", &[]);
    let long = format!("package/StructureDefinition-{}.json", "x".repeat(140));
    let text = profile("http://example.org/p", "1.0.0", PATIENT, "name", "");
    // As GNU tar writes them.
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, text) in [("package/package.json", &manifest), (long.as_str(), &text)] {
        let mut header = tar::Header::new_gnu();
        header.set_size(text.len() as u64);
        archive
            .append_data(&mut header, path, text.as_bytes())
            .unwrap();
    }
    let gnu = archive.into_inner().unwrap().finish().unwrap();
    assert_eq!(read(&gnu).unwrap().contents().structures, 1);
    // As npm writes them: in a header of their own.
    let record = format!(" path={long}\n");
    let mut length = record.len() + 3;
    if format!("{length}").len() != 3 {
        length = record.len() + format!("{length}").len();
    }
    let record = format!("{length}{record}");
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    let mut header = tar::Header::new_ustar();
    header.set_size(manifest.len() as u64);
    archive
        .append_data(&mut header, "package/package.json", manifest.as_bytes())
        .unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_entry_type(tar::EntryType::XHeader);
    header.set_size(record.len() as u64);
    archive
        .append_data(&mut header, "PaxHeader/x", record.as_bytes())
        .unwrap();
    let mut header = tar::Header::new_ustar();
    header.set_size(text.len() as u64);
    archive
        .append_data(&mut header, "package/cut-short", text.as_bytes())
        .unwrap();
    let pax = archive.into_inner().unwrap().finish().unwrap();
    assert_eq!(read(&pax).unwrap().contents().structures, 1);
}

/// JSON that looks like a definition, with anything in any place.
fn anything() -> impl Strategy<Value = serde_json::Value> {
    let leaf = prop_oneof![
        Just(serde_json::Value::Null),
        any::<bool>().prop_map(Into::into),
        any::<i64>().prop_map(Into::into),
        prop_oneof![
            Just("StructureDefinition"),
            Just("ValueSet"),
            Just("CodeSystem"),
            Just("SearchParameter"),
            Just("Patient"),
            Just("Patient.name"),
            Just("Patient.name:x.given"),
            Just("resource"),
            Just("constraint"),
            Just("http://example.org/x"),
            Just(PATIENT),
            Just("http://hl7.org/fhir/StructureDefinition/Patient|4.0.1"),
            Just("*"),
            Just("required"),
            Just(""),
            Just("|"),
            Just("..#"),
            Just("token"),
        ]
        .prop_map(Into::into),
    ];
    let name = prop::sample::select(vec![
        "resourceType",
        "id",
        "url",
        "version",
        "fhirVersion",
        "name",
        "status",
        "kind",
        "abstract",
        "type",
        "baseDefinition",
        "derivation",
        "differential",
        "snapshot",
        "element",
        "path",
        "sliceName",
        "slicing",
        "discriminator",
        "rules",
        "min",
        "max",
        "code",
        "profile",
        "targetProfile",
        "binding",
        "valueSet",
        "strength",
        "constraint",
        "key",
        "compose",
        "include",
        "concept",
        "system",
        "contentReference",
        "fixedUri",
        "patternCoding",
        "extension",
        "context",
        "base",
        "expression",
        "expansion",
        "contains",
        "supplements",
    ]);
    leaf.prop_recursive(5, 60, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Into::into),
            prop::collection::btree_map(name.clone().prop_map(str::to_owned), inner, 0..12)
                .prop_map(|members| serde_json::Value::Object(members.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn any_resource_is_a_definition_an_issue_or_nothing(value in anything(), kind in 0..4usize) {
        let mut value = value;
        if let Some(object) = value.as_object_mut() {
            let kinds = ["StructureDefinition", "ValueSet", "CodeSystem", "SearchParameter"];
            object.insert("resourceType".into(), kinds[kind].into());
            object.insert("url".into(), "http://example.org/x".into());
            object.entry("kind").or_insert("resource".into());
            object.entry("type").or_insert("Patient".into());
            object.entry("baseDefinition").or_insert(PATIENT.into());
            object.entry("derivation").or_insert("constraint".into());
        }
        let manifest = manifest("a", "1.0.0", &[]);
        let package = read(&tgz(&[
            ("package/package.json", manifest.as_bytes()),
            ("package/x.json", value.to_string().as_bytes()),
        ])).unwrap();
        let set = definitions::PackageSet { named: vec![package], ..Default::default() };
        let all = set.definitions();
        let _ = set.examine();
        if let Ok(Some(shape)) = all.checked_shape("http://example.org/x") {
            prop_assert!(shape.iter().count() > 0);
        }
        let _ = all.value_set("http://example.org/x");
        let _ = all.code_system("http://example.org/x");
        let _ = all.search_parameters("Patient");
    }

    #[test]
    fn any_bytes_are_refused_or_read(bytes in prop::collection::vec(any::<u8>(), 0..600)) {
        let _ = read(&bytes);
        let mut out = GzEncoder::new(Vec::new(), Compression::fast());
        out.write_all(&bytes).unwrap();
        let _ = read(&out.finish().unwrap());
    }

    #[test]
    fn a_changed_byte_does_no_more_than_change_the_answer(at in any::<prop::sample::Index>(), bit in 0..8u8) {
        let mut bytes = good();
        let at = at.index(bytes.len());
        bytes[at] ^= 1 << bit;
        let _ = read(&bytes);
    }
}
