//! Records that a resource repeats over: those inside its own, those of another table with an equal
//! key, those of its group. They are gathered while the file is first read.

use std::borrow::Cow;
use std::sync::Arc;

use diagnostics::{InputPlace, Severity};
use source::{CellProblem, ColumnType, Row, normalise_label};
use spill::{Lists, Reader, Stored, Table, Writer};

use super::cell::{Bound, Cx, Record};
use super::content::hash_parts;
use super::stored as record;
use super::survey::Version;
use super::value::Val;
use crate::codes;
use crate::program::{Cell, EachRecords, JoinBy, Policy, Program};
use crate::trace::{CellOrigin, cell_of};

/// A record as it is kept: the cells that are asked for, in the order of [`crate::program::Join::kept`].
#[derive(Debug)]
pub(crate) struct Joined {
    cells: Vec<Kept>,
    place: InputPlace,
    /// Of itself and of what encloses it: table, what is versioned, and its version.
    versions: Vec<(usize, u64, i64)>,
}

#[derive(Debug)]
struct Kept {
    value: Option<Val<'static>>,
    problem: Option<Box<CellProblem>>,
    place: InputPlace,
    /// In a traced run: its table and column, and what it was read from.
    origin: Option<Box<(usize, usize, CellOrigin)>>,
}

/// The records of one join, by their key.
pub(crate) type JoinTable = Lists<Arc<Joined>>;

/// Keeps a record for the joins that ask for its table: which join, the key, and the record.
pub(super) fn gather<'a>(
    cx: &mut Cx<'a>,
    row: &Row<'_>,
    program: &'a Program,
    trace: bool,
    found: &mut Vec<(usize, u64, Joined)>,
) {
    let table = row.table();
    let Some(versions) = standing(cx, program) else {
        return;
    };
    for (index, join) in program.joins.iter().enumerate() {
        if join.table != table {
            continue;
        }
        let key = match &join.by {
            JoinBy::Enclosing => row.parent().map(|parent| place_hash(&parent.place())),
            JoinBy::Columns(columns) => columns_hash(row, columns, program),
            JoinBy::Group(rule) => program.rules.get(*rule).and_then(|rule| {
                if !cx.holds(rule.only.as_ref()) {
                    return None;
                }
                cx.refused = false;
                cx.group(&rule.group.as_ref()?.key)
            }),
        };
        let Some(key) = key else { continue };
        let cells = join
            .kept
            .iter()
            .map(|&column| {
                let (value, problem) = match row.reading(column) {
                    Ok(None) => (None, None),
                    Ok(Some(reading)) => (
                        Some(Val::of_typed(reading.value).owned()),
                        reading.warning.map(Box::new),
                    ),
                    Err(problem) => (None, Some(Box::new(problem))),
                };
                Kept {
                    value,
                    problem,
                    place: row.cell_place(column),
                    origin: trace.then(|| Box::new((table, column, cell_of(program, row, column)))),
                }
            })
            .collect();
        let record = Joined {
            cells,
            place: row.place(),
            versions: versions.clone(),
        };
        found.push((index, key, record));
    }
}

/// Whether a record and what encloses it may be used, with what they are versions of.
fn standing(cx: &mut Cx<'_>, program: &Program) -> Option<Vec<(usize, u64, i64)>> {
    if cx.is_deleted() {
        return None;
    }
    let shared = cx.shared;
    let mut versions = Vec::new();
    let mut at = cx.record.map(|record| record.row);
    while let Some(row) = at {
        let declared = program.tables.get(row.table())?;
        if declared
            .required
            .iter()
            .any(|&column| !row.is_filled(column))
        {
            return None;
        }
        let mut cx = Cx::new(shared, Some(Record { row, filled: &[] }), true);
        if !cx.holds(declared.only.as_ref()) {
            return None;
        }
        if let Some(versioned) = &declared.latest {
            let hash = cx.key(&versioned.of, true)?;
            versions.push((row.table(), hash, cx.evaluate(&versioned.by).rank()));
        }
        at = row.parent();
    }
    Some(versions)
}

impl Joined {
    /// Whether no later version overtakes it, and no rival claims the same one.
    fn stands(&self, latest: &[Table<Version>]) -> bool {
        self.versions.iter().all(|(table, hash, rank)| {
            latest
                .get(*table)
                .and_then(|known| known.get(*hash))
                .is_none_or(|version| version.rank == *rank && !version.conflict)
        })
    }
}

impl Stored for Joined {
    const FIXED: Option<usize> = None;

    fn held(&self) -> usize {
        let cells = self.cells.iter().map(|kept| {
            let value = kept.value.as_ref().map_or(0, Val::size);
            let problem = kept.problem.as_deref().map_or(0, record::problem_size);
            let origin = kept.origin.as_deref();
            let origin = origin.map_or(0, |(.., origin)| record::origin_size(origin));
            size_of::<Kept>() + value + problem + record::place_size(&kept.place) + origin
        });
        cells.sum::<usize>()
            + record::place_size(&self.place)
            + self.versions.capacity() * size_of::<(usize, u64, i64)>()
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.count(self.cells.len());
        for kept in &self.cells {
            out.option(kept.value.as_ref(), |out, value| value.write(out));
            out.option(kept.problem.as_deref(), record::write_problem);
            record::write_place(out, &kept.place);
            out.option(kept.origin.as_deref(), |out, (table, column, origin)| {
                out.count(*table);
                out.count(*column);
                record::write_origin(out, origin);
            });
        }
        record::write_place(out, &self.place);
        out.count(self.versions.len());
        for (table, hash, rank) in &self.versions {
            out.count(*table);
            out.u64(*hash);
            out.i64(*rank);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count()?;
        let cells: Option<Vec<Kept>> = (0..count)
            .map(|_| {
                Some(Kept {
                    value: from.option(Val::read)?,
                    problem: from.option(record::read_problem)?.map(Box::new),
                    place: record::read_place(from)?,
                    origin: from
                        .option(|from| {
                            let (table, column) = (from.index()?, from.index()?);
                            Some((table, column, record::read_origin(from)?))
                        })?
                        .map(Box::new),
                })
            })
            .collect();
        let cells = cells?;
        let place = record::read_place(from)?;
        let count = from.count()?;
        let versions: Option<Vec<(usize, u64, i64)>> = (0..count)
            .map(|_| Some((from.index()?, from.u64()?, from.i64()?)))
            .collect();
        Some(Self {
            cells,
            place,
            versions: versions?,
        })
    }
}

fn place_hash(place: &InputPlace) -> u64 {
    let row = place.row.map(|row| row.to_string()).unwrap_or_default();
    let pointer = place.pointer.as_deref().unwrap_or_default();
    hash_parts(&[Cow::Borrowed(row.as_str()), Cow::Borrowed(pointer)])
}

fn columns_hash(row: &Row<'_>, columns: &[usize], program: &Program) -> Option<u64> {
    let kinds = &program.schema.tables.get(row.table())?.columns;
    let parts: Option<Vec<Cow<'_, str>>> = columns
        .iter()
        .map(|&column| {
            let text = row.get(column).ok().flatten().map(Val::of_typed)?.text()?;
            Some(match kinds.get(column).map(|column| &column.kind) {
                Some(ColumnType::Code { .. }) => Cow::Owned(normalise_label(&text).into_owned()),
                _ => text,
            })
        })
        .collect();
    Some(hash_parts(&parts?))
}

impl<'a> Cx<'a> {
    /// The records that `each` goes through, in the file's order.
    pub(super) fn joined(&mut self, each: &'a EachRecords) -> Vec<Bound<'a>> {
        let shared = self.shared;
        let Some(join) = shared.program.joins.get(each.join) else {
            return Vec::new();
        };
        let key = match (&join.by, each.inside) {
            (JoinBy::Enclosing, Some(variable)) => self
                .variables
                .get(variable)
                .and_then(|bound| bound.record.as_ref())
                .map(|record| place_hash(&record.place)),
            (JoinBy::Enclosing, None) => self.row(0).map(|row| place_hash(&row.place())),
            (JoinBy::Columns(_), _) => {
                let mut parts: Option<Vec<Cow<'a, str>>> =
                    Some(Vec::with_capacity(each.keys.len()));
                for (key, is_label) in &each.keys {
                    let text = self.evaluate(key).text().map(|text| match is_label {
                        true => Cow::Owned(normalise_label(&text).into_owned()),
                        false => text,
                    });
                    match (&mut parts, text) {
                        (Some(parts), Some(text)) => parts.push(text),
                        _ => parts = None,
                    }
                }
                parts.map(|parts| hash_parts(&parts))
            }
            (JoinBy::Group(rule), _) => shared
                .program
                .rules
                .get(*rule)
                .and_then(|rule| rule.group.as_ref())
                .and_then(|group| self.group(&group.key)),
        };
        let mut found = key
            .and_then(|key| Some(shared.partners.joins.get(each.join)?.get(key)))
            .unwrap_or_default();
        found.retain(|record| record.stands(&shared.partners.latest));
        if found.is_empty() && each.missing != Policy::Drop {
            let refuses = each.missing == Policy::Quarantine;
            self.refused |= refuses;
            if !self.quiet {
                let name = shared
                    .program
                    .tables
                    .get(join.table)
                    .map(|table| table.name.to_string())
                    .unwrap_or_default();
                let issue = self.issue(
                    if refuses {
                        Severity::Error
                    } else {
                        Severity::Warning
                    },
                    codes::NO_PARTNER,
                    format!("the table {name} has no record for this one"),
                    "look for the record in the source system, or for a mistyped key",
                    each.spot,
                );
                self.issues.push(issue);
            }
        }
        found
            .into_iter()
            .map(|record| Bound {
                value: Val::Nothing,
                column: None,
                record: Some(record),
            })
            .collect()
    }

    /// A cell of a record that `each` goes through.
    pub(super) fn joined_cell(&mut self, variable: usize, slot: usize, cell: &'a Cell) -> Val<'a> {
        let bound = self.variables.get(variable);
        let record = bound.and_then(|bound| bound.record.clone());
        let Some(kept) = record.as_ref().and_then(|record| record.cells.get(slot)) else {
            return Val::Nothing;
        };
        if let (Some(origin), Some(trace)) = (&kept.origin, self.tracer()) {
            let (table, column, cell) = &**origin;
            trace.joined(*table, *column, cell);
        }
        let value = kept.value.clone().map_or(Val::Nothing, |value| value);
        let Some(problem) = &kept.problem else {
            return value;
        };
        let mut issue = (**problem).clone().into_issue(kept.place.clone());
        if cell.spot.line > 0 {
            issue = issue.at_mapping(self.shared.program.place(cell.spot));
        }
        match (kept.value.is_some(), cell.strict) {
            (true, false) => {
                if !self.quiet {
                    self.issues.push(issue);
                }
                value
            }
            (known, _) => {
                let raw = match known {
                    true => value.text(),
                    false => problem.value.clone().map(Cow::Owned),
                };
                self.bad(&cell.policy, raw, |_| issue)
            }
        }
    }
}
