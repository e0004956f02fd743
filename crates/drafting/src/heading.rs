//! What a header says that its column holds.

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

const NAMES: [(Role, &[&str]); 46] = [
    (
        Role::NhsNumber,
        &["nhs number", "nhs no", "nhsnumber", "nhs num", "nhs"],
    ),
    (
        Role::PersonId,
        &[
            "id",
            "resident id",
            "person id",
            "client id",
            "customer id",
            "patient id",
            "service user id",
            "resident no",
            "resident number",
            "client number",
            "client no",
            "person number",
            "local id",
            "local patient id",
            "record uid",
            "record id",
            "person ref",
            "client ref",
            "resident ref",
            "person unique identifier",
            "la person unique identifier",
            "unique id",
            "person reference",
            "service user number",
            "service user ref",
            "hospital number",
            "su id",
            "person",
        ],
    ),
    (
        Role::FullName,
        &[
            "name",
            "full name",
            "resident name",
            "client name",
            "patient name",
            "person name",
            "resident",
            "service user",
            "service user name",
            "client",
            "contact name",
            "customer name",
        ],
    ),
    (
        Role::Family,
        &[
            "last name",
            "surname",
            "family name",
            "family",
            "lastname",
            "second name",
        ],
    ),
    (
        Role::Given,
        &[
            "first name",
            "forename",
            "forenames",
            "given name",
            "given names",
            "given",
            "first names",
            "firstname",
        ],
    ),
    (Role::Title, &["title", "salutation"]),
    (
        Role::KnownAs,
        &[
            "known as",
            "preferred name",
            "likes to be called",
            "alias",
            "nickname",
        ],
    ),
    (
        Role::Sex,
        &["sex", "gender", "administrative gender", "sex at birth"],
    ),
    (
        Role::BirthDate,
        &[
            "dob",
            "date of birth",
            "birth date",
            "d o b",
            "birthdate",
            "born",
        ],
    ),
    (
        Role::DeathDate,
        &[
            "date of death",
            "dod",
            "death date",
            "deceased date",
            "died",
        ],
    ),
    (
        Role::AddressLine,
        &[
            "address",
            "address line 1",
            "address line 2",
            "address line 3",
            "address line 4",
            "address 1",
            "address 2",
            "address 3",
            "address 4",
            "street",
            "house",
            "address line1",
            "address line2",
        ],
    ),
    (
        Role::Town,
        &["town", "city", "address town", "address city"],
    ),
    (
        Role::Postcode,
        &[
            "postcode",
            "post code",
            "address postcode",
            "postal code",
            "zip",
        ],
    ),
    (
        Role::Phone,
        &[
            "phone",
            "telephone",
            "mobile",
            "tel",
            "phone number",
            "telephone number",
            "mobile number",
            "contact number",
            "home phone",
            "tel no",
            "secondary telephone number",
            "phones",
        ],
    ),
    (Role::Mail, &["email", "e mail", "email address"]),
    (
        Role::Practice,
        &[
            "gp practice",
            "gp",
            "gp practice name",
            "gp surgery",
            "surgery",
            "practice",
            "gp name",
            "doctor",
            "registered gp",
        ],
    ),
    (
        Role::PracticeCode,
        &[
            "gp practice code",
            "gp code",
            "practice code",
            "gp ods code",
        ],
    ),
    (
        Role::Ethnicity,
        &[
            "ethnicity",
            "ethnic origin",
            "ethnic group",
            "ethnic category",
        ],
    ),
    (Role::Religion, &["religion", "faith"]),
    (Role::MaritalStatus, &["marital status", "marital"]),
    (
        Role::Room,
        &["room", "room number", "room no", "bedroom", "bed", "unit"],
    ),
    (
        Role::Admission,
        &[
            "admission date",
            "admitted",
            "admitted on",
            "date of admission",
            "date admitted",
            "moved in",
            "date moved in",
        ],
    ),
    (
        Role::Stay,
        &[
            "type of stay",
            "resident type",
            "stay type",
            "placement type",
        ],
    ),
    (
        Role::Allergies,
        &[
            "allergies",
            "allergy",
            "known allergies",
            "allergen",
            "substance",
            "allergies and intolerances",
        ],
    ),
    (Role::Reaction, &["reaction", "allergic reaction"]),
    (
        Role::Conditions,
        &[
            "diagnosis",
            "diagnoses",
            "conditions",
            "condition",
            "medical conditions",
            "medical history",
            "problems",
            "health conditions",
            "past medical history",
            "main diagnosis",
            "primary diagnosis",
        ],
    ),
    (Role::Dnacpr, &["dnacpr", "dnar", "dnr", "dnacpr in place"]),
    (Role::Dols, &["dols", "dols in place"]),
    (
        Role::Relationship,
        &[
            "relationship",
            "relation",
            "relationship to resident",
            "relationship to client",
        ],
    ),
    (Role::NextOfKin, &["next of kin", "nok", "is next of kin"]),
    (
        Role::LpaHealth,
        &[
            "lpa h w",
            "lpa health",
            "lpa health and welfare",
            "lpa health welfare",
            "lpa hw",
        ],
    ),
    (
        Role::LpaFinance,
        &[
            "lpa p f",
            "lpa finance",
            "lpa property and financial affairs",
            "lpa pf",
            "lpa property",
        ],
    ),
    (
        Role::Medicine,
        &[
            "medicine",
            "medication",
            "drug",
            "drug name",
            "medicine name",
            "medication name",
            "medications",
        ],
    ),
    (Role::Strength, &["strength"]),
    (Role::Form, &["form", "formulation"]),
    (
        Role::Dose,
        &["dose", "dosage", "directions", "dose instructions"],
    ),
    (Role::Route, &["route", "route of administration"]),
    (
        Role::Times,
        &["times", "frequency", "schedule", "time of day"],
    ),
    (
        Role::WhenNeeded,
        &[
            "prn",
            "as needed",
            "as required",
            "when needed",
            "when required",
        ],
    ),
    (
        Role::Start,
        &["start", "start date", "started", "date started", "from"],
    ),
    (
        Role::Stop,
        &[
            "stop",
            "stop date",
            "end date",
            "stopped",
            "date stopped",
            "end",
            "until",
            "to",
        ],
    ),
    (
        Role::MedicineCode,
        &["dm d", "dmd", "dmd code", "dm d code", "vmp", "snomed dm d"],
    ),
    (Role::Outcome, &["outcome code", "mar code", "outcome"]),
    (Role::Given_, &["given at", "administered at", "given time"]),
    (
        Role::Date,
        &[
            "date",
            "date and time",
            "date time",
            "date recorded",
            "recorded",
            "recorded at",
            "recorded on",
            "measured on",
            "date taken",
            "taken at",
            "observed at",
            "datetime",
            "timestamp",
            "assessment date",
            "date of assessment",
            "reading date",
            "event start date",
            "weighed on",
            "date weighed",
            "created at",
        ],
    ),
    (
        Role::Note,
        &[
            "note",
            "notes",
            "comment",
            "comments",
            "remarks",
            "details",
            "description",
        ],
    ),
];

const AS_OF: [&str; 14] = [
    "exported on",
    "export date",
    "exported at",
    "extract date",
    "date of extract",
    "extracted on",
    "as of",
    "as at",
    "report date",
    "run date",
    "snapshot date",
    "reporting period end date",
    "data as at",
    "exported",
];

const VITALS: [(Vital, &[&str]); 9] = [
    (Vital::Weight, &["weight", "body weight"]),
    (Vital::Height, &["height", "body height"]),
    (Vital::Bmi, &["bmi", "body mass index"]),
    (
        Vital::Temperature,
        &["temperature", "temp", "body temperature"],
    ),
    (Vital::Pulse, &["pulse", "heart rate", "pulse rate"]),
    (
        Vital::Breathing,
        &[
            "respiration rate",
            "respiratory rate",
            "resp rate",
            "respirations",
            "respiration",
        ],
    ),
    (
        Vital::Oxygen,
        &[
            "oxygen saturation",
            "o2 sat",
            "o2 sats",
            "spo2",
            "sats",
            "oxygen",
        ],
    ),
    (
        Vital::Systolic,
        &[
            "systolic",
            "systolic bp",
            "bp systolic",
            "systolic blood pressure",
        ],
    ),
    (
        Vital::Diastolic,
        &[
            "diastolic",
            "diastolic bp",
            "bp diastolic",
            "diastolic blood pressure",
        ],
    ),
];

/// Screening tools of care homes with the least and the most that they give.
const SCORES: [(&str, i64, i64); 10] = [
    ("must", 0, 6),
    ("must score", 0, 6),
    ("waterlow", 0, 64),
    ("waterlow score", 0, 64),
    ("braden", 6, 23),
    ("barthel index", 0, 100),
    ("abbey pain scale", 0, 18),
    ("clinical frailty scale", 1, 9),
    ("bristol stool type", 1, 7),
    ("news2", 0, 20),
];

/// Units that a header may end with, and what UCUM calls them.
const UNITS: [(&str, &str); 19] = [
    ("kg", "kg"),
    ("kgs", "kg"),
    ("kilograms", "kg"),
    ("g", "g"),
    ("cm", "cm"),
    ("m", "m"),
    ("mm", "mm"),
    ("ml", "mL"),
    ("mls", "mL"),
    ("l", "L"),
    ("litres", "L"),
    ("c", "Cel"),
    ("celsius", "Cel"),
    ("bpm", "/min"),
    ("min", "/min"),
    ("mmhg", "mm[Hg]"),
    ("mmol", "mmol/L"),
    ("percent", "%"),
    ("hours", "h"),
];

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
