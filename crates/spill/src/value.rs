//! Values as bytes.

use std::sync::Arc;

/// A value that a table can keep in a file.
pub trait Stored: Sized + Send + 'static {
    /// How many bytes it always takes; nothing for one whose length varies.
    const FIXED: Option<usize>;

    /// About how many bytes it holds beside itself: what it points to.
    fn held(&self) -> usize {
        0
    }

    /// Writes it.
    fn write(&self, out: &mut Writer<'_>);

    /// Reads what was written; nothing where the bytes are not that.
    fn read(from: &mut Reader<'_>) -> Option<Self>;
}

/// Takes the parts of a value.
#[derive(Debug)]
pub struct Writer<'b>(&'b mut Vec<u8>);

impl<'b> Writer<'b> {
    /// One that appends.
    pub fn new(out: &'b mut Vec<u8>) -> Self {
        Self(out)
    }

    /// A byte.
    pub fn u8(&mut self, value: u8) {
        self.0.push(value);
    }

    /// A number.
    pub fn u16(&mut self, value: u16) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A number.
    pub fn u32(&mut self, value: u32) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A number.
    pub fn u64(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A number.
    pub fn i64(&mut self, value: i64) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// A number.
    pub fn u128(&mut self, value: u128) {
        self.0.extend_from_slice(&value.to_le_bytes());
    }

    /// How many of something follow.
    pub fn count(&mut self, count: usize) {
        self.u64(count as u64);
    }

    /// A text.
    pub fn text(&mut self, text: &str) {
        self.count(text.len());
        self.0.extend_from_slice(text.as_bytes());
    }

    /// Something that may be absent.
    pub fn option<T>(&mut self, value: Option<T>, write: impl FnOnce(&mut Self, T)) {
        match value {
            None => self.u8(0),
            Some(value) => {
                self.u8(1);
                write(self, value);
            }
        }
    }
}

/// Gives the parts of a value back in their order.
#[derive(Debug)]
pub struct Reader<'b>(&'b [u8]);

impl<'b> Reader<'b> {
    /// One over bytes.
    pub fn new(bytes: &'b [u8]) -> Self {
        Self(bytes)
    }

    fn take(&mut self, count: usize) -> Option<&'b [u8]> {
        let (taken, rest) = self.0.split_at_checked(count)?;
        self.0 = rest;
        Some(taken)
    }

    fn array<const N: usize>(&mut self) -> Option<[u8; N]> {
        self.take(N)?.try_into().ok()
    }

    /// A byte.
    pub fn u8(&mut self) -> Option<u8> {
        self.array().map(u8::from_le_bytes)
    }

    /// A number.
    pub fn u16(&mut self) -> Option<u16> {
        self.array().map(u16::from_le_bytes)
    }

    /// A number.
    pub fn u32(&mut self) -> Option<u32> {
        self.array().map(u32::from_le_bytes)
    }

    /// A number.
    pub fn u64(&mut self) -> Option<u64> {
        self.array().map(u64::from_le_bytes)
    }

    /// A number.
    pub fn i64(&mut self) -> Option<i64> {
        self.array().map(i64::from_le_bytes)
    }

    /// A number.
    pub fn u128(&mut self) -> Option<u128> {
        self.array().map(u128::from_le_bytes)
    }

    /// How many of something follow: no more than there are bytes left, so that nothing is reserved
    /// for what cannot be there.
    pub fn count(&mut self) -> Option<usize> {
        usize::try_from(self.u64()?)
            .ok()
            .filter(|&count| count <= self.0.len())
    }

    /// A number that counts nothing that follows.
    pub fn index(&mut self) -> Option<usize> {
        usize::try_from(self.u64()?).ok()
    }

    /// A text.
    pub fn text(&mut self) -> Option<&'b str> {
        let count = self.count()?;
        std::str::from_utf8(self.take(count)?).ok()
    }

    /// Something that may be absent; the outer nothing is a fault in the bytes.
    pub fn option<T>(&mut self, read: impl FnOnce(&mut Self) -> Option<T>) -> Option<Option<T>> {
        match self.u8()? {
            0 => Some(None),
            1 => read(self).map(Some),
            _ => None,
        }
    }
}

impl Stored for () {
    const FIXED: Option<usize> = Some(0);

    fn write(&self, _: &mut Writer<'_>) {}

    fn read(_: &mut Reader<'_>) -> Option<Self> {
        Some(())
    }
}

/// Sharing is not kept: what is read is a copy.
impl<V: Stored + Sync> Stored for Arc<V> {
    const FIXED: Option<usize> = V::FIXED;

    fn held(&self) -> usize {
        size_of::<V>() + V::held(self)
    }

    fn write(&self, out: &mut Writer<'_>) {
        V::write(self, out);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        V::read(from).map(Self::new)
    }
}

impl Stored for u32 {
    const FIXED: Option<usize> = Some(4);

    fn write(&self, out: &mut Writer<'_>) {
        out.u32(*self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.u32()
    }
}

impl Stored for u64 {
    const FIXED: Option<usize> = Some(8);

    fn write(&self, out: &mut Writer<'_>) {
        out.u64(*self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.u64()
    }
}

impl Stored for u128 {
    const FIXED: Option<usize> = Some(16);

    fn write(&self, out: &mut Writer<'_>) {
        out.u128(*self);
    }

    fn read(from: &mut Reader<'_>) -> Option<Self> {
        from.u128()
    }
}
