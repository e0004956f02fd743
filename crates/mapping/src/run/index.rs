//! What is known of every resource of a run before and after it is made: a few dozen bytes each, in
//! tables that share the run's memory and move to a temporary file beyond it.
//!
//! What is registered before a level is made does not change while it is made; what became of a
//! resource is noted by the ordered part of the run and read only by later levels. So threads may
//! read while another writes, and what they read does not hang on who was faster.

use std::sync::atomic::{AtomicBool, Ordering};

use json::CompactString;
use spill::{Budget, Reader, Stored, Table, Writer};

use super::cell::Filled;
use super::grouping::Group;

/// What became of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    #[default]
    Pending,
    Made,
    Refused,
    /// Its source says that it is gone.
    Retired,
}

impl State {
    fn number(self) -> u8 {
        match self {
            Self::Pending => 0,
            Self::Made => 1,
            Self::Refused => 2,
            Self::Retired => 3,
        }
    }

    fn of_number(number: u8) -> Option<Self> {
        [Self::Pending, Self::Made, Self::Refused, Self::Retired]
            .into_iter()
            .find(|state| state.number() == number)
    }
}

/// How often one id occurs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Times {
    #[default]
    Once,
    /// Several records with the same content.
    Same,
    /// Several records with different content.
    Different,
}

#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Entry {
    pub content: u32,
    pub state: State,
    pub times: Times,
}

impl Stored for Entry {
    const FIXED: Option<usize> = Some(6);

    fn write(&self, out: &mut Writer<'_>) {
        out.u32(self.content);
        out.u8(self.state.number());
        out.u8(match self.times {
            Times::Once => 0,
            Times::Same => 1,
            Times::Different => 2,
        });
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            content: from.u32()?,
            state: State::of_number(from.u8()?)?,
            times: match from.u8()? {
                0 => Times::Once,
                1 => Times::Same,
                2 => Times::Different,
                _ => return None,
            },
        })
    }
}

/// What became of what the rule made of a group.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Standing {
    id: u128,
    made: u32,
    state: State,
}

impl Stored for Standing {
    const FIXED: Option<usize> = Some(21);

    fn write(&self, out: &mut Writer<'_>) {
        out.u128(self.id);
        out.u32(self.made);
        out.u8(self.state.number());
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        Some(Self {
            id: from.u128()?,
            made: from.u32()?,
            state: State::of_number(from.u8()?)?,
        })
    }
}

/// What is known of the resources of one rule.
#[derive(Debug)]
pub(crate) struct RuleIndex {
    /// By the hash of what an id is made of.
    pub entries: Table<Entry>,
    /// By the hash of the look-up key: the hash of what the id is made of, or [`AMBIGUOUS`].
    pub lookup: Table<u64>,
    /// Of rules that others refer to: the ids.
    pub ids: Table<u128>,
    /// Of rules that group and that others refer to: what became of each group.
    pub standings: Table<Standing>,
}

/// Two resources share a look-up key.
pub(crate) const AMBIGUOUS: u64 = u64::MAX;

/// What a reference finds.
#[derive(Debug)]
pub(crate) enum Target {
    Id(CompactString),
    NotMade,
    /// With the id that it would have had, where that is known.
    Refused(Option<CompactString>),
    /// Its source says that it is gone: only what is gone with it may name it.
    Gone(CompactString),
    Ambiguous,
}

/// The groups of one plan.
#[derive(Debug)]
pub(crate) struct Groups {
    pub table: Table<Group>,
    /// Whether a record fills another's blanks anywhere.
    pub any_filler: AtomicBool,
    /// The cells that fill the blanks of winners. Written by the ordered part of the run while
    /// groups are weighed, read once that is over.
    fills: Table<Fills>,
}

impl Groups {
    fn new(budget: &Budget) -> Self {
        Self {
            table: Table::new(budget),
            any_filler: AtomicBool::new(false),
            fills: Table::new(budget),
        }
    }

    /// Notes a cell that fills a blank of a group's winner; the first of a column stands.
    pub fn fill(&self, hash: u64, filled: Filled) {
        self.fills.change(
            hash,
            |fills| {
                if !fills.0.iter().any(|known| known.column == filled.column) {
                    fills.0.push(filled.clone());
                }
            },
            || Fills(vec![filled.clone()]),
        );
    }

    /// The cells that fill the blanks of a group's winner.
    pub fn filled(&self, hash: u64) -> Vec<Filled> {
        match self.has_fillers() {
            true => self.fills.get(hash).unwrap_or_default().0,
            false => Vec::new(),
        }
    }

    /// Notes a record of a group.
    pub fn register(&self, hash: u64, record: Group) {
        let mut fills = false;
        self.table.change(
            hash,
            |group| {
                group.add(&record);
                fills = !group.fillers.is_empty();
            },
            || record.clone(),
        );
        if fills {
            self.any_filler.store(true, Ordering::Relaxed);
        }
    }

    pub fn has_fillers(&self) -> bool {
        self.any_filler.load(Ordering::Relaxed)
    }
}

/// The cells that fill the blanks of one winner.
#[derive(Debug, Clone, Default)]
struct Fills(Vec<Filled>);

impl Stored for Fills {
    const FIXED: Option<usize> = None;

    fn held(&self) -> usize {
        self.0.iter().map(Filled::size).sum()
    }

    fn write(&self, out: &mut Writer<'_>) {
        out.count(self.0.len());
        for filled in &self.0 {
            filled.write(out);
        }
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        let count = from.count()?;
        let fills: Option<Vec<Filled>> = (0..count).map(|_| Filled::read(from)).collect();
        fills.map(Self)
    }
}

/// The indexes of a run.
#[derive(Debug, Default)]
pub(crate) struct Indexes {
    /// By rule.
    pub rules: Vec<RuleIndex>,
    /// By plan of groups.
    pub groups: Vec<Groups>,
}

impl Indexes {
    pub fn new(rules: usize, groups: usize, budget: &Budget) -> Self {
        Self {
            rules: (0..rules).map(|_| RuleIndex::new(budget)).collect(),
            groups: (0..groups).map(|_| Groups::new(budget)).collect(),
        }
    }
}

impl RuleIndex {
    fn new(budget: &Budget) -> Self {
        Self {
            entries: Table::new(budget),
            lookup: Table::new(budget),
            ids: Table::new(budget),
            standings: Table::new(budget),
        }
    }

    /// The resource whose id is made of something.
    pub fn by_instance(&self, hash: u64) -> Target {
        let state = self.entries.get(hash).map(|entry| entry.state);
        target(state, self.ids.get(hash))
    }

    /// The resource of a group.
    pub fn by_group(&self, hash: u64) -> Target {
        match self.standings.get(hash) {
            Some(standing) if standing.made > 1 => Target::Ambiguous,
            Some(standing) => target(Some(standing.state), Some(standing.id)),
            None => Target::NotMade,
        }
    }

    /// Notes a record that makes a resource.
    pub fn register(&self, instance: u64, content: u32, lookup: Option<u64>) {
        self.entries.change(
            instance,
            |entry| {
                entry.times = match entry.times {
                    Times::Different => Times::Different,
                    _ if entry.content == content => Times::Same,
                    _ => Times::Different,
                };
            },
            || Entry {
                content,
                ..Entry::default()
            },
        );
        if let Some(lookup) = lookup {
            self.lookup.change(
                lookup,
                |known| {
                    if *known != instance {
                        *known = AMBIGUOUS;
                    }
                },
                || instance,
            );
        }
    }

    /// Notes what became of a resource; `id` where others may refer to it.
    pub fn note(&self, instance: Option<u64>, group: Option<u64>, state: State, id: Option<&str>) {
        if let Some(hash) = instance {
            self.entries.change(
                hash,
                |entry| entry.state = state,
                || Entry {
                    state,
                    ..Entry::default()
                },
            );
            if let (Some(id), None) = (id, group) {
                let id = read_id(id);
                self.ids.change(hash, |known| *known = id, || id);
            }
        }
        if let Some(group) = group {
            let mut new = Standing {
                state,
                ..Standing::default()
            };
            new.made += u32::from(state == State::Made);
            new.id = id.map(read_id).unwrap_or_default();
            self.standings.change(
                group,
                |standing| {
                    standing.made += new.made;
                    if standing.state != State::Made {
                        standing.state = state;
                    }
                    if id.is_some() {
                        standing.id = new.id;
                    }
                },
                || new,
            );
        }
    }
}

fn target(state: Option<State>, id: Option<u128>) -> Target {
    match (state, id) {
        (Some(State::Made), Some(id)) => Target::Id(write_id(id)),
        (Some(State::Retired), Some(id)) => Target::Gone(write_id(id)),
        (Some(State::Refused), id) => Target::Refused(id.filter(|id| *id != 0).map(write_id)),
        _ => Target::NotMade,
    }
}

/// An id of 32 hexadecimal digits as a number.
fn read_id(id: &str) -> u128 {
    u128::from_str_radix(id, 16).unwrap_or_default()
}

fn write_id(id: u128) -> CompactString {
    compact_str::format_compact!("{id:032x}")
}
