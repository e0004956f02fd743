//! As much YAML as a review file needs: maps, lists and text. Aliases are refused, and so is a file
//! deeper or longer than a review file can be.

use saphyr_parser::{Event, Parser, ScalarStyle};

/// How deep a review file goes: the list, a review, its files, with room to spare.
const DEEPEST: usize = 8;

/// The longest review file that is read: thousands of reviews.
const LONGEST: usize = 4 * 1024 * 1024;

/// A node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Node {
    /// Nothing was written, or an unquoted `null` or `~`.
    Nothing,
    Text(String),
    List(Vec<Node>),
    Map(Vec<(String, Node)>),
}

impl Node {
    pub(crate) fn get(&self, key: &str) -> Option<&Self> {
        match self {
            Self::Map(entries) => entries
                .iter()
                .find(|(name, _)| name == key)
                .map(|(_, value)| value),
            _ => None,
        }
    }
}

/// A container that is not closed yet.
struct Open {
    node: Node,
    key: Option<String>,
}

/// Reads one document.
pub(crate) fn parse(text: &str) -> Result<Node, String> {
    if text.len() > LONGEST {
        return Err("it is longer than a review file can be".to_owned());
    }
    let mut open: Vec<Open> = Vec::new();
    let mut root = None;
    for event in Parser::new_from_str(text) {
        let (event, span) = event.map_err(|error| {
            format!(
                "line {}: {}",
                error.marker().line(),
                error.info().to_lowercase()
            )
        })?;
        let at = |what: &str| format!("line {}: {what}", span.start.line());
        let done = match event {
            Event::Scalar(text, style, ..) => {
                let plain = style == ScalarStyle::Plain;
                if plain && matches!(&*text, "" | "~" | "null") {
                    Some(Node::Nothing)
                } else {
                    Some(Node::Text(text.into_owned()))
                }
            }
            Event::SequenceStart(..) | Event::MappingStart(..) => {
                if open.len() >= DEEPEST {
                    return Err(at("it is deeper than a review file can be"));
                }
                let node = match event {
                    Event::SequenceStart(..) => Node::List(Vec::new()),
                    _ => Node::Map(Vec::new()),
                };
                open.push(Open { node, key: None });
                None
            }
            Event::SequenceEnd | Event::MappingEnd => open.pop().map(|open| open.node),
            Event::Alias(_) => return Err(at("an alias has no place in a review file")),
            _ => None,
        };
        let Some(done) = done else { continue };
        match open.last_mut() {
            None if root.is_none() => root = Some(done),
            None => return Err(at("there is a second document")),
            Some(Open {
                node: Node::List(items),
                ..
            }) => items.push(done),
            Some(Open {
                node: Node::Map(entries),
                key,
            }) => match key.take() {
                Some(name) => entries.push((name, done)),
                None => {
                    let Node::Text(name) = done else {
                        return Err(at("a key must be text"));
                    };
                    if entries.iter().any(|(known, _)| *known == name) {
                        return Err(at("a key is written twice"));
                    }
                    *key = Some(name);
                }
            },
            Some(_) => return Err(at("it cannot be read")),
        }
    }
    Ok(root.unwrap_or(Node::Nothing))
}
