//! A summary as text for a terminal: the narrative of the document, and nothing else.

use std::fmt;

use json::Value;
use quick_xml::Reader;
use quick_xml::events::Event;

/// Why a Bundle cannot be rendered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unreadable {
    /// It is not a document Bundle with a Composition first.
    NotADocument,
    /// A narrative is not well-formed XHTML.
    Narrative,
}

impl fmt::Display for Unreadable {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotADocument => "this is not a document Bundle that begins with a Composition",
            Self::Narrative => "a narrative of the document is not well-formed XHTML",
        })
    }
}

impl std::error::Error for Unreadable {}

/// The readable text of a summary: its overview, the person, and every section.
///
/// # Errors
/// When the Bundle is not such a document, or one of its narratives is not XHTML.
pub fn render_text(bundle: &Value) -> Result<String, Unreadable> {
    let mut resources = fhir::bundle::resources(bundle).map(|(_, resource)| resource);
    let composition = resources
        .next()
        .filter(|resource| resource.text("resourceType") == Some("Composition"))
        .ok_or(Unreadable::NotADocument)?;
    let patient = resources.find(|resource| resource.text("resourceType") == Some("Patient"));
    let mut out = String::new();
    for element in [Some(composition), patient]
        .into_iter()
        .flatten()
        .chain(composition.each("section"))
    {
        if let Some(div) = element.get("text").and_then(|text| text.text("div")) {
            xhtml(div, &mut out)?;
        }
    }
    Ok(out)
}

#[derive(Default)]
struct Table {
    head: Vec<String>,
    rows: Vec<Vec<String>>,
    row: Vec<String>,
    heading: bool,
}

fn xhtml(div: &str, out: &mut String) -> Result<(), Unreadable> {
    let mut reader = Reader::from_str(div);
    let mut words = String::new();
    let mut table: Option<Table> = None;
    let mut depth = 0_usize;
    loop {
        match reader.read_event().map_err(|_| Unreadable::Narrative)? {
            Event::Start(start) => {
                depth += 1;
                match start.name().as_ref() {
                    "table" => table = Some(Table::default()),
                    "tr" => {
                        if let Some(table) = &mut table {
                            table.row.clear();
                            table.heading = false;
                        }
                    }
                    "th" | "td" | "p" | "h1" | "h2" | "h3" | "li" | "caption" => {
                        words.clear();
                    }
                    _ => {}
                }
            }
            Event::Text(text) => {
                words.push_str(&text);
            }
            Event::GeneralRef(reference) => {
                let resolved = match reference
                    .resolve_char_ref()
                    .map_err(|_| Unreadable::Narrative)?
                {
                    Some(c) => c.to_string(),
                    None => match &*reference {
                        "amp" => "&".to_owned(),
                        "lt" => "<".to_owned(),
                        "gt" => ">".to_owned(),
                        "quot" => "\"".to_owned(),
                        "apos" => "'".to_owned(),
                        "nbsp" => " ".to_owned(),
                        _ => return Err(Unreadable::Narrative),
                    },
                };
                words.push_str(&resolved);
            }
            Event::Empty(empty) => match empty.name().as_ref() {
                "br" => words.push('\n'),
                "td" | "th" => {
                    if let Some(table) = &mut table {
                        table.row.push(String::new());
                    }
                }
                _ => {}
            },
            Event::End(end) => {
                depth = depth.saturating_sub(1);
                close(end.name().as_ref(), &mut words, &mut table, out);
            }
            Event::Eof if depth == 0 => return Ok(()),
            Event::Eof => return Err(Unreadable::Narrative),
            _ => {}
        }
    }
}

fn close(name: &str, words: &mut String, table: &mut Option<Table>, out: &mut String) {
    let tidy = |words: &mut String| plain(&std::mem::take(words));
    match name {
        "h1" => {
            let title = tidy(words).to_uppercase();
            out.push_str(&format!("{title}\n{}\n", "=".repeat(title.chars().count())));
        }
        "h2" | "h3" => {
            let title = tidy(words);
            out.push_str(&format!(
                "\n{title}\n{}\n",
                "-".repeat(title.chars().count())
            ));
        }
        "p" | "caption" => out.push_str(&format!("{}\n", tidy(words))),
        "li" => out.push_str(&format!("  - {}\n", tidy(words))),
        "th" => {
            if let Some(table) = table {
                table.heading = true;
                table.row.push(tidy(words));
            }
        }
        "td" => {
            if let Some(table) = table {
                table.row.push(tidy(words));
            }
        }
        "tr" => {
            if let Some(table) = table {
                let row = std::mem::take(&mut table.row);
                if table.heading && table.head.is_empty() {
                    table.head = row;
                } else {
                    table.rows.push(row);
                }
            }
        }
        "table" => {
            if let Some(table) = table.take() {
                write_rows(&table, out);
            }
        }
        _ => {}
    }
}

/// Rows as paragraphs: a terminal is too narrow for six columns. The first cell leads; the others
/// follow with the names of their columns.
fn write_rows(table: &Table, out: &mut String) {
    for row in &table.rows {
        let mut cells = row.iter();
        out.push_str(&format!(
            "  * {}\n",
            cells.next().map_or("", String::as_str)
        ));
        for (cell, heading) in cells.zip(table.head.iter().skip(1)) {
            if !cell.is_empty() {
                out.push_str(&format!("      {heading}: {cell}\n"));
            }
        }
    }
}

/// Text on one line, without what could steer a terminal.
fn plain(text: &str) -> String {
    text.split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
        .chars()
        .filter(|c| {
            !c.is_control() && !matches!(c, '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}')
        })
        .collect()
}
