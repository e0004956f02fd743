//! YAML as a tree that knows where each node stands.

use std::collections::HashMap;

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span, SpannedEventReceiver};

/// Where something stands in a file: line and column from 1, length in characters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) struct Spot {
    pub line: u32,
    pub column: u32,
    pub length: u32,
    /// In which file, and by which use of it: an index into [`crate::origin::Origins`].
    pub origin: u16,
}

/// A node of a YAML tree.
#[derive(Debug, Clone)]
pub(crate) struct Node {
    pub spot: Spot,
    pub data: Data,
}

/// What a node is.
#[derive(Debug, Clone)]
pub(crate) enum Data {
    /// Nothing was written after a key.
    Empty,
    /// Text as written, quotes and escapes undone. Numbers and booleans are text too.
    Scalar {
        text: String,
        /// Characters between the node's start and the text's first: 1 inside quotes.
        lead: u32,
    },
    List(Vec<Node>),
    Map(Vec<(Node, Node)>),
}

/// What is wrong with the text as YAML.
#[derive(Debug, Clone)]
pub(crate) struct YamlError {
    pub spot: Spot,
    pub message: String,
    /// Whether it is a key written twice rather than a broken syntax.
    pub duplicate: bool,
}

impl Node {
    /// The text of a scalar.
    pub fn text(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar { text, .. } => Some(text),
            _ => None,
        }
    }

    /// The entries of a map.
    pub fn entries(&self) -> Option<&[(Node, Node)]> {
        match &self.data {
            Data::Map(entries) => Some(entries),
            _ => None,
        }
    }

    /// The value of a key of a map.
    pub fn get(&self, key: &str) -> Option<&Node> {
        self.entry(key).map(|(_, value)| value)
    }

    /// The key and the value of a key of a map.
    pub fn entry(&self, key: &str) -> Option<&(Node, Node)> {
        self.entries()?
            .iter()
            .find(|(name, _)| name.text() == Some(key))
    }

    /// The items of a list; a node that is no list is a list of itself.
    pub fn items(&self) -> &[Node] {
        match &self.data {
            Data::List(items) => items,
            Data::Empty => &[],
            _ => std::slice::from_ref(self),
        }
    }

    /// The word for its kind in messages.
    pub fn kind(&self) -> &'static str {
        match &self.data {
            Data::Empty => "nothing",
            Data::Scalar { .. } => "a value",
            Data::List(_) => "a list",
            Data::Map(_) => "a map",
        }
    }

    /// The expression that a scalar holds: its text after the `=`, and how many characters stand
    /// between the node's start and that text.
    pub fn expression(&self) -> Option<(&str, u32)> {
        match &self.data {
            Data::Scalar { text, lead } if !text.starts_with("==") => {
                Some((text.strip_prefix('=')?, lead + 1))
            }
            _ => None,
        }
    }

    /// The constant that a scalar holds: `==` at its start stands for one `=`.
    pub fn constant(&self) -> Option<&str> {
        match &self.data {
            Data::Scalar { text, .. } => match text.strip_prefix("==") {
                Some(_) => text.get(1..),
                None if text.starts_with('=') => None,
                None => Some(text),
            },
            _ => None,
        }
    }
}

/// Parses one YAML document. What can be read is given even where something is wrong.
pub(crate) fn parse(text: &str) -> (Option<Node>, Vec<YamlError>) {
    let mut builder = Builder::default();
    let mut parser = Parser::new_from_str(text);
    let mut errors = Vec::new();
    if let Err(error) = parser.load(&mut builder, false) {
        errors.push(YamlError {
            spot: spot(*error.marker(), 1),
            message: error.info().to_owned(),
            duplicate: false,
        });
    }
    errors.append(&mut builder.errors);
    (builder.root, errors)
}

#[derive(Default)]
struct Builder {
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    errors: Vec<YamlError>,
    /// Nodes made by aliases: a bound, so that nested aliases cannot grow without end.
    copied: usize,
}

struct Open {
    spot: Spot,
    anchor: usize,
    data: Data,
    key: Option<Node>,
}

const MAX_COPIED: usize = 50_000;

impl<'input> SpannedEventReceiver<'input> for Builder {
    fn on_event(&mut self, event: Event<'input>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
                let plain_empty =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let length = if span.start.line() == span.end.line() {
                    span.len()
                } else {
                    text.lines().next().unwrap_or_default().chars().count()
                };
                let node = Node {
                    spot: spot(span.start, length),
                    data: if plain_empty {
                        Data::Empty
                    } else {
                        Data::Scalar {
                            text: text.into_owned(),
                            lead: u32::from(quoted),
                        }
                    },
                };
                self.finish(node, anchor);
            }
            Event::SequenceStart(anchor, _) => self.begin(span, anchor, Data::List(Vec::new())),
            Event::MappingStart(anchor, _) => self.begin(span, anchor, Data::Map(Vec::new())),
            Event::SequenceEnd | Event::MappingEnd => {
                if let Some(open) = self.open.pop() {
                    let node = Node {
                        spot: open.spot,
                        data: open.data,
                    };
                    self.finish(node, open.anchor);
                }
            }
            Event::Alias(anchor) => {
                let at = spot(span.start, span.len());
                match self.anchors.get(&anchor).cloned() {
                    Some(node) => {
                        self.copied = self.copied.saturating_add(size(&node));
                        if self.copied > MAX_COPIED {
                            self.errors.push(YamlError {
                                spot: at,
                                message: "aliases repeat too much".to_owned(),
                                duplicate: false,
                            });
                        } else {
                            self.finish(node, 0);
                        }
                    }
                    None => self.errors.push(YamlError {
                        spot: at,
                        message: "an alias inside what it names".to_owned(),
                        duplicate: false,
                    }),
                }
            }
            _ => {}
        }
    }
}

impl Builder {
    fn begin(&mut self, span: Span, anchor: usize, data: Data) {
        self.open.push(Open {
            spot: spot(span.start, 1),
            anchor,
            data,
            key: None,
        });
    }

    fn finish(&mut self, node: Node, anchor: usize) {
        if anchor > 0 {
            self.anchors.insert(anchor, node.clone());
        }
        let Some(parent) = self.open.last_mut() else {
            self.root.get_or_insert(node);
            return;
        };
        match &mut parent.data {
            Data::List(items) => items.push(node),
            Data::Map(entries) => match parent.key.take() {
                None => {
                    let twice = node.text().is_some()
                        && entries.iter().any(|(key, _)| key.text() == node.text());
                    if twice {
                        self.errors.push(YamlError {
                            spot: node.spot,
                            message: format!(
                                "the key '{}' is written twice in one map",
                                node.text().unwrap_or_default()
                            ),
                            duplicate: true,
                        });
                    }
                    parent.key = Some(node);
                }
                Some(key) => {
                    if entries.is_empty() {
                        parent.spot = key.spot;
                    }
                    entries.push((key, node));
                }
            },
            _ => {}
        }
    }
}

fn size(node: &Node) -> usize {
    match &node.data {
        Data::List(items) => 1 + items.iter().map(size).sum::<usize>(),
        Data::Map(entries) => {
            1 + entries
                .iter()
                .map(|(_, value)| 1 + size(value))
                .sum::<usize>()
        }
        _ => 1,
    }
}

fn spot(marker: Marker, length: usize) -> Spot {
    Spot {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col().saturating_add(1)).unwrap_or(u32::MAX),
        length: u32::try_from(length.max(1)).unwrap_or(u32::MAX),
        origin: 0,
    }
}
