//! Where in a text the parts of a value stand.

/// What [`scan`] tells about a text as it goes through it.
pub trait Visitor {
    /// A member of an object: its name and where that begins. `false` passes over its value without
    /// looking into it; `true` looks, and [`Visitor::leave`] ends it.
    fn member(&mut self, name: &str, offset: usize, value: Begins) -> bool;

    /// An item of an array: its index and where it begins; the answer as for a member.
    fn item(&mut self, index: usize, offset: usize, value: Begins) -> bool;

    /// The value that was last looked into ends.
    fn leave(&mut self);

    /// Whether all is found that was looked for, so that nobody need read on.
    fn is_done(&self) -> bool {
        false
    }
}

/// What a value is, by its first byte.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Begins {
    /// `null`.
    Null,
    /// An object.
    Object,
    /// An array.
    Array,
    /// Anything else.
    Other,
}

/// Goes through a text that [`crate::parse`] has taken, and tells a visitor where the members and
/// items stand. It makes no tree and goes only where the visitor wants to go, so it is fit for
/// finding some places of a large text. A text that is not JSON ends the scan where that shows.
pub fn scan(text: &[u8], visitor: &mut impl Visitor) {
    let mut scan = Scan { text, at: 0 };
    if text.starts_with(crate::position::BYTE_ORDER_MARK) {
        scan.at = crate::position::BYTE_ORDER_MARK.len();
    }
    scan.space();
    let _ = scan.value(visitor, 0);
}

struct Scan<'t> {
    text: &'t [u8],
    at: usize,
}

impl<'t> Scan<'t> {
    fn peek(&self) -> Option<u8> {
        self.text.get(self.at).copied()
    }

    fn space(&mut self) {
        while matches!(self.peek(), Some(b' ' | b'\t' | b'\n' | b'\r')) {
            self.at += 1;
        }
    }

    fn begins(&self) -> Begins {
        match self.peek() {
            Some(b'{') => Begins::Object,
            Some(b'[') => Begins::Array,
            Some(b'n') => Begins::Null,
            _ => Begins::Other,
        }
    }

    /// Behind a comma: `Some(true)` when there is one, `Some(false)` at the end.
    fn more(&mut self, end: u8) -> Option<bool> {
        self.space();
        let found = self.peek()?;
        self.at += 1;
        match found {
            b',' => {
                self.space();
                Some(true)
            }
            found if found == end => Some(false),
            _ => None,
        }
    }

    /// A value that is looked into. `None` where the text is not JSON.
    fn value(&mut self, visitor: &mut impl Visitor, depth: usize) -> Option<()> {
        if depth > crate::MAX_DEPTH {
            return None;
        }
        match self.begins() {
            Begins::Object => {
                self.at += 1;
                self.space();
                if self.peek() == Some(b'}') {
                    self.at += 1;
                    return Some(());
                }
                loop {
                    let start = self.at;
                    let name = self.name()?;
                    self.space();
                    if self.peek() != Some(b':') {
                        return None;
                    }
                    self.at += 1;
                    self.space();
                    let inside = visitor.member(&name, start, self.begins());
                    if visitor.is_done() {
                        return None;
                    }
                    if inside {
                        self.value(visitor, depth + 1)?;
                        visitor.leave();
                    } else {
                        self.skip()?;
                    }
                    if !self.more(b'}')? {
                        return Some(());
                    }
                }
            }
            Begins::Array => {
                self.at += 1;
                self.space();
                if self.peek() == Some(b']') {
                    self.at += 1;
                    return Some(());
                }
                let mut index = 0;
                loop {
                    let inside = visitor.item(index, self.at, self.begins());
                    if visitor.is_done() {
                        return None;
                    }
                    if inside {
                        self.value(visitor, depth + 1)?;
                        visitor.leave();
                    } else {
                        self.skip()?;
                    }
                    index += 1;
                    if !self.more(b']')? {
                        return Some(());
                    }
                }
            }
            _ => self.skip(),
        }
    }

    /// A member's name, decoded only when it holds an escape.
    fn name(&mut self) -> Option<std::borrow::Cow<'t, str>> {
        let start = self.at;
        let escaped = self.string()?;
        let raw = self.text.get(start..self.at)?;
        if escaped {
            let value = crate::parse(raw).ok()?;
            return Some(value.as_str()?.to_owned().into());
        }
        let inner = raw.get(1..raw.len().checked_sub(1)?)?;
        std::str::from_utf8(inner).ok().map(Into::into)
    }

    /// Goes past a string; whether it holds an escape.
    fn string(&mut self) -> Option<bool> {
        if self.peek() != Some(b'"') {
            return None;
        }
        let mut escaped = false;
        self.at += 1;
        loop {
            let rest = self.text.get(self.at..)?;
            let special = rest.iter().position(|byte| matches!(byte, b'"' | b'\\'))?;
            self.at += special;
            if self.peek()? == b'"' {
                self.at += 1;
                return Some(escaped);
            }
            escaped = true;
            self.at += 2;
        }
    }

    /// Goes past a value.
    fn skip(&mut self) -> Option<()> {
        let mut depth = 0usize;
        loop {
            match self.peek()? {
                b'"' => {
                    self.string()?;
                }
                b'{' | b'[' => {
                    depth += 1;
                    self.at += 1;
                }
                b'}' | b']' if depth == 0 => return Some(()),
                b'}' | b']' => {
                    depth -= 1;
                    self.at += 1;
                }
                b',' if depth == 0 => return Some(()),
                _ => self.at += 1,
            }
            if depth == 0 && matches!(self.text.get(self.at - 1), Some(b'"' | b'}' | b']')) {
                return Some(());
            }
        }
    }
}
