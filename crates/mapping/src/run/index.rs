//! What is known of every resource of a run before and after it is made: a few dozen bytes each.

use std::collections::HashMap;
use std::hash::{BuildHasherDefault, Hasher};

use json::CompactString;

use super::grouping::Group;

/// What became of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum State {
    #[default]
    Pending,
    Made,
    NotMade,
    Refused,
    /// Its source says that it is gone.
    Retired,
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

/// A map whose keys are hashes already: hashing them again would only cost.
pub(crate) type ByHash<V> = HashMap<u64, V, BuildHasherDefault<AsIs>>;

/// Takes a hash as it is.
#[derive(Debug, Default, Clone, Copy)]
pub(crate) struct AsIs(u64);

impl Hasher for AsIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for byte in bytes {
            self.0 = self.0.rotate_left(8) ^ u64::from(*byte);
        }
    }

    fn write_u64(&mut self, hash: u64) {
        self.0 = hash;
    }
}

/// What is known of the resources of one rule.
#[derive(Debug, Default)]
pub(crate) struct RuleIndex {
    /// By the hash of what an id is made of.
    pub entries: ByHash<Entry>,
    /// By the hash of the look-up key: the hash of what the id is made of, or [`AMBIGUOUS`].
    pub lookup: ByHash<u64>,
    /// Of rules that others refer to: the ids.
    pub ids: ByHash<u128>,
    /// Of rules that group: the groups, by the hash of their key.
    pub groups: ByHash<Group>,
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

/// The indexes of all rules.
#[derive(Debug, Default)]
pub(crate) struct Indexes {
    pub rules: Vec<RuleIndex>,
}

impl Indexes {
    pub fn new(rules: usize) -> Self {
        Self {
            rules: (0..rules).map(|_| RuleIndex::default()).collect(),
        }
    }
}

impl RuleIndex {
    /// The resource that a look-up key names.
    pub fn by_lookup(&self, hash: u64, grouped: bool) -> Target {
        if grouped {
            return self.by_group(hash);
        }
        match self.lookup.get(&hash) {
            None => Target::NotMade,
            Some(&AMBIGUOUS) => Target::Ambiguous,
            Some(instance) => self.by_instance(*instance),
        }
    }

    /// The resource whose id is made of something.
    pub fn by_instance(&self, hash: u64) -> Target {
        let state = self.entries.get(&hash).map(|entry| entry.state);
        self.target(state, self.ids.get(&hash).copied())
    }

    /// The resource of a group.
    pub fn by_group(&self, hash: u64) -> Target {
        match self.groups.get(&hash) {
            Some(group) if group.made > 1 => Target::Ambiguous,
            Some(group) => self.target(Some(group.state), Some(group.id)),
            None => Target::NotMade,
        }
    }

    fn target(&self, state: Option<State>, id: Option<u128>) -> Target {
        match (state, id) {
            (Some(State::Made), Some(id)) => Target::Id(write_id(id)),
            (Some(State::Retired), Some(id)) => Target::Gone(write_id(id)),
            (Some(State::Refused), id) => Target::Refused(id.filter(|id| *id != 0).map(write_id)),
            _ => Target::NotMade,
        }
    }

    /// Notes a record that makes a resource.
    pub fn register(&mut self, instance: u64, content: u32, lookup: Option<u64>) {
        self.entries
            .entry(instance)
            .and_modify(|entry| {
                entry.times = match entry.times {
                    Times::Different => Times::Different,
                    _ if entry.content == content => Times::Same,
                    _ => Times::Different,
                };
            })
            .or_insert(Entry {
                content,
                ..Entry::default()
            });
        if let Some(lookup) = lookup {
            self.lookup
                .entry(lookup)
                .and_modify(|known| {
                    if *known != instance {
                        *known = AMBIGUOUS;
                    }
                })
                .or_insert(instance);
        }
    }
}

/// An id of 32 hexadecimal digits as a number.
pub(crate) fn read_id(id: &str) -> u128 {
    u128::from_str_radix(id, 16).unwrap_or_default()
}

fn write_id(id: u128) -> CompactString {
    compact_str::format_compact!("{id:032x}")
}
