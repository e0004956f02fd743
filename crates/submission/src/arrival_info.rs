//! What is known of a file before its bytes come.

use store::Tenant;

/// What is known of a file before its bytes come.
#[derive(Debug, Clone)]
pub struct ArrivalInfo {
    /// Whose it is.
    pub tenant: Tenant,
    /// The source at that organisation, by name.
    pub source: String,
    /// The file's name as its sender gives it; only its last part is kept, and never used as a path.
    pub file_name: String,
    /// How it comes: `https`, `mesh`, `folder`, `command`.
    pub way: String,
    /// Who sends it: a client's id, a mailbox; never a person's name.
    pub sender: String,
    /// What moment the sender says it is true of: an FHIR date, dateTime or instant.
    pub stated_as_of: Option<String>,
    /// The key by which a repeated request is known: an X-Request-ID, a message id.
    pub key: Option<String>,
    /// Where a report is to be sent besides, as the way in understands it.
    pub reply_to: Option<String>,
    /// Whether the bytes are packed with gzip.
    pub gzip: bool,
}

impl ArrivalInfo {
    /// A file of a source.
    pub fn new(
        tenant: Tenant,
        source: impl Into<String>,
        file_name: impl Into<String>,
        way: impl Into<String>,
        sender: impl Into<String>,
    ) -> Self {
        Self {
            tenant,
            source: source.into(),
            file_name: file_name.into(),
            way: way.into(),
            sender: sender.into(),
            stated_as_of: None,
            key: None,
            reply_to: None,
            gzip: false,
        }
    }
}

/// The longest name that is kept, in characters.
const LONGEST_NAME: usize = 200;

/// A file's name that is safe to show and to store: the last part of a path in either system's
/// writing, without control characters and those that turn the direction of writing around.
pub(crate) fn safe_name(name: &str) -> String {
    let last = name.rsplit(['/', '\\']).next().unwrap_or_default();
    let safe: String = last
        .chars()
        .filter(|letter| {
            !letter.is_control()
                && !matches!(letter, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' | '\u{feff}')
        })
        .take(LONGEST_NAME)
        .collect();
    match safe.trim() {
        "" | "." | ".." => "file".to_owned(),
        safe => safe.to_owned(),
    }
}

/// Whether a text is an FHIR date, dateTime or instant
/// (<http://hl7.org/fhir/R4/datatypes.html#dateTime>) of a day that exists.
pub(crate) fn is_fhir_moment(text: &str) -> bool {
    let digits = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let (date, time) = match text.split_once('T') {
        Some((date, time)) => (date, Some(time)),
        None => (text, None),
    };
    let parts: Vec<&str> = date.split('-').collect();
    let shaped = match parts.as_slice() {
        [year] => digits(year, 4) && time.is_none(),
        [year, month] => digits(year, 4) && digits(month, 2) && time.is_none(),
        [year, month, day] => digits(year, 4) && digits(month, 2) && digits(day, 2),
        _ => false,
    };
    if !shaped {
        return false;
    }
    match time {
        // A time has seconds and a zone, or it is no moment.
        Some(time) => {
            let clock = time.get(..8).unwrap_or_default();
            let clock_shaped = clock.len() == 8
                && clock.bytes().enumerate().all(|(place, byte)| match place {
                    2 | 5 => byte == b':',
                    _ => byte.is_ascii_digit(),
                });
            clock_shaped && text.parse::<jiff::Timestamp>().is_ok()
        }
        None => {
            let number = |part: Option<&&str>| part.map_or(Some(1), |part| part.parse().ok());
            let (Some(year), Some(month), Some(day)) = (
                parts.first().and_then(|part| part.parse::<i16>().ok()),
                number(parts.get(1)),
                number(parts.get(2)),
            ) else {
                return false;
            };
            year > 0 && jiff::civil::Date::new(year, month, day).is_ok()
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_never_a_path() {
        for (given, kept) in [
            ("../../etc/passwd", "passwd"),
            ("C:\\exports\\home.csv", "home.csv"),
            ("home\u{0}\r\n.csv", "home.csv"),
            ("\u{202e}vsc.emoh", "vsc.emoh"),
            ("..", "file"),
            ("", "file"),
            ("a/", "file"),
        ] {
            assert_eq!(safe_name(given), kept, "{given:?}");
        }
        assert_eq!(safe_name(&"x".repeat(5000)).len(), LONGEST_NAME);
    }

    #[test]
    fn only_real_moments_are_moments() {
        for good in [
            "2026",
            "2026-11",
            "2026-11-22",
            "2024-02-29",
            "2026-11-22T09:00:00Z",
            "2026-11-22T09:00:00.123+01:00",
        ] {
            assert!(is_fhir_moment(good), "{good}");
        }
        for bad in [
            "",
            "yesterday",
            "22/11/2026",
            "2026-13-01",
            "2026-02-30",
            "2026-1-1",
            "2026-11-22T09:00",
            "2026-11-22T09:00:00",
            "2026-11-22 09:00:00Z",
            "2026-11-22T25:00:00Z",
            "20261122",
            "0000",
            "2026-11-22T09:00:00Z; drop",
        ] {
            assert!(!is_fhir_moment(bad), "{bad}");
        }
    }
}
