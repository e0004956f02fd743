//! Codes against the value sets that they are bound to.

use definitions::Strength;
use diagnostics::IssueType;
use json::Value;
use terminology::Membership;

use super::Walk;
use crate::known_codes::Existence;
use crate::named::NamedRule;
use crate::plan::{Bound, Rule, Special, TypeRule};
use crate::{CodeCheck, codes};

/// What the codes of an element are to a value set.
enum Verdict {
    /// One of them is in it, or nothing asks for one.
    In,
    /// None of them is certainly in it, and one cannot be decided.
    Open,
    /// None of them is in it.
    Out,
    /// There is no code.
    NoCode,
    /// The only code is in it, but does not say that it is of that system.
    NoSystem,
}

impl<'v> Walk<'_, 'v> {
    /// The codes of an element against its binding, by its strength: a required one is an error, an
    /// extensible one a warning, the others nothing.
    pub(super) fn bound(&mut self, value: &'v Value, rule: &Rule, of_type: &TypeRule) {
        match of_type.special {
            Special::None | Special::Reference | Special::CodeableConcept => {}
            Special::Quantity => {
                let system = value.text("system");
                self.absolute_system(system);
                self.code_exists(system, value);
            }
            Special::Coding => {
                let system = value.text("system");
                self.absolute_system(system);
                self.code_exists(system, value);
                if self.validator.has_own_rules() {
                    for (rule, member, text) in crate::named::broken_by_coding(system, value) {
                        self.named_rule(rule, Some(member), text);
                    }
                }
            }
            Special::Identifier => {
                let system = value.text("system");
                self.identifier(system, value);
                if self.validator.has_own_rules() {
                    for (rule, member, text) in crate::named::broken_by_identifier(system, value) {
                        self.named_rule(rule, Some(member), text);
                    }
                }
            }
        }
        let Some(bound) = &rule.binding else { return };
        if let Some(limit) = &bound.max_value_set {
            match self.verdict(limit, value, of_type) {
                Verdict::Out => {
                    self.outside(codes::REQUIRED_BINDING, bound, limit, value);
                    return;
                }
                Verdict::Open => {
                    self.open_codes(value, &of_type.code, limit, Strength::Required);
                }
                Verdict::In | Verdict::NoCode | Verdict::NoSystem => {}
            }
        }
        if bound.strength < Strength::Extensible {
            return;
        }
        let required = bound.strength == Strength::Required;
        match self.verdict(&bound.value_set, value, of_type) {
            Verdict::In => {}
            Verdict::Open => {
                self.open_codes(value, &of_type.code, &bound.value_set, bound.strength);
            }
            Verdict::Out if required => {
                self.outside(codes::REQUIRED_BINDING, bound, &bound.value_set, value);
            }
            Verdict::Out => {
                self.outside(codes::EXTENSIBLE_BINDING, bound, &bound.value_set, value);
            }
            Verdict::NoCode
                if required
                    && self
                        .validator
                        .terminology()
                        .knows_value_set(&bound.value_set) =>
            {
                self.no_code(bound, &*of_type.code == "Coding" || says_why(value));
            }
            Verdict::NoSystem => self.no_system(),
            Verdict::NoCode => {}
        }
    }

    fn no_system(&mut self) {
        self.raise_below(Some("system"), codes::CODE_WITHOUT_SYSTEM, |issue| {
            issue.kind(IssueType::CodeInvalid);
            issue.warning();
            issue.say("the code does not say which code system it is from".to_owned());
            issue.mend("give the system, so that nobody has to guess it");
        });
    }

    /// A code that a required binding asks for is not there. Where a concept says in an extension why
    /// it has none, a person must see it, and nobody must invent a code to be rid of an error.
    pub(super) fn no_code(&mut self, bound: &Bound, says_why: bool) {
        self.raise(codes::REQUIRED_BINDING, |issue| {
            if says_why {
                issue.warning();
            }
            issue.kind(IssueType::CodeInvalid);
            issue.say(format!(
                "a code from {} is needed here (required), and there is none",
                bound.value_set
            ));
            issue.mend("give a code of that value set; many have one for what is unknown");
        });
    }

    fn verdict(&self, value_set: &str, value: &Value, of_type: &TypeRule) -> Verdict {
        let terminology = self.validator.terminology();
        let one =
            |system: Option<&str>, code: &str| self.validator.membership(value_set, system, code);
        let coding = |coding: &Value| {
            let code = coding.text("code")?;
            // Outside an element of type code, a code means nothing without its system.
            Some(match coding.text("system") {
                Some(system) => one(Some(system), code),
                None if terminology.knows_value_set(value_set) => Membership::Out,
                None => Membership::Unknown,
            })
        };
        let of_one = |membership: Option<Membership>| match membership {
            None => Verdict::NoCode,
            Some(Membership::Out) => Verdict::Out,
            Some(Membership::Unknown) => Verdict::Open,
            Some(Membership::In) => Verdict::In,
        };
        match (&*of_type.code, value) {
            ("CodeableConcept", _) => {
                let mut verdict = Verdict::NoCode;
                for membership in value.each("coding").filter_map(coding) {
                    match membership {
                        Membership::In => return Verdict::In,
                        Membership::Unknown => verdict = Verdict::Open,
                        Membership::Out if matches!(verdict, Verdict::NoCode) => {
                            verdict = Verdict::Out;
                        }
                        Membership::Out => {}
                    }
                }
                verdict
            }
            (
                "Coding" | "Quantity" | "Age" | "Duration" | "Count" | "Distance" | "Money",
                Value::Object(_),
            ) => {
                let lone = value.text("system").is_none() && &*of_type.code == "Coding";
                if lone
                    && value
                        .text("code")
                        .is_some_and(|code| one(None, code) == Membership::In)
                {
                    return Verdict::NoSystem;
                }
                match of_one(coding(value)) {
                    // A quantity may well have no coded unit, whatever set its units come from.
                    Verdict::NoCode if &*of_type.code != "Coding" => Verdict::In,
                    verdict => verdict,
                }
            }
            (_, Value::String(code)) => of_one(Some(one(None, code))),
            _ => Verdict::In,
        }
    }

    /// Keeps the undecided codes of an element for somebody who can decide them.
    fn open_codes(&mut self, value: &Value, type_code: &str, value_set: &str, strength: Strength) {
        let whole = |value: &str| value.to_owned();
        let lone = [value];
        let (codings, own_code): (Vec<&Value>, _) = match value {
            Value::String(code) => (lone.to_vec(), Some(code.as_str())),
            _ if type_code == "CodeableConcept" => (value.each("coding").collect(), None),
            _ => (lone.to_vec(), None),
        };
        for coding in codings {
            let Some(code) = own_code.or_else(|| coding.text("code")) else {
                continue;
            };
            let system = coding.text("system");
            let undecided = self
                .validator
                .terminology()
                .contains(value_set, system, code)
                == Membership::Unknown;
            if !undecided {
                continue;
            }
            self.leave_open(|element| CodeCheck {
                element,
                resource: None,
                system: system.map(whole),
                version: coding.text("version").map(whole),
                code: code.to_owned(),
                display: coding.text("display").map(whole),
                value_set: Some(value_set.to_owned()),
                strength,
            });
        }
    }

    fn outside(&mut self, code: &'static str, bound: &Bound, value_set: &str, value: &'v Value) {
        let required = code == codes::REQUIRED_BINDING;
        let few = self
            .validator
            .terminology()
            .codes(value_set)
            .filter(|codes| codes.len() <= 12)
            .map(|codes| {
                let names: Vec<&str> = codes.iter().map(|(_, code)| *code).collect();
                names.join(", ")
            });
        let strength = if bound.strength == Strength::Required {
            "required"
        } else {
            "extensible"
        };
        self.raise(code, |issue| {
            issue.kind(IssueType::CodeInvalid);
            issue.value(value);
            if !required {
                issue.warning();
            }
            issue.say(format!(
                "the code is not in the value set {value_set} ({strength})"
            ));
            issue.mend(match few {
                Some(codes) => format!("allowed: {codes}"),
                None => "use a code from that value set".to_owned(),
            });
        });
    }

    /// The system of a Coding, a Quantity or an Identifier is an absolute URI (R4, Coding.system,
    /// Quantity.system, Identifier.system): a relative one means something else at every receiver.
    fn absolute_system(&mut self, system: Option<&str>) {
        if system.is_some_and(|system| !system.contains(':')) {
            self.raise_below(Some("system"), codes::RELATIVE, |issue| {
                issue.kind(IssueType::Value);
                issue.say("a system must be an absolute URI".to_owned());
                issue.mend("write the whole URI of the code system or naming system");
            });
        }
    }

    /// Causeway's own rules on extensions.
    pub(super) fn named_extension_rules(&mut self, url: &str, extension: &'v Value) {
        if !self.validator.has_own_rules() {
            return;
        }
        for (rule, text) in crate::named::rules_on_extension(url, extension) {
            if !(rule.holds)(text) {
                self.named_rule(rule, None, text);
            }
        }
    }

    fn named_rule(&mut self, rule: &NamedRule, member: Option<&str>, text: &str) {
        self.raise_below(member, rule.code, |issue| {
            issue.kind(IssueType::BusinessRule);
            issue.severity(rule.severity);
            issue.value(&Value::from(text));
            issue.say(format!("{} ({})", rule.words, rule.name));
            issue.mend(rule.mend);
        });
    }

    fn identifier(&mut self, system: Option<&str>, value: &'v Value) {
        self.absolute_system(system);
        // R4, Identifier.system: under urn:ietf:rfc:3986 the value is itself a whole URI.
        if system == Some("urn:ietf:rfc:3986")
            && value
                .text("value")
                .is_some_and(|value| !value.contains(':'))
        {
            self.raise_below(Some("value"), codes::RELATIVE, |issue| {
                issue.kind(IssueType::Value);
                issue.say("under urn:ietf:rfc:3986 the value must be an absolute URI".to_owned());
                issue.mend("write urn:uuid: or urn:oid: before it, or name its own system");
            });
        }
    }

    /// A code that its own code system, known in full, does not have.
    fn code_exists(&mut self, system: Option<&str>, coding: &'v Value) {
        let (Some(system), Some(code)) = (system, coding.text("code")) else {
            return;
        };
        let existence = self.validator.existence(system, code);
        if existence == Existence::ValueSet {
            self.raise_below(Some("system"), codes::SYSTEM_IS_VALUE_SET, |issue| {
                issue.kind(IssueType::CodeInvalid);
                issue.say("the system is a value set, and codes come from code systems".to_owned());
                issue.mend("name the code system that the value set takes the code from");
            });
            return;
        }
        if existence == Existence::Unknown {
            self.leave_open(|element| CodeCheck {
                element,
                resource: None,
                system: Some(system.to_owned()),
                version: coding.text("version").map(str::to_owned),
                code: code.to_owned(),
                display: coding.text("display").map(str::to_owned),
                value_set: None,
                strength: Strength::Example,
            });
        }
        if existence == Existence::Out {
            self.raise(codes::UNKNOWN_CODE, |issue| {
                issue.kind(IssueType::CodeInvalid);
                // Another version of the code system may have it.
                if coding.text("version").is_some() {
                    issue.warning();
                }
                issue.value(coding);
                // A system that is known in full is a publisher's, and so nobody's secret.
                issue.say(format!("the code is not in the code system {system}"));
                issue.mend("check the code and its system");
            });
        }
        if existence == Existence::In
            && let Some(display) = coding.text("display")
            && self.validator.display_fits(system, code, display) == Membership::Out
        {
            self.raise_below(Some("display"), codes::WRONG_DISPLAY, |issue| {
                issue.kind(IssueType::CodeInvalid);
                issue.warning();
                issue.value(coding);
                issue.say(format!("the display is no name of the code in {system}"));
                issue.mend(
                    "write the code system's own name for the code, or check that the code is the one meant",
                );
            });
        }
    }
}

/// Whether a concept holds nothing but the reason why it is not there.
fn says_why(value: &Value) -> bool {
    value.as_object().is_some_and(|object| {
        object
            .iter()
            .all(|(name, _)| matches!(name, "extension" | "id"))
            && value.each("extension").any(|extension| {
                extension.text("url")
                    == Some("http://hl7.org/fhir/StructureDefinition/data-absent-reason")
            })
    })
}
