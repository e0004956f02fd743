//! From text, as FHIR and FHIRPath write it.

use jiff::civil;

use super::{Moment, MomentKind, Precision};

impl Moment {
    /// `YYYY`, `YYYY-MM` or `YYYY-MM-DD`.
    pub(crate) fn date(text: &str) -> Option<Self> {
        let mut reader = Reader(text.as_bytes());
        let moment = reader.date(MomentKind::Date)?;
        reader.0.is_empty().then_some(moment)
    }

    /// A date, then optionally `T` with a time as far as it is known, then a time zone.
    pub(crate) fn date_time(text: &str) -> Option<Self> {
        let mut reader = Reader(text.as_bytes());
        let mut moment = reader.date(MomentKind::DateTime)?;
        if reader.take(b'T') && !reader.0.is_empty() {
            if moment.precision != Precision::Day {
                return None;
            }
            reader.clock(&mut moment)?;
            moment.offset = reader.zone()?;
        }
        reader.0.is_empty().then_some(moment)
    }

    /// `hh`, `hh:mm`, `hh:mm:ss` or `hh:mm:ss.fff`.
    pub(crate) fn time(text: &str) -> Option<Self> {
        let mut reader = Reader(text.as_bytes());
        let mut moment = Self {
            kind: MomentKind::Time,
            precision: Precision::Hour,
            year: 1970,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            digits: 0,
            offset: None,
        };
        reader.clock(&mut moment)?;
        reader.0.is_empty().then_some(moment)
    }
}

struct Reader<'t>(&'t [u8]);

impl Reader<'_> {
    fn take(&mut self, byte: u8) -> bool {
        match self.0.split_first() {
            Some((first, rest)) if *first == byte => {
                self.0 = rest;
                true
            }
            _ => false,
        }
    }

    fn number(&mut self, digits: usize) -> Option<i16> {
        let (head, rest) = self.0.split_at_checked(digits)?;
        let mut number = 0i16;
        for digit in head {
            if !digit.is_ascii_digit() {
                return None;
            }
            number = number * 10 + i16::from(digit - b'0');
        }
        self.0 = rest;
        Some(number)
    }

    fn two(&mut self, most: i8) -> Option<i8> {
        let number = i8::try_from(self.number(2)?).ok()?;
        (number <= most).then_some(number)
    }

    fn date(&mut self, kind: MomentKind) -> Option<Moment> {
        let mut moment = Moment {
            kind,
            precision: Precision::Year,
            year: self.number(4)?,
            month: 1,
            day: 1,
            hour: 0,
            minute: 0,
            second: 0,
            nanosecond: 0,
            digits: 0,
            offset: None,
        };
        if self.take(b'-') {
            moment.month = self.two(12)?;
            moment.precision = Precision::Month;
            if self.take(b'-') {
                moment.day = self.two(31)?;
                moment.precision = Precision::Day;
            }
        }
        civil::Date::new(moment.year, moment.month, moment.day).ok()?;
        (moment.year > 0).then_some(moment)
    }

    fn clock(&mut self, moment: &mut Moment) -> Option<()> {
        moment.hour = self.two(23)?;
        moment.precision = Precision::Hour;
        if !self.take(b':') {
            return Some(());
        }
        moment.minute = self.two(59)?;
        moment.precision = Precision::Minute;
        if !self.take(b':') {
            return Some(());
        }
        // 60 is a leap second.
        moment.second = self.two(60)?;
        moment.precision = Precision::Second;
        if !self.take(b'.') {
            return Some(());
        }
        let mut scale = 100_000_000;
        let mut digits = 0u8;
        while let Some((digit, rest)) = self.0.split_first() {
            if !digit.is_ascii_digit() {
                break;
            }
            moment.nanosecond += i32::from(digit - b'0') * scale;
            scale /= 10;
            digits = digits.saturating_add(1);
            self.0 = rest;
        }
        moment.digits = digits.min(9);
        (digits > 0).then_some(())
    }

    /// `None` for what is no time zone, `Some(None)` for none.
    #[allow(
        clippy::option_option,
        reason = "a fault and an absence are two things"
    )]
    fn zone(&mut self) -> Option<Option<i16>> {
        if self.0.is_empty() {
            return Some(None);
        }
        if self.take(b'Z') {
            return Some(Some(0));
        }
        let sign = if self.take(b'-') {
            -1
        } else if self.take(b'+') {
            1
        } else {
            return None;
        };
        let hours = i16::from(self.two(14)?);
        if !self.take(b':') {
            return None;
        }
        let minutes = i16::from(self.two(59)?);
        Some(Some(sign * (hours * 60 + minutes)))
    }
}
