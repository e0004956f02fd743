//! Constants: the text of the mapping as values of FHIR types.

use definitions::{Element, Strength};
use json::{Number, Object, Value};
use terminology::Membership;

use super::Compiler;
use crate::codes;
use crate::declare::codes::{coding, split_coding};
use crate::findings::nearest;
use crate::program::Coding;
use crate::yaml::Spot;

impl Compiler<'_> {
    /// A constant as a value of a FHIR type.
    pub fn constant(
        &mut self,
        text: &str,
        code: &str,
        element: &Element,
        spot: Spot,
    ) -> Option<Value> {
        match code {
            "CodeableConcept" => self.concept_constant(text, element, spot),
            "Coding" => {
                let coding = self.bound_coding(text, element, spot)?;
                Some(coding.value)
            }
            _ if super::target::is_primitive(code) => {
                self.primitive_constant(text, code, element, spot)
            }
            _ => {
                self.findings.error(
                    codes::WRONG_TYPE,
                    spot,
                    format!(
                        "{} is of type {code}, which one text cannot be",
                        element.path
                    ),
                    "write a map with its elements",
                );
                None
            }
        }
    }

    fn primitive_constant(
        &mut self,
        text: &str,
        code: &str,
        element: &Element,
        spot: Spot,
    ) -> Option<Value> {
        let is_system = &*element.name == "system" && matches!(code, "uri" | "code");
        let text = if is_system && code == "uri" {
            match self.systems_at(spot).resolve(text) {
                Some(url) => url,
                None => {
                    let help = self.systems_at(spot).suggest(text);
                    self.findings.error(
                        codes::UNKNOWN_NAME,
                        spot,
                        format!("'{text}' is no system"),
                        help,
                    );
                    return None;
                }
            }
        } else {
            text.to_owned()
        };
        let value = match code {
            "boolean" => match text.as_str() {
                "true" => Some(Value::Bool(true)),
                "false" => Some(Value::Bool(false)),
                _ => None,
            },
            "integer" | "positiveInt" | "unsignedInt" | "decimal" => {
                Number::from_text(&text).map(Value::Number)
            }
            _ => Some(Value::from(text.as_str())),
        };
        let checked = value.filter(|value| fhir::Primitive::check(code, value).is_ok());
        let Some(value) = checked else {
            self.findings.error(
                codes::BAD_CONSTANT,
                spot,
                format!("this is no {code}, which {} wants", element.path),
                format!("write a constant of type {code}"),
            );
            return None;
        };
        if code == "code" {
            self.bound(element, None, &text, spot);
        }
        Some(value)
    }

    /// `system|code|display`, the system named.
    pub fn coding_constant(&mut self, text: &str, spot: Spot) -> Option<Coding> {
        let (system, code, display) = split_coding(text);
        let Some(name) = system else {
            self.findings.error(
                codes::BAD_CONSTANT,
                spot,
                format!("'{text}' does not say of which system it is"),
                "write system|code|display, for example snomed|27113001|Body weight",
            );
            return None;
        };
        let Some(url) = self.systems_at(spot).resolve(name) else {
            let help = self.systems_at(spot).suggest(name);
            self.findings.error(
                codes::UNKNOWN_NAME,
                spot,
                format!("'{name}' is no system"),
                help,
            );
            return None;
        };
        let known = self.terminology.display(&url, code).map(str::to_owned);
        Some(coding(Some(&url), code, display.or(known.as_deref()), None))
    }

    /// A coding whose system the text names, or the binding of the element knows.
    fn bound_coding(&mut self, text: &str, element: &Element, spot: Spot) -> Option<Coding> {
        if text.contains('|') {
            let coding = self.coding_constant(text, spot)?;
            self.bound(element, coding.system.as_deref(), &coding.code, spot);
            return Some(coding);
        }
        let terminology = self.terminology;
        let set = element
            .binding
            .as_ref()
            .and_then(|binding| binding.value_set.as_deref());
        let system = set
            .and_then(|set| terminology.system_of(set, text))
            .map(str::to_owned);
        match system {
            Some(system) => {
                let display = terminology.display(&system, text).map(str::to_owned);
                Some(coding(Some(&system), text, display.as_deref(), None))
            }
            None if set
                .is_some_and(|set| terminology.contains(set, None, text) == Membership::In) =>
            {
                let systems: Vec<String> = set
                    .and_then(|set| terminology.codes(set))
                    .unwrap_or_default()
                    .iter()
                    .filter(|(_, code)| *code == text)
                    .map(|(system, code)| format!("{system}|{code}"))
                    .collect();
                self.findings.error(
                    codes::BAD_CONSTANT,
                    spot,
                    format!(
                        "'{text}' is a code of more than one system that {} takes",
                        element.path
                    ),
                    format!("write one of: {}", systems.join(", ")),
                );
                None
            }
            None => {
                let outside =
                    set.is_some_and(|set| terminology.contains(set, None, text) == Membership::Out);
                let code = if outside {
                    codes::OUTSIDE_BINDING
                } else {
                    codes::BAD_CONSTANT
                };
                self.findings.error(
                    code,
                    spot,
                    format!(
                        "'{text}' is no code of the value set that {} is bound to",
                        element.path
                    ),
                    self.allowed(element),
                );
                None
            }
        }
    }

    fn concept_constant(&mut self, text: &str, element: &Element, spot: Spot) -> Option<Value> {
        let coding = self.bound_coding(text, element, spot)?;
        let mut object = Object::with_capacity(2);
        let named = text.contains('|');
        let display = coding.display.clone();
        object.insert("coding", vec![coding.value]);
        if let (true, Some(display)) = (named, display) {
            object.insert("text", display);
        }
        Some(Value::Object(object))
    }

    /// Reports a code that is outside a required binding.
    pub fn bound(&mut self, element: &Element, system: Option<&str>, code: &str, spot: Spot) {
        let Some(binding) = &element.binding else {
            return;
        };
        let Some(set) = binding.value_set.as_deref() else {
            return;
        };
        if binding.strength != Strength::Required {
            return;
        }
        if self.terminology.contains(set, system, code) == Membership::Out {
            let known = self.terminology.codes(set).unwrap_or_default();
            let near = nearest(code, known.iter().map(|(_, code)| *code));
            let help = match near {
                Some(near) if near != code => format!("did you mean '{near}'?"),
                _ => self.allowed(element),
            };
            self.findings.error(
                codes::OUTSIDE_BINDING,
                spot,
                format!(
                    "the code '{code}' is not in the value set that {} must use",
                    element.path
                ),
                help,
            );
        }
    }

    /// The codes that an element allows, in words.
    pub(super) fn allowed(&self, element: &Element) -> String {
        let codes = element
            .binding
            .as_ref()
            .and_then(|binding| binding.value_set.as_deref())
            .and_then(|set| self.terminology.codes(set));
        match codes {
            Some(codes) if !codes.is_empty() && codes.len() <= 24 => {
                let codes: Vec<&str> = codes.iter().map(|(_, code)| *code).collect();
                format!("one of {}", codes.join(", "))
            }
            _ => "write system|code|display, or a map with text".to_owned(),
        }
    }
}
