//! Numbers with a unit: UCUM's, or a calendar's.

use std::cmp::Ordering;
use std::fmt;

use json::CompactString;
use octofhir_ucum::{CanonicalUnit, Number};
use rust_decimal::Decimal;

use crate::item::decimal;
use crate::{Model, Node};

const UCUM: &str = "http://unitsofmeasure.org";

/// A unit of the calendar, as FHIRPath names it; from the finest to the coarsest.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
#[allow(missing_docs, reason = "the names are FHIRPath's")]
pub enum CalendarUnit {
    Millisecond,
    Second,
    Minute,
    Hour,
    Day,
    Week,
    Month,
    Year,
}

impl CalendarUnit {
    /// `week` or `weeks`.
    pub(crate) fn named(name: &str) -> Option<Self> {
        Some(match name.strip_suffix('s').unwrap_or(name) {
            "millisecond" => Self::Millisecond,
            "second" => Self::Second,
            "minute" => Self::Minute,
            "hour" => Self::Hour,
            "day" => Self::Day,
            "week" => Self::Week,
            "month" => Self::Month,
            "year" => Self::Year,
            _ => return None,
        })
    }

    fn name(self) -> &'static str {
        match self {
            Self::Millisecond => "millisecond",
            Self::Second => "second",
            Self::Minute => "minute",
            Self::Hour => "hour",
            Self::Day => "day",
            Self::Week => "week",
            Self::Month => "month",
            Self::Year => "year",
        }
    }

    /// Its UCUM code. Those of months and years are units of another length (30.4375 and 365.25
    /// days), so FHIRPath does not take them for the calendar's.
    fn ucum(self) -> &'static str {
        match self {
            Self::Millisecond => "ms",
            Self::Second => "s",
            Self::Minute => "min",
            Self::Hour => "h",
            Self::Day => "d",
            Self::Week => "wk",
            Self::Month => "mo",
            Self::Year => "a",
        }
    }

    fn is_fixed(self) -> bool {
        self < Self::Month
    }

    /// Its length; a month has 30 days here and a year 365 (FHIRPath N1, section 6.6.7).
    pub(crate) fn milliseconds(self) -> i64 {
        match self {
            Self::Millisecond => 1,
            Self::Second => 1_000,
            Self::Minute => 60_000,
            Self::Hour => 3_600_000,
            Self::Day => 86_400_000,
            Self::Week => 7 * 86_400_000,
            Self::Month => 30 * 86_400_000,
            Self::Year => 365 * 86_400_000,
        }
    }
}

/// What a quantity is measured in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unit {
    /// A UCUM code (or what stands in its place).
    Ucum(CompactString),
    /// A unit of the calendar.
    Calendar(CalendarUnit),
}

/// A number with a unit.
#[derive(Debug, Clone)]
pub struct Quantity {
    /// The number.
    pub value: Decimal,
    /// The unit; the UCUM code `1` for a bare number.
    pub unit: Unit,
}

impl Quantity {
    /// A bare number.
    pub(crate) fn number(value: Decimal) -> Self {
        Self::ucum(value, "1")
    }

    pub(crate) fn ucum(value: Decimal, code: &str) -> Self {
        Self {
            value,
            unit: Unit::Ucum(code.into()),
        }
    }

    /// `4 days`, `10.5 'mg'`, `7`.
    pub(crate) fn read(text: &str) -> Option<Self> {
        let text = text.trim();
        let end = text
            .find(|c: char| !(c.is_ascii_digit() || matches!(c, '.' | '+' | '-')))
            .unwrap_or(text.len());
        let (number, unit) = text.split_at_checked(end)?;
        let value = plain_decimal(number)?;
        let unit = match unit.trim() {
            "" => Unit::Ucum("1".into()),
            unit => match unit.strip_prefix('\'') {
                Some(quoted) => Unit::Ucum(quoted.strip_suffix('\'')?.into()),
                None => Unit::Calendar(CalendarUnit::named(unit)?),
            },
        };
        Some(Self { value, unit })
    }

    /// A FHIR Quantity (or Age, Duration, …) with a plain number. One with a comparator (`<5`) is no
    /// number.
    pub(crate) fn of_node(node: &Node<'_>, model: &Model) -> Option<Self> {
        let quantity = model.type_named("Quantity")?;
        if !model.is_a(node.ty, quantity) {
            return None;
        }
        let object = node.value?.as_object()?;
        if object.contains("comparator") {
            return None;
        }
        let value = decimal(object.get("value")?.as_number()?.as_str())?;
        let text = |name| object.get(name).and_then(json::Value::as_str);
        let unit = match (text("system"), text("code"), text("unit")) {
            (Some(UCUM), Some(code), _) => code,
            (_, Some(code), None) => code,
            (_, _, Some(unit)) => unit,
            (_, None, None) => "1",
        };
        Some(Self::ucum(value, unit))
    }

    /// The UCUM code of its unit.
    fn code(&self) -> &str {
        match &self.unit {
            Unit::Ucum(code) => code,
            Unit::Calendar(unit) => unit.ucum(),
        }
    }

    /// The unit as one of the calendar, where date arithmetic may take it so: UCUM's years and
    /// months may not (FHIRPath N1, section 6.6.7).
    pub(crate) fn calendar_unit(&self) -> Option<CalendarUnit> {
        match &self.unit {
            Unit::Calendar(unit) => Some(*unit),
            Unit::Ucum(code) => Some(match code.as_str() {
                "ms" => CalendarUnit::Millisecond,
                "s" => CalendarUnit::Second,
                "min" => CalendarUnit::Minute,
                "h" => CalendarUnit::Hour,
                "d" => CalendarUnit::Day,
                "wk" => CalendarUnit::Week,
                name => CalendarUnit::named(name)?,
            }),
        }
    }

    /// Both numbers in one unit; `None` where the units cannot be converted into each other.
    fn aligned(&self, other: &Self) -> Option<(Number, Number)> {
        let number = |value: &Decimal| Number::parse(&value.to_string());
        if self.unit == other.unit {
            return Some((number(&self.value)?, number(&other.value)?));
        }
        let varies = |quantity: &Self| match quantity.unit {
            Unit::Calendar(unit) if !unit.is_fixed() => Some(unit),
            _ => None,
        };
        match (varies(self), varies(other)) {
            (None, None) => {
                let (one, two) = (self.canonical()?, other.canonical()?);
                (one.1 == two.1).then_some((one.0, two.0))
            }
            // A year has twelve months whatever the year.
            (Some(one), Some(two)) => {
                let months = |value: &Decimal, unit| match unit {
                    CalendarUnit::Year => value.checked_mul(Decimal::from(12)),
                    _ => Some(*value),
                };
                Some((
                    number(&months(&self.value, one)?)?,
                    number(&months(&other.value, two)?)?,
                ))
            }
            _ => None,
        }
    }

    /// The number in the canonical unit of its dimension, and that unit.
    fn canonical(&self) -> Option<(Number, String)> {
        let canonical = canonical(self.code())?;
        let value = Number::parse(&self.value.to_string())?;
        let value = value
            .checked_mul(canonical.factor)?
            .checked_add(canonical.offset)?;
        Some((value, canonical.unit))
    }

    /// Which is more; `None` where the units cannot be converted into each other.
    pub(crate) fn compare(&self, other: &Self) -> Option<Ordering> {
        let (one, two) = self.aligned(other)?;
        let difference = one.checked_sub(two)?;
        Some(if difference.is_zero() {
            Ordering::Equal
        } else if difference.is_negative() {
            Ordering::Less
        } else {
            Ordering::Greater
        })
    }

    /// Whether both are the same as far as the less precise of them says.
    pub(crate) fn is_equivalent(&self, other: &Self) -> bool {
        let fixed = |quantity: &Self| match quantity.unit {
            // For `~` a calendar's year is UCUM's.
            Unit::Calendar(unit) => Self::ucum(quantity.value, unit.ucum()),
            Unit::Ucum(_) => quantity.clone(),
        };
        let (one, two) = (fixed(self), fixed(other));
        // Of the two units the coarser one is compared in.
        let converted = match (one.in_unit(&two), two.in_unit(&one)) {
            (Some(one), _) if one.abs() < self.value.abs() => Some((one, two.value)),
            (_, Some(two)) => Some((one.value, two)),
            (Some(one), None) => Some((one, two.value)),
            (None, None) => None,
        };
        converted.is_some_and(|(one, two)| {
            let digits = one.normalize().scale().min(two.normalize().scale());
            one.round_dp(digits) == two.round_dp(digits)
        })
    }

    /// The number in the unit of another quantity.
    pub(crate) fn in_unit(&self, other: &Self) -> Option<Decimal> {
        if self.unit == other.unit {
            return Some(self.value);
        }
        let (value, dimension) = self.canonical()?;
        let target = canonical(other.code())?;
        if target.unit != dimension {
            return None;
        }
        let value = value
            .checked_sub(target.offset)?
            .checked_div(target.factor)?;
        to_decimal(value)
    }

    /// Whether the units can be converted into each other.
    pub(crate) fn is_comparable(&self, other: &Self) -> bool {
        self.aligned(other).is_some()
    }

    /// The sum (or with `-1` the difference), in the finer unit of the two.
    pub(crate) fn plus(&self, other: &Self, sign: Decimal) -> Option<Self> {
        if self.unit == other.unit {
            return Some(Self {
                value: self.value.checked_add(other.value.checked_mul(sign)?)?,
                unit: self.unit.clone(),
            });
        }
        self.aligned(other)?;
        let there = other.in_unit(self)?;
        if there.abs() >= other.value.abs() {
            let value = self.value.checked_add(there.checked_mul(sign)?)?;
            return Some(Self {
                value,
                unit: self.unit.clone(),
            });
        }
        let value = self
            .in_unit(other)?
            .checked_add(other.value.checked_mul(sign)?)?;
        Some(Self {
            value,
            unit: other.unit.clone(),
        })
    }

    pub(crate) fn times(&self, other: &Self) -> Option<Self> {
        let value = self.value.checked_mul(other.value)?;
        let code = match (self.code(), other.code()) {
            ("1", code) | (code, "1") => code.to_owned(),
            (one, two) => format!("({one}).({two})"),
        };
        bounded(value, code)
    }

    pub(crate) fn over(&self, other: &Self) -> Option<Self> {
        let value = self.value.checked_div(other.value)?;
        let code = match (self.code(), other.code()) {
            (code, "1") => code.to_owned(),
            (one, two) if one == two => "1".to_owned(),
            (one, two) => format!("({one})/({two})"),
        };
        bounded(value, code)
    }
}

/// The longest unit that is worked with, in bytes; UCUM's own have under 20.
const MAX_UNIT: usize = 200;

fn canonical(code: &str) -> Option<CanonicalUnit> {
    (code.len() <= MAX_UNIT)
        .then(|| octofhir_ucum::get_canonical_units(code).ok())
        .flatten()
}

/// Products of products do not grow without end.
fn bounded(value: Decimal, code: String) -> Option<Quantity> {
    (code.len() <= MAX_UNIT).then(|| Quantity::ucum(value, &code))
}

/// A decimal without an exponent.
pub(crate) fn plain_decimal(text: &str) -> Option<Decimal> {
    let digits = text.strip_prefix(['+', '-']).unwrap_or(text);
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, "0"));
    let all = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    (all(whole) && all(fraction))
        .then(|| text.parse().ok())
        .flatten()
}

fn to_decimal(number: Number) -> Option<Decimal> {
    let (digits, exponent) = number.to_integer_and_exponent();
    if exponent >= 0 {
        let scale = 10i128.checked_pow(u32::try_from(exponent).ok()?)?;
        return Decimal::try_from_i128_with_scale(digits.checked_mul(scale)?, 0).ok();
    }
    let mut digits = digits;
    let mut scale = u32::try_from(exponent.checked_neg()?).ok()?;
    while scale > 28 {
        digits /= 10;
        scale -= 1;
    }
    Decimal::try_from_i128_with_scale(digits, scale).ok()
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.unit {
            Unit::Ucum(code) => write!(f, "{} '{code}'", self.value),
            Unit::Calendar(unit) if self.value == Decimal::ONE => {
                write!(f, "{} {}", self.value, unit.name())
            }
            Unit::Calendar(unit) => write!(f, "{} {}s", self.value, unit.name()),
        }
    }
}
