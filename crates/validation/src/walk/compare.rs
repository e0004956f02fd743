//! Fixed and pattern values.

use json::Value;

use super::decimal::Decimal;

/// Whether a value is exactly the fixed one: the same members whatever their order, the same items
/// in order (R4, `ElementDefinition.fixed[x]`).
pub(crate) fn equals(value: &Value, fixed: &Value) -> bool {
    match (value, fixed) {
        (Value::Object(value), Value::Object(fixed)) => {
            // An element's own id is a name for it, not part of its value.
            let own_id = usize::from(value.contains("id") && !fixed.contains("id"));
            value.len() - own_id == fixed.len()
                && fixed
                    .iter()
                    .all(|(name, fixed)| value.get(name).is_some_and(|value| equals(value, fixed)))
        }
        (Value::Array(values), Value::Array(fixed)) => {
            values.len() == fixed.len()
                && values
                    .iter()
                    .zip(fixed)
                    .all(|(value, fixed)| equals(value, fixed))
        }
        // The precision of a decimal is part of its value.
        (Value::Number(value), Value::Number(fixed)) => {
            value == fixed || Decimal::of(value).is_exactly(Decimal::of(fixed))
        }
        (value, fixed) => value == fixed,
    }
}

/// Whether a value has all that the pattern has: every member, and for every item of an array some
/// item that has all of it; a primitive must be exactly the pattern's (R4,
/// `ElementDefinition.pattern[x]`).
pub(crate) fn contains(value: &Value, pattern: &Value) -> bool {
    match (value, pattern) {
        (Value::Object(value), Value::Object(pattern)) => pattern.iter().all(|(name, pattern)| {
            value
                .get(name)
                .is_some_and(|value| contains(value, pattern))
        }),
        (Value::Array(values), Value::Array(patterns)) => patterns
            .iter()
            .all(|pattern| values.iter().any(|value| contains(value, pattern))),
        (value, pattern) => equals(value, pattern),
    }
}
