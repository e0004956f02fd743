//! Extensions by their short names.

use std::sync::Arc;

use definitions::{ElementId, Shape};
use json::Value;

use super::Compiler;
use super::elements::Site;
use super::scope::Scope;
use super::target::choice_name;
use crate::codes;
use crate::findings::suggest;
use crate::program::{Constant, Field, Item, Object};
use crate::yaml::{Data, Node};

impl Compiler<'_> {
    /// The field that holds the extensions of a map from short names to values.
    pub fn extensions(
        &mut self,
        key: &Node,
        node: &Node,
        site: &Site,
        scope: &mut Scope,
    ) -> Option<Field> {
        let name = key.text()?;
        let Some(entries) = node.entries() else {
            self.findings.error(
                codes::BAD_VALUE,
                node.spot,
                format!(
                    "{name} is a map from names to values, and this is {}",
                    node.kind()
                ),
                "for example: extension: { ethnicCategory: \"=[Ethnicity] | code(ethnicity)\" }",
            );
            return None;
        };
        let mut items = Vec::new();
        for (short, value) in entries {
            let Some(text) = short.text() else { continue };
            let shape = match self.extension_shape(text, site, name) {
                Some(shape) => shape,
                None if crate::declare::is_uri(text)
                    && self.definitions.extension(text).is_some() =>
                {
                    self.misplaced_extension(short, text, site, value);
                    continue;
                }
                None if crate::declare::is_uri(text) => {
                    self.findings.warning(
                        codes::UNKNOWN_EXTENSION,
                        short.spot,
                        "no definition of this extension is known, so its value cannot be checked",
                        "use an extension of UK Core where there is one",
                    );
                    items.extend(self.raw_extension(text, value, scope));
                    continue;
                }
                None if self.any_extension(text).is_some() => {
                    self.misplaced_extension(short, text, site, value);
                    continue;
                }
                None => {
                    self.findings.lose_all(value);
                    let known = self.extension_names(site, name);
                    self.findings.error(
                        codes::UNKNOWN_EXTENSION,
                        short.spot,
                        format!("{} has no extension '{text}'", site.path),
                        suggest(text, known.iter().map(String::as_str), "extensions there"),
                    );
                    continue;
                }
            };
            let nodes: &[Node] = match &value.data {
                Data::List(nodes) => nodes,
                _ => std::slice::from_ref(value),
            };
            let most = site
                .shape
                .child(site.element, name)
                .and_then(|element| site.shape.slice(element, text))
                .map_or(shape.element(shape.root()).max, |slice| {
                    site.shape.element(slice).max
                });
            self.extension_twice(nodes, most, &format!("{}.{name}('{text}')", site.path));
            for node in nodes {
                let path = format!("{}.{name}('{text}')", site.path);
                items.extend(self.extension(&shape, shape.root(), shape.url(), node, &path, scope));
            }
        }
        if items.is_empty() {
            return None;
        }
        Some(Field {
            name: name.into(),
            array: true,
            items,
            mandatory: false,
            path: format!("{}.{name}", site.path).into(),
            spot: key.spot,
        })
    }

    /// The definition of an extension by its slice name, its id or its URL.
    fn extension_shape(&self, text: &str, site: &Site, field: &str) -> Option<Shape> {
        let slice = site
            .shape
            .child(site.element, field)
            .and_then(|element| site.shape.slice(element, text));
        if let Some(slice) = slice {
            let element = site.shape.element(slice);
            let url = element.types.first().and_then(|ty| ty.profiles.first());
            return url.and_then(|url| self.definitions.extension(url));
        }
        let modifier = field == "modifierExtension";
        self.any_extension(text)
            .filter(|shape| self.is_allowed(shape, site))
            .filter(|shape| shape.element(shape.root()).is_modifier == modifier)
    }

    /// An extension by its id or its URL, wherever it is allowed.
    fn any_extension(&self, text: &str) -> Option<Shape> {
        self.definitions
            .extension(text)
            .or_else(|| self.definitions.profile(text))
            .or_else(|| self.definitions.profile(&format!("Extension-{text}")))
            .filter(|shape| shape.type_name() == "Extension")
    }

    fn misplaced_extension(&mut self, short: &Node, text: &str, site: &Site, value: &Node) {
        self.findings.lose_all(value);
        let Some(shape) = self.any_extension(text) else {
            return;
        };
        let is_modifier = shape.element(shape.root()).is_modifier;
        let help = if self.is_allowed(&shape, site) {
            let right = if is_modifier {
                "modifierExtension"
            } else {
                "extension"
            };
            format!("it stands under {right}")
        } else {
            let places: Vec<&str> = shape
                .contexts()
                .iter()
                .map(|context| &*context.expression)
                .collect();
            format!("its definition allows it at: {}", places.join(", "))
        };
        self.findings.error(
            codes::UNKNOWN_EXTENSION,
            short.spot,
            format!("the extension '{text}' is not allowed at {}", site.path),
            help,
        );
    }

    /// Reports more values than an extension, or a part of one, may have. What a condition guards may
    /// exclude each other and is not counted.
    fn extension_twice(&mut self, nodes: &[Node], most: Option<u32>, path: &str) {
        let free: Vec<&Node> = nodes
            .iter()
            .filter(|node| node.get("when").is_none())
            .collect();
        if let Some(most) = most
            && let Some(beyond) = free.get(most as usize)
        {
            self.findings.error(
                codes::TOO_MANY,
                beyond.spot,
                format!(
                    "{path} is allowed {most} times at most, and this is {}",
                    free.len()
                ),
                "keep as many as it takes",
            );
        }
    }

    /// Whether the contexts of an extension allow it at a place.
    fn is_allowed(&self, shape: &Shape, site: &Site) -> bool {
        let contexts = shape.contexts();
        let element = site.shape.element(site.element);
        let at_root = site.element == site.shape.root();
        let is_resource = at_root && site.is_root;
        contexts.is_empty()
            || contexts.iter().any(|context| {
                let wanted = &*context.expression;
                match &*context.kind {
                    "element" => {
                        wanted == &*element.path
                            || wanted == site.path
                            || wanted == "Element"
                            || (is_resource && matches!(wanted, "Resource" | "DomainResource"))
                            || (at_root && wanted == site.shape.type_name())
                            || element.types.iter().any(|ty| *ty.code == *wanted)
                            // `HumanName.family` where the path is `Patient.name.family`.
                            || wanted.split_once('.').is_some_and(|(_, rest)| {
                                element.path.ends_with(&format!(".{rest}"))
                            })
                    }
                    "extension" => wanted == site.shape.url(),
                    _ => true,
                }
            })
    }

    fn extension_names(&self, site: &Site, field: &str) -> Vec<String> {
        let Some(element) = site.shape.child(site.element, field) else {
            return Vec::new();
        };
        site.shape
            .element(element)
            .slices
            .iter()
            .filter_map(|&slice| {
                site.shape
                    .element(slice)
                    .slice_name
                    .as_deref()
                    .map(str::to_owned)
            })
            .collect()
    }

    /// One extension whose definition stands at an element of a Shape: its root, or a nested slice.
    fn extension(
        &mut self,
        shape: &Shape,
        root: ElementId,
        url: &str,
        node: &Node,
        path: &str,
        scope: &mut Scope,
    ) -> Option<Item> {
        let nested = shape.child(root, "extension").filter(|&id| {
            let element = shape.element(id);
            !element.slices.is_empty() && element.max != Some(0)
        });
        let value = shape
            .child(root, "value")
            .filter(|&id| shape.element(id).max != Some(0));
        let mut object = Object {
            spot: node.spot,
            ..Object::default()
        };
        let outer = (
            scope.variables.len(),
            scope.known.clone(),
            scope.facts.clone(),
            scope.unsure,
        );
        let mut url_value = Some(Value::from(url));
        if let Some(id) = shape.child(root, "url")
            && let Some(fixed) = &shape.element(id).fixed
        {
            url_value = Some(fixed.clone());
        }
        let is_parts = nested.is_some_and(|id| {
            node.entries().is_some_and(|entries| {
                entries
                    .iter()
                    .filter_map(|(key, _)| key.text())
                    .any(|key| shape.slice(id, key).is_some())
            })
        });
        if let (Some(id), true) = (nested, is_parts || value.is_none()) {
            if let Some(each) = node.get("each") {
                object.each = self.each(each, scope);
            }
            if let Some(when) = node.get("when") {
                object.when = self.condition(when, scope);
            }
            let fields = self.extension_parts(shape, id, node, path, scope);
            scope.variables.truncate(outer.0);
            (scope.known, scope.facts, scope.unsure) = (outer.1, outer.2, outer.3);
            let fields = fields?;
            object.has_expressions = super::elements::has_expressions(&fields.items);
            object.fields.push(fields);
        } else if let Some(id) = value {
            let element = shape.element(id).clone();
            let site = Site {
                shape: shape.clone(),
                element: root,
                path: path.to_owned(),
                is_root: false,
            };
            let ((item, _), code) = self.item(node, &site, id, None, path, scope)?;
            let code = code?;
            let item = [item];
            object.has_expressions = super::elements::has_expressions(&item);
            object.fields.push(Field {
                name: choice_name(&element.name, &code).into(),
                array: false,
                items: item.into(),
                mandatory: true,
                path: Arc::from(format!("{path}.value")),
                spot: node.spot,
            });
        } else {
            self.findings.error(
                codes::UNKNOWN_EXTENSION,
                node.spot,
                format!("{path} takes no value"),
                "look at the definition of the extension",
            );
            return None;
        }
        if let Some(url) = url_value {
            let at = object
                .fields
                .iter()
                .position(|field| &*field.name != "extension")
                .unwrap_or(object.fields.len());
            object.fields.insert(
                at,
                Field {
                    name: "url".into(),
                    array: false,
                    items: vec![Item::Constant(Constant::by_profile(url, node.spot))],
                    mandatory: true,
                    path: Arc::from(format!("{path}.url")),
                    spot: node.spot,
                },
            );
        }
        Some(Item::Object(Box::new(object)))
    }

    /// The parts of a complex extension.
    fn extension_parts(
        &mut self,
        shape: &Shape,
        nested: ElementId,
        node: &Node,
        path: &str,
        scope: &mut Scope,
    ) -> Option<Field> {
        let Some(entries) = node.entries() else {
            self.findings.error(
                codes::WRONG_TYPE,
                node.spot,
                format!("{path} has parts, and this is {}", node.kind()),
                "write a map from the names of its parts to their values",
            );
            return None;
        };
        let known: Vec<String> = shape
            .element(nested)
            .slices
            .iter()
            .filter_map(|&slice| {
                shape
                    .element(slice)
                    .slice_name
                    .as_deref()
                    .map(str::to_owned)
            })
            .collect();
        let mut items = Vec::new();
        for (key, value) in entries {
            let Some(name) = key.text() else { continue };
            if matches!(name, "when" | "each") {
                continue;
            }
            let Some(slice) = shape.slice(nested, name) else {
                self.findings.lose_all(value);
                self.findings.error(
                    codes::UNKNOWN_EXTENSION,
                    key.spot,
                    format!("{path} has no part '{name}'"),
                    suggest(name, known.iter().map(String::as_str), "parts"),
                );
                continue;
            };
            let nodes: &[Node] = match &value.data {
                Data::List(nodes) => nodes,
                _ => std::slice::from_ref(value),
            };
            let element = shape.element(slice);
            self.extension_twice(nodes, element.max, &format!("{path}.{name}"));
            let profile = element
                .types
                .first()
                .and_then(|ty| ty.profiles.first())
                .and_then(|url| self.definitions.extension(url));
            for node in nodes {
                let path = format!("{path}.{name}");
                let item = match &profile {
                    Some(profile) => {
                        self.extension(profile, profile.root(), profile.url(), node, &path, scope)
                    }
                    None => self.extension(shape, slice, name, node, &path, scope),
                };
                items.extend(item);
            }
        }
        for &slice in &shape.element(nested).slices {
            let element = shape.element(slice);
            let Some(name) = element.slice_name.as_deref() else {
                continue;
            };
            let meant = entries
                .iter()
                .filter_map(|(key, _)| key.text())
                .any(|key| key == name || crate::findings::nearest(key, [name]).is_some());
            if element.min > 0 && !meant {
                self.findings.error(
                    codes::MISSING_ELEMENT,
                    node.spot,
                    format!("{path} must have the part '{name}', and nothing feeds it"),
                    format!("add {name}:"),
                );
            }
        }
        Some(Field {
            name: "extension".into(),
            array: true,
            items,
            mandatory: false,
            path: format!("{path}.extension").into(),
            spot: node.spot,
        })
    }

    /// `{ valueString: … }` under a URL that no definition is known for.
    fn raw_extension(&mut self, url: &str, node: &Node, scope: &mut Scope) -> Option<Item> {
        let shape = self.definitions.shape_of_type("Extension")?;
        let entry = node.entries().and_then(|entries| match entries {
            [(key, value)] => Some((key, value)),
            _ => None,
        });
        let Some((key, value)) = entry else {
            self.findings.error(
                codes::WRONG_TYPE,
                node.spot,
                "an extension without a definition must say the type of its value",
                "for example: { valueString: \"=[Column]\" }",
            );
            return None;
        };
        let site = Site {
            element: shape.root(),
            shape,
            path: format!("extension('{url}')"),
            is_root: false,
        };
        let wrapped = Node {
            spot: node.spot,
            data: Data::Map(vec![(key.clone(), value.clone())]),
        };
        // `url` is mandatory in the type; it is put in below.
        let (mut object, _) = self.object_with(&wrapped, &site, &["url"], scope)?;
        object.fields.insert(
            0,
            Field {
                name: "url".into(),
                array: false,
                items: vec![Item::Constant(Constant::written(
                    Value::from(url),
                    node.spot,
                ))],
                mandatory: true,
                path: "Extension.url".into(),
                spot: node.spot,
            },
        );
        Some(Item::Object(Box::new(object)))
    }
}
