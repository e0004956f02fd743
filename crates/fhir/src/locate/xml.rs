//! Going through an XML text.

use std::collections::HashMap;

use quick_xml::Reader;
use quick_xml::events::{BytesStart, Event};

use super::tracker::Tracker;

/// Goes through a text that [`crate::xml::examine`] has taken. One that is not XML ends it where that
/// shows.
pub(super) fn scan(text: &[u8], tracker: &mut Tracker<'_>) {
    let without_mark = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let shift = text.len() - without_mark.len();
    let Ok(without_mark) = std::str::from_utf8(without_mark) else {
        return;
    };
    let mut scan = Scan {
        tracker,
        shift,
        levels: Vec::new(),
        skipped: 0,
    };
    let mut reader = Reader::from_str(without_mark);
    loop {
        let start = usize::try_from(reader.buffer_position()).unwrap_or(usize::MAX);
        match reader.read_event() {
            Ok(Event::Start(tag)) => scan.open(&tag, start),
            Ok(Event::Empty(tag)) => {
                scan.open(&tag, start);
                scan.close();
            }
            Ok(Event::End(_)) => scan.close(),
            Ok(Event::Eof) | Err(_) => return,
            Ok(_) => {}
        }
    }
}

struct Scan<'s, 'p> {
    tracker: &'s mut Tracker<'p>,
    shift: usize,
    /// For each open element that is followed, how often each name has occurred in it.
    levels: Vec<HashMap<String, usize>>,
    /// How deep inside an element that is not followed.
    skipped: usize,
}

impl Scan<'_, '_> {
    fn open(&mut self, tag: &BytesStart<'_>, start: usize) {
        if self.skipped > 0 {
            self.skipped += 1;
            return;
        }
        let start = start + self.shift;
        let name = tag.local_name().into_inner();
        let Some(level) = self.levels.last_mut() else {
            self.tracker.root(start);
            self.tracker.same();
            self.levels.push(HashMap::new());
            return;
        };
        // The resource inside `contained` or `resource` has no name in FHIRPath.
        if name.starts_with(|c: char| c.is_ascii_uppercase()) {
            self.tracker.same();
            self.levels.push(HashMap::new());
            return;
        }
        let occurrence = match level.get_mut(name) {
            Some(seen) => {
                *seen += 1;
                *seen
            }
            None => {
                level.insert(name.to_owned(), 0);
                0
            }
        };
        if self.tracker.child(name, Some(occurrence), start, false) {
            self.levels.push(HashMap::new());
        } else {
            self.skipped = 1;
        }
    }

    fn close(&mut self) {
        if self.skipped > 0 {
            self.skipped -= 1;
        } else if self.levels.pop().is_some() {
            self.tracker.up();
        }
    }
}
