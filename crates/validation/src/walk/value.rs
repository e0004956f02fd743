//! Primitive values with their ids and extensions.

use definitions::Strength;
use diagnostics::IssueType;
use fhir::{JsonKind, Primitive};
use json::Value;

use super::Walk;
use super::element::{Item, article};
use crate::codes;
use crate::plan::{Rule, TypeRule};

impl<'v> Walk<'_, 'v> {
    pub(super) fn primitive(
        &mut self,
        item: Item<'v>,
        rule: &Rule,
        of_type: &TypeRule,
        primitive: Primitive,
    ) {
        let value = item.value.filter(|value| !matches!(value, Value::Null));
        let more = item.more.filter(|more| !matches!(more, Value::Null));
        if value.is_none() && more.is_none() {
            self.raise(codes::NULL, |issue| {
                issue.say("null has no meaning here".to_owned());
                issue.mend("leave it out, or say in an extension why there is no value");
            });
            return;
        }
        if item.index.is_none()
            && (matches!(item.value, Some(Value::Null)) || matches!(item.more, Some(Value::Null)))
        {
            self.raise(codes::NULL, |issue| {
                issue.say("null is only allowed inside the arrays of a primitive".to_owned());
                issue.mend("leave the member out");
            });
        }
        if let Some(value) = value {
            self.primitive_value(value, rule, of_type, primitive);
        }
        if !rule.invariants.is_empty() {
            self.invariants(value, more, &of_type.code, &rule.invariants);
        }
        match more {
            None => {}
            Some(Value::Object(object)) => {
                let plans = self.validator.plans();
                let node = plans
                    .scope(of_type)
                    .any_of
                    .first()
                    .and_then(|id| plans.at(*id))
                    .or_else(|| plans.of_type("Element"));
                if let (Some(node), Some(more)) = (node, item.more) {
                    self.members(more, object, node, &of_type.places, value.is_some());
                }
            }
            Some(other) => self.raise(codes::JSON_TYPE, |issue| {
                issue.value(other);
                issue.say(format!(
                    "the member with an underscore holds an object, not {}",
                    article(other)
                ));
                issue.mend("write an object with id or extension");
            }),
        }
        if value.is_none()
            && let Some(bound) = &rule.binding
            && bound.strength == Strength::Required
        {
            // A code that is required cannot be replaced by a reason for its absence.
            self.no_code(bound, false);
        }
        if rule.min > 0 && value.is_none() && rule.fixed.is_some() {
            // A fixed value cannot be replaced by a reason for its absence.
            self.raise(codes::FIXED, |issue| {
                issue.kind(IssueType::Value);
                issue.say("the value that the profile fixes is missing".to_owned());
                issue.mend("write the value that the profile fixes");
            });
        }
    }

    fn primitive_value(
        &mut self,
        value: &'v Value,
        rule: &Rule,
        of_type: &TypeRule,
        primitive: Primitive,
    ) {
        if let Err(malformed) = primitive.check_value(value) {
            let fits = matches!(
                (primitive.json_kind(), value),
                (JsonKind::Boolean, Value::Bool(_))
                    | (JsonKind::Number, Value::Number(_))
                    | (JsonKind::String, Value::String(_))
            );
            let code = if fits {
                codes::FORMAT
            } else {
                codes::JSON_TYPE
            };
            self.raise(code, |issue| {
                issue.kind(if fits {
                    IssueType::Value
                } else {
                    IssueType::Structure
                });
                issue.value(value);
                issue.say(format!("the {} {malformed}", primitive.name()));
                issue.mend(format!("write it as R4 writes a {}", primitive.name()));
            });
            return;
        }
        if let Some(text) = value.as_str() {
            self.text(text, primitive);
        }
        if primitive == Primitive::Canonical
            && value
                .as_str()
                .is_some_and(|url| !url.contains(':') && !url.starts_with('#'))
        {
            self.raise(codes::RELATIVE, |issue| {
                issue.kind(IssueType::Value);
                issue.value(value);
                issue.say("a canonical must be an absolute URI".to_owned());
                issue.mend(
                    "write the whole url of the definition, or # and the id of a contained one",
                );
            });
        }
        if rule.is_plain {
            return;
        }
        self.fixed(value, rule);
        self.bound(value, rule, of_type);
        if let Some(longest) = rule.max_length
            && value
                .as_str()
                .is_some_and(|text| text.len() > longest && text.chars().count() > longest)
        {
            self.raise(codes::TOO_LONG, |issue| {
                issue.kind(IssueType::TooLong);
                issue.value(value);
                issue.say(format!("the text is longer than {longest} characters"));
                issue.mend("shorten it, and keep the whole in a note");
            });
        }
        self.limits(value, rule);
    }
}

impl<'v> Walk<'_, 'v> {
    /// What a text says that is allowed and may still be wrong.
    fn text(&mut self, text: &'v str, primitive: Primitive) {
        if let Some(advice) = primitive.advice(text) {
            self.raise(codes::ADVICE, |issue| {
                issue.kind(IssueType::Value);
                issue.warning();
                issue.value(&Value::from(text));
                issue.say(format!("the {} {advice}", primitive.name()));
                issue.mend("trim it, or leave the element out");
            });
        }
        if primitive == Primitive::Xhtml {
            self.narrative_links(text);
            if fhir::narrative::fetches_images(text) {
                self.raise(codes::REMOTE_IMAGE, |issue| {
                    issue.kind(IssueType::Value);
                    issue.warning();
                    issue.say(
                        "the narrative shows images from elsewhere, which tells that server who reads it"
                            .to_owned(),
                    );
                    issue.mend("contain the image, and refer to it as # and its id");
                });
            }
        }
    }
}
