//! Start tags: what FHIR reads from them, and what it refuses in them.

use json::CompactString;
use quick_xml::events::BytesStart;
use quick_xml::name::{Namespace, NamespaceResolver, ResolveResult};

use super::FHIR;
use super::text::decode;
use crate::narrative::XHTML;

/// The namespace of `xsi:schemaLocation`, which tools add and nothing depends on.
const XSI: &str = "http://www.w3.org/2001/XMLSchema-instance";

/// Whose element it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Space {
    Fhir,
    Xhtml,
    Other,
}

/// A start tag.
#[derive(Debug)]
pub(super) struct Tag {
    pub name: CompactString,
    pub space: Space,
    /// Where the tag begins in the text.
    pub start: usize,
    /// Whether it has no end tag of its own.
    pub is_empty: bool,
    /// Whether its name has a prefix.
    pub has_prefix: bool,
    /// Whether it says itself what the default namespace is.
    pub has_default_namespace: bool,
    pub id: Option<CompactString>,
    pub url: Option<CompactString>,
    pub value: Option<CompactString>,
    /// Whether it has an attribute that FHIR does not have.
    pub has_strange_attribute: bool,
}

/// Why a tag cannot be read at all.
pub(super) struct BadTag(pub &'static str);

impl Tag {
    pub fn read(
        tag: &BytesStart<'_>,
        resolver: &NamespaceResolver,
        start: usize,
        is_empty: bool,
    ) -> Result<Self, BadTag> {
        let (namespace, local) = resolver.resolve_element(tag.name());
        let space = match namespace {
            ResolveResult::Bound(Namespace(FHIR)) => Space::Fhir,
            ResolveResult::Bound(Namespace(XHTML)) => Space::Xhtml,
            ResolveResult::Bound(_) | ResolveResult::Unbound => Space::Other,
            ResolveResult::Unknown(_) => {
                return Err(BadTag(
                    "an element has a prefix that is bound to no namespace",
                ));
            }
        };
        let mut read = Self {
            name: CompactString::from(local.into_inner()),
            space,
            start,
            is_empty,
            has_prefix: tag.name().prefix().is_some(),
            has_default_namespace: false,
            id: None,
            url: None,
            value: None,
            has_strange_attribute: false,
        };
        for attribute in tag.attributes() {
            let attribute =
                attribute.map_err(|_| BadTag("an attribute is malformed or occurs twice"))?;
            let key = attribute.key;
            if key.as_namespace_binding().is_some() {
                read.has_default_namespace |= key.prefix().is_none();
                continue;
            }
            if read.space == Space::Xhtml {
                // The narrative's own rules look at these.
                continue;
            }
            let value = decode(&attribute.value, true)
                .map_err(|_| BadTag("an attribute uses an entity that is not one of XML's five"))?;
            match (key.prefix().is_some(), key.into_inner()) {
                (false, "id") => read.id = Some(value.into()),
                (false, "url") => read.url = Some(value.into()),
                (false, "value") => read.value = Some(value.into()),
                (true, _) => {
                    let (namespace, _) = resolver.resolve_attribute(key);
                    read.has_strange_attribute |= namespace != ResolveResult::Bound(Namespace(XSI));
                }
                _ => read.has_strange_attribute = true,
            }
        }
        Ok(read)
    }
}
