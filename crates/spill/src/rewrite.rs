//! A table that is read in its order and written anew, larger, with what is new merged in.

use std::io;

use crate::key::Key;
use crate::scratch::{Region, Scratch};
use crate::slots::{Encode, MAX_WIDTH, SWEEP, Slots, is_free, place};

/// Writes a table anew with room for as much again, and gives its old place back.
pub(crate) fn rewrite<K: Key>(
    slots: &mut Slots,
    scratch: &Scratch,
    keys: &[K],
    encode: Encode<'_, K>,
) -> io::Result<()> {
    let most = slots.count + keys.len() as u64;
    let homes = (most * 2).max(32);
    // Usually few are pushed beyond the last home; all of them would be the worst.
    for beyond in [64 + homes / 64, most + 1] {
        let mut new = Slots {
            homes,
            all: homes + beyond,
            width: slots.width,
            ..Slots::default()
        };
        new.region = scratch.allocate(new.all * new.width as u64);
        if fill(slots, &mut new, scratch, keys, encode)? {
            scratch.free(slots.region);
            *slots = new;
            return Ok(());
        }
        scratch.free(new.region);
    }
    Err(io::Error::other(
        "a table of a temporary file has no room for its own entries",
    ))
}

/// Whether there was room.
fn fill<K: Key>(
    old: &Slots,
    new: &mut Slots,
    scratch: &Scratch,
    keys: &[K],
    encode: Encode<'_, K>,
) -> io::Result<bool> {
    let mut sweep = Sweep::new(old);
    let mut next = sweep.next::<K>(scratch)?;
    let mut out = Out::new(new.region, new.width);
    let mut keys = keys.iter().copied().peekable();
    let mut slot = [0; MAX_WIDTH];
    let slot = slot.get_mut(..new.width).unwrap_or_default();
    loop {
        let from_old = match (&next, keys.peek()) {
            (None, None) => break,
            (Some(_), None) => true,
            (None, Some(_)) => false,
            (Some(known), Some(key)) => {
                let known = K::read(known.key::<K>());
                // Keys of one home are in no order among themselves, but equal ones are found: what
                // is changed is looked for among all of its home.
                order(known) < order(*key)
            }
        };
        let home;
        if from_old {
            let Some(known) = next.take() else { break };
            slot.copy_from_slice(known.bytes.get(..new.width).unwrap_or_default());
            home = K::read(known.key::<K>()).home();
            next = sweep.next::<K>(scratch)?;
        } else {
            let Some(key) = keys.next() else { break };
            home = key.home();
            let (own, value) = slot.split_at_mut(K::SIZE);
            let same = next.take_if(|known| K::read(known.key::<K>()) == key);
            value.fill(0);
            match &same {
                Some(known) => {
                    let before = known.bytes.get(K::SIZE..new.width).unwrap_or_default();
                    encode(key, Some(before), value)?;
                }
                None => encode(key, None, value)?,
            }
            key.write(own);
            if same.is_some() {
                next = sweep.next::<K>(scratch)?;
            }
        }
        let at = place(home, new.homes).max(out.next);
        if at >= new.all {
            return Ok(false);
        }
        out.put(scratch, at, slot)?;
        new.count += 1;
    }
    out.finish(scratch, new.all)?;
    Ok(true)
}

/// What orders keys: their homes, and among equal homes something that is theirs alone.
pub(crate) fn order<K: Key>(key: K) -> (u64, [u8; 16]) {
    let mut own = [0; 16];
    key.write(own.get_mut(..K::SIZE).unwrap_or_default());
    (key.home(), own)
}

/// A slot that was read.
#[derive(Debug, Clone, Copy)]
struct Read {
    bytes: [u8; MAX_WIDTH],
}

impl Read {
    fn key<K: Key>(&self) -> &[u8] {
        self.bytes.get(..K::SIZE).unwrap_or_default()
    }
}

/// The taken slots of a table, in the order of their keys.
struct Sweep<'s> {
    slots: &'s Slots,
    buffer: Vec<u8>,
    /// How much of the buffer is filled, and where in it the next slot is.
    filled: usize,
    at: usize,
    /// The next slot to be read from the file.
    next: u64,
    /// Neighbours without a free slot between them, last first: only they may be out of order.
    run: Vec<Read>,
}

impl<'s> Sweep<'s> {
    fn new(slots: &'s Slots) -> Self {
        let bytes = SWEEP / slots.width.max(1) * slots.width;
        Self {
            slots,
            buffer: vec![0; if slots.count == 0 { 0 } else { bytes }],
            filled: 0,
            at: 0,
            next: if slots.count == 0 { slots.all } else { 0 },
            run: Vec::new(),
        }
    }

    fn next<K: Key>(&mut self, scratch: &Scratch) -> io::Result<Option<Read>> {
        if let Some(read) = self.run.pop() {
            return Ok(Some(read));
        }
        loop {
            if self.at == self.filled && !self.fill(scratch)? {
                break;
            }
            let width = self.slots.width;
            let slot = self
                .buffer
                .get(self.at..self.at + width)
                .unwrap_or_default();
            self.at += width;
            if is_free::<K>(slot) {
                if self.run.is_empty() {
                    continue;
                }
                break;
            }
            let mut bytes = [0; MAX_WIDTH];
            bytes
                .get_mut(..width)
                .unwrap_or_default()
                .copy_from_slice(slot);
            self.run.push(Read { bytes });
        }
        self.run
            .sort_unstable_by_key(|read| std::cmp::Reverse(order(K::read(read.key::<K>()))));
        Ok(self.run.pop())
    }

    fn fill(&mut self, scratch: &Scratch) -> io::Result<bool> {
        if self.next >= self.slots.all {
            return Ok(false);
        }
        let width = self.slots.width as u64;
        let room = self.buffer.len() as u64 / width;
        let slots = room.min(self.slots.all - self.next);
        self.filled = usize::try_from(slots * width).unwrap_or(0);
        self.at = 0;
        let buffer = self.buffer.get_mut(..self.filled).unwrap_or_default();
        scratch.read(buffer, self.slots.region.offset + self.next * width)?;
        self.next += slots;
        Ok(true)
    }
}

/// Slots that are written one after another, free ones between them.
struct Out {
    region: Region,
    width: usize,
    buffer: Vec<u8>,
    written: u64,
    next: u64,
}

impl Out {
    fn new(region: Region, width: usize) -> Self {
        Self {
            region,
            width,
            buffer: Vec::with_capacity(SWEEP),
            written: 0,
            next: 0,
        }
    }

    fn flush(&mut self, scratch: &Scratch) -> io::Result<()> {
        scratch.write(&self.buffer, self.region.offset + self.written)?;
        self.written += self.buffer.len() as u64;
        self.buffer.clear();
        Ok(())
    }

    fn push(&mut self, scratch: &Scratch, slot: &[u8]) -> io::Result<()> {
        if self.buffer.len() + slot.len() > SWEEP {
            self.flush(scratch)?;
        }
        self.buffer.extend_from_slice(slot);
        self.next += 1;
        Ok(())
    }

    fn put(&mut self, scratch: &Scratch, at: u64, slot: &[u8]) -> io::Result<()> {
        let free = [0; MAX_WIDTH];
        let free = free.get(..self.width).unwrap_or_default();
        while self.next < at {
            self.push(scratch, free)?;
        }
        self.push(scratch, slot)
    }

    fn finish(&mut self, scratch: &Scratch, all: u64) -> io::Result<()> {
        let free = [0; MAX_WIDTH];
        let free = free.get(..self.width).unwrap_or_default();
        while self.next < all {
            self.push(scratch, free)?;
        }
        self.flush(scratch)
    }
}
