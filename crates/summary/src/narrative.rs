//! The readable half of the document: tables and sentences, every word of a source escaped (CS-18).

use fhir::narrative::Div;

use crate::describe::Described;
use crate::gather::Gathered;
use crate::person::Why;
use crate::sections::{Key, Section};
use crate::settings::Settings;
use crate::statement::Statement;
use crate::time::{days_before, readable, stamp};

/// The columns of every section's table.
const COLUMNS: [&str; 6] = ["Entry", "Details", "Status", "Date", "Source", "As of"];

/// The text of a section, and whether something must be said of it besides its entries: then the
/// section stands even without any.
pub(crate) struct SectionText {
    pub(crate) div: String,
    pub(crate) noted: bool,
}

/// Whom to ask about what an organisation sent (CS-7).
fn whom_to_ask(name: &str, phone: Option<&str>) -> String {
    match phone {
        Some(phone) => format!("Phone {name} on {phone}"),
        None => format!("Ask {name}; it has given no phone number"),
    }
}

/// Which sections suffer when a record of some type could not be processed. An unknown type could
/// have been anything, so it counts against what a reader must be able to rely on.
fn affected(resource_type: &str) -> &'static [Key] {
    const ALL: &[Key] = &[Key::Alerts, Key::Allergies, Key::Medications, Key::Problems];
    match resource_type {
        "AllergyIntolerance" => &[Key::Allergies],
        "MedicationStatement" | "MedicationRequest" | "Medication" => &[Key::Medications],
        "Condition" => &[Key::Problems, Key::SocialCare, Key::FunctionalStatus],
        "Flag" => &[Key::Alerts, Key::Legal],
        "Observation" => &[
            Key::VitalSigns,
            Key::Assessments,
            Key::Risks,
            Key::SocialHistory,
            Key::Other,
        ],
        "Consent" => &[Key::AdvanceDirectives],
        "DocumentReference" => &[Key::Documents, Key::AdvanceDirectives],
        "CarePlan" | "Goal" => &[Key::PlanOfCare],
        "QuestionnaireResponse" => &[Key::PatientStory],
        "RelatedPerson" | "CareTeam" | "Practitioner" | "PractitionerRole" => {
            &[Key::Contacts, Key::Legal]
        }
        "EpisodeOfCare" | "Task" | "ServiceRequest" | "DeviceRequest" | "Device" => {
            &[Key::SocialCare]
        }
        "Encounter" | "Appointment" => &[Key::Encounters],
        "Immunization" => &[Key::Immunisations],
        "Procedure" => &[Key::Procedures],
        "DeviceUseStatement" => &[Key::MedicalDevices],
        // Doses given and the like are no part of a summary.
        "MedicationAdministration" | "Provenance" | "AuditEvent" => &[],
        _ => ALL,
    }
}

/// What is missing from a section, in sentences (CS-7).
fn missing(gathered: &Gathered<'_>, section: &Section, settings: &Settings) -> Vec<String> {
    let mut sentences = Vec::new();
    for (index, contribution) in gathered.used.iter().enumerate() {
        let ask = whom_to_ask(&contribution.organisation, contribution.phone.as_deref());
        let count: u32 = contribution
            .held_back
            .iter()
            .filter(|held| affected(&held.resource_type).contains(&section.key))
            .map(|held| held.count)
            .sum();
        if count > 0 {
            sentences.push(format!(
                "This section may be incomplete: {count} record(s) from {} could not be processed. {ask}.",
                contribution.organisation
            ));
        }
        for type_name in contribution
            .not_shared
            .iter()
            .filter(|type_name| affected(type_name).contains(&section.key))
        {
            sentences.push(format!(
                "This section may be incomplete: {type_name} records of {} are outside what may be shared with the reader. {ask}.",
                contribution.organisation
            ));
        }
        if let Some(count) = gathered.retired.get(&(section.key, index)) {
            sentences.push(format!(
                "{} no longer reports {count} record(s) that it reported before; they are not shown. {ask}.",
                contribution.organisation
            ));
        }
    }
    // Nobody knows which section would have held it: those that a reader relies on say so.
    if section.mandatory || section.key == Key::Alerts {
        for (name, phone) in &settings.refused {
            sentences.push(format!(
                "This section may be incomplete: {name} holds a record under this NHS number that \
                 could not be processed. {}.",
                whom_to_ask(name, phone.as_deref())
            ));
        }
    }
    if section.mandatory {
        for left_out in &gathered.left_out {
            sentences.push(format!(
                "This section may be incomplete. {}",
                left_out_words(left_out.why, left_out.contribution)
            ));
        }
    }
    sentences.dedup();
    sentences
}

/// Why an organisation's record as a whole is not here.
pub(crate) fn left_out_words(why: Why, contribution: &crate::Contribution) -> String {
    let name = &contribution.organisation;
    let ask = whom_to_ask(name, contribution.phone.as_deref());
    match why {
        Why::Differs => format!(
            "A record that {name} holds under this NHS number is not included, because its birth \
             date or surname differs or is missing. {ask}."
        ),
        Why::Unreviewed => format!(
            "Information from {name} is not included until its mapping has been clinically \
             reviewed. {ask}."
        ),
    }
}

/// Whose information of this section is old or undated (CS-6).
fn stale(gathered: &Gathered<'_>, shown: &[&Statement], settings: &Settings) -> Vec<String> {
    let mut sentences = Vec::new();
    for cited in shown.iter().flat_map(|statement| &statement.cited) {
        let Some(contribution) = gathered.used.get(cited.contribution) else {
            continue;
        };
        let name = &contribution.organisation;
        let sentence = match &cited.as_of {
            None => format!(
                "CAUTION: {name} ({}) has not said as of when its information is true.",
                cited.source
            ),
            Some(as_of) => match days_before(as_of, settings.generated) {
                Some(days)
                    if days > i32::try_from(settings.stale_after_days).unwrap_or(i32::MAX) =>
                {
                    format!(
                        "CAUTION: information from {name} ({}) is as of {} and may be out of date: it \
                     is more than {} days old.",
                        cited.source,
                        readable(as_of),
                        settings.stale_after_days
                    )
                }
                Some(_) => continue,
                None => format!(
                    "CAUTION: the date of the information from {name} ({}) cannot be read.",
                    cited.source
                ),
            },
        };
        if !sentences.contains(&sentence) {
            sentences.push(sentence);
        }
    }
    sentences.sort();
    sentences
}

/// The text of a section with these entries.
pub(crate) fn section(
    gathered: &Gathered<'_>,
    section: &Section,
    shown: &[&Statement],
    settings: &Settings,
) -> SectionText {
    let mut notes = missing(gathered, section, settings);
    notes.extend(stale(gathered, shown, settings));
    let mut conflicts: Vec<String> = shown
        .iter()
        .filter_map(|statement| statement.conflict.clone())
        .collect();
    conflicts.sort();
    conflicts.dedup();
    notes.extend(conflicts.into_iter().map(|words| format!("{words}.")));
    if let Some(count) = gathered.older.get(&section.key) {
        notes.push(format!("{count} older or ended record(s) are not shown."));
    }

    let mut div = Div::new();
    div.element("h2", section.title);
    for note in &notes {
        div.element("p", note);
    }
    if shown.is_empty() {
        div.element("p", &empty(section));
    } else {
        if let Some(preface) = section.preface {
            div.element("p", preface);
        }
        let rows: Vec<Vec<String>> = shown
            .iter()
            .filter_map(|statement| {
                let described = described(statement, section.key)?;
                Some(row(gathered, statement, described))
            })
            .collect();
        div.table(&COLUMNS, rows);
    }
    SectionText {
        div: visible(&div.finish()),
        noted: !notes.is_empty(),
    }
}

fn described(statement: &Statement, key: Key) -> Option<&Described> {
    statement
        .shown
        .iter()
        .find_map(|(shown, described)| (*shown == key).then_some(described))
}

fn empty(section: &Section) -> String {
    match section.key {
        Key::Allergies => "No information about allergies is available. This does not mean that \
                           the person has no allergies."
            .to_owned(),
        Key::Medications => "No information about medicines is available. This does not mean that \
                             the person takes no medicines."
            .to_owned(),
        Key::Problems => "No information about problems is available. This does not mean that the \
                          person has none."
            .to_owned(),
        _ => "Nothing else is recorded here. This does not mean that there is nothing.".to_owned(),
    }
}

fn row(gathered: &Gathered<'_>, statement: &Statement, described: &Described) -> Vec<String> {
    let mut details = described.details.clone();
    details.extend(described.caution.clone());
    if statement.conflict.is_some() {
        details.insert(0, "CONFLICT, see above".to_owned());
    }
    let mut cited: Vec<(String, String)> = statement
        .cited
        .iter()
        .filter_map(|cited| {
            let contribution = gathered.used.get(cited.contribution)?;
            let who = format!("{} ({})", contribution.organisation, cited.source);
            let as_of = match &cited.as_of {
                Some(as_of) => readable(as_of),
                None => "not stated".to_owned(),
            };
            Some((who, as_of))
        })
        .collect();
    cited.dedup();
    let (who, mut as_of): (Vec<String>, Vec<String>) = cited.into_iter().unzip();
    // One date for all of them, or one for each in their order: else a date would be another's.
    if as_of.iter().all(|date| Some(date) == as_of.first()) {
        as_of.truncate(1);
    }
    vec![
        described.what.clone(),
        details.join("; "),
        described.status.clone().unwrap_or_default(),
        described.when.clone().unwrap_or_default(),
        who.join("; "),
        as_of.join("; "),
    ]
}

/// Signs that turn the direction of what follows, shown as what they are: one in a note could make
/// a dose beside it read backwards.
fn visible(div: &str) -> String {
    let mut out = String::with_capacity(div.len());
    for c in div.chars() {
        match c {
            '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
                out.push_str(&format!("[U+{:04X}]", u32::from(c)));
            }
            c => out.push(c),
        }
    }
    out
}

/// The text of the document as a whole: what it is, where it comes from, and how far to trust it.
pub(crate) fn overview(gathered: &Gathered<'_>, general: &[String], settings: &Settings) -> String {
    let mut div = Div::new();
    div.element("h1", "Care summary");
    for sentence in general {
        div.element("p", sentence);
    }
    div.element(
        "p",
        &format!(
            "Put together on {} from what these organisations sent. The dates at each entry say as \
             of when it is true.",
            stamp(settings.generated)
        ),
    );
    let mut rows: Vec<Vec<String>> = Vec::new();
    for contribution in &gathered.used {
        let row = vec![
            contribution.organisation.clone(),
            contribution.tenant.clone(),
            contribution.source.clone(),
            contribution
                .as_of
                .as_deref()
                .map_or_else(|| "not stated".to_owned(), readable),
            stamp(contribution.received),
            contribution
                .phone
                .clone()
                .unwrap_or_else(|| "not given".to_owned()),
        ];
        if !rows.contains(&row) {
            rows.push(row);
        }
    }
    div.table(
        &[
            "Organisation",
            "ODS code",
            "Source",
            "As of",
            "Received",
            "Phone",
        ],
        rows,
    );
    visible(&div.finish())
}

/// The text of the Patient: what each organisation states.
pub(crate) fn person(rows: Vec<[String; 3]>, sentences: &[String]) -> String {
    let mut div = Div::new();
    div.element("h2", "Person");
    for sentence in sentences {
        div.element("p", sentence);
    }
    div.table(&["What", "As stated", "By"], rows);
    visible(&div.finish())
}
