//! FHIR's functions that answer yes or no (<http://hl7.org/fhir/R4/fhirpath.html#functions>).

use json::Value;

use crate::Coded;
use crate::error::Fault;
use crate::eval::{Call, Run, Scope};
use crate::function::Function;
use crate::item::{Item, Node};

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn fhir_test(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
    ) -> Result<Option<bool>, Fault> {
        match call.function {
            Function::HasExtension => self
                .with_extensions(call, scope, &mut |_| super::ENOUGH)
                .map(|flow| Some(flow.is_break())),
            Function::HasValue => self.has_value(call, scope).map(Some),
            Function::HtmlChecks => {
                let text = self.one_text(call.input, scope)?;
                Ok(text.map(|text| fhir::narrative::check(&text).is_ok()))
            }
            Function::ConformsTo => self.conforms_to(call, scope),
            Function::MemberOf => self.member_of(call, scope),
            Function::Subsumes => self.subsumes(call, scope, false),
            Function::SubsumedBy => self.subsumes(call, scope, true),
            _ => Ok(None),
        }
    }

    /// Whether the input is one primitive with a value.
    fn has_value(&self, call: &Call<'_>, scope: Scope<'_, 'v>) -> Result<bool, Fault> {
        let mut found = None;
        let flow = self.visit(call.input, scope, &mut |item| {
            if found.is_some() {
                return super::ENOUGH;
            }
            found = Some(match &item {
                Item::Node(node) => !matches!(
                    node.value,
                    None | Some(Value::Object(_) | Value::Array(_) | Value::Null)
                ),
                _ => true,
            });
            super::MORE
        })?;
        Ok(flow.is_continue() && found == Some(true))
    }

    fn conforms_to(&self, call: &Call<'_>, scope: Scope<'_, 'v>) -> Result<Option<bool>, Fault> {
        let profile = match call.argument(0) {
            Some(profile) => self.one_text(profile, scope)?,
            None => None,
        };
        let (Some(Item::Node(node)), Some(profile)) = (self.one(call.input, scope)?, profile)
        else {
            return Ok(None);
        };
        let Some(shape) = self.model.definitions().shape(&profile) else {
            return Err(Fault::input(call.at, "no such profile is known"));
        };
        // A node of another type does not conform, whatever the profile says.
        let of_type = self.model.type_named(shape.type_name());
        if of_type.is_some_and(|ty| !self.model.is_a(node.ty, ty)) {
            return Ok(Some(false));
        }
        match self.environment.services.conforms_to(node, &profile) {
            Some(conforms) => Ok(Some(conforms)),
            None => Err(Fault::undecided(
                call.at,
                "whether it conforms to the profile could not be decided",
            )),
        }
    }

    fn member_of(&self, call: &Call<'_>, scope: Scope<'_, 'v>) -> Result<Option<bool>, Fault> {
        let value_set = match call.argument(0) {
            Some(value_set) => self.one_text(value_set, scope)?,
            None => None,
        };
        let (Some(item), Some(value_set)) = (self.one(call.input, scope)?, value_set) else {
            return Ok(None);
        };
        let mut open = false;
        for coded in codes(&item) {
            match self.environment.services.member_of(&coded, &value_set) {
                Some(true) => return Ok(Some(true)),
                Some(false) => {}
                None => open = true,
            }
        }
        match open {
            true => Err(Fault::undecided(
                call.at,
                "whether the code is in the value set could not be decided",
            )),
            false => Ok(Some(false)),
        }
    }

    fn subsumes(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
        reversed: bool,
    ) -> Result<Option<bool>, Fault> {
        let other = match call.argument(0) {
            Some(other) => self.one(other, scope)?,
            None => None,
        };
        let (Some(item), Some(other)) = (self.one(call.input, scope)?, other) else {
            return Ok(None);
        };
        let (above, below) = match reversed {
            true => (&other, &item),
            false => (&item, &other),
        };
        let mut open = false;
        for one in codes(above) {
            for two in codes(below) {
                if one == two {
                    return Ok(Some(true));
                }
                let (Some(system), true) = (one.system, one.system == two.system) else {
                    continue;
                };
                let services = self.environment.services;
                match services.subsumes(system, one.code, two.code) {
                    Some(true) => return Ok(Some(true)),
                    Some(false) => {}
                    None => open = true,
                }
            }
        }
        match open {
            true => Err(Fault::undecided(
                call.at,
                "whether one code subsumes the other could not be decided",
            )),
            false => Ok(Some(false)),
        }
    }
}

/// The codes of a code, a Coding or a CodeableConcept.
fn codes<'i>(item: &'i Item<'_>) -> Vec<Coded<'i>> {
    let coding = |value: &'i Value| {
        value.text("code").map(|code| Coded {
            system: value.text("system"),
            code,
        })
    };
    let bare = |code: &'i str| Coded { system: None, code };
    match item {
        Item::Node(Node {
            value: Some(value), ..
        }) => match value {
            Value::String(code) => vec![bare(code)],
            concept if concept.get("coding").is_some() => {
                concept.each("coding").filter_map(coding).collect()
            }
            other => coding(other).into_iter().collect(),
        },
        Item::String(code) => vec![bare(code)],
        _ => Vec::new(),
    }
}
