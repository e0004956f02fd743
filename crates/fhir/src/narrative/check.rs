//! Whether a text is a narrative.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::XHTML;
use super::rules::{
    ATTRIBUTES, ELEMENTS, has_its_element, is_remote_image, is_safe, style_fetches,
};
use super::structure::{MISPLACED, may_hold_text, may_stand};
use crate::Malformed;
use crate::xml::text::{decode, invalid_character, is_xml_char};

/// How deep the elements of a narrative may nest.
const MAX_DEPTH: usize = 64;

/// Whether a text is a `div` that a narrative may hold: well formed, only allowed elements and
/// attributes in the places where they may stand (constraint `txt-1`), with something to read in it
/// (constraint `txt-2`).
///
/// # Errors
/// When it is not; the reason names the rule, never the content.
pub fn check(div: &str) -> Result<(), Malformed> {
    let mut rules = Rules::default();
    go_through(div, &mut rules)?;
    if rules.content {
        Ok(())
    } else {
        Err(Malformed("has nothing to read in its div"))
    }
}

/// Whether a text is one well-formed `div` in the XHTML namespace, whatever is in it: what FHIR's XML
/// can carry.
pub fn is_well_formed(div: &str) -> bool {
    go_through(div, &mut Anything).is_ok()
}

/// Whether showing a narrative fetches an image from elsewhere, by an `img` or by a style. R4 allows it; whoever serves the
/// image learns that the record is being read.
pub fn fetches_images(div: &str) -> bool {
    let mut images = Images(false);
    go_through(div, &mut images).is_ok() && images.0
}

/// What is asked of a narrative as its parts come by.
trait Look {
    /// A start tag inside the open elements.
    fn open(&mut self, _tag: &BytesStart<'_>, _open: &[&str]) -> Result<(), Malformed> {
        Ok(())
    }

    /// Text other than white space.
    fn text(&mut self, _open: &[&str]) -> Result<(), Malformed> {
        Ok(())
    }
}

struct Anything;

impl Look for Anything {}

struct Images(bool);

impl Look for Images {
    fn open(&mut self, tag: &BytesStart<'_>, _: &[&str]) -> Result<(), Malformed> {
        for attribute in tag.attributes().flatten() {
            let Ok(value) = decode(&attribute.value, true) else {
                continue;
            };
            self.0 |= match attribute.key.into_inner() {
                "src" => is_remote_image(&value),
                "style" => style_fetches(&value),
                _ => false,
            };
        }
        Ok(())
    }
}

/// The rules of a narrative, and whether there is something to read.
#[derive(Default)]
struct Rules {
    content: bool,
}

impl Look for Rules {
    fn open(&mut self, tag: &BytesStart<'_>, open: &[&str]) -> Result<(), Malformed> {
        let name = tag.name().into_inner();
        if ELEMENTS.binary_search(&name).is_err() {
            return Err(Malformed(
                "holds an element that a narrative may not have (FHIR allows basic formatting only)",
            ));
        }
        if !may_stand(name, open) {
            return Err(Malformed(MISPLACED));
        }
        for attribute in tag.attributes().flatten() {
            let key = attribute.key.into_inner();
            if key == "xmlns" {
                if attribute.value != XHTML {
                    return Err(Malformed("holds an element outside the XHTML namespace"));
                }
                continue;
            }
            if ATTRIBUTES.binary_search(&key).is_err() || !has_its_element(key, name) {
                return Err(Malformed(
                    "holds an attribute that a narrative may not have (no scripts, no events)",
                ));
            }
            let value = decode(&attribute.value, true)
                .map_err(|_| Malformed("is not well-formed XHTML"))?;
            if !is_safe(key, &value) {
                return Err(Malformed(
                    "holds a link, image or style that is empty or could run something",
                ));
            }
            self.content |= name == "img" && key == "src";
        }
        Ok(())
    }

    fn text(&mut self, open: &[&str]) -> Result<(), Malformed> {
        self.content = true;
        match open.last() {
            Some(parent) if !may_hold_text(parent) => Err(Malformed(MISPLACED)),
            _ => Ok(()),
        }
    }
}

fn go_through(div: &str, look: &mut impl Look) -> Result<(), Malformed> {
    if invalid_character(div).is_some() {
        return Err(Malformed("holds a character that XML cannot carry"));
    }
    let mut reader = Reader::from_str(div);
    reader.config_mut().check_comments = true;
    let mut open: Vec<&str> = Vec::with_capacity(8);
    let mut finished = false;
    loop {
        let event = reader
            .read_event()
            .map_err(|_| Malformed("is not well-formed XHTML"))?;
        match event {
            Event::Start(tag) => {
                start(&tag, &open, finished, look)?;
                open.push(lasting(tag.name().into_inner()));
                if open.len() > MAX_DEPTH {
                    return Err(Malformed("nests elements deeper than 64 levels"));
                }
            }
            Event::Empty(tag) => {
                start(&tag, &open, finished, look)?;
                finished |= open.is_empty();
            }
            Event::End(_) => {
                open.pop();
                finished |= open.is_empty();
            }
            Event::Text(text) => {
                let blank = text.bytes().all(|b| b.is_ascii_whitespace());
                some_text(blank, &open, look)?;
            }
            Event::GeneralRef(reference) => {
                let meant = if reference.is_char_ref() {
                    reference.resolve_char_ref().ok().flatten()
                } else {
                    matches!(&*reference, "amp" | "lt" | "gt" | "quot" | "apos").then_some('&')
                };
                match meant.filter(|c| is_xml_char(*c)) {
                    Some(c) => some_text(c.is_ascii_whitespace(), &open, look)?,
                    None => {
                        return Err(Malformed(
                            "uses an entity that XML does not know: write the character itself",
                        ));
                    }
                }
            }
            Event::Comment(_) => {}
            Event::CData(_) => return Err(Malformed("holds a CDATA section")),
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                return Err(Malformed(
                    "holds an XML declaration, processing instruction or document type",
                ));
            }
            Event::Eof => break,
        }
    }
    match (open.is_empty(), finished) {
        (true, true) => Ok(()),
        (true, false) => Err(Malformed("must be a div element")),
        _ => Err(Malformed("is not well-formed XHTML")),
    }
}

/// The name of a start tag where it may be compared for longer than the tag lives: no rule asks for
/// the name of an element that is not allowed.
fn lasting(name: &str) -> &'static str {
    ELEMENTS
        .binary_search(&name)
        .ok()
        .and_then(|at| ELEMENTS.get(at).copied())
        .unwrap_or("")
}

fn some_text(blank: bool, open: &[&str], look: &mut impl Look) -> Result<(), Malformed> {
    match (blank, open.is_empty()) {
        (true, _) => Ok(()),
        (false, true) => Err(Malformed("has text outside its div")),
        (false, false) => look.text(open),
    }
}

/// What holds for every start tag: one `div` in its namespace around all, attributes well formed.
fn start(
    tag: &BytesStart<'_>,
    open: &[&str],
    finished: bool,
    look: &mut impl Look,
) -> Result<(), Malformed> {
    if open.is_empty() {
        if finished || tag.name().into_inner() != "div" {
            return Err(Malformed("must be one div element"));
        }
        let namespace = tag
            .try_get_attribute("xmlns")
            .ok()
            .flatten()
            .is_some_and(|attribute| attribute.value == XHTML);
        if !namespace {
            return Err(Malformed(
                "needs the XHTML namespace: write <div xmlns=\"http://www.w3.org/1999/xhtml\">",
            ));
        }
    }
    for attribute in tag.attributes() {
        let well_formed = attribute.is_ok_and(|attribute| decode(&attribute.value, true).is_ok());
        if !well_formed {
            return Err(Malformed("is not well-formed XHTML"));
        }
    }
    look.open(tag, open)
}
