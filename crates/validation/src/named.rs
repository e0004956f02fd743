//! Causeway's own rules: what no StructureDefinition says and every receiver relies on, such as the
//! check digit of an NHS number. Each has a name, which its issues tell.

use diagnostics::Severity;

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
}

/// The member that holds what a rule looks at, where the rule is on that type and system.
pub(crate) fn rules_on(
    type_code: &str,
    system: &str,
) -> impl Iterator<Item = (&'static NamedRule, &'static str)> {
    crate::nhs::RULES
        .iter()
        .filter_map(move |rule| match rule.on {
            On::Identifier(own) if type_code == "Identifier" && own == system => {
                Some((rule, "value"))
            }
            On::Coding(own) if type_code == "Coding" && own == system => Some((rule, "code")),
            _ => None,
        })
}
