//! What a deployment decides about its summaries.

use jiff::Timestamp;

/// How far a summary may be trusted (CS-21).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Mode {
    /// Real care: what a mapping without clinical review made is left out.
    Live,
    /// A demonstration with fictional people: says so in every summary.
    #[default]
    Demo,
    /// A test system: says so in every summary.
    Test,
}

impl Mode {
    /// What everything that is shown must say of itself; nothing in live care.
    pub fn banner(self) -> Option<&'static str> {
        match self {
            Self::Live => None,
            Self::Demo => Some("DEMONSTRATION: fictional people only. Not for the care of anyone."),
            Self::Test => Some("TEST SYSTEM: not for the care of anyone."),
        }
    }
}

/// The settings of a summary. Each default is the safe one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// The time of generation: the document's, never the data's.
    pub generated: Timestamp,
    /// Live, demonstration or test.
    pub mode: Mode,
    /// Whether home address, contact details and care-home location of people whose NHS number
    /// nobody has traced are published (CS-3): a recorded risk acceptance, off by default.
    pub publish_location_of_untraced: bool,
    /// Whether the summary may say that location is withheld by policy.
    pub mention_withheld_location: bool,
    /// From how many days on information carries a banner (CS-6).
    pub stale_after_days: u32,
    /// How many months back vital signs and events of care are shown.
    pub recent_months: u32,
    /// The version of the program, for the authoring Device.
    pub version: String,
    /// The id of the Patient that was asked for, where one was: where records disagree on who they
    /// are about (CS-2), those that agree with this one are gathered.
    pub subject: Option<String>,
    /// What people have decided about who is who, with tenants as contributions name them.
    pub known: identity::Known,
    /// Organisations, with their phones, of whose record of this person nothing could be processed:
    /// they contribute nothing, and the summary says so (CS-7).
    pub refused: Vec<(String, Option<String>)>,
}

impl Settings {
    /// The defaults, for a document generated at this time.
    pub fn new(generated: Timestamp) -> Self {
        Self {
            generated,
            mode: Mode::default(),
            publish_location_of_untraced: false,
            mention_withheld_location: true,
            stale_after_days: 31,
            recent_months: 6,
            version: env!("CARGO_PKG_VERSION").to_owned(),
            subject: None,
            known: identity::Known::default(),
            refused: Vec::new(),
        }
    }
}
