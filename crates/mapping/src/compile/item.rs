//! One value of an element: a constant, an expression, or a map.

use std::sync::Arc;

use definitions::{Element, ElementId};
use json::Value;

use super::Compiler;
use super::elements::{Site, has_expressions};
use super::expression::shift;
use super::scope::{Scope, Type, Typing};
use super::target::{choice_name, choose, is_primitive, names};
use crate::codes;
use crate::program::{Constant, Item, Object, Op};
use crate::yaml::{Data, Node, Spot};

impl Compiler<'_> {
    /// One value of an element: the item, whether it may be nothing, and the type that was chosen.
    pub fn item(
        &mut self,
        node: &Node,
        site: &Site,
        id: ElementId,
        code: Option<&str>,
        path: &str,
        scope: &mut Scope,
    ) -> Option<((Item, bool), Option<String>)> {
        let mut element = site.shape.element(id).clone();
        if let Some(code) = code {
            element.types.retain(|ty| &*ty.code == code);
        }
        match &node.data {
            Data::Empty => {
                self.findings.error(
                    codes::BAD_VALUE,
                    node.spot,
                    format!("{path} is given nothing"),
                    "write a value, or take the key out",
                );
                None
            }
            Data::List(_) => {
                self.findings.error(
                    codes::TOO_MANY,
                    node.spot,
                    format!("{path} takes one value here, and this is a list"),
                    "take one level of list out",
                );
                None
            }
            Data::Scalar { .. } if node.expression().is_some() => {
                if let Some(constant) = self.constant_given(node, scope) {
                    let text = constant.constant()?;
                    return self.constant_item(text, &element, path, constant.spot);
                }
                let (text, lead) = node.expression()?;
                let base = shift(node.spot, lead);
                let (op, typing) = self.expression_text(text, base, scope)?;
                let mut op = op;
                if typing.of == Type::Quantity {
                    self.fit_quantity(&mut op, site, id, path, node.spot);
                }
                let made = self.value(op, &typing, &element, path, node.spot, scope)?;
                if let (Some(code), Some(expr)) = (&made.1, self.parsed(text, base)) {
                    self.literals(&expr, base, &element, code, path);
                }
                Some(made)
            }
            Data::Scalar { .. } => self.constant_item(node.constant()?, &element, path, node.spot),
            Data::Map(_) if node.get("fragment").is_some() => {
                // Where lists are not taken apart, as in an extension, one map stands for one value.
                let nodes = self.expanded(node, &element, path).into_owned();
                match nodes.as_slice() {
                    [one] => self.item(one, site, id, code, path, scope),
                    _ => {
                        self.findings.error(
                            codes::FRAGMENT_PLACE,
                            node.spot,
                            format!("the fragment makes several items, and {path} takes one here"),
                            "use it where an element repeats",
                        );
                        None
                    }
                }
            }
            Data::Map(_) => self.map_item(node, site, id, &element, path, scope),
        }
    }

    /// An expression as a value of an element.
    pub(super) fn value(
        &mut self,
        op: Op,
        typing: &Typing,
        element: &Element,
        path: &str,
        spot: Spot,
        scope: &Scope,
    ) -> Option<((Item, bool), Option<String>)> {
        if typing.list && !element.is_array {
            self.findings.error(
                codes::TOO_MANY,
                spot,
                format!("{path} takes one value, and this is a list"),
                "use first(…), join(…), or `each` on the rule",
            );
            return None;
        }
        if typing.list && element.is_array && element.max == Some(1) {
            self.findings.error(
                codes::TOO_MANY,
                spot,
                format!("{path} takes at most 1, and this is a list"),
                "use first(…) or join(…)",
            );
            return None;
        }
        let Some((code, target)) = choose(element, typing) else {
            let help = match (&typing.of, element.types.first().map(|ty| &*ty.code)) {
                (Type::Text, Some("CodeableConcept" | "Coding")) => {
                    "use | code(table), or | textOnly where there is no table"
                }
                (Type::DateTime, Some("date")) => "use | dateOf",
                (Type::Integer | Type::Decimal, Some("Quantity")) => "use quantity(…, \"unit\")",
                (_, Some("string" | "markdown")) => "use text(…)",
                (Type::Text, Some("date" | "dateTime" | "instant")) => {
                    "give the column a date type, or use date(…, \"format\")"
                }
                _ => "use another column, convert the value, or write a map",
            };
            self.findings.error(
                codes::WRONG_TYPE,
                spot,
                format!(
                    "{path} takes {}, and this is {}",
                    names(element),
                    typing.of.name()
                ),
                help,
            );
            return None;
        };
        self.check_binding(&op, element, code == "code", spot, scope);
        if let Some(fixed) = element.fixed.as_ref().or(element.pattern.as_ref()) {
            let codings = fixed.get("coding").and_then(|codings| codings.as_array());
            let wanted = match (fixed.as_str(), codings) {
                (Some(code), _) => Some((None, code)),
                (None, Some([coding])) => coding
                    .text("code")
                    .map(|code| (coding.text("system"), code)),
                _ => None,
            };
            if let Some((system, code)) = wanted {
                self.check_fixed_rows(&op, system, code, path);
            }
        }
        if let Type::Reference(types) = &typing.of {
            self.check_reference(types, element, path, spot);
        }
        let code = code.to_owned();
        Some((
            (Item::Value { op, target, spot }, typing.nullable),
            Some(code),
        ))
    }

    pub fn contradiction(&mut self, path: &str, fixed: &Value, spot: Spot) {
        self.findings.error(
            codes::CONTRADICTS_FIXED,
            spot,
            format!("the profile fixes {path} to {fixed}"),
            "take it out: fixed values are filled in",
        );
    }

    pub(super) fn check_reference(
        &mut self,
        types: &[String],
        element: &Element,
        path: &str,
        spot: Spot,
    ) {
        let allowed: Vec<String> = element
            .types
            .iter()
            .filter(|ty| &*ty.code == "Reference")
            .flat_map(|ty| ty.target_profiles.iter())
            .map(|url| {
                self.definitions.shape(url).map_or_else(
                    || url.rsplit('/').next().unwrap_or_default().to_owned(),
                    |shape| shape.type_name().to_owned(),
                )
            })
            .collect();
        if allowed.is_empty() || allowed.iter().any(|name| name == "Resource") {
            return;
        }
        for ty in types.iter().filter(|ty| !allowed.contains(ty)) {
            let mut list = allowed.clone();
            list.sort();
            list.dedup();
            self.findings.error(
                codes::REFERENCE_TYPE,
                spot,
                format!("{path} cannot refer to a {ty}"),
                format!("it may refer to: {}", list.join(", ")),
            );
        }
    }

    pub(super) fn constant_item(
        &mut self,
        text: &str,
        element: &Element,
        path: &str,
        spot: Spot,
    ) -> Option<((Item, bool), Option<String>)> {
        if &*element.name == "system"
            && let Some(name) = text
                .strip_prefix("local(")
                .and_then(|rest| rest.strip_suffix(')'))
        {
            return Some((
                (Item::Local(name.trim().into()), false),
                Some("uri".to_owned()),
            ));
        }
        let code = constant_type(element, text);
        let Some(code) = code else {
            self.findings.error(
                codes::WRONG_TYPE,
                spot,
                format!("{path} takes {}, which one text cannot be", names(element)),
                "write the name with its type, or a map with its elements",
            );
            return None;
        };
        let value = self.constant(text, &code, element, spot)?;
        if let Some(fixed) = element.fixed.as_ref().or(element.pattern.as_ref())
            && !super::filled::covers(&value, fixed)
            && value
                .get("coding")
                .is_none_or(|_| fixed.get("coding").is_some())
        {
            self.contradiction(path, fixed, spot);
            return None;
        }
        Some((
            (Item::Constant(Constant::written(value, spot)), false),
            Some(code),
        ))
    }

    pub(super) fn map_item(
        &mut self,
        node: &Node,
        site: &Site,
        id: ElementId,
        element: &Element,
        path: &str,
        scope: &mut Scope,
    ) -> Option<((Item, bool), Option<String>)> {
        if element.types.len() == 1
            && let Some(ty) = element.types.first()
            && is_primitive(&ty.code)
        {
            return self.primitive_map(node, site, id, element, path, scope);
        }
        let code = self.map_type(node, site, id, element, path)?;
        if code == "CodeableConcept" && node.get("concept").is_some() {
            return self.concept_map(node, element, path, scope);
        }
        let Some((shape, inner)) = self.definitions.scope(&site.shape, id, &code) else {
            self.findings.error(
                codes::WRONG_TYPE,
                node.spot,
                format!("{path} takes {}, which a map cannot be", names(element)),
                "write one value",
            );
            return None;
        };
        let inner_site = Site {
            shape,
            element: inner,
            path: path.to_owned(),
            is_root: false,
        };
        self.written_codings(node, element, &code);
        let (mut object, nullable) = self.object(node, &inner_site, &["slice"], scope)?;
        if code == "Reference"
            && let Some(field) = object
                .fields
                .iter()
                .find(|field| &*field.name == "reference")
            && let Some(Item::Value {
                op: Op::Reference(reference),
                spot,
                ..
            }) = field.items.first()
            && let Some(head) = self.heads.get(reference.rule)
        {
            let types = vec![head.resource_type.clone()];
            let spot = *spot;
            self.check_reference(&types, element, path, spot);
        }
        if let Some(pattern) = element.fixed.as_ref().or(element.pattern.as_ref()) {
            self.merge(&mut object, pattern, &inner_site);
            self.order(&mut object, &inner_site);
        }
        let plain = object.when.is_none()
            && object.each.is_none()
            && object.fields.iter().all(|field| {
                field
                    .items
                    .iter()
                    .all(|item| matches!(item, Item::Constant(_)))
            });
        if plain {
            let value = super::filled::constant_object(&object);
            let constant = Constant {
                value,
                spot: node.spot,
                fixed: super::filled::fixed_part(&object).map(Arc::new),
            };
            return Some(((Item::Constant(constant), nullable), Some(code)));
        }
        Some(((Item::Object(Box::new(object)), nullable), Some(code)))
    }

    /// The type that a map is of, where an element takes several.
    pub(super) fn map_type(
        &mut self,
        node: &Node,
        site: &Site,
        id: ElementId,
        element: &Element,
        path: &str,
    ) -> Option<String> {
        let keys: Vec<&str> = node
            .entries()
            .unwrap_or_default()
            .iter()
            .filter_map(|(key, _)| key.text())
            .filter(|key| !matches!(*key, "slice" | "when" | "each" | "extension"))
            .collect();
        let mut candidates: Vec<String> = element
            .types
            .iter()
            .map(|ty| ty.code.to_string())
            .filter(|code| !is_primitive(code))
            .collect();
        if element.types.is_empty() {
            // A contentReference: the children stand elsewhere, and `scope` knows where.
            return Some(String::new());
        }
        if candidates.len() > 1 {
            candidates.retain(|code| {
                (code == "CodeableConcept" && keys.contains(&"concept"))
                    || self.definitions.scope(&site.shape, id, code).is_some_and(
                        |(shape, inner)| {
                            let inner = Site {
                                shape,
                                element: inner,
                                path: String::new(),
                                is_root: false,
                            };
                            keys.iter().all(|key| self.named(&inner, key).is_some())
                        },
                    )
            });
        }
        match candidates.as_slice() {
            [one] => Some(one.clone()),
            _ => {
                self.findings.error(
                    codes::WRONG_TYPE,
                    node.spot,
                    format!(
                        "{path} takes {}; which of them this map is cannot be told",
                        names(element)
                    ),
                    format!(
                        "write the name with its type, for example {}",
                        choice_name(&element.name, "Quantity")
                    ),
                );
                None
            }
        }
    }

    /// `{ value: …, extension: { … } }` for a primitive.
    pub(super) fn primitive_map(
        &mut self,
        node: &Node,
        site: &Site,
        id: ElementId,
        element: &Element,
        path: &str,
        scope: &mut Scope,
    ) -> Option<((Item, bool), Option<String>)> {
        let code = element.types.first()?.code.to_string();
        for (key, _) in node.entries().unwrap_or_default() {
            let known = matches!(key.text(), Some("value" | "extension" | "slice"));
            if !known {
                self.findings.error(
                    codes::UNKNOWN_ELEMENT,
                    key.spot,
                    format!(
                        "{path} is a {code} and has no element '{}'",
                        key.text().unwrap_or_default()
                    ),
                    "a primitive has value and extension",
                );
            }
        }
        let (value, nullable) = match node.get("value") {
            Some(value) => {
                let ((item, nullable), _) = self.item(value, site, id, None, path, scope)?;
                (Some(Box::new(item)), nullable)
            }
            None => (None, false),
        };
        let mut extension = Object {
            spot: node.spot,
            ..Object::default()
        };
        if let Some((key, value)) = node.entry("extension") {
            let (shape, element) = self
                .definitions
                .scope(&site.shape, id, &code)
                .unwrap_or_else(|| (site.shape.clone(), id));
            let inner = Site {
                shape,
                element,
                path: path.to_owned(),
                is_root: false,
            };
            if let Some(field) = self.extensions(key, value, &inner, scope) {
                extension.has_expressions = has_expressions(&field.items);
                extension.fields.push(field);
            }
        }
        let item = Item::Primitive {
            value,
            extension: Box::new(extension),
        };
        Some(((item, nullable), Some(code)))
    }

    /// `{ concept: =…, text: =… }`
    pub(super) fn concept_map(
        &mut self,
        node: &Node,
        element: &Element,
        path: &str,
        scope: &mut Scope,
    ) -> Option<((Item, bool), Option<String>)> {
        self.findings.unknown_keys(
            node,
            crate::keys::CONCEPT,
            "a concept with a text of its own",
        );
        let concept = node.get("concept")?;
        let (op, typing) = match concept.expression() {
            Some((text, lead)) => self.expression_text(text, shift(concept.spot, lead), scope)?,
            None => {
                let text =
                    crate::declare::constant_text(self.findings, concept, "concept")?.to_owned();
                let coding = self.coding_constant(&text, concept.spot)?;
                let constant = crate::program::Concept {
                    text: None,
                    codings: vec![coding],
                };
                (Op::Concept(Arc::new(constant)), Typing::new(Type::Concept))
            }
        };
        if typing.of != Type::Concept || typing.list {
            self.findings.error(
                codes::WRONG_TYPE,
                concept.spot,
                format!(
                    "{path} wants a concept here, and this is {}",
                    typing.of.name()
                ),
                "use | code(table)",
            );
            return None;
        }
        self.check_binding(&op, element, false, concept.spot, scope);
        let mut nullable = typing.nullable;
        let text = match node.get("text") {
            None => None,
            Some(text) => match text.constant() {
                Some(constant) => {
                    nullable = false;
                    Some(Op::Text(constant.into()))
                }
                None => {
                    let (op, typing) = self.expression(text, scope)?;
                    nullable &= typing.nullable;
                    if !typing.of.is_plain() || typing.list {
                        self.findings.error(
                            codes::WRONG_TYPE,
                            text.spot,
                            format!("a text is wanted here, and this is {}", typing.of.name()),
                            "use a column, or concat(…)",
                        );
                        return None;
                    }
                    Some(op)
                }
            },
        };
        let item = Item::Concept {
            concept: op,
            text,
            spot: node.spot,
        };
        Some(((item, nullable), Some("CodeableConcept".to_owned())))
    }
}

/// The type that a constant is of, where an element takes several.
fn constant_type(element: &Element, text: &str) -> Option<String> {
    let has = |code: &str| element.types.iter().any(|ty| &*ty.code == code);
    if element.types.len() == 1 {
        return element.types.first().map(|ty| ty.code.to_string());
    }
    let order: &[&str] = if matches!(text, "true" | "false") {
        &["boolean", "string"]
    } else if text.contains('|') {
        &["CodeableConcept", "Coding", "string"]
    } else {
        &["string", "markdown", "code", "CodeableConcept", "uri"]
    };
    if let Some(code) = order.iter().find(|code| has(code)) {
        return Some((*code).to_owned());
    }
    ["dateTime", "date", "integer", "decimal"]
        .into_iter()
        .find(|code| {
            let value = match *code {
                "integer" | "decimal" => json::Number::from_text(text).map(Value::Number),
                _ => Some(Value::from(text)),
            };
            has(code) && value.is_some_and(|value| fhir::Primitive::check(code, &value).is_ok())
        })
        .map(str::to_owned)
}
