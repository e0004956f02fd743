//! `cargo xtask definitions`: distils FHIR packages into `profiles/`.

use std::collections::{BTreeMap, HashMap};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use definitions::{PackageFile, package};
use json::{Object, Value};

const USAGE: &str = "\
usage: cargo xtask definitions PACKAGE… [--out FOLDER]

Takes FHIR R4 packages (.tgz, or folders that hold one unpacked), keeps the rules of their
definitions and leaves out all prose, and writes one folder a package into profiles/.";

/// Code systems whose preferred terms are not kept: large, and never shown by Causeway.
const WITHOUT_DISPLAYS: &[&str] = &[
    "http://terminology.hl7.org/CodeSystem/v2-",
    "http://dicom.nema.org/",
    "http://hl7.org/fhir/spdx-license",
];

/// Reads the arguments, distils, and says what was done.
pub fn run(arguments: &[String]) -> Result<(), String> {
    let mut packages: Vec<PathBuf> = Vec::new();
    let mut out = crate::test::workspace_root()?.join("profiles");
    let mut arguments = arguments.iter();
    while let Some(argument) = arguments.next() {
        match argument.as_str() {
            "--out" => out = arguments.next().ok_or(USAGE)?.into(),
            "--help" | "-h" => {
                println!("{USAGE}");
                return Ok(());
            }
            flag if flag.starts_with('-') => return Err(format!("unknown {flag}\n{USAGE}")),
            package => packages.push(package.into()),
        }
    }
    if packages.is_empty() {
        return Err(USAGE.to_owned());
    }
    for package in &packages {
        let written = distil(package, &out)?;
        println!("{written}");
    }
    Ok(())
}

/// Distils one package into a folder of its name.
pub fn distil(path: &Path, out: &Path) -> Result<String, String> {
    let package = PackageFile::open(path).map_err(|issue| issue.to_string())?;
    for issue in &package.issues {
        eprintln!("{issue}");
    }
    let mut files: BTreeMap<String, Vec<(String, Vec<u8>)>> = BTreeMap::new();
    let mut seen: HashMap<(String, String), String> = HashMap::new();
    for (file, resource) in &package.resources {
        match package::read(resource) {
            Ok(Some(_)) => {}
            Ok(None) => continue,
            Err(issue) => {
                eprintln!("{file}: {issue}");
                continue;
            }
        }
        if is_example(resource) {
            continue;
        }
        let url = resource.text("url").unwrap_or_default().to_owned();
        let kind = resource.text("resourceType").unwrap_or_default().to_owned();
        let displays = !WITHOUT_DISPLAYS
            .iter()
            .any(|prefix| url.starts_with(prefix));
        let Some(slim) = package::slim(resource, displays) else {
            continue;
        };
        if let Some(first) = seen.insert((kind.clone(), url.clone()), file.clone()) {
            return Err(format!("{file} and {first} both define {url}"));
        }
        files.entry(kind).or_default().push((url, slim.to_bytes()));
    }
    let folder = out.join(&package.name);
    if folder.exists() {
        fs::remove_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    }
    fs::create_dir_all(&folder).map_err(|error| failed(&folder, &error))?;
    let mut said = format!("{} {}:", package.name, package.version);
    for (kind, mut lines) in files {
        lines.sort();
        let _ = write!(said, " {} {kind}", lines.len());
        let mut text = Vec::new();
        for (_, line) in lines {
            text.extend_from_slice(&line);
            text.push(b'\n');
        }
        let file = folder.join(format!("{kind}.ndjson"));
        fs::write(&file, text).map_err(|error| failed(&file, &error))?;
    }
    let file = folder.join("package.json");
    fs::write(&file, manifest(&package)).map_err(|error| failed(&file, &error))?;
    Ok(said)
}

/// R4 core ships a few examples of definitions among its definitions: a search parameter
/// `part-agree` of Patient, say, that no server means to have.
fn is_example(resource: &Value) -> bool {
    let id = resource.text("id").unwrap_or_default();
    matches!(
        resource.text("resourceType"),
        Some("SearchParameter" | "StructureDefinition")
    ) && (id == "example" || id.starts_with("example-"))
}

/// Where the definitions come from.
fn manifest(package: &PackageFile) -> String {
    let versions: Vec<Value> = package
        .fhir_versions
        .iter()
        .map(|version| Value::from(version.as_str()))
        .collect();
    let mut manifest = Object::new()
        .with("name", package.name.as_str())
        .with("version", package.version.as_str());
    if let Some(licence) = &package.licence {
        manifest.insert("license", licence.as_str());
    }
    if let Some(canonical) = &package.canonical {
        manifest.insert("canonical", canonical.as_str());
    }
    manifest.insert("fhirVersions", versions);
    let mut text = Value::from(manifest).to_pretty();
    text.push('\n');
    text
}

fn failed(path: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", path.display())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The folders of `profiles/` are what the packages give, byte for byte.
    #[test]
    fn committed_definitions_are_those_of_the_packages() {
        let root = crate::test::workspace_root().unwrap();
        let shared = std::env::var_os("CAUSEWAY_SHARED")
            .map_or_else(|| root.join("../shared"), PathBuf::from);
        let packages = shared.join("data/packages");
        if !packages.is_dir() {
            assert!(
                std::env::var_os("CI").is_none(),
                "the FHIR packages are missing, and in continuous integration they must be there"
            );
            eprintln!("SKIPPED: the FHIR packages are not here; set CAUSEWAY_SHARED");
            return;
        }
        let again = tempfile::tempdir().unwrap();
        for file in [
            "hl7.fhir.r4.core-4.0.1.tgz",
            "fhir.r4.ukcore.stu3.currentbuild-2.0.0-currentbuild.20250620.tgz",
        ] {
            distil(&packages.join(file), again.path()).unwrap();
        }
        assert_eq!(
            contents(&root.join("profiles")),
            contents(again.path()),
            "run cargo xtask definitions with both packages"
        );
    }

    /// The files of all package folders, by name, with the hash of what is in them.
    fn contents(folder: &Path) -> BTreeMap<String, u64> {
        use std::hash::{DefaultHasher, Hash as _, Hasher as _};
        let mut found = BTreeMap::new();
        for package in fs::read_dir(folder).unwrap() {
            let package = package.unwrap().path();
            if !package.is_dir() {
                continue;
            }
            for file in fs::read_dir(&package).unwrap() {
                let file = file.unwrap().path();
                let mut hasher = DefaultHasher::new();
                fs::read(&file).unwrap().hash(&mut hasher);
                let name = file.strip_prefix(folder).unwrap().display().to_string();
                found.insert(name, hasher.finish());
            }
        }
        found
    }
}
