//! Decimals by their text, whatever their length: neither their digits nor their precision is lost.

use std::cmp::Ordering;

use json::Number;

/// A number as it is written: its significant digits and where its point stands.
#[derive(Debug, Clone, Copy)]
pub(super) struct Decimal<'t> {
    is_negative: bool,
    whole: &'t str,
    fraction: &'t str,
    exponent: i64,
}

impl<'t> Decimal<'t> {
    /// Takes the text of a JSON number apart; an exponent beyond all measure counts as the largest.
    pub fn of(number: &'t Number) -> Self {
        let text = number.as_str();
        let is_negative = text.starts_with('-');
        let text = text.trim_start_matches('-');
        let (digits, exponent) = text.split_once(['e', 'E']).unwrap_or((text, "0"));
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        let furthest = i64::from(i32::MAX);
        Self {
            is_negative,
            whole,
            fraction,
            exponent: exponent.parse().map_or_else(
                |_| match exponent.starts_with('-') {
                    true => -furthest,
                    false => furthest,
                },
                |exponent: i64| exponent.clamp(-furthest, furthest),
            ),
        }
    }

    /// The digits from the first that is not zero; none for zero itself.
    fn digits(self) -> impl Iterator<Item = u8> + 't {
        self.whole
            .bytes()
            .chain(self.fraction.bytes())
            .skip_while(|digit| *digit == b'0')
    }

    /// The power of ten of the last digit: what is written after it is not known.
    fn precision(self) -> i64 {
        self.exponent
            .saturating_sub_unsigned(self.fraction.len() as u64)
    }

    /// How many digits stand before the point, with the exponent reckoned in.
    fn magnitude(self) -> i64 {
        self.precision()
            .saturating_add_unsigned(self.digits().count() as u64)
    }

    /// Whether both are written as the same number to the same precision: `1.0` and `10e-1` are,
    /// `1.0` and `1` are not (<http://hl7.org/fhir/R4/datatypes.html#decimal>).
    pub fn is_exactly(self, other: Self) -> bool {
        self.precision() == other.precision() && self.compare(other) == Ordering::Equal
    }

    /// Which is more, whatever their precision.
    pub fn compare(self, other: Self) -> Ordering {
        let sign = |number: Self| match (number.digits().next(), number.is_negative) {
            (None, _) => 0,
            (Some(_), true) => -1,
            (Some(_), false) => 1,
        };
        let (one, two) = (sign(self), sign(other));
        if one != two || one == 0 {
            return one.cmp(&two);
        }
        let size = self.magnitude().cmp(&other.magnitude()).then_with(|| {
            let length = self.digits().count().max(other.digits().count());
            let padded = |number: Self| number.digits().chain(std::iter::repeat(b'0')).take(length);
            padded(self).cmp(padded(other))
        });
        match self.is_negative {
            true => size.reverse(),
            false => size,
        }
    }
}
