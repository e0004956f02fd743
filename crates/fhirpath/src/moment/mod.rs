//! Dates, dates with times, and times of day, each as precise as it was written.

mod arithmetic;
mod boundary;
mod read;

pub(crate) use arithmetic::Unfit;

use std::cmp::Ordering;
use std::fmt;

use jiff::civil;

/// Which of the three it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum MomentKind {
    /// `System.Date`.
    Date,
    /// `System.DateTime`.
    DateTime,
    /// `System.Time`.
    Time,
}

impl MomentKind {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Date => "Date",
            Self::DateTime => "DateTime",
            Self::Time => "Time",
        }
    }
}

/// The last part that was written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Precision {
    Year,
    Month,
    Day,
    Hour,
    Minute,
    /// Seconds, with or without a fraction: FHIRPath takes both as one precision.
    Second,
}

/// A date, a date with a time, or a time of day. Parts beyond its precision are zero (or one).
#[derive(Debug, Clone, Copy)]
pub struct Moment {
    kind: MomentKind,
    precision: Precision,
    year: i16,
    month: i8,
    day: i8,
    hour: i8,
    minute: i8,
    second: i8,
    nanosecond: i32,
    /// Digits of the second's fraction.
    digits: u8,
    /// Minutes east of UTC.
    offset: Option<i16>,
}

const MINUTE: i128 = 60 * 1_000_000_000;
const HOUR: i128 = 60 * MINUTE;

impl Moment {
    pub(crate) fn is_time(&self) -> bool {
        self.kind == MomentKind::Time
    }

    pub(crate) fn kind(&self) -> MomentKind {
        self.kind
    }

    /// The same moment as a date; a date with a time loses the time.
    pub(crate) fn to_date(self) -> Option<Self> {
        (self.kind != MomentKind::Time).then(|| Self {
            kind: MomentKind::Date,
            precision: self.precision.min(Precision::Day),
            offset: None,
            digits: 0,
            ..self
        })
    }

    /// The same moment as a date with a time.
    pub(crate) fn to_date_time(self) -> Option<Self> {
        (self.kind != MomentKind::Time).then_some(Self {
            kind: MomentKind::DateTime,
            ..self
        })
    }

    pub(crate) fn of_zoned(now: &jiff::Zoned) -> Self {
        let at = now.datetime();
        Self {
            kind: MomentKind::DateTime,
            precision: Precision::Second,
            year: at.year(),
            month: at.month(),
            day: at.day(),
            hour: at.hour(),
            minute: at.minute(),
            second: at.second(),
            nanosecond: at.subsec_nanosecond() / 1_000_000 * 1_000_000,
            digits: 3,
            offset: i16::try_from(now.offset().seconds() / 60).ok(),
        }
    }

    pub(crate) fn time_of_day(self) -> Self {
        Self {
            kind: MomentKind::Time,
            offset: None,
            ..self
        }
    }

    fn civil(&self) -> Option<civil::DateTime> {
        civil::DateTime::new(
            self.year,
            self.month,
            self.day,
            self.hour,
            self.minute,
            self.second.min(59),
            self.nanosecond,
        )
        .ok()
    }

    fn with_civil(&self, at: civil::DateTime) -> Self {
        Self {
            year: at.year(),
            month: at.month(),
            day: at.day(),
            hour: at.hour(),
            minute: at.minute(),
            second: at.second(),
            nanosecond: at.subsec_nanosecond(),
            ..*self
        }
    }

    /// Nanoseconds on the clock on the wall, from an epoch.
    fn local(&self) -> Option<i128> {
        let day = civil::Date::new(self.year, self.month, self.day).ok()?;
        let days = i128::from(
            day.since(civil::Date::constant(1970, 1, 1))
                .ok()?
                .get_days(),
        );
        Some(
            days * 24 * HOUR
                + i128::from(self.hour) * HOUR
                + i128::from(self.minute) * MINUTE
                + i128::from(self.second) * 1_000_000_000
                + i128::from(self.nanosecond),
        )
    }

    fn utc(&self) -> Option<Self> {
        let offset = self.offset?;
        let at = self
            .civil()?
            .checked_sub(jiff::SignedDuration::from_mins(i64::from(offset)))
            .ok()?;
        Some(self.with_civil(at))
    }

    /// The time that one unit of its precision takes, for a moment with a time.
    fn width(&self) -> i128 {
        match self.precision {
            Precision::Hour => HOUR - 1,
            Precision::Minute => MINUTE - 1,
            _ => 0,
        }
    }

    /// Which comes first; `None` where the precisions, or a time zone that only one of them has,
    /// leave it open. Times of day are not compared with dates: that is `None` too.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        let (one, two) = (
            self.kind == MomentKind::Time,
            other.kind == MomentKind::Time,
        );
        if one != two {
            return None;
        }
        let timed = |moment: &Self| moment.precision >= Precision::Hour;
        match (timed(self) && timed(other), self.offset, other.offset) {
            (true, Some(one), Some(two)) if one != two => self.utc()?.compare_parts(&other.utc()?),
            (true, Some(_), None) => other.compare_floating(self).map(Ordering::reverse),
            (true, None, Some(_)) => self.compare_floating(other),
            _ => self.compare_parts(other),
        }
    }

    /// As [`Moment::compare`], of a moment in an unknown time zone with one in a known zone: decided
    /// where every zone (-12:00 to +14:00) gives the same answer.
    fn compare_floating(&self, known: &Self) -> Option<Ordering> {
        let at = known.utc()?.local()?;
        let here = self.local()?;
        if here - 14 * HOUR > at + known.width() {
            Some(Ordering::Greater)
        } else if here + 12 * HOUR + self.width() < at {
            Some(Ordering::Less)
        } else {
            None
        }
    }

    fn compare_parts(&self, other: &Self) -> Option<Ordering> {
        let parts = |m: &Self| {
            [
                (Precision::Year, i64::from(m.year)),
                (Precision::Month, i64::from(m.month)),
                (Precision::Day, i64::from(m.day)),
                (Precision::Hour, i64::from(m.hour)),
                (Precision::Minute, i64::from(m.minute)),
                (
                    Precision::Second,
                    i64::from(m.second) * 1_000_000_000 + i64::from(m.nanosecond),
                ),
            ]
        };
        for ((precision, one), (_, two)) in parts(self).into_iter().zip(parts(other)) {
            if self.kind == MomentKind::Time && precision < Precision::Hour {
                continue;
            }
            match (self.precision >= precision, other.precision >= precision) {
                (true, true) if one != two => return Some(one.cmp(&two)),
                (true, true) => {}
                (false, false) => break,
                _ => return None,
            }
        }
        Some(Ordering::Equal)
    }

    /// Whether both are the same moment with the same precision.
    pub(crate) fn is_equivalent(&self, other: &Self) -> bool {
        self.precision == other.precision
            && self.offset.is_some() == other.offset.is_some()
            && self.compare(other) == Some(Ordering::Equal)
    }

    /// How many digits were written: 4 for a year, 17 for milliseconds.
    pub(crate) fn precision_digits(&self) -> i64 {
        let digits = match self.precision {
            Precision::Year => 4,
            Precision::Month => 6,
            Precision::Day => 8,
            Precision::Hour => 10,
            Precision::Minute => 12,
            Precision::Second => 14 + i64::from(self.digits),
        };
        match self.kind {
            MomentKind::Time => digits - 8,
            _ => digits,
        }
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.kind != MomentKind::Time {
            write!(f, "{:04}", self.year)?;
            if self.precision >= Precision::Month {
                write!(f, "-{:02}", self.month)?;
            }
            if self.precision >= Precision::Day {
                write!(f, "-{:02}", self.day)?;
            }
            if self.precision < Precision::Hour {
                return Ok(());
            }
            f.write_str("T")?;
        }
        write!(f, "{:02}", self.hour)?;
        if self.precision >= Precision::Minute {
            write!(f, ":{:02}", self.minute)?;
        }
        if self.precision >= Precision::Second {
            write!(f, ":{:02}", self.second)?;
            if self.digits > 0 {
                let fraction = format!("{:09}", self.nanosecond);
                let digits = usize::from(self.digits).min(9);
                write!(f, ".{}", fraction.get(..digits).unwrap_or(&fraction))?;
            }
        }
        match self.offset {
            None => Ok(()),
            Some(0) => f.write_str("Z"),
            Some(offset) => {
                let sign = if offset < 0 { '-' } else { '+' };
                let minutes = offset.abs();
                write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
            }
        }
    }
}
