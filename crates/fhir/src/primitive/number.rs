//! Numbers, checked on their text: nothing is rounded.

use super::{Malformed, Primitive};

/// The most digits that a decimal may have: beyond it is no measurement but an attack or a defect.
const MAX_DECIMAL: usize = 512;

pub(super) fn check(primitive: Primitive, text: &str) -> Result<(), Malformed> {
    if primitive == Primitive::Decimal {
        return decimal(text);
    }
    let digits = text.strip_prefix('-').unwrap_or(text);
    let whole = !digits.is_empty() && digits.bytes().all(|b| b.is_ascii_digit());
    if !whole {
        return Err(Malformed(
            "must be a whole number, without decimal point or exponent",
        ));
    }
    // R4's own pattern lets an integer be minus zero, and no other kind of whole number.
    let minus_zero = text == "-0" && primitive != Primitive::Integer;
    if minus_zero || (digits.len() > 1 && digits.starts_with('0')) {
        return Err(Malformed(
            "is not written as a whole number is: no leading zero, no minus zero",
        ));
    }
    let range = Malformed("is outside -2147483648 to 2147483647");
    let number: i32 = text.parse().map_err(|_| range)?;
    match primitive {
        Primitive::PositiveInt if number < 1 => Err(Malformed("must be 1 or more")),
        Primitive::UnsignedInt if number < 0 => Err(Malformed("must be 0 or more")),
        _ => Ok(()),
    }
}

fn decimal(text: &str) -> Result<(), Malformed> {
    if text.len() > MAX_DECIMAL {
        return Err(Malformed("has too many digits"));
    }
    match json::Number::from_text(text) {
        Some(_) => Ok(()),
        None => Err(Malformed("is not a decimal number")),
    }
}
