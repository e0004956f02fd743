//! CS-1: a stored person's NHS number, birth date and surname do not change by an update.

use std::sync::Arc;

use diagnostics::{Issue, IssueType};
use identity::{Claim, Known, NHS_NUMBER_SYSTEM, Party, PersonKey, Record, fold_name, link};
use json::Value;
use store::{PersonKeys, PersonMatch, Sight, Status, Store, Tenant};

use crate::{codes, tags};

/// Compares each Patient of a file with what is stored of its source.
pub(crate) struct IdentityGuard {
    store: Arc<dyn Store>,
    sight: Sight,
    tenant: Tenant,
    source: String,
}

/// The keys of a Patient as the store's person index holds them.
pub(crate) fn keys_of(patient: &Value) -> PersonKeys {
    let key = PersonKey::of_patient(patient);
    PersonKeys {
        nhs_number: key.nhs_number.map(|number| number.as_str().to_owned()),
        birth_date: patient.text("birthDate").map(str::to_owned),
        family: key.family,
    }
}

/// What the guard found about one Patient.
#[derive(Debug, Default)]
pub(crate) struct Finding {
    /// Errors speak against storing it; warnings should be looked at.
    pub(crate) issues: Vec<Issue>,
    /// Stored people who may be this person under another id: they are not gone from the file.
    pub(crate) disputed: Vec<String>,
    /// Whether this Patient stood already before the file.
    pub(crate) standing: bool,
    /// Whether it was stored before, standing or not.
    pub(crate) known: bool,
    /// Other people of the source who claim its NHS number and are somebody else.
    pub(crate) rivals: Vec<String>,
}

impl IdentityGuard {
    pub(crate) fn new(store: Arc<dyn Store>, sight: Sight, tenant: Tenant, source: String) -> Self {
        Self {
            store,
            sight,
            tenant,
            source,
        }
    }

    /// Looks for what speaks against storing this Patient.
    pub(crate) async fn check(&self, id: &str, patient: &Value) -> Result<Finding, store::Error> {
        let keys = keys_of(patient);
        let stored = self.store.person(&self.sight, &self.tenant, id).await?;
        let mut finding = Finding::default();
        if let Some(stored) = &stored {
            finding.known = true;
            finding.standing = stored.status == Status::Active;
            if finding.standing || !self.was_contested(id).await? {
                finding.issues = changed(&stored.keys, &keys);
            }
            if finding.standing {
                return Ok(finding);
            }
        }
        let issues = &mut finding.issues;
        if let Some(number) = &keys.nhs_number {
            for other in self
                .matching(PersonMatch::NhsNumber(number.clone()), id)
                .await?
            {
                let issue = same_number(&other.keys, &keys);
                if issue.is_error() {
                    finding.rivals.push(other.patient);
                }
                issues.push(issue);
            }
        }
        if stored.is_some() {
            return Ok(finding);
        }
        if let (Some(family), Some(birth_date)) = (&keys.family, &keys.birth_date) {
            let matching = PersonMatch::FamilyAndBirthDate {
                family: family.clone(),
                birth_date: birth_date.clone(),
            };
            for other in self.matching(matching, id).await? {
                if other.keys.nhs_number.is_none() || other.keys.nhs_number == keys.nhs_number {
                    continue;
                }
                let twin = self
                    .store
                    .read(&self.sight, "Patient", &other.patient)
                    .await?
                    .and_then(|stored| json::parse(&stored.body).ok());
                // Twins share surname and birth date; a registration of its own has its own local
                // identifier. Only a person who agrees in everything else has changed the number.
                if twin.is_some_and(|stored| same_person(&stored, patient)) {
                    issues.push(other_number());
                    finding.disputed.push(other.patient);
                }
            }
        }
        Ok(finding)
    }

    /// Whether a person was taken back because of the very number that may now be mended.
    async fn was_contested(&self, id: &str) -> Result<bool, store::Error> {
        let stored = self.store.read(&self.sight, "Patient", id).await?;
        Ok(stored
            .and_then(|stored| json::parse(&stored.body).ok())
            .is_some_and(|patient| tags::has(&patient, tags::CONTESTED)))
    }

    async fn matching(
        &self,
        matching: PersonMatch,
        id: &str,
    ) -> Result<Vec<store::PersonRow>, store::Error> {
        let rows = self
            .store
            .people_of_source(&self.sight, &self.tenant, &self.source, &matching)
            .await?;
        Ok(rows
            .into_iter()
            .filter(|row| row.patient != id && row.status == Status::Active)
            .collect())
    }
}

/// What an update of one and the same Patient would change of who it is.
fn changed(stored: &PersonKeys, new: &PersonKeys) -> Vec<Issue> {
    let parts = [
        (
            "NHS number",
            "Patient.identifier",
            &stored.nhs_number,
            &new.nhs_number,
        ),
        (
            "birth date",
            "Patient.birthDate",
            &stored.birth_date,
            &new.birth_date,
        ),
        ("surname", "Patient.name", &stored.family, &new.family),
    ];
    parts
        .into_iter()
        // What was not known before may be added; what was known may neither change nor vanish.
        .filter(|(_, _, stored, new)| stored.is_some() && stored != new)
        .map(|(what, element, _, new)| {
            let change = if new.is_some() { "differs from" } else { "is missing and was" };
            Issue::error(
                codes::IDENTITY_CHANGED,
                IssueType::Conflict,
                format!("the {what} of this person {change} what is stored"),
            )
            .help("if it is a correction, a person must confirm it; if it is somebody else, the export has mixed up two people")
            .at_element(element)
        })
        .collect()
}

pub(crate) fn same_number(stored: &PersonKeys, new: &PersonKeys) -> Issue {
    if is_linked(stored, new) {
        Issue::warning(
            codes::REGISTERED_TWICE,
            IssueType::MultipleMatches,
            "this person seems to be registered twice in this source",
        )
        .help("merge the two registrations in the source system; until then both are kept")
        .at_element("Patient.identifier")
    } else {
        number_shared().help("one of the two has the wrong NHS number: check both with their GP")
    }
}

/// Whether the rule for linking (CS-2) takes two registrations for one person's: two without a whole
/// birth date are not, however much the rest agrees.
fn is_linked(stored: &PersonKeys, new: &PersonKeys) -> bool {
    let claim = |keys: &PersonKeys| {
        Claim::of_keys(
            keys.nhs_number.as_deref(),
            keys.birth_date.as_deref(),
            keys.family.as_deref(),
        )
    };
    // Two records of one source, whichever they are.
    let (one, other) = (Record::new("", "stored"), Record::new("", "new"));
    link(
        Party {
            record: &one,
            claim: &claim(stored),
        },
        Party {
            record: &other,
            claim: &claim(new),
        },
        &Known::default(),
    )
    .is_linked()
}

/// Whether two Patients of one surname and birth date agree in everything else but the NHS number.
pub(crate) fn same_person(stored: &Value, patient: &Value) -> bool {
    same_given(stored, patient) && !registered_apart(stored, patient)
}

/// One person seems to have two NHS numbers.
pub(crate) fn other_number() -> Issue {
    Issue::error(
        codes::IDENTITY_CHANGED,
        IssueType::Conflict,
        "a person with this name and birth date is stored with another NHS number",
    )
    .help("check the NHS number with the person's GP; if this is somebody else, say so to whoever runs Causeway")
    .at_element("Patient.identifier")
}

/// Two people who are not the same carry one NHS number.
pub(crate) fn number_shared() -> Issue {
    Issue::error(
        codes::NUMBER_SHARED,
        IssueType::Conflict,
        "another person of this source carries the same NHS number",
    )
    .at_element("Patient.identifier")
}

fn same_given(stored: &Value, new: &Value) -> bool {
    let first = |patient: &Value| {
        patient.each("name").find_map(|name| {
            name.each("given")
                .find_map(|given| given.as_str().map(fold_name))
        })
    };
    first(stored) == first(new)
}

/// Whether both carry an identifier of one system, other than the NHS number, with different values.
fn registered_apart(stored: &Value, new: &Value) -> bool {
    new.each("identifier").any(|mine| {
        let system = mine.text("system");
        system.is_some()
            && system != Some(NHS_NUMBER_SYSTEM)
            && stored
                .each("identifier")
                .filter(|theirs| theirs.text("system") == system)
                .any(|theirs| theirs.text("value") != mine.text("value"))
    })
}
