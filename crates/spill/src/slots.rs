//! A hash table in the temporary file: slots of one width, in the order of their keys' homes.
//!
//! A key belongs at the slot that its home falls on, or at the first free one after it. A free slot
//! is all zeros, so the key zero is never kept here. Because homes rise with the slots, a table grows
//! by being read once from its start to its end and written anew, and many changes at once are
//! written in one sweep.

use std::io;

use crate::key::Key;
use crate::scratch::{Region, Scratch};

/// The widest slot.
pub(crate) const MAX_WIDTH: usize = 48;

/// How many bytes are read to find one key.
const PROBE: usize = 512;

/// How many bytes are read at a time where most of them are wanted.
pub(crate) const SWEEP: usize = 32 << 10;

/// Gives the bytes of a key's value, which has none yet or these.
pub(crate) type Encode<'e, K> = &'e mut dyn FnMut(K, Option<&[u8]>, &mut [u8]) -> io::Result<()>;

/// The table's place and shape; what it holds is in the file.
#[derive(Debug, Clone, Default)]
pub(crate) struct Slots {
    pub region: Region,
    /// The slots that homes fall on.
    pub homes: u64,
    /// All slots: some more, for what is pushed beyond the last home.
    pub all: u64,
    /// How many are taken.
    pub count: u64,
    /// Bytes of a slot.
    pub width: usize,
}

/// Where a home falls among so many slots.
#[allow(clippy::cast_possible_truncation)]
pub(crate) fn place(home: u64, homes: u64) -> u64 {
    ((u128::from(home) * u128::from(homes)) >> 64) as u64
}

pub(crate) fn is_free<K: Key>(slot: &[u8]) -> bool {
    slot.iter().take(K::SIZE).all(|byte| *byte == 0)
}

impl Slots {
    pub fn new(width: usize) -> Self {
        Self {
            width,
            ..Self::default()
        }
    }

    fn offset(&self, slot: u64) -> u64 {
        self.region.offset + slot * self.width as u64
    }

    /// What stands beside a key.
    pub fn find<K: Key, R>(
        &self,
        scratch: &Scratch,
        key: K,
        look: impl FnOnce(&[u8]) -> R,
    ) -> io::Result<Option<R>> {
        if self.count == 0 {
            return Ok(None);
        }
        let mut buffer = [0; PROBE];
        let room = (PROBE / self.width) as u64;
        let mut at = place(key.home(), self.homes);
        while at < self.all {
            let slots = room.min(self.all - at);
            let bytes = usize::try_from(slots).unwrap_or(0) * self.width;
            let buffer = buffer.get_mut(..bytes).unwrap_or_default();
            scratch.read(buffer, self.offset(at))?;
            for slot in buffer.chunks_exact(self.width) {
                let (own, value) = slot.split_at(K::SIZE);
                if K::read(own) == key {
                    return Ok(Some(look(value)));
                }
                if is_free::<K>(slot) {
                    return Ok(None);
                }
            }
            at += slots;
        }
        Ok(None)
    }

    /// Puts keys in, or changes what stands beside them. `keys` are in the order of their homes,
    /// each once, none of them zero.
    pub fn merge<K: Key>(
        &mut self,
        scratch: &Scratch,
        keys: &[K],
        encode: Encode<'_, K>,
    ) -> io::Result<()> {
        let most = self.count + keys.len() as u64;
        let fits = most * 4 <= self.homes * 3;
        if fits && self.update(scratch, keys, encode)? {
            return Ok(());
        }
        crate::rewrite::rewrite(self, scratch, keys, encode)
    }

    /// Changes the slots where they are. Whether there was room for all.
    fn update<K: Key>(
        &mut self,
        scratch: &Scratch,
        keys: &[K],
        encode: Encode<'_, K>,
    ) -> io::Result<bool> {
        let gap = self.homes / (keys.len() as u64).max(1) * self.width as u64;
        // Far apart, little is read for each; close together, all is swept through.
        let bytes = if gap > 4096 { PROBE } else { SWEEP };
        let mut window = Window {
            buffer: vec![0; bytes / self.width * self.width],
            from: 0,
            to: 0,
            dirty: None,
        };
        for &key in keys {
            let mut at = place(key.home(), self.homes);
            loop {
                if at >= self.all {
                    window.write(self, scratch)?;
                    return Ok(false);
                }
                let slot = window.slot(self, scratch, at)?;
                let (own, value) = slot.split_at_mut(K::SIZE);
                let known = K::read(own);
                let is_new = known == K::default();
                if is_new || known == key {
                    let mut before = [0; MAX_WIDTH];
                    let before = before.get_mut(..value.len()).unwrap_or_default();
                    before.copy_from_slice(value);
                    encode(key, (!is_new).then_some(&*before), value)?;
                    key.write(own);
                    window.touched(at);
                    self.count += u64::from(is_new);
                    break;
                }
                at += 1;
            }
        }
        window.write(self, scratch)?;
        Ok(true)
    }
}

/// Some slots, read and perhaps changed.
struct Window {
    buffer: Vec<u8>,
    from: u64,
    to: u64,
    /// The first and the last slot that were changed.
    dirty: Option<(u64, u64)>,
}

impl Window {
    fn slot(&mut self, slots: &Slots, scratch: &Scratch, at: u64) -> io::Result<&mut [u8]> {
        if at < self.from || at >= self.to {
            self.write(slots, scratch)?;
            let room = (self.buffer.len() / slots.width) as u64;
            self.from = at;
            self.to = slots.all.min(at + room);
            let bytes = usize::try_from(self.to - self.from).unwrap_or(0) * slots.width;
            let buffer = self.buffer.get_mut(..bytes).unwrap_or_default();
            scratch.read(buffer, slots.offset(at))?;
        }
        let start = usize::try_from(at - self.from).unwrap_or(0) * slots.width;
        Ok(self
            .buffer
            .get_mut(start..start + slots.width)
            .unwrap_or_default())
    }

    fn touched(&mut self, at: u64) {
        self.dirty = Some(match self.dirty {
            None => (at, at),
            Some((first, last)) => (first.min(at), last.max(at)),
        });
    }

    fn write(&mut self, slots: &Slots, scratch: &Scratch) -> io::Result<()> {
        let Some((first, last)) = self.dirty.take() else {
            return Ok(());
        };
        let start = usize::try_from(first - self.from).unwrap_or(0) * slots.width;
        let end = usize::try_from(last + 1 - self.from).unwrap_or(0) * slots.width;
        let bytes = self.buffer.get(start..end).unwrap_or_default();
        scratch.write(bytes, slots.offset(first))
    }
}
