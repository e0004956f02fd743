//! The smallest and largest value that a profile allows.

use std::cmp::Ordering;

use diagnostics::IssueType;
use json::Value;
use octofhir_ucum::{Number, get_canonical_units};

use super::Walk;
use super::decimal::Decimal;
use crate::codes;
use crate::plan::Rule;

const UCUM: &str = "http://unitsofmeasure.org";

/// The longest unit that is converted, in bytes; UCUM's own have under 20.
const MAX_UNIT: usize = 200;

impl<'v> Walk<'_, 'v> {
    /// What is below the least or above the most that the rule allows.
    pub(super) fn limits(&mut self, value: &'v Value, rule: &Rule) {
        if rule.min_value.is_none() && rule.max_value.is_none() {
            return;
        }
        let against = |limit: &Option<Value>| limit.as_ref().map(|limit| compare(value, limit));
        let (least, most) = (against(&rule.min_value), against(&rule.max_value));
        if least == Some(None) || most == Some(None) {
            self.not_compared();
        }
        if least == Some(Some(Ordering::Less)) || most == Some(Some(Ordering::Greater)) {
            self.raise(codes::RANGE, |issue| {
                issue.kind(IssueType::Value);
                issue.value(value);
                issue.say("the value is outside the range that the profile allows".to_owned());
                let least = rule
                    .min_value
                    .as_ref()
                    .map(|least| format!("at least {least}"));
                let most = rule
                    .max_value
                    .as_ref()
                    .map(|most| format!("at most {most}"));
                let both: Vec<String> = least.into_iter().chain(most).collect();
                issue.mend(format!("check the value: {}", both.join(", ")));
            });
        }
    }

    /// A value that may or may not keep to a limit: a person must look at it.
    fn not_compared(&mut self) {
        self.raise(codes::RANGE, |issue| {
            issue.kind(IssueType::Value);
            issue.warning();
            issue.say(
                "the value cannot be compared with the limit that the profile sets".to_owned(),
            );
            issue.mend("give a plain number in a UCUM unit that converts to that of the limit");
        });
    }
}

/// Numbers by their value, dates and times by their text, which R4 writes in order, quantities in
/// one unit. `None` where nothing says which is more.
fn compare(left: &Value, right: &Value) -> Option<Ordering> {
    match (left, right) {
        (Value::Number(left), Value::Number(right)) => {
            Some(Decimal::of(left).compare(Decimal::of(right)))
        }
        (Value::String(left), Value::String(right)) => Some(left.cmp(right)),
        (Value::Object(_), Value::Object(_)) => {
            // `<5` is no number.
            if left.get("comparator").is_some() {
                return None;
            }
            let same = |member| left.get(member) == right.get(member);
            let in_one_unit =
                same("system") && same("code") && (left.get("code").is_some() || same("unit"));
            if in_one_unit {
                return compare(left.get("value")?, right.get("value")?);
            }
            let ((left, unit), (right, limit_unit)) = (canonical(left)?, canonical(right)?);
            let difference = left.checked_sub(right)?;
            (unit == limit_unit).then(|| {
                if difference.is_zero() {
                    Ordering::Equal
                } else if difference.is_negative() {
                    Ordering::Less
                } else {
                    Ordering::Greater
                }
            })
        }
        _ => None,
    }
}

/// A quantity in the base units of UCUM, and those.
fn canonical(quantity: &Value) -> Option<(Number, String)> {
    let code = quantity
        .text("code")
        .filter(|code| quantity.text("system") == Some(UCUM) && code.len() <= MAX_UNIT)?;
    let canonical = get_canonical_units(code).ok()?;
    let value = Number::parse(quantity.get("value")?.as_number()?.as_str())?
        .checked_mul(canonical.factor)?
        .checked_add(canonical.offset)?;
    Some((value, canonical.unit))
}
