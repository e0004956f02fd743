//! `causeway explain`: of what each element was made, and why something was not made.
//!
//! It runs the mapping over the file again and prints as it goes; what it keeps in memory does not
//! grow with the file.

mod missing;
mod text;

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use diagnostics::{InputPlace, Issue};
use identity::IdSpace;
use json::Value;
use mapping::explain::Explanation;
use mapping::trace::PassedOver;
use mapping::{Judge, Made, Quarantined, Retired, RunContext, RunOptions, Sink, Verdict};
use serde_json::json;
use validation::Validator;

use crate::cli::{Explain, Format};
use crate::exit::{Exit, Failure};
use crate::explain::missing::Rules;
use crate::knowledge::Knowledge;
use crate::{locate, output};

/// Runs the command.
pub fn run(arguments: &Explain) -> Result<Exit, Failure> {
    let wanted = Wanted::of(arguments)?;
    let knowledge = Knowledge::of(&arguments.packages)?;
    let mapping = locate::mapping(&arguments.mapping, &knowledge)?;
    if !arguments.input.exists() {
        return Err(Failure::input(format!(
            "there is no file {}",
            arguments.input.display()
        )));
    }
    let context = RunContext {
        tenant: arguments.organisation.clone(),
        source: arguments
            .source
            .clone()
            .unwrap_or_else(|| mapping.name().to_owned()),
        ids: IdSpace::published(),
        as_of: arguments.as_of.clone(),
    };
    let judge = Validating {
        validator: knowledge.validator(),
        refused: Mutex::default(),
    };
    let mut printer = Printer {
        format: arguments.format,
        wanted: &wanted,
        judge: &judge,
        rules: Rules::of(&mapping),
        found: 0,
        out: String::new(),
        failure: None,
    };
    let options = RunOptions {
        trace: true,
        ..RunOptions::default()
    };
    let outcome = mapping.run(
        &source::Input::path(&arguments.input),
        &context,
        options,
        &judge,
        &mut printer,
    );
    printer.flush();
    let Printer {
        rules,
        found,
        failure,
        ..
    } = printer;
    if let Some(failure) = failure {
        return Err(failure);
    }
    if let Err(issues) = outcome {
        let mut message = format!("{} cannot be used", arguments.input.display());
        for issue in issues {
            message.push_str("\n  ");
            message.push_str(&issue.to_string());
        }
        return Err(Failure::input(message));
    }
    if found > 0 || wanted.is_everything() {
        return Ok(Exit::Fine);
    }
    match arguments.format {
        Format::Text => output::print(&rules.to_text(arguments, &context, &mapping))?,
        Format::Json => output::print_json(&rules.to_json(&wanted))?,
    }
    Ok(Exit::Failed)
}

/// What is to be explained.
#[derive(Debug, Default)]
pub(super) struct Wanted {
    resource_type: Option<String>,
    id: Option<String>,
    row: Option<u64>,
    sheet: Option<String>,
    pointer: Option<String>,
}

impl Wanted {
    fn of(arguments: &Explain) -> Result<Self, Failure> {
        let (resource_type, id) = match arguments.resource.as_deref() {
            None => (None, None),
            Some(resource) => match resource.split_once('/') {
                Some((resource_type, id)) if !resource_type.is_empty() && !id.is_empty() => {
                    (Some(resource_type.to_owned()), Some(id.to_owned()))
                }
                None if !resource.is_empty() => (Some(resource.to_owned()), None),
                _ => {
                    return Err(Failure::usage(format!(
                        "'{resource}' names no resource: write Type/id, or a type alone for all of it"
                    )));
                }
            },
        };
        Ok(Self {
            resource_type,
            id,
            row: arguments.row,
            sheet: arguments.sheet.clone(),
            pointer: arguments.pointer.clone(),
        })
    }

    /// The resource, as it was asked for.
    pub fn name(&self) -> Option<String> {
        let resource_type = self.resource_type.as_deref()?;
        Some(match &self.id {
            Some(id) => format!("{resource_type}/{id}"),
            None => resource_type.to_owned(),
        })
    }

    fn is_everything(&self) -> bool {
        self.resource_type.is_none() && !self.names_record()
    }

    /// Whether a record is asked for: then it is also told what was not made of it.
    fn names_record(&self) -> bool {
        self.row.is_some() || self.sheet.is_some() || self.pointer.is_some()
    }

    fn takes(&self, resource_type: Option<&str>, id: Option<&str>, place: &InputPlace) -> bool {
        let fits = |wanted: &Option<String>, found: Option<&str>| {
            wanted.is_none() || wanted.as_deref() == found
        };
        fits(&self.resource_type, resource_type)
            && fits(&self.id, id)
            && fits(&self.sheet, place.sheet.as_deref())
            && fits(&self.pointer, place.pointer.as_deref())
            && (self.row.is_none() || self.row == place.row)
    }
}

/// Validates as in earnest, and keeps what it refuses until the sink has told of it.
struct Validating {
    validator: Validator,
    refused: Mutex<HashMap<String, Value>>,
}

impl Validating {
    fn taken(&self, name: &str) -> Option<Value> {
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.remove(name)
    }
}

impl Judge for Validating {
    type Judged = Vec<Issue>;

    fn judge(&self, made: &mut Made) -> Result<Vec<Issue>, Vec<Issue>> {
        let (errors, rest): (Vec<Issue>, Vec<Issue>) = self
            .validator
            .validate(&made.resource, &[])
            .into_iter()
            .partition(Issue::is_error);
        if errors.is_empty() {
            return Ok(rest);
        }
        let name = format!("{}/{}", made.resource_type, made.id);
        let mut refused = self.refused.lock().unwrap_or_else(PoisonError::into_inner);
        refused.insert(name, made.resource.clone());
        Err(errors)
    }
}

/// Prints what is wanted while the run goes on.
struct Printer<'a> {
    format: Format,
    wanted: &'a Wanted,
    judge: &'a Validating,
    rules: Rules,
    found: u64,
    out: String,
    failure: Option<Failure>,
}

/// How much is gathered before it is printed.
const CHUNK: usize = 64 * 1024;

impl Printer<'_> {
    fn explain(&mut self, explanation: &Explanation) {
        self.found += 1;
        match self.format {
            Format::Text => text::explanation(explanation, &mut self.out),
            Format::Json => self.line(explanation),
        }
        if self.out.len() > CHUNK {
            self.flush();
        }
    }

    fn line(&mut self, value: &impl serde::Serialize) {
        match serde_json::to_string(value) {
            Ok(text) => {
                self.out.push_str(&text);
                self.out.push('\n');
            }
            Err(error) => self.failure = Some(Failure::failed(error)),
        }
    }

    fn flush(&mut self) {
        if let Err(failure) = output::print(&std::mem::take(&mut self.out)) {
            self.failure = Some(failure);
        }
    }
}

impl Sink<Vec<Issue>> for Printer<'_> {
    fn resource(&mut self, mut made: Made, judged: Vec<Issue>) -> Verdict {
        self.rules.made(&made.rule);
        if self
            .wanted
            .takes(Some(&made.resource_type), Some(&made.id), &made.place)
        {
            made.issues.extend(judged);
            self.explain(&Explanation::made(&made));
        }
        Verdict::Accepted
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        self.rules.quarantined(&quarantined);
        let resource = match (&quarantined.resource_type, &quarantined.id) {
            (Some(resource_type), Some(id)) => self.judge.taken(&format!("{resource_type}/{id}")),
            _ => None,
        };
        let takes = self.wanted.takes(
            quarantined.resource_type.as_deref(),
            quarantined.id.as_deref(),
            &quarantined.place,
        );
        if takes {
            self.explain(&Explanation::quarantined(&quarantined, resource.as_ref()));
        }
    }

    fn retired(&mut self, retired: Retired) {
        self.issue(retired.issue);
    }

    fn issue(&mut self, issue: Issue) {
        let place = issue.input.clone().unwrap_or_default();
        if self.wanted.resource_type.is_none() && self.wanted.takes(None, None, &place) {
            match self.format {
                Format::Text => text::issue(&issue, issue.value.as_deref(), "", &mut self.out),
                Format::Json => {
                    let line =
                        json!({ "outcome": "issue", "issues": [issue], "value": issue.value });
                    self.line(&line);
                }
            }
        }
    }

    fn passed_over(&mut self, passed: PassedOver) {
        self.rules.passed_over(&passed);
        // Of a whole file this would be most of what there is to say.
        if self.wanted.names_record()
            && self
                .wanted
                .takes(passed.resource_type.as_deref(), None, &passed.place)
        {
            self.explain(&Explanation::passed_over(&passed));
        }
    }
}
