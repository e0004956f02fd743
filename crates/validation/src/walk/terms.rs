//! What resources that speak of codes say of them: maps between code systems, and value sets.

use definitions::Strength;
use diagnostics::IssueType;
use json::Value;
use terminology::Membership;

use super::Walk;
use super::path::Segment;
use crate::{CodeCheck, codes};

impl<'v> Walk<'_, 'v> {
    /// A code on either side of a map is one of the group's code system on that side
    /// (R4, ConceptMap.group.source and .target).
    pub(super) fn concept_map(&mut self, map: &'v Value) {
        for (at, group) in map.each("group").enumerate() {
            let length = self.path.len();
            self.path.push(Segment::Member("group"));
            self.path.push(Segment::Index(at));
            for (at, element) in group.each("element").enumerate() {
                let length = self.path.len();
                self.path.push(Segment::Member("element"));
                self.path.push(Segment::Index(at));
                self.mapped(group.text("source"), element);
                for (at, target) in element.each("target").enumerate() {
                    self.path.push(Segment::Member("target"));
                    self.path.push(Segment::Index(at));
                    self.mapped(group.text("target"), target);
                    self.path.truncate(self.path.len().saturating_sub(2));
                }
                self.path.truncate(length);
            }
            self.path.truncate(length);
        }
    }

    fn mapped(&mut self, system: Option<&'v str>, place: &'v Value) {
        let (Some(system), Some(code)) = (system, place.text("code")) else {
            return;
        };
        match self.validator.terminology().code_in_system(system, code) {
            Membership::In => {}
            Membership::Unknown => self.leave_open(|element| CodeCheck {
                element,
                resource: None,
                system: Some(system.to_owned()),
                version: None,
                code: code.to_owned(),
                display: place.text("display").map(str::to_owned),
                value_set: None,
                strength: Strength::Example,
            }),
            Membership::Out => self.raise_below(Some("code"), codes::UNKNOWN_CODE, |issue| {
                issue.kind(IssueType::CodeInvalid);
                issue.value(&Value::from(code));
                issue.say("the code is not in the code system of this side of the map".to_owned());
                issue.mend("check the code, and the code system that the group names");
            }),
        }
    }

    /// What a code system says of its content, and what it holds (R4, CodeSystem.content).
    pub(super) fn content(&mut self, system: &'v Value) {
        let Some(content) = system.text("content") else {
            return;
        };
        let wrong = if content == "not-present" && system.get("concept").is_some() {
            Some("the code system says that its concepts are not here, and holds some")
        } else if content != "supplement" && system.get("supplements").is_some() {
            Some("what supplements another code system says so in its content")
        } else {
            None
        };
        if let Some(wrong) = wrong {
            self.raise_below(Some("content"), codes::CONTENT, |issue| {
                issue.kind(IssueType::Conflict);
                issue.say(wrong.to_owned());
                issue.mend("make content agree with what the code system holds");
            });
        }
    }

    /// The version of a code system stands in a member of its own, not in the url
    /// (R4, ValueSet.compose.include.system).
    pub(super) fn composed(&mut self, value_set: &'v Value) {
        let Some(compose) = value_set.get("compose") else {
            return;
        };
        for side in ["include", "exclude"] {
            for (at, include) in compose.each(side).enumerate() {
                if !include.text("system").is_some_and(|url| url.contains('|')) {
                    continue;
                }
                let length = self.path.len();
                self.path.push(Segment::Member("compose"));
                self.path.push(Segment::Member(side));
                self.path.push(Segment::Index(at));
                self.raise_below(Some("system"), codes::FORMAT, |issue| {
                    issue.kind(IssueType::Value);
                    issue.say("the url of a code system has no version in it".to_owned());
                    issue.mend("put what follows the bar into version");
                });
                self.path.truncate(length);
            }
        }
    }
}
