//! Extensions against their own definitions.

use definitions::Context;
use diagnostics::IssueType;
use fhirpath::Environment;
use json::Value;

use super::Walk;
use super::element::Item;
use super::path::Segment;
use crate::codes;
use crate::invariants::Outcome;
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
        let Some(url) = url else {
            self.item(item, rule, of_type);
            return;
        };
        let definition = if url.contains(':') {
            self.validator.plans().of_extension(url)
        } else {
            None
        };
        if let Some(root) = definition.and_then(|node| node.root.as_ref()) {
            self.usage(root, node, places);
        }
        self.extensions.push((url, self.path.len()));
        self.extension_content(item, rule, of_type, named, definition, node, url);
        self.extensions.pop();
    }

    #[allow(
        clippy::too_many_arguments,
        reason = "one step of the walk, split off for reading"
    )]
    fn extension_content(
        &mut self,
        item: Item<'v>,
        rule: &Rule,
        of_type: &TypeRule,
        named: Option<&Rule>,
        definition: Option<&Node>,
        node: &Node,
        url: &'v str,
    ) {
        let Some(value) = item.value else { return };
        self.named_extension_rules(url, value);
        // The profile's slice says all that the definition says, and perhaps more.
        if let Some(typed) = named.and_then(|slice| slice.type_named("Extension")) {
            self.item(item, rule, typed);
            return;
        }
        match definition {
            Some(definition) => {
                if let Value::Object(object) = value {
                    self.object(value, object, definition, &of_type.places);
                    self.invariants(Some(value), None, &of_type.code, &rule.invariants);
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
                Segment::Member(name) => Some(*name == "modifierExtension"),
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
        let open = root.contexts.is_empty()
            || root
                .contexts
                .iter()
                .any(|context| self.in_context(context, root, node, places));
        if !open {
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
            return;
        }
        for expression in &root.context_invariants {
            if self.context_holds(expression, root, node) == Some(false) {
                self.raise(codes::EXTENSION_CONTEXT, |issue| {
                    issue.kind(IssueType::Extension);
                    issue.say(format!(
                        "the extension {} may only be used where {expression}",
                        root.url
                    ));
                    issue.mend("leave it out, or make that so");
                });
            }
        }
    }

    fn context_holds(&self, expression: &str, root: &Root, node: &Node) -> Option<bool> {
        let holder: &'v Value = self.holders.last()?;
        let resource = *self.resources.last()?;
        let model = &self.validator.plans().model;
        let rule = root.context_paths.rule("", expression, &node.path, None);
        let environment = Environment::new(model.resource_node(resource));
        match rule.outcome(model, (Some(holder), None), &node.type_name, &environment) {
            Outcome::Holds => Some(true),
            Outcome::Broken => Some(false),
            Outcome::Unusable | Outcome::Failed | Outcome::Undecided => None,
        }
    }

    /// Whether what holds the extension is what a context means.
    fn in_context(&self, context: &Context, root: &Root, node: &Node, places: &[Box<str>]) -> bool {
        let expression = mended(&root.url, context);
        // What an element's text must look like is also told on its type (FHIR-13328).
        if expression == "ElementDefinition"
            && root.url.ends_with("/StructureDefinition/regex")
            && places
                .iter()
                .any(|place| &**place == "ElementDefinition.type")
        {
            return true;
        }
        match &*context.kind {
            "element" => {
                // What stands before `#` is a profile: only elements that meet it are meant.
                let (profile, named) = match expression.split_once('#') {
                    Some((profile, named)) => (Some(profile), named),
                    None => (None, expression),
                };
                let named = named.trim_end_matches("[x]");
                let own = || places.iter().any(|place| **place == *named);
                // Every element and every resource is meant by Element.
                let is_meant = matches!(named, "Element" | "Any")
                    || own()
                    || (named == "CanonicalResource" && node.member("publisher").is_some())
                    || self.stands_at(named);
                is_meant && profile.is_none_or(|profile| self.claims(profile))
            }
            "extension" => self.parent_extension() == Some(expression),
            "fhirpath" => self.is_selected(expression, root).unwrap_or(true),
            _ => true,
        }
    }

    /// Whether an expression, evaluated over the resource, gives the element that holds the extension
    /// here; `None` where that cannot be told.
    fn is_selected(&self, expression: &str, root: &Root) -> Option<bool> {
        let resource = *self.resources.last()?;
        let type_name = resource.text("resourceType")?;
        let rule = root.context_paths.rule("", expression, type_name, None);
        rule.selects(
            &self.validator.plans().model,
            resource,
            self.holders.last()?,
        )
    }

    /// Whether the element that holds the extension here has this path in its resource.
    fn stands_at(&self, expression: &str) -> bool {
        let Some(resource) = self.resources.last() else {
            return false;
        };
        let mut names = expression.split('.');
        let from = self.path_in_resource();
        let end = from.len().saturating_sub(1);
        let holder = from.get(..end).unwrap_or_default();
        let mut own = holder.iter().filter_map(|segment| match segment {
            Segment::Member(name) => Some(*name),
            Segment::Choice(name, own) => name.get(..*own),
            Segment::Index(_) => None,
        });
        // The last is the member `extension` itself.
        let count = own.clone().count().saturating_sub(1);
        names.next() == resource.text("resourceType")
            && own
                .by_ref()
                .take(count)
                .eq(names.map(|name| name.trim_end_matches("[x]")))
    }

    /// Whether the resource around the place claims a profile, or the profile is its own type's.
    fn claims(&self, profile: &str) -> bool {
        self.resources.last().is_some_and(|resource| {
            resource.get("meta").is_some_and(|meta| {
                meta.each("profile")
                    .any(|claim| claim.as_str() == Some(profile))
            }) || resource
                .text("resourceType")
                .is_some_and(|name| profile.rsplit('/').next() == Some(name))
        })
    }

    /// The url of the extension that holds the one here, itself or in its value.
    fn parent_extension(&self) -> Option<&'v str> {
        let (url, length) = *self.extensions.last()?;
        let between = self.path.get(length..)?;
        let direct = match between {
            [Segment::Choice(..), rest @ ..] => rest,
            rest => rest,
        };
        let is_direct = matches!(
            direct,
            [Segment::Member("extension"), Segment::Index(_)] | [Segment::Member("extension")]
        );
        is_direct.then_some(url)
    }
}

/// The contexts of R4's own definitions that say less than R4 itself uses: what the type of an
/// element is, is told on `ElementDefinition.type` (FHIR-13328), and normative versions stand on all
/// kinds of definitions, as expectations stand on all parts of a CapabilityStatement.
fn mended<'c>(url: &str, context: &'c Context) -> &'c str {
    match url.strip_prefix("http://hl7.org/fhir/StructureDefinition/") {
        Some("structuredefinition-fhir-type") => "ElementDefinition.type",
        Some(
            "structuredefinition-normative-version"
            | "capabilitystatement-expectation"
            | "capabilitystatement-prohibited",
        ) => "Element",
        _ => &context.expression,
    }
}
