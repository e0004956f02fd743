//! Causeway's own rules: what no StructureDefinition says and every receiver relies on, such as the
//! check digit of an NHS number. Each has a name, which its issues tell.

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
    /// Every `Identifier.system`.
    IdentifierSystem,
    /// Every `Coding.system`.
    CodingSystem,
    /// The text of a part of a complex extension, where its part `type` has this code.
    Extension {
        url: &'static str,
        kind: &'static str,
        part: &'static str,
    },
}

/// The rules on a value of a type, each with the member below the value and the text to look at.
pub(crate) fn rules_on<'v>(
    type_code: &str,
    value: &'v Value,
) -> impl Iterator<Item = (&'static NamedRule, &'static str, &'v str)> {
    let system = value.text("system");
    let is_identifier = type_code == "Identifier";
    crate::nhs::RULES.iter().filter_map(move |rule| {
        let (member, text) = match rule.on {
            On::Identifier(own) if is_identifier && system == Some(own) => {
                ("value", value.text("value"))
            }
            On::Coding(own) if !is_identifier && system == Some(own) => {
                ("code", value.text("code"))
            }
            On::IdentifierSystem if is_identifier => ("system", system),
            On::CodingSystem if !is_identifier => ("system", system),
            _ => return None,
        };
        Some((rule, member, text?))
    })
}

/// The rules on an extension of a url, each with the text to look at.
pub(crate) fn rules_on_extension<'v>(
    url: &str,
    extension: &'v Value,
) -> impl Iterator<Item = (&'static NamedRule, &'v str)> {
    crate::nhs::RULES.iter().filter_map(move |rule| {
        let On::Extension {
            url: own,
            kind,
            part,
        } = rule.on
        else {
            return None;
        };
        let is_meant = own == url
            && named(extension, "type")?
                .get("valueCodeableConcept")?
                .each("coding")
                .any(|coding| coding.text("code") == Some(kind));
        let text = named(extension, part)?.text("valueString")?;
        is_meant.then_some((rule, text))
    })
}

fn named<'v>(extension: &'v Value, part: &str) -> Option<&'v Value> {
    extension
        .each("extension")
        .find(|inner| inner.text("url") == Some(part))
}
