//! What is said of packages.

use definitions::{Contents, Manifest, Package};
use diagnostics::{Issue, Severity};
use serde_json::{Value, json};

/// Issues as people read them, one after the other.
pub fn issues(issues: &[Issue]) -> String {
    issues.iter().map(|issue| format!("{issue}\n")).collect()
}

/// A package as programs read it. `place` is `built-in`, `folder`, `file` or `registry`.
pub fn json(manifest: &Manifest, contents: Contents, place: &str) -> Value {
    let dependencies: serde_json::Map<String, Value> = manifest
        .dependencies
        .iter()
        .map(|(name, version)| (name.clone(), version.clone().into()))
        .collect();
    json!({
        "name": manifest.id.name,
        "version": manifest.id.version,
        "canonical": manifest.canonical,
        "licence": manifest.licence,
        "fhirVersions": manifest.fhir_versions,
        "dependencies": dependencies,
        "definitions": {
            "structures": contents.structures,
            "valueSets": contents.value_sets,
            "codeSystems": contents.code_systems,
            "searchParameters": contents.search_parameters,
            "retired": contents.retired,
        },
        "place": place,
    })
}

/// A line of a list of packages.
pub fn line(manifest: &Manifest, contents: Contents, place: &str) -> String {
    format!(
        "{}@{}: {} structures, {} value sets, {} code systems, {} search parameters ({place})\n",
        manifest.id.name,
        manifest.id.version,
        contents.structures,
        contents.value_sets,
        contents.code_systems,
        contents.search_parameters,
    )
}

/// Everything that is known of one package.
pub fn whole(package: &Package, found: &[Issue]) -> String {
    let manifest = package.manifest();
    let contents = package.contents();
    let or = |text: &Option<String>| text.clone().unwrap_or_else(|| "not stated".to_owned());
    let mut text = format!(
        "{}@{}\n  url       {}\n  licence   {}\n  FHIR      {}\n  defines   {} structures, {} value sets, {} code systems, {} search parameters; {} retired\n",
        manifest.id.name,
        manifest.id.version,
        or(&manifest.canonical),
        or(&manifest.licence),
        if manifest.fhir_versions.is_empty() {
            "not stated".to_owned()
        } else {
            manifest.fhir_versions.join(", ")
        },
        contents.structures,
        contents.value_sets,
        contents.code_systems,
        contents.search_parameters,
        contents.retired,
    );
    for (name, version) in &manifest.dependencies {
        text.push_str(&format!("  needs     {name}@{version}\n"));
    }
    let warnings = found
        .iter()
        .filter(|issue| issue.severity != Severity::Information)
        .count();
    text.push_str(&issues(found));
    text.push_str(&format!("{warnings} warnings\n"));
    text
}
