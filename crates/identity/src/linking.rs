//! The one rule by which records of different sources are one person's (CS-2).

use std::collections::BTreeSet;

use crate::known::{Known, Record, Ruling};
use crate::names::letters;
use crate::{Claim, NhsNumber};

/// What speaks for or against two records being one person's, as a code: it never holds a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Point {
    /// For: the NHS numbers are the same.
    SameNumber,
    /// For: one NHS number was replaced by the other.
    NumberSuperseded,
    /// For: the birth dates are the same.
    SameBirthDate,
    /// For: one birth date is a part of the other, such as the year.
    BirthDateFits,
    /// For: the surnames are the same.
    SameSurname,
    /// For: one has as its surname what the other gives as a former one.
    FormerSurname,
    /// For: one has as its surname what the other gives as a second present one.
    OtherSurname,
    /// For: the surnames share a part, as double-barrelled ones do.
    SurnamePart,
    /// For: the surname of one is the given name of the other, and the other way round.
    NamesSwapped,
    /// For: a given name is the same.
    SameGivenName,
    /// Against: the NHS numbers differ.
    NumberDiffers,
    /// Against: one has no valid NHS number, or neither.
    NumberMissing,
    /// Against: the birth dates differ.
    BirthDateDiffers,
    /// Against: one birth date is not a whole date.
    BirthDatePartial,
    /// Against: one has no birth date.
    BirthDateMissing,
    /// Against: the surnames differ.
    SurnameDiffers,
    /// Against: one has no surname in use.
    SurnameMissing,
    /// Against: the given names differ.
    GivenNameDiffers,
    /// Against: one of them is a twin, and the given names differ.
    MultipleBirth,
    /// Against: one is said to be male, the other female.
    SexDiffers,
    /// Against: each agrees with a record that does not agree with the other's.
    NotWithTheOthers,
}

impl Point {
    const ALL: [Self; 21] = [
        Self::SameNumber,
        Self::NumberSuperseded,
        Self::SameBirthDate,
        Self::BirthDateFits,
        Self::SameSurname,
        Self::FormerSurname,
        Self::OtherSurname,
        Self::SurnamePart,
        Self::NamesSwapped,
        Self::SameGivenName,
        Self::NumberDiffers,
        Self::NumberMissing,
        Self::BirthDateDiffers,
        Self::BirthDatePartial,
        Self::BirthDateMissing,
        Self::SurnameDiffers,
        Self::SurnameMissing,
        Self::GivenNameDiffers,
        Self::MultipleBirth,
        Self::SexDiffers,
        Self::NotWithTheOthers,
    ];

    /// The code that is stored and logged.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::SameNumber => "same-number",
            Self::NumberSuperseded => "number-superseded",
            Self::SameBirthDate => "same-birth-date",
            Self::BirthDateFits => "birth-date-fits",
            Self::SameSurname => "same-surname",
            Self::FormerSurname => "former-surname",
            Self::OtherSurname => "other-surname",
            Self::SurnamePart => "surname-part",
            Self::NamesSwapped => "names-swapped",
            Self::SameGivenName => "same-given-name",
            Self::NumberDiffers => "number-differs",
            Self::NumberMissing => "number-missing",
            Self::BirthDateDiffers => "birth-date-differs",
            Self::BirthDatePartial => "birth-date-partial",
            Self::BirthDateMissing => "birth-date-missing",
            Self::SurnameDiffers => "surname-differs",
            Self::SurnameMissing => "surname-missing",
            Self::GivenNameDiffers => "given-name-differs",
            Self::MultipleBirth => "multiple-birth",
            Self::SexDiffers => "sex-differs",
            Self::NotWithTheOthers => "not-with-the-others",
        }
    }

    /// The point of a code.
    pub fn from_code(code: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|point| point.as_str() == code)
    }

    /// The point in plain words, for the person who decides.
    pub fn words(self) -> &'static str {
        match self {
            Self::SameNumber => "the NHS numbers are the same",
            Self::NumberSuperseded => "one NHS number was replaced by the other",
            Self::SameBirthDate => "the birth dates are the same",
            Self::BirthDateFits => "the birth dates do not contradict each other",
            Self::SameSurname => "the surnames are the same",
            Self::FormerSurname => "the surname of one is a former surname of the other",
            Self::OtherSurname => "the surname of one is a second surname of the other",
            Self::SurnamePart => "the surnames have a part in common",
            Self::NamesSwapped => "surname and given name seem to be swapped in one of them",
            Self::SameGivenName => "a given name is the same",
            Self::NumberDiffers => "the NHS numbers differ",
            Self::NumberMissing => "there is not a valid NHS number in both",
            Self::BirthDateDiffers => "the birth dates differ",
            Self::BirthDatePartial => "one birth date is not whole",
            Self::BirthDateMissing => "one has no birth date",
            Self::SurnameDiffers => "the surnames differ",
            Self::SurnameMissing => "one has no surname in use",
            Self::GivenNameDiffers => "the given names differ",
            Self::MultipleBirth => "one is a twin or triplet, and the given names differ",
            Self::SexDiffers => "one is said to be male and the other female",
            Self::NotWithTheOthers => "each agrees with records that do not agree with one another",
        }
    }
}

/// Why two records wait for a person.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Reasons {
    /// What speaks for one person.
    pub speaks_for: BTreeSet<Point>,
    /// What speaks against.
    pub speaks_against: BTreeSet<Point>,
}

/// What two records are to each other.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Linking {
    /// One person's.
    Linked {
        /// Whether both numbers were traced and everything agrees; else it is as good as the
        /// sources that say it.
        certain: bool,
    },
    /// Perhaps one person's, perhaps not: nothing of the one is shown with the other until a person
    /// has decided.
    Conflict(Reasons),
    /// Nothing says that they are one person's, or a person has decided that they are not.
    Apart,
}

impl Linking {
    /// Whether facts of both may be shown together.
    pub fn is_linked(&self) -> bool {
        matches!(self, Self::Linked { .. })
    }
}

/// A record and what it says about its person.
#[derive(Clone, Copy)]
pub struct Party<'a> {
    /// The record.
    pub record: &'a Record,
    /// What it says.
    pub claim: &'a Claim,
}

/// What two records are to each other, by what people have decided and else by the rule.
///
/// The rule links when the NHS numbers are valid and the same (a superseded number counts as the one
/// that replaced it), the birth dates are whole and the same, and the surnames in use agree: case,
/// accents and punctuation do not count. Where one is known to be a twin, a given name must agree
/// too. With the same number everything else is a conflict. With different numbers, or without one,
/// records are a conflict when surname, whole birth date and a given name agree, and apart when not:
/// nothing is ever linked by a name.
///
/// A decision holds for exactly the two records that it is about. Records of one tenant that were
/// merged are one person's, and nothing else follows from that.
pub fn link(one: Party<'_>, other: Party<'_>, known: &Known) -> Linking {
    if one.record == other.record {
        return Linking::Linked {
            certain: one.claim.traced,
        };
    }
    let by_rule = compare(one, other, known);
    match known.ruling(one.record, other.record) {
        Some(Ruling::KeepApart) => return Linking::Apart,
        Some(Ruling::Link) => return linked_by_a_person(by_rule),
        None => {}
    }
    if known.survivor(one.record) == known.survivor(other.record) {
        return linked_by_a_person(by_rule);
    }
    by_rule
}

/// A decision links, but makes nothing certain that the rule would not.
fn linked_by_a_person(by_rule: Linking) -> Linking {
    match by_rule {
        Linking::Linked { certain } => Linking::Linked { certain },
        _ => Linking::Linked { certain: false },
    }
}

fn compare(one: Party<'_>, other: Party<'_>, known: &Known) -> Linking {
    let mut reasons = Reasons::default();
    let number = number(one, other, known, &mut reasons);
    let (a, b) = (one.claim, other.claim);
    let birth = birth_date(a, b, &mut reasons);
    let surname = surname(a, b, &mut reasons);
    let given = given(a, b, &mut reasons);
    if a.sex.is_some() && b.sex.is_some() && a.sex != b.sex {
        reasons.speaks_against.insert(Point::SexDiffers);
    }
    let twins = given == Some(false) && (a.multiple_birth || b.multiple_birth);
    if twins {
        reasons.speaks_against.insert(Point::MultipleBirth);
    }
    if number {
        if birth && surname && !twins {
            return Linking::Linked {
                certain: a.traced && b.traced,
            };
        }
        return Linking::Conflict(reasons);
    }
    if birth && surname && given == Some(true) {
        Linking::Conflict(reasons)
    } else {
        Linking::Apart
    }
}

fn number(one: Party<'_>, other: Party<'_>, known: &Known, reasons: &mut Reasons) -> bool {
    let current = |party: Party<'_>| -> Option<NhsNumber> {
        let number = party.claim.key.nhs_number.as_ref()?;
        Some(known.current_number(&party.record.tenant, number).clone())
    };
    match (current(one), current(other)) {
        (Some(a), Some(b)) if a == b => {
            let as_written = one.claim.key.nhs_number == other.claim.key.nhs_number;
            reasons.speaks_for.insert(if as_written {
                Point::SameNumber
            } else {
                Point::NumberSuperseded
            });
            true
        }
        (Some(_), Some(_)) => {
            reasons.speaks_against.insert(Point::NumberDiffers);
            false
        }
        _ => {
            reasons.speaks_against.insert(Point::NumberMissing);
            false
        }
    }
}

fn birth_date(a: &Claim, b: &Claim, reasons: &mut Reasons) -> bool {
    if let (Some(one), Some(other)) = (&a.key.birth_date, &b.key.birth_date) {
        let same = one == other;
        if same {
            reasons.speaks_for.insert(Point::SameBirthDate);
        } else {
            reasons.speaks_against.insert(Point::BirthDateDiffers);
        }
        return same;
    }
    match (&a.birth_date, &b.birth_date) {
        (Some(one), Some(other)) => {
            let (short, long) = if one.len() <= other.len() {
                (one, other)
            } else {
                (other, one)
            };
            reasons.speaks_against.insert(Point::BirthDatePartial);
            if long.starts_with(short.as_str()) {
                reasons.speaks_for.insert(Point::BirthDateFits);
            } else {
                reasons.speaks_against.insert(Point::BirthDateDiffers);
            }
        }
        _ => {
            reasons.speaks_against.insert(Point::BirthDateMissing);
        }
    }
    false
}

fn surname(a: &Claim, b: &Claim, reasons: &mut Reasons) -> bool {
    let (Some(one), Some(other)) = (a.surname(), b.surname()) else {
        reasons.speaks_against.insert(Point::SurnameMissing);
        return false;
    };
    if one == other {
        reasons.speaks_for.insert(Point::SameSurname);
        return true;
    }
    reasons.speaks_against.insert(Point::SurnameDiffers);
    let among = |names: &BTreeSet<String>, name: &str| names.iter().any(|n| letters(n) == name);
    if among(&a.former_surnames, &other) || among(&b.former_surnames, &one) {
        reasons.speaks_for.insert(Point::FormerSurname);
    }
    if among(&a.other_surnames, &other) || among(&b.other_surnames, &one) {
        reasons.speaks_for.insert(Point::OtherSurname);
    }
    if !a.surname_parts.is_disjoint(&b.surname_parts) {
        reasons.speaks_for.insert(Point::SurnamePart);
    }
    if among(&a.given, &other) && among(&b.given, &one) {
        reasons.speaks_for.insert(Point::NamesSwapped);
    }
    false
}

/// Whether a given name is shared; nothing when one of them states none.
fn given(a: &Claim, b: &Claim, reasons: &mut Reasons) -> Option<bool> {
    if a.given.is_empty() || b.given.is_empty() {
        return None;
    }
    let same = !a.given.is_disjoint(&b.given);
    if same {
        reasons.speaks_for.insert(Point::SameGivenName);
    } else {
        reasons.speaks_against.insert(Point::GivenNameDiffers);
    }
    Some(same)
}
