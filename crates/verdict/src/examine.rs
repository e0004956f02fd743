//! From a text to its verdict.

use diagnostics::{Issue, IssueType};
use fhir::xml::{Fault, XmlError};
use fhir::{Format, Piece, Unread, codes};
use json::{CompactString, Position, Value};
use validation::{CodeCheck, Decision, Model, Validator, settle};

use crate::{Finding, Verdict};

/// Who decides code checks that cannot be decided from what is here.
type Decider = dyn Fn(&[CodeCheck]) -> Vec<Decision> + Send + Sync;

/// Gives verdicts. Make one and share it between threads: what it compiles of the definitions it
/// compiles once.
pub struct Examiner {
    validator: Validator,
    model: Model,
    profiles: Vec<String>,
    decider: Option<Box<Decider>>,
}

impl Examiner {
    /// An examiner of R4 and of the profiles that resources claim.
    pub fn new(validator: Validator, model: Model) -> Self {
        Self {
            validator,
            model,
            profiles: Vec::new(),
            decider: None,
        }
    }

    /// Checks every outermost resource against these profiles too: canonical urls.
    #[must_use]
    pub fn with_profiles(mut self, profiles: Vec<String>) -> Self {
        self.profiles = profiles;
        self
    }

    /// Has code checks decided that are open offline. It is asked once for all that a piece of input
    /// leaves open; an answer that is shorter than the question leaves the rest unchecked.
    #[must_use]
    pub fn with_decider(
        mut self,
        decider: impl Fn(&[CodeCheck]) -> Vec<Decision> + Send + Sync + 'static,
    ) -> Self {
        self.decider = Some(Box::new(decider));
        self
    }

    /// The verdicts on all that a piece of a stream holds, in order.
    pub fn piece(&self, piece: &Piece) -> Vec<Verdict> {
        let mut begun: Vec<Begun<'_>> = piece
            .documents()
            .map(|(line, text)| self.begin(text, piece.format, line))
            .collect();
        self.decide(&mut begun);
        begun.into_iter().map(Begun::finish).collect()
    }

    /// The verdict on one resource. `line` is the line of the input that the text begins on.
    pub fn text(&self, text: &[u8], format: Format, line: u64) -> Verdict {
        let mut begun = [self.begin(text, format, line)];
        self.decide(&mut begun);
        let [begun] = begun;
        begun.finish()
    }

    /// The verdict on a part of a stream that cannot be had.
    pub fn unread(unread: Unread) -> Verdict {
        let line = usize::try_from(unread.line).unwrap_or(usize::MAX);
        Verdict {
            line: unread.line,
            resource_type: None,
            id: None,
            is_read: false,
            findings: vec![Finding {
                issue: *unread.issue,
                position: Position { line, column: 1 },
            }],
        }
    }

    /// Reads and validates, and leaves code checks open.
    fn begin<'t>(&self, text: &'t [u8], format: Format, line: u64) -> Begun<'t> {
        let mut begun = Begun::new(text, format, line);
        let resource = match format {
            Format::Xml => match fhir::xml::examine(text, &self.model) {
                Ok((resource, faults)) => {
                    begun.placed.extend(faults.into_iter().map(of_xml));
                    resource
                }
                Err(error) => return begun.unreadable(of_xml(error)),
            },
            Format::Json | Format::NdJson => match json::parse(text) {
                Ok(resource) => resource,
                Err(error) => return begun.unreadable(of_json(&error)),
            },
        };
        let profiles: Vec<&str> = self.profiles.iter().map(String::as_str).collect();
        let report = self.validator.examine(&resource, &profiles);
        begun.issues = report.issues;
        begun.open = report.open;
        begun.resource_type = name(&resource, "resourceType");
        begun.id = name(&resource, "id");
        begun
    }

    fn decide(&self, begun: &mut [Begun<'_>]) {
        let Some(decider) = &self.decider else {
            return;
        };
        let checks: Vec<CodeCheck> = begun.iter().flat_map(|one| one.open.clone()).collect();
        if checks.is_empty() {
            return;
        }
        let mut decisions = decider(&checks).into_iter();
        for one in begun {
            one.decisions = decisions.by_ref().take(one.open.len()).collect();
        }
    }
}

impl std::fmt::Debug for Examiner {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Examiner")
            .field("profiles", &self.profiles)
            .finish_non_exhaustive()
    }
}

/// The name of a type or an id, where it is a text of a fit length: nobody is told of a resource by a
/// megabyte.
fn name(resource: &Value, member: &str) -> Option<CompactString> {
    resource
        .text(member)
        .filter(|text| text.len() <= 256)
        .map(CompactString::from)
}

/// A verdict under way.
struct Begun<'t> {
    text: &'t [u8],
    format: Format,
    line: u64,
    resource_type: Option<CompactString>,
    id: Option<CompactString>,
    is_read: bool,
    /// Issues whose place the reader has told, within the text.
    placed: Vec<Finding>,
    /// Issues whose place is looked for.
    issues: Vec<Issue>,
    open: Vec<CodeCheck>,
    decisions: Vec<Decision>,
}

impl<'t> Begun<'t> {
    fn new(text: &'t [u8], format: Format, line: u64) -> Self {
        Self {
            text,
            format,
            line,
            resource_type: None,
            id: None,
            is_read: true,
            placed: Vec::new(),
            issues: Vec::new(),
            open: Vec::new(),
            decisions: Vec::new(),
        }
    }

    fn unreadable(mut self, finding: Finding) -> Self {
        self.is_read = false;
        self.placed = vec![finding];
        self
    }

    /// Settles what is open, finds the places, and puts the findings into the order of the text.
    fn finish(mut self) -> Verdict {
        self.issues.extend(settle(&self.open, &self.decisions));
        let mut findings = std::mem::take(&mut self.placed);
        if !self.issues.is_empty() {
            let paths: Vec<&str> = self
                .issues
                .iter()
                .map(|issue| issue.element.as_deref().unwrap_or(""))
                .collect();
            let positions = fhir::locate(self.text, self.format, &paths);
            findings.extend(
                self.issues
                    .drain(..)
                    .zip(positions)
                    .map(|(issue, position)| Finding { issue, position }),
            );
        }
        let before = self.lines_before();
        for finding in &mut findings {
            finding.position.line += before;
        }
        // The sort is stable: issues of one place stay in the order found.
        findings.sort_by_key(|finding| finding.position);
        once(&mut findings);
        Verdict {
            line: self.first_line(),
            resource_type: self.resource_type,
            id: self.id,
            is_read: self.is_read,
            findings,
        }
    }

    fn lines_before(&self) -> usize {
        usize::try_from(self.line.saturating_sub(1)).unwrap_or(usize::MAX / 2)
    }

    /// The line that the text begins on, blank lines before it aside.
    fn first_line(&self) -> u64 {
        let blank = self
            .text
            .iter()
            .take_while(|byte| byte.is_ascii_whitespace())
            .filter(|byte| **byte == b'\n')
            .count();
        self.line + blank as u64
    }
}

/// Takes out what says the same of the same element.
fn once(findings: &mut Vec<Finding>) {
    if findings.len() < 2 {
        return;
    }
    let mut seen = std::collections::HashSet::new();
    findings.retain(|Finding { issue, .. }| {
        seen.insert((
            issue.code.clone(),
            issue.element.clone(),
            issue.message.clone(),
        ))
    });
}

fn of_json(error: &json::ParseError) -> Finding {
    Finding {
        issue: Issue::error(
            codes::NOT_JSON,
            IssueType::Structure,
            format!("this is not JSON that holds a resource: {}", error.message),
        )
        .help("write the resource as strict JSON (RFC 8259), each member once"),
        position: Position {
            line: error.line,
            column: error.column,
        },
    }
}

fn of_xml(error: XmlError) -> Finding {
    let help = match error.fault {
        Fault::NotXml => "write the resource as XML 1.0 in UTF-8, without a document type",
        Fault::Namespace => {
            "FHIR's elements are in http://hl7.org/fhir, a narrative is in http://www.w3.org/1999/xhtml"
        }
        Fault::Attribute => "only id, url of an extension and value of a primitive are attributes",
        Fault::Text => "put the text into the value attribute of an element, or leave it out",
        Fault::Order => "write the elements in the order in which the specification lists them",
    };
    let message = match error.fault {
        Fault::NotXml => format!("this is not FHIR XML: {}", error.message),
        _ => error.message,
    };
    let issue = Issue::error(error.fault.code(), IssueType::Structure, message).help(help);
    Finding {
        issue: match error.element {
            Some(element) => issue.at_element(element),
            None => issue,
        },
        position: error.position.unwrap_or(Position::START),
    }
}
