//! `causeway validate`.

use std::fs::File;
use std::io::{BufReader, Read, stdin};
use std::path::Path;

use diagnostics::Issue;
use fhir::{MAX_RESOURCE, Stream};
use serde_json::json;
use validation::{Model, Validator};

use crate::cli::{Format, Validate};
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::output;

/// Runs the command.
pub fn run(arguments: &Validate) -> Result<Exit, Failure> {
    let knowledge = Knowledge::of(&arguments.packages)?;
    let mut profiles = Vec::new();
    for name in &arguments.profile {
        match knowledge.definitions.profile(name) {
            Some(shape) => profiles.push(shape.url().to_owned()),
            None => return Err(unknown_profile(name, &knowledge)),
        }
    }
    let checker = Checker {
        validator: knowledge.validator(),
        model: Model::new(knowledge.definitions),
        profiles,
        format: arguments.format,
    };
    let mut totals = Totals::default();
    for input in &arguments.inputs {
        if input == Path::new("-") {
            checker.read("-", stdin().lock(), &mut totals)?;
        } else {
            let file = File::open(input).map_err(|error| {
                Failure::input(format!("{} cannot be read: {error}", input.display()))
            })?;
            let name = input.display().to_string();
            checker.read(&name, BufReader::new(file), &mut totals)?;
        }
    }
    if arguments.format == Format::Text {
        output::print(&format!(
            "{} resources: {} valid, {} not valid, {} could not be read\n",
            totals.valid + totals.invalid,
            totals.valid,
            totals.invalid,
            totals.unreadable
        ))?;
    }
    Ok(if totals.unreadable > 0 {
        Exit::Input
    } else if totals.invalid > 0 {
        Exit::Failed
    } else {
        Exit::Fine
    })
}

fn unknown_profile(name: &str, knowledge: &Knowledge) -> Failure {
    let names: Vec<&str> = knowledge.definitions.profile_names().collect();
    let nearest = source::nearest(name, names.iter().copied());
    let hint = nearest.map_or_else(String::new, |nearest| format!("; did you mean {nearest}?"));
    Failure::usage(format!("there is no profile {name}{hint}"))
}

#[derive(Default)]
struct Totals {
    valid: u64,
    invalid: u64,
    unreadable: u64,
}

struct Checker {
    validator: Validator,
    model: Model,
    profiles: Vec<String>,
    format: Format,
}

impl Checker {
    fn read(&self, name: &str, input: impl Read, totals: &mut Totals) -> Result<(), Failure> {
        let profiles: Vec<&str> = self.profiles.iter().map(String::as_str).collect();
        let before = totals.valid + totals.invalid + totals.unreadable;
        let mut texts = Vec::new();
        for piece in Stream::new(input, None, MAX_RESOURCE) {
            match piece {
                Ok(piece) => texts.extend(
                    piece
                        .documents()
                        .map(|(line, text)| (line, self.parse(piece.format, text))),
                ),
                Err(unread) => texts.push((unread.line, Err(unread.issue))),
            }
        }
        for (line, resource) in texts {
            match resource {
                Ok(resource) => {
                    let issues = self.validator.validate(&resource, &profiles);
                    let valid = !diagnostics::has_errors(&issues);
                    if valid {
                        totals.valid += 1;
                    } else {
                        totals.invalid += 1;
                    }
                    let rtype = resource.text("resourceType");
                    self.print(name, line, rtype, resource.text("id"), valid, &issues)?;
                }
                Err(issue) => {
                    totals.unreadable += 1;
                    self.print(name, line, None, None, false, &[*issue])?;
                }
            }
        }
        if before == totals.valid + totals.invalid + totals.unreadable {
            return Err(Failure::input(format!("{name} holds no resource")));
        }
        Ok(())
    }

    fn parse(&self, format: fhir::Format, text: &[u8]) -> Result<json::Value, Box<Issue>> {
        let wrong = |code, message: String| {
            Box::new(Issue::error(
                code,
                diagnostics::IssueType::Structure,
                message,
            ))
        };
        match format {
            fhir::Format::Xml => fhir::xml::read(text, &self.model)
                .map_err(|error| wrong(error.fault.code(), error.to_string())),
            _ => json::parse(text)
                .map_err(|error| wrong(fhir::codes::NOT_JSON, error.to_string())),
        }
    }

    fn print(
        &self,
        name: &str,
        line: u64,
        rtype: Option<&str>,
        id: Option<&str>,
        valid: bool,
        issues: &[Issue],
    ) -> Result<(), Failure> {
        match self.format {
            Format::Json => output::print_json(&json!({
                "source": name,
                "line": line,
                "resourceType": rtype,
                "id": id,
                "valid": valid,
                "issues": issues,
            })),
            Format::Text => {
                let mut text = String::new();
                for issue in issues {
                    text.push_str(&format!("{name}:{line}: {issue}\n"));
                }
                output::print(&text)
            }
        }
    }
}
