//! Dates and times: the format as R4 writes it, and the calendar.

use super::Malformed;

const DATE: Malformed = Malformed("is not a date: write YYYY, YYYY-MM or YYYY-MM-DD");
const CALENDAR: Malformed = Malformed("is not a day of the calendar");
const TIME: Malformed = Malformed("is not a time of day: write hh:mm:ss, 00:00:00 to 23:59:59");
const ZONE: Malformed = Malformed("needs a time zone, Z or +hh:mm, because it has a time");

pub(super) fn date(text: &str) -> Result<(), Malformed> {
    match text.len() {
        4 | 7 | 10 => day(text.as_bytes()),
        _ => Err(DATE),
    }
}

pub(super) fn date_time(text: &str) -> Result<(), Malformed> {
    let bytes = text.as_bytes();
    match bytes.split_at_checked(10) {
        None => date(text),
        Some((date, [])) => day(date),
        Some((date, [b'T', rest @ ..])) => {
            day(date)?;
            zone(clock(rest)?)
        }
        Some(_) => Err(Malformed(
            "is not a dateTime: write YYYY, YYYY-MM, YYYY-MM-DD or YYYY-MM-DDThh:mm:ss+zz:zz",
        )),
    }
}

pub(super) fn instant(text: &str) -> Result<(), Malformed> {
    match text.as_bytes().split_at_checked(10) {
        Some((date, [b'T', rest @ ..])) => {
            day(date)?;
            zone(clock(rest)?)
        }
        _ => Err(Malformed(
            "is not an instant: write YYYY-MM-DDThh:mm:ss+zz:zz",
        )),
    }
}

pub(super) fn time(text: &str) -> Result<(), Malformed> {
    match clock(text.as_bytes())? {
        [] => Ok(()),
        _ => Err(Malformed(
            "is a time with something after it: write hh:mm:ss",
        )),
    }
}

/// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
fn day(text: &[u8]) -> Result<(), Malformed> {
    let (year, rest) = number::<4>(text).ok_or(DATE)?;
    if year == 0 {
        return Err(CALENDAR);
    }
    let (month, rest) = match rest {
        [] => return Ok(()),
        [b'-', rest @ ..] => number::<2>(rest).ok_or(DATE)?,
        _ => return Err(DATE),
    };
    let (day, rest) = match rest {
        [] => (1, rest),
        [b'-', rest @ ..] => number::<2>(rest).ok_or(DATE)?,
        _ => return Err(DATE),
    };
    if !rest.is_empty() {
        return Err(DATE);
    }
    let exists = i8::try_from(month)
        .ok()
        .zip(i8::try_from(day).ok())
        .is_some_and(|(month, day)| jiff::civil::Date::new(year, month, day).is_ok());
    if exists { Ok(()) } else { Err(CALENDAR) }
}

/// `hh:mm:ss` and an optional fraction; gives back what follows. 60 seconds are a leap second.
fn clock(text: &[u8]) -> Result<&[u8], Malformed> {
    let (hour, rest) = number::<2>(text).ok_or(TIME)?;
    let rest = rest.strip_prefix(b":").ok_or(TIME)?;
    let (minute, rest) = number::<2>(rest).ok_or(TIME)?;
    let rest = rest.strip_prefix(b":").ok_or(TIME)?;
    let (second, rest) = number::<2>(rest).ok_or(TIME)?;
    if hour > 23 || minute > 59 || second > 60 {
        return Err(TIME);
    }
    match rest.strip_prefix(b".") {
        None => Ok(rest),
        Some(fraction) => {
            let end = fraction
                .iter()
                .position(|b| !b.is_ascii_digit())
                .unwrap_or(fraction.len());
            match fraction.split_at_checked(end) {
                Some((digits, rest)) if !digits.is_empty() => Ok(rest),
                _ => Err(TIME),
            }
        }
    }
}

/// `Z`, or an offset up to 14:00.
fn zone(text: &[u8]) -> Result<(), Malformed> {
    let offset = match text {
        b"Z" => return Ok(()),
        [b'+' | b'-', offset @ ..] => offset,
        _ => return Err(ZONE),
    };
    let (hours, rest) = number::<2>(offset).ok_or(ZONE)?;
    let rest = rest.strip_prefix(b":").ok_or(ZONE)?;
    let (minutes, rest) = number::<2>(rest).ok_or(ZONE)?;
    let within = (hours < 14 && minutes < 60) || (hours == 14 && minutes == 0);
    if within && rest.is_empty() {
        Ok(())
    } else {
        Err(Malformed("has a time zone that does not exist"))
    }
}

/// Exactly `N` digits at the front, and what follows them.
fn number<const N: usize>(text: &[u8]) -> Option<(i16, &[u8])> {
    let (digits, rest) = text.split_first_chunk::<N>()?;
    let mut number = 0i16;
    for digit in digits {
        if !digit.is_ascii_digit() {
            return None;
        }
        number = number * 10 + i16::from(digit - b'0');
    }
    Some((number, rest))
}
