//! What is validated: Patients and Observations of fictional people, good ones and broken ones.

use std::fs;
use std::path::{Path, PathBuf};

use json::Value;
use samples::person;

use super::failed;
use super::tool::Against;

/// How many different resources of a kind there are.
pub const PEOPLE: u32 = 1_000;

/// A resource type.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    Patient,
    Observation,
}

impl Kind {
    pub fn name(self) -> &'static str {
        match self {
            Self::Patient => "patient",
            Self::Observation => "observation",
        }
    }

    pub fn profile(self) -> &'static str {
        match self {
            Self::Patient => "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient",
            Self::Observation => "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation",
        }
    }

    fn named(name: &str) -> Option<Self> {
        [Self::Patient, Self::Observation]
            .into_iter()
            .find(|kind| kind.name() == name)
    }
}

/// The files that were written.
#[derive(Debug)]
pub struct Input {
    folder: PathBuf,
    broken: Vec<Broken>,
}

/// A good resource with one thing wrong.
#[derive(Debug)]
pub struct Broken {
    /// What is wrong, in words.
    pub rule: String,
    /// Its type.
    pub kind: Kind,
    /// Whether only UK Core forbids it.
    pub only_uk_core: bool,
}

impl Input {
    /// A file of good resources, one a line.
    pub fn good(&self, kind: Kind, against: Against) -> PathBuf {
        self.folder
            .join(format!("{}.{}.ndjson", kind.name(), against.id()))
    }

    /// A file with the first of them alone.
    pub fn first(&self, against: Against) -> PathBuf {
        self.folder.join(format!("first.{}.ndjson", against.id()))
    }

    /// The broken ones of a kind, one a line, and what is wrong with each.
    pub fn broken(&self, kind: Kind, against: Against) -> (PathBuf, Vec<&Broken>) {
        let path = self
            .folder
            .join(format!("broken-{}.{}.ndjson", kind.name(), against.id()));
        let all = self
            .broken
            .iter()
            .filter(|broken| broken.kind == kind && against.includes(broken))
            .collect();
        (path, all)
    }
}

/// Writes all files of a run into `folder`, from the templates in `templates`.
pub fn write(templates: &Path, folder: &Path) -> Result<Input, String> {
    let mut input = Input {
        folder: folder.to_path_buf(),
        broken: Vec::new(),
    };
    let path = templates.join("broken.json");
    let rules: Vec<serde_json::Value> =
        serde_json::from_slice(&fs::read(&path).map_err(|error| failed(&path, &error))?)
            .map_err(|error| failed(&path, &error))?;
    for rule in &rules {
        let kind = rule["of"].as_str().and_then(Kind::named);
        let (Some(kind), Some(words)) = (kind, rule["rule"].as_str()) else {
            return Err(format!("{}: a rule lacks `of` or `rule`", path.display()));
        };
        input.broken.push(Broken {
            rule: words.to_owned(),
            kind,
            only_uk_core: rule["uk_core"].as_bool().unwrap_or(false),
        });
    }
    for against in [Against::R4, Against::UkCore] {
        for kind in [Kind::Patient, Kind::Observation] {
            let path = templates.join(format!("{}.json", kind.name()));
            let template = fs::read_to_string(&path).map_err(|error| failed(&path, &error))?;
            let mut lines = Vec::new();
            for index in 0..PEOPLE {
                let resource = filled(&template, index, kind, against)
                    .map_err(|error| failed(&path, &error))?;
                resource.write(&mut lines);
                lines.push(b'\n');
                if index == 0 {
                    if kind == Kind::Patient {
                        save(&input.first(against), &lines)?;
                    }
                    let (path, _) = input.broken(kind, against);
                    let of_kind = rules
                        .iter()
                        .zip(&input.broken)
                        .filter(|(_, broken)| broken.kind == kind && against.includes(broken));
                    let mut broken = Vec::new();
                    for (rule, _) in of_kind {
                        broken.extend(spoilt(&resource, rule)?);
                        broken.push(b'\n');
                    }
                    save(&path, &broken)?;
                }
            }
            save(&input.good(kind, against), &lines)?;
        }
    }
    Ok(input)
}

fn save(path: &Path, bytes: &[u8]) -> Result<(), String> {
    fs::write(path, bytes).map_err(|error| failed(path, &error))
}

/// A template with one person in it. Numbers are kept as they are written.
fn filled(template: &str, index: u32, kind: Kind, against: Against) -> Result<Value, String> {
    let person = person::person(20_261_122, index);
    let (surgery, _) = person::practice(person.practice);
    let (sex, gender) = if person.female {
        ("F", "female")
    } else {
        ("M", "male")
    };
    let ethnic = char::from(b'A' + (index % 8) as u8);
    let mut text = template.to_owned();
    for (mark, value) in [
        ("@ID@", index.to_string()),
        ("@PROFILE@", kind.profile().to_owned()),
        ("@NHS@", person.nhs_number.clone()),
        ("@TITLE@", person.title.to_owned()),
        ("@GIVEN@", person.given.to_owned()),
        ("@FAMILY@", person.family.clone()),
        ("@SEX@", sex.to_owned()),
        ("@GENDER@", gender.to_owned()),
        ("@BIRTH@", person.birth.to_string()),
        ("@POSTCODE@", person.postcode.clone()),
        ("@ETHNIC@", ethnic.to_string()),
        ("@PRACTICE@", person.practice.to_string()),
        ("@SURGERY@", surgery),
        ("@DAY@", format!("{:02}", index % 28 + 1)),
        ("@WEIGHT@", format!("{}.{}0", 45 + index % 60, index % 10)),
    ] {
        text = text.replace(mark, &value);
    }
    let mut resource = json::parse(text.as_bytes()).map_err(|error| error.to_string())?;
    if against == Against::R4
        && let Some(object) = resource.as_object_mut()
    {
        let meta = object.get_mut("meta").and_then(Value::as_object_mut);
        let is_empty = meta.is_some_and(|meta| {
            meta.remove("profile");
            meta.is_empty()
        });
        if is_empty {
            object.remove("meta");
        }
    }
    Ok(resource)
}

/// A resource with what a rule of `broken.json` puts at a place or takes from it.
fn spoilt(resource: &Value, rule: &serde_json::Value) -> Result<Vec<u8>, String> {
    let mut resource: serde_json::Value =
        serde_json::from_slice(&resource.to_bytes()).map_err(|error| error.to_string())?;
    let at = rule["at"].as_str().unwrap_or_default();
    let unusable = || format!("broken.json: there is no {at}");
    let (parent, last) = at.rsplit_once('/').ok_or_else(unusable)?;
    match resource.pointer_mut(parent).ok_or_else(unusable)? {
        serde_json::Value::Object(members) => match rule.get("put") {
            Some(value) => {
                members.insert(last.to_owned(), value.clone());
            }
            None => {
                members.remove(last).ok_or_else(unusable)?;
            }
        },
        serde_json::Value::Array(items) => {
            let index: usize = last.parse().map_err(|_| unusable())?;
            let item = items.get_mut(index).ok_or_else(unusable)?;
            *item = rule.get("put").cloned().ok_or_else(unusable)?;
        }
        _ => return Err(unusable()),
    }
    serde_json::to_vec(&resource).map_err(|error| error.to_string())
}
