//! What a differential's element changes once its place is found.

use diagnostics::{Issue, IssueType};
use json::Value;

use super::Trail;
use super::draft::{Draft, NodeId, ROOT};
use super::finish;
use crate::form::{ElementRule, Structure};
use crate::{
    Constraint, Definitions, Discriminator, DiscriminatorKind, Element, ElementType, Kind, Shape,
    Slicing, SlicingRules, codes,
};

/// A differential being laid over a draft.
pub struct Overlay<'o> {
    pub(super) structure: &'o Structure,
    pub(super) definitions: &'o Definitions,
    pub(super) trail: &'o Trail<'o>,
    pub(super) draft: Draft,
    /// The choices that this differential narrows by shorthand, with the types they had.
    pub(super) shortened: Vec<(NodeId, Vec<ElementType>)>,
    issues: Vec<Issue>,
}

impl<'o> Overlay<'o> {
    pub fn new(
        structure: &'o Structure,
        definitions: &'o Definitions,
        trail: &'o Trail<'o>,
        draft: Draft,
    ) -> Self {
        Self {
            structure,
            definitions,
            trail,
            draft,
            shortened: Vec::new(),
            issues: Vec::new(),
        }
    }

    /// Notes something of the definition that could not be used.
    pub(super) fn note(
        &mut self,
        code: &'static str,
        kind: IssueType,
        rule: &ElementRule,
        why: &str,
    ) {
        self.issues.push(
            Issue::warning(
                code,
                kind,
                format!(
                    "in the definition {}, the element {} {why}",
                    self.structure.url, rule.id
                ),
            )
            .at_element(rule.id.clone())
            .help("mend the definition; its other rules are used"),
        );
    }

    /// Notes that the base is there only in another version than the one asked for.
    pub fn note_other_version(&mut self, asked: &str) {
        self.issues.push(
            Issue::warning(
                codes::OTHER_VERSION,
                IssueType::NotFound,
                format!(
                    "the definition {} asks for version {asked} of its base, and another version \
                     is used",
                    self.structure.url
                ),
            )
            .help("add the package that has that version"),
        );
    }

    /// Notes that the base is not there and the publisher's snapshot is used in its place.
    pub fn note_snapshot(&mut self) {
        let base = self.structure.base.as_deref().unwrap_or_default();
        self.issues.push(
            Issue::warning(
                codes::SNAPSHOT_USED,
                IssueType::NotFound,
                format!(
                    "the base {base} of the definition {} is not there, so its publisher's \
                     snapshot is used",
                    self.structure.url
                ),
            )
            .help("add the package that has the base"),
        );
    }

    /// Lays one element of the differential over the draft.
    pub fn apply(&mut self, rule: &ElementRule) {
        let Some(place) = self.walk(rule) else {
            return;
        };
        self.check_types(rule, place.target);
        let target = place.target;
        if place.is_new {
            let is_array = rule.max.is_none_or(|max| max.is_none_or(|max| max > 1));
            self.draft.node_mut(target).element.is_array = is_array;
        }
        self.override_with(rule, target);
        for mirror in place.mirrors {
            tighten(
                &mut self.draft.node_mut(mirror.node).element,
                rule,
                mirror.is_slice,
            );
        }
    }

    fn check_types(&mut self, rule: &ElementRule, target: NodeId) {
        let base = &self.draft.node(target).element.types;
        if !self.structure.is_profile || base.is_empty() {
            return;
        }
        let open = |known: &ElementType| {
            matches!(
                &*known.code,
                "Resource" | "Element" | "BackboneElement" | "*"
            )
        };
        let strangers: Vec<&str> = rule
            .types
            .iter()
            .map(|stated| &*stated.code)
            .filter(|&code| !base.iter().any(|known| &*known.code == code || open(known)))
            .collect();
        if !strangers.is_empty() {
            let why = format!(
                "has the type {}, which its base does not allow",
                strangers.join(", ")
            );
            self.note(codes::TYPE_NOT_ALLOWED, IssueType::Conflict, rule, &why);
        }
    }

    fn override_with(&mut self, rule: &ElementRule, target: NodeId) {
        let is_extension = is_extension(&self.draft.node(target).segment);
        let node = self.draft.node_mut(target);
        // Inline children of a type that the element no longer has would be wrong.
        if let ([before], [after]) = (node.element.types.as_slice(), rule.types.as_slice())
            && before.code != after.code
            && self.structure.is_profile
        {
            node.children.clear();
        }
        let element = &mut node.element;
        if let Some(min) = rule.min {
            element.min = min;
        }
        if let Some(max) = rule.max {
            element.max = max;
        }
        if !rule.types.is_empty() {
            element.types = rule.types.clone();
            element.content_reference = None;
        }
        // A profile cannot give an element that has types the content of another instead.
        if rule.content_reference.is_some()
            && (element.types.is_empty() || !self.structure.is_profile)
        {
            element.content_reference = rule.content_reference.clone();
        }
        if let Some(slicing) = &rule.slicing {
            let mut slicing = slicing.clone();
            if slicing.discriminators.is_empty() {
                slicing.discriminators = match &element.slicing {
                    Some(before) => before.discriminators.clone(),
                    None if is_extension => by_url().discriminators,
                    None if element.is_choice => by_type(SlicingRules::Open).discriminators,
                    None => Vec::new(),
                };
            }
            element.slicing = Some(slicing);
        }
        if let Some(fixed) = value(rule.fixed.as_deref()) {
            element.fixed = Some(fixed);
        }
        if let Some(pattern) = value(rule.pattern.as_deref()) {
            element.pattern = Some(pattern);
        }
        if rule.binding.is_some() {
            element.binding = rule.binding.clone();
        }
        add_constraints(&mut element.constraints, &rule.constraints);
        if let Some(smallest) = value(rule.min_value.as_deref()) {
            element.min_value = Some(smallest);
        }
        if let Some(largest) = value(rule.max_value.as_deref()) {
            element.max_value = Some(largest);
        }
        if rule.max_length.is_some() {
            element.max_length = rule.max_length;
        }
        if let Some(must_support) = rule.must_support {
            element.must_support = must_support;
        }
        if let Some(is_modifier) = rule.is_modifier {
            element.is_modifier = is_modifier;
        }
        if let Some(is_summary) = rule.is_summary {
            element.is_summary = is_summary;
        }
        element.is_xml_attribute |= rule.is_xml_attribute;
    }

    /// The Shape.
    pub fn finish(mut self) -> Shape {
        let structure = self.structure;
        // Instances name an extension by the url of its definition, whether or not the
        // differential says so (http://hl7.org/fhir/R4/defining-extensions.html).
        if structure.kind == Kind::Complex
            && structure.is_profile
            && &*structure.type_name == "Extension"
            && let Some(url) = self.draft.child(ROOT, "url")
        {
            let url = &mut self.draft.node_mut(url).element;
            if url.fixed.is_none() {
                url.fixed = Some(Value::from(&*structure.url));
            }
        }
        finish::finish(&self.draft, structure, self.issues)
    }
}

/// Extensions are told apart by url.
pub fn by_url() -> Slicing {
    told_apart(DiscriminatorKind::Value, "url", SlicingRules::Open)
}

/// The types of a choice are told apart by type.
pub fn by_type(rules: SlicingRules) -> Slicing {
    told_apart(DiscriminatorKind::Type, "$this", rules)
}

fn told_apart(kind: DiscriminatorKind, path: &str, rules: SlicingRules) -> Slicing {
    Slicing {
        discriminators: vec![Discriminator {
            kind,
            path: path.into(),
        }],
        rules,
        ordered: false,
    }
}

/// Whether a path part is one of the two extension elements.
pub fn is_extension(segment: &str) -> bool {
    matches!(segment, "extension" | "modifierExtension")
}

/// A rule for the sliced element, taken over by a slice that was there before. A slice keeps what
/// it says more strictly; how often the sliced element may occur says nothing of one slice.
fn tighten(element: &mut Element, rule: &ElementRule, is_slice: bool) {
    if !is_slice {
        element.min = element.min.max(rule.min.unwrap_or(0));
    }
    if let Some(Some(max)) = rule.max {
        element.max = Some(element.max.map_or(max, |own| own.min(max)));
    }
    if !rule.types.is_empty() {
        let kept: Vec<ElementType> = element
            .types
            .iter()
            .filter_map(|own| {
                let stated = rule.types.iter().find(|stated| stated.code == own.code)?;
                let mut own = own.clone();
                if own.profiles.is_empty() {
                    own.profiles.clone_from(&stated.profiles);
                }
                if own.target_profiles.is_empty() {
                    own.target_profiles.clone_from(&stated.target_profiles);
                }
                Some(own)
            })
            .collect();
        if !kept.is_empty() {
            element.types = kept;
        }
    }
    if element.fixed.is_none() && element.pattern.is_none() {
        element.fixed = value(rule.fixed.as_deref());
        element.pattern = value(rule.pattern.as_deref());
    }
    if let Some(binding) = &rule.binding
        && element
            .binding
            .as_ref()
            .is_none_or(|own| own.strength < binding.strength)
    {
        element.binding = Some(binding.clone());
    }
    add_constraints(&mut element.constraints, &rule.constraints);
    if let Some(longest) = rule.max_length {
        element.max_length = Some(element.max_length.map_or(longest, |own| own.min(longest)));
    }
    element.must_support |= rule.must_support == Some(true);
    element.is_modifier |= rule.is_modifier == Some(true);
}

/// Adds invariants; one with the same key replaces the earlier.
pub fn add_constraints(all: &mut Vec<Constraint>, more: &[Constraint]) {
    for one in more {
        match all.iter_mut().find(|known| known.key == one.key) {
            Some(known) => *known = one.clone(),
            None => all.push(one.clone()),
        }
    }
}

/// A value from its JSON text; the text was written from a parsed value.
fn value(text: Option<&str>) -> Option<Value> {
    json::parse(text?.as_bytes()).ok()
}
