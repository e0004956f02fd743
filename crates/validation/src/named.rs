//! Causeway's own rules: what no StructureDefinition says and every receiver relies on, such as the
//! check digit of an NHS number. Each has a name, which its issues tell.

use std::sync::LazyLock;

use diagnostics::Severity;
use json::Value;

/// A rule on the value of an identifier, or on the code of a coding, of one system.
#[derive(Debug)]
pub(crate) struct NamedRule {
    /// The code of its issues: its own, V100 to V129.
    pub code: &'static str,
    /// Its name in messages, unique among all rules: `nhs-number`.
    pub name: &'static str,
    pub on: On,
    /// Whether a value or code keeps it.
    pub holds: fn(&str) -> bool,
    pub severity: Severity,
    /// What must be so: a sentence without a full stop that quotes no value.
    pub words: &'static str,
    /// What to do where it is not.
    pub mend: &'static str,
}

/// What a named rule looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum On {
    /// `Identifier.value` where `Identifier.system` is this.
    Identifier(&'static str),
    /// `Coding.code` where `Coding.system` is this.
    Coding(&'static str),
    /// Every `Identifier.system` that could be meant to be this.
    IdentifierSystem(&'static str),
    /// Every `Coding.system` that could be meant to be this.
    CodingSystem(&'static str),
    /// The text of a part of a complex extension, where its part `type` has this code.
    Extension {
        url: &'static str,
        kind: &'static str,
        part: &'static str,
    },
}

/// The rules by what they look at.
#[derive(Default)]
struct Sorted {
    identifiers: OfType,
    codings: OfType,
    extensions: Vec<&'static NamedRule>,
}

/// The rules on the values of one type.
#[derive(Default)]
struct OfType {
    /// With the system whose values they are on.
    values: Vec<(&'static str, &'static NamedRule)>,
    /// With the length of what must be alike in a system that is misspelt.
    systems: Vec<(usize, &'static NamedRule)>,
}

static SORTED: LazyLock<Sorted> = LazyLock::new(|| {
    let mut sorted = Sorted::default();
    for rule in crate::nhs::RULES {
        let length = |system| crate::nhs::heart(system).len();
        match rule.on {
            On::Identifier(system) => sorted.identifiers.values.push((system, rule)),
            On::Coding(system) => sorted.codings.values.push((system, rule)),
            On::IdentifierSystem(right) => {
                sorted.identifiers.systems.push((length(right), rule));
            }
            On::CodingSystem(right) => sorted.codings.systems.push((length(right), rule)),
            On::Extension { .. } => sorted.extensions.push(rule),
        }
    }
    sorted
});

/// The rules that an Identifier of a system does not keep, each with the member below it and the
/// text that breaks it.
pub(crate) fn broken_by_identifier<'v>(
    system: Option<&'v str>,
    identifier: &'v Value,
) -> impl Iterator<Item = (&'static NamedRule, &'static str, &'v str)> {
    broken(&SORTED.identifiers, system, "value", identifier)
}

/// The same of a Coding.
pub(crate) fn broken_by_coding<'v>(
    system: Option<&'v str>,
    coding: &'v Value,
) -> impl Iterator<Item = (&'static NamedRule, &'static str, &'v str)> {
    broken(&SORTED.codings, system, "code", coding)
}

fn broken<'v>(
    rules: &'static OfType,
    system: Option<&'v str>,
    member: &'static str,
    value: &'v Value,
) -> impl Iterator<Item = (&'static NamedRule, &'static str, &'v str)> {
    system.into_iter().flat_map(move |system| {
        let length = crate::nhs::heart(system).len();
        let values = rules
            .values
            .iter()
            .filter(move |(own, _)| *own == system)
            .filter_map(move |(_, rule)| Some((*rule, member, value.text(member)?)));
        let systems = rules
            .systems
            .iter()
            .filter(move |(own, _)| *own == length)
            .map(move |(_, rule)| (*rule, "system", system));
        values
            .chain(systems)
            .filter(|(rule, _, text)| !(rule.holds)(text))
    })
}

/// The rules on an extension of a url, each with the text to look at.
pub(crate) fn rules_on_extension<'v>(
    url: &str,
    extension: &'v Value,
) -> impl Iterator<Item = (&'static NamedRule, &'v str)> {
    SORTED.extensions.iter().filter_map(move |rule| {
        let On::Extension {
            url: own,
            kind,
            part,
        } = rule.on
        else {
            return None;
        };
        if own != url {
            return None;
        }
        let is_meant = named(extension, "type")?
            .get("valueCodeableConcept")?
            .each("coding")
            .any(|coding| coding.text("code") == Some(kind));
        let text = named(extension, part)?.text("valueString")?;
        is_meant.then_some((*rule, text))
    })
}

fn named<'v>(extension: &'v Value, part: &str) -> Option<&'v Value> {
    extension
        .each("extension")
        .find(|inner| inner.text("url") == Some(part))
}
