//! Adding durations (FHIRPath N1, section 6.6.7, date/time arithmetic).

use jiff::{SignedDuration, Span};
use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

use super::{Moment, MomentKind, Precision};
use crate::quantity::CalendarUnit;

/// Why a duration cannot be added.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Unfit {
    /// The result would lie outside the calendar.
    Range,
    /// Days or more cannot be added to a time of day.
    Unit,
}

impl Moment {
    /// The moment so much later. Fractions of a unit above the second are dropped; of a unit finer
    /// than the moment's precision only what fills whole units of that counts.
    pub(crate) fn plus(&self, amount: Decimal, unit: CalendarUnit) -> Result<Self, Unfit> {
        if self.kind == MomentKind::Time {
            return self.time_plus(amount, unit);
        }
        let (amount, unit) = self.coarsen(amount, unit)?;
        let whole = || amount.trunc().to_i64().ok_or(Unfit::Range);
        let at = self.civil().ok_or(Unfit::Range)?;
        let span = |span: Result<Span, jiff::Error>| {
            let span = span.map_err(|_| Unfit::Range)?;
            at.checked_add(span).map_err(|_| Unfit::Range)
        };
        let later = match unit {
            CalendarUnit::Year => span(Span::new().try_years(whole()?))?,
            CalendarUnit::Month => span(Span::new().try_months(whole()?))?,
            CalendarUnit::Week => span(Span::new().try_weeks(whole()?))?,
            CalendarUnit::Day => span(Span::new().try_days(whole()?))?,
            finer => at
                .checked_add(duration(amount, finer)?)
                .map_err(|_| Unfit::Range)?,
        };
        let mut sum = self.with_civil(later);
        sum.reveal_fraction();
        Ok(sum)
    }

    fn time_plus(&self, amount: Decimal, unit: CalendarUnit) -> Result<Self, Unfit> {
        if unit > CalendarUnit::Hour {
            return Err(Unfit::Unit);
        }
        let (amount, unit) = self.coarsen(amount, unit)?;
        let at = self.civil().ok_or(Unfit::Range)?.time();
        let later = at.wrapping_add(duration(amount, unit)?);
        let mut sum = Self {
            hour: later.hour(),
            minute: later.minute(),
            second: later.second(),
            nanosecond: later.subsec_nanosecond(),
            ..*self
        };
        sum.reveal_fraction();
        Ok(sum)
    }

    /// A fraction that came in shows.
    fn reveal_fraction(&mut self) {
        if self.precision == Precision::Second && self.digits < 3 && self.nanosecond != 0 {
            self.digits = 3;
        }
    }

    /// The amount in the unit of the moment's precision, when its own unit is finer.
    fn coarsen(
        &self,
        amount: Decimal,
        unit: CalendarUnit,
    ) -> Result<(Decimal, CalendarUnit), Unfit> {
        let least = match self.precision {
            Precision::Year => CalendarUnit::Year,
            Precision::Month => CalendarUnit::Month,
            Precision::Day => CalendarUnit::Day,
            Precision::Hour => CalendarUnit::Hour,
            Precision::Minute => CalendarUnit::Minute,
            Precision::Second => CalendarUnit::Millisecond,
        };
        if unit >= least {
            return Ok((amount, unit));
        }
        // 12 months are a year, and so are 365 days (FHIRPath N1, section 6.6.7).
        let (times, per) = match unit {
            CalendarUnit::Month => (1, 12),
            finer => (finer.milliseconds(), least.milliseconds()),
        };
        amount
            .trunc_with_scale(9)
            .checked_mul(Decimal::from(times))
            .and_then(|length| length.checked_div(Decimal::from(per)))
            .map(|whole| (whole.trunc(), least))
            .ok_or(Unfit::Range)
    }
}

/// A duration of hours or less. The fraction counts for seconds only.
fn duration(amount: Decimal, unit: CalendarUnit) -> Result<SignedDuration, Unfit> {
    let amount = match unit {
        CalendarUnit::Second | CalendarUnit::Millisecond => amount,
        _ => amount.trunc(),
    };
    let nanos = amount
        .checked_mul(Decimal::from(unit.milliseconds()))
        .and_then(|ms| ms.checked_mul(Decimal::from(1_000_000)))
        .and_then(|nanos| nanos.trunc().to_i64())
        .ok_or(Unfit::Range)?;
    Ok(SignedDuration::from_nanos(nanos))
}
