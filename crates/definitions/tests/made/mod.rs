//! Packages made for a test.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]
#![allow(dead_code, reason = "each test file uses some of it")]

use std::fs;
use std::path::{Path, PathBuf};

use flate2::Compression;
use flate2::write::GzEncoder;

pub const PATIENT: &str = "http://hl7.org/fhir/StructureDefinition/Patient";

/// The manifest of a package for R4 that needs others: `("b", "1.0.0")`.
pub fn manifest(name: &str, version: &str, needs: &[(&str, &str)]) -> String {
    let needs: Vec<String> = needs
        .iter()
        .map(|(name, version)| format!(r#""{name}":"{version}""#))
        .collect();
    format!(
        r#"{{"name":"{name}","version":"{version}","fhirVersions":["4.0.1"],
            "canonical":"http://example.org/{name}","dependencies":{{{}}}}}"#,
        needs.join(",")
    )
}

/// A profile whose first rule tells one version from another: `Patient.{element}` must be there.
pub fn profile(url: &str, version: &str, base: &str, element: &str, more: &str) -> String {
    let id = url.rsplit('/').next().unwrap();
    format!(
        r#"{{"resourceType":"StructureDefinition","id":"{id}","url":"{url}","version":"{version}",
            "name":"X","status":"active","kind":"resource","abstract":false,"type":"Patient",
            "baseDefinition":"{base}","derivation":"constraint",{more}
            "differential":{{"element":[
              {{"id":"Patient.{element}","path":"Patient.{element}","min":1}}]}}}}"#
    )
}

/// A value set of one code.
pub fn value_set(url: &str, version: &str, status: &str, code: &str) -> String {
    format!(
        r#"{{"resourceType":"ValueSet","url":"{url}","version":"{version}","status":"{status}",
            "compose":{{"include":[{{"system":"http://example.org/codes",
              "concept":[{{"code":"{code}"}}]}}]}}}}"#
    )
}

/// The bytes of a `.tgz` with these files, paths as they are given.
pub fn tgz(files: &[(&str, &[u8])]) -> Vec<u8> {
    let mut archive = tar::Builder::new(GzEncoder::new(Vec::new(), Compression::fast()));
    for (path, bytes) in files {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(0o644);
        // Around the builder's own checks, which a hostile archive has not passed.
        let name = &mut header.as_old_mut().name;
        name[..path.len()].copy_from_slice(path.as_bytes());
        header.set_cksum();
        archive.append(&header, *bytes).unwrap();
    }
    archive.into_inner().unwrap().finish().unwrap()
}

/// Writes a package named as registries name them.
pub fn write(
    folder: &Path,
    name: &str,
    version: &str,
    manifest: &str,
    resources: &[&str],
) -> PathBuf {
    let names: Vec<String> = (0..resources.len())
        .map(|number| format!("package/r{number}.json"))
        .collect();
    let mut files: Vec<(&str, &[u8])> = vec![("package/package.json", manifest.as_bytes())];
    files.extend(
        names
            .iter()
            .zip(resources)
            .map(|(name, text)| (name.as_str(), text.as_bytes())),
    );
    let path = folder.join(format!("{name}-{version}.tgz"));
    fs::write(&path, tgz(&files)).unwrap();
    path
}
