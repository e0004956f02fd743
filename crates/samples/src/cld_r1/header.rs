//! The columns, spelt as they are published.

/// Where each column is. The order is that of the published header.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(usize)]
#[allow(missing_docs)] // each is named as its header, which stands beside it in `HEADER`
pub enum Col {
    LaCode,
    PeriodStart,
    PeriodEnd,
    NhsNumber,
    PersonId,
    FirstName,
    LastName,
    PracticeName,
    PracticeCode,
    Gender,
    Ethnicity,
    BirthDate,
    DeathDate,
    ClientType,
    SupportReason,
    Postcode,
    Accommodation,
    Employment,
    HasUnpaidCarer,
    Autism,
    Visual,
    Hearing,
    Dementia,
    Funding,
    EventType,
    EventReference,
    EventStart,
    EventEnd,
    EventDescription,
    EventOutcome,
    Route,
    AssessmentType,
    EligibleNeeds,
    AssessmentMethod,
    HoursCaring,
    AdultsCaredFor,
    Adult1,
    Adult2,
    Adult3,
    ServiceType,
    ServiceComponent,
    Delivery,
    ProviderName,
    ProviderId,
    ReviewReason,
    ReviewAchieved,
    ReviewMethod,
    UnitCost,
    CostFrequency,
    PlannedUnits,
}

/// How many columns there are: `LA Code` and the 49 of Release 1.
pub const COLUMNS: usize = 50;

/// The header row.
pub const HEADER: [&str; COLUMNS] = [
    "LA Code",
    "Reporting Period Start Date",
    "Reporting Period End Date",
    "NHS Number",
    "LA Person Unique Identifier",
    "First Name",
    "Last Name",
    "GP Practice Name",
    "GP Practice Code",
    "Gender",
    "Ethnicity",
    "Date of Birth",
    "Date of Death",
    "Client Type",
    "Primary Support Reason",
    "Postcode",
    "Accommodation Status",
    "Employment Status",
    "Has Unpaid Carer",
    "Autism Spectrum Disorder (ASD)",
    "Visual Impairment",
    "Hearing Impairment",
    "Dementia",
    "Client Funding Status",
    "Event Type",
    "Event Reference",
    "Event Start Date",
    "Event End Date",
    "Event Description",
    "Event Outcome",
    "Request: Route of Access",
    "Assessment Type",
    "Eligible Needs Identified",
    "Method of Assessment",
    "Total Hrs Caring per week",
    "No. of adults being cared for",
    "Adult 1 Linked Person_ID",
    "Adult 2 Linked Person_ID",
    "Adult 3 Linked Person_ID",
    "Service Type",
    "Service Component",
    "Delivery Mechanism",
    "Provider CQC Location Name",
    "Provider CQC Location ID",
    "Review Reason",
    "Review Outcomes Achieved",
    "Method of Review",
    "Unit Cost",
    "Cost Frequency (Unit Type)",
    "Planned units per week",
];

/// The same header as an older release or another system spells it: `Person Unique Identifier`
/// without its prefix, other case, underscores where spaces were.
pub fn variant(number: u64) -> [String; COLUMNS] {
    HEADER.map(|name| match number {
        1 if name == "LA Person Unique Identifier" => "Person Unique Identifier".to_owned(),
        2 => name.to_uppercase(),
        3 => name.replace(' ', "_"),
        _ => name.to_owned(),
    })
}

/// One row, filled by column.
#[derive(Debug, Clone)]
pub struct Row(pub [std::borrow::Cow<'static, str>; COLUMNS]);

impl Default for Row {
    fn default() -> Self {
        Self(std::array::from_fn(|_| "".into()))
    }
}

impl Row {
    /// A cell.
    pub fn get(&self, column: Col) -> &str {
        self.0.get(column as usize).map_or("", |cell| cell)
    }

    /// Writes a cell.
    pub fn set(&mut self, column: Col, value: impl Into<std::borrow::Cow<'static, str>>) {
        if let Some(cell) = self.0.get_mut(column as usize) {
            *cell = value.into();
        }
    }
}
