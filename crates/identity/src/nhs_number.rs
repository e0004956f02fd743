//! The NHS number.

use std::fmt;
use std::str::FromStr;

use compact_str::CompactString;

/// The identifier system of the NHS number, as the UK Core Patient profile fixes it.
pub const NHS_NUMBER_SYSTEM: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// An NHS number: ten digits, the last of which is a modulus-11 check digit (NHS Data Dictionary,
/// NHS NUMBER).
#[derive(Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct NhsNumber(CompactString);

/// Why a text is not an NHS number. Never holds the text.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NhsNumberError {
    /// Not ten digits once spaces and dashes are taken out.
    NotTenDigits,
    /// The last digit does not check the other nine: a digit is mistyped or two are swapped.
    CheckDigit,
}

impl fmt::Display for NhsNumberError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::NotTenDigits => "an NHS number has ten digits",
            Self::CheckDigit => "the check digit of this NHS number is wrong",
        })
    }
}

impl std::error::Error for NhsNumberError {}

impl NhsNumber {
    /// The ten digits without spaces.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for NhsNumber {
    type Err = NhsNumberError;

    /// Reads a number as people write it: with or without spaces, dashes and a leading apostrophe
    /// of a spreadsheet.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits: CompactString = text
            .trim()
            .trim_start_matches('\'')
            .chars()
            .filter(|c| !c.is_whitespace() && !matches!(c, '-' | '\u{2010}'..='\u{2015}'))
            .collect();
        if digits.len() != 10 || !digits.bytes().all(|b| b.is_ascii_digit()) {
            return Err(NhsNumberError::NotTenDigits);
        }
        let number: nhs_number::NHSNumber =
            digits.parse().map_err(|_| NhsNumberError::NotTenDigits)?;
        // Ten equal digits can pass the check and are always a placeholder.
        let first = digits.bytes().next();
        if !number.validate_check_digit() || digits.bytes().all(|b| Some(b) == first) {
            return Err(NhsNumberError::CheckDigit);
        }
        Ok(Self(digits))
    }
}

/// The last three digits only: a number must not reach a log by accident.
impl fmt::Debug for NhsNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "NhsNumber(…{})", self.0.get(7..).unwrap_or_default())
    }
}
