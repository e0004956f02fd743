//! A fragment by itself: what it makes is checked against its type before anybody uses it.

use definitions::Shape;

use super::Compiler;
use super::elements::Site;
use super::scope::Scope;
use crate::codes;
use crate::findings::suggest;
use crate::keys;
use crate::yaml::{Data, Node};

impl Compiler<'_> {
    /// Checks a fragment, and reports what it does not use. An element that a type must have may
    /// stand beside the use, so what a fragment lacks is judged there.
    pub fn check_fragment(&mut self, index: usize) {
        let fragments = self.fragments;
        let Some(decl) = fragments.decls.get(index) else {
            return;
        };
        let before = self.findings.issues.len();
        if let Some(site) = self.site_of(&decl.target) {
            let fits = |target: &str| target == decl.target;
            let nodes: Vec<Node> = match &decl.make.data {
                Data::List(items) => items.clone(),
                _ => vec![decl.make.clone()],
            };
            for node in nodes {
                let expanded = fragments
                    .expanded(&node, &fits, &decl.target, self.findings)
                    .into_owned();
                for node in &expanded {
                    self.check_made(node, &site);
                }
            }
        } else {
            let known = self.definitions.resource_types().chain([
                "HumanName",
                "Address",
                "ContactPoint",
                "Identifier",
                "CodeableConcept",
                "Quantity",
                "Period",
                "Dosage",
                "Annotation",
            ]);
            let help = suggest(&decl.target, known, "types");
            self.findings.error(
                codes::UNKNOWN_TYPE,
                decl.spot,
                format!("'{}' is no type, resource or path", decl.target),
                help,
            );
        }
        let mut index = before;
        while let Some(issue) = self.findings.issues.get(index) {
            if matches!(&*issue.code, codes::MISSING_ELEMENT | codes::OPTIONAL_FEED) {
                self.findings.issues.remove(index);
            } else {
                index += 1;
            }
        }
        let broken = self
            .findings
            .issues
            .get(before..)
            .is_some_and(diagnostics::has_errors);
        if broken {
            self.findings.muted.push(decl.file.as_str().into());
        }
    }

    /// Reports the parameters and named expressions of a fragment that nothing in it uses. To be
    /// asked when all that uses it is compiled.
    pub fn unused_in_fragment(&mut self, index: usize) {
        let fragments = self.fragments;
        let Some(decl) = fragments.decls.get(index) else {
            return;
        };
        if self.findings.muted.iter().any(|file| **file == *decl.file) {
            return;
        }
        for parameter in &decl.parameters {
            if !self.is_named(parameter.spot) {
                self.findings.warning(
                    codes::UNUSED_NAME,
                    parameter.spot,
                    format!(
                        "nothing in the fragment uses the parameter '{}'",
                        parameter.name
                    ),
                    "use it, or take it out",
                );
            }
        }
        let lets: Vec<_> = decl.lets.iter().map(|(key, _)| key.clone()).collect();
        self.unused_names(&lets);
    }

    /// Reports named expressions that nothing uses.
    pub fn unused_names(&mut self, names: &[Node]) {
        for name in names {
            let lost = self.findings.is_lost(name.text().unwrap_or_default());
            if !self.is_named(name.spot) && !lost {
                self.findings.warning(
                    codes::UNUSED_NAME,
                    name.spot,
                    format!("nothing uses '{}'", name.text().unwrap_or_default()),
                    "use it, or take it out",
                );
            }
        }
    }

    fn is_named(&self, spot: crate::yaml::Spot) -> bool {
        self.named.contains(&(spot.origin, spot.line, spot.column))
    }

    /// Where a type, a resource or a path such as `Observation.component` is made.
    fn site_of(&self, target: &str) -> Option<Site> {
        let mut parts = target.split('.');
        let first = parts.next()?;
        let shape = self.definitions.shape_of_type(first)?;
        let mut element = shape.root();
        for part in parts {
            element = shape.child(element, part)?;
        }
        // An element of a type, rather than with parts of its own, is made as that type.
        let code = match shape.element(element).types.as_slice() {
            [one] if target != first => Some(one.code.to_string()),
            _ => None,
        };
        if let Some(code) = code
            && let Some((inner, root)) = self.definitions.scope(&shape, element, &code)
        {
            return Some(Site {
                shape: inner,
                element: root,
                path: target.to_owned(),
                is_root: false,
            });
        }
        let is_root = target == first && self.definitions.resource_types().any(|one| one == first);
        Some(Site {
            shape,
            element,
            path: target.to_owned(),
            is_root,
        })
    }

    fn check_made(&mut self, node: &Node, site: &Site) {
        let mut scope = Scope::default();
        if node.entries().is_none() {
            crate::declare::wants_map(self.findings, node, "what a fragment makes");
            return;
        }
        if site.path == "CodeableConcept" && node.get("concept").is_some() {
            let element = site.shape.element(site.element).clone();
            self.concept_map(node, &element, &site.path, &mut scope);
            return;
        }
        if !site.is_root {
            self.object(node, site, &["slice"], &mut scope);
            return;
        }
        for (key, _) in node.entries().unwrap_or_default() {
            let name = key.text().unwrap_or_default();
            if keys::RULE.contains(&name) && !keys::FRAGMENT_RULE.contains(&name) {
                self.findings.error(
                    codes::UNKNOWN_KEY,
                    key.spot,
                    format!("'{name}' belongs to a rule of a mapping, and this is a fragment"),
                    "take it out, and write it where the fragment is used",
                );
            }
        }
        self.conditions(node, "when", &mut scope);
        if let Some(key) = node.get("key") {
            self.key_parts(key, &mut scope);
        }
        self.warnings(node, &mut scope);
        let shape: Option<Shape> = node.get("profile").and_then(|_| {
            let head = super::RuleHead {
                name: site.path.clone(),
                resource_type: site.path.clone(),
                table: 0,
                is_person: false,
                has_each: false,
                lookup: 0,
                spot: node.spot,
                node: node.clone(),
                lets: Vec::new(),
            };
            self.profile(node, &head)
        });
        let site = match shape {
            Some(shape) => Site {
                element: shape.root(),
                shape,
                path: site.path.clone(),
                is_root: true,
            },
            None => site.clone(),
        };
        self.object(node, &site, keys::RULE, &mut scope);
    }
}
