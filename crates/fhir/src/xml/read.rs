//! XML to tree.

use json::{CompactString, Object, Position, Value};
use quick_xml::NsReader;
use quick_xml::events::Event;

use super::div;
use super::place::{Step, render};
use super::tag::{BadTag, Space, Tag};
use super::text::invalid_character;
use super::tree::{add, align, attributes, count, typed};
use super::{Child, Content, Fault, MAX_DEPTH, Model, XmlError};
use crate::Primitive;

/// See [`super::examine`].
pub(super) fn resource<M: Model>(
    text: &[u8],
    model: &M,
) -> Result<(Value, Vec<XmlError>), XmlError> {
    let bytes = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let text = std::str::from_utf8(bytes).map_err(|error| XmlError {
        fault: Fault::NotXml,
        position: Some(Position::of(bytes, error.valid_up_to())),
        message: format!("byte {} is not UTF-8", error.valid_up_to() + 1),
        element: None,
    })?;
    let mut reader = Xml::new(text, model);
    if let Some(at) = invalid_character(text) {
        reader.start = at;
        return reader.fail("the text holds a character that XML 1.0 does not allow");
    }
    let mut resource = None;
    loop {
        match reader.next()? {
            Token::Open(tag) if resource.is_none() => {
                if tag.space != Space::Fhir {
                    let mut error = reader.error(
                        Fault::Namespace,
                        "the root element is outside the namespace http://hl7.org/fhir",
                    );
                    error.element = None;
                    return Err(error);
                }
                reader.path.push(Step::named(&tag.name));
                resource = Some(reader.resource(&tag)?);
                reader.path.pop();
            }
            Token::Open(_) => return reader.fail("a second root element"),
            Token::Close => return reader.fail("an end tag without a start"),
            Token::End => break,
        }
    }
    match resource {
        Some(resource) => Ok((resource, reader.faults)),
        None => reader.fail("the text ends before any element"),
    }
}

enum Token {
    Open(Tag),
    Close,
    End,
}

/// What an element is, to know which of its children XML writes as attributes.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Holder {
    Resource,
    Extension,
    Element,
}

/// More faults than this in one text help nobody.
const MAX_FAULTS: usize = 1_000;

struct Xml<'t, 'm, M> {
    text: &'t str,
    reader: NsReader<&'t [u8]>,
    model: &'m M,
    /// Where the last token begins.
    start: usize,
    path: Vec<Step>,
    faults: Vec<XmlError>,
}

impl<'t, 'm, M: Model> Xml<'t, 'm, M> {
    fn new(text: &'t str, model: &'m M) -> Self {
        let mut reader = NsReader::from_str(text);
        reader.config_mut().check_comments = true;
        Self {
            text,
            reader,
            model,
            start: 0,
            path: Vec::new(),
            faults: Vec::new(),
        }
    }

    fn error(&self, fault: Fault, message: impl Into<String>) -> XmlError {
        XmlError {
            fault,
            position: Some(Position::of(self.text.as_bytes(), self.start)),
            message: message.into(),
            element: (!self.path.is_empty()).then(|| render(&self.path)),
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, XmlError> {
        Err(self.error(Fault::NotXml, message))
    }

    /// Notes what is wrong, and reads on.
    fn note(&mut self, at: usize, fault: Fault, message: impl Into<String>) {
        if self.faults.len() < MAX_FAULTS {
            self.start = at;
            let error = self.error(fault, message);
            self.faults.push(error);
        }
    }

    fn position(&self) -> usize {
        usize::try_from(self.reader.buffer_position()).unwrap_or(usize::MAX)
    }

    /// The next tag; white space, comments and processing instructions are passed over.
    fn next(&mut self) -> Result<Token, XmlError> {
        let mut noted = false;
        loop {
            self.start = self.position();
            let event = match self.reader.read_event() {
                Ok(event) => event,
                Err(_) => return self.fail("the XML is not well formed"),
            };
            match event {
                Event::Start(tag) => return self.tag(&tag, false).map(Token::Open),
                Event::Empty(tag) => return self.tag(&tag, true).map(Token::Open),
                Event::End(_) => return Ok(Token::Close),
                Event::Text(text) if text.chars().all(|c| c.is_ascii_whitespace()) => {}
                Event::GeneralRef(reference) if !known(&reference) => {
                    return self.fail("an entity that is not one of XML's five");
                }
                Event::Text(_) | Event::CData(_) | Event::GeneralRef(_) => {
                    if self.path.is_empty() {
                        return self.fail("text outside the root element");
                    }
                    if !noted {
                        noted = true;
                        self.note(
                            self.start,
                            Fault::Text,
                            "text between elements: FHIR XML keeps values in value attributes",
                        );
                    }
                }
                Event::Decl(declaration) => {
                    if self.start > 0 {
                        return self.fail("an XML declaration that is not at the start");
                    }
                    let version = declaration.version().is_ok_and(|version| version == "1.0");
                    let encoding = match declaration.encoding() {
                        None => true,
                        Some(Ok(name)) => ["utf-8", "utf8", "us-ascii"]
                            .iter()
                            .any(|known| name.eq_ignore_ascii_case(known)),
                        Some(Err(_)) => false,
                    };
                    if !version || !encoding {
                        return self.fail("the XML declaration must say version 1.0 and UTF-8");
                    }
                }
                Event::Comment(_) | Event::PI(_) => {}
                Event::DocType(_) => return self.fail("a document type, which FHIR XML never has"),
                Event::Eof if self.path.is_empty() => return Ok(Token::End),
                Event::Eof => return self.fail("the text ends before every element is closed"),
            }
        }
    }

    fn tag(
        &self,
        tag: &quick_xml::events::BytesStart<'t>,
        is_empty: bool,
    ) -> Result<Tag, XmlError> {
        Tag::read(tag, self.reader.resolver(), self.start, is_empty)
            .or_else(|BadTag(message)| self.fail(message))
    }

    /// Goes past an element with all that is in it.
    fn skip(&mut self, tag: &Tag) -> Result<(), XmlError> {
        let mut depth = usize::from(!tag.is_empty);
        while depth > 0 {
            self.start = self.position();
            match self.reader.read_event() {
                Ok(Event::Start(_)) => depth += 1,
                Ok(Event::End(_)) => depth -= 1,
                Ok(Event::DocType(_) | Event::Decl(_)) => {
                    return self.fail("a document type or XML declaration inside an element");
                }
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
        Ok(())
    }

    /// The resource that a tag opens.
    fn resource(&mut self, tag: &Tag) -> Result<Value, XmlError> {
        if tag.value.is_some() || tag.id.is_some() || tag.url.is_some() || tag.has_strange_attribute
        {
            self.note(
                tag.start,
                Fault::Attribute,
                "a resource with attributes: its id is an element",
            );
        }
        let object = Object::new().with("resourceType", tag.name.clone());
        let node = self.model.resource(&tag.name);
        self.members(tag, object, node.as_ref(), Holder::Resource)
    }

    /// The children of the element that a tag opened, added to what is there.
    fn members(
        &mut self,
        tag: &Tag,
        mut object: Object,
        node: Option<&M::Node>,
        holder: Holder,
    ) -> Result<Value, XmlError> {
        if tag.is_empty {
            return Ok(Value::Object(object));
        }
        if self.path.len() > MAX_DEPTH {
            return self.fail(format!("elements nest deeper than {MAX_DEPTH} levels"));
        }
        let mut last: Option<(u32, CompactString)> = None;
        loop {
            match self.next()? {
                Token::Close => {
                    align(&mut object);
                    return Ok(Value::Object(object));
                }
                Token::End => return self.fail("the text ends before every element is closed"),
                Token::Open(child) => {
                    let known = node.and_then(|node| self.model.child(node, &child.name));
                    self.path.push(Step {
                        name: child.name.clone(),
                        choice: known.as_ref().and_then(|child| child.choice),
                        index: (known.as_ref().is_some_and(|child| child.is_array))
                            .then(|| count(&object, &child.name)),
                        is_silent: false,
                    });
                    if self.may_stand(&child, known.as_ref(), holder)? {
                        if let Some(known) = &known {
                            self.order(&child, known.order, &mut last);
                        }
                        self.member(&child, &mut object, known)?;
                    }
                    self.path.pop();
                }
            }
        }
    }

    /// Notes a child that stands behind one that its definition has later.
    fn order(&mut self, tag: &Tag, order: u32, last: &mut Option<(u32, CompactString)>) {
        match last {
            Some((before, name)) if *before > order => {
                let message = format!("{} must stand before {name}", tag.name);
                self.note(tag.start, Fault::Order, message);
            }
            _ => *last = Some((order, tag.name.clone())),
        }
    }

    /// Whether a child can be taken into the tree. What is noted instead is passed over.
    fn may_stand(
        &mut self,
        tag: &Tag,
        known: Option<&Child<M::Node>>,
        holder: Holder,
    ) -> Result<bool, XmlError> {
        let is_narrative = matches!(
            known,
            Some(Child {
                content: Content::Primitive(Primitive::Xhtml),
                ..
            })
        );
        let (fault, message) = match (tag.space, is_narrative) {
            (Space::Other, _) => (
                Fault::Namespace,
                "an element outside the namespace http://hl7.org/fhir",
            ),
            (Space::Fhir, true) => (
                Fault::Namespace,
                "a narrative outside the namespace http://www.w3.org/1999/xhtml",
            ),
            (Space::Xhtml, false) => (
                Fault::Namespace,
                "XHTML where FHIR has an element of its own",
            ),
            (Space::Fhir, false) if tag.name == "id" && holder != Holder::Resource => {
                (Fault::Attribute, "the id of an element is an attribute")
            }
            (Space::Fhir, false) if tag.name == "url" && holder == Holder::Extension => {
                (Fault::Attribute, "the url of an extension is an attribute")
            }
            _ => return Ok(true),
        };
        self.note(tag.start, fault, message);
        self.skip(tag)?;
        Ok(false)
    }

    fn member(
        &mut self,
        tag: &Tag,
        object: &mut Object,
        known: Option<Child<M::Node>>,
    ) -> Result<(), XmlError> {
        let is_array = known.as_ref().map(|child| child.is_array);
        let is_extension = matches!(&*tag.name, "extension" | "modifierExtension");
        if tag.has_strange_attribute || (tag.url.is_some() && !is_extension) {
            self.note(
                tag.start,
                Fault::Attribute,
                "an attribute that FHIR XML does not have",
            );
        }
        let holder = match is_extension {
            true => Holder::Extension,
            false => Holder::Element,
        };
        match known.map(|child| child.content) {
            Some(Content::Primitive(Primitive::Xhtml)) => {
                let div = self.div(tag)?;
                add(object, &tag.name, div.into(), None, is_array);
            }
            Some(Content::Resource) => {
                if let Some(resource) = self.only_child_resource(tag)? {
                    add(object, &tag.name, resource, None, is_array);
                }
            }
            Some(Content::Complex(node)) => {
                if tag.value.is_some() {
                    self.note(
                        tag.start,
                        Fault::Attribute,
                        "a value attribute on an element that has children instead",
                    );
                }
                let inner = attributes(tag, is_extension);
                let value = self.members(tag, inner, Some(&node), holder)?;
                add(object, &tag.name, value, None, is_array);
            }
            Some(Content::Primitive(primitive)) => {
                let value = tag.value.as_deref().map(|text| typed(primitive, text));
                self.primitive(tag, object, value, is_array)?;
            }
            None if tag.value.is_some() => {
                let value = tag.value.as_deref().map(Value::from);
                self.primitive(tag, object, value, is_array)?;
            }
            None => {
                let inner = attributes(tag, is_extension);
                let value = self.members(tag, inner, None, holder)?;
                add(object, &tag.name, value, None, is_array);
            }
        }
        Ok(())
    }

    fn primitive(
        &mut self,
        tag: &Tag,
        object: &mut Object,
        value: Option<Value>,
        is_array: Option<bool>,
    ) -> Result<(), XmlError> {
        let inner = attributes(tag, false);
        // A primitive's own children are those of Element: its extensions.
        let inner = match tag.is_empty {
            true => Value::Object(inner),
            false => {
                let node = self.model.resource("Element");
                self.members(tag, inner, node.as_ref(), Holder::Element)?
            }
        };
        let more = inner
            .as_object()
            .is_some_and(|inner| !inner.is_empty())
            .then_some(inner);
        add(
            object,
            &tag.name,
            value.unwrap_or(Value::Null),
            more,
            is_array,
        );
        Ok(())
    }

    fn only_child_resource(&mut self, tag: &Tag) -> Result<Option<Value>, XmlError> {
        if tag.value.is_some() || tag.id.is_some() {
            self.note(
                tag.start,
                Fault::Attribute,
                "attributes on an element that holds a resource",
            );
        }
        let mut resource = None;
        let mut namespace = false;
        if !tag.is_empty {
            loop {
                match self.next()? {
                    Token::Open(child) if child.space != Space::Fhir => {
                        namespace = true;
                        self.note(
                            child.start,
                            Fault::Namespace,
                            "a resource outside the namespace http://hl7.org/fhir",
                        );
                        self.skip(&child)?;
                    }
                    Token::Open(child) if resource.is_none() => {
                        self.path.push(Step {
                            is_silent: true,
                            ..Step::named(&child.name)
                        });
                        resource = Some(self.resource(&child)?);
                        self.path.pop();
                    }
                    Token::Open(_) => return self.fail("two resources where one belongs"),
                    Token::Close => break,
                    Token::End => return self.fail("the text ends before every element is closed"),
                }
            }
        }
        if resource.is_none() && !namespace {
            self.start = tag.start;
            return self.fail("no resource where one belongs");
        }
        Ok(resource)
    }

    /// The narrative, from its start tag to its end tag.
    fn div(&mut self, tag: &Tag) -> Result<CompactString, XmlError> {
        self.skip(tag)?;
        let stands_alone = !tag.has_prefix && tag.has_default_namespace;
        match div::text(self.text, tag.start..self.position(), stands_alone) {
            Some(div) => Ok(div.into()),
            None => self.fail("the narrative cannot be read"),
        }
    }
}

/// Whether a reference between elements stands for a character at all.
fn known(reference: &quick_xml::events::BytesRef<'_>) -> bool {
    reference.is_char_ref() || matches!(&**reference, "amp" | "lt" | "gt" | "quot" | "apos")
}
