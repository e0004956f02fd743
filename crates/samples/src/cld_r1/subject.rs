//! A person as a council writes them down.

use super::header::{Col, Row};
use super::labels;
use crate::Plan;
use crate::mess::{blank_csv, drift, impossible_date};
use crate::nhs_number::{spaced, with_bad_check_digit};
use crate::person::{self, Person, british, practice};
use crate::rng::Rng;
use crate::truth::{Taboo, TruePerson, Truth};

/// The person columns of one person, and what is true of them.
pub(super) struct Subject {
    pub person: Person,
    pub key: String,
    pub local_id: String,
    pub carer: bool,
    nhs: Nhs,
    birth: String,
    pub held: Option<&'static str>,
    ethnicity: String,
    ethnicity_true: &'static str,
    gender: String,
    death: String,
    pub client_type: &'static str,
    reason: String,
    pub older_reason: Option<&'static str>,
    older_ticks: Option<[&'static str; 4]>,
    reason_true: &'static str,
    accommodation: &'static str,
    employment: &'static str,
    unpaid_carer: &'static str,
    ticks: [&'static str; 4],
    link: Option<Link>,
}

enum Nhs {
    Good(String),
    Missing(&'static str),
    Bad(String),
}

/// How a carer's row names the person cared for.
struct Link {
    cell: String,
    good: bool,
}

const TICKS: [&str; 4] = [
    "Autism Spectrum Disorder (ASD)",
    "Visual Impairment",
    "Hearing Impairment",
    "Dementia",
];

impl Subject {
    pub(super) fn cared_for(plan: &Plan, index: u32, rng: &mut Rng) -> Self {
        let person = person::person(plan.seed, index);
        let mut subject = Self::clean(person, format!("person-{index}"), rng);
        subject.local_id = format!("A{}", 10_000 + index);
        subject.untidy(plan, rng);
        subject
    }

    pub(super) fn carer(plan: &Plan, index: u32, of: &Self, rng: &mut Rng) -> Self {
        let person = person::carer(plan.seed, index);
        let mut carer = Self::clean(person, format!("carer-{index}"), rng);
        carer.carer = true;
        carer.local_id = format!("C{}", 10_000 + index);
        carer.client_type = rng.pick(&["Carer", "Carer", "Carer known by association"]);
        carer.reason_true = labels::CARER_SUPPORT;
        carer.reason = labels::CARER_SUPPORT.to_owned();
        carer.ticks = ["No"; 4];
        carer.untidy(plan, rng);
        carer.older_reason = None;
        carer.older_ticks = None;
        carer.link = Some(if rng.chance(plan.mess * 0.1) {
            Link {
                cell: format!("A9{}", 10_000_000 + index),
                good: false,
            }
        } else {
            Link {
                cell: of.local_id.clone(),
                good: of.held.is_none() && !of.local_id.is_empty(),
            }
        });
        carer
    }

    fn clean(person: Person, key: String, rng: &mut Rng) -> Self {
        let ethnicity = rng.pick(labels::ETHNICITY);
        let reason = rng.pick(labels::SUPPORT_REASON);
        let death = if rng.chance(0.02) {
            format!("{:02}/08/2026", rng.between(1, 31))
        } else {
            String::new()
        };
        Self {
            nhs: Nhs::Good(person.nhs_number.clone()),
            birth: british(person.birth),
            gender: if person.female { "Female" } else { "Male" }.to_owned(),
            ethnicity: ethnicity.to_owned(),
            ethnicity_true: ethnicity,
            death,
            client_type: "Service User",
            reason: reason.to_owned(),
            reason_true: reason,
            older_reason: None,
            older_ticks: None,
            accommodation: rng.pick(labels::ACCOMMODATION),
            employment: rng.pick(labels::EMPLOYMENT),
            unpaid_carer: rng.pick(&["Yes", "No", "Unknown"]),
            ticks: std::array::from_fn(|_| rng.pick(&["No", "No", "Unknown", "Yes"])),
            link: None,
            person,
            key,
            local_id: String::new(),
            carer: false,
            held: None,
        }
    }

    fn untidy(&mut self, plan: &Plan, rng: &mut Rng) {
        if rng.chance(plan.mess) {
            match rng.below(10) {
                0..=3 => self.nhs = Nhs::Missing(blank_csv(rng)),
                4 => self.nhs = Nhs::Bad(with_bad_check_digit(&self.person.nhs_number)),
                5..=7 => self.nhs = Nhs::Good(spaced(&self.person.nhs_number)),
                8 => {
                    self.birth = impossible_date(rng).to_owned();
                    self.held = Some("the birth date cannot be read");
                }
                _ => {
                    self.local_id = blank_csv(rng).to_owned();
                    self.held = Some("the row names nobody: no LA person identifier");
                }
            }
        }
        if rng.chance(plan.mess) {
            self.ethnicity = drift(rng, self.ethnicity_true);
        }
        if rng.chance(plan.mess) {
            self.reason = drift(rng, self.reason_true);
        }
        if rng.chance(plan.mess) {
            self.gender = if self.person.female {
                rng.pick(&["F", "female", "2", "FEMALE "])
            } else {
                rng.pick(&["M", "male", "1", " Male"])
            }
            .to_owned();
        }
        if rng.chance(plan.mess) {
            self.older_reason = Some(rng.pick(labels::SUPPORT_REASON));
            if self.older_reason == Some(self.reason_true) {
                self.older_reason = None;
            }
        }
        if rng.chance(plan.mess) {
            // Once ticked, now not: what is so now counts.
            self.older_ticks = Some(["Yes"; 4]);
        }
    }

    fn ticks(&self, older: bool) -> [&'static str; 4] {
        self.older_ticks.filter(|_| older).unwrap_or(self.ticks)
    }

    /// Fills the person columns of a row; `older` rows may still hold what was so before.
    pub(super) fn fill(&self, row: &mut Row, older: bool) {
        row.set(
            Col::NhsNumber,
            match &self.nhs {
                Nhs::Good(text) | Nhs::Bad(text) => text.clone(),
                Nhs::Missing(blank) => (*blank).to_owned(),
            },
        );
        row.set(Col::PersonId, self.local_id.clone());
        row.set(Col::FirstName, self.person.given);
        row.set(Col::LastName, self.person.family.clone());
        let (name, code) = practice(self.person.practice);
        row.set(Col::PracticeName, name);
        row.set(Col::PracticeCode, code);
        row.set(Col::Gender, self.gender.clone());
        row.set(Col::Ethnicity, self.ethnicity.clone());
        row.set(Col::BirthDate, self.birth.clone());
        row.set(Col::DeathDate, self.death.clone());
        row.set(Col::ClientType, self.client_type);
        match self.older_reason {
            Some(reason) if older => row.set(Col::SupportReason, reason),
            _ => row.set(Col::SupportReason, self.reason.clone()),
        }
        row.set(Col::Postcode, self.person.postcode.clone());
        if !self.carer {
            row.set(Col::Accommodation, self.accommodation);
            row.set(Col::Employment, self.employment);
            row.set(Col::HasUnpaidCarer, self.unpaid_carer);
        }
        let columns = [Col::Autism, Col::Visual, Col::Hearing, Col::Dementia];
        for (column, tick) in columns.into_iter().zip(self.ticks(older)) {
            row.set(column, tick);
        }
        row.set(Col::Funding, "Fully Funded by the LA");
        if let Some(link) = &self.link {
            row.set(Col::Adult1, link.cell.clone());
        }
    }

    /// Puts the person into the answer sheet.
    pub(super) fn tell(&self, truth: &mut Truth) {
        let good_number = match &self.nhs {
            Nhs::Good(_) => Some(self.person.nhs_number.clone()),
            Nhs::Bad(number) => {
                truth.forbid(
                    &self.key,
                    Some("Patient"),
                    number.clone(),
                    Taboo::BadNhsNumber,
                );
                None
            }
            Nhs::Missing(_) => None,
        };
        truth.persons.push(TruePerson {
            key: self.key.clone(),
            nhs_number: good_number.clone(),
            local_id: Some(self.local_id.trim().to_owned()).filter(|id| !id.is_empty()),
            family: self.person.family.clone(),
            birth_date: Some(self.person.birth.to_string()),
            held: self.held,
        });
        if self.held.is_some() {
            return;
        }
        let key = &self.key;
        truth.fact(key, "Patient", self.person.family.clone());
        truth.fact(key, "Patient", self.person.given);
        truth.fact(key, "Patient", self.person.birth.to_string());
        truth.fact(key, "Patient", self.local_id.clone());
        truth.fact(key, "Patient", self.person.postcode.clone());
        truth.fact(
            key,
            "Patient",
            if self.person.female { "female" } else { "male" },
        );
        if let Some(number) = good_number {
            truth.fact(key, "Patient", number);
        }
        truth.fact(key, "Condition", self.reason.trim());
        if let Some(older) = self.older_reason {
            truth.forbid(key, Some("Condition"), older, Taboo::Superseded);
        }
        for (label, tick) in TICKS.into_iter().zip(self.ticks) {
            if tick == "Yes" {
                truth.fact(key, "Condition", label);
            } else {
                truth.forbid(key, Some("Condition"), label, Taboo::NotAsserted);
            }
        }
        if !self.carer {
            truth.fact(key, "Observation", self.accommodation);
            truth.fact(key, "Observation", self.employment);
        }
    }

    /// Why nobody can be told that this carer cares for them, if so.
    pub(super) fn link_fails(&self) -> Option<&'static str> {
        let link = self.link.as_ref()?;
        // A person without an identifier cannot be named, so the row names nobody.
        let named = link.cell.starts_with('A');
        (named && !link.good).then_some("the person cared for is not in the file, or is held back")
    }

    /// Says that this carer cares for that person.
    pub(super) fn tell_link(&self, cared_for: &Self, truth: &mut Truth) {
        if self.held.is_none() && self.link.as_ref().is_some_and(|link| link.good) {
            truth.fact(&cared_for.key, "RelatedPerson", self.person.family.clone());
        }
    }
}
