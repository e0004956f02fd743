//! Times as a person reads them, and how old they are.

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, Zoned};

/// London, where the people of these records live (CS-17).
fn london(at: Timestamp) -> Zoned {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    at.to_zoned(zone)
}

/// A time as `2026-02-14 09:30` in London.
pub(crate) fn stamp(at: Timestamp) -> String {
    london(at).strftime("%Y-%m-%d %H:%M").to_string()
}

/// A time as a FHIR `instant`, to the second.
pub(crate) fn instant(at: Timestamp) -> String {
    at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}

/// A FHIR date or dateTime for reading: dates and partial dates as they are, times in London.
/// What is not a FHIR time is shown as it was written.
pub(crate) fn readable(text: &str) -> String {
    if !text.contains('T') {
        return text.to_owned();
    }
    match text.parse::<Timestamp>() {
        Ok(at) => stamp(at),
        Err(_) => match text.parse::<DateTime>() {
            Ok(local) => local.strftime("%Y-%m-%d %H:%M").to_string(),
            Err(_) => text.to_owned(),
        },
    }
}

/// The last day that a FHIR date, partial date or dateTime may mean: `2026-02` may mean the 28th.
pub(crate) fn last_day(text: &str) -> Option<Date> {
    if text.contains('T') {
        return match text.parse::<Timestamp>() {
            Ok(at) => Some(london(at).date()),
            Err(_) => text.parse::<DateTime>().ok().map(|t| t.date()),
        };
    }
    match text.len() {
        4 => Date::new(text.parse().ok()?, 12, 31).ok(),
        7 => format!("{text}-01")
            .parse::<Date>()
            .ok()
            .map(|d| d.last_of_month()),
        _ => text.parse().ok(),
    }
}

/// The day of an instant in London.
pub(crate) fn day(at: Timestamp) -> Date {
    london(at).date()
}

/// How many days lie between the latest day that `text` may mean and an instant.
pub(crate) fn days_before(text: &str, at: Timestamp) -> Option<i32> {
    let then = last_day(text)?;
    then.until(day(at)).ok().map(|span| span.get_days())
}

/// Whether `text` may mean a day not more than `months` months before an instant.
pub(crate) fn within_months(text: &str, at: Timestamp, months: u32) -> Option<bool> {
    let then = last_day(text)?;
    let back = jiff::Span::new().try_months(i64::from(months)).ok()?;
    Some(then >= day(at).checked_sub(back).ok()?)
}
