//! YAML as a tree that knows where each node stands.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use saphyr_parser::{Event, Marker, Parser, ScalarStyle, Span};

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
#[derive(Debug, Clone, Default)]
pub(crate) struct Node {
    pub spot: Spot,
    pub data: Data,
}

/// What a node is.
#[derive(Debug, Clone, Default)]
pub(crate) enum Data {
    /// Nothing was written after a key.
    #[default]
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
    /// Whether it is well formed, and too much.
    pub limit: bool,
}

impl Node {
    /// The same tree, standing in another file or there by another use.
    pub fn with_origin(mut self, origin: u16) -> Self {
        self.spot.origin = origin;
        match &mut self.data {
            Data::List(items) => {
                for item in items {
                    *item = std::mem::take(item).with_origin(origin);
                }
            }
            Data::Map(entries) => {
                for (key, value) in entries {
                    *key = std::mem::take(key).with_origin(origin);
                    *value = std::mem::take(value).with_origin(origin);
                }
            }
            _ => {}
        }
        self
    }

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

/// A YAML text that was read as far as it goes.
#[derive(Debug, Default)]
pub(crate) struct Parsed {
    pub root: Option<Node>,
    pub errors: Vec<YamlError>,
    /// The lines that were left out so that the rest could be read, from 1.
    pub left_out: BTreeSet<u32>,
    /// Scalars that go over several lines, by the line they begin on.
    pub folded: Folded,
}

/// Parses one YAML document. Where a line breaks the syntax it is left out with what hangs on it, so
/// that the rest is read as well and further errors are found.
pub(crate) fn parse(text: &str) -> Parsed {
    let mut parsed = Parsed::default();
    let mut lines: Vec<Cow<'_, str>> = text.lines().map(Cow::Borrowed).collect();
    let mut current = Cow::Borrowed(text);
    for _ in 0..=MAX_SYNTAX_ERRORS {
        let builder = build(&current);
        if let Some((error, fatal)) = builder.broken {
            let line = error.spot.line;
            // A second error where a line was left out already is that line's doing.
            if !parsed.left_out.contains(&line) {
                parsed.errors.push(error);
            }
            if fatal || !leave_out(&mut lines, line, &mut parsed.left_out) {
                return parsed;
            }
            current = Cow::Owned(lines.join("\n"));
            continue;
        }
        parsed.errors.extend(builder.errors);
        parsed.folded = Folded::of(&builder.multiline, &lines);
        parsed.root = builder.root;
        return parsed;
    }
    parsed
}

/// Empties the value of a line and takes away the lines that hang on it. False when nothing is left
/// to take away.
fn leave_out(lines: &mut [Cow<'_, str>], line: u32, left_out: &mut BTreeSet<u32>) -> bool {
    let mut index = (line as usize)
        .saturating_sub(1)
        .min(lines.len().saturating_sub(1));
    // An error at the end is about the last line that says something.
    while lines.get(index).is_some_and(|line| line.trim().is_empty()) {
        let Some(before) = index.checked_sub(1) else {
            return false;
        };
        index = before;
    }
    let Some(text) = lines.get(index).map(|line| line.clone().into_owned()) else {
        return false;
    };
    let again = left_out.contains(&number(index));
    let indent = text.chars().take_while(|c| *c == ' ').count();
    let kept = match key_of(&text) {
        Some(key) if !again => key.to_owned(),
        _ => String::new(),
    };
    if let Some(line) = lines.get_mut(index) {
        *line = Cow::Owned(kept);
    }
    left_out.insert(number(index));
    for (below, line) in lines.iter_mut().enumerate().skip(index + 1) {
        let hangs = line.trim().is_empty()
            || line.chars().take_while(|c| *c == ' ').count() > indent
            || line.trim_start().starts_with([']', '}']);
        if !hangs {
            break;
        }
        if !line.trim().is_empty() {
            left_out.insert(number(below));
        }
        *line = Cow::Borrowed("");
    }
    true
}

/// The part of a line that names what stands there: its dashes, its key and the colon.
fn key_of(line: &str) -> Option<&str> {
    let dashes = line.len() - line.trim_start_matches([' ', '-']).len();
    let rest = line.get(dashes..)?;
    let end = rest
        .find(": ")
        .map(|at| at + 1)
        .or_else(|| rest.ends_with(':').then_some(rest.len()))?;
    let key = rest.get(..end)?;
    let plain = key
        .chars()
        .all(|c| c.is_alphanumeric() || " ._-:".contains(c));
    plain.then(|| line.get(..dashes + end)).flatten()
}

fn number(index: usize) -> u32 {
    u32::try_from(index + 1).unwrap_or(u32::MAX)
}

/// Feeds the events to a builder. The parser's own way recurses; this does not.
fn build(text: &str) -> Builder {
    let mut builder = Builder {
        lines: text.lines().map(str::to_owned).collect(),
        ..Builder::default()
    };
    let mut documents = 0;
    for event in Parser::new_from_str(text) {
        match event {
            Ok((Event::DocumentStart(_), span)) => {
                documents += 1;
                if documents > 1 {
                    builder.error(
                        spot(span.start, 3),
                        "a mapping is one document, and a second begins here",
                    );
                    break;
                }
            }
            Ok((event, span)) => builder.event(event, span),
            Err(error) => {
                let at = spot(*error.marker(), 1);
                let error = YamlError {
                    spot: at,
                    message: in_words(error.info()),
                    duplicate: false,
                    limit: false,
                };
                builder.broken = Some((error, false));
            }
        }
        if builder.broken.is_some() {
            break;
        }
    }
    builder
}

/// What the parser says, in words for who writes mappings.
fn in_words(info: &str) -> String {
    match info {
        "mapping values are not allowed in this context" => {
            "a colon with a space after it begins a value, and no value can begin here".to_owned()
        }
        other => other.to_owned(),
    }
}

/// How to mend a line that YAML cannot read.
pub(crate) fn help(text: &str, spot: Spot) -> &'static str {
    let line = (spot.line as usize)
        .checked_sub(1)
        .and_then(|index| text.lines().nth(index))
        .unwrap_or_default();
    let indent = line.len() - line.trim_start().len();
    if line.get(..indent).is_some_and(|start| start.contains('\t')) {
        return "indent with spaces: YAML does not allow tabs there";
    }
    if line.matches('"').count() % 2 == 1 || line.matches('\'').count() % 2 == 1 {
        return "close the quote that begins on this line";
    }
    if line.contains(['{', '[']) {
        return "inside { } and [ ] an expression with brackets or commas needs quotes, and each bracket its partner";
    }
    "text with ': ' or ' #' needs quotes, and what belongs together begins in one column"
}

/// Scalars that go over several lines: where each line of theirs begins, in their text and in the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Folded(BTreeMap<u32, FoldedScalar>);

#[derive(Debug, Clone)]
struct FoldedScalar {
    column: u32,
    /// Characters from the start of the text, line, column.
    parts: Vec<(u32, u32, u32)>,
}

impl Folded {
    fn of(scalars: &[(Spot, u32, String)], lines: &[Cow<'_, str>]) -> Self {
        let mut all = BTreeMap::new();
        for (spot, end, text) in scalars {
            let mut parts = Vec::new();
            // Byte offset up to which the text has been found in the file.
            let mut found = 0;
            for line in spot.line..=*end {
                let Some(source) = lines.get(line as usize - 1) else {
                    break;
                };
                let from = if line == spot.line {
                    spot.column as usize - 1
                } else {
                    0
                };
                let skipped: String = source.chars().skip(from).collect();
                let content = skipped.trim().trim_matches(['"', '\'']);
                if content.is_empty()
                    || matches!(content.chars().next(), Some('|' | '>') if line == spot.line)
                {
                    continue;
                }
                let Some(at) = text.get(found..).and_then(|rest| rest.find(content)) else {
                    continue;
                };
                let at = found + at;
                found = at + content.len();
                let column = source.find(content).map_or(0, |byte| {
                    source.get(..byte).unwrap_or_default().chars().count()
                });
                let offset = text.get(..at).unwrap_or_default().chars().count();
                parts.push((narrow(offset), line, narrow(column + 1)));
            }
            if !parts.is_empty() {
                all.insert(
                    spot.line,
                    FoldedScalar {
                        column: spot.column,
                        parts,
                    },
                );
            }
        }
        Self(all)
    }

    /// Where a spot inside such a scalar stands in the file. A spot counts the characters of the text
    /// as if they all stood on its first line.
    pub fn unfold(&self, spot: Spot) -> Spot {
        let Some(scalar) = self
            .0
            .get(&spot.line)
            .filter(|scalar| spot.column > scalar.column)
        else {
            return spot;
        };
        let offset = spot.column - scalar.column;
        match scalar
            .parts
            .iter()
            .rev()
            .find(|(start, ..)| *start <= offset)
        {
            Some((start, line, column)) => Spot {
                line: *line,
                column: column + (offset - start),
                ..spot
            },
            None => spot,
        }
    }
}

fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}

/// Syntax errors that are looked for in one file.
const MAX_SYNTAX_ERRORS: usize = 20;
/// Lists and maps nest this deep at most: what reads them recurses.
pub(crate) const MAX_DEPTH: usize = 48;
/// Values that one file holds at most, those that aliases repeat counted each time.
pub(crate) const MAX_NODES: usize = 50_000;

#[derive(Default)]
struct Builder {
    lines: Vec<String>,
    open: Vec<Open>,
    root: Option<Node>,
    anchors: HashMap<usize, Node>,
    errors: Vec<YamlError>,
    /// What ends the reading, and whether nothing more can be made of the text.
    broken: Option<(YamlError, bool)>,
    /// Scalars over several lines: where they begin, the line they end on, their text.
    multiline: Vec<(Spot, u32, String)>,
    /// Nodes so far, those that aliases repeat counted each time.
    nodes: usize,
}

struct Open {
    spot: Spot,
    anchor: usize,
    data: Data,
    key: Option<Node>,
    /// The keys so far, to find one that is written twice.
    keys: HashSet<String>,
}

impl Builder {
    fn event(&mut self, event: Event<'_>, span: Span) {
        match event {
            Event::Scalar(text, style, anchor, _) => {
                let quoted = matches!(style, ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted);
                let plain_empty =
                    style == ScalarStyle::Plain && matches!(&*text, "" | "~" | "null");
                let length = if span.start.line() == span.end.line() {
                    self.trimmed(span)
                } else {
                    text.lines().next().unwrap_or_default().chars().count()
                };
                if span.start.line() != span.end.line() {
                    // The end of a block is the start of the line behind it.
                    let behind = usize::from(span.end.col() == 0);
                    let end = number(span.end.line().saturating_sub(1 + behind));
                    self.multiline
                        .push((spot(span.start, length), end, text.to_string()));
                }
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
                match self.anchors.get(&anchor) {
                    Some(node) => {
                        // What an alias repeats is counted before it is copied.
                        let (size, depth) = size(node);
                        let too_much =
                            self.nodes + size > MAX_NODES || self.open.len() + depth > MAX_DEPTH;
                        if too_much {
                            self.fatal(at, "aliases repeat too much here");
                            return;
                        }
                        let node = node.clone();
                        self.nodes += size;
                        self.finish(node, 0);
                    }
                    None => {
                        self.error(at, "an alias that stands inside what it names");
                        self.finish(
                            Node {
                                spot: at,
                                data: Data::Empty,
                            },
                            0,
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

impl Builder {
    /// The length of a scalar on one line: the parser counts blanks behind a quoted one.
    fn trimmed(&self, span: Span) -> usize {
        let text: Option<String> =
            self.lines
                .get(span.start.line().saturating_sub(1))
                .map(|line| {
                    line.chars()
                        .skip(span.start.col())
                        .take(span.len())
                        .collect()
                });
        text.map_or(span.len(), |text| text.trim_end().chars().count())
    }

    fn error(&mut self, spot: Spot, message: &str) {
        self.errors.push(YamlError {
            spot,
            message: message.to_owned(),
            duplicate: false,
            limit: false,
        });
    }

    fn fatal(&mut self, spot: Spot, message: &str) {
        let error = YamlError {
            spot,
            message: message.to_owned(),
            duplicate: false,
            limit: true,
        };
        self.broken = Some((error, true));
    }

    fn begin(&mut self, span: Span, anchor: usize, data: Data) {
        if self.open.len() >= MAX_DEPTH {
            self.fatal(
                spot(span.start, 1),
                &format!("lists and maps nest deeper than {MAX_DEPTH} here"),
            );
            return;
        }
        self.open.push(Open {
            spot: spot(span.start, 1),
            anchor,
            data,
            key: None,
            keys: HashSet::new(),
        });
    }

    fn finish(&mut self, node: Node, anchor: usize) {
        self.nodes += 1;
        if self.nodes > MAX_NODES {
            self.fatal(
                node.spot,
                &format!("the file holds more than {MAX_NODES} values"),
            );
            return;
        }
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
                    let mut wrong = None;
                    match node.text() {
                        Some(key) => {
                            if !parent.keys.insert(key.to_owned()) {
                                let message =
                                    format!("the key '{key}' is written twice in one map");
                                wrong = Some((message, true));
                            }
                        }
                        None => {
                            let message =
                                format!("a key must be a text, and this is {}", node.kind());
                            wrong = Some((message, false));
                        }
                    }
                    if let Some((message, duplicate)) = wrong {
                        self.errors.push(YamlError {
                            spot: node.spot,
                            message,
                            duplicate,
                            limit: false,
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

/// How many nodes a node is, and how deep it nests.
fn size(node: &Node) -> (usize, usize) {
    let children: Vec<&Node> = match &node.data {
        Data::List(items) => items.iter().collect(),
        Data::Map(entries) => entries
            .iter()
            .flat_map(|(key, value)| [key, value])
            .collect(),
        _ => return (1, 0),
    };
    children
        .into_iter()
        .map(size)
        .fold((1, 1), |(nodes, depth), (more, below)| {
            (nodes + more, depth.max(1 + below))
        })
}

fn spot(marker: Marker, length: usize) -> Spot {
    Spot {
        line: u32::try_from(marker.line()).unwrap_or(u32::MAX),
        column: u32::try_from(marker.col().saturating_add(1)).unwrap_or(u32::MAX),
        length: u32::try_from(length.max(1)).unwrap_or(u32::MAX),
        origin: 0,
    }
}
