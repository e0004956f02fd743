//! Names of files: which are taken, and what they become.

use std::ffi::{OsStr, OsString};
use std::fmt;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use uuid::Uuid;

/// What is behind a file's name in the name of its marker.
pub(crate) const MARKER: &str = ".done";

/// How the names of files end that somebody is still writing.
const PARTIAL: &[&str] = &[
    ".part",
    ".partial",
    ".tmp",
    ".temp",
    ".filepart",
    ".crdownload",
    ".download",
    ".swp",
    ".lock",
    "~",
];

/// Whether a file of this name may be taken: no hidden one, none that is being written, no marker.
/// Spreadsheet programs put `~$` before the name of a file that is open.
pub(crate) fn may_be_taken(name: &OsStr) -> bool {
    let text = name.to_string_lossy().to_lowercase();
    !text.starts_with(['.', '~'])
        && !PARTIAL.iter().any(|end| text.ends_with(end))
        && !is_marker(name)
}

pub(crate) fn is_marker(name: &OsStr) -> bool {
    name.to_string_lossy().to_lowercase().ends_with(MARKER)
}

/// The name of a file's marker.
pub(crate) fn marker_of(name: &OsStr) -> OsString {
    let mut marker = name.to_os_string();
    marker.push(MARKER);
    marker
}

/// What a file is called by from the moment it is picked up: a time and a number, before its own
/// name. No two files have the same, so nothing is ever overwritten; it names no person, so it may be
/// logged.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ticket(String);

/// How long a ticket is: `20261122T121500Z-` and 16 digits.
const TICKET: usize = 33;
/// How many bytes of a file's own name are kept beside its ticket; systems take 255 in all, and
/// `.report.txt` must fit behind.
const OWN: usize = 190;

impl Ticket {
    pub(crate) fn fresh() -> Self {
        let time = Timestamp::now()
            .to_zoned(TimeZone::UTC)
            .strftime("%Y%m%dT%H%M%SZ")
            .to_string();
        let number = Uuid::new_v4().simple().to_string();
        Self(format!("{time}-{}", number.get(..16).unwrap_or_default()))
    }

    /// The ticket and the own name of a file in `processing`.
    pub(crate) fn read(name: &OsStr) -> Option<(Self, String)> {
        let text = name.to_str()?;
        let (ticket, own) = text.split_at_checked(TICKET)?;
        let own = own.strip_prefix('.')?;
        let shape = |(at, byte): (usize, u8)| match at {
            8 => byte == b'T',
            15 => byte == b'Z',
            16 => byte == b'-',
            17.. => byte.is_ascii_hexdigit(),
            _ => byte.is_ascii_digit(),
        };
        let is_ticket = ticket.bytes().enumerate().all(shape);
        (is_ticket && !own.is_empty()).then(|| (Self(ticket.to_owned()), own.to_owned()))
    }

    /// The name of a file with its ticket before it. What is no text in its own name, or too long,
    /// is lost; its end is kept.
    pub(crate) fn name(&self, own: &OsStr) -> String {
        let own = own.to_string_lossy();
        let own: String = own.chars().filter(|c| !c.is_control()).collect();
        format!("{}.{}", self.0, shortened(&own))
    }

    /// The ticket.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Ticket {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

fn shortened(name: &str) -> String {
    if name.is_empty() {
        return "file".to_owned();
    }
    if name.len() <= OWN {
        return name.to_owned();
    }
    let (stem, end) = match name.rsplit_once('.') {
        Some((stem, end)) if end.len() <= 20 => (stem, format!(".{end}")),
        _ => (name, String::new()),
    };
    let mut length = OWN - end.len();
    while !stem.is_char_boundary(length) {
        length -= 1;
    }
    format!("{}{end}", stem.get(..length).unwrap_or_default())
}

/// A file's own name as part of another name: never a path, never hidden.
pub(crate) fn safe_own_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let plain: String = last.chars().filter(|c| !c.is_control()).collect();
    let shown = plain.trim_start_matches('.').trim();
    shortened(shown)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_hidden_partial_or_a_marker_is_not_taken() {
        for taken in [
            "export.csv",
            "a.done.csv",
            "part.csv",
            "export",
            "Übergabe.xlsx",
        ] {
            assert!(may_be_taken(OsStr::new(taken)), "{taken}");
        }
        for left in [
            ".hidden",
            "export.csv.part",
            "EXPORT.CSV.TMP",
            "export.csv~",
            "~$export.xlsx",
            "export.filepart",
            "export.csv.done",
        ] {
            assert!(!may_be_taken(OsStr::new(left)), "{left}");
        }
    }

    #[test]
    fn a_ticket_is_found_again_in_the_name_it_is_in() {
        let long = format!("{}.csv", "ü".repeat(300));
        for own in ["export.csv", "a", "2026.11.22.csv", &long] {
            let ticket = Ticket::fresh();
            let name = ticket.name(OsStr::new(own));
            assert!(name.len() <= 233 && name.ends_with(own.get(own.len() - 1..).unwrap()));
            let (found, rest) = Ticket::read(OsStr::new(&name)).unwrap();
            assert_eq!(found, ticket);
            assert!(own.starts_with(rest.strip_suffix(".csv").unwrap_or(&rest)));
        }
        assert_eq!(Ticket::read(OsStr::new("20261122T121500Z-x.csv")), None);
        assert_eq!(Ticket::read(OsStr::new("export.csv")), None);
    }

    #[test]
    fn a_name_that_came_from_elsewhere_is_never_a_path() {
        assert_eq!(safe_own_name("../../etc/passwd"), "passwd");
        assert_eq!(safe_own_name("C:\\in\\a.csv"), "a.csv");
        assert_eq!(safe_own_name("..."), "file");
        assert_eq!(safe_own_name(".bashrc"), "bashrc");
    }
}
