//! Opening a JSON file: how it holds its documents, and whether they are what the mapping reads.

use std::sync::Arc;

use diagnostics::{InputPlace, Issue, IssueType};

use super::documents::{Documents, Next, Shape};
use super::shape::Declared;
use super::{JsonTree, Path, Trees, layout};
use crate::adapter::Found;
use crate::codes;
use crate::input::Input;
use crate::opened::TableFound;
use crate::schema::Schema;
use crate::text::{TextFile, empty, unreadable, wrong_format};

/// How many documents are tried for one that can be read.
const TRIED: usize = 20;

pub(crate) fn open(input: &Input, schema: &Arc<Schema>, lines: bool) -> Result<Found, Vec<Issue>> {
    let place = InputPlace::file(input.name().as_ref());
    let wanted = schema.format.name();
    let (paths, whole_paths, columns) = paths(schema, &place)?;
    let (file, mut issues) = TextFile::look(input, wanted)?;
    let start = file.head.trim_start();
    let shape = match start.chars().next() {
        None => return Err(vec![empty(place)]),
        Some('[') => Shape::Array,
        Some('{') => brace_shape(&file, lines, &place)?,
        Some(_) if start.starts_with('"') && lines => Shape::Lines,
        Some(_) => {
            let found = "a text that does not begin as JSON does";
            return Err(vec![wrong_format(found, wanted, place)]);
        }
    };
    let declared = Declared::of(schema, &whole_paths, &columns);
    let layouts = columns
        .into_iter()
        .enumerate()
        .map(|(table, columns)| layout(input.name(), schema, table, columns))
        .collect();
    let children = (0..schema.tables.len())
        .map(|parent| {
            (parent + 1..schema.tables.len())
                .filter(|child| {
                    schema.tables.get(*child).and_then(|table| table.parent) == Some(parent)
                })
                .collect()
        })
        .collect();
    let tree = Trees {
        file,
        shape,
        lines: lines && shape == Shape::Lines,
        layouts,
        paths,
        whole_paths,
        children,
        declared,
    };
    if !tree.try_documents(&place)? {
        issues.push(
            Issue::warning(
                codes::NO_RECORDS,
                IssueType::Incomplete,
                "there is no document in the file; nothing is concluded from that",
            )
            .help("check that the export was meant to be empty")
            .at_input(place),
        );
    }
    let tables = tree
        .layouts
        .iter()
        .map(|layout| TableFound {
            present: true,
            header_row: None,
            columns: layout
                .names
                .iter()
                .map(|name| Some(Arc::clone(name)))
                .collect(),
            undeclared: Vec::new(),
        })
        .collect();
    Ok(Found {
        adapter: Box::new(JsonTree {
            inner: Arc::new(tree),
        }),
        tables,
        issues,
    })
}

type Paths = (Vec<Path>, Vec<Path>, Vec<Vec<Path>>);

/// The paths of a schema: of each table from its parent, of each table from the document, and of
/// each column from its record.
fn paths(schema: &Schema, place: &InputPlace) -> Result<Paths, Vec<Issue>> {
    let mut problems = Vec::new();
    let mut paths: Vec<Path> = Vec::new();
    let mut whole: Vec<Path> = Vec::new();
    let mut columns = Vec::new();
    let parse = |text: &str, problems: &mut Vec<String>| {
        Path::parse(text).unwrap_or_else(|problem| {
            problems.push(problem);
            Path::default()
        })
    };
    for (index, table) in schema.tables.iter().enumerate() {
        let path = parse(&table.path, &mut problems);
        let mut from_document = match table.parent {
            Some(parent) if parent < index => whole.get(parent).cloned().unwrap_or_default(),
            Some(_) => {
                problems.push(format!(
                    "the table \"{}\" stands before its parent",
                    table.name
                ));
                Path::default()
            }
            None => Path::default(),
        };
        from_document.steps.extend(path.steps.iter().cloned());
        let own: Vec<Path> = table
            .columns
            .iter()
            .map(|column| {
                let path = parse(column.document_path(), &mut problems);
                if path.passes_array() {
                    problems.push(format!(
                        "the path \"{}\" of a column goes through an array; make the array a table of its own",
                        column.document_path()
                    ));
                }
                path
            })
            .collect();
        paths.push(path);
        whole.push(from_document);
        columns.push(own);
    }
    if schema.tables.is_empty() {
        problems.push("the mapping declares no table".to_owned());
    }
    if problems.is_empty() {
        return Ok((paths, whole, columns));
    }
    Err(problems
        .into_iter()
        .map(|problem| {
            Issue::error(codes::BAD_SCHEMA, IssueType::Processing, problem)
                .help("correct the source section of the mapping")
                .at_input(place.clone())
        })
        .collect())
}

/// Whether a text that begins with a brace is one document a line or one over several lines. The
/// text decides, not the mapping: both are handed in under either name.
fn brace_shape(file: &TextFile, lines: bool, place: &InputPlace) -> Result<Shape, Vec<Issue>> {
    let parses = |shape: Shape| -> Result<bool, Vec<Issue>> {
        let failed = |error| vec![unreadable(&error, place.clone())];
        let mut documents = Documents::new(file.open().map_err(failed)?, shape);
        let next = documents.next().map_err(failed)?;
        Ok(matches!(next, Next::Document { .. }) && json::parse(documents.bytes()).is_ok())
    };
    if parses(Shape::Lines)? {
        return Ok(Shape::Lines);
    }
    Ok(if lines && !parses(Shape::Sequence)? {
        Shape::Lines
    } else {
        Shape::Sequence
    })
}

impl Trees {
    /// Reads documents until one is as the mapping describes; whether there is any document.
    fn try_documents(&self, place: &InputPlace) -> Result<bool, Vec<Issue>> {
        let failed = |error| vec![unreadable(&error, place.clone())];
        let mut documents = Documents::new(self.file.open().map_err(failed)?, self.shape);
        let mut problems = Vec::new();
        let mut unknown = false;
        for _ in 0..TRIED {
            let next = documents.next().map_err(failed)?;
            let line = match next {
                Next::End => break,
                Next::Truncated { .. } | Next::Unexpected { .. } => {
                    return Err(vec![self.fatal(next)]);
                }
                Next::Document { line, .. } | Next::TooLarge { line, .. } => line,
            };
            match self.parse(next, documents.bytes()) {
                Ok(document) if self.declared.knows(&document) => return Ok(true),
                Ok(_) => unknown = true,
                Err(issue) => problems.push(issue.at_input(place.clone().row(line))),
            }
        }
        if unknown {
            return Err(vec![self.wrong_file(place.clone())]);
        }
        if problems.is_empty() {
            return Ok(false);
        }
        Err(problems)
    }

    fn wrong_file(&self, place: InputPlace) -> Issue {
        let expected: Vec<String> = self
            .layouts
            .iter()
            .flat_map(|layout| layout.paths.iter())
            .filter_map(|path| path.steps.first())
            .map(|step| format!("\"{}\"", step.name))
            .take(4)
            .collect();
        Issue::error(
            codes::WRONG_FILE,
            IssueType::Structure,
            "this is a JSON file, but not one that the mapping describes: none of its members is known",
        )
        .help(format!(
            "choose the mapping that fits the file; this one reads members such as {}",
            expected.join(", ")
        ))
        .at_input(place)
    }
}
