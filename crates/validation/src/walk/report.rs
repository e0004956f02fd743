//! Issues as they are found, each once, and how they are worded.

use diagnostics::{Issue, IssueType, Severity};
use json::Value;

use super::Walk;
use super::path;
use crate::plan::{Node, Slice};
use crate::{CodeCheck, codes};

/// More open code checks than this nobody decides.
const MAX_OPEN: usize = 10_000;

/// More issues than this on one resource help nobody.
const MAX_ISSUES: usize = 1_000;

/// What a walk found so far.
#[derive(Default)]
pub(super) struct Findings {
    issues: Vec<Issue>,
    more: bool,
    /// How often something was found, counting what was known or forgotten again.
    raised: usize,
    /// Whether an error is among those that are not listed.
    more_errors: bool,
    /// The code checks that nobody could decide, where somebody wants to know them.
    open: Option<Vec<CodeCheck>>,
}

/// How much was found at some moment, to come back to.
#[derive(Clone, Copy)]
pub(super) struct Mark {
    issues: usize,
    open: usize,
    more: bool,
    more_errors: bool,
}

/// An issue under construction.
pub(super) struct Draft {
    message: String,
    help: String,
    severity: Severity,
    kind: IssueType,
    value: Option<String>,
}

impl Draft {
    /// What happened: a fragment without a value of the record.
    pub fn say(&mut self, message: String) {
        self.message = message;
    }

    /// What to do about it.
    pub fn mend(&mut self, help: impl Into<String>) {
        self.help = help.into();
    }

    pub fn warning(&mut self) {
        self.severity = Severity::Warning;
    }

    pub fn severity(&mut self, severity: Severity) {
        self.severity = severity;
    }

    pub fn kind(&mut self, kind: IssueType) {
        self.kind = kind;
    }

    /// The offending value, for the sender's own report: a primitive, or the codes of a coded
    /// element. Never a whole tree, which could be of any size.
    pub fn value(&mut self, value: &Value) {
        self.value = told(value);
    }
}

/// The longest text of a value that is told.
const MAX_TOLD: usize = 200;

fn told(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.chars().take(MAX_TOLD).collect()),
        Value::Number(number) => Some(number.as_str().chars().take(MAX_TOLD).collect()),
        Value::Bool(truth) => Some(truth.to_string()),
        Value::Object(object) if object.contains("coding") => {
            let codes: Vec<String> = value.each("coding").take(8).filter_map(coded).collect();
            (!codes.is_empty()).then(|| codes.join(", "))
        }
        Value::Object(_) => coded(value),
        Value::Null | Value::Array(_) => None,
    }
}

fn coded(coding: &Value) -> Option<String> {
    let code = coding.text("code")?;
    let whole = format!("{}|{code}", coding.text("system").unwrap_or(""));
    Some(whole.chars().take(MAX_TOLD).collect())
}

impl Findings {
    pub fn collecting_open(mut self) -> Self {
        self.open = Some(Vec::new());
        self
    }

    fn push(&mut self, issue: Issue) {
        self.raised += 1;
        if self.issues.len() >= MAX_ISSUES {
            self.more = true;
            self.more_errors |= issue.is_error();
        } else if !self.issues.iter().any(|known| is_same(known, &issue)) {
            self.issues.push(issue);
        }
    }

    /// Whether somebody looks at the report who wants to know all that is open.
    pub fn wants_open(&self) -> bool {
        self.open.is_some()
    }

    /// A number that stays the same for as long as nothing is found.
    pub fn raised(&self) -> usize {
        self.raised
    }

    fn mark(&self) -> Mark {
        Mark {
            issues: self.issues.len(),
            open: self.open.as_ref().map_or(0, Vec::len),
            more: self.more,
            more_errors: self.more_errors,
        }
    }

    fn errors_since(&self, mark: Mark) -> usize {
        let errors = self.issues.iter().skip(mark.issues);
        errors.filter(|issue| issue.is_error()).count()
            + usize::from(self.more_errors && !mark.more_errors)
    }

    /// Forgets what was found since a mark; whether an error was among it.
    fn roll_back(&mut self, mark: Mark) -> bool {
        let failed = diagnostics::has_errors(self.issues.iter().skip(mark.issues))
            || (self.more_errors && !mark.more_errors);
        self.issues.truncate(mark.issues);
        self.more = mark.more;
        self.more_errors = mark.more_errors;
        if let Some(open) = &mut self.open {
            open.truncate(mark.open);
        }
        failed
    }

    pub fn finish(mut self, root: &str) -> crate::Report {
        if self.more {
            let severity = if self.more_errors {
                Severity::Error
            } else {
                Severity::Warning
            };
            self.issues.push(
                Issue::new(
                    codes::TOO_MANY_ISSUES,
                    severity,
                    IssueType::TooLong,
                    format!("there are more than {MAX_ISSUES} issues, and the rest is not listed"),
                )
                .at_element(root)
                .help("mend these first"),
            );
        }
        crate::Report {
            issues: self.issues,
            open: self.open.unwrap_or_default(),
        }
    }
}

/// Whether two issues tell the same: two profiles often say one thing.
fn is_same(one: &Issue, other: &Issue) -> bool {
    one.code == other.code && one.element == other.element && one.message == other.message
}

impl Walk<'_, '_> {
    pub(super) fn mark(&self) -> Mark {
        self.report.mark()
    }

    /// Whether a trial found an error; what it found is forgotten.
    pub(super) fn roll_back(&mut self, mark: Mark) -> bool {
        self.report.roll_back(mark)
    }

    pub(super) fn errors_since(&self, mark: Mark) -> usize {
        self.report.errors_since(mark)
    }

    /// Keeps a code check that nobody here can decide, where somebody wants to know of it.
    pub(super) fn leave_open(&mut self, check: impl FnOnce(String) -> CodeCheck) {
        let Some(open) = &mut self.report.open else {
            return;
        };
        self.report.raised += 1;
        let check = check(path::render(self.root, &self.path));
        if open.len() < MAX_OPEN && !open.contains(&check) {
            open.push(check);
        }
    }

    /// Raises an issue at the place where the walk is: an error of kind `structure` unless the draft
    /// says otherwise.
    pub(super) fn raise(&mut self, code: &'static str, word: impl FnOnce(&mut Draft)) {
        self.raise_below(None, code, word);
    }

    /// The same on a member of the place that is not there.
    pub(super) fn raise_below(
        &mut self,
        member: Option<&str>,
        code: &'static str,
        word: impl FnOnce(&mut Draft),
    ) {
        let mut draft = Draft {
            message: String::new(),
            help: String::new(),
            severity: Severity::Error,
            kind: IssueType::Structure,
            value: None,
        };
        word(&mut draft);
        let mut element = path::render(self.root, &self.path);
        if let Some(member) = member {
            element.push('.');
            element.push_str(member);
        }
        let mut issue =
            Issue::new(code, draft.severity, draft.kind, draft.message).at_element(element);
        if !draft.help.is_empty() {
            issue = issue.help(draft.help);
        }
        if let Some(value) = draft.value {
            issue = issue.with_value(value);
        }
        self.report.push(issue);
    }

    pub(super) fn too_deep(&mut self) {
        self.raise(codes::TOO_DEEP, |issue| {
            issue.kind(IssueType::TooLong);
            issue.say("the resource nests deeper than anything in FHIR".to_owned());
            issue.mend("check what wrote it");
        });
    }

    pub(super) fn too_few(&mut self, name: &str, min: u32, count: usize) {
        let below = (count == 0).then_some(name);
        self.raise_below(below, codes::TOO_FEW, |issue| {
            issue.kind(IssueType::Required);
            issue.say(match (count, min) {
                (0, 1) => format!("{name} is missing"),
                _ => format!("{name} occurs {count} times and must occur at least {min} times"),
            });
            issue.mend(format!("give {name}"));
        });
    }

    pub(super) fn too_many(&mut self, name: &str, max: u32, count: usize) {
        self.raise(codes::TOO_MANY, |issue| {
            issue.say(if max == 0 {
                format!("{name} is not allowed here")
            } else {
                format!("{name} occurs {count} times and may occur at most {max} times")
            });
            issue.mend(if max == 0 {
                "leave it out, or do not claim the profile".to_owned()
            } else {
                format!("keep {max}")
            });
        });
    }

    pub(super) fn slice_too_few(&mut self, below: Option<&str>, slice: &Slice, count: usize) {
        self.raise_below(below, codes::SLICE_TOO_FEW, |issue| {
            issue.kind(IssueType::Required);
            issue.say(format!(
                "the part named {} occurs {count} times and must occur at least {} times",
                slice.name, slice.rule.min
            ));
            issue.mend("see the profile's slice of that name for what marks it");
        });
    }

    /// A member that the definition does not have, with the nearest name that it has.
    pub(super) fn unknown_member(&mut self, key: &str, value: &Value, node: &Node) {
        let name = super::name_in(key);
        let choice = node.children.iter().find(|child| {
            child.is_choice
                && name
                    .strip_prefix(&*child.name)
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
        });
        let choice_type = choice.and_then(|child| {
            let of_type = name.strip_prefix(&*child.name)?;
            self.validator.is_type(of_type).then_some(child)
        });
        // A name of the record's own could be personal data; one like FHIR's cannot.
        let like_a_name = name.len() <= 64 && name.bytes().all(|b| b.is_ascii_alphabetic());
        self.raise_below(
            like_a_name.then_some(name),
            codes::UNKNOWN_ELEMENT,
            |issue| {
                issue.value(value);
                issue.say(format!("{} has no such element", node.type_name));
                let nearest = node
                    .members
                    .iter()
                    .map(|member| (strsim::jaro_winkler(&member.name, name), &member.name))
                    .max_by(|a, b| a.0.total_cmp(&b.0))
                    .filter(|(likeness, _)| *likeness > 0.8);
                issue.mend(match nearest {
                    Some((_, nearest)) => format!("did you mean {nearest}?"),
                    None => "leave it out, or put it into an extension".to_owned(),
                });
            },
        );
        if let Some(child) = choice_type {
            self.choice_type(child, name, like_a_name);
        }
    }

    fn choice_type(&mut self, child: &crate::plan::Child, name: &str, named: bool) {
        // The unknown-element issue just raised is this one, better said.
        let _ = self.report.issues.pop();
        self.raise_below(named.then_some(name), codes::CHOICE_TYPE, |issue| {
            issue.say(format!("{}[x] may not have this type here", child.name));
            let mut allowed: Vec<&str> = child
                .rule
                .types
                .iter()
                .map(|of_type| &*of_type.code)
                .collect();
            let many = allowed.len() > 8;
            allowed.truncate(8);
            issue.mend(format!(
                "allowed: {}{}",
                allowed.join(", "),
                if many { " and others" } else { "" }
            ));
        });
    }
}
