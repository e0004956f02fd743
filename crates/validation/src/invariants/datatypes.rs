//! Invariants of data types.

use std::cmp::Ordering;

use json::Value;

use super::{Focus, Native, compare_numbers, compare_times, has, has_choice, has_value};

const UCUM: &str = "http://unitsofmeasure.org";

pub(super) const NATIVE: &[Native] = &[
    Native {
        key: "ext-1",
        expression: "extension.exists() != value.exists()",
        holds: |f| has(f.this, "extension") != has_choice(f.this, "value"),
        words: "an extension has either a value or extensions of its own",
    },
    Native {
        key: "per-1",
        expression: "start.hasValue().not() or end.hasValue().not() or (start <= end)",
        holds: |f| match (f.this.text("start"), f.this.text("end")) {
            (Some(start), Some(end)) => {
                matches!(
                    compare_times(start, end),
                    Some(Ordering::Less | Ordering::Equal)
                )
            }
            _ => true,
        },
        words: "a period ends no earlier than it starts, and both are precise enough to tell",
    },
    Native {
        key: "qty-3",
        expression: "code.empty() or system.exists()",
        holds: |f| !has(f.this, "code") || has(f.this, "system"),
        words: "a unit code needs the system that it comes from",
    },
    Native {
        key: "sqty-1",
        expression: "comparator.empty()",
        holds: |f| !has(f.this, "comparator"),
        words: "this quantity is exact: no comparator",
    },
    Native {
        key: "rng-2",
        expression: "low.empty() or high.empty() or (low <= high)",
        holds: range_in_order,
        words: "a range's low is no higher than its high",
    },
    Native {
        key: "rat-1",
        expression: "(numerator.empty() xor denominator.exists()) and (numerator.exists() or extension.exists())",
        holds: |f| {
            has(f.this, "numerator") == has(f.this, "denominator")
                && (has(f.this, "numerator") || has(f.this, "extension"))
        },
        words: "a ratio has both numerator and denominator, or only extensions",
    },
    Native {
        key: "cpt-2",
        expression: "value.empty() or system.exists()",
        holds: |f| !has(f.this, "value") || has(f.this, "system"),
        words: "a contact point with a value needs its system (phone, email and so on)",
    },
    Native {
        key: "att-1",
        expression: "data.empty() or contentType.exists()",
        holds: |f| !has(f.this, "data") || has(f.this, "contentType"),
        words: "an attachment with data needs its contentType",
    },
    Native {
        key: "age-1",
        expression: "(code.exists() or value.empty()) and (system.empty() or system = %ucum) and (value.empty() or value.hasValue().not() or value > 0)",
        holds: |f| {
            (has(f.this, "code") || !has(f.this, "value"))
                && (!has(f.this, "system") || f.this.text("system") == Some(UCUM))
                && f.this
                    .get("value")
                    .and_then(Value::as_number)
                    .is_none_or(|value| value.to_f64() > 0.0)
        },
        words: "an age is positive and its unit is a UCUM code",
    },
    Native {
        key: "drt-1",
        expression: "code.exists() implies ((system = %ucum) and value.exists())",
        holds: |f| {
            !has(f.this, "code") || (f.this.text("system") == Some(UCUM) && has(f.this, "value"))
        },
        words: "a duration with a unit code needs a value, and the code is of UCUM",
    },
    Native {
        key: "dis-1",
        expression: "(code.exists() or value.empty()) and (system.empty() or system = %ucum)",
        holds: |f| {
            (has(f.this, "code") || !has(f.this, "value"))
                && (!has(f.this, "system") || f.this.text("system") == Some(UCUM))
        },
        words: "a distance's unit is a UCUM code",
    },
    Native {
        key: "tim-1",
        expression: "duration.empty() or durationUnit.exists()",
        holds: |f| !has(f.this, "duration") || has(f.this, "durationUnit"),
        words: "a duration needs its unit",
    },
    Native {
        key: "tim-2",
        expression: "period.empty() or periodUnit.exists()",
        holds: |f| !has(f.this, "period") || has(f.this, "periodUnit"),
        words: "a period needs its unit",
    },
    Native {
        key: "tim-4",
        expression: "duration.exists() implies duration >= 0",
        holds: |f| !has_value(f.this, "duration") || is_not_negative(f.this.get("duration")),
        words: "a duration is not negative",
    },
    Native {
        key: "tim-5",
        expression: "period.exists() implies period >= 0",
        holds: |f| !has_value(f.this, "period") || is_not_negative(f.this.get("period")),
        words: "a period is not negative",
    },
    Native {
        key: "tim-6",
        expression: "periodMax.empty() or period.exists()",
        holds: |f| !has(f.this, "periodMax") || has(f.this, "period"),
        words: "a longest period needs a period",
    },
    Native {
        key: "tim-7",
        expression: "durationMax.empty() or duration.exists()",
        holds: |f| !has(f.this, "durationMax") || has(f.this, "duration"),
        words: "a longest duration needs a duration",
    },
    Native {
        key: "tim-8",
        expression: "countMax.empty() or count.exists()",
        holds: |f| !has(f.this, "countMax") || has(f.this, "count"),
        words: "a highest count needs a count",
    },
    Native {
        key: "tim-9",
        expression: "offset.empty() or (when.exists() and ((when in ('C' | 'CM' | 'CD' | 'CV')).not()))",
        holds: |f| {
            let mut when = f.this.each("when");
            let meal = |when: &Value| matches!(when.as_str(), Some("C" | "CM" | "CD" | "CV"));
            !has(f.this, "offset") || (has(f.this, "when") && !when.any(meal))
        },
        words: "an offset needs a time of day that is not a meal itself",
    },
    Native {
        key: "tim-10",
        expression: "timeOfDay.empty() or when.empty()",
        holds: |f| !has(f.this, "timeOfDay") || !has(f.this, "when"),
        words: "either a time of day or an event, not both",
    },
    Native {
        key: "exp-1",
        expression: "expression.exists() or reference.exists()",
        holds: |f| has(f.this, "expression") || has(f.this, "reference"),
        words: "an expression or a reference to one must be given",
    },
    Native {
        key: "dom-2",
        expression: "contained.contained.empty()",
        holds: |f| {
            !f.this
                .each("contained")
                .any(|inner| has(inner, "contained"))
        },
        words: "a contained resource contains no others",
    },
    Native {
        key: "dom-4",
        expression: "contained.meta.versionId.empty() and contained.meta.lastUpdated.empty()",
        holds: |f| {
            !f.this
                .each("contained")
                .flat_map(|inner| inner.each("meta"))
                .any(|meta| has(meta, "versionId") || has(meta, "lastUpdated"))
        },
        words: "a contained resource has no version and no time of update of its own",
    },
    Native {
        key: "dom-5",
        expression: "contained.meta.security.empty()",
        holds: |f| {
            !f.this
                .each("contained")
                .flat_map(|inner| inner.each("meta"))
                .any(|meta| has(meta, "security"))
        },
        words: "a contained resource has no security label of its own",
    },
];

fn is_not_negative(value: Option<&Value>) -> bool {
    value
        .and_then(Value::as_number)
        .is_some_and(|number| number.to_f64() >= 0.0)
}

/// Quantities compare only in the same unit; otherwise the answer is open, and open is no breach.
fn range_in_order(focus: &Focus<'_>) -> bool {
    let (Some(low), Some(high)) = (focus.this.get("low"), focus.this.get("high")) else {
        return true;
    };
    let same_unit = low.get("code") == high.get("code")
        && low.get("system") == high.get("system")
        && (has(low, "code") || low.get("unit") == high.get("unit"));
    match (low.get("value"), high.get("value")) {
        (Some(low), Some(high)) if same_unit => {
            compare_numbers(low, high) != Some(Ordering::Greater)
        }
        _ => true,
    }
}
