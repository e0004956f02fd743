//! Finding by name, fast: the members of a plan, and what was once looked up.

use std::collections::HashMap;
use std::sync::{OnceLock, PoisonError, RwLock};

/// A number that tells most names of FHIR apart: from the length and the last eight bytes, since
/// urls and the members of a choice begin alike. Names that share it are told apart by comparing.
pub(crate) fn quick_hash(name: &str) -> u64 {
    let bytes = name.as_bytes();
    let end = match bytes.last_chunk::<8>() {
        Some(end) => u64::from_le_bytes(*end),
        None => bytes
            .iter()
            .fold(0, |end, byte| (end << 8) | u64::from(*byte)),
    };
    let mixed = (end ^ ((name.len() as u64) << 5)).wrapping_mul(0x9E37_79B9_7F4A_7C15);
    mixed ^ (mixed >> 32)
}

/// Where names are in a list: a table twice as large as the list, looked through from a name's own
/// slot to the next empty one.
#[derive(Debug, Default)]
pub(crate) struct NameIndex(Box<[u16]>);

impl NameIndex {
    /// The index of a list. Of more names than any type of FHIR has, those at the end are left out.
    pub fn new<'n>(names: impl ExactSizeIterator<Item = &'n str>) -> Self {
        let size = (names.len().min(MAX_NAMES) * 2).next_power_of_two().max(2);
        let mut slots = vec![0u16; size];
        for (name, number) in names.zip(1..=MAX_NAMES) {
            let mut at = start(name, size);
            while slots.get(at).is_some_and(|slot| *slot != 0) {
                at = (at + 1) & (size - 1);
            }
            if let (Some(slot), Ok(number)) = (slots.get_mut(at), u16::try_from(number)) {
                *slot = number;
            }
        }
        Self(slots.into())
    }

    /// What `fits` says of the place of a name in the list, where it says something.
    pub fn find<T>(&self, name: &str, fits: impl Fn(usize) -> Option<T>) -> Option<T> {
        let mut at = start(name, self.0.len());
        loop {
            let number = usize::from(*self.0.get(at)?);
            if let Some(found) = fits(number.checked_sub(1)?) {
                return Some(found);
            }
            at = (at + 1) & (self.0.len() - 1);
        }
    }
}

/// The longest list of names.
const MAX_NAMES: usize = 30_000;

#[allow(
    clippy::cast_possible_truncation,
    reason = "only the low bits of a hash are wanted"
)]
fn start(name: &str, size: usize) -> usize {
    quick_hash(name) as usize & size.wrapping_sub(1)
}

/// How many answers are found without a lock, a power of two.
const SLOTS: usize = 512;

/// How many slots from its own an answer may lie.
const PROBES: usize = 4;

/// How many more are remembered. Names come from data: beyond this they are looked up each time.
const MAX_MORE: usize = 10_000;

/// Room for a name and what was found under it.
type Slot<T> = OnceLock<(Box<str>, T)>;

/// What was found under names. The first ones are found again without a lock, so that threads do not
/// wait for each other; they are never forgotten, and what does not fit among them lies behind a lock.
#[derive(Debug)]
pub(crate) struct Remembered<T> {
    slots: Box<[Slot<T>]>,
    more: RwLock<HashMap<Box<str>, T>>,
}

impl<T> Default for Remembered<T> {
    fn default() -> Self {
        Self {
            slots: (0..SLOTS).map(|_| OnceLock::new()).collect(),
            more: RwLock::default(),
        }
    }
}

impl<T: Copy> Remembered<T> {
    /// What is remembered of a name, or what `look_up` finds, which is remembered.
    pub fn get(&self, name: &str, look_up: impl FnOnce() -> T) -> T {
        for slot in self.probes(name) {
            match slot.get() {
                Some((known, answer)) if **known == *name => return *answer,
                Some(_) => {}
                None => break,
            }
        }
        self.slow(name, look_up)
    }

    #[cold]
    fn slow(&self, name: &str, look_up: impl FnOnce() -> T) -> T {
        let more = self.more.read().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = more.get(name) {
            return *answer;
        }
        drop(more);
        let answer = look_up();
        for slot in self.probes(name) {
            let (known, answer) = slot.get_or_init(|| (name.into(), answer));
            // Another thread may have taken the slot, for this name or for another.
            if **known == *name {
                return *answer;
            }
        }
        let mut more = self.more.write().unwrap_or_else(PoisonError::into_inner);
        if more.len() < MAX_MORE {
            more.insert(name.into(), answer);
        }
        answer
    }

    fn probes(&self, name: &str) -> impl Iterator<Item = &Slot<T>> {
        let start = start(name, SLOTS);
        (0..PROBES).filter_map(move |step| self.slots.get((start + step) & (SLOTS - 1)))
    }
}
