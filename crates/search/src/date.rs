//! Dates as ranges of instants. A date without a zone is a day in London (CS-17), in the index and
//! in a request alike.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Span, Timestamp};

/// The half-open range that a FHIR date, dateTime or instant covers; `None` when it is none.
pub(crate) fn range(text: &str) -> Option<(Timestamp, Timestamp)> {
    match text.split_once('T') {
        None => {
            let (first, after) = days(text)?;
            Some((start(first)?, start(after)?))
        }
        Some((day, time)) => {
            days(day).filter(|_| day.len() == 10)?;
            let zoned = time.ends_with('Z') || time.contains(['+', '-']);
            let clock = time.trim_end_matches('Z');
            let clock = clock.split(['+', '-']).next()?;
            let precision = match clock.len() {
                5 => Span::new().minutes(1),
                8 => Span::new().seconds(1),
                10.. => fraction(clock)?,
                _ => return None,
            };
            let lo = if zoned {
                text_with_seconds(day, clock, time)?
                    .parse::<Timestamp>()
                    .ok()?
            } else {
                let local: DateTime = format!("{day}T{clock}").parse().ok()?;
                london().to_ambiguous_timestamp(local).compatible().ok()?
            };
            Some((lo, lo.checked_add(precision).ok()?))
        }
    }
}

/// `2020-01-01T10:00Z` is allowed in a search though not in a resource; jiff wants seconds.
fn text_with_seconds(day: &str, clock: &str, time: &str) -> Option<String> {
    let zone = time.get(clock.len()..)?;
    let seconds = if clock.len() == 5 { ":00" } else { "" };
    Some(format!("{day}T{clock}{seconds}{zone}"))
}

fn fraction(clock: &str) -> Option<Span> {
    let digits = clock.get(9..)?;
    if !digits.bytes().all(|b| b.is_ascii_digit()) {
        return None;
    }
    Some(match digits.len() {
        // The store keeps milliseconds: finer than that is one of them.
        1 => Span::new().milliseconds(100),
        2 => Span::new().milliseconds(10),
        3..=9 => Span::new().milliseconds(1),
        _ => return None,
    })
}

/// The first day of a date or partial date, and the first day after it.
fn days(text: &str) -> Option<(Date, Date)> {
    if !text.bytes().all(|b| b.is_ascii_digit() || b == b'-') {
        return None;
    }
    let (first, length) = match text.len() {
        4 => (format!("{text}-01-01"), Span::new().years(1)),
        7 => (format!("{text}-01"), Span::new().months(1)),
        10 => (text.to_owned(), Span::new().days(1)),
        _ => return None,
    };
    let first: Date = first.parse().ok()?;
    Some((first, first.checked_add(length).ok()?))
}

fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC)
}

fn start(day: Date) -> Option<Timestamp> {
    let midnight = day.at(0, 0, 0, 0);
    london().to_ambiguous_timestamp(midnight).compatible().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hours(text: &str) -> i64 {
        let (lo, hi) = range(text).unwrap();
        (hi.as_second() - lo.as_second()) / 3600
    }

    #[test]
    fn covers_what_its_precision_says() {
        assert_eq!(hours("2020"), 366 * 24);
        assert_eq!(hours("2021-02"), 28 * 24);
        assert_eq!(
            hours("2021-03-28"),
            23,
            "the day on which the clocks go forward"
        );
        assert_eq!(hours("2021-10-31"), 25);
        let (lo, hi) = range("2021-06-01T10:00+01:00").unwrap();
        assert_eq!(lo.to_string(), "2021-06-01T09:00:00Z");
        assert_eq!(hi.to_string(), "2021-06-01T09:01:00Z");
        let (lo, _) = range("2021-06-01T10:00:00").unwrap();
        assert_eq!(lo.to_string(), "2021-06-01T09:00:00Z");
        let (lo, hi) = range("2021-06-01T10:00:00.250Z").unwrap();
        assert_eq!(hi.as_millisecond() - lo.as_millisecond(), 1);
    }

    #[test]
    fn refuses_what_is_no_date() {
        for text in [
            "",
            "20",
            "2020-13",
            "2020-02-30",
            "yesterday",
            "2020-01-01T",
            "2020-01-01T1",
            "2020-1-1",
            "2020-01-01T10:00:00.Z",
            "+2020",
            "2020T10:00Z",
        ] {
            assert!(range(text).is_none(), "{text}");
        }
    }
}
