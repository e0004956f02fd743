//! What a home knows of a person's care: the same whichever of its systems is asked.

use crate::rng::Rng;

/// A medicine as a home writes it down.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Medicine {
    /// Name.
    pub name: &'static str,
    /// Strength.
    pub strength: &'static str,
    /// Another strength that a careless record shows.
    pub other_strength: &'static str,
    /// Form.
    pub form: &'static str,
    /// Dose.
    pub dose: &'static str,
    /// Route.
    pub route: &'static str,
    /// Times of day; empty for a medicine given when needed.
    pub times: &'static str,
}

/// The medicines that samples use.
pub const MEDICINES: &[Medicine] = &[
    medicine(
        "Paracetamol",
        ["500mg", "250mg"],
        "tablet",
        "TWO tablets",
        "oral",
        "",
    ),
    medicine(
        "Amlodipine",
        ["5mg", "10mg"],
        "tablet",
        "ONE tablet",
        "oral",
        "08:00",
    ),
    medicine(
        "Metformin",
        ["500mg", "850mg"],
        "tablet",
        "ONE tablet",
        "oral",
        "08:00; 18:00",
    ),
    medicine(
        "Furosemide",
        ["40mg", "20mg"],
        "tablet",
        "ONE tablet",
        "oral",
        "08:00",
    ),
    medicine(
        "Lactulose",
        ["3.35g/5ml", "3.1g/5ml"],
        "oral solution",
        "15 ml",
        "oral",
        "08:00; 20:00",
    ),
    medicine(
        "Donepezil",
        ["10mg", "5mg"],
        "tablet",
        "ONE tablet",
        "oral",
        "20:00",
    ),
    medicine(
        "Levothyroxine",
        ["0.10mg", "0.05mg"],
        "tablet",
        "ONE tablet",
        "oral",
        "07:00",
    ),
    medicine(
        "Salbutamol",
        ["100micrograms/dose", "200micrograms/dose"],
        "inhaler",
        "TWO puffs",
        "inhaled",
        "",
    ),
];

const fn medicine(
    name: &'static str,
    strengths: [&'static str; 2],
    form: &'static str,
    dose: &'static str,
    route: &'static str,
    times: &'static str,
) -> Medicine {
    let [strength, other_strength] = strengths;
    Medicine {
        name,
        strength,
        other_strength,
        form,
        dose,
        route,
        times,
    }
}

/// Substances that people of the samples react to.
pub const SUBSTANCES: &[&str] = &[
    "Penicillin",
    "Latex",
    "Peanuts",
    "Codeine",
    "Elastoplast",
    "Shellfish",
    "Trimethoprim",
    "Bee stings",
    "Strawberries (rash)",
];

/// Words in an allergy list that are not an allergy, by what they say.
pub const DOUBTED: &[&str] = &[
    "?penicillin",
    "not allergic to latex",
    "intolerance to codeine queried",
    "possible shellfish",
    "No allergy to eggs",
];

/// What a home says about a person's allergies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Allergies {
    /// Nothing at all: not that there are none.
    Silent,
    /// `NKDA`.
    NoneKnown,
    /// Substances.
    To(Vec<&'static str>),
    /// `NKDA` beside a substance: a conflict.
    Contradictory(&'static str),
    /// Something doubted or denied, perhaps beside a substance.
    Doubted(&'static str, Option<&'static str>),
}

/// The allergies of a person. In a clean world nobody doubts and nobody contradicts.
pub fn allergies(seed: u64, index: u32, mess: f64) -> Allergies {
    let mut rng = Rng::stream(seed, "allergies", u64::from(index));
    let first = rng.pick(SUBSTANCES);
    if rng.chance(mess) {
        return if rng.chance(0.4) {
            Allergies::Contradictory(first)
        } else {
            let doubt = rng.pick(DOUBTED);
            Allergies::Doubted(doubt, rng.chance(0.5).then_some(first))
        };
    }
    match rng.below(10) {
        0..=2 => Allergies::Silent,
        3..=4 => Allergies::NoneKnown,
        5..=7 => Allergies::To(vec![first]),
        _ => {
            let second = rng.pick(SUBSTANCES);
            if second == first {
                Allergies::To(vec![first])
            } else {
                Allergies::To(vec![first, second])
            }
        }
    }
}

/// The medicines of a person: none to four, no medicine twice.
pub fn medicines(seed: u64, index: u32) -> Vec<Medicine> {
    let mut rng = Rng::stream(seed, "medicines", u64::from(index));
    MEDICINES
        .iter()
        .filter(|_| rng.chance(0.3))
        .take(4)
        .copied()
        .collect()
}
