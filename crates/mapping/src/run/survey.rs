//! The first reading: what the file holds, as of when it is, and what other tables look up.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet};
use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue, IssueType};
use source::{Batch, Counts, Event, Interpreter, Row};
use spill::{Budget, Lists, Reader, Stored, Table, Writer};

use super::cell::{Cx, Shared};
use super::evaluate::kept;
use super::index::Indexes;
use super::joined::{JoinTable, Joined, gather};
use super::maker::Maker;
use super::records::Use;
use super::stored as record;
use super::value::Val;
use crate::codes;
use crate::loss::Seen;
use crate::made::{AsOfDate, Judge, RunContext};
use crate::program::{AsOf, Op, Program};
use crate::trace::{CellOrigin, cell_of};

/// What is kept of the tables that expressions look up.
#[derive(Debug, Default)]
pub(crate) struct Partners {
    /// Records that resources repeat over, by join.
    pub joins: Vec<JoinTable>,
    /// Of tables with versions: the highest of each thing.
    pub latest: Vec<Table<Version>>,
    tables: Vec<PartnerTable>,
}

#[derive(Debug)]
pub(crate) struct PartnerTable {
    records: u64,
    only: PartnerRecord,
    by_key: Table<PartnerRecord>,
}

/// What is kept of a record that others look up by its key.
#[derive(Debug, Clone, Default)]
struct PartnerRecord {
    /// Nothing where two records have the key and differ.
    cells: Option<Vec<Val<'static>>>,
    /// In a traced run: where the cells stand.
    places: Vec<CellOrigin>,
}

impl PartnerRecord {
    fn cell(&self, slot: usize) -> Option<(Val<'static>, Option<CellOrigin>)> {
        let value = self.cells.as_ref()?.get(slot).cloned();
        Some((
            value.unwrap_or(Val::Nothing),
            self.places.get(slot).cloned(),
        ))
    }
}

impl Stored for PartnerRecord {
    const FIXED: Option<usize> = None;

    fn held(&self) -> usize {
        let cells = self.cells.iter().flatten();
        let cells = cells.map(|cell| size_of::<Val<'static>>() + cell.size());
        let places = self.places.iter().map(record::origin_size);
        cells.sum::<usize>() + places.sum::<usize>()
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.option(self.cells.as_ref(), |out, cells| {
            out.count(cells.len());
            cells.iter().for_each(|cell| cell.write(out));
        });
        out.count(self.places.len());
        for place in &self.places {
            record::write_origin(out, place);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let cells = from.option(|from| {
            let count = from.count()?;
            (0..count).map(|_| Val::read(from)).collect()
        })?;
        let count = from.count()?;
        let places: Option<Vec<CellOrigin>> =
            (0..count).map(|_| record::read_origin(from)).collect();
        Some(Self {
            cells,
            places: places?,
        })
    }
}

impl Partners {
    pub fn table(&self, table: usize) -> Option<&PartnerTable> {
        self.tables.get(table)
    }
}

impl PartnerTable {
    fn new(budget: &Budget) -> Self {
        Self {
            records: 0,
            only: PartnerRecord::default(),
            by_key: Table::new(budget),
        }
    }

    /// A cell of the record of a table that has one; in a traced run, where it stands.
    pub fn only(&self, slot: usize) -> Option<(Val<'static>, Option<CellOrigin>)> {
        if self.records == 1 {
            self.only.cell(slot)
        } else {
            None
        }
    }

    /// A cell of the record with a key that no other has; in a traced run, where it stands.
    pub fn find(&self, hash: u64, slot: usize) -> Option<(Val<'static>, Option<CellOrigin>)> {
        self.by_key.look(hash, |record| record.cell(slot)).flatten()
    }
}

/// What the first reading found.
pub(crate) struct Survey {
    pub partners: Partners,
    /// As of when the file says it is.
    pub as_of: Option<AsOfDate>,
    /// Whose it says it is: codes by kind.
    pub senders: BTreeMap<Arc<str>, BTreeSet<String>>,
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

impl Stored for Version {
    const FIXED: Option<usize> = Some(17);

    fn write(&self, out: &mut Writer<'_>) {
        out.i64(self.rank);
        out.u64(self.content);
        out.u8(u8::from(self.conflict));
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            rank: from.i64()?,
            content: from.u64()?,
            conflict: from.u8()? != 0,
        })
    }
}

/// How many issues of one kind are kept of a file that turns out to be unusable.
const MAX_ISSUES: usize = 20;

/// How many codes are kept of one place where a file says whose it is: a file of more than one sender
/// is refused, and so long a list helps nobody to see why.
const MAX_SENDERS: usize = 20;

/// What the first reading found in one batch.
#[derive(Default)]
pub(super) struct Surveyed {
    pub counts: Counts,
    pub records: u64,
    kept: Vec<Kept>,
    joined: Vec<(usize, u64, Joined)>,
    versions: Vec<(usize, u64, i64, u64)>,
    best: Option<(i64, AsOfDate, InputPlace)>,
    least: Option<i64>,
    /// Of each place where a file says whose it is: what it says there.
    senders: Vec<BTreeSet<String>>,
    issues: Vec<Issue>,
    unreadable: Vec<Issue>,
}

/// What is kept of a record that others look up.
struct Kept {
    table: usize,
    key: Option<u64>,
    cells: Vec<Val<'static>>,
    /// In a traced run: where the cells stand.
    places: Option<Vec<CellOrigin>>,
}

impl<J: Judge> Maker<'_, J> {
    /// The first reading of a batch; registers what hangs on its records alone.
    pub(super) fn survey(
        &self,
        register: &[usize],
        interpreter: &Interpreter,
        number: u64,
        batch: &Batch,
    ) -> Surveyed {
        let program = self.program;
        let mut counts = Counts::new(&program.schema);
        let mut found = Surveyed::default();
        let shared = self.shared();
        let mut at = 0;
        let _ = interpreter.visit(batch, Some(&mut counts), &mut |event| {
            found.records += 1;
            let row = match event {
                Event::Row(row) => row,
                Event::Unreadable(unreadable) => {
                    let room = MAX_ISSUES.saturating_sub(found.unreadable.len());
                    found
                        .unreadable
                        .extend(unreadable.issues.into_iter().take(room));
                    return ControlFlow::Continue(());
                }
            };
            let number = super::maker::ordinal(number, at);
            at += 1;
            self.survey_row(&shared, row, &mut found);
            if !register.is_empty() && matches!(self.usable(&shared, row), Use::Yes) {
                self.register(&shared, row, number, register);
            }
            ControlFlow::Continue(())
        });
        found.counts = counts;
        found
    }

    fn survey_row(&self, shared: &Shared<'_>, row: &Row<'_>, found: &mut Surveyed) {
        let program = self.program;
        let table = row.table();
        let Some(declared) = program.tables.get(table) else {
            return;
        };
        if !declared.kept.is_empty() {
            let mut kept = keep(row, table, &declared.kept, &declared.key, program);
            if self.trace {
                kept.places = Some(places(program, row, &declared.kept));
            }
            found.kept.push(kept);
        }
        if program.joins.iter().any(|join| join.table == table) {
            gather(
                &mut self.quiet(shared, row),
                row,
                program,
                self.trace,
                &mut found.joined,
            );
        }
        if let Some(versioned) = &declared.latest {
            let mut cx = self.quiet(shared, row);
            if let Some(hash) = cx.key(&versioned.of, true) {
                let rank = cx.evaluate(&versioned.by).rank();
                let content = super::content::text_hash(&row.raw_json());
                found.versions.push((table, hash, rank, content));
            }
        }
        for (at, sender) in program.senders.iter().enumerate() {
            if sender.table != Some(table) {
                continue;
            }
            found
                .senders
                .resize_with(program.senders.len(), Default::default);
            if let Some(codes) = found.senders.get_mut(at) {
                let mut cx = self.quiet(shared, row);
                cx.quiet = true;
                note_sender(&cx.evaluate(&sender.op), codes);
            }
        }
        if let AsOf::Table { table: wanted, op } = &program.as_of
            && *wanted == table
        {
            let mut cx = self.quiet(shared, row);
            cx.quiet = found.best.is_some() || found.issues.len() >= MAX_ISSUES;
            let value = cx.evaluate(op);
            found.issues.append(&mut cx.issues);
            let rank = value.rank();
            if rank != i64::MIN {
                found.least = Some(found.least.map_or(rank, |least| least.min(rank)));
                if found.best.as_ref().is_none_or(|(known, ..)| rank > *known) {
                    found.best = date(&value, program).map(|date| (rank, date, row.place()));
                }
            }
        }
    }
}

/// Puts together what the first reading finds.
pub(super) struct Surveyor {
    partners: Partners,
    counts: Counts,
    best: Option<(i64, AsOfDate, InputPlace)>,
    least: i64,
    senders: Vec<BTreeSet<String>>,
    issues: Vec<Issue>,
    unreadable: Vec<Issue>,
}

impl Surveyor {
    pub fn new(program: &Program, budget: &Budget) -> Self {
        let tables = program.tables.iter();
        Self {
            partners: Partners {
                joins: program.joins.iter().map(|_| Lists::new(budget)).collect(),
                latest: tables.clone().map(|_| Table::new(budget)).collect(),
                tables: tables.map(|_| PartnerTable::new(budget)).collect(),
            },
            counts: Counts::new(&program.schema),
            best: None,
            least: i64::MAX,
            senders: vec![BTreeSet::new(); program.senders.len()],
            issues: Vec::new(),
            unreadable: Vec::new(),
        }
    }

    /// Takes what was found in the batch that comes next.
    pub fn take(&mut self, found: Surveyed) {
        self.counts.add(found.counts);
        for kept in found.kept {
            if let Some(table) = self.partners.tables.get_mut(kept.table) {
                table.add(kept);
            }
        }
        for (join, key, record) in found.joined {
            if let Some(known) = self.partners.joins.get(join) {
                known.push(key, Arc::new(record));
            }
        }
        for (table, hash, rank, content) in found.versions {
            if let Some(known) = self.partners.latest.get(table) {
                known.change(
                    hash,
                    |version| version.add(rank, content),
                    || Version {
                        rank,
                        content,
                        conflict: false,
                    },
                );
            }
        }
        for (known, found) in self.senders.iter_mut().zip(found.senders) {
            for code in found {
                if known.len() < MAX_SENDERS {
                    known.insert(code);
                }
            }
        }
        // Once one record says when it is, what is wrong with another's word is reported with it.
        if self.best.is_none() {
            let room = MAX_ISSUES.saturating_sub(self.issues.len());
            self.issues.extend(found.issues.into_iter().take(room));
        }
        if let Some(least) = found.least {
            self.least = self.least.min(least);
        }
        if let Some(best) = found.best
            && self.best.as_ref().is_none_or(|(known, ..)| best.0 > *known)
        {
            self.best = Some(best);
        }
        let room = MAX_ISSUES.saturating_sub(self.unreadable.len());
        self.unreadable
            .extend(found.unreadable.into_iter().take(room));
    }

    /// What was found in all.
    pub fn finish(self, program: &Program) -> (Survey, Counts) {
        let Self {
            partners,
            counts,
            best,
            least,
            mut senders,
            mut issues,
            unreadable,
        } = self;
        let mut as_of = None;
        if let Some((rank, found, place)) = best {
            // A snapshot has one date. Where its records disagree the latest counts, and a mistyped
            // one would keep every later file out.
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
            let nothing = Indexes::default();
            as_of = once(op, program, &nothing, &partners, &mut issues);
        }
        for (sender, codes) in program.senders.iter().zip(&mut senders) {
            if sender.table.is_none() {
                let nothing = Indexes::default();
                let seen = Seen::default();
                let shared = of_whole_file(program, &nothing, &partners, &seen);
                let mut cx = Cx::new(&shared, None, false);
                cx.quiet = true;
                note_sender(&cx.evaluate(&sender.op), codes);
            }
        }
        let mut by_kind: BTreeMap<Arc<str>, BTreeSet<String>> = BTreeMap::new();
        for (sender, codes) in program.senders.iter().zip(senders) {
            by_kind
                .entry(sender.kind.clone())
                .or_default()
                .extend(codes);
        }
        let survey = Survey {
            partners,
            senders: by_kind,
            as_of,
            issues,
            unreadable,
        };
        (survey, counts)
    }
}

impl PartnerTable {
    fn add(&mut self, kept: Kept) {
        self.records += 1;
        let record = PartnerRecord {
            cells: Some(kept.cells),
            places: kept.places.unwrap_or_default(),
        };
        if self.records == 1 {
            self.only = record.clone();
        }
        let Some(key) = kept.key else { return };
        // Two records with one key: neither is guessed, unless they say the same.
        self.by_key.change(
            key,
            |known| {
                let texts = |record: &PartnerRecord| -> Option<Vec<Option<String>>> {
                    let cells = record.cells.as_ref()?.iter();
                    Some(cells.map(|cell| cell.text().map(Cow::into_owned)).collect())
                };
                if texts(known) != texts(&record) {
                    known.cells = None;
                }
            },
            || record.clone(),
        );
    }
}

/// Adds a code by which a file says whose it is.
fn note_sender(value: &Val<'_>, codes: &mut BTreeSet<String>) {
    if let Some(text) = value.text() {
        let code = text.trim();
        if !code.is_empty() && codes.len() < MAX_SENDERS && !codes.contains(code) {
            codes.insert(code.to_owned());
        }
    }
}

/// What an expression sees that is about the file and no record.
fn of_whole_file<'a>(
    program: &'a Program,
    indexes: &'a Indexes,
    partners: &'a Partners,
    seen: &'a Seen,
) -> Shared<'a> {
    Shared {
        program,
        indexes,
        partners,
        local: "",
        seen,
    }
}

fn once(
    op: &Op,
    program: &Program,
    indexes: &Indexes,
    partners: &Partners,
    issues: &mut Vec<Issue>,
) -> Option<AsOfDate> {
    let seen = Seen::default();
    let shared = of_whole_file(program, indexes, partners, &seen);
    let mut cx = Cx::new(&shared, None, false);
    let value = cx.evaluate(op);
    issues.append(&mut cx.issues);
    date(&value, program)
}

fn keep(row: &Row<'_>, table: usize, columns: &[usize], key: &[usize], program: &Program) -> Kept {
    let cells = columns
        .iter()
        .map(|&column| match row.get(column) {
            Ok(Some(typed)) => kept(typed),
            _ => Val::Nothing,
        })
        .collect();
    let kinds = program
        .schema
        .tables
        .get(table)
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
    let is_whole = !key.is_empty() && parts.len() == key.len();
    Kept {
        table,
        key: is_whole.then(|| super::content::hash_parts(&parts)),
        cells,
        places: None,
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
