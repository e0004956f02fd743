//! Dates and times: never a guessed century, day order or offset.

use std::borrow::Cow;

use diagnostics::IssueType;
use jiff::civil;
use jiff::tz::{AmbiguousOffset, TimeZone};

use super::{shown, wrong_type};
use crate::codes;
use crate::date_pattern::{DatePattern, Fields};
use crate::problem::CellProblem;
use crate::schema::ColumnType;
use crate::typed::Reading;
use crate::value::{Clock, Date, DateTime, RawCell, Typed};

pub(super) fn date<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
    formats: &[DatePattern],
    epoch_1904: bool,
) -> Result<Reading<'a>, CellProblem> {
    let said = said(kind, raw, formats, epoch_1904)?;
    let (date, time) = match said {
        Said::Real(at) => (Date::from(at.date()), at.time() != civil::Time::midnight()),
        Said::Day(date) => (Date::from(date), false),
        Said::Written(fields) => {
            let time = [fields.hour, fields.minute, fields.second];
            let timed = time.iter().flatten().any(|part| *part != 0);
            (fields.date(), timed || fields.nanosecond != 0)
        }
    };
    let warning = time.then(|| {
        CellProblem::warning(
            codes::TIME_LEFT_OUT,
            "the cell holds a time of day, and its column is one of dates: the time was left out",
        )
        .help("declare the column as dateTime in the mapping if the time matters")
        .value(shown(raw))
    });
    Ok(Reading::from(Typed::Date(date)).warn(warning))
}

pub(super) fn date_time<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
    formats: &[DatePattern],
    zone: &TimeZone,
    epoch_1904: bool,
) -> Result<Reading<'a>, CellProblem> {
    let (local, fields) = match said(kind, raw, formats, epoch_1904)? {
        Said::Day(date) => return Ok(whole_day(Date::from(date))),
        Said::Real(at) => (at, None),
        Said::Written(fields) => match local(&fields) {
            Some(at) => (at, Some(fields)),
            None => return Ok(whole_day(fields.date())),
        },
    };
    let date = Date::from(local.date());
    let stated = fields.and_then(|fields| Some((fields.offset_seconds?, fields.utc)));
    if let Some((offset_seconds, utc)) = stated {
        return Ok(Typed::DateTime(DateTime {
            date,
            time: Some(Clock {
                time: local.time(),
                offset_seconds,
                utc,
            }),
        })
        .into());
    }
    let (code, message) = match zone.to_ambiguous_timestamp(local).offset() {
        AmbiguousOffset::Unambiguous { offset } => {
            return Ok(Typed::DateTime(DateTime {
                date,
                time: Some(Clock {
                    time: local.time(),
                    offset_seconds: offset.seconds(),
                    utc: *zone == TimeZone::UTC,
                }),
            })
            .into());
        }
        AmbiguousOffset::Fold { .. } => (
            codes::TIME_TWICE,
            "this local time happened twice, because the clocks went back: only the day is certain, and only the day is kept",
        ),
        AmbiguousOffset::Gap { .. } => (
            codes::TIME_NEVER,
            "this local time never happened, because the clocks went forward: only the day is kept",
        ),
    };
    let warning = CellProblem::warning(code, message)
        .help("export times with their offset from UTC")
        .value(shown(raw));
    Ok(whole_day(date).warn(Some(warning)))
}

fn whole_day<'a>(date: Date) -> Reading<'a> {
    Typed::DateTime(DateTime { date, time: None }).into()
}

/// What a cell says, once it is known to exist.
enum Said {
    Day(civil::Date),
    Real(civil::DateTime),
    Written(Fields),
}

fn said(
    kind: &ColumnType,
    raw: RawCell<'_>,
    formats: &[DatePattern],
    epoch_1904: bool,
) -> Result<Said, CellProblem> {
    let excel = formats.iter().any(DatePattern::is_excel);
    let text = match raw {
        RawCell::Date(date) => return Ok(Said::Day(date)),
        RawCell::DateTime(at) => return Ok(Said::Real(at)),
        RawCell::Text(text) | RawCell::Number(text) => text.trim(),
        other => return Err(wrong_type(kind, other)),
    };
    let text = text.strip_prefix('\'').unwrap_or(text);

    let mut found: Option<Fields> = None;
    let mut impossible = false;
    for format in formats {
        let Some(fields) = format.read(text) else {
            continue;
        };
        if !exists(&fields) {
            impossible = true;
            continue;
        }
        match found {
            Some(before) if before != fields => {
                return Err(CellProblem::error(
                    codes::AMBIGUOUS_DATE,
                    "two of the declared formats read this date differently",
                )
                .kind(IssueType::Conflict)
                .help("declare one order of day and month in the mapping")
                .value(shown(raw)));
            }
            _ => found = Some(fields),
        }
    }
    if let Some(fields) = found {
        return Ok(Said::Written(fields));
    }
    if excel && let Some(at) = text.parse().ok().and_then(|n| day_number(n, epoch_1904)) {
        return Ok(if at.time() == civil::Time::midnight() {
            Said::Day(at.date())
        } else {
            Said::Real(at)
        });
    }
    Err(refused(raw, text, formats, impossible))
}

fn refused(raw: RawCell<'_>, text: &str, formats: &[DatePattern], impossible: bool) -> CellProblem {
    let problem = if impossible {
        CellProblem::error(codes::IMPOSSIBLE_DATE, "there is no such day or time")
            .help("correct the date in the care system")
    } else if formats
        .iter()
        .any(|format| format.reads_with_short_year(text))
    {
        CellProblem::error(
            codes::SHORT_YEAR,
            "the year has two digits, which does not say its century",
        )
        .help("export dates with years of four digits")
    } else {
        let formats: Vec<&str> = formats.iter().map(DatePattern::text).collect();
        let formats = if formats.is_empty() {
            "real dates only".to_owned()
        } else {
            formats.join(", ")
        };
        CellProblem::error(
            codes::NOT_DATE,
            format!("the cell is not a date as the mapping declares it: {formats}"),
        )
        .help(Cow::Borrowed(
            "correct the date, or add its format to the column in the mapping",
        ))
    };
    problem.value(shown(raw))
}

fn local(fields: &Fields) -> Option<civil::DateTime> {
    let time = civil::Time::new(
        fields.hour?,
        fields.minute.unwrap_or(0),
        fields.second.unwrap_or(0),
        fields.nanosecond,
    )
    .ok()?;
    Some(fields.date().civil()?.to_datetime(time))
}

fn exists(fields: &Fields) -> bool {
    if fields.year < 1 {
        return false;
    }
    match (fields.month, fields.day) {
        (None, _) => true,
        (Some(month), None) => (1..=12).contains(&month),
        (Some(_), Some(_)) => {
            fields.date().civil().is_some() && (fields.hour.is_none() || local(fields).is_some())
        }
    }
}

/// The day (and time) that a spreadsheet's day number stands for.
///
/// Days count from 1 January 1900 as day 1, or from 1 January 1904 as day 0 (ECMA-376 part 1,
/// 18.17.4.1). The 1900 count has a 29 February 1900, which never was: no day is returned for it.
pub(crate) fn day_number(number: f64, epoch_1904: bool) -> Option<civil::DateTime> {
    /// 31 December 9999 in the 1900 count.
    const LAST: f64 = 2_958_465.0;
    if !number.is_finite() || number < 0.0 {
        return None;
    }
    // A time of day is a fraction of a day in binary, so it is rounded to the millisecond.
    let milliseconds = (number * 86_400_000.0).round();
    let mut day = (milliseconds / 86_400_000.0).floor();
    let rest = milliseconds - day * 86_400_000.0;
    let start = if epoch_1904 {
        civil::date(1904, 1, 1)
    } else if day >= 61.0 {
        civil::date(1899, 12, 30)
    } else if !(1.0..60.0).contains(&day) {
        return None;
    } else {
        civil::date(1899, 12, 31)
    };
    if day > LAST {
        return None;
    }
    day = day.trunc();
    #[allow(clippy::cast_possible_truncation)]
    let (day, rest) = (day as i64, rest as i64);
    let date = start
        .checked_add(jiff::Span::new().try_days(day).ok()?)
        .ok()?;
    if date.year() > 9999 {
        return None;
    }
    date.to_datetime(civil::Time::midnight())
        .checked_add(jiff::SignedDuration::from_millis(rest))
        .ok()
}
