//! SNOMED CT identifiers: SNOMED CT Release File Specification, section 6 (SCTID).

/// What an identifier identifies, as its partition says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Component {
    /// A concept: what a code may name.
    Concept,
    /// A description: one of the terms of a concept.
    Description,
    /// A relationship between concepts.
    Relationship,
}

/// Why a text is not an identifier.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SctidError {
    /// Not 6 to 18 digits without a leading zero.
    Form,
    /// The two digits before the last do not say what it identifies.
    Partition,
    /// The last digit does not check the others: a digit is mistyped, or the number went through a
    /// spreadsheet, which keeps only fifteen digits.
    CheckDigit,
}

/// Reads an identifier, and says what it identifies.
///
/// # Errors
/// When the text is not an identifier.
pub fn component(text: &str) -> Result<Component, SctidError> {
    let digits = text.as_bytes();
    if !(6..=18).contains(&digits.len())
        || digits.first() == Some(&b'0')
        || !digits.iter().all(u8::is_ascii_digit)
    {
        return Err(SctidError::Form);
    }
    let partition = text.get(text.len() - 3..text.len() - 1);
    let component = match partition {
        Some("00" | "10") => Component::Concept,
        Some("01" | "11") => Component::Description,
        Some("02" | "12") => Component::Relationship,
        _ => return Err(SctidError::Partition),
    };
    if checks(digits) {
        Ok(component)
    } else {
        Err(SctidError::CheckDigit)
    }
}

/// The identifier of a concept as a number; `None` when the text is not one.
pub(crate) fn concept(text: &str) -> Option<u64> {
    match component(text) {
        Ok(Component::Concept) => text.parse().ok(),
        _ => None,
    }
}

/// Verhoeff's check: the group D5 over the digits from the right, each turned as its place says.
fn checks(digits: &[u8]) -> bool {
    digits
        .iter()
        .rev()
        .enumerate()
        .fold(0, |sum, (place, digit)| {
            let mut turned = digit - b'0';
            for _ in 0..place % 8 {
                turned = turn(turned);
            }
            add(sum, turned)
        })
        == 0
}

/// Verhoeff's permutation, which has the order eight.
fn turn(digit: u8) -> u8 {
    match digit {
        0 => 1,
        1 => 5,
        2 => 7,
        3 => 6,
        4 => 2,
        5 => 8,
        6 => 3,
        7 => 0,
        8 => 9,
        _ => 4,
    }
}

/// The group of a pentagon's symmetries: 0 to 4 are its rotations, 5 to 9 its reflections.
fn add(one: u8, other: u8) -> u8 {
    match (one < 5, other < 5) {
        (true, true) => (one + other) % 5,
        (true, false) => (one + other - 5) % 5 + 5,
        (false, true) => (one - 5 + 5 - other) % 5 + 5,
        (false, false) => (one + 5 - other) % 5,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_in_use() {
        for concept in [
            "138875005",
            "73211009",
            "999001951000000107",
            "716186003",
            "196461000000101",
            "24700007",
            "100005",
        ] {
            assert_eq!(component(concept), Ok(Component::Concept), "{concept}");
        }
        assert_eq!(component("680946014"), Ok(Component::Description));
    }

    #[test]
    fn every_mistyped_digit_and_every_swap_is_found() {
        let right = "999001951000000107";
        for (at, kept) in right.char_indices().filter(|(at, _)| *at > 0) {
            for other in '0'..='9' {
                let mut wrong = right.to_owned();
                wrong.replace_range(at..=at, &other.to_string());
                if other != kept {
                    assert!(component(&wrong).is_err(), "{wrong}");
                }
            }
            let mut swapped: Vec<char> = right.chars().collect();
            swapped.swap(at - 1, at);
            let swapped: String = swapped.into_iter().collect();
            if swapped != right {
                assert!(component(&swapped).is_err(), "{swapped}");
            }
        }
    }

    #[test]
    fn what_is_no_identifier() {
        for (text, error) in [
            ("", SctidError::Form),
            ("12345", SctidError::Form),
            ("038875005", SctidError::Form),
            ("1234567890123456789", SctidError::Form),
            ("73211009 ", SctidError::Form),
            ("73211O09", SctidError::Form),
            ("73211058", SctidError::Partition),
            ("73211008", SctidError::CheckDigit),
            // As a spreadsheet rounds it.
            ("999001951000000000", SctidError::CheckDigit),
        ] {
            assert_eq!(component(text), Err(error), "{text}");
        }
    }
}
