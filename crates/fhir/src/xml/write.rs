//! Tree to XML.

use json::{Object, Value};

use super::text::{encode_attribute, invalid_character};
use super::{Child, Content, FHIR, Fault, MAX_DEPTH, Model, XmlError};
use crate::{JsonKind, Primitive};

/// Writes a resource as FHIR XML, elements in the order of their definition.
///
/// # Errors
/// When the tree holds what XML cannot: a member that the model does not know (it would be lost), a
/// character outside XML 1.0, a malformed narrative, a value where an object belongs.
pub fn write<M: Model>(resource: &Value, model: &M) -> Result<String, XmlError> {
    let mut writer = Writer {
        out: String::with_capacity(1024),
        path: Vec::new(),
        model,
    };
    writer
        .out
        .push_str("<?xml version=\"1.0\" encoding=\"UTF-8\"?>");
    writer.resource(resource, true)?;
    Ok(writer.out)
}

struct Writer<'m, M> {
    out: String,
    path: Vec<String>,
    model: &'m M,
}

impl<M: Model> Writer<'_, M> {
    fn fail<T>(&self, message: &str) -> Result<T, XmlError> {
        Err(XmlError {
            fault: Fault::NotXml,
            position: None,
            message: message.to_owned(),
            element: (!self.path.is_empty()).then(|| self.path.join(".")),
        })
    }

    fn resource(&mut self, resource: &Value, root: bool) -> Result<(), XmlError> {
        let (Some(object), Some(name)) = (resource.as_object(), resource.text("resourceType"))
        else {
            return self.fail("a resource is an object with a resourceType");
        };
        let Some(node) = self.model.resource(name) else {
            return self.fail("the resource type is unknown");
        };
        self.path.push(name.to_owned());
        self.out.push('<');
        self.out.push_str(name);
        if root {
            self.out.push_str(" xmlns=\"");
            self.out.push_str(FHIR);
            self.out.push('"');
        }
        self.finish(name, object, &node, &["resourceType"])?;
        self.path.pop();
        Ok(())
    }

    /// The rest of an element whose start tag is still open: its children and its end tag.
    fn finish(
        &mut self,
        name: &str,
        object: &Object,
        node: &M::Node,
        except: &[&str],
    ) -> Result<(), XmlError> {
        if self.path.len() > MAX_DEPTH {
            return self.fail("elements nest deeper than 64 levels");
        }
        let children = self.children(object, node, except)?;
        if children.is_empty() {
            self.out.push_str("/>");
            return Ok(());
        }
        self.out.push('>');
        for (child, name, value, more) in children {
            self.path.push(name.to_owned());
            self.occurrences(&child, name, value, more)?;
            self.path.pop();
        }
        self.out.push_str("</");
        self.out.push_str(name);
        self.out.push('>');
        Ok(())
    }

    /// The members of an object as children in the order of the definition, each with the member
    /// that holds its id and extensions.
    #[allow(clippy::type_complexity, reason = "a private row")]
    fn children<'v>(
        &mut self,
        object: &'v Object,
        node: &M::Node,
        except: &[&str],
    ) -> Result<
        Vec<(
            Child<M::Node>,
            &'v str,
            Option<&'v Value>,
            Option<&'v Value>,
        )>,
        XmlError,
    > {
        let has_shadows = object.iter().any(|(name, _)| name.starts_with('_'));
        let mut children = Vec::with_capacity(object.len());
        for (member, value) in object.iter() {
            if except.contains(&member) {
                continue;
            }
            let name = member.strip_prefix('_').unwrap_or(member);
            let (value, more) = if name == member {
                let more = has_shadows
                    .then(|| object.get(&format!("_{name}")))
                    .flatten();
                (Some(value), more)
            } else if object.contains(name) && !except.contains(&name) {
                continue;
            } else {
                (None, Some(value))
            };
            match self.model.child(node, name) {
                Some(child) if !except.contains(&name) => children.push((child, name, value, more)),
                _ => {
                    self.path.push(member.to_owned());
                    return self.fail("this is no element of R4, so XML cannot hold it");
                }
            }
        }
        children.sort_by_key(|(child, ..)| child.order);
        Ok(children)
    }

    fn occurrences(
        &mut self,
        child: &Child<M::Node>,
        name: &str,
        value: Option<&Value>,
        more: Option<&Value>,
    ) -> Result<(), XmlError> {
        let list = |value: Option<&Value>| value.and_then(Value::as_array).map(<[Value]>::len);
        match (list(value), list(more)) {
            (None, None) => self.occurrence(child, name, value, more),
            (values, mores) => {
                let count = values.unwrap_or(0).max(mores.unwrap_or(0));
                for index in 0..count {
                    let value = value.and_then(|value| value.item(index));
                    let more = more.and_then(|more| more.item(index));
                    self.occurrence(child, name, value, more)?;
                }
                Ok(())
            }
        }
    }

    fn occurrence(
        &mut self,
        child: &Child<M::Node>,
        name: &str,
        value: Option<&Value>,
        more: Option<&Value>,
    ) -> Result<(), XmlError> {
        let value = value.filter(|value| **value != Value::Null);
        let more = more.filter(|more| **more != Value::Null);
        let has_more = matches!(&child.content, Content::Primitive(primitive) if *primitive != Primitive::Xhtml);
        if more.is_some() && !has_more {
            return self.fail("a member with an underscore belongs to a primitive value only");
        }
        match &child.content {
            Content::Resource => match value {
                Some(resource) => {
                    self.out.push('<');
                    self.out.push_str(name);
                    self.out.push('>');
                    self.resource(resource, false)?;
                    self.out.push_str("</");
                    self.out.push_str(name);
                    self.out.push('>');
                    Ok(())
                }
                None => self.fail("no resource where one belongs"),
            },
            Content::Complex(node) => match value.and_then(Value::as_object) {
                Some(object) => self.complex(name, object, node),
                None => self.fail("an object belongs here"),
            },
            Content::Primitive(Primitive::Xhtml) => match value.and_then(Value::as_str) {
                Some(div) if crate::narrative::is_well_formed(div) => {
                    let div = div.trim_matches(|c: char| c.is_ascii_whitespace());
                    // A carriage return would be read back as the end of a line, as it is here.
                    self.out
                        .push_str(&div.replace("\r\n", "\n").replace('\r', "\n"));
                    Ok(())
                }
                _ => self.fail("the narrative is not an XHTML div that XML can hold"),
            },
            Content::Primitive(primitive) => self.primitive(*primitive, name, value, more),
        }
    }

    fn complex(&mut self, name: &str, object: &Object, node: &M::Node) -> Result<(), XmlError> {
        self.out.push('<');
        self.out.push_str(name);
        let extension = matches!(name, "extension" | "modifierExtension");
        let as_attributes: &[&str] = if extension { &["id", "url"] } else { &["id"] };
        for attribute in as_attributes {
            match object.get(attribute) {
                Some(Value::String(text)) => self.attribute(attribute, text)?,
                None => {}
                Some(_) => return self.fail("an id or url must be a string"),
            }
        }
        self.finish(name, object, node, as_attributes)
    }

    fn primitive(
        &mut self,
        primitive: Primitive,
        name: &str,
        value: Option<&Value>,
        more: Option<&Value>,
    ) -> Result<(), XmlError> {
        self.out.push('<');
        self.out.push_str(name);
        let more = match more {
            None => None,
            Some(Value::Object(more)) => Some(more),
            Some(_) => return self.fail("the member with an underscore must hold an object"),
        };
        match more.and_then(|more| more.get("id")) {
            None => {}
            Some(Value::String(id)) => self.attribute("id", id)?,
            Some(_) => return self.fail("an id must be a string"),
        }
        // Written with the wrong JSON type, a value would come back with the right one.
        match (value, primitive.json_kind()) {
            (None, _) => {}
            (Some(Value::String(text)), JsonKind::String) => self.attribute("value", text)?,
            (Some(Value::Number(number)), JsonKind::Number) => {
                self.attribute("value", number.as_str())?;
            }
            (Some(Value::Bool(truth)), JsonKind::Boolean) => {
                self.attribute("value", if *truth { "true" } else { "false" })?;
            }
            (Some(_), JsonKind::String) => return self.fail("a string belongs here"),
            (Some(_), JsonKind::Number) => return self.fail("a number belongs here"),
            (Some(_), JsonKind::Boolean) => return self.fail("true or false belongs here"),
        }
        if more.is_none_or(Object::is_empty) {
            self.out.push_str("/>");
            return Ok(());
        }
        let node = self.model.resource("Element");
        match (more, node) {
            (Some(more), Some(node)) => self.finish(name, more, &node, &["id"]),
            _ => {
                self.out.push_str("/>");
                Ok(())
            }
        }
    }

    fn attribute(&mut self, name: &str, text: &str) -> Result<(), XmlError> {
        if invalid_character(text).is_some() {
            return self.fail("a character that XML 1.0 cannot carry");
        }
        self.out.push(' ');
        self.out.push_str(name);
        self.out.push_str("=\"");
        encode_attribute(text, &mut self.out);
        self.out.push('"');
        Ok(())
    }
}
