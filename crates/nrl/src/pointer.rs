//! What a pointer says.

use json::{Object, Value};
use serde::Deserialize;

const SNOMED: &str = "http://snomed.info/sct";
const ODS: &str = "https://fhir.nhs.uk/Id/ods-organization-code";
const ENGLAND: &str = "https://fhir.nhs.uk/England";

/// A type of pointer, as it was agreed with the locator when the deployment was taken in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Summary record: the one for International Patient Summaries.
    #[default]
    SummaryRecord,
    /// Personalised Care and Support Plan.
    CareAndSupportPlan,
    /// About me.
    AboutMe,
    /// Contingency plan.
    ContingencyPlan,
    /// Advance care plan.
    AdvanceCarePlan,
    /// End of life care plan.
    EndOfLifeCarePlan,
    /// Emergency health care plan.
    EmergencyHealthCarePlan,
    /// Treatment escalation plan.
    TreatmentEscalationPlan,
}

/// Code and display of the type, and code and display of its category.
type Codes = ((&'static str, &'static str), (&'static str, &'static str));

impl Kind {
    pub(crate) fn codes(self) -> Codes {
        let plan = ("734163000", "Care plan");
        match self {
            Self::SummaryRecord => (
                ("824321000000109", "Summary record"),
                ("823651000000106", "Clinical note"),
            ),
            Self::CareAndSupportPlan => (
                ("2181441000000107", "Personalised Care and Support Plan"),
                plan,
            ),
            Self::AboutMe => (
                ("1515851000000101", "About me"),
                ("423876004", "Clinical document"),
            ),
            Self::ContingencyPlan => (("325691000000100", "Contingency plan"), plan),
            Self::AdvanceCarePlan => (("736366004", "Advance care plan"), plan),
            Self::EndOfLifeCarePlan => (("736373009", "End of life care plan"), plan),
            Self::EmergencyHealthCarePlan => {
                (("887701000000100", "Emergency health care plan"), plan)
            }
            Self::TreatmentEscalationPlan => (("735324008", "Treatment escalation plan"), plan),
        }
    }

    /// The type as a search asks for it.
    pub(crate) fn token(self) -> String {
        format!("{SNOMED}|{}", self.codes().0.0)
    }
}

/// What every pointer of a deployment says alike.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Details {
    /// Its type.
    pub kind: Kind,
    /// The ODS code of the provider: custodian and author.
    pub custodian: String,
    /// Where Causeway serves, as those who retrieve reach it: without a slash at the end.
    pub retrieval_base: String,
    /// The practice setting: SNOMED CT code and display.
    pub practice_setting: (String, String),
    /// The ASID, where the address begins with `ssp://`.
    pub asid: Option<String>,
}

impl Details {
    /// The address under which a person's record is retrieved: the summary of an opaque id.
    pub fn address(&self, patient: &str) -> String {
        format!("{}/Patient/{patient}/$summary", self.retrieval_base)
    }
}

fn coding(system: &str, code: &str, display: &str) -> Value {
    Object::new()
        .with("system", system)
        .with("code", code)
        .with("display", display)
        .into()
}

fn concept(system: &str, code: &str, display: &str) -> Object {
    Object::new().with("coding", vec![coding(system, code, display)])
}

fn identified(system: &str, value: &str) -> Object {
    let identifier = Object::new().with("system", system).with("value", value);
    Object::new().with("identifier", identifier)
}

fn extension(name: &str, system: &str, code: &str, display: &str) -> Value {
    Object::new()
        .with("url", format!("{ENGLAND}/StructureDefinition/{name}"))
        .with(
            "valueCodeableConcept",
            concept(&format!("{ENGLAND}/CodeSystem/{system}"), code, display),
        )
        .into()
}

/// The pointer for a person. The record is put together when it is asked for, so the pointer stays
/// the same while the record changes (content stability `dynamic`). No member is in it that the
/// locator does not ask for: it refuses what it does not know.
pub fn pointer(details: &Details, nhs_number: &str, patient: &str) -> Value {
    let ((code, display), (class, class_display)) = details.kind.codes();
    let (retrieval, retrieval_display) = if details.asid.is_some() {
        ("SSP", "Spine Secure Proxy")
    } else {
        ("Direct", "Direct")
    };
    let content = Object::new()
        .with(
            "attachment",
            Object::new()
                .with("contentType", "application/fhir+json")
                .with("url", details.address(patient)),
        )
        .with(
            "format",
            coding(
                &format!("{ENGLAND}/CodeSystem/England-NRLFormatCode"),
                "urn:nhs-ic:unstructured",
                "Unstructured Document",
            ),
        )
        .with(
            "extension",
            vec![
                extension(
                    "Extension-England-ContentStability",
                    "England-NRLContentStability",
                    "dynamic",
                    "Dynamic",
                ),
                extension(
                    "Extension-England-NRLRetrievalMechanism",
                    "England-NRLRetrievalMechanism",
                    retrieval,
                    retrieval_display,
                ),
            ],
        );
    let (setting, setting_display) = &details.practice_setting;
    let mut context =
        Object::new().with("practiceSetting", concept(SNOMED, setting, setting_display));
    if let Some(asid) = &details.asid {
        context.insert(
            "related",
            vec![Value::from(identified(
                "https://fhir.nhs.uk/Id/nhsSpineASID",
                asid,
            ))],
        );
    }
    Object::new()
        .with("resourceType", "DocumentReference")
        .with("status", "current")
        .with("type", concept(SNOMED, code, display))
        .with(
            "category",
            vec![Value::from(concept(SNOMED, class, class_display))],
        )
        .with(
            "subject",
            identified(identity::NHS_NUMBER_SYSTEM, nhs_number),
        )
        .with(
            "author",
            vec![Value::from(identified(ODS, &details.custodian))],
        )
        .with("custodian", identified(ODS, &details.custodian))
        .with("content", vec![Value::from(content)])
        .with("context", context)
        .into()
}

/// A pointer that takes the place of others of the same person and type.
pub(crate) fn replacing(mut pointer: Value, ids: &[String]) -> Value {
    let targets: Vec<Value> = ids
        .iter()
        .map(|id| {
            let identifier = Object::new().with("value", id.as_str());
            let target = Object::new()
                .with("type", "DocumentReference")
                .with("identifier", identifier);
            Object::new()
                .with("code", "replaces")
                .with("target", target)
                .into()
        })
        .collect();
    if let Some(object) = pointer.as_object_mut() {
        object.insert("relatesTo", targets);
    }
    pointer
}
