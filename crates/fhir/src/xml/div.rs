//! A narrative inside FHIR XML.

use std::borrow::Cow;
use std::ops::Range;

use quick_xml::NsReader;
use quick_xml::events::{BytesStart, Event};
use quick_xml::name::{Namespace, ResolveResult};

use crate::narrative::XHTML;

/// The `div` of an XML text as JSON holds it: as it is written where it stands on its own, otherwise
/// with the namespaces that it has from its surroundings written out.
///
/// `text` is the whole document and `div` the part of it from the start tag to the end tag.
/// `stands_alone` says that the start tag has no prefix and names the default namespace.
pub(super) fn text(text: &str, div: Range<usize>, stands_alone: bool) -> Option<Cow<'_, str>> {
    let raw = text.get(div.clone())?;
    let div = if stands_alone {
        Cow::Borrowed(raw)
    } else {
        Cow::Owned(rewritten(text, div)?)
    };
    // XML reads every end of a line as one character.
    Some(if div.contains('\r') {
        Cow::Owned(div.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        div
    })
}

/// The same without prefixes. The reader has gone through the text once already, so what is not well
/// formed cannot come here; it would give `None`.
fn rewritten(text: &str, div: Range<usize>) -> Option<String> {
    let mut reader = NsReader::from_str(text.get(..div.end)?);
    let mut out = String::with_capacity(div.len());
    loop {
        let at = usize::try_from(reader.buffer_position()).ok()?;
        let event = reader.read_event().ok()?;
        let end = usize::try_from(reader.buffer_position()).ok()?;
        if at < div.start && !matches!(event, Event::Eof) {
            continue;
        }
        match event {
            Event::Start(tag) => open(&reader, &tag, at == div.start, ">", &mut out),
            Event::Empty(tag) => open(&reader, &tag, at == div.start, "/>", &mut out),
            Event::End(tag) => {
                out.push_str("</");
                out.push_str(name(&reader, tag.name()));
                out.push('>');
            }
            Event::Eof => return Some(out),
            _ => out.push_str(text.get(at..end)?),
        }
    }
}

fn open(reader: &NsReader<&[u8]>, tag: &BytesStart<'_>, root: bool, end: &str, out: &mut String) {
    out.push('<');
    out.push_str(name(reader, tag.name()));
    if root {
        out.push_str(" xmlns=\"");
        out.push_str(XHTML);
        out.push('"');
    }
    for attribute in tag.attributes().flatten() {
        if attribute.key.as_namespace_binding().is_some() {
            continue;
        }
        let quote = if attribute.value.contains('"') {
            '\''
        } else {
            '"'
        };
        out.push(' ');
        out.push_str(attribute.key.into_inner());
        out.push('=');
        out.push(quote);
        out.push_str(&attribute.value);
        out.push(quote);
    }
    out.push_str(end);
}

/// The name without its prefix for XHTML; with it for anything else, which no narrative may hold.
fn name<'n>(reader: &NsReader<&[u8]>, name: quick_xml::name::QName<'n>) -> &'n str {
    match reader.resolver().resolve_element(name) {
        (ResolveResult::Bound(Namespace(XHTML)), local) => local.into_inner(),
        _ => name.into_inner(),
    }
}
