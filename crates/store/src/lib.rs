//! Where Causeway keeps what it knows: resources with every version they had, the rows that make
//! them searchable, the person index, submissions with the files as they were sent, the jobs that
//! work on them, what was quarantined, what waits for a person and what people decided, and the
//! mappings that are installed.
//!
//! The main type is the trait [`Store`]; [`SqliteStore`] keeps everything in one file, which several
//! processes of one machine may share, and [`PostgresStore`] in a database that many machines do.
//! Writers hand in a [`Batch`], readers a [`Sight`] and, for a search, a [`Query`].
//!
//! Invariants:
//! - No read answers without a [`Sight`]: what lies outside it is not found, exactly as if it did
//!   not exist (another tenant's resource, a withheld label, a type not granted).
//! - Every key starts with the tenant. The only look-up across tenants is the person index by NHS
//!   number, and it too passes through the sight.
//! - A version, once written, never changes and never goes away.
//! - Unchanged content makes no new version; a write with an older as-of never replaces a newer
//!   one (CS-4); a write that expects a version which is not the current one changes nothing.
//! - A batch is applied whole or not at all, and is on disk when `commit` returns. One that is made
//!   under a claim on a job which no longer holds changes nothing ([`Fence`]).
//! - A file that was accepted ([`Intake`]) is on disk with its submission and its job, or nothing of it
//!   is. Its bytes never change, and go away by erasure alone, which is written down.
//! - Of one source of one tenant at most one job runs, in the order in which they came ([`Jobs`]).
//! - What a person decided ([`Deed`]) is written with what follows from it and never changes.
//! - An installed mapping never changes and never goes away, and neither does an entry of the list of
//!   what was installed, activated and rolled back; what is active is read from that list
//!   ([`MappingRegistry`]).
//! - This crate knows nothing of FHIR but `resourceType`, `id` and `meta`: index rows and search
//!   clauses come to it as data.

mod archive;
mod arrival;
mod clock;
mod deed;
mod directory;
mod error;
mod exchange;
mod identity_review;
mod index;
mod job;
mod label;
mod outbox;
mod pending;
mod person;
mod postgres;
mod quarantine;
mod query;
mod registry;
mod sight;
mod sql;
pub mod sqlite;
mod store;
mod stored;
mod submission;
mod tenant;
mod touched;
mod traced;
mod write;

pub use archive::{Archive, Blob, Chunk, ChunkHead};
pub use arrival::{Accepted, Arrival, Idempotency, Intake, Upload};
pub use clock::Clock;
pub use deed::{Deed, DeedRow};
pub use directory::{Directory, DirectoryChange, DirectoryRow};
pub use error::Error;
pub use exchange::Exchange;
pub use identity_review::{
    Case, CaseFound, CaseSide, Decided, DecisionRow, IdentityReview, NewCase, NewDecision, Raised,
};
pub use index::IndexRow;
pub use job::{Backlog, Claim, Counted, Fence, Job, JobQuery, JobState, Jobs, JournalRow, NewJob};
pub use label::Label;
pub use outbox::{
    LaneClaim, LaneEnd, Outbox, OutboxBacklog, OutboxItem, OutboxKey, OutboxOutcome, OutboxQuery,
    OutboxRow, OutboxState, Sent, SettledItem,
};
pub use pending::{ClosePending, Pending, PendingRow};
pub use person::{PersonKeys, PersonMatch, PersonRow};
pub use postgres::{PostgresOptions, PostgresStore};
pub use quarantine::{DecideQuarantine, QuarantineQuery, Quarantined, QuarantinedRow};
pub use query::{
    Clause, Cursor, DateMatch, DateOp, Page, Query, ReferenceMatch, SystemMatch, TextMatch,
    TokenMatch,
};
pub use registry::{
    ActiveMapping, InstalledMapping, MappingChange, MappingEvent, MappingFile, MappingOrder,
    MappingOutcome, MappingPackage, MappingRegistry, MappingReview, MappingStep, UsedMapping,
};
pub use sight::{People, Reach, Sight};
pub use sqlite::{Options, SqliteStore};
pub use store::{Answer, Store};
pub use stored::{Current, Scan, Status, Stored};
pub use submission::{MappingStamp, Submission, SubmissionQuery, SubmissionState};
pub use tenant::Tenant;
pub use touched::{SayAgain, Touched, TouchedPart, Unconfirm, VersionHead};
pub use traced::{ToTrace, Traced, Traces};
pub use write::{
    Batch, Committed, Expected, Outcome, Reindex, Retire, Retired, SettleQuarantine, Write,
};
