//! What a deployment decides about its interface.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use access::Purpose;

use crate::{Health, Providers};

/// The settings of the interface.
#[derive(Debug, Clone)]
pub struct Config {
    /// The base as callers see it, without a final slash: `https://care.example/fhir/R4`.
    pub base: String,
    /// The resource types that are served: those that the mappings make.
    pub types: BTreeSet<String>,
    /// The providers by tenant.
    pub providers: Providers,
    /// The mappings that a clinician has reviewed, by the hash of their content (CS-21).
    pub reviewed_mappings: BTreeSet<String>,
    /// Summaries: mode, what may be published, when information is stale. The time of generation
    /// is set for each document.
    pub summary: summary::Settings,
    /// The purpose of use when a request names none: direct care only where that is all this
    /// listener is for.
    pub default_purpose: Option<Purpose>,
    /// Refuse requests without an `X-Request-ID` that is a UUID, as NHS API rules have it.
    pub strict_request_id: bool,
    /// What the issuer says of itself, for `.well-known/smart-configuration`.
    pub issuer: Issuer,
    /// The key that binds a page of results to its caller. Servers that share a store share it.
    pub cursor_key: [u8; 32],
    /// The longest that one request may take.
    pub timeout: Duration,
    /// The longest body, in bytes.
    pub max_body: usize,
    /// The metrics of the rest of the process in Prometheus' text form, shown after the interface's
    /// own at `/metrics`.
    pub process_metrics: Option<fn() -> String>,
    /// How the work on files goes, where this process looks after it: for `_status`.
    pub health: Option<Arc<Health>>,
    /// The program's version.
    pub version: String,
}

/// The issuer, as its discovery document has it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Issuer {
    /// Its identifier.
    pub issuer: String,
    /// Where its keys are.
    pub jwks_uri: Option<String>,
    /// Where tokens are to be had.
    pub token_endpoint: Option<String>,
    /// The grants it supports: `client_credentials`.
    pub grant_types: Vec<String>,
    /// How clients prove themselves to it: `private_key_jwt`, `client_secret_basic`.
    pub auth_methods: Vec<String>,
    /// The algorithms of `private_key_jwt`.
    pub signing_algorithms: Vec<String>,
}

impl Config {
    /// The defaults for a base address: closed where there is a choice, and a cursor key of this
    /// process's own.
    pub fn new(base: impl Into<String>) -> Self {
        let base = base.into();
        Self {
            base: base.trim_end_matches('/').to_owned(),
            types: DEFAULT_TYPES.iter().map(|t| (*t).to_owned()).collect(),
            providers: Providers::default(),
            reviewed_mappings: BTreeSet::new(),
            summary: summary::Settings::new(jiff::Timestamp::now()),
            default_purpose: None,
            strict_request_id: false,
            issuer: Issuer::default(),
            cursor_key: crate::cursor::random_key(),
            timeout: Duration::from_secs(30),
            max_body: 64 * 1024,
            process_metrics: None,
            health: None,
            version: env!("CARGO_PKG_VERSION").to_owned(),
        }
    }
}

/// What the shipped mappings make.
const DEFAULT_TYPES: &[&str] = &[
    "AllergyIntolerance",
    "CarePlan",
    "CareTeam",
    "Condition",
    "Consent",
    "Device",
    "DeviceRequest",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "Flag",
    "Goal",
    "Immunization",
    "Location",
    "MedicationAdministration",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "QuestionnaireResponse",
    "RelatedPerson",
    "ServiceRequest",
    "Task",
];
