//! What is sent: nothing else can be, because a question has no room for it.

use identity::NhsNumber;
use json::{Object, Value};
use terminology::sctid::{self, Component};
use validation::CodeCheck;

/// Longer than any code.
const MAX_CODE: usize = 64;

/// One question: the whole of what a server is told.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) struct Question {
    pub system: Option<String>,
    pub version: Option<String>,
    pub code: String,
    pub value_set: Option<String>,
}

/// Why a check is not asked.
pub(crate) const NOT_SENT_SYSTEM: &str =
    "codes of this code system are not sent to the terminology server";
pub(crate) const NOT_SENT_CODE: &str =
    "what stands for the code does not look like one, and is not sent to the terminology server";

impl Question {
    /// The question of a check, or why it is not asked.
    pub(crate) fn of(check: &CodeCheck, systems: &[String]) -> Result<Self, &'static str> {
        if let Some(system) = &check.system
            && !systems.iter().any(|allowed| allows(allowed, system))
        {
            return Err(NOT_SENT_SYSTEM);
        }
        if check.system.is_none() && check.value_set.is_none() {
            return Err(NOT_SENT_SYSTEM);
        }
        if !is_code(check.system.as_deref(), &check.code) {
            return Err(NOT_SENT_CODE);
        }
        Ok(Self {
            system: check.system.clone(),
            // A version is a date, a number or a url: anything else is not sent.
            version: check
                .version
                .clone()
                .filter(|version| version.len() <= 128 && is_plain(version)),
            code: check.code.clone(),
            value_set: check.value_set.clone(),
        })
    }

    /// What it is asked of: `ValueSet/$validate-code` or `CodeSystem/$validate-code`.
    pub(crate) fn operation(&self) -> &'static str {
        if self.value_set.is_some() {
            "ValueSet/$validate-code"
        } else {
            "CodeSystem/$validate-code"
        }
    }

    /// The question as a Parameters resource.
    pub(crate) fn parameters(&self) -> Value {
        let mut parameters: Vec<Value> = Vec::new();
        let mut put = |name: &str, kind: &str, value: Value| {
            parameters.push(Object::new().with("name", name).with(kind, value).into());
        };
        match &self.value_set {
            Some(value_set) => {
                let (url, version) = match value_set.rsplit_once('|') {
                    Some((url, version)) => (url, Some(version)),
                    None => (&**value_set, None),
                };
                put("url", "valueUri", url.into());
                if let Some(version) = version {
                    put("valueSetVersion", "valueString", version.into());
                }
                match &self.system {
                    Some(system) => put("system", "valueUri", system.as_str().into()),
                    // In an element of type code the value set implies the system.
                    None => put("inferSystem", "valueBoolean", Value::Bool(true)),
                }
                if let Some(version) = &self.version {
                    put("systemVersion", "valueString", version.as_str().into());
                }
            }
            None => {
                if let Some(system) = &self.system {
                    put("url", "valueUri", system.as_str().into());
                }
                if let Some(version) = &self.version {
                    put("version", "valueString", version.as_str().into());
                }
            }
        }
        put("code", "valueCode", self.code.as_str().into());
        Object::new()
            .with("resourceType", "Parameters")
            .with("parameter", parameters)
            .into()
    }
}

/// Whether an entry of the settings, a url or a beginning with `*`, means a system.
fn allows(allowed: &str, system: &str) -> bool {
    match allowed.strip_suffix('*') {
        Some(beginning) => system.starts_with(beginning) && is_plain(system),
        None => allowed == system,
    }
}

/// Whether a text can be a code. A record may have anything in its place: a name, a sentence, an NHS
/// number that slipped by one column.
fn is_code(system: Option<&str>, code: &str) -> bool {
    if code.is_empty() || code.len() > MAX_CODE || !is_plain(code) {
        return false;
    }
    match system {
        Some("http://snomed.info/sct" | "https://dmd.nhs.uk") => {
            sctid::component(code) == Ok(Component::Concept)
        }
        _ => code.parse::<NhsNumber>().is_err() && !code.contains('@'),
    }
}

fn is_plain(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_graphic())
}
