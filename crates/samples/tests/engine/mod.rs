//! Runs a shipped mapping over an export, with the validator as the judge of each resource.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    missing_docs
)]

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use definitions::Definitions;
use diagnostics::{Issue, has_errors};
use identity::IdSpace;
use json::Value;
use mapping::{
    Folder, Judge, Made, Mapping, Quarantined, RunContext, RunOptions, RunReport, Sink, Verdict,
};
use samples::{Format, Plan, Truth};
use terminology::Terminology;
use validation::Validator;

pub fn mappings() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mappings")
}

pub fn mapping(format: Format) -> &'static Mapping {
    static LOADED: [OnceLock<Mapping>; 3] = [OnceLock::new(), OnceLock::new(), OnceLock::new()];
    LOADED[format as usize].get_or_init(|| {
        let definitions = Definitions::embedded();
        let terminology = Terminology::new(definitions);
        let folder = Folder::open(mappings().join(format.name()));
        let loaded = mapping::load(&folder, definitions, &terminology);
        let issues: Vec<_> = loaded.issues.iter().map(ToString::to_string).collect();
        loaded
            .mapping
            .unwrap_or_else(|| panic!("{}", issues.join("\n")))
    })
}

fn validator() -> &'static Validator {
    static VALIDATOR: OnceLock<Validator> = OnceLock::new();
    VALIDATOR.get_or_init(Validator::embedded)
}

/// What came of an export.
#[derive(Default)]
pub struct Outcome {
    pub made: Vec<Made>,
    pub quarantined: Vec<Quarantined>,
    pub issues: Vec<Issue>,
    pub report: Option<RunReport>,
}

/// Refuses what is not valid.
struct Validating;

impl Judge for Validating {
    type Judged = ();

    fn judge(&self, made: &mut Made) -> Result<(), Vec<Issue>> {
        let issues = validator().validate(&made.resource, &[]);
        if has_errors(&issues) {
            return Err(issues);
        }
        Ok(())
    }
}

impl Sink for Outcome {
    fn resource(&mut self, made: Made, _judged: ()) -> Verdict {
        self.made.push(made);
        Verdict::Accepted
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        self.quarantined.push(quarantined);
    }

    fn retired(&mut self, retired: mapping::Retired) {
        self.issues.push(retired.issue);
    }

    fn issue(&mut self, issue: Issue) {
        self.issues.push(issue);
    }
}

impl Outcome {
    /// Every issue, wherever it stands.
    pub fn all_issues(&self) -> impl Iterator<Item = &Issue> {
        let made = self.made.iter().flat_map(|made| &made.issues);
        let quarantined = self.quarantined.iter().flat_map(|held| &held.issues);
        made.chain(quarantined).chain(&self.issues)
    }

    /// The rows (and sheets) where something is said to be wrong or held back.
    pub fn troubled_rows(&self) -> BTreeSet<(Option<String>, u64)> {
        let issues = self.all_issues().filter_map(|issue| issue.input.as_ref());
        let held = self.quarantined.iter().map(|held| &held.place);
        issues.chain(held).filter_map(place).collect()
    }

    /// The rows that were held back for an error, in whole or in part.
    pub fn held_rows(&self) -> BTreeSet<(Option<String>, u64)> {
        self.quarantined
            .iter()
            .filter_map(|held| place(&held.place))
            .collect()
    }

    /// The cells that an issue names.
    pub fn named_cells(&self) -> BTreeSet<((Option<String>, u64), String)> {
        self.all_issues()
            .filter_map(|issue| issue.input.as_ref())
            .filter_map(|input| {
                let column = input.column.as_deref().map(str::to_owned).or_else(|| {
                    let pointer = input.pointer.as_deref()?;
                    Some(pointer.rsplit('/').next()?.to_owned())
                })?;
                Some((place(input)?, folded(&column)))
            })
            .collect()
    }

    /// The values that issues found fault with, by column.
    pub fn named_values(&self) -> BTreeSet<(String, &str)> {
        self.all_issues()
            .filter_map(|issue| {
                let column = issue.input.as_ref()?.column.as_deref()?;
                Some((folded(column), issue.value.as_deref()?.trim()))
            })
            .collect()
    }

    /// The resources about one person, the Patient among them.
    pub fn about(&self, person: &str) -> impl Iterator<Item = &Made> {
        self.made
            .iter()
            .filter(move |made| made.person.as_deref() == Some(person))
    }

    /// What there is of a person in one type, made or held back, for the message of a failed test.
    pub fn of(&self, person: &str, kind: &str) -> String {
        let made = self
            .about(person)
            .filter(|made| &*made.resource_type == kind)
            .map(|made| made.resource.to_string());
        let held = self
            .quarantined
            .iter()
            .filter(|held| held.resource_type.as_deref() == Some(kind))
            .filter(|held| held.person.as_deref() == Some(person))
            .map(|held| format!("{:?} {} {:?}", held.rule, held.raw, held.issues));
        made.chain(held).collect::<Vec<_>>().join("\n")
    }

    /// Resources as text by type and id, for comparing runs.
    pub fn by_id(&self) -> BTreeMap<String, String> {
        self.made
            .iter()
            .map(|made| {
                (
                    format!("{}/{}", made.resource_type, made.id),
                    made.resource.to_string(),
                )
            })
            .collect()
    }
}

/// A column's name without what tells variants of a header apart: an issue names the header as the
/// file spells it.
pub fn folded(name: &str) -> String {
    let letters = name.chars().filter(|letter| letter.is_alphanumeric());
    letters.flat_map(char::to_lowercase).collect()
}

pub fn place(place: &diagnostics::InputPlace) -> Option<(Option<String>, u64)> {
    Some((place.sheet.as_deref().map(str::to_owned), place.row?))
}

pub fn run(format: Format, bytes: Vec<u8>) -> Outcome {
    let mut outcome = Outcome::default();
    let context = RunContext {
        tenant: "VZ999".to_owned(),
        source: format.name().to_owned(),
        ids: IdSpace::published(),
        as_of: None,
    };
    let name = format!("export.{}", format.extension());
    let input = source::Input::bytes(name, bytes);
    let report = mapping(format)
        .run(
            &input,
            &context,
            RunOptions::default(),
            &Validating,
            &mut outcome,
        )
        .unwrap_or_else(|issues| panic!("{issues:?}"));
    outcome.report = Some(report);
    outcome
}

pub fn export(format: Format, plan: &Plan) -> (Vec<u8>, Truth) {
    let mut bytes = Vec::new();
    let truth = samples::write_with_truth(format, plan, &mut bytes).unwrap();
    (bytes, truth)
}

/// Every text and number of a resource, `meta` left out.
pub fn texts(resource: &Value) -> Vec<String> {
    fn walk(value: &Value, out: &mut Vec<String>) {
        match value {
            Value::String(text) => out.push(text.to_string()),
            Value::Number(number) => out.push(number.as_str().to_owned()),
            Value::Array(items) => items.iter().for_each(|item| walk(item, out)),
            Value::Object(object) => object.iter().for_each(|(_, value)| walk(value, out)),
            Value::Null | Value::Bool(_) => {}
        }
    }
    let mut out = Vec::new();
    if let Some(object) = resource.as_object() {
        for (name, value) in object.iter() {
            if name != "meta" && name != "id" {
                walk(value, &mut out);
            }
        }
    }
    out
}
