//! Units of measure: UCUM (<https://ucum.org/ucum>), case-sensitive codes, read by `octofhir-ucum`.

use octofhir_ucum::{Dimension, EvalResult, evaluate, parse_expression};

use crate::Membership;

/// Longer than any unit; reading takes time that grows with the length.
const MAX_LENGTH: usize = 256;

/// What can be read is in, what cannot is out.
pub fn accepts(code: &str) -> Membership {
    match read(code) {
        Some(_) => Membership::In,
        None => otherwise(code),
    }
}

/// Units of one dimension.
pub fn accepts_of(dimension: Dimension, code: &str) -> Membership {
    match read(code) {
        Some(unit) => Membership::of(unit.dim == dimension && unit.arbitrary.is_empty()),
        None => otherwise(code),
    }
}

/// The dimension of a unit.
pub fn dimension(code: &str) -> Option<Dimension> {
    read(code).map(|unit| unit.dim)
}

fn read(code: &str) -> Option<EvalResult> {
    if code.len() > MAX_LENGTH {
        return None;
    }
    evaluate(&parse_expression(code).ok()?).ok()
}

/// UCUM allows no space anywhere (section 6, paragraph 2), but FHIR's own list of common units has
/// annotations with spaces, `{2 or 3 times}/d`: those are not decided.
fn otherwise(code: &str) -> Membership {
    if code.len() > MAX_LENGTH {
        return Membership::Unknown;
    }
    let mut depth = 0_usize;
    let closed: String = code
        .chars()
        .map(|c| {
            match c {
                '{' => depth += 1,
                '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            if c == ' ' && depth > 0 { '_' } else { c }
        })
        .collect();
    if closed != code && read(&closed).is_some() {
        Membership::Unknown
    } else {
        Membership::Out
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn units_in_use() {
        for good in [
            "kg",
            "mm[Hg]",
            "/min",
            "Cel",
            "%",
            "mmol/L",
            "kg/m2",
            "10*9/L",
            "10*3/uL",
            "10^3/uL",
            "{beats}/min",
            "mL/min/{1.73_m2}",
            "ug/L",
            "[in_i]",
            "1",
            "h",
            "d",
            "wk",
            "mo",
            "a",
            "g/dL",
            "{score}",
            "mmol/mol{creatinine}",
            "[degF]",
            "m.s-2",
            "(kg.m)/s2",
            "U/L",
            "[iU]/mL",
            "cm",
            "[lb_av]",
            "/[HPF]",
            "10*3",
            "[stone_av]",
            "mg",
            "L",
            "kPa",
            "ng/mL",
            "ms",
            "[arb'U]/mL",
            "g/(8.h)",
            "[pH]",
            "meq/L",
            "{breaths}/min",
            "%{saturation}",
        ] {
            assert_eq!(accepts(good), Membership::In, "{good}");
        }
    }

    #[test]
    fn what_is_no_unit() {
        for bad in [
            "",
            "beats per minute",
            "kg m",
            "(kg",
            "kg)",
            "kg//",
            "kg.",
            "{beats",
            "°C",
            "mm Hg",
            "mmHg",
            "mm[hg]",
            "MM[HG]",
            "bpm",
            "tablets",
            "kgs",
            "degF",
            "mcg",
            "/",
        ] {
            assert_eq!(accepts(bad), Membership::Out, "{bad}");
        }
        assert_eq!(accepts("{2 or 3 times}/d"), Membership::Unknown);
        assert_eq!(accepts(&"m.".repeat(1_000_000)), Membership::Unknown);
        assert_eq!(accepts(&"(".repeat(200)), Membership::Out);
    }

    #[test]
    fn dimensions() {
        let length = dimension("m").unwrap();
        for (code, expected) in [
            ("cm", Membership::In),
            ("[mi_i]", Membership::In),
            ("m2", Membership::Out),
            ("s", Membership::Out),
            ("miles", Membership::Out),
        ] {
            assert_eq!(accepts_of(length, code), expected, "{code}");
        }
    }
}
