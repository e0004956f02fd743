//! The earliest and the latest moment that one of less precision can mean.

use jiff::civil;

use super::{Moment, MomentKind, Precision};

/// A zone that is not said can be anything from UTC-12 to UTC+14.
const EAST: i16 = 14 * 60;
const WEST: i16 = -12 * 60;

impl Moment {
    /// The earliest (or latest) moment of a precision in digits (4 for a year, 17 for milliseconds;
    /// 9 for a time of day); `None` for a precision that its kind does not have.
    pub(crate) fn boundary(&self, digits: Option<i64>, high: bool) -> Option<Self> {
        let shift = if self.kind == MomentKind::Time { 8 } else { 0 };
        let most = if self.kind == MomentKind::Date { 8 } else { 17 };
        let digits = digits.map_or(most, |digits| digits.saturating_add(shift));
        let (precision, fraction) = match digits {
            4 if shift == 0 => (Precision::Year, 0),
            6 if shift == 0 => (Precision::Month, 0),
            8 if shift == 0 => (Precision::Day, 0),
            10 => (Precision::Hour, 0),
            12 => (Precision::Minute, 0),
            14 => (Precision::Second, 0),
            17 => (Precision::Second, 3),
            _ => return None,
        };
        if digits > most {
            return None;
        }
        let mut edge = *self;
        // FHIR has no times without minutes: an hour alone is taken as that hour's first minute.
        let known = match self.precision {
            Precision::Hour => Precision::Minute,
            other => other,
        };
        if high {
            edge.fill(known);
        }
        if precision >= Precision::Hour && self.kind == MomentKind::DateTime {
            edge.offset = edge.offset.or(Some(if high { WEST } else { EAST }));
        } else {
            edge.offset = None;
        }
        edge.precision = precision;
        edge.digits = fraction;
        Some(edge)
    }

    /// Sets what is not known to its last value.
    fn fill(&mut self, known: Precision) {
        if known < Precision::Month {
            self.month = 12;
        }
        if known < Precision::Day {
            self.day = civil::Date::new(self.year, self.month, 1)
                .map_or(31, |first| first.days_in_month());
        }
        if known < Precision::Hour {
            self.hour = 23;
        }
        if known < Precision::Minute {
            self.minute = 59;
        }
        if known < Precision::Second {
            self.second = 59;
        }
        if known < Precision::Second || self.digits < 3 {
            let kept = match self.digits {
                _ if known < Precision::Second => 0,
                digits => {
                    self.nanosecond / 10i32.pow(9 - u32::from(digits))
                        * 10i32.pow(9 - u32::from(digits))
                }
            };
            let rest = match self.digits {
                _ if known < Precision::Second => 999_000_000,
                digits => 10i32.pow(9 - u32::from(digits)) - 1_000_000,
            };
            self.nanosecond = kept + rest;
        }
    }
}
