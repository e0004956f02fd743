//! The validator.

use std::collections::HashSet;
use std::sync::Arc;

use definitions::Definitions;
use diagnostics::Issue;
use json::Value;
use terminology::{Membership, Terminology};

use crate::Report;
use crate::known_codes::{Existence, KnownCodes};
use crate::plan::{NameIndex, Plans};
use crate::walk::Walk;

/// Validates resources against R4 and profiles. Make one and share it: it compiles each definition
/// when it first meets it, and keeps it.
#[derive(Debug)]
pub struct Validator {
    plans: Plans,
    terminology: Arc<Terminology>,
    codes: KnownCodes,
    resource_types: Box<[Box<str>]>,
    resource_type_index: NameIndex,
    /// Where the known definitions have their urls, up to the last slash.
    bases: HashSet<Box<str>>,
    has_own_rules: bool,
    plans_only: bool,
    remembers: bool,
}

impl Validator {
    /// A validator over definitions and what is known of codes.
    pub fn new(definitions: &Definitions, terminology: Arc<Terminology>) -> Self {
        let resource_types: Box<[Box<str>]> = definitions.resource_types().map(Box::from).collect();
        Self {
            plans: Plans::new(definitions.clone()),
            terminology,
            codes: KnownCodes::default(),
            resource_type_index: NameIndex::new(resource_types.iter().map(|name| &**name)),
            resource_types,
            bases: definitions
                .structure_urls()
                .filter_map(|url| url.rsplit_once('/'))
                .map(|(base, _)| Box::from(base))
                .collect(),
            has_own_rules: true,
            plans_only: false,
            remembers: true,
        }
    }

    /// The same without Causeway's own rules (the forms of NHS numbers and the like): what FHIR and
    /// the profiles say, and nothing else. For comparing with other validators.
    #[must_use]
    pub fn without_own_rules(mut self) -> Self {
        self.has_own_rules = false;
        self
    }

    /// The same with every invariant evaluated as FHIRPath, even where a function in Rust says the
    /// same faster: to prove that it does.
    #[must_use]
    pub fn without_native_invariants(mut self) -> Self {
        self.plans_only = true;
        self
    }

    /// The same, which keeps no answer on a code and no coded value that it found good: to prove that
    /// what is kept changes no verdict.
    #[must_use]
    pub fn without_memory(mut self) -> Self {
        self.remembers = false;
        self.codes = KnownCodes::none();
        self
    }

    pub(crate) fn remembers(&self) -> bool {
        self.remembers
    }

    pub(crate) fn plans_only(&self) -> bool {
        self.plans_only
    }

    pub(crate) fn has_own_rules(&self) -> bool {
        self.has_own_rules
    }

    /// A validator over what is built in.
    pub fn embedded() -> Self {
        let definitions = Definitions::embedded();
        Self::new(definitions, Arc::new(Terminology::new(definitions)))
    }

    /// What does not fit: of the resource and every resource in it, against its type, the profiles
    /// that it claims in `meta.profile`, and `profiles` (canonical urls, for the outermost resource
    /// only). [`diagnostics::has_errors`] says whether it can be used.
    ///
    /// Each issue has a code of [`crate::codes`], the element as FHIRPath, and the resource as
    /// `Type/id` where it has an id.
    ///
    /// Code checks that cannot be decided offline are not told here: [`Validator::examine`] does.
    pub fn validate(&self, resource: &Value, profiles: &[&str]) -> Vec<Issue> {
        self.walk(resource, profiles, false).issues
    }

    /// As [`Validator::validate`], and with it the code checks that offline terminology cannot
    /// decide. Whoever reports to a person decides them with a terminology server, or says of each
    /// that it was not checked: [`crate::settle`], [`CodeCheck::not_checked`](crate::CodeCheck).
    pub fn examine(&self, resource: &Value, profiles: &[&str]) -> Report {
        self.walk(resource, profiles, true)
    }

    fn walk(&self, resource: &Value, profiles: &[&str], with_open: bool) -> Report {
        let type_name = resource
            .text("resourceType")
            .filter(|name| self.is_resource_type(name));
        let mut walk = Walk::new(self, type_name.unwrap_or("Resource"));
        if with_open {
            walk = walk.collecting_open();
        }
        walk.root(resource, profiles);
        let mut report = walk.finish();
        if let (Some(type_name), Some(id)) = (type_name, resource.text("id"))
            && !(report.issues.is_empty() && report.open.is_empty())
            && fhir::Primitive::Id.check_text(id).is_ok()
        {
            let name = format!("{type_name}/{id}");
            for issue in &mut report.issues {
                issue.resource = Some(name.clone());
            }
            for check in &mut report.open {
                check.resource = Some(name.clone());
            }
        }
        report
    }

    pub(crate) fn plans(&self) -> &Plans {
        &self.plans
    }

    pub(crate) fn terminology(&self) -> &Terminology {
        &self.terminology
    }

    /// Whether a code is in a value set.
    pub(crate) fn membership(
        &self,
        value_set: &str,
        system: Option<&str>,
        code: &str,
    ) -> Membership {
        self.codes
            .membership(&self.terminology, value_set, system, code)
    }

    /// Whether a code is in its system.
    pub(crate) fn existence(&self, system: &str, code: &str) -> Existence {
        self.codes.existence(&self.terminology, system, code)
    }

    /// Whether a text is a name of a code.
    pub(crate) fn display_fits(&self, system: &str, code: &str, display: &str) -> Membership {
        self.codes
            .display_fits(&self.terminology, system, code, display)
    }

    /// Whether a url lies where known definitions have theirs: one that is not among them does not
    /// exist, while any other may well be known elsewhere. The extensions that carry elements of
    /// another FHIR version (`http://hl7.org/fhir/5.0/…`) are countless, and nowhere listed in full.
    pub(crate) fn defines_under(&self, url: &str) -> bool {
        let of_other_version = url
            .strip_prefix("http://hl7.org/fhir/")
            .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_digit()));
        if of_other_version {
            return false;
        }
        url.rsplit_once('/')
            .is_some_and(|(base, _)| self.bases.contains(base))
    }

    pub(crate) fn is_resource_type(&self, name: &str) -> bool {
        self.resource_type_index
            .find(name, |index| {
                let known: &str = self.resource_types.get(index)?;
                (known == name).then_some(())
            })
            .is_some()
    }

    pub(crate) fn resource_types(&self) -> impl Iterator<Item = &str> {
        self.resource_types.iter().map(|name| &**name)
    }

    /// Whether a name, or the same with a small first letter, is a type of R4: `String`, `Quantity`.
    pub(crate) fn is_type(&self, name: &str) -> bool {
        let mut chars = name.chars();
        let small: String = chars
            .next()
            .map(|first| first.to_ascii_lowercase())
            .into_iter()
            .chain(chars)
            .collect();
        fhir::Primitive::named(&small).is_some() || self.plans.of_type(name).is_some()
    }
}
