//! The untidiness of real exports, in one place so that every format is untidy in the same ways.

use crate::rng::Rng;

/// Writes a label as a hurried person or another system would: other case, an en dash for a hyphen,
/// a space lost or doubled. The words stay the same.
pub fn drift(rng: &mut Rng, label: &str) -> String {
    match rng.below(6) {
        0 => label.to_lowercase(),
        1 => label.to_uppercase(),
        2 if label.contains('-') => label.replace('-', "–"),
        3 if label.contains(" - ") => label.replacen(" - ", "- ", 1),
        4 if label.contains(' ') => label.replacen(' ', "  ", 1),
        _ => format!(" {label} "),
    }
}

/// A way to write "nothing" in a CSV of a council.
pub fn blank_csv(rng: &mut Rng) -> &'static str {
    rng.pick(&["", "NULL", " ", "null"])
}

/// A way to write "nothing" in a care home's workbook.
pub fn blank_workbook(rng: &mut Rng) -> &'static str {
    rng.pick(&["", "N/A", "-", "nil", "n/a", " "])
}

/// A date that no calendar has, or that says too little to be used.
pub fn impossible_date(rng: &mut Rng) -> &'static str {
    rng.pick(&[
        "31/02/2026",
        "00/00/0000",
        "14/13/2026",
        "14/02/26",
        "14 Febuary 2026",
        "TBC",
    ])
}
