//! Narratives that are made here.

use super::XHTML;
use super::rules::ELEMENTS;

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
