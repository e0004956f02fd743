//! Who the samples are about: the same people for every format.

use jiff::civil::{Date, date};

use crate::names::{self, MEN, WOMEN};
use crate::nhs_number;
use crate::rng::Rng;

/// The most people one run can have: half of the NHS numbers, the other half is for their carers.
pub const MAX_PEOPLE: u32 = nhs_number::SUPPLY / 2;

/// One fictional person, as they are; a format's mess lies in how a source writes them down.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Person {
    /// Which person of the run, from 0.
    pub index: u32,
    /// A valid number of the test range.
    pub nhs_number: String,
    /// `Mrs`, `Mr`, …
    pub title: &'static str,
    /// First name.
    pub given: &'static str,
    /// Family name; no two people of a run share family name and birth date.
    pub family: String,
    /// Whether the sources write `Female`; otherwise `Male`.
    pub female: bool,
    /// Birth date.
    pub birth: Date,
    /// A postcode that no street has.
    pub postcode: String,
    /// Which GP practice, below [`PRACTICES`].
    pub practice: u32,
}

/// How many GP practices there are.
pub const PRACTICES: u32 = 12;

/// A practice's name and its (fictional) ODS code.
pub fn practice(number: u32) -> (String, String) {
    let number = number % PRACTICES;
    (
        format!("Pretend Surgery {}", number + 1),
        format!("Y999{:02}", number + 1),
    )
}

/// The `index`-th person of a seed.
pub fn person(seed: u64, index: u32) -> Person {
    let mut rng = Rng::stream(seed, "person", u64::from(index));
    let shift = Rng::stream(seed, "shift", 0).below(u64::from(nhs_number::SUPPLY)) as u32;
    let female = rng.chance(0.6);
    let family_number = index.wrapping_mul(101).wrapping_add(shift) % names::FAMILIES;
    // People of one family name come 576 indexes apart; stepping the day by a number that has no
    // factor in common with the span keeps (family name, birth date) unique: it is a key in sources
    // without NHS numbers.
    let span = 18_251u64;
    let block = u64::from(index / names::FAMILIES);
    let start = Rng::stream(seed, "family", u64::from(family_number)).below(span);
    let day = (start + block * 7_919) % span;
    let birth = date(1926, 1, 1)
        .checked_add(jiff::Span::new().days(day as i64))
        .unwrap_or(date(1926, 1, 1));
    Person {
        index,
        nhs_number: nhs_number::test_number((index + shift) % nhs_number::SUPPLY),
        title: if female {
            rng.pick(&["Mrs", "Miss", "Ms", "Dr"])
        } else {
            rng.pick(&["Mr", "Mr", "Dr", "Rev"])
        },
        given: rng.pick(if female { WOMEN } else { MEN }),
        family: names::family(family_number),
        female,
        birth,
        postcode: format!(
            "ZZ{} {}{}{}",
            rng.between(1, 99),
            rng.between(1, 9),
            rng.pick(&["A", "B", "D", "E"]),
            rng.pick(&["F", "G", "H", "J"])
        ),
        practice: rng.below(u64::from(PRACTICES)) as u32,
    }
}

/// The carer of the `index`-th person: a person of their own, never one of the people cared for.
pub fn carer(seed: u64, index: u32) -> Person {
    person(seed, index % MAX_PEOPLE + MAX_PEOPLE)
}

/// `14/02/1938`.
pub fn british(day: Date) -> String {
    format!("{:02}/{:02}/{:04}", day.day(), day.month(), day.year())
}
