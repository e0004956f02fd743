//! What is known of one person, gathered from every source that may be seen, as an IPS document.
//!
//! The main function is [`summarise`]: it takes one [`Contribution`] for each organisation's view of
//! the person and gives a [`Summary`], an International Patient Summary 2.0.0 document Bundle whose
//! resources keep their UK Core claims. [`render_text`] turns such a Bundle into text for a terminal.
//!
//! It is a pure function: no clock (the time of generation is a setting), no store, no network.
//!
//! Invariants:
//! - Nothing is invented. What a source does not say is absent or `unavailable`, never "none known"
//!   (CS-9); a code appears only where a source's own resource carries it.
//! - Contributions are gathered only when NHS number, birth date and surname agree (CS-2). The check
//!   is made here again, whatever the caller did before.
//! - Every entry says which organisation stated it and as of when, in the narrative and as
//!   Provenance (CS-6). The time of generation never stands for the time of the data.
//! - Only identical statements become one entry, and that entry cites every source (CS-12). What
//!   disagrees is shown together as a conflict.
//! - Safeguarding never appears and is never hinted at (CS-15); home address and care-home location
//!   of a person whom nobody has traced stay out unless a setting says otherwise (CS-3).
//! - Every reference resolves inside the Bundle; the same input and settings give the same bytes.

mod concept;
mod conflict;
mod contribution;
mod describe;
mod document;
mod gather;
mod ident;
mod narrative;
mod patient;
mod person;
mod place;
mod provenance;
mod references;
mod render;
mod sections;
mod settings;
mod statement;
mod time;
mod withhold;

pub use contribution::{Contribution, HeldBack, Review, Stated};
pub use person::Refusal;
pub use render::{Unreadable, render_text};
pub use settings::{Mode, Settings};
pub use withhold::{LOCATING, may_say_where, withhold_location};

/// A finished summary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Summary {
    /// The IPS document: a FHIR R4 Bundle of type `document`.
    pub bundle: json::Value,
    /// What was left out and why, without personal data: for a log.
    pub notes: Vec<String>,
}

/// Gathers contributions about one person into an IPS document.
///
/// # Errors
/// [`Refusal::NoContribution`] when there is nothing to gather, and [`Refusal::Disagree`] when the
/// contributions describe different people under one NHS number and nothing tells which is meant.
pub fn summarise(contributions: &[Contribution], settings: &Settings) -> Result<Summary, Refusal> {
    let people = person::agree(contributions, settings)?;
    Ok(document::build(&gather::gather(people, settings), settings))
}
