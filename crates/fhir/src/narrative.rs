//! Narrative: what `Narrative.div` may hold, and how to make one safely
//! (<http://hl7.org/fhir/R4/narrative.html#xhtml>).
//!
//! A narrative is shown to people in web pages, so the rule is an allow-list: elements and
//! attributes of basic formatting, nothing that runs, nothing that is fetched when the page opens.

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use crate::Malformed;
use crate::xml::text::{decode, invalid_character};

/// The namespace of XHTML.
pub const XHTML: &str = "http://www.w3.org/1999/xhtml";

/// How deep the elements of a narrative may nest.
const MAX_DEPTH: usize = 64;

/// The elements of HTML 4.0 chapters 7 to 11 (without 9.4) and 15 that are not deprecated, with
/// links and images.
const ELEMENTS: &[&str] = &[
    "a",
    "abbr",
    "acronym",
    "address",
    "area",
    "b",
    "bdo",
    "big",
    "blockquote",
    "br",
    "caption",
    "cite",
    "code",
    "col",
    "colgroup",
    "dd",
    "dfn",
    "div",
    "dl",
    "dt",
    "em",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "kbd",
    "li",
    "map",
    "ol",
    "p",
    "pre",
    "q",
    "samp",
    "small",
    "span",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "tfoot",
    "th",
    "thead",
    "tr",
    "tt",
    "ul",
    "var",
];

/// Attributes that any element may have.
const ATTRIBUTES: &[&str] = &[
    "accesskey",
    "class",
    "dir",
    "id",
    "lang",
    "style",
    "tabindex",
    "title",
    "xml:lang",
];

/// Attributes that belong to particular elements.
fn own_attributes(element: &str) -> &'static [&'static str] {
    match element {
        "a" => &[
            "charset", "coords", "href", "hreflang", "name", "rel", "rev", "shape", "target",
            "type",
        ],
        "area" => &["alt", "coords", "href", "nohref", "shape"],
        "blockquote" | "q" => &["cite"],
        "caption" | "div" | "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "p" => &["align"],
        "col" | "colgroup" => &["align", "char", "charoff", "span", "valign", "width"],
        "hr" => &["align", "noshade", "size", "width"],
        "img" => &[
            "align", "alt", "border", "height", "hspace", "ismap", "longdesc", "src", "usemap",
            "vspace", "width",
        ],
        "li" => &["type", "value"],
        "map" => &["name"],
        "ol" => &["compact", "start", "type"],
        "dl" | "ul" => &["compact", "type"],
        "table" => &[
            "align",
            "bgcolor",
            "border",
            "cellpadding",
            "cellspacing",
            "frame",
            "rules",
            "summary",
            "width",
        ],
        "tbody" | "tfoot" | "thead" | "tr" => &["align", "bgcolor", "char", "charoff", "valign"],
        "td" | "th" => &[
            "abbr", "align", "axis", "bgcolor", "char", "charoff", "colspan", "headers", "height",
            "nowrap", "rowspan", "scope", "valign", "width",
        ],
        "pre" => &["xml:space", "width"],
        _ => &[],
    }
}

/// Whether a text is a `div` that a narrative may hold: well formed, only allowed elements and
/// attributes (constraint `txt-1`), with something to read in it (constraint `txt-2`).
///
/// # Errors
/// When it is not; the reason names the rule, never the content.
pub fn check(div: &str) -> Result<(), Malformed> {
    if invalid_character(div) {
        return Err(Malformed("holds a character that XML cannot carry"));
    }
    let mut reader = Reader::from_str(div);
    let mut depth = 0usize;
    let mut finished = false;
    let mut content = false;
    loop {
        let event = reader
            .read_event()
            .map_err(|_| Malformed("is not well-formed XHTML"))?;
        match event {
            Event::Start(start) => {
                open(&start, depth, finished)?;
                content |= start.name().into_inner() == "img";
                depth += 1;
                if depth > MAX_DEPTH {
                    return Err(Malformed("nests elements deeper than 64 levels"));
                }
            }
            Event::Empty(start) => {
                open(&start, depth, finished)?;
                content |= start.name().into_inner() == "img";
                finished |= depth == 0;
            }
            Event::End(_) => {
                depth = depth.saturating_sub(1);
                finished |= depth == 0;
            }
            Event::Text(text) => {
                let blank = text.chars().all(char::is_whitespace);
                if depth == 0 && !blank {
                    return Err(Malformed("has text outside its div"));
                }
                content |= !blank;
            }
            Event::CData(_) => return Err(Malformed("holds a CDATA section")),
            Event::GeneralRef(reference) => {
                if depth == 0 {
                    return Err(Malformed("has text outside its div"));
                }
                let known = if reference.is_char_ref() {
                    matches!(reference.resolve_char_ref(), Ok(Some(c)) if crate::xml::text::is_xml_char(c))
                } else {
                    matches!(&*reference, "amp" | "lt" | "gt" | "quot" | "apos")
                };
                if !known {
                    return Err(Malformed(
                        "uses an entity that XML does not know: write the character itself",
                    ));
                }
                content = true;
            }
            Event::Comment(_) => {}
            Event::Decl(_) | Event::PI(_) | Event::DocType(_) => {
                return Err(Malformed(
                    "holds an XML declaration, processing instruction or document type",
                ));
            }
            Event::Eof => break,
        }
    }
    match (depth, finished, content) {
        (0, true, true) => Ok(()),
        (0, true, false) => Err(Malformed("has nothing to read in its div")),
        (0, false, _) => Err(Malformed("must be a div element")),
        _ => Err(Malformed("is not well-formed XHTML")),
    }
}

fn open(start: &BytesStart<'_>, depth: usize, finished: bool) -> Result<(), Malformed> {
    let qualified = start.name().into_inner();
    let name = qualified;
    if depth == 0 {
        if finished || name != "div" {
            return Err(Malformed("must be one div element"));
        }
        let namespace = start
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
    if ELEMENTS.binary_search(&name).is_err() {
        return Err(Malformed(
            "holds an element that a narrative may not have (FHIR allows basic formatting only)",
        ));
    }
    for attribute in start.attributes() {
        let attribute = attribute.map_err(|_| Malformed("is not well-formed XHTML"))?;
        let key = attribute.key.into_inner();
        let value =
            decode(&attribute.value, true).map_err(|_| Malformed("is not well-formed XHTML"))?;
        if key == "xmlns" {
            if value != XHTML {
                return Err(Malformed("holds an element outside the XHTML namespace"));
            }
            continue;
        }
        if !ATTRIBUTES.contains(&key) && !own_attributes(name).contains(&key) {
            return Err(Malformed(
                "holds an attribute that a narrative may not have (no scripts, no events)",
            ));
        }
        let safe = match key {
            "href" | "cite" | "longdesc" => is_safe_link(&value),
            "src" => is_safe_image(&value),
            "style" => is_safe_style(&value),
            _ => true,
        };
        if !safe {
            return Err(Malformed(
                "holds a link, image or style that could run or fetch something",
            ));
        }
    }
    Ok(())
}

/// The scheme of a URI in lower case, seen as a browser sees it: control characters and spaces do
/// not count.
fn scheme(uri: &str) -> Option<String> {
    let squeezed: String = uri
        .chars()
        .filter(|c| !c.is_whitespace() && !c.is_control())
        .collect();
    let (scheme, _) = squeezed.split_once(':')?;
    if scheme.contains(['/', '?', '#']) {
        return None;
    }
    Some(scheme.to_ascii_lowercase())
}

/// A link runs nothing and is followed only by a person's click.
fn is_safe_link(uri: &str) -> bool {
    scheme(uri)
        .is_none_or(|scheme| matches!(scheme.as_str(), "http" | "https" | "mailto" | "tel" | "ftp"))
}

/// An image is fetched as soon as the page opens, so it must come with the resource: a fragment, a
/// relative path, or data.
fn is_safe_image(uri: &str) -> bool {
    match scheme(uri) {
        None => !uri.trim_start().starts_with("//"),
        Some(scheme) if scheme == "data" => {
            let lower = uri.trim_start().to_ascii_lowercase();
            lower.starts_with("data:image/") && !lower.starts_with("data:image/svg")
        }
        Some(_) => false,
    }
}

fn is_safe_style(style: &str) -> bool {
    let lower = style.to_ascii_lowercase();
    // A backslash is CSS's own escape, and a comment can split a word: both can hide the others.
    ![
        "url(",
        "expression",
        "javascript:",
        "@import",
        "behavior",
        "-moz-binding",
        "\\",
        "/*",
    ]
    .iter()
    .any(|bad| lower.contains(bad))
}

/// Text as XHTML: the five characters of XML's own are written as references, and what XML cannot
/// carry becomes the replacement character.
pub fn escape(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    escape_into(text, &mut out);
    out
}

fn escape_into(text: &str, out: &mut String) {
    for c in text.chars() {
        match c {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            c if crate::xml::text::is_xml_char(c) => out.push(c),
            _ => out.push('\u{FFFD}'),
        }
    }
}

/// A narrative under construction: every text that goes in is escaped, every element that is opened
/// is closed, so what comes out always passes [`check`] once it has content.
///
/// ```
/// let mut div = fhir::narrative::Div::new();
/// div.element("h2", "Allergies");
/// div.list(["Penicillin <severe>"]);
/// assert!(fhir::narrative::check(&div.finish()).is_ok());
/// ```
#[derive(Debug, Clone)]
pub struct Div {
    out: String,
    open: Vec<&'static str>,
}

impl Default for Div {
    fn default() -> Self {
        Self::new()
    }
}

impl Div {
    /// An empty `div` in the XHTML namespace.
    pub fn new() -> Self {
        Self {
            out: format!("<div xmlns=\"{XHTML}\">"),
            open: Vec::new(),
        }
    }

    /// Opens an element; [`Div::close`] or [`Div::finish`] closes it. An element that a narrative
    /// may not have becomes a `span`.
    pub fn open(&mut self, element: &'static str) -> &mut Self {
        let element = known(element);
        self.out.push('<');
        self.out.push_str(element);
        self.out.push('>');
        self.open.push(element);
        self
    }

    /// Closes the element opened last, if any is open.
    pub fn close(&mut self) -> &mut Self {
        if let Some(element) = self.open.pop() {
            self.out.push_str("</");
            self.out.push_str(element);
            self.out.push('>');
        }
        self
    }

    /// Adds text, escaped.
    pub fn text(&mut self, text: &str) -> &mut Self {
        escape_into(text, &mut self.out);
        self
    }

    /// Adds an element with text in it.
    pub fn element(&mut self, element: &'static str, text: &str) -> &mut Self {
        self.open(element).text(text).close()
    }

    /// Adds a bulleted list; nothing when there are no items.
    pub fn list<T: AsRef<str>>(&mut self, items: impl IntoIterator<Item = T>) -> &mut Self {
        let mut items = items.into_iter().peekable();
        if items.peek().is_none() {
            return self;
        }
        self.open("ul");
        for item in items {
            self.element("li", item.as_ref());
        }
        self.close()
    }

    /// Adds a table with a row of headings; nothing when there are no rows.
    pub fn table<R, T>(&mut self, headings: &[&str], rows: impl IntoIterator<Item = R>) -> &mut Self
    where
        R: IntoIterator<Item = T>,
        T: AsRef<str>,
    {
        let mut rows = rows.into_iter().peekable();
        if rows.peek().is_none() {
            return self;
        }
        self.open("table").open("thead").open("tr");
        for heading in headings {
            self.element("th", heading);
        }
        self.close().close().open("tbody");
        for row in rows {
            self.open("tr");
            for cell in row {
                self.element("td", cell.as_ref());
            }
            self.close();
        }
        self.close().close()
    }

    /// The finished `div`.
    pub fn finish(mut self) -> String {
        while !self.open.is_empty() {
            self.close();
        }
        self.out.push_str("</div>");
        self.out
    }
}

fn known(element: &'static str) -> &'static str {
    if ELEMENTS.binary_search(&element).is_ok() {
        element
    } else {
        "span"
    }
}
