//! The command line of `causeway identity`.

use std::path::PathBuf;

use clap::{ArgGroup, Args, Subcommand};

use crate::cli::Format;

/// `causeway identity`.
#[derive(Debug, Args)]
pub struct Identity {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done about who is who.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Cases that wait for a person: records under one NHS number that do not agree.
    List(List),
    /// One case.
    Show(Show),
    /// Settle a case: its two records are one person's, or they are not.
    #[command(
        after_help = "Example:\n  causeway identity decide 12 --link --config causeway.toml --by pat.operator --why \"both homes asked, the surname was changed in 2024\"\n\nThe decision holds for exactly these two records, and can be undone."
    )]
    Decide(Decide),
    /// Record that an organisation's NHS number was replaced by another.
    Supersede(Supersede),
    /// Record that an organisation merged one registration into another.
    Merge(Merge),
    /// Undo a decision: what held before it holds again.
    Undo(Undo),
    /// What was decided, the latest first.
    Decisions(List),
    /// People whose NHS numbers PDS did not confirm.
    Untraced(List),
    /// Ask PDS now about everyone who is due. A running server does it by itself.
    Trace(Trace),
}

/// Which server, and for whom.
#[derive(Debug, Clone, Args)]
pub struct Place {
    /// The server's configuration. A server may be running over the same store.
    #[arg(long)]
    pub config: PathBuf,
    /// Only as one organisation sees it, by its ODS code. Default: as whoever runs the server.
    #[arg(long)]
    pub organisation: Option<String>,
}

/// Who decides, and why: both are recorded.
#[derive(Debug, Clone, Args)]
pub struct Signed {
    /// Who decides: an id, no name out of a record.
    #[arg(long)]
    pub by: String,
    /// What was found out, and from whom; no personal data.
    #[arg(long)]
    pub why: String,
}

/// `list`, `decisions`, `untraced`.
#[derive(Debug, Args)]
pub struct List {
    /// Which server.
    #[command(flatten)]
    pub place: Place,
    /// Settled cases too.
    #[arg(long)]
    pub all: bool,
    /// At most so many.
    #[arg(long, default_value_t = 100)]
    pub limit: usize,
    /// Only cases after this number.
    #[arg(long, default_value_t = 0)]
    pub after: u64,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `show`.
#[derive(Debug, Args)]
pub struct Show {
    /// The number of the case.
    pub case: u64,
    /// Which server.
    #[command(flatten)]
    pub place: Place,
}

/// `decide`.
#[derive(Debug, Args)]
#[command(group(ArgGroup::new("ruling").required(true).args(["link", "keep_apart"])))]
pub struct Decide {
    /// The number of the case.
    pub case: u64,
    /// They are one person's.
    #[arg(long)]
    pub link: bool,
    /// They are not.
    #[arg(long)]
    pub keep_apart: bool,
    /// Which server.
    #[command(flatten)]
    pub place: Place,
    /// Who, and why.
    #[command(flatten)]
    pub signed: Signed,
}

/// `supersede`.
#[derive(Debug, Args)]
pub struct Supersede {
    /// The number that no longer names anybody.
    pub old: String,
    /// The number that replaced it.
    pub new: String,
    /// Which server; the organisation must be named.
    #[command(flatten)]
    pub place: Place,
    /// Who, and why.
    #[command(flatten)]
    pub signed: Signed,
}

/// `merge`.
#[derive(Debug, Args)]
pub struct Merge {
    /// The id of the Patient that is given up.
    #[arg(long)]
    pub from: String,
    /// The id of the Patient that stays.
    #[arg(long)]
    pub into: String,
    /// The identifier system of whoever merged them: both must carry an identifier of it.
    #[arg(long)]
    pub authority: String,
    /// Which server; the organisation must be named.
    #[command(flatten)]
    pub place: Place,
    /// Who, and why.
    #[command(flatten)]
    pub signed: Signed,
}

/// `undo`.
#[derive(Debug, Args)]
pub struct Undo {
    /// The number of the decision.
    pub decision: u64,
    /// Which server.
    #[command(flatten)]
    pub place: Place,
    /// Who, and why.
    #[command(flatten)]
    pub signed: Signed,
}

/// `trace`.
#[derive(Debug, Args)]
pub struct Trace {
    /// Which server.
    #[command(flatten)]
    pub place: Place,
}
