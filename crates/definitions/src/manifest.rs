//! What a package says of itself in `package.json`.

use json::Value;
use serde::{Deserialize, Serialize};

use crate::version::{is_name, is_version};

/// A package by name and version.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct PackageId {
    /// `hl7.fhir.uv.ips`.
    pub name: String,
    /// `2.0.0`.
    pub version: String,
}

impl PackageId {
    /// Reads `name@version` or `name#version`. `None` when either part could not stand in a file
    /// name.
    pub fn parse(text: &str) -> Option<Self> {
        let (name, version) = text.split_once(['#', '@'])?;
        (is_name(name) && is_version(version)).then(|| Self {
            name: name.to_owned(),
            version: version.to_owned(),
        })
    }
}

impl std::fmt::Display for PackageId {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}#{}", self.name, self.version)
    }
}

/// A package's manifest.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// Its name and version.
    pub id: PackageId,
    /// The url that its definitions' urls begin with: `http://hl7.org/fhir/uv/ips`.
    pub canonical: Option<String>,
    /// Its licence, as it names it.
    pub licence: Option<String>,
    /// The FHIR versions that it is for; empty when it does not say.
    pub fhir_versions: Vec<String>,
    /// The packages that it needs, by name, with the version as it is written there.
    pub dependencies: Vec<(String, String)>,
}

/// How many dependencies one manifest may name.
const MOST_DEPENDENCIES: usize = 500;

impl Manifest {
    /// Reads `package.json`.
    ///
    /// # Errors
    /// In words that go on from "the FHIR package cannot be used:".
    pub(crate) fn read(manifest: &Value) -> Result<Self, String> {
        if manifest.as_object().is_none() {
            return Err("its package.json is not a JSON object".to_owned());
        }
        let text = |name: &str| {
            manifest
                .text(name)
                .map(str::trim)
                .filter(|text| !text.is_empty())
                .map(str::to_owned)
        };
        let name = text("name").ok_or("its manifest has no name")?;
        let version = text("version").ok_or("its manifest has no version")?;
        if !is_name(&name) || !is_version(&version) {
            return Err(
                "the name or version in its manifest is not one that a FHIR package can have"
                    .to_owned(),
            );
        }
        let fhir_versions = ["fhirVersions", "fhir-version-list"]
            .iter()
            .flat_map(|name| manifest.each(name))
            .filter_map(|version| version.as_str().map(str::to_owned))
            .collect();
        let dependencies: Vec<(String, String)> = manifest
            .get("dependencies")
            .and_then(Value::as_object)
            .into_iter()
            .flat_map(json::Object::iter)
            .filter_map(|(name, version)| Some((name.to_owned(), version.as_str()?.to_owned())))
            .take(MOST_DEPENDENCIES + 1)
            .collect();
        if dependencies.len() > MOST_DEPENDENCIES {
            return Err(format!(
                "it needs more than {MOST_DEPENDENCIES} other packages"
            ));
        }
        Ok(Self {
            id: PackageId { name, version },
            canonical: text("canonical").map(|url| url.trim_end_matches('/').to_owned()),
            licence: text("license"),
            fhir_versions,
            dependencies,
        })
    }

    /// Whether it is for R4. A package that does not say is taken to be; its definitions say it
    /// themselves.
    pub fn is_r4(&self) -> bool {
        self.fhir_versions.is_empty() || self.fhir_versions.iter().any(|one| is_r4(one))
    }
}

/// Whether a FHIR version is R4: `4.0.1`, `4.0.0`, `4.0`, and nothing of R4B (`4.3.0`).
pub fn is_r4(version: &str) -> bool {
    let version = version.trim();
    version == "4.0" || version.starts_with("4.0.")
}
