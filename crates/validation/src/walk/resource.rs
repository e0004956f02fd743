//! Resources: the one at the root, contained ones, those in a Bundle.

use diagnostics::IssueType;
use json::Value;
use smallvec::SmallVec;

use super::Walk;
use super::path::Segment;
use super::resolve::Inside;
use crate::codes;
use crate::plan::{Node, Rule, TypeRule};

/// The plans that a resource must meet: mostly one.
type Claimed<'w> = SmallVec<[&'w Node; 2]>;

impl<'w, 'v> Walk<'w, 'v> {
    /// The resource at the root of the walk.
    pub(crate) fn root(&mut self, value: &'v Value, profiles: &[&str]) {
        self.resource(value, profiles);
    }

    /// A resource inside another, by the rule of the element that it is.
    pub(super) fn nested(&mut self, value: &'v Value, rule: &Rule, of_type: &TypeRule) {
        let contained = self
            .path
            .iter()
            .rev()
            .find_map(|segment| match segment {
                Segment::Member(name) => Some(*name == "contained"),
                _ => None,
            })
            .unwrap_or(false);
        let entry_before = self.bundles.last().and_then(|inside| inside.entry);
        if !contained {
            self.containers.push(value);
            let entry = self.entry_here();
            if let (Some(entry), Some(inside)) = (entry, self.bundles.last_mut()) {
                inside.entry = Some(entry);
            }
        }
        match &*of_type.profiles {
            [] => self.resource(value, &[]),
            [only] => self.resource(value, &[only]),
            several => {
                self.resource(value, &[]);
                self.one_profile(value, several);
            }
        }
        if !contained {
            self.containers.pop();
            if let Some(inside) = self.bundles.last_mut() {
                inside.entry = entry_before;
            }
        }
        self.invariants(Some(value), None, &of_type.code, &rule.invariants);
    }

    /// The entry of the Bundle around the place whose resource is here.
    fn entry_here(&self) -> Option<&'v Value> {
        let [
            ..,
            Segment::Member("entry"),
            Segment::Index(index),
            Segment::Member("resource"),
        ] = &*self.path
        else {
            return None;
        };
        // The resource that is being entered is not on the stack yet: the Bundle is the last.
        self.resources.last()?.get("entry")?.item(*index)
    }

    /// A resource of which one of several profiles must hold.
    fn one_profile(&mut self, value: &'v Value, profiles: &[Box<str>]) {
        let nodes: Vec<&Node> = profiles
            .iter()
            .filter_map(|profile| self.validator.plans().of_profile_or_other(profile))
            .filter(|node| value.text("resourceType") == Some(&*node.type_name))
            .collect();
        let Some(object) = value.as_object() else {
            return;
        };
        self.resources.push(value);
        self.begins.push(self.path.len());
        self.one_of(&nodes, |walk, node| {
            let places = node.root.as_ref().map_or(&[][..], |root| &root.places);
            walk.object(value, object, node, places);
        });
        self.begins.pop();
        self.resources.pop();
    }

    fn resource(&mut self, value: &'v Value, profiles: &[&str]) {
        let (Some(object), Some(type_name)) = (value.as_object(), value.text("resourceType"))
        else {
            self.raise(codes::NOT_A_RESOURCE, |issue| {
                issue.say("a resource is an object with a resourceType".to_owned());
                issue.mend("give the resourceType, for example \"Patient\"");
            });
            return;
        };
        if !self.validator.is_resource_type(type_name) {
            let nearest = self
                .validator
                .resource_types()
                .map(|known| (strsim::jaro_winkler(known, type_name), known))
                .max_by(|a, b| a.0.total_cmp(&b.0))
                .filter(|(likeness, _)| *likeness > 0.8)
                .map(|(_, nearest)| nearest);
            self.raise(codes::UNKNOWN_TYPE, |issue| {
                issue.value(&Value::from(type_name));
                issue.say("R4 has no such resource type".to_owned());
                issue.mend(match nearest {
                    Some(nearest) => format!("did you mean {nearest}?"),
                    None => "use a resource type of R4".to_owned(),
                });
            });
            return;
        }
        let nodes = self.nodes(value, type_name, profiles);
        if self.containers.is_empty() {
            self.containers.push(value);
        }
        self.resources.push(value);
        self.begins.push(self.path.len());
        self.ids.push(Vec::new());
        let is_bundle = type_name == "Bundle";
        if is_bundle {
            self.bundles.push(Inside::new(value));
        }
        for &node in &nodes {
            let places = node.root.as_ref().map_or(&[][..], |root| &root.places);
            self.object(value, object, node, places);
        }
        if object.contains("contained") {
            self.contained_is_referred_to(value);
        }
        if is_bundle {
            self.bundle(value);
            self.bundles.pop();
        }
        if let Some(node) = nodes.first().copied() {
            self.own_url(value, node);
        }
        match type_name {
            "ConceptMap" => self.concept_map(value),
            "ValueSet" => self.composed(value),
            "CodeSystem" => self.content(value),
            _ => {}
        }
        self.ids.pop();
        self.begins.pop();
        self.resources.pop();
    }

    /// What is published (it has a publisher) is known by an absolute url.
    fn own_url(&mut self, value: &'v Value, node: &Node) {
        if node.member("publisher").is_some()
            && value.text("url").is_some_and(|url| !url.contains(':'))
        {
            self.raise_below(Some("url"), codes::RELATIVE, |issue| {
                issue.kind(IssueType::Value);
                issue.say("the url of a definition must be absolute".to_owned());
                issue.mend("write the whole URI by which it is known everywhere");
            });
        }
    }

    /// The plans that a resource must meet: its profiles, or its type where it has none.
    fn nodes(&mut self, value: &'v Value, type_name: &str, profiles: &[&str]) -> Claimed<'w> {
        let mut nodes = Claimed::new();
        let claims = value.get("meta").map(|meta| meta.each("profile"));
        for (index, claim) in claims.into_iter().flatten().enumerate() {
            if let Some(canonical) = claim.as_str() {
                self.path.push(Segment::Member("meta"));
                self.path.push(Segment::Member("profile"));
                self.path.push(Segment::Index(index));
                self.profile(canonical, type_name, true, &mut nodes);
                self.path.truncate(self.path.len().saturating_sub(3));
            }
        }
        for canonical in profiles {
            self.profile(canonical, type_name, false, &mut nodes);
        }
        if nodes.is_empty() {
            nodes.extend(self.validator.plans().of_type(type_name));
        }
        nodes
    }

    /// Adds the plan of a profile that a resource claims, or that the caller asks for.
    fn profile(
        &mut self,
        canonical: &str,
        type_name: &str,
        is_claim: bool,
        nodes: &mut Claimed<'w>,
    ) {
        let plans = self.validator.plans();
        let (url, version) = match canonical.split_once('|') {
            Some((url, version)) => (url, Some(version)),
            None => (canonical, None),
        };
        let exact = plans.of_profile(canonical);
        let other_version = exact.is_none() && version.is_some();
        let node = exact.or_else(|| version.and_then(|_| plans.of_profile(url)));
        let known = node.is_some();
        if !known || other_version {
            let is_foreign = is_claim && !self.validator.defines_under(url);
            self.raise(codes::UNKNOWN_PROFILE, |issue| {
                issue.kind(IssueType::NotFound);
                issue.value(&Value::from(canonical));
                // What was asked for and did not happen is an error: nothing was checked. So is a
                // claim to a profile that a publisher known here does not have. Other publishers'
                // profiles may be anything: that they were not checked is said, and no more.
                if known || is_foreign {
                    issue.warning();
                }
                issue.say(if known {
                    "this version of the profile is unknown, so another version was checked"
                        .to_owned()
                } else {
                    "the profile is unknown, so nothing was checked against it".to_owned()
                });
                issue.mend("check the spelling of its url, or add the package that defines it");
            });
        }
        let Some(node) = node else { return };
        if *node.type_name != *type_name
            && !matches!(&*node.type_name, "Resource" | "DomainResource")
        {
            self.raise(codes::PROFILE_TYPE, |issue| {
                issue.kind(IssueType::Value);
                issue.say(format!(
                    "the profile is for {}, and this is a {type_name}",
                    node.type_name
                ));
                issue.mend(format!("claim a profile of {type_name}"));
            });
            return;
        }
        if !nodes.iter().any(|other| std::ptr::eq(*other, node)) {
            nodes.push(node);
        }
    }

    /// `dom-3`: every contained resource is referred to from its container, or refers to it.
    fn contained_is_referred_to(&mut self, container: &'v Value) {
        let mut used: Vec<&str> = Vec::new();
        fragments(container, 0, &mut used);
        let mut ids: Vec<&str> = Vec::new();
        for (index, inner) in container.each("contained").enumerate() {
            if let Some(id) = inner.text("id") {
                if ids.contains(&id) {
                    self.path.push(Segment::Member("contained"));
                    self.path.push(Segment::Index(index));
                    self.raise_below(Some("id"), codes::DUPLICATE_ID, |issue| {
                        issue.kind(IssueType::Conflict);
                        issue.say("another contained resource has the same id".to_owned());
                        issue.mend("give each contained resource an id of its own");
                    });
                    self.path.truncate(self.path.len().saturating_sub(2));
                }
                ids.push(id);
            }
            let mut own: Vec<&str> = Vec::new();
            fragments(inner, 0, &mut own);
            let referred = inner.text("id").is_some_and(|id| used.contains(&id));
            if referred || own.contains(&"") {
                continue;
            }
            self.path.push(Segment::Member("contained"));
            self.path.push(Segment::Index(index));
            self.raise(codes::INVARIANT, |issue| {
                issue.kind(IssueType::Invariant);
                issue.say(
                    "a rule does not hold (dom-3): a contained resource is referred to from where it is contained"
                        .to_owned(),
                );
                issue.mend("refer to it as # and its id, or leave it out");
            });
            self.path.truncate(self.path.len().saturating_sub(2));
        }
    }
}

/// The ids behind `#` in all texts below a value, as deep as the walk goes.
fn fragments<'v>(value: &'v Value, depth: usize, out: &mut Vec<&'v str>) {
    if depth > super::MAX_DEPTH {
        return;
    }
    match value {
        Value::String(text) if text.starts_with("<div") => {
            // A narrative shows a contained image by its fragment.
            for (at, _) in text.match_indices(['"', '\'']) {
                let inner = text.get(at + 1..).unwrap_or("");
                if let Some(rest) = inner.strip_prefix('#') {
                    out.extend(rest.split(['"', '\'']).next());
                }
            }
        }
        Value::String(text) => out.extend(text.strip_prefix('#')),
        Value::Array(items) => {
            for item in items {
                fragments(item, depth + 1, out);
            }
        }
        Value::Object(object) => {
            for (_, value) in object.iter() {
                fragments(value, depth + 1, out);
            }
        }
        _ => {}
    }
}
