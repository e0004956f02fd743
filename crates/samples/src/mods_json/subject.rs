//! The person of a document.

use json::{Object, Value};

use crate::Plan;
use crate::nhs_number::{spaced, with_bad_check_digit};
use crate::person::Person;
use crate::rng::Rng;
use crate::truth::{Outcome, Taboo, TruePerson, Truth};

#[derive(Clone)]
pub(super) struct Subject {
    pub person: Person,
    pub key: String,
    pub held: Option<&'static str>,
    nhs: Number,
    birth: String,
    gender: &'static str,
    ethnicity: &'static str,
    language: &'static str,
    religion: &'static str,
    orientation: &'static str,
    earlier_family: Option<String>,
}

#[derive(Clone)]
enum Number {
    Good(String),
    Bad(String),
    Blank,
    Null,
    Absent,
}

impl Subject {
    pub(super) fn new(plan: &Plan, person: Person, rng: &mut Rng) -> Self {
        let mut subject = Self {
            key: format!("person-{}", person.index),
            nhs: Number::Good(person.nhs_number.clone()),
            birth: person.birth.to_string(),
            gender: if person.female { "Female" } else { "Male" },
            ethnicity: rng.pick(&[
                "White - English, Welsh, Scottish, Northern Irish or British",
                "Asian or Asian British - Indian",
                "Other ethnic group - Arab",
            ]),
            language: rng.pick(&["en", "en", "cy", "pl", "q4"]),
            religion: rng.pick(&["Methodist", "Hindu", "None", "Jedi (fictional)"]),
            orientation: rng.pick(&["orientation-private-1", "orientation-private-2"]),
            held: None,
            earlier_family: None,
            person,
        };
        if rng.chance(plan.mess) {
            subject.nhs = match rng.below(6) {
                0 => Number::Bad(with_bad_check_digit(&subject.person.nhs_number)),
                1 => Number::Blank,
                2 => Number::Null,
                3 => Number::Absent,
                _ => Number::Good(spaced(&subject.person.nhs_number)),
            };
        } else if rng.chance(plan.mess * 0.2) {
            subject.birth = rng.pick(&["1938-02-30", "unknown", "38-02-11"]).to_owned();
            subject.held = Some("the birth date cannot be read");
        }
        subject
    }

    pub(super) fn outcome(&self) -> Outcome {
        match (self.held, &self.nhs) {
            (Some(_), _) => Outcome::Refused,
            (None, Number::Bad(_)) => Outcome::GoodWithIssue,
            _ => Outcome::Good,
        }
    }

    pub(super) fn why(&self) -> &'static str {
        self.held.unwrap_or(match self.nhs {
            Number::Bad(_) => "the NHS number's check digit is wrong",
            _ => "",
        })
    }

    /// The subject as an older version of the record has it.
    pub(super) fn as_it_was(&self) -> Self {
        Self {
            earlier_family: Some("Formername".to_owned()),
            ..self.clone()
        }
    }

    pub(super) fn record_uid(&self) -> String {
        format!("rec-{:06}", self.person.index)
    }

    pub(super) fn local_id(&self) -> String {
        format!("SU{:05}", 20_000 + self.person.index)
    }

    pub(super) fn to_json(&self) -> Value {
        let family = self.earlier_family.as_ref().unwrap_or(&self.person.family);
        let mut identification = Object::new().with("localId", self.local_id());
        let written = match &self.nhs {
            Number::Good(text) | Number::Bad(text) => Some(Value::from(text.as_str())),
            Number::Blank => Some(Value::from("")),
            Number::Null => Some(Value::Null),
            Number::Absent => None,
        };
        if let Some(written) = written {
            identification.insert("nhsNumber", written);
        }
        let demographics = Object::new()
            .with("dateOfBirth", self.birth.as_str())
            .with("genderIdentity", self.gender)
            .with("ethnicity", self.ethnicity)
            .with("religion", self.religion)
            .with("firstLanguage", self.language)
            .with("otherLanguage", vec![Value::from("")])
            .with(
                "interpreterRequired",
                if self.language == "q4" { "Yes" } else { "No" },
            )
            .with("sexualOrientation", self.orientation);
        Value::Object(
            Object::new()
                .with(
                    "name",
                    Object::new()
                        .with("family", family.as_str())
                        .with("given", self.person.given),
                )
                .with("identification", identification)
                .with("demographics", demographics),
        )
    }

    pub(super) fn tell(&self, truth: &mut Truth) {
        let good = match &self.nhs {
            Number::Good(_) => Some(self.person.nhs_number.clone()),
            Number::Bad(number) => {
                truth.forbid(
                    &self.key,
                    Some("Patient"),
                    number.clone(),
                    Taboo::BadNhsNumber,
                );
                None
            }
            _ => None,
        };
        truth.persons.push(TruePerson {
            key: self.key.clone(),
            nhs_number: good.clone(),
            local_id: Some(self.local_id()),
            family: self.person.family.clone(),
            birth_date: Some(self.person.birth.to_string()),
            held: self.held,
        });
        truth.forbid(&self.key, None, self.orientation, Taboo::Denied);
        truth.forbid(&self.key, Some("Patient"), "Formername", Taboo::Superseded);
        if self.held.is_some() {
            return;
        }
        truth.fact(&self.key, "Patient", self.person.family.clone());
        truth.fact(&self.key, "Patient", self.person.given);
        truth.fact(&self.key, "Patient", self.person.birth.to_string());
        truth.fact(&self.key, "Patient", self.local_id());
        if let Some(number) = good {
            truth.fact(&self.key, "Patient", number);
        }
    }
}
