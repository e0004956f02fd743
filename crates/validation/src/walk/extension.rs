//! Extensions against their own definitions.

use definitions::Context;
use diagnostics::IssueType;
use json::Value;

use super::Walk;
use super::element::Item;
use crate::codes;
use crate::plan::{Node, Root, Rule, TypeRule};

impl<'v> Walk<'_, 'v> {
    /// One extension: against the profile's slice for its url (`named`), or against the definition
    /// that its url names. `node` is what holds it, and `places` what that is called.
    pub(super) fn extension(
        &mut self,
        item: Item<'v>,
        rule: &Rule,
        of_type: &TypeRule,
        named: Option<&Rule>,
        node: &Node,
        places: &[Box<str>],
    ) {
        let url = item.value.and_then(|value| value.text("url"));
        let (Some(value), Some(url)) = (item.value, url) else {
            self.item(item, rule, of_type);
            return;
        };
        let definition = if url.contains(':') {
            self.validator.plans().of_extension(url)
        } else {
            None
        };
        if let Some(root) = definition.as_ref().and_then(|node| node.root.as_ref()) {
            self.usage(root, node, places);
        }
        // The profile's slice says all that the definition says, and perhaps more.
        if let Some(typed) = named.and_then(|slice| slice.type_named("Extension")) {
            self.item(item, rule, typed);
            return;
        }
        match &definition {
            Some(definition) => {
                if let Value::Object(object) = value {
                    self.object(value, object, definition, &of_type.places);
                    self.invariants(value, &rule.invariants);
                }
            }
            None => {
                self.unknown(url, node);
                self.item(item, rule, of_type);
            }
        }
    }

    fn unknown(&mut self, url: &str, node: &Node) {
        let in_defined = node.root.as_ref().is_some_and(|root| root.is_profile)
            && &*node.type_name == "Extension";
        if !url.contains(':') {
            // A part of an extension has a short name as its url; only the definition knows which.
            if in_defined {
                self.raise(codes::EXTENSION_PART, |issue| {
                    issue.kind(IssueType::Extension);
                    issue.say("the extension that this stands in has no such part".to_owned());
                    issue.mend("use the parts that the extension's definition names");
                });
            } else if &*node.type_name != "Extension" {
                self.raise(codes::UNKNOWN_EXTENSION, |issue| {
                    issue.kind(IssueType::Extension);
                    issue.say("the url of an extension must be absolute".to_owned());
                    issue.mend("write the canonical url of its definition");
                });
            }
            return;
        }
        let own = self.validator.defines_under(url);
        let modifies = self.in_modifier();
        self.raise(codes::UNKNOWN_EXTENSION, |issue| {
            issue.kind(IssueType::Extension);
            issue.value(&Value::from(url));
            if modifies {
                issue.say(
                    "this extension can change the meaning of what it stands in, and it is unknown"
                        .to_owned(),
                );
                issue.mend("do not send what the receiver cannot understand");
            } else if own {
                issue.say(
                    "the package that this url belongs to defines no such extension".to_owned(),
                );
                issue.mend("check the spelling of the url against the published extension");
            } else {
                issue.warning();
                issue.say("the extension is unknown, so its content was not checked".to_owned());
                issue.mend("add the package that defines it, or check it elsewhere");
            }
        });
    }

    /// Whether the place is in `modifierExtension`.
    fn in_modifier(&self) -> bool {
        self.path
            .iter()
            .rev()
            .find_map(|segment| match segment {
                super::Segment::Member(name) => Some(*name == "modifierExtension"),
                _ => None,
            })
            .unwrap_or(false)
    }

    /// Whether a known extension may be used here.
    fn usage(&mut self, root: &Root, node: &Node, places: &[Box<str>]) {
        if root.is_modifier != self.in_modifier() {
            self.raise(codes::EXTENSION_MODIFIER, |issue| {
                issue.kind(IssueType::Extension);
                issue.say(if root.is_modifier {
                    "this extension changes the meaning of what it stands in, so it belongs in modifierExtension".to_owned()
                } else {
                    "this extension changes no meaning, so it belongs in extension".to_owned()
                });
                issue.mend("move it");
            });
        }
        let parent = node.root.as_ref().map(|root| &*root.url);
        let named = |context: &Context| -> bool {
            let expression = context.expression.trim_end_matches("[x]");
            match &*context.kind {
                // Every element and every resource is meant by Element.
                "element" => {
                    expression == "Element" || places.iter().any(|place| **place == *expression)
                }
                "extension" => parent == Some(expression) || &*node.type_name == "Extension",
                // FHIRPath is not evaluated here: it gets the benefit of the doubt.
                _ => true,
            }
        };
        if !root.contexts.is_empty() && !root.contexts.iter().any(named) {
            self.raise(codes::EXTENSION_CONTEXT, |issue| {
                issue.kind(IssueType::Extension);
                let allowed: Vec<&str> = root
                    .contexts
                    .iter()
                    .take(8)
                    .map(|context| &*context.expression)
                    .collect();
                issue.say(format!("the extension {} may not be used here", root.url));
                issue.mend(format!("it may be used on {}", allowed.join(", ")));
            });
        }
    }
}
