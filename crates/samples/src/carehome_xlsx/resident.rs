//! A resident, and the people to phone.

use super::Rows;
use crate::Plan;
use crate::care::{self, Allergies};
use crate::mess::{blank_workbook, drift, impossible_date};
use crate::nhs_number::{spaced, with_bad_check_digit};
use crate::person::{self, Person, british, practice};
use crate::rng::Rng;
use crate::truth::{Outcome, Taboo, TruePerson, Truth};
use crate::workbook::Cell;

pub(super) struct Resident {
    pub person: Person,
    pub key: String,
    pub held: Option<&'static str>,
    /// The row number that the other sheets join on.
    pub id: u32,
    nhs: Cell,
    nhs_true: Option<String>,
    nhs_bad: Option<String>,
    birth: Cell,
}

impl Resident {
    pub(super) fn new(plan: &Plan, index: u32, rng: &mut Rng) -> Self {
        let person = person::person(plan.seed, index);
        let mut resident = Self {
            key: format!("person-{index}"),
            held: None,
            id: index + 1,
            nhs: Cell::text(person.nhs_number.clone()),
            nhs_true: Some(person.nhs_number.clone()),
            nhs_bad: None,
            birth: Cell::date(person.birth),
            person,
        };
        if rng.chance(plan.mess) {
            resident.untidy_number(rng);
        }
        if rng.chance(plan.mess) {
            if rng.chance(0.25) && resident.held.is_none() {
                resident.birth = Cell::text(impossible_date(rng));
                resident.held = Some("the birth date cannot be read");
            } else {
                resident.birth = Cell::text(british(resident.person.birth));
            }
        }
        resident
    }

    fn untidy_number(&mut self, rng: &mut Rng) {
        let number = &self.person.nhs_number;
        self.nhs = match rng.below(6) {
            0 => Cell::Number(number.parse().unwrap_or_default()),
            1 => Cell::text(format!("'{number}")),
            2 => Cell::text(spaced(number)),
            3 => {
                let bad = with_bad_check_digit(number);
                self.nhs_true = None;
                self.nhs_bad = Some(bad.clone());
                self.held = Some("the NHS number, which names the person, does not hold");
                Cell::text(bad)
            }
            _ => {
                self.nhs_true = None;
                Cell::text(blank_workbook(rng))
            }
        };
    }

    /// The cell that another sheet uses to point here.
    pub(super) fn join(&self) -> Cell {
        Cell::Number(f64::from(self.id))
    }

    pub(super) fn write(
        &self,
        plan: &Plan,
        rows: &mut Rows,
        mut truth: Option<&mut Truth>,
        rng: &mut Rng,
    ) {
        let person = &self.person;
        let blank = |rng: &mut Rng| {
            if plan.mess > 0.0 {
                Cell::text(blank_workbook(rng))
            } else {
                Cell::Blank
            }
        };
        let female = if person.female { "Female" } else { "Male" };
        let sex = if rng.chance(plan.mess) {
            drift(rng, female)
        } else {
            female.to_owned()
        };
        let dnacpr = rng.pick(&["Y", "N", ""]);
        let dols = rng.pick(&["Y", "N", ""]);
        let allergies = care::allergies(plan.seed, person.index, plan.mess);
        let listed = match &allergies {
            Allergies::Silent => blank(rng),
            Allergies::NoneKnown => Cell::text("NKDA"),
            Allergies::To(substances) => Cell::text(substances.join("; ")),
            Allergies::Contradictory(substance) => Cell::text(format!("NKDA; {substance}")),
            Allergies::Doubted(doubt, None) => Cell::text(*doubt),
            Allergies::Doubted(doubt, Some(also)) => Cell::text(format!("{doubt};{also}")),
        };
        let (practice, _) = practice(person.practice);
        let secret = format!("C{}X", 70_000 + person.index);
        let admitted = rng.between(1, 28);
        let cells = vec![
            self.join(),
            Cell::text(person.title),
            Cell::text(person.given),
            Cell::text(person.family.clone()),
            blank(rng),
            Cell::text(sex),
            self.birth.clone(),
            self.nhs.clone(),
            Cell::text(format!("{}B", person.index % 60 + 1)),
            Cell::text(rng.pick(&["Full Time Resident", "Full Time Resient", "Respite"])),
            Cell::text(rng.pick(&["Widowed", "Married", "Single"])),
            Cell::text(rng.pick(&["Methodist", "None", "Hindu"])),
            Cell::Date(2026, 3, u8::try_from(admitted).unwrap_or(1)),
            Cell::text(practice),
            Cell::text(dnacpr),
            if dnacpr == "Y" {
                Cell::text("01/05/2026")
            } else {
                Cell::Blank
            },
            Cell::text(dols),
            if dols == "Y" {
                Cell::Date(2027, 1, 31)
            } else {
                Cell::Blank
            },
            listed,
            Cell::text(secret.clone()),
        ];
        let record = rows.add("Residents", cells.clone());
        if let Some(truth) = truth.as_deref_mut() {
            let (outcome, why) = match self.held {
                Some(why) => (Outcome::Refused, why),
                None => (Outcome::Good, ""),
            };
            truth.verdict(Some("Residents"), record, &self.key, outcome, why);
            truth.forbid(&self.key, None, secret, Taboo::Denied);
            self.tell(truth);
            if self.held.is_none() {
                self.tell_flags(truth, dnacpr, dols);
                self.tell_allergies(truth, &allergies);
            }
        }
        if rng.chance(plan.mess * 0.3) {
            let record = rows.add("Residents", cells);
            if let Some(truth) = truth.as_deref_mut() {
                truth.verdict(
                    Some("Residents"),
                    record,
                    &self.key,
                    if self.held.is_some() {
                        Outcome::Refused
                    } else {
                        Outcome::Repeats
                    },
                    "the same row again",
                );
            }
        }
        if rng.chance(0.7) {
            self.contact(rows, truth, rng);
        }
    }

    fn contact(&self, rows: &mut Rows, truth: Option<&mut Truth>, rng: &mut Rng) {
        let name = format!("Robin {}", self.person.family);
        let record = rows.add(
            "Contacts",
            vec![
                self.join(),
                Cell::text(name.clone()),
                Cell::text(rng.pick(&["Daughter", "Son", "Friend", "Solicitor"])),
                Cell::text(format!("01632 9{:05}", self.person.index % 100_000)),
                Cell::text("robin@example.org"),
                Cell::text(rng.pick(&["Y", "N", ""])),
                Cell::text(rng.pick(&["Y", "N", ""])),
                Cell::text(rng.pick(&["Y", "N", ""])),
            ],
        );
        if let Some(truth) = truth {
            let outcome = if self.held.is_some() {
                Outcome::Refused
            } else {
                Outcome::Good
            };
            truth.verdict(Some("Contacts"), record, &self.key, outcome, "");
            if self.held.is_none() {
                truth.fact(&self.key, "RelatedPerson", name);
            }
        }
    }

    fn tell(&self, truth: &mut Truth) {
        truth.persons.push(TruePerson {
            key: self.key.clone(),
            nhs_number: self.nhs_true.clone(),
            local_id: None,
            family: self.person.family.clone(),
            birth_date: Some(self.person.birth.to_string()),
            held: self.held,
        });
        if let Some(bad) = &self.nhs_bad {
            truth.forbid(&self.key, None, bad.clone(), Taboo::BadNhsNumber);
        }
        if self.held.is_some() {
            return;
        }
        let key = &self.key;
        truth.fact(key, "Patient", self.person.family.clone());
        truth.fact(key, "Patient", self.person.given);
        truth.fact(key, "Patient", self.person.birth.to_string());
        if let Some(number) = &self.nhs_true {
            truth.fact(key, "Patient", number.clone());
        }
    }

    fn tell_flags(&self, truth: &mut Truth, dnacpr: &str, dols: &str) {
        match dnacpr {
            "Y" => truth.fact(&self.key, "Flag", "check the original"),
            _ => truth.forbid(&self.key, Some("Flag"), "DNACPR", Taboo::NotAsserted),
        }
        // A form's existence is never a coded decision (CS-13).
        truth.forbid(&self.key, None, "450476008", Taboo::NotAsserted);
        match dols {
            "Y" => truth.fact(&self.key, "Flag", "DoLS"),
            _ => truth.forbid(&self.key, Some("Flag"), "DoLS", Taboo::NotAsserted),
        }
    }

    fn tell_allergies(&self, truth: &mut Truth, allergies: &Allergies) {
        const KIND: &str = "AllergyIntolerance";
        const NONE_KNOWN: &str = "716186003";
        let key = &self.key;
        if *allergies == Allergies::NoneKnown {
            truth.fact(key, KIND, NONE_KNOWN);
        } else {
            truth.forbid(key, Some(KIND), NONE_KNOWN, Taboo::NotAsserted);
        }
        match allergies {
            Allergies::Silent | Allergies::NoneKnown => {}
            Allergies::To(substances) => {
                for substance in substances {
                    truth.fact(key, KIND, *substance);
                }
            }
            Allergies::Contradictory(substance) => {
                truth.fact(key, KIND, *substance);
                truth.fact(key, KIND, "NKDA");
            }
            Allergies::Doubted(doubt, also) => {
                truth.fact(key, KIND, *doubt);
                truth.forbid(key, Some(KIND), *doubt, Taboo::NotAsserted);
                if let Some(also) = also {
                    truth.fact(key, KIND, *also);
                }
            }
        }
    }
}
