//! A case: what both validators are asked.

use json::{Object, Value};
use sha2::{Digest, Sha256};

/// How a case is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// A JSON document.
    Json,
    /// An XML document.
    Xml,
}

/// Which packages both sides are given.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Set {
    /// R4 core, UK Core and the profiles of `conformance/oracle/profiles`.
    Base,
    /// R4 core, HL7 terminology, the extensions pack and IPS.
    Ips,
}

impl Set {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Base, Self::Ips];

    /// The name in files: `base`, `ips`.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base => "base",
            Self::Ips => "ips",
        }
    }
}

/// A resource, and what it is held against.
#[derive(Debug, Clone)]
pub struct Case {
    /// The case's own name: `cardinality-max/ukcore/Patient-1/Patient.gender`.
    pub name: String,
    /// The kind of rule that it is about: `cardinality-max`; a corpus' name for what nobody broke.
    pub kind: &'static str,
    /// The packages.
    pub set: Set,
    /// Profiles by canonical url, beside those that the resource claims.
    pub profiles: Vec<String>,
    /// How `text` is written.
    pub format: Format,
    /// The resource, byte for byte.
    pub text: String,
}

impl Case {
    /// The case as a line for the oracle.
    pub fn line(&self) -> String {
        let profiles: Vec<Value> = self.profiles.iter().map(|p| p.as_str().into()).collect();
        let line = Object::new()
            .with("case", self.name.as_str())
            .with("profiles", Value::Array(profiles))
            .with("text", self.text.as_str());
        String::from_utf8_lossy(&Value::from(line).to_bytes()).into_owned()
    }

    /// A hash of all that the verdict depends on but the packages' own content, in hex.
    pub fn hash(&self) -> String {
        let mut hash = Sha256::new();
        hash.update(self.set.name());
        for profile in &self.profiles {
            hash.update([0]);
            hash.update(profile);
        }
        hash.update([1]);
        hash.update(&self.text);
        hash.finalize()
            .iter()
            .take(12)
            .map(|byte| format!("{byte:02x}"))
            .collect()
    }
}
