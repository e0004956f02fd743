//! Maps to objects: each key an element of the type or profile.

use std::sync::Arc;

use definitions::{Element, ElementId, Shape};
use json::Value;

use super::Compiler;
use super::expression::shift;
use super::scope::{Scope, Type, Typing, Variable};
use super::target::{choice_name, choose, is_primitive, names};
use crate::codes;
use crate::findings::suggest;
use crate::program::{Cell, Each, EachOf, Field, Item, Object, Op, Target};
use crate::yaml::{Data, Node, Spot};

/// Where an object is made: the Shape and the element whose children its keys are, and its path.
#[derive(Clone)]
pub(crate) struct Site {
    pub shape: Shape,
    pub element: ElementId,
    pub path: String,
    pub is_root: bool,
}

/// An element that a key names.
struct Named {
    id: ElementId,
    /// The type that the key names: `valueQuantity`.
    code: Option<String>,
}

impl Compiler<'_> {
    /// Compiles a map into an object. `own` are the keys that are no elements here.
    pub fn object(
        &mut self,
        node: &Node,
        site: &Site,
        own: &[&str],
        scope: &mut Scope,
    ) -> Option<(Object, bool)> {
        let entries = node.entries()?;
        let is_element = |this: &Self, key: &str| this.named(site, key).is_some();
        let mut object = Object {
            spot: node.spot,
            ..Object::default()
        };
        let outer = (scope.variables.len(), scope.known.clone());
        let mut nullable = false;
        for (key, value) in entries {
            match key.text() {
                Some("each") if !own.contains(&"each") && !is_element(self, "each") => {
                    object.each = self.each(value, scope);
                    nullable = true;
                }
                _ => {}
            }
        }
        for (key, value) in entries {
            if key.text() == Some("when") && !own.contains(&"when") && !is_element(self, "when") {
                object.when = self.condition(value, scope);
                nullable = true;
            }
        }
        let mut conditions: Vec<bool> = Vec::new();
        let mut written: Vec<ElementId> = Vec::new();
        for (key, value) in entries {
            let Some(name) = key.text() else { continue };
            if own.contains(&name)
                || (matches!(name, "when" | "each" | "slice") && !is_element(self, name))
            {
                continue;
            }
            if matches!(name, "extension" | "modifierExtension") {
                if let Some(field) = self.extensions(key, value, site, scope) {
                    object.has_expressions |= has_expressions(&field.items);
                    object.fields.push(field);
                }
                continue;
            }
            let Some(named) = self.named(site, name) else {
                self.unknown_element(key, name, site);
                continue;
            };
            if written.contains(&named.id) {
                self.findings.error(
                    codes::DUPLICATE_KEY,
                    key.spot,
                    format!("'{name}' names an element that another key has filled"),
                    "keep one of them",
                );
                continue;
            }
            written.push(named.id);
            if let Some((field, may_be_nothing)) = self.field(key, value, site, &named, scope) {
                if has_expressions(&field.items) {
                    object.has_expressions = true;
                    conditions.push(may_be_nothing);
                }
                if may_be_nothing && field.mandatory && site.is_root {
                    self.findings.error(
                        codes::OPTIONAL_FEED,
                        value.spot,
                        format!("{} is mandatory, and what feeds it may be blank", field.path),
                        "make its column required, test it with present(…) in when, or end the pipe with | onMissing(quarantine)",
                    );
                }
                object.fields.push(field);
            }
        }
        nullable |= !conditions.is_empty() && conditions.iter().all(|nullable| *nullable);
        self.fill(&mut object, site, &written);
        self.order(&mut object, site);
        scope.variables.truncate(outer.0);
        scope.known = outer.1;
        Some((object, nullable))
    }

    /// The element that a key names.
    fn named(&self, site: &Site, key: &str) -> Option<Named> {
        let parent = site.shape.element(site.element);
        for &id in &parent.children {
            let element = site.shape.element(id);
            if &*element.name == key {
                return Some(Named { id, code: None });
            }
            if element.is_choice
                && let Some(suffix) = key.strip_prefix(&*element.name)
                && let Some(ty) = element
                    .types
                    .iter()
                    .find(|ty| choice_name("", &ty.code) == suffix)
            {
                return Some(Named {
                    id,
                    code: Some(ty.code.to_string()),
                });
            }
        }
        None
    }

    fn unknown_element(&mut self, key: &Node, name: &str, site: &Site) {
        let parent = site.shape.element(site.element);
        let known: Vec<String> = parent
            .children
            .iter()
            .flat_map(|&id| {
                let element = site.shape.element(id);
                let mut names = vec![element.name.to_string()];
                if element.is_choice && element.types.len() <= 12 {
                    names.extend(
                        element
                            .types
                            .iter()
                            .map(|ty| choice_name(&element.name, &ty.code)),
                    );
                }
                names
            })
            .collect();
        self.findings.error(
            codes::UNKNOWN_ELEMENT,
            key.spot,
            format!("{} has no element '{name}'", site.path),
            suggest(name, known.iter().map(String::as_str), "elements"),
        );
    }

    fn field(
        &mut self,
        key: &Node,
        value: &Node,
        site: &Site,
        named: &Named,
        scope: &mut Scope,
    ) -> Option<(Field, bool)> {
        let element = site.shape.element(named.id).clone();
        let path: Arc<str> = format!("{}.{}", site.path, element.name).into();
        if site.is_root
            && matches!(
                &*element.name,
                "id" | "contained" | "implicitRules" | "text"
            )
        {
            self.findings.error(
                codes::RESERVED_ELEMENT,
                key.spot,
                format!("{path} is made by Causeway"),
                "take it out",
            );
            return None;
        }
        if element.max == Some(0) {
            self.findings.error(
                codes::TOO_MANY,
                key.spot,
                format!("the profile does not allow {path}"),
                "take it out, or use another profile",
            );
            return None;
        }
        let nodes: &[Node] = match &value.data {
            Data::List(items) => items,
            _ => std::slice::from_ref(value),
        };
        let most = if element.is_array {
            element.max
        } else {
            Some(1)
        };
        if let Some(most) = most
            && nodes.len() > most as usize
        {
            self.findings.error(
                codes::TOO_MANY,
                value.spot,
                format!("{path} takes at most {most}, and this is {}", nodes.len()),
                "keep as many as it takes",
            );
            return None;
        }
        let mut json_name = element.name.to_string();
        let mut items = Vec::with_capacity(nodes.len());
        let mut nullable = true;
        let mut slices = Vec::new();
        let is_about = site.is_root && matches!(&*element.name, "patient" | "subject" | "for");
        for node in nodes {
            let target = self.slice_of(node, site, named.id, &path);
            let Some((id, slice)) = target else { continue };
            slices.extend(slice);
            let chosen = self.item(node, site, id, named.code.as_deref(), &path, scope);
            let Some(((mut item, may_be_nothing), code)) = chosen else {
                continue;
            };
            if element.is_choice
                && let Some(code) = &code
            {
                json_name = choice_name(&element.name, code);
            }
            if element.min > 0 || is_about {
                make_mandatory(&mut item);
            }
            nullable &= may_be_nothing;
            items.push(item);
        }
        if items.is_empty() {
            return None;
        }
        self.fill_slices(&mut items, site, named.id, &slices, &path, value.spot);
        Some((
            Field {
                name: json_name.into(),
                array: element.is_array,
                items,
                mandatory: element.min > 0,
                path,
                spot: key.spot,
            },
            nullable,
        ))
    }

    /// The slice that an item names, or the element itself.
    fn slice_of(
        &mut self,
        node: &Node,
        site: &Site,
        id: ElementId,
        path: &str,
    ) -> Option<(ElementId, Option<String>)> {
        let Some(slice) = node.get("slice") else {
            return Some((id, None));
        };
        let name = crate::declare::constant_text(self.findings, slice, "slice")?;
        if let Some(found) = site.shape.slice(id, name) {
            return Some((found, Some(name.to_owned())));
        }
        let element = site.shape.element(id);
        let known: Vec<String> = element
            .slices
            .iter()
            .filter_map(|&slice| {
                site.shape
                    .element(slice)
                    .slice_name
                    .as_deref()
                    .map(str::to_owned)
            })
            .collect();
        self.findings.error(
            codes::UNKNOWN_SLICE,
            slice.spot,
            format!("{path} has no slice '{name}'"),
            suggest(name, known.iter().map(String::as_str), "slices"),
        );
        None
    }

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
                let (text, lead) = node.expression()?;
                let (op, typing) = self.expression_text(text, shift(node.spot, lead), scope)?;
                let mut op = op;
                if typing.of == Type::Quantity {
                    self.fit_quantity(&mut op, site, id, path, node.spot);
                }
                self.value(op, &typing, &element, path, node.spot)
            }
            Data::Scalar { .. } => self.constant_item(node.constant()?, &element, path, node.spot),
            Data::Map(_) => self.map_item(node, site, id, &element, path, scope),
        }
    }

    /// An expression as a value of an element.
    fn value(
        &mut self,
        op: Op,
        typing: &Typing,
        element: &Element,
        path: &str,
        spot: Spot,
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
        self.check_binding(&op, element, code == "code", spot);
        if let Type::Reference(types) = &typing.of {
            self.check_reference(types, element, path, spot);
        }
        if let (Some(fixed), Op::Text(text)) =
            (element.fixed.as_ref().or(element.pattern.as_ref()), &op)
            && fixed.as_str().is_some_and(|fixed| fixed != text.as_str())
        {
            self.contradiction(path, fixed, spot);
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

    fn check_reference(&mut self, types: &[String], element: &Element, path: &str, spot: Spot) {
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

    fn constant_item(
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
        Some(((Item::Constant(value), false), Some(code)))
    }

    fn map_item(
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
            return Some(((Item::Constant(value), nullable), Some(code)));
        }
        Some(((Item::Object(Box::new(object)), nullable), Some(code)))
    }

    /// The type that a map is of, where an element takes several.
    fn map_type(
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
    fn primitive_map(
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
    fn concept_map(
        &mut self,
        node: &Node,
        element: &Element,
        path: &str,
        scope: &mut Scope,
    ) -> Option<((Item, bool), Option<String>)> {
        self.findings.unknown_keys(
            node,
            &["concept", "text", "slice"],
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
        self.check_binding(&op, element, false, concept.spot);
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

    /// Compiles `each`, and names its variable.
    pub fn each(&mut self, node: &Node, scope: &mut Scope) -> Option<Each> {
        if node.entries().is_some() {
            return self.each_column(node, scope);
        }
        let (text, lead) = match node.expression() {
            Some(found) => found,
            None => {
                self.findings.error(
                    codes::BAD_VALUE,
                    node.spot,
                    "each is an expression and a name",
                    "for example: =[Allergies] as substance",
                );
                return None;
            }
        };
        let split = text.rsplit_once(" as ").map(|(of, name)| (of, name.trim()));
        let Some((of, name)) = split.filter(|(_, name)| is_name(name)) else {
            self.findings.error(
                codes::SYNTAX,
                node.spot,
                "each does not say what an item is called",
                "end it with a name: =[Allergies] as substance",
            );
            return None;
        };
        let (op, mut typing) = self.expression_text(of, shift(node.spot, lead), scope)?;
        if !typing.list {
            self.findings.error(
                codes::WRONG_TYPE,
                node.spot,
                format!("each wants a list, and this is {}", typing.of.name()),
                "use a column of type list, split(…) or list(…)",
            );
            return None;
        }
        typing = typing.list(false).nullable(false);
        let mut columns = Vec::new();
        collect_cells(&op, &mut columns);
        scope.variables.push(Variable {
            name: name.to_owned(),
            typing,
            of_columns: false,
            columns,
        });
        Some(Each {
            of: EachOf::Items(op),
            variable: scope.variables.len() - 1,
        })
    }

    fn each_column(&mut self, node: &Node, scope: &mut Scope) -> Option<Each> {
        self.findings.unknown_keys(node, &["columns", "as"], "each");
        let name =
            crate::declare::required_text(self.findings, node, "as", "each", node.spot)?.to_owned();
        let table = scope.table?;
        let mut columns = Vec::new();
        let mut typing: Option<Typing> = None;
        for (column, spot) in crate::declare::texts(self.findings, node, "columns") {
            let Some((Op::Cell(cell), next)) = self.cell(0, table, &column, spot, scope, None)
            else {
                continue;
            };
            match &typing {
                Some(known) if known.of != next.of || known.list != next.list => {
                    self.findings.error(
                        codes::WRONG_TYPE,
                        spot,
                        format!(
                            "the columns differ in type: {} and {}",
                            known.of.name(),
                            next.of.name()
                        ),
                        "use a rule for each type",
                    );
                }
                Some(_) => {}
                None => typing = Some(next),
            }
            columns.push((cell, column.into()));
        }
        let typing = typing?.nullable(false);
        let cells = columns
            .iter()
            .map(|(cell, _): &(Cell, _)| (cell.up, cell.column))
            .collect();
        scope.variables.push(Variable {
            name,
            typing,
            of_columns: true,
            columns: cells,
        });
        Some(Each {
            of: EachOf::Columns(columns),
            variable: scope.variables.len() - 1,
        })
    }

    /// Puts the fields in the order in which FHIR has them.
    fn order(&self, object: &mut Object, site: &Site) {
        let parent = site.shape.element(site.element);
        let position = |name: &str| {
            parent.children.iter().position(|&id| {
                let element = site.shape.element(id);
                &*element.name == name
                    || (element.is_choice && name.starts_with(&*element.name) && {
                        let suffix = name.get(element.name.len()..).unwrap_or_default();
                        element
                            .types
                            .iter()
                            .any(|ty| choice_name("", &ty.code) == suffix)
                    })
            })
        };
        object
            .fields
            .sort_by_key(|field| position(&field.name).unwrap_or(usize::MAX));
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

fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
}

/// Whether any item depends on the record.
pub(crate) fn has_expressions(items: &[Item]) -> bool {
    items.iter().any(|item| match item {
        Item::Constant(_) | Item::Local(_) => false,
        Item::Value { .. } | Item::Concept { .. } => true,
        Item::Primitive { value, extension } => {
            value
                .as_ref()
                .is_some_and(|value| has_expressions(std::slice::from_ref(&**value)))
                || extension.has_expressions
        }
        Item::Object(object) => {
            object.has_expressions || object.when.is_some() || object.each.is_some()
        }
    })
}

/// Marks the references of an item as such that the resource cannot stand without.
fn make_mandatory(item: &mut Item) {
    fn mark(op: &mut Op) {
        match op {
            Op::Reference(reference) => reference.mandatory = true,
            Op::If(parts) => {
                mark(&mut parts.1);
                mark(&mut parts.2);
            }
            Op::Coalesce(ops) => ops.iter_mut().for_each(mark),
            Op::OnMissing { value, .. } => mark(value),
            _ => {}
        }
    }
    match item {
        Item::Value {
            op,
            target: Target::Reference,
            ..
        } => mark(op),
        Item::Object(object) => {
            for field in &mut object.fields {
                if &*field.name == "reference" {
                    for item in &mut field.items {
                        if let Item::Value { op, .. } = item {
                            mark(op);
                        }
                    }
                }
            }
        }
        _ => {}
    }
}

/// The cells that an operation reads of its own record.
pub(crate) fn collect_cells(op: &Op, out: &mut Vec<(u8, usize)>) {
    match op {
        Op::Cell(cell) => out.push((cell.up, cell.column)),
        Op::Call(_, ops) | Op::Coalesce(ops) => ops.iter().for_each(|op| collect_cells(op, out)),
        Op::OnMissing { value, .. } | Op::Not(value) => collect_cells(value, out),
        _ => {}
    }
}
