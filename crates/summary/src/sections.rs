//! The sections of a summary: IPS 2.0.0 sections with their LOINC codes, and England's additions,
//! each with its UK Core record-standard heading.

/// A section, in the order in which a summary shows them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Key {
    Alerts,
    Allergies,
    Medications,
    Problems,
    AdvanceDirectives,
    Legal,
    FunctionalStatus,
    Assessments,
    Risks,
    Adjustments,
    VitalSigns,
    Results,
    SocialCare,
    PlanOfCare,
    PatientStory,
    Contacts,
    SocialHistory,
    PastProblems,
    Procedures,
    Immunisations,
    MedicalDevices,
    Encounters,
    Documents,
    Other,
}

/// What is fixed about a section.
#[derive(Debug)]
pub(crate) struct Section {
    pub(crate) key: Key,
    pub(crate) title: &'static str,
    /// The LOINC code and display that IPS fixes, where it has the section.
    pub(crate) loinc: Option<(&'static str, &'static str)>,
    /// The code and display in UKCore-RecordStandardHeadings.
    pub(crate) heading: (&'static str, &'static str),
    /// Whether IPS wants it in every summary.
    pub(crate) mandatory: bool,
    /// A sentence that stands above the entries.
    pub(crate) preface: Option<&'static str>,
}

const fn section(
    key: Key,
    title: &'static str,
    loinc: Option<(&'static str, &'static str)>,
    heading: (&'static str, &'static str),
) -> Section {
    Section {
        key,
        title,
        loinc,
        heading,
        mandatory: matches!(key, Key::Problems | Key::Allergies | Key::Medications),
        preface: None,
    }
}

const fn with_preface(mut section: Section, preface: &'static str) -> Section {
    section.preface = Some(preface);
    section
}

/// Every section, in order. IPS restricts what a LOINC-coded section may refer to (Composition-uv-ips
/// 2.0.0), so what it does not allow there (scores, risks, equipment) has a section of its own.
pub(crate) const SECTIONS: &[Section] = &[
    section(
        Key::Alerts,
        "Alerts",
        Some(("104605-1", "Alert")),
        ("alerts", "Alerts"),
    ),
    section(
        Key::Allergies,
        "Allergies and Intolerances",
        Some(("48765-2", "Allergies and adverse reactions Document")),
        (
            "allergies-and-adverse-reaction",
            "Allergies and adverse reaction",
        ),
    ),
    with_preface(
        section(
            Key::Medications,
            "Medication Summary",
            Some(("10160-0", "History of Medication use Narrative")),
            (
                "medications-and-medical-devices",
                "Medications and medical devices",
            ),
        ),
        "As recorded by the home; not the prescription.",
    ),
    section(
        Key::Problems,
        "Problems",
        Some(("11450-4", "Problem list - Reported")),
        ("problems-and-issues", "Problems and issues"),
    ),
    section(
        Key::AdvanceDirectives,
        "Advance Directives",
        Some(("42348-3", "Advance healthcare directives")),
        (
            "advance-decisions-about-treatment",
            "Advance decisions about treatment",
        ),
    ),
    section(
        Key::Legal,
        "Legal information",
        None,
        ("legal-information", "Legal information"),
    ),
    section(
        Key::FunctionalStatus,
        "Functional Status",
        Some(("47420-5", "Functional status assessment note")),
        ("assessments", "Assessments"),
    ),
    section(
        Key::Assessments,
        "Assessments and scores",
        None,
        ("assessment-scales", "Assessment scales"),
    ),
    section(
        Key::Risks,
        "Risks",
        None,
        ("risk-information", "Risk information"),
    ),
    section(
        Key::Adjustments,
        "Reasonable adjustments and individual requirements",
        None,
        (
            "reasonable-adjustments-for-health-and-care-access",
            "Reasonable adjustments for health and care access",
        ),
    ),
    section(
        Key::VitalSigns,
        "Vital Signs",
        Some(("8716-3", "Vital signs note")),
        ("observations", "Observations"),
    ),
    section(
        Key::Results,
        "Results",
        Some(("30954-2", "Relevant diagnostic tests/laboratory data note")),
        ("investigation-results", "Investigation results"),
    ),
    section(
        Key::SocialCare,
        "Social Care services",
        None,
        ("services-and-care", "Services and care"),
    ),
    section(
        Key::PlanOfCare,
        "Plan of Care",
        Some(("18776-5", "Plan of care note")),
        ("plan-and-requested-actions", "Plan and requested actions"),
    ),
    section(
        Key::PatientStory,
        "Patient Story",
        Some((
            "81338-6",
            "Patient Goals, preferences, and priorities for care experience",
        )),
        (
            "patient-and-carer-concerns-expectations-and-wishes",
            "Patient and carer concerns, expectations and wishes",
        ),
    ),
    with_preface(
        section(
            Key::Contacts,
            "Professional and personal contacts",
            None,
            ("professional-contacts", "Professional contacts"),
        ),
        "Being next of kin or a contact is not legal authority to decide for the person.",
    ),
    section(
        Key::SocialHistory,
        "Social History",
        Some(("29762-2", "Social history note")),
        ("social-context", "Social context"),
    ),
    section(
        Key::PastProblems,
        "History of Past Problems",
        Some(("11348-0", "History of Past illness note")),
        (
            "relevant-past-medical-surgical-and-mental-health-history",
            "Relevant past medical, surgical and mental health history",
        ),
    ),
    section(
        Key::Procedures,
        "History of Procedures",
        Some(("47519-4", "History of Procedures Document")),
        ("procedures", "Procedures"),
    ),
    section(
        Key::Immunisations,
        "Immunisations",
        Some(("11369-6", "History of Immunization note")),
        ("vaccinations", "Vaccinations"),
    ),
    section(
        Key::MedicalDevices,
        "Medical Devices",
        Some(("46264-8", "History of medical device use")),
        ("medical-devices", "Medical devices"),
    ),
    section(
        Key::Encounters,
        "Encounters and discharge details",
        None,
        ("discharge-details", "Discharge details"),
    ),
    section(
        Key::Documents,
        "Documents",
        None,
        (
            "documents-including-correspondence-audio-and-images",
            "Documents (including correspondence, audio and images)",
        ),
    ),
    section(
        Key::Other,
        "Other recorded information",
        None,
        ("clinical-narrative", "Clinical narrative"),
    ),
];
