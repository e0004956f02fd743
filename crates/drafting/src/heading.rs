//! What a header says that its column holds.

mod names;

use names::{AS_OF, NAMES, SCORES, UNITS, VITALS};

/// What a column is about, as far as its header tells.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Role {
    NhsNumber,
    PersonId,
    FullName,
    Family,
    Given,
    Title,
    KnownAs,
    Sex,
    BirthDate,
    DeathDate,
    AddressLine,
    Town,
    Postcode,
    Phone,
    Mail,
    Practice,
    PracticeCode,
    Ethnicity,
    Religion,
    MaritalStatus,
    Room,
    Admission,
    Stay,
    Allergies,
    Reaction,
    Conditions,
    Dnacpr,
    Dols,
    Relationship,
    NextOfKin,
    LpaHealth,
    LpaFinance,
    Medicine,
    Strength,
    Form,
    Dose,
    Route,
    Times,
    WhenNeeded,
    Start,
    Stop,
    MedicineCode,
    Outcome,
    Given_,
    Date,
    Vital(Vital),
    Score,
    Note,
    AsOf,
}

/// A measurement that UK Core has a profile for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Vital {
    Weight,
    Height,
    Bmi,
    Temperature,
    Pulse,
    Breathing,
    Oxygen,
    Systolic,
    Diastolic,
}

/// The words of a header in lower case: `Date of Birth`, `DATE_OF_BIRTH` and `dateOfBirth` are the
/// same three.
pub(crate) fn words(header: &str) -> Vec<String> {
    let mut words: Vec<String> = Vec::new();
    let mut small = false;
    let mut open = false;
    for c in header.chars() {
        if !c.is_alphanumeric() {
            if c != '\'' && c != '’' {
                open = false;
            }
            small = false;
            continue;
        }
        let starts = !open || (c.is_uppercase() && small);
        if starts {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut() {
            word.extend(c.to_lowercase());
        }
        open = true;
        small = c.is_lowercase();
    }
    words
}

/// The unit that a header states: `Weight (in KG)`, `weight_kg`, `Intake (ml)`, `SpO2 %`.
pub(crate) fn unit(header: &str) -> Option<&'static str> {
    if header.contains('%') {
        return Some("%");
    }
    if header.contains("°C") {
        return Some("Cel");
    }
    let words = words(header);
    if words.ends_with(&["kg".to_owned(), "m2".to_owned()]) {
        return Some("kg/m2");
    }
    let last = words.last()?;
    if words.len() < 2 {
        return None;
    }
    UNITS
        .iter()
        .find(|(unit, _)| unit == last)
        .map(|(_, ucum)| *ucum)
        // A single letter at the end is a unit only in brackets: "Vitamin C" states none.
        .filter(|_| last.len() > 1 || header.trim_end().ends_with(')'))
}

/// The words of a header without a unit at its end.
fn bare(header: &str) -> String {
    let mut words = words(header);
    if let Some(unit) = unit(header) {
        if unit == "kg/m2" {
            words.pop();
        }
        let named = words
            .last()
            .is_some_and(|last| UNITS.iter().any(|(unit, _)| unit == last));
        if named {
            words.pop();
        }
        if words.last().is_some_and(|last| last == "in") {
            words.pop();
        }
    }
    words.join(" ")
}

/// What a header is about. `within` is what stands round it: the path above it in a document.
pub(crate) fn role(header: &str, within: &[String]) -> Option<Role> {
    let text = bare(header);
    if AS_OF.contains(&text.as_str()) {
        return Some(Role::AsOf);
    }
    let vital = VITALS
        .iter()
        .find(|(_, names)| names.contains(&text.as_str()))
        .map(|(vital, _)| Role::Vital(*vital));
    if vital.is_some() {
        return vital;
    }
    if score(header).is_some() {
        return Some(Role::Score);
    }
    let mut role = find(&text);
    if let Some(above) = within.last() {
        let above = words(above).join(" ");
        // The name of a practice, a home or a contact is not the person's.
        let others = [
            "gp",
            "practice",
            "surgery",
            "doctor",
            "organisation",
            "organization",
            "provider",
            "home",
            "contact",
            "next of kin",
            "nok",
            "carer",
            "staff",
            "author",
            "care organisation",
            "created by",
            "updated by",
            "manager",
            "branch",
            "location",
            "service",
        ];
        if others.contains(&above.as_str()) {
            role = find(&format!("{above} {text}"))
                .filter(|role| matches!(role, Role::Practice | Role::PracticeCode));
        }
    }
    role
}

fn find(text: &str) -> Option<Role> {
    NAMES
        .iter()
        .find(|(_, names)| names.contains(&text))
        .map(|(role, _)| *role)
}

/// The least and the most that a screening tool gives.
pub(crate) fn score(header: &str) -> Option<(i64, i64)> {
    let text = words(header).join(" ");
    SCORES
        .iter()
        .find(|(name, ..)| *name == text)
        .map(|(_, least, most)| (*least, *most))
}

/// Why the values of a column must never leave the reader, where its header says so.
pub(crate) fn secret(header: &str) -> Option<&'static str> {
    let text = words(header).join(" ");
    let has = |phrases: &[&str]| {
        phrases
            .iter()
            .any(|phrase| format!(" {text} ").contains(&format!(" {phrase} ")))
    };
    if has(&[
        "key safe",
        "keysafe",
        "door code",
        "entry code",
        "access code",
        "key code",
        "door number code",
        "gate code",
        "alarm code",
        "access details",
        "qr code",
    ]) {
        Some("door code")
    } else if has(&[
        "ni number",
        "ni no",
        "nino",
        "national insurance",
        "national insurance no",
        "national insurance number",
    ]) {
        Some("National Insurance number")
    } else if has(&[
        "pin",
        "pin number",
        "client pin",
        "password",
        "passcode",
        "username",
        "user name",
        "login",
        "token",
        "secret",
        "security question",
    ]) {
        Some("password or PIN")
    } else if has(&[
        "bank",
        "account number",
        "account no",
        "sort code",
        "iban",
        "card number",
        "benefit number",
    ]) {
        Some("bank details")
    } else {
        None
    }
}

/// Why a column is left out although it is no secret, where its header says so.
pub(crate) fn not_clinical(header: &str) -> Option<&'static str> {
    let text = format!(" {} ", words(header).join(" "));
    let money = [
        " cost ",
        " price ",
        " fee ",
        " fees ",
        " funding ",
        " invoice ",
        " unit cost ",
        " budget ",
    ];
    money
        .iter()
        .any(|word| text.contains(word))
        .then_some("how care is paid for is not clinical")
}

/// Whether a table's name says that its rows are other people than those who are cared for.
pub(crate) fn is_of_others(table: &str) -> bool {
    let others = [
        "contact",
        "contacts",
        "kin",
        "relative",
        "relatives",
        "staff",
        "carer",
        "carers",
        "caregiver",
        "caregivers",
        "employee",
        "employees",
        "user",
        "users",
        "practitioner",
        "practitioners",
        "proxy",
        "proxies",
        "author",
        "settings",
    ];
    words(table)
        .iter()
        .any(|word| others.contains(&word.as_str()))
}
