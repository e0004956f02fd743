//! A file's life: read, mapped, validated, stored, reported.
//!
//! [`Intake`] takes a file from whatever brings it, and answers when it is on disk with its job.
//! [`Workers`] do the jobs with a [`Pipeline`], which gives each submission a [`Report`] in plain words
//! and as JSON. [`Decisions`] takes down what people decide: confirmed, withdrawn, replayed, rebuilt.
//! [`Pipeline::submit`] is the same road for a file whose caller waits, and [`convert`] without a
//! store: resources go to a writer.
//!
//! Invariants:
//! - Whatever is in the file ends in a stored resource, in the quarantine, or in the report's loss
//!   section. Nothing is dropped silently.
//! - A file is accepted when it is durable, and not before; the same request is accepted once.
//! - A run is the same every time, and each commit says how far it has come: whoever takes a job over
//!   from a worker that ended anywhere makes exactly what one undisturbed run makes. All that follows
//!   from the whole file is one commit.
//! - What stops a job from outside (a full disk, a database that is down, a key that is not there)
//!   makes it wait and never costs it; what fails by itself is given up after a few tries, in words.
//! - No resource is stored that the validator finds an error in.
//! - A stored person's NHS number, birth date and surname never change by an update (CS-1).
//! - An older file never overwrites a newer one, and what a snapshot no longer holds is retired,
//!   not deleted; a vanished allergy, or more than one person in ten gone, waits for a person (CS-4).
//! - Unless it is opened for a test system, nothing is stored that a mapping made whose very content
//!   no clinician has reviewed (CS-21).
//! - Log lines and metrics hold counts, codes and names of mappings, never a value (CS-22).

mod arrival_info;
pub mod codes;
mod confirming;
mod conversion;
mod decisions;
mod delivery;
mod ending;
mod file_run;
mod hold;
mod identity_guard;
mod intake;
mod job_run;
mod journal;
pub mod kill_point;
mod mappings;
mod numbers;
mod pipeline;
mod placed;
mod rebuilding;
mod recalling;
mod report;
mod say_again;
mod sender;
pub mod silence;
mod spool;
mod spooled;
mod storing;
mod tags;
mod tally;
mod task;
mod tidying;
mod vanished;
mod wanted;
mod withdrawing;
mod words;
mod workers;

pub use arrival_info::ArrivalInfo;
pub use conversion::{Conversion, convert};
pub use decisions::{By, Decisions, ReplayOf, Undecided};
pub use delivery::Delivery;
pub use intake::{Intake, IntakeSettings, NotTaken, Receiving, Refusal, Taken};
pub use mappings::{Installed, Looked, Mappings};
pub use pipeline::{Pipeline, SubmitError};
pub use rebuilding::{PlannedFile, RebuildPlan};
pub use recalling::{Recall, RecallOf, RecalledResource};
pub use report::{Counts, Replayed, Report, ReportState, Undone};
pub use sender::KnownCodes;
pub use spool::Spool;
pub use tally::{Group, Tally};
pub use task::{Chosen, Task};
pub use tidying::{Tidied, tidy};
pub use workers::{WorkerSettings, Workers, work_off, work_off_as};

pub(crate) use numbers::Numbers;
pub(crate) use placed::placed;
