//! What is so, whatever the export looks like: the answer sheet to a sample.

use serde::Serialize;

/// The answer sheet of one export.
///
/// A test reads it beside what Causeway made of the export: every good record is there, every fact
/// of it can be found, nothing that had to be refused got through, and nothing forbidden was said.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Truth {
    /// The format's name.
    pub format: &'static str,
    /// How many people were asked for.
    pub people: u32,
    /// The seed.
    pub seed: u64,
    /// The share of places where something is untidy; 0 in a clean run.
    pub mess: f64,
    /// How many records the export has, over all its tables.
    pub records: u64,
    /// Who is in it.
    pub persons: Vec<TruePerson>,
    /// What each record must come to.
    pub verdicts: Vec<Verdict>,
    /// Facts that must survive.
    pub facts: Vec<Fact>,
    /// What must not be said.
    pub forbidden: Vec<Forbidden>,
}

/// One person of an export.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct TruePerson {
    /// The name this file uses for the person: `person-12`, or `carer-12`.
    pub key: String,
    /// The NHS number that the export states and that holds, if any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub nhs_number: Option<String>,
    /// The source's own stable id, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub local_id: Option<String>,
    /// Family name.
    pub family: String,
    /// Birth date, ISO 8601.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub birth_date: Option<String>,
    /// Why no Patient may be made, if none may.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub held: Option<&'static str>,
}

/// What one record must come to.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Verdict {
    /// The sheet, or the path of the list in a JSON document; nothing in a flat file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub table: Option<&'static str>,
    /// The record, from 1, the header not counted.
    pub record: u64,
    /// In a nested document: which item of the list, from 1.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub item: Option<u64>,
    /// Whose it is.
    pub person: String,
    /// What must become of it.
    pub outcome: Outcome,
    /// Why.
    #[serde(skip_serializing_if = "str::is_empty")]
    pub why: &'static str,
}

/// What must become of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// It goes through.
    Good,
    /// It goes through, and an issue says that a value was not usable or not certain.
    GoodWithIssue,
    /// It says what another record says already and adds nothing.
    Repeats,
    /// It is not about the person's care and makes nothing; the loss report counts it.
    Silent,
    /// The fact that it carries is quarantined; the person stands.
    Refused,
}

/// Something the export says that must be readable in what is made of it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Fact {
    /// Whose it is.
    pub person: String,
    /// The FHIR resource type that carries it.
    pub resource: &'static str,
    /// The source's words or value, which some text of the resource must hold.
    pub text: String,
}

/// Something that must not be made, however the export reads.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Forbidden {
    /// About whom; nothing when about nobody at all.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub person: Option<String>,
    /// In which resource type; nothing for any.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<&'static str>,
    /// The text that must not occur there.
    pub text: String,
    /// Why not.
    pub why: Taboo,
}

/// Why a thing must not be said.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Taboo {
    /// An NHS number whose check digit is wrong is not published as one.
    BadNhsNumber,
    /// Doubted, negated or contradicted: never coded, never active (CS-10).
    NotAsserted,
    /// A value that the source marks as secret or private never leaves the adapter.
    Denied,
    /// The record is refused, so its words appear nowhere.
    Refused,
    /// An older row was overtaken by a newer one.
    Superseded,
}

impl Truth {
    pub(crate) fn fact(&mut self, person: &str, resource: &'static str, text: impl Into<String>) {
        self.facts.push(Fact {
            person: person.to_owned(),
            resource,
            text: text.into(),
        });
    }

    pub(crate) fn forbid(
        &mut self,
        person: &str,
        resource: Option<&'static str>,
        text: impl Into<String>,
        why: Taboo,
    ) {
        self.forbidden.push(Forbidden {
            person: Some(person.to_owned()),
            resource,
            text: text.into(),
            why,
        });
    }

    pub(crate) fn verdict(
        &mut self,
        table: Option<&'static str>,
        record: u64,
        person: &str,
        outcome: Outcome,
        why: &'static str,
    ) {
        self.verdicts.push(Verdict {
            table,
            record,
            item: None,
            person: person.to_owned(),
            outcome,
            why,
        });
    }
}
