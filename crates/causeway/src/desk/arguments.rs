//! The command lines of what an operator does about files that were handed in.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::Format;

/// Which organisation of which server.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The server's configuration. A server may be running over the same store.
    #[arg(long)]
    pub config: PathBuf,
    /// The ODS code of the organisation. Default: the only one, where there is one.
    #[arg(long)]
    pub organisation: Option<String>,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Who decides, and why.
#[derive(Debug, Clone, Args)]
pub struct Who {
    /// Who decides, for the record. Default: the user who is logged in.
    #[arg(long)]
    pub by: Option<String>,
    /// Why, for the record; no personal data.
    #[arg(long)]
    pub note: Option<String>,
    /// Do what follows here and now. Default: a running server does it.
    #[arg(long)]
    pub now: bool,
}

/// `causeway submissions`.
#[derive(Debug, Args)]
pub struct Submissions {
    /// What to do.
    #[command(subcommand)]
    pub action: SubmissionAction,
}

/// What can be done with submissions.
#[derive(Debug, Subcommand)]
pub enum SubmissionAction {
    /// Which files came in, the latest first.
    #[command(
        after_help = "Example:\n  causeway submissions list --config causeway.toml --organisation VM001 --state awaiting-confirmation"
    )]
    List(List),
    /// What became of a file. It holds values of the file: for the organisation that sent it.
    Show(One),
    /// What a file no longer holds is really gone: mark it as no longer reported.
    Confirm(Decide),
    /// What a file no longer holds is not gone: leave it as it was.
    Decline(Decide),
    /// Take a file back, with what it has done.
    Withdraw(Decide),
    /// Read again what of a file was held back, with the mapping that is active now.
    Replay(Decide),
}

/// `causeway submissions list`.
#[derive(Debug, Args)]
pub struct List {
    /// Only of this source.
    #[arg(long)]
    pub source: Option<String>,
    /// Only in this state: archived, reading, reported, awaiting-confirmation, refused, failed, withdrawn. May be repeated.
    #[arg(long)]
    pub state: Vec<String>,
    /// At most so many.
    #[arg(long, default_value_t = 50)]
    pub limit: usize,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway submissions show`.
#[derive(Debug, Args)]
pub struct One {
    /// The submission's id.
    pub id: String,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// A decision about a submission.
#[derive(Debug, Args)]
pub struct Decide {
    /// The submission's id.
    pub id: String,
    /// Who and why.
    #[command(flatten)]
    pub who: Who,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway quarantine`.
#[derive(Debug, Args)]
pub struct Quarantine {
    /// What to do.
    #[command(subcommand)]
    pub action: QuarantineAction,
}

/// What can be done with what was held back.
#[derive(Debug, Subcommand)]
pub enum QuarantineAction {
    /// What is held back. It holds values of files: for the organisation that sent them.
    List(Held),
    /// Rows by their numbers, with the record as it was.
    Show(Rows),
    /// Read again with the mapping that is active now: rows, or all of a source, or all with an issue.
    #[command(
        after_help = "Examples:\n  causeway quarantine replay 12 13 --config causeway.toml\n  causeway quarantine replay --source my-home --code V004 --config causeway.toml"
    )]
    Replay(Again),
    /// Rows that nobody needs: they are kept and no longer counted.
    Discard(Discard),
}

/// `causeway quarantine list`.
#[derive(Debug, Args)]
pub struct Held {
    /// Only of this submission.
    #[arg(long)]
    pub submission: Option<String>,
    /// Only of this source.
    #[arg(long)]
    pub source: Option<String>,
    /// Only with an issue of this code.
    #[arg(long)]
    pub code: Option<String>,
    /// Also what is settled.
    #[arg(long)]
    pub all: bool,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway quarantine show`.
#[derive(Debug, Args)]
pub struct Rows {
    /// The rows' numbers.
    #[arg(required = true)]
    pub numbers: Vec<u64>,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway quarantine replay`.
#[derive(Debug, Args)]
pub struct Again {
    /// The rows' numbers.
    #[arg(required_unless_present = "source")]
    pub numbers: Vec<u64>,
    /// All of this source.
    #[arg(long, conflicts_with = "numbers")]
    pub source: Option<String>,
    /// Of the source only what has an issue of this code.
    #[arg(long, requires = "source")]
    pub code: Option<String>,
    /// Who and why.
    #[command(flatten)]
    pub who: Who,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway quarantine discard`.
#[derive(Debug, Args)]
pub struct Discard {
    /// The rows' numbers.
    #[arg(required = true)]
    pub numbers: Vec<u64>,
    /// Who and why.
    #[command(flatten)]
    pub who: Who,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway rebuild`.
#[derive(Debug, Args)]
pub struct Rebuild {
    /// The source.
    #[arg(long)]
    pub source: String,
    /// Do it without asking.
    #[arg(long)]
    pub yes: bool,
    /// Who and why.
    #[command(flatten)]
    pub who: Who,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway archive`.
#[derive(Debug, Args)]
pub struct Archive {
    /// What to do.
    #[command(subcommand)]
    pub action: ArchiveAction,
}

/// What can be done with raw files.
#[derive(Debug, Subcommand)]
pub enum ArchiveAction {
    /// Write a file out as it was sent.
    Get(Get),
    /// Erase a file's bytes for good, and the raw records of it that are held back. What was made of it stays: withdraw it to take that back.
    Erase(Erase),
}

/// `causeway archive get`.
#[derive(Debug, Args)]
pub struct Get {
    /// The submission that the file came with.
    pub id: String,
    /// Where it is written; it must not be there yet.
    #[arg(long)]
    pub out: PathBuf,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway archive erase`.
#[derive(Debug, Args)]
pub struct Erase {
    /// The submission that the file came with.
    pub id: String,
    /// Do it without asking.
    #[arg(long)]
    pub yes: bool,
    /// Who and why.
    #[command(flatten)]
    pub who: Who,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}
