//! The value lists of client level data, as `mappings/cld-r1/README.md` grades them.

/// `Gender`.
pub const GENDER: [&str; 2] = ["Female", "Male"];

/// `Ethnicity`: the 2021 census labels and the two ways to say that it is not known.
pub const ETHNICITY: &[&str] = &[
    "White - English, Welsh, Scottish, Northern Irish or British",
    "White - Irish",
    "White - Gypsy or Irish Traveller",
    "White - Roma",
    "White - Any other White background",
    "Mixed or multiple ethnic groups - White and Black Caribbean",
    "Mixed or multiple ethnic groups - White and Asian",
    "Asian or Asian British - Indian",
    "Asian or Asian British - Pakistani",
    "Asian or Asian British - Bangladeshi",
    "Asian or Asian British - Chinese",
    "Black, Black British, Caribbean or African - Caribbean",
    "Black, Black British, Caribbean or African - African",
    "Other ethnic group - Arab",
    "Other ethnic group - Any other ethnic group",
    "No data - Refused",
    "No data - Undeclared or Not known",
];

/// `Primary Support Reason`.
pub const SUPPORT_REASON: &[&str] = &[
    "Physical Support: Access & mobility only",
    "Physical Support: Personal care support",
    "Sensory Support: Support for visual impairment",
    "Sensory Support: Support for hearing impairment",
    "Sensory Support: Support for dual impairment",
    "Support with Memory & Cognition",
    "Learning Disability Support",
    "Mental Health Support",
    "Social Support: Substance misuse support",
    "Social Support: Support for Social Isolation/Other",
];

/// What a carer is supported for.
pub const CARER_SUPPORT: &str = "Social Support: Support to Carer";

/// `Accommodation Status`.
pub const ACCOMMODATION: &[&str] = &[
    "Owner occupier or shared ownership scheme",
    "Tenant",
    "Tenant - private landlord",
    "Settled mainstream housing with family / friends",
    "Supported accommodation / supported lodgings / supported group home",
    "Sheltered housing / extra care housing / other sheltered housing",
    "Staying with family / friends as a short-term guest",
    "Registered care home",
    "Registered nursing home",
];

/// `Employment Status`.
pub const EMPLOYMENT: &[&str] = &[
    "Paid: 16 or more hours a week",
    "Paid: Less than 16 hours a week",
    "Paid: Hours per week unknown",
    "Not in Paid Employment (seeking work)",
    "Not in Paid Employment (not actively seeking work / retired)",
    "Not in Paid Employment (voluntary work only)",
];

/// `Event Outcome`.
pub const OUTCOME: &[&str] = &[
    "Progress to Reablement/ST-Max",
    "Progress to Assessment",
    "Admitted to hospital",
    "Progress to Re-assessment / Unplanned Review",
    "Progress to Support Planning / Services",
    "Progress to End of Life Care",
    "No change in package",
    "Service ended as planned",
    "Progress to financial assessment",
    "Provision of service",
    "NFA - Moved to another LA",
    "NFA - 100% NHS funded care",
    "NFA - Information & Advice / Signposting only",
    "NFA - Self-funded client (Inc. 12wk disregard)",
    "NFA - Support declined",
    "NFA - Support ended: Other reason",
    "NFA - No services offered: Other reason",
    "NFA- Other",
];

/// Spellings of outcomes that have been seen in the wild, each with the label it stands for.
pub const OUTCOME_VARIANTS: &[(&str, &str)] = &[
    ("Admitted to Hospital", "Admitted to hospital"),
    ("Service Ended As Planned", "Service ended as planned"),
    ("NFA - 100% NHS-funded care", "NFA - 100% NHS funded care"),
    (
        "NFA - Self-funded client (inc 12wk disregard)",
        "NFA - Self-funded client (Inc. 12wk disregard)",
    ),
    (
        "NFA - Support ended – other reason",
        "NFA - Support ended: Other reason",
    ),
    (
        "NFA - No services offered - other reason",
        "NFA - No services offered: Other reason",
    ),
    ("NFA - Other", "NFA- Other"),
];

/// `Service Type` for people cared for.
pub const SERVICE_TYPE: &[&str] = &[
    "Short Term Support: ST-Max",
    "Short Term Support: Ongoing Low Level",
    "Short Term Support: Other Short Term",
    "Long Term Support: Nursing Care",
    "Long Term Support: Residential Care",
    "Long Term Support: Community",
];

/// `Service Component`.
pub const SERVICE_COMPONENT: &[&str] = &[
    "Reablement",
    "Short Term Nursing Care",
    "Short Term Residential Care",
    "Long Term Nursing Care",
    "Long Term Residential Care",
    "Home Support",
    "Day Support",
    "Meals",
    "Transport",
    "Equipment",
    "Direct Payment",
    "Shared Lives",
    "Community Supported Living",
    "Other Long Term Support",
];

/// `Delivery Mechanism`.
pub const DELIVERY: &[&str] = &[
    "Direct Payment",
    "CASSR Managed Personal Budget",
    "CASSR Commissioned Support",
];

/// `Request: Route of Access`; the list is assumed.
pub const ROUTE: &[&str] = &[
    "Planned entry (transition)",
    "Discharge from hospital",
    "Diversion from hospital services",
    "Community / Other",
];

/// `Assessment Type`; the list is assumed.
pub const ASSESSMENT: &[&str] = &["Short Term Assessment", "Long Term Assessment"];

/// `Method of Assessment` and `Method of Review`; the list is assumed.
pub const METHOD: &[&str] = &["Face to face", "Telephone", "Online"];

/// `Review Reason`; the list is assumed.
pub const REVIEW_REASON: &[&str] = &["Planned", "Unplanned - Hospital", "Unplanned - Other"];

/// `Review Outcomes Achieved`; the list is assumed.
pub const ACHIEVED: &[&str] = &["Fully achieved", "Partially achieved", "Not achieved"];

/// Local service descriptions, with the quoting and line breaks that free text brings.
pub const DESCRIPTION: &[&str] = &[
    "Home care, 4 calls daily",
    "Home care - 2 calls, \"double-up\"",
    "Day centre Tuesdays & Thursdays",
    "Residential placement",
    "Meals on wheels",
    "Reablement following fall,\r\nsix weeks",
    "Telecare pendant; sensor mat",
    "Befriending <weekly>",
    "Sitting service, respite",
];
