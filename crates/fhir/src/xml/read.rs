//! XML to tree.

use json::{CompactString, Number, Object, Value};
use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use super::text::{decode, invalid_character};
use super::{Child, Content, FHIR, MAX_DEPTH, Model, XmlError};
use crate::narrative::XHTML;
use crate::{JsonKind, Primitive};

/// Reads one resource from FHIR XML.
///
/// # Errors
/// When the text is not well-formed XML 1.0 in UTF-8, uses what [the module](super) refuses, is
/// outside the FHIR namespace, or has text or attributes where FHIR has none.
pub fn read<M: Model>(text: &[u8], model: &M) -> Result<Value, XmlError> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let text = std::str::from_utf8(text).map_err(|error| XmlError {
        line: line_at(text, error.valid_up_to()),
        message: "the text is not UTF-8".to_owned(),
        element: None,
    })?;
    let mut reader = Xml {
        text,
        reader: NsReader::from_str(text),
        path: Vec::new(),
    };
    if invalid_character(text) {
        return reader.fail("the text holds a character that XML 1.0 does not allow");
    }
    let mut resource = None;
    loop {
        match reader.next()? {
            Token::Open(tag) if resource.is_none() => {
                reader.path.push(tag.name.to_string());
                resource = Some(reader.resource(&tag, model)?);
                reader.path.pop();
            }
            Token::Open(_) => return reader.fail("a second root element"),
            Token::Close => return reader.fail("an end tag without a start"),
            Token::End => break,
        }
    }
    match resource {
        Some(resource) => Ok(resource),
        None => reader.fail("the text ends before any element"),
    }
}

/// A start tag, with what FHIR reads from it.
struct Tag {
    name: CompactString,
    xhtml: bool,
    /// Where the tag begins in the text.
    start: usize,
    empty: bool,
    id: Option<CompactString>,
    url: Option<CompactString>,
    value: Option<CompactString>,
}

enum Token {
    Open(Tag),
    Close,
    End,
}

struct Xml<'t> {
    text: &'t str,
    reader: NsReader<&'t [u8]>,
    path: Vec<String>,
}

impl<'t> Xml<'t> {
    fn fail<T>(&self, message: impl Into<String>) -> Result<T, XmlError> {
        Err(XmlError {
            line: line_at(self.text.as_bytes(), self.position()),
            message: message.into(),
            element: (!self.path.is_empty()).then(|| self.path.join(".")),
        })
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The next tag; white space, comments and the declaration are passed over, all else refused.
    fn next(&mut self) -> Result<Token, XmlError> {
        loop {
            let start = self.position();
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(_) => return self.fail("the XML is not well formed"),
            };
            match event {
                Event::Start(tag) => return Ok(Token::Open(self.tag(&tag, start, false)?)),
                Event::Empty(tag) => return Ok(Token::Open(self.tag(&tag, start, true)?)),
                Event::End(_) => return Ok(Token::Close),
                Event::Text(text) if text.chars().all(|c| c.is_ascii_whitespace()) => {}
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    return self
                        .fail("text between elements: FHIR XML keeps values in value attributes");
                }
                Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
                Event::DocType(_) => return self.fail("a document type, which FHIR XML never has"),
                Event::Eof if self.path.is_empty() => return Ok(Token::End),
                Event::Eof => return self.fail("the text ends before every element is closed"),
            }
        }
    }

    fn tag(&self, tag: &BytesStart<'t>, start: usize, empty: bool) -> Result<Tag, XmlError> {
        let (namespace, local) = self.reader.resolver().resolve_element(tag.name());
        let xhtml = match namespace {
            ResolveResult::Bound(Namespace(FHIR)) => false,
            ResolveResult::Bound(Namespace(XHTML)) => true,
            _ => {
                return self.fail("an element outside the namespace http://hl7.org/fhir");
            }
        };
        let mut read = Tag {
            name: CompactString::from(local.into_inner()),
            xhtml,
            start,
            empty,
            id: None,
            url: None,
            value: None,
        };
        for attribute in tag.attributes() {
            let Ok(attribute) = attribute else {
                return self.fail("an attribute is malformed or occurs twice");
            };
            let key = attribute.key.into_inner();
            if xhtml || key == "xmlns" || key.starts_with("xmlns:") || key.starts_with("xsi:") {
                continue;
            }
            let value = match decode(&attribute.value, true) {
                Ok(value) => CompactString::from(value),
                Err(_) => {
                    return self.fail("an attribute uses an entity that is not one of XML's five");
                }
            };
            match key {
                "id" => read.id = Some(value),
                "url" => read.url = Some(value),
                "value" => read.value = Some(value),
                _ => return self.fail("an attribute that FHIR XML does not have"),
            }
        }
        Ok(read)
    }

    /// The resource that a tag opens.
    fn resource<M: Model>(&mut self, tag: &Tag, model: &M) -> Result<Value, XmlError> {
        if tag.xhtml {
            return self.fail("XHTML where a resource belongs");
        }
        if tag.value.is_some() || tag.id.is_some() || tag.url.is_some() {
            return self.fail("a resource with attributes: its id is an element");
        }
        let object = Object::new().with("resourceType", tag.name.clone());
        let node = model.resource(&tag.name);
        self.members(tag, object, node.as_ref(), model)
    }

    /// The children of the element that a tag opened, added to what is there.
    fn members<M: Model>(
        &mut self,
        tag: &Tag,
        mut object: Object,
        node: Option<&M::Node>,
        model: &M,
    ) -> Result<Value, XmlError> {
        if tag.empty {
            return Ok(Value::Object(object));
        }
        if self.path.len() > MAX_DEPTH {
            return self.fail(format!("elements nest deeper than {MAX_DEPTH} levels"));
        }
        loop {
            match self.next()? {
                Token::Close => return Ok(Value::Object(object)),
                Token::End => return self.fail("the text ends before every element is closed"),
                Token::Open(child) => {
                    self.path.push(child.name.to_string());
                    let known = node.and_then(|node| model.child(node, &child.name));
                    self.member(&child, &mut object, known, model)?;
                    self.path.pop();
                }
            }
        }
    }

    fn member<M: Model>(
        &mut self,
        tag: &Tag,
        object: &mut Object,
        known: Option<Child<M::Node>>,
        model: &M,
    ) -> Result<(), XmlError> {
        let is_array = known.as_ref().map(|child| child.is_array);
        if tag.xhtml {
            let div = self.div(tag)?;
            return self.add(object, &tag.name, div.into(), None, is_array);
        }
        match known.map(|child| child.content) {
            Some(Content::Resource) => {
                let resource = self.only_child_resource(tag, model)?;
                self.add(object, &tag.name, resource, None, is_array)
            }
            Some(Content::Complex(node)) => {
                if tag.value.is_some() {
                    return self.fail("a value attribute on an element that has children instead");
                }
                let inner = attributes(tag);
                let value = self.members(tag, inner, Some(&node), model)?;
                self.add(object, &tag.name, value, None, is_array)
            }
            Some(Content::Primitive(Primitive::Xhtml)) => {
                self.fail("a narrative outside the XHTML namespace")
            }
            Some(Content::Primitive(primitive)) => {
                let value = tag.value.as_deref().map(|text| typed(primitive, text));
                self.primitive(tag, object, value, is_array, model)
            }
            None if tag.value.is_some() => {
                let value = tag.value.as_deref().map(Value::from);
                self.primitive(tag, object, value, is_array, model)
            }
            None => {
                let inner = attributes(tag);
                let value = self.members(tag, inner, None, model)?;
                self.add(object, &tag.name, value, None, is_array)
            }
        }
    }

    fn primitive<M: Model>(
        &mut self,
        tag: &Tag,
        object: &mut Object,
        value: Option<Value>,
        is_array: Option<bool>,
        model: &M,
    ) -> Result<(), XmlError> {
        // A primitive's own children are those of Element: its extensions.
        let node = model.resource("Element");
        let inner = attributes(tag);
        let Value::Object(inner) = self.members(tag, inner, node.as_ref(), model)? else {
            return Ok(());
        };
        let more = (!inner.is_empty()).then_some(Value::Object(inner));
        self.add(
            object,
            &tag.name,
            value.unwrap_or(Value::Null),
            more,
            is_array,
        )
    }

    fn only_child_resource<M: Model>(&mut self, tag: &Tag, model: &M) -> Result<Value, XmlError> {
        if tag.value.is_some() || tag.id.is_some() {
            return self.fail("attributes on an element that holds a resource");
        }
        let mut resource = None;
        if !tag.empty {
            loop {
                match self.next()? {
                    Token::Open(child) if resource.is_none() => {
                        self.path.push(child.name.to_string());
                        resource = Some(self.resource(&child, model)?);
                        self.path.pop();
                    }
                    Token::Open(_) => return self.fail("two resources where one belongs"),
                    Token::Close => break,
                    Token::End => {
                        return self.fail("the text ends before every element is closed");
                    }
                }
            }
        }
        match resource {
            Some(resource) => Ok(resource),
            None => self.fail("no resource where one belongs"),
        }
    }

    /// The narrative as it is written, from its start tag to its end tag.
    fn div(&mut self, tag: &Tag) -> Result<&'t str, XmlError> {
        let mut depth = usize::from(!tag.empty);
        while depth > 0 {
            match self.reader.read_event() {
                Ok(Event::Start(_)) => depth += 1,
                Ok(Event::End(_)) => depth -= 1,
                Ok(Event::DocType(_)) => return self.fail("a document type inside a narrative"),
                Ok(Event::Eof) => {
                    return self.fail("the text ends before every element is closed");
                }
                Ok(_) => {}
                Err(_) => return self.fail("the XML is not well formed"),
            }
            if depth > MAX_DEPTH {
                return self.fail(format!("elements nest deeper than {MAX_DEPTH} levels"));
            }
        }
        let div = self.text.get(tag.start..self.position()).unwrap_or("");
        if div.starts_with("<div") {
            Ok(div)
        } else {
            self.fail(
                "a narrative with a namespace prefix: write <div \
                 xmlns=\"http://www.w3.org/1999/xhtml\">",
            )
        }
    }

    /// Adds an occurrence of a child: in an array where the model says so, or where the model knows
    /// nothing and it occurs again. A second occurrence of a single element becomes an array too,
    /// which the validator then refuses.
    fn add(
        &self,
        object: &mut Object,
        name: &str,
        value: Value,
        more: Option<Value>,
        is_array: Option<bool>,
    ) -> Result<(), XmlError> {
        let shadow = format!("_{name}");
        let before = match (object.get(name), object.get(&shadow)) {
            (Some(Value::Array(items)), _) | (None, Some(Value::Array(items))) => items.len(),
            (None, None) => 0,
            _ => 1,
        };
        if before == 0 && is_array != Some(true) {
            // A primitive with extensions only has no member of its own name.
            if value != Value::Null || more.is_none() {
                object.insert(name, value);
            }
            if let Some(more) = more {
                object.insert(shadow, more);
            }
            return Ok(());
        }
        push(object, name, value, before);
        if more.is_some() || object.contains(&shadow) {
            push(object, &shadow, more.unwrap_or(Value::Null), before);
        }
        drop_all_null(object, name, &shadow);
        Ok(())
    }
}

/// Appends to the array of that name, which so far has (or would have) `before` items.
fn push(object: &mut Object, name: &str, value: Value, before: usize) {
    let mut items = match object.remove(name) {
        Some(Value::Array(items)) => items,
        Some(single) => vec![single],
        None => Vec::new(),
    };
    items.resize(before, Value::Null);
    items.push(value);
    object.insert(name, Value::Array(items));
}

/// Takes out an array of nothing but nulls where the other array of the pair says everything.
fn drop_all_null(object: &mut Object, name: &str, shadow: &str) {
    let all_null = object
        .get(name)
        .and_then(Value::as_array)
        .is_some_and(|items| items.iter().all(|item| *item == Value::Null));
    let told = object
        .get(shadow)
        .and_then(Value::as_array)
        .is_some_and(|items| items.iter().all(|item| *item != Value::Null));
    if all_null && told {
        object.remove(name);
    }
}

fn attributes(tag: &Tag) -> Object {
    let mut object = Object::new();
    if let Some(id) = &tag.id {
        object.insert("id", id.clone());
    }
    if let Some(url) = &tag.url {
        object.insert("url", url.clone());
    }
    object
}

/// A primitive's text as the JSON type that carries it. A text that is no number or truth stays a
/// string, so that the validator can say what is wrong with it.
fn typed(primitive: Primitive, text: &str) -> Value {
    match primitive.json_kind() {
        JsonKind::Boolean if text == "true" => Value::Bool(true),
        JsonKind::Boolean if text == "false" => Value::Bool(false),
        JsonKind::Number => match Number::from_text(text) {
            Some(number) => Value::Number(number),
            None => Value::from(text),
        },
        _ => Value::from(text),
    }
}

fn line_at(text: &[u8], position: usize) -> usize {
    let end = position.min(text.len());
    1 + text
        .get(..end)
        .unwrap_or_default()
        .iter()
        .filter(|b| **b == b'\n')
        .count()
}
