//! FHIR's functions that give items (<http://hl7.org/fhir/R4/fhirpath.html#functions>).

use json::Value;

use crate::error::Fault;
use crate::eval::{Call, ENOUGH, Flow, MORE, Run, Scope, Sink, give};
use crate::function::Function;
use crate::item::{Item, Node, Text};

impl<'v> Run<'_, '_, 'v> {
    pub(super) fn visit_fhir(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        match call.function {
            Function::Extension => self.with_extensions(call, scope, sink),
            Function::GetValue => {
                let item = self.one(call.input, scope)?;
                let value = item.and_then(|item| match item {
                    Item::Node(node) => node.system(self.model),
                    other => Some(other),
                });
                give(value, sink)
            }
            Function::CheckModifiers => self.check_modifiers(call, scope, sink),
            _ => self.visit(call.input, scope, &mut |item| match self
                .reference(&item)
                .and_then(|to| self.resolve(&to))
            {
                Some(node) => sink(Item::Node(node)),
                None => MORE,
            }),
        }
    }

    /// The extensions with the url of a call's argument.
    pub(super) fn with_extensions(
        &self,
        call: &Call<'_>,
        scope: Scope<'_, 'v>,
        sink: Sink<'_, 'v>,
    ) -> Flow {
        let url = match call.argument(0) {
            Some(url) => self.one_text(url, scope)?,
            None => None,
        };
        let Some(url) = url else {
            return MORE;
        };
        self.visit(call.input, scope, &mut |item| {
            self.extensions(
                &item,
                "extension",
                call.at,
                &mut |extension| match extension.value.and_then(|value| value.text("url"))
                    == Some(&*url)
                {
                    true => sink(Item::Node(extension)),
                    false => MORE,
                },
            )
        })
    }

    /// The extensions of an item, on a primitive too.
    fn extensions(
        &self,
        item: &Item<'v>,
        name: &str,
        at: u32,
        work: &mut dyn FnMut(Node<'v>) -> Flow,
    ) -> Flow {
        let Item::Node(node) = item else {
            return MORE;
        };
        let holder = match node.value {
            Some(value @ Value::Object(_)) => Some(value),
            _ => node.shadow,
        };
        let found = holder.and_then(|holder| holder.get(name));
        self.emit(
            found,
            None,
            self.model.extension(),
            at,
            &mut |item| match item {
                Item::Node(node) => work(node),
                _ => MORE,
            },
        )
    }

    /// The input, unless something in it has a modifier extension that is not listed.
    fn check_modifiers(&self, call: &Call<'_>, scope: Scope<'_, 'v>, sink: Sink<'_, 'v>) -> Flow {
        let mut known = Vec::new();
        for argument in call.arguments {
            known.extend(self.one_text(argument, scope)?);
        }
        self.visit(call.input, scope, &mut |item| {
            let flow = self.extensions(&item, "modifierExtension", call.at, &mut |extension| {
                let url = extension.value.and_then(|value| value.text("url"));
                match url.is_some_and(|url| known.iter().any(|known| **known == *url)) {
                    true => MORE,
                    false => ENOUGH,
                }
            })?;
            match flow.is_break() {
                true => Err(Fault::input(
                    call.at,
                    "a modifier extension that is not expected changes the meaning",
                )),
                false => sink(item),
            }
        })
    }

    /// What an item refers to: a Reference, a uri, a text.
    fn reference(&self, item: &Item<'v>) -> Option<Text<'v>> {
        match item {
            Item::Node(node) => match node.value? {
                Value::String(text) => Some(Text::Borrowed(text)),
                object => object.text("reference").map(Text::Borrowed),
            },
            Item::String(text) => Some(text.clone()),
            _ => None,
        }
    }

    /// The resource that a reference points at: as the program around knows it, else among the
    /// contained resources or the entries of a Bundle.
    fn resolve(&self, reference: &str) -> Option<Node<'v>> {
        if let Some(found) = self.environment.services.resolve(reference) {
            return Some(found);
        }
        let root = self.environment.root?;
        if let Some(id) = reference.strip_prefix('#') {
            if id.is_empty() {
                return Some(root);
            }
            let containers = [Some(root), self.environment.resource];
            return containers.into_iter().flatten().find_map(|container| {
                let contained = container.value?;
                contained
                    .each("contained")
                    .find(|resource| resource.text("id") == Some(id))
                    .map(|resource| self.model.resource_node(resource))
            });
        }
        let bundle = root
            .value
            .filter(|root| root.text("resourceType") == Some("Bundle"))?;
        let (path, _) = reference
            .split_once("/_history/")
            .unwrap_or((reference, ""));
        bundle
            .each("entry")
            .find(|entry| {
                let full = entry.text("fullUrl").unwrap_or_default();
                full == path
                    || full
                        .strip_suffix(path)
                        .is_some_and(|base| base.ends_with('/'))
            })
            .and_then(|entry| entry.get("resource"))
            .map(|resource| self.model.resource_node(resource))
    }
}
