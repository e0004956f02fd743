//! A table by hash that several threads read and write.

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::io;
use std::mem::size_of;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use crate::budget::{Budget, Relieve};
use crate::key::{AsIs, Key};
use crate::rewrite::order;
use crate::scratch::{Region, Scratch};
use crate::slots::{MAX_WIDTH, Slots};
use crate::value::{Reader, Stored, Writer};

/// In so many parts a table is locked, and moved to the file.
const PARTS: usize = 16;

/// A table by hash. Each part of it has a lock of its own, so that threads seldom wait.
pub struct Table<V: Stored, K: Key = u64> {
    core: Arc<Core<V, K>>,
}

struct Core<V: Stored, K: Key> {
    parts: Box<[Part<V, K>]>,
    budget: Budget,
}

struct Part<V: Stored, K: Key> {
    /// About how many bytes of memory it takes; to be read without its lock.
    bytes: AtomicUsize,
    state: Mutex<State<V, K>>,
}

/// A part that is locked.
type Locked<'c, V, K> = (&'c Part<V, K>, MutexGuard<'c, State<V, K>>);

type ByHash<V, K> = HashMap<K, V, BuildHasherDefault<AsIs>>;

struct State<V, K> {
    /// Everything; or, once something is in the file, what was asked for or changed since.
    hot: ByHash<V, K>,
    /// The bytes that its values hold beside themselves.
    held: usize,
    file: Option<Slots>,
    /// Whether anything of `hot` may differ from the file.
    is_dirty: bool,
    tail: Tail,
}

/// Where values of varying length are appended.
#[derive(Debug, Default)]
struct Tail {
    room: Region,
    next: u64,
}

/// Where a value of varying length is: its offset, its length, and how long it may become there.
const POINTER: usize = 16;

/// How many bytes stand beside a key.
const fn beside<V: Stored>() -> usize {
    match V::FIXED {
        Some(bytes) => bytes,
        None => POINTER,
    }
}

impl<V: Stored, K: Key> std::fmt::Debug for Table<V, K> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Table").finish_non_exhaustive()
    }
}

impl<V: Stored, K: Key> Table<V, K> {
    const WIDTH: usize = {
        let width = K::SIZE + beside::<V>();
        assert!(width <= MAX_WIDTH, "a slot would be too wide");
        width
    };

    /// An empty table.
    pub fn new(budget: &Budget) -> Self {
        let parts = (0..PARTS).map(|_| Part {
            bytes: AtomicUsize::new(0),
            state: Mutex::new(State {
                hot: ByHash::default(),
                held: 0,
                file: None,
                is_dirty: false,
                tail: Tail::default(),
            }),
        });
        let core = Arc::new(Core {
            parts: parts.collect(),
            budget: budget.clone(),
        });
        let weak = Arc::downgrade(&core);
        budget.register(weak);
        Self { core }
    }

    /// What stands under a hash, copied out.
    pub fn get(&self, key: K) -> Option<V>
    where
        V: Clone,
    {
        self.look(key, V::clone)
    }

    /// Looks at what stands under a hash.
    pub fn look<R>(&self, key: K, look: impl FnOnce(&V) -> R) -> Option<R> {
        let (part, mut state) = self.core.part(key)?;
        if let Some(value) = state.hot.get(&key) {
            return Some(look(value));
        }
        let value = self.core.load(&state, key)?;
        let found = look(&value);
        state.held += value.held();
        state.hot.insert(key, value);
        let grew = self.core.count(part, &mut state);
        drop(state);
        if grew {
            self.core.budget.relieve();
        }
        Some(found)
    }

    /// Changes what stands under a hash, or puts something there.
    pub fn change(&self, key: K, change: impl FnOnce(&mut V), new: impl FnOnce() -> V) {
        let Some((part, mut state)) = self.core.part(key) else {
            return;
        };
        state.is_dirty = true;
        if let Some(value) = state.hot.get_mut(&key) {
            let before = value.held();
            change(value);
            let after = value.held();
            if before == after {
                return;
            }
            state.held = (state.held + after).saturating_sub(before);
        } else {
            let value = match self.core.load(&state, key) {
                Some(mut value) => {
                    change(&mut value);
                    value
                }
                None => new(),
            };
            state.held += value.held();
            state.hot.insert(key, value);
        }
        let grew = self.core.count(part, &mut state);
        drop(state);
        if grew {
            self.core.budget.relieve();
        }
    }

    /// Puts something under a hash, whatever stood there.
    pub fn insert(&self, key: K, value: V) {
        let mut value = Some(value);
        let Some((part, mut state)) = self.core.part(key) else {
            return;
        };
        state.is_dirty = true;
        if let Some(value) = value.take() {
            let held = value.held();
            let before = state.hot.insert(key, value);
            let before = before.map_or(0, |before| before.held());
            state.held = (state.held + held).saturating_sub(before);
        }
        let grew = self.core.count(part, &mut state);
        drop(state);
        if grew {
            self.core.budget.relieve();
        }
    }
}

impl<V: Stored, K: Key> Core<V, K> {
    fn part(&self, key: K) -> Option<Locked<'_, V, K>> {
        let part = self.parts.get(key.part(PARTS))?;
        let state = part.state.lock().unwrap_or_else(PoisonError::into_inner);
        Some((part, state))
    }

    /// What the file has under a hash. What the file cannot give is noted as its failure.
    fn load(&self, state: &State<V, K>, key: K) -> Option<V> {
        let slots = state.file.as_ref()?;
        if key == K::default() || self.budget.has_failed() {
            return None;
        }
        match self.read(slots, key) {
            Ok(value) => value,
            Err(error) => {
                self.budget.fail(error);
                None
            }
        }
    }

    fn read(&self, slots: &Slots, key: K) -> io::Result<Option<V>> {
        let scratch = self.budget.scratch();
        let broken = || io::Error::new(io::ErrorKind::InvalidData, "a temporary file was damaged");
        if V::FIXED.is_some() {
            let found = slots.find(scratch, key, |bytes| V::read(&mut Reader::new(bytes)))?;
            return match found {
                None => Ok(None),
                Some(value) => value.map(Some).ok_or_else(broken),
            };
        }
        let Some(pointer) = slots.find(scratch, key, Pointer::read)? else {
            return Ok(None);
        };
        let mut bytes = vec![0; pointer.len as usize];
        scratch.read(&mut bytes, pointer.offset)?;
        V::read(&mut Reader::new(&bytes))
            .map(Some)
            .ok_or_else(broken)
    }

    /// Counts anew what a part takes; whether that is more than before.
    fn count(&self, part: &Part<V, K>, state: &mut State<V, K>) -> bool {
        let capacity = state.hot.capacity();
        let slot = size_of::<(K, V)>() + 1;
        // A map has room for seven of eight that it reserves.
        let bytes = (capacity * 8).div_ceil(7) * slot + state.held;
        let before = part.bytes.load(Ordering::Relaxed);
        if bytes == before {
            return false;
        }
        part.bytes.store(bytes, Ordering::Relaxed);
        if bytes > before {
            self.budget.grew(bytes - before);
            true
        } else {
            self.budget.shrank(before - bytes);
            false
        }
    }

    fn write(&self, state: &mut State<V, K>) -> io::Result<()> {
        let scratch = self.budget.scratch();
        let mut keys: Vec<K> = state
            .hot
            .keys()
            .copied()
            .filter(|key| *key != K::default())
            .collect();
        keys.sort_unstable_by_key(|key| order(*key));
        let State {
            hot, file, tail, ..
        } = state;
        let slots = file.get_or_insert_with(|| Slots::new(Table::<V, K>::WIDTH));
        let mut bytes = Vec::new();
        let mut pending = Pending::default();
        slots.merge(scratch, &keys, &mut |key, before, out| {
            bytes.clear();
            if let Some(value) = hot.get(&key) {
                value.write(&mut Writer::new(&mut bytes));
            }
            if V::FIXED.is_none() {
                let pointer = pending.put(scratch, tail, before.map(Pointer::read), &bytes)?;
                pointer.write(out);
                return Ok(());
            }
            if bytes.len() != out.len() {
                return Err(io::Error::other("a value of fixed length has another"));
            }
            out.copy_from_slice(&bytes);
            Ok(())
        })?;
        pending.flush(scratch)
    }
}

impl<V: Stored, K: Key> Relieve for Core<V, K> {
    fn fattest(&self) -> (usize, usize) {
        self.parts
            .iter()
            .map(|part| part.bytes.load(Ordering::Relaxed))
            .enumerate()
            .max_by_key(|(_, bytes)| *bytes)
            .unwrap_or_default()
    }

    fn spill(&self, index: usize) {
        let Some(part) = self.parts.get(index) else {
            return;
        };
        let mut state = part.state.lock().unwrap_or_else(PoisonError::into_inner);
        if state.is_dirty
            && let Err(error) = self.write(&mut state)
        {
            self.budget.fail(error);
            return;
        }
        // The key zero means a free slot in the file, so it stays.
        let zero = state.hot.remove(&K::default());
        state.hot = ByHash::default();
        state.held = 0;
        state.is_dirty = false;
        if let Some(zero) = zero {
            state.held = zero.held();
            state.hot.insert(K::default(), zero);
            state.is_dirty = true;
        }
        self.count(part, &mut state);
    }
}

impl<V: Stored, K: Key> Drop for Core<V, K> {
    fn drop(&mut self) {
        for part in &self.parts {
            self.budget.shrank(part.bytes.load(Ordering::Relaxed));
            let state = part.state.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(slots) = &state.file {
                self.budget.scratch().free(slots.region);
            }
        }
    }
}

/// Where a value of varying length is.
#[derive(Debug, Clone, Copy)]
struct Pointer {
    offset: u64,
    len: u32,
    room: u32,
}

impl Pointer {
    fn read(bytes: &[u8]) -> Self {
        let mut from = Reader::new(bytes);
        Self {
            offset: from.u64().unwrap_or(0),
            len: from.u32().unwrap_or(0),
            room: from.u32().unwrap_or(0),
        }
    }

    fn write(self, out: &mut [u8]) {
        let mut bytes = Vec::with_capacity(POINTER);
        let mut writer = Writer::new(&mut bytes);
        writer.u64(self.offset);
        writer.u32(self.len);
        writer.u32(self.room);
        out.copy_from_slice(&bytes);
    }
}

/// How many bytes are appended at once.
const APPENDED: usize = 64 << 10;

/// How much of the file is taken at once for values of one part.
const CHUNK: u64 = 256 << 10;

/// Values that are appended, not yet written.
#[derive(Debug, Default)]
struct Pending {
    offset: u64,
    bytes: Vec<u8>,
}

impl Pending {
    /// Puts a value where it was, if it fits there, or at the end. One that has grown has room to
    /// grow by half again, so that what is left behind is never more than what is there.
    fn put(
        &mut self,
        scratch: &Scratch,
        tail: &mut Tail,
        before: Option<Pointer>,
        bytes: &[u8],
    ) -> io::Result<Pointer> {
        let len = u32::try_from(bytes.len())
            .map_err(|_| io::Error::other("a value of a table is larger than 4 GB"))?;
        if let Some(before) = before
            && len <= before.room
        {
            scratch.write(bytes, before.offset)?;
            return Ok(Pointer { len, ..before });
        }
        let room = match before {
            None => len,
            Some(_) => len.saturating_add(len / 2),
        };
        let wanted = u64::from(room);
        if tail.next + wanted > tail.room.len {
            self.flush(scratch)?;
            tail.room = scratch.allocate(wanted.max(CHUNK));
            tail.next = 0;
        }
        let offset = tail.room.offset + tail.next;
        tail.next += wanted;
        if self.bytes.is_empty() {
            self.offset = offset;
        }
        self.bytes.extend_from_slice(bytes);
        self.bytes
            .resize(self.bytes.len() + (room - len) as usize, 0);
        if self.bytes.len() >= APPENDED {
            self.flush(scratch)?;
        }
        Ok(Pointer { offset, len, room })
    }

    fn flush(&mut self, scratch: &Scratch) -> io::Result<()> {
        scratch.write(&self.bytes, self.offset)?;
        self.bytes.clear();
        Ok(())
    }
}
