//! Code checks that offline terminology cannot decide, and what becomes of them.

use std::collections::HashMap;

use definitions::Strength;
use diagnostics::{Issue, IssueType};

use crate::codes;

/// What [`crate::Validator::examine`] found.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// What does not fit, as [`crate::Validator::validate`] tells it.
    pub issues: Vec<Issue>,
    /// The code checks that are still to be decided: by a terminology server, or by nobody, which
    /// is to be said with [`CodeCheck::not_checked`].
    pub open: Vec<CodeCheck>,
}

/// One code whose place in a value set or code system cannot be told offline.
///
/// The codings of one CodeableConcept are alternatives: the checks that share `element` of the
/// concept, `value_set` and `strength` stand for one question, which one valid coding answers.
/// [`settle`] knows that.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct CodeCheck {
    /// The coded element as FHIRPath: `Condition.code`, for a concept the concept itself.
    pub element: String,
    /// The resource as `Type/id`, where it has an id.
    pub resource: Option<String>,
    /// The code system; `None` where the element is of type code, whose value set implies it.
    pub system: Option<String>,
    /// The version of the code system, where the coding names one.
    pub version: Option<String>,
    /// The code.
    pub code: String,
    /// The display that stands beside it.
    pub display: Option<String>,
    /// The value set as the binding names it, `|version` included; `None` asks whether the code is
    /// in its code system at all.
    pub value_set: Option<String>,
    /// How strictly the value set binds; `Example` where there is none.
    pub strength: Strength,
}

/// What somebody who knows the codes says of a [`CodeCheck`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Decision {
    /// The code is in the value set (or in its code system).
    Valid,
    /// It is not. The message is the terminology's own.
    Invalid(Option<String>),
    /// It could not be decided: why.
    Unknown(Option<String>),
}

impl CodeCheck {
    /// What is to be said while nobody has decided: information that this was *not* checked.
    pub fn not_checked(&self) -> Issue {
        self.undecided(None)
    }

    /// The issue that a decision makes of this check alone; none where the code is valid. For the
    /// codings of one concept ask [`settle`].
    pub fn decided(&self, decision: &Decision) -> Option<Issue> {
        match decision {
            Decision::Valid => None,
            Decision::Invalid(message) => Some(self.refused(message.as_deref())),
            Decision::Unknown(reason) => Some(self.undecided(reason.as_deref())),
        }
    }

    fn undecided(&self, reason: Option<&str>) -> Issue {
        let what = match &self.value_set {
            Some(value_set) => format!(
                "whether the code is in the value set {value_set} ({}) was not checked",
                strength_name(self.strength)
            ),
            None => "whether the code is in its code system was not checked".to_owned(),
        };
        let message = match reason {
            Some(reason) => format!("{what}: {reason}"),
            None => what,
        };
        self.placed(Issue::information(codes::NOT_CHECKED, message))
            .help("ask a terminology server, or load the code system's own release")
    }

    fn refused(&self, reason: Option<&str>) -> Issue {
        let (code, what) = match (&self.value_set, self.strength) {
            (Some(value_set), Strength::Required) => (
                codes::REQUIRED_BINDING,
                format!("the code is not in the value set {value_set} (required)"),
            ),
            (Some(value_set), strength) => (
                codes::EXTENSIBLE_BINDING,
                format!(
                    "the code is not in the value set {value_set} ({})",
                    strength_name(strength)
                ),
            ),
            (None, _) => (
                codes::UNKNOWN_CODE,
                "the code is not in its code system".to_owned(),
            ),
        };
        let message = match reason {
            Some(reason) => format!("{what}: {reason}"),
            None => what,
        };
        let issue = match (&self.value_set, self.strength) {
            (None, _) | (_, Strength::Required) => {
                Issue::error(code, IssueType::CodeInvalid, message)
            }
            (_, Strength::Extensible) => Issue::warning(code, IssueType::CodeInvalid, message),
            (_, Strength::Preferred | Strength::Example) => Issue::information(code, message),
        };
        self.placed(issue)
            .help("use a code of that set, and check the code and its system")
    }

    fn placed(&self, issue: Issue) -> Issue {
        let system = self.system.as_deref().unwrap_or("");
        let mut issue = issue
            .at_element(self.element.clone())
            .with_value(format!("{system}|{}", self.code));
        issue.resource.clone_from(&self.resource);
        issue
    }

    /// What makes several checks one question; a check of a code system stands alone.
    fn question(&self) -> Option<(&str, &str, Option<&str>, Strength)> {
        let value_set = self.value_set.as_deref()?;
        Some((
            &self.element,
            value_set,
            self.resource.as_deref(),
            self.strength,
        ))
    }
}

/// The issues that decisions make of one resource's checks, one decision a check, in order; checks
/// without a decision were not checked. Of the codings of one concept one valid coding is enough,
/// and where none is, an undecided one leaves it open; each question raises one issue at most.
pub fn settle(checks: &[CodeCheck], decisions: &[Decision]) -> Vec<Issue> {
    let decision = |at: usize| decisions.get(at).unwrap_or(&Decision::Unknown(None));
    let rank = |at: usize| match decision(at) {
        Decision::Valid => 2,
        Decision::Unknown(_) => 1,
        Decision::Invalid(_) => 0,
    };
    // Which check speaks for each question: the first of those that decide it.
    let mut places: HashMap<_, usize> = HashMap::new();
    let mut speakers: Vec<usize> = Vec::new();
    for (at, check) in checks.iter().enumerate() {
        let Some(question) = check.question() else {
            speakers.push(at);
            continue;
        };
        match places.get(&question).copied() {
            None => {
                places.insert(question, speakers.len());
                speakers.push(at);
            }
            Some(place) => {
                if let Some(speaker) = speakers.get_mut(place)
                    && rank(at) > rank(*speaker)
                {
                    *speaker = at;
                }
            }
        }
    }
    let mut issues: Vec<Issue> = Vec::new();
    for at in speakers {
        let issue = checks.get(at).and_then(|check| check.decided(decision(at)));
        issues.extend(issue.filter(|issue| !issues.contains(issue)));
    }
    issues
}

fn strength_name(strength: Strength) -> &'static str {
    match strength {
        Strength::Required => "required",
        Strength::Extensible => "extensible",
        Strength::Preferred => "preferred",
        Strength::Example => "example",
    }
}
