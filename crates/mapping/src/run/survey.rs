//! The first reading: what the file holds, as of when it is, and what other tables look up.

use std::borrow::Cow;
use std::collections::HashMap;
use std::ops::ControlFlow;

use diagnostics::{InputPlace, Issue, IssueType};
use source::{Event, Opened, Row};

use super::cell::{Cx, Record, Shared};
use super::evaluate::kept;
use super::index::Indexes;
use super::joined::{JoinTable, gather, settle_versions};
use super::value::Val;
use crate::codes;
use crate::made::{AsOfDate, RunContext};
use crate::program::{AsOf, Op, Program};
use crate::trace::{CellOrigin, cell_of};

/// What is kept of the tables that expressions look up.
#[derive(Debug, Default)]
pub(crate) struct Partners {
    /// Records that resources repeat over, by join.
    pub joins: Vec<JoinTable>,
    tables: Vec<PartnerTable>,
}

#[derive(Debug, Default)]
pub(crate) struct PartnerTable {
    records: u64,
    only: Vec<Val<'static>>,
    by_key: HashMap<u64, Option<Vec<Val<'static>>>>,
    /// In a traced run: where the cells stand, of the only record and by key.
    only_places: Vec<CellOrigin>,
    places: HashMap<u64, Vec<CellOrigin>>,
}

impl Partners {
    pub fn table(&self, table: usize) -> Option<&PartnerTable> {
        self.tables.get(table)
    }
}

impl PartnerTable {
    /// The record of a table that has one.
    pub fn only(&self) -> Option<&[Val<'static>]> {
        (self.records == 1).then_some(self.only.as_slice())
    }

    /// In a traced run: where a cell of the record with a key stands; of the only one without.
    pub fn place(&self, key: Option<u64>, slot: usize) -> Option<&CellOrigin> {
        match key {
            None => self.only_places.get(slot),
            Some(key) => self.places.get(&key)?.get(slot),
        }
    }

    /// The record with a key that no other has.
    pub fn find(&self, hash: u64) -> Option<&[Val<'static>]> {
        self.by_key.get(&hash)?.as_deref()
    }
}

/// What the first reading found.
pub(crate) struct Survey {
    pub partners: Partners,
    /// Of tables with versions: the highest of each thing.
    pub latest: Vec<HashMap<u64, Version>>,
    /// As of when the file says it is.
    pub as_of: Option<AsOfDate>,
    /// What somebody should know of that date, or why there is none.
    pub issues: Vec<Issue>,
    /// Of the records that cannot be read, what is wrong with the first.
    pub unreadable: Vec<Issue>,
}

/// The highest version of a thing.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Version {
    pub rank: i64,
    pub content: u64,
    /// Two records of this version differ: neither can be taken.
    pub conflict: bool,
}

impl Version {
    fn add(&mut self, rank: i64, content: u64) {
        if rank > self.rank {
            *self = Self {
                rank,
                content,
                conflict: false,
            };
        } else if rank == self.rank && content != self.content {
            self.conflict = true;
        }
    }
}

/// How many issues of one kind are kept of a file that turns out to be unusable.
const MAX_ISSUES: usize = 20;

/// Reads the whole file once.
///
/// # Errors
/// When it cannot be read to its end.
pub(crate) fn survey(
    opened: &mut Opened,
    program: &Program,
    trace: bool,
    progress: &mut dyn FnMut(),
) -> Result<Survey, Box<Issue>> {
    let indexes = Indexes::default();
    let nobody = Partners::default();
    let mut partners = Partners {
        joins: program.joins.iter().map(|_| JoinTable::new()).collect(),
        tables: program
            .tables
            .iter()
            .map(|_| PartnerTable::default())
            .collect(),
    };
    let mut latest: Vec<HashMap<u64, Version>> =
        program.tables.iter().map(|_| HashMap::new()).collect();
    let mut best: Option<(i64, AsOfDate, InputPlace)> = None;
    let mut least = i64::MAX;
    let mut issues: Vec<Issue> = Vec::new();
    let mut unreadable: Vec<Issue> = Vec::new();
    opened.read_counting(&mut |event| {
        progress();
        let row = match event {
            Event::Row(row) => row,
            Event::Unreadable(found) => {
                let room = MAX_ISSUES.saturating_sub(unreadable.len());
                unreadable.extend(found.issues.into_iter().take(room));
                return ControlFlow::Continue(());
            }
        };
        let table = row.table();
        let Some(declared) = program.tables.get(table) else {
            return ControlFlow::Continue(());
        };
        let shared = Shared {
            program,
            indexes: &indexes,
            partners: &nobody,
            local: "",
        };
        if !declared.kept.is_empty()
            && let Some(partner) = partners.tables.get_mut(table)
        {
            keep(partner, row, &declared.kept, &declared.key, program, trace);
        }
        let mut cx = Cx::new(&shared, Some(Record { row, filled: &[] }), true);
        if let Some(versioned) = &declared.latest
            && let Some(hash) = cx.key(&versioned.of, true)
            && let Some(known) = latest.get_mut(table)
        {
            let rank = cx.evaluate(&versioned.by).rank();
            let content = super::content::text_hash(&row.raw_json());
            known
                .entry(hash)
                .and_modify(|version| version.add(rank, content))
                .or_insert(Version {
                    rank,
                    content,
                    conflict: false,
                });
        }
        gather(&mut cx, row, program, &mut partners.joins);
        cx.refused = false;
        if let AsOf::Table { table: wanted, op } = &program.as_of
            && *wanted == table
        {
            cx.quiet = best.is_some() || issues.len() >= MAX_ISSUES;
            let value = cx.evaluate(op);
            issues.append(&mut cx.issues);
            let rank = value.rank();
            if rank != i64::MIN {
                least = least.min(rank);
                if best.as_ref().is_none_or(|(known, ..)| rank > *known) {
                    best = date(&value, program).map(|date| (rank, date, row.place()));
                }
            }
        }
        ControlFlow::Continue(())
    })?;
    settle_versions(&mut partners.joins, &latest);
    let mut as_of = None;
    if let Some((rank, found, place)) = best {
        // A snapshot has one date. Where its records disagree the latest counts, and a mistyped one
        // would keep every later file out.
        if least < rank && program.snapshot {
            issues.push(
                Issue::warning(
                    codes::AS_OF_VARIES,
                    IssueType::Conflict,
                    format!("the records disagree about the date that the file is as of; the latest, {}, is used", found.text),
                )
                .help("look at this record: a mistyped date makes later files look older than this one")
                .at_input(place),
            );
        }
        as_of = Some(found);
    }
    if let AsOf::Once(op) = &program.as_of {
        as_of = once(op, program, &indexes, &partners, &mut issues);
    }
    Ok(Survey {
        partners,
        latest,
        as_of,
        issues,
        unreadable,
    })
}

fn once(
    op: &Op,
    program: &Program,
    indexes: &Indexes,
    partners: &Partners,
    issues: &mut Vec<Issue>,
) -> Option<AsOfDate> {
    let shared = Shared {
        program,
        indexes,
        partners,
        local: "",
    };
    let mut cx = Cx::new(&shared, None, false);
    let value = cx.evaluate(op);
    issues.append(&mut cx.issues);
    date(&value, program)
}

fn keep(
    partner: &mut PartnerTable,
    row: &Row<'_>,
    columns: &[usize],
    key: &[usize],
    program: &Program,
    trace: bool,
) {
    let cells = || -> Vec<Val<'static>> {
        columns
            .iter()
            .map(|&column| match row.get(column) {
                Ok(Some(typed)) => kept(typed),
                _ => Val::Nothing,
            })
            .collect()
    };
    partner.records += 1;
    if partner.records == 1 {
        partner.only = cells();
        if trace {
            partner.only_places = places(program, row, columns);
        }
    }
    let kinds = program
        .schema
        .tables
        .get(row.table())
        .map(|table| table.columns.as_slice());
    let parts: Vec<Cow<'_, str>> = key
        .iter()
        .filter_map(|&column| {
            let text = row.get(column).ok().flatten().map(Val::of_typed)?.text()?;
            let kind = kinds
                .and_then(|kinds| kinds.get(column))
                .map(|column| &column.kind);
            Some(match kind {
                Some(source::ColumnType::Code { .. }) => {
                    Cow::Owned(source::normalise_label(&text).into_owned())
                }
                _ => text,
            })
        })
        .collect();
    if !key.is_empty() && parts.len() == key.len() {
        let hash = super::content::hash_parts(&parts);
        let cells = cells();
        if trace {
            partner
                .places
                .entry(hash)
                .or_insert_with(|| places(program, row, columns));
        }
        // Two records with one key: neither is guessed, unless they say the same.
        partner
            .by_key
            .entry(hash)
            .and_modify(|known| {
                let same = known.as_ref().is_some_and(|known| {
                    known.iter().map(Val::text).eq(cells.iter().map(Val::text))
                });
                if !same {
                    *known = None;
                }
            })
            .or_insert(Some(cells.clone()));
    }
}

fn places(program: &Program, row: &Row<'_>, columns: &[usize]) -> Vec<CellOrigin> {
    columns
        .iter()
        .map(|&column| cell_of(program, row, column))
        .collect()
}

/// A date or dateTime with the first instant that it may mean.
fn date(value: &Val<'_>, program: &Program) -> Option<AsOfDate> {
    let text = match value {
        Val::Date(_) | Val::DateTime(_) => value.text()?.into_owned(),
        _ => return None,
    };
    parse_as_of(&text, &program.schema.zone)
}

/// Reads an FHIR date or dateTime; a day, month or year begins at midnight in a zone.
pub(crate) fn parse_as_of(text: &str, zone: &jiff::tz::TimeZone) -> Option<AsOfDate> {
    let instant = if text.contains('T') {
        text.parse::<jiff::Timestamp>().ok()?
    } else {
        let mut parts = text.split('-').map(str::parse::<i16>);
        let year = parts.next()?.ok()?;
        let mut next = || match parts.next() {
            None => Some(1),
            Some(part) => i8::try_from(part.ok()?).ok(),
        };
        let date = jiff::civil::Date::new(year, next()?, next()?).ok()?;
        date.to_zoned(zone.clone()).ok()?.timestamp()
    };
    Some(AsOfDate {
        text: text.to_owned(),
        instant,
    })
}

/// As of when the file is: the file's word first, then the sender's.
///
/// # Errors
/// When nobody says.
pub(crate) fn settle(
    found: Option<AsOfDate>,
    program: &Program,
    context: &RunContext,
) -> Result<(AsOfDate, Option<Issue>), Box<Issue>> {
    let stated = match &context.as_of {
        None => None,
        Some(text) => Some(parse_as_of(text, &program.schema.zone).ok_or_else(|| {
            Box::new(
                Issue::error(
                    codes::AS_OF_UNKNOWN,
                    IssueType::Value,
                    "the as-of date that was stated is no FHIR date or dateTime",
                )
                .help("state it as 2026-11-01 or 2026-11-01T09:00:00Z"),
            )
        })?),
    };
    match (found, stated) {
        (Some(found), Some(stated)) if found.instant != stated.instant => {
            let issue = Issue::warning(
                codes::AS_OF_DIFFERS,
                IssueType::Conflict,
                format!(
                    "the file says it is as of {} and its sender says {}; the file's date is used",
                    found.text, stated.text
                ),
            )
            .help("state no date, or mend the one in the file");
            Ok((found, Some(issue)))
        }
        (Some(found), _) => Ok((found, None)),
        (None, Some(stated)) => Ok((stated, None)),
        (None, None) => Err(Box::new(
            Issue::error(
                codes::AS_OF_UNKNOWN,
                IssueType::Required,
                "neither the file nor its sender says as of when it is",
            )
            .help("fill the date that the mapping reads, or state it with --as-of"),
        )),
    }
}
