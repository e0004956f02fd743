//! The command line of `causeway mappings`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::{Format, PackageOptions};

/// `causeway mappings`.
#[derive(Debug, Args)]
pub struct Mappings {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with mappings.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Record that a clinician has reviewed a mapping as it is now. It is checked and its tests run first.
    #[command(
        after_help = "Example:\n  causeway mappings review mappings/cld-r1 --reviewer \"Dr A Example\" --role \"Clinical safety officer\" --registration \"GMC 1234567\"\n\nThe review is written to review.yaml in the folder and counts for exactly what was checked: one changed byte of mapping.yaml, a code table or a fragment makes it void."
    )]
    Review(Review),
    /// Whether mappings have errors, and whether their clinical review counts.
    #[command(after_help = "Example:\n  causeway mappings status mappings/")]
    Status(Status),
    /// Put a mapping, byte for byte and with its reviews, into the store of a server.
    #[command(
        after_help = "Example:\n  causeway mappings install mappings/cld-r1 --config causeway.toml --by \"Pat Operator\""
    )]
    Install(Install),
    /// Make an installed mapping the one that an organisation's files are read with.
    #[command(
        after_help = "Example:\n  causeway mappings activate cld-r1@1.0.0 --config causeway.toml --organisation A1B2C --by \"Pat Operator\""
    )]
    Activate(Activate),
    /// Go back to what was active before.
    #[command(
        after_help = "Example:\n  causeway mappings rollback cld-r1 --config causeway.toml --organisation A1B2C --by \"Pat Operator\""
    )]
    Rollback(Rollback),
    /// What is active for each organisation, and what is installed.
    #[command(
        after_help = "Example:\n  causeway mappings list --config causeway.toml --format json"
    )]
    List(List),
    /// Everything that was installed, reviewed, activated and rolled back, by whom and when.
    #[command(after_help = "Example:\n  causeway mappings history --config causeway.toml")]
    History(List),
}

/// `causeway mappings review`.
#[derive(Debug, Args)]
pub struct Review {
    /// The mapping's folder.
    pub folder: PathBuf,
    /// Who reviewed it.
    #[arg(long)]
    pub reviewer: String,
    /// As what: "Clinical safety officer".
    #[arg(long)]
    pub role: String,
    /// With which professional body: "GMC 1234567".
    #[arg(long)]
    pub registration: Option<String>,
    /// The day of the review, as 2026-11-22. Default: today.
    #[arg(long)]
    pub date: Option<String>,
    /// What else is to be said.
    #[arg(long)]
    pub note: Option<String>,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Which definitions count.
    #[command(flatten)]
    pub packages: PackageOptions,
}

/// `causeway mappings status`.
#[derive(Debug, Args)]
pub struct Status {
    /// Mapping folders, or a folder of them.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Which definitions count.
    #[command(flatten)]
    pub packages: PackageOptions,
}

/// The server whose store it is.
#[derive(Debug, Args)]
pub struct Place {
    /// The server's configuration. The server must not be running: it has the store to itself.
    #[arg(long)]
    pub config: PathBuf,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway mappings install`.
#[derive(Debug, Args)]
pub struct Install {
    /// The mapping's folder, or the name of a shipped one.
    pub folder: String,
    /// Who does it, for the record. Default: the user who is logged in.
    #[arg(long)]
    pub by: Option<String>,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// Whose files.
#[derive(Debug, Args)]
pub struct Whose {
    /// The ODS code of the organisation.
    #[arg(long)]
    pub organisation: String,
    /// Only its files of this source. Default: of every source that has no choice of its own.
    #[arg(long)]
    pub source: Option<String>,
    /// Who does it, for the record.
    #[arg(long)]
    pub by: String,
}

/// `causeway mappings activate`.
#[derive(Debug, Args)]
pub struct Activate {
    /// Which: NAME@VERSION.
    pub mapping: String,
    /// For whose files.
    #[command(flatten)]
    pub whose: Whose,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway mappings rollback`.
#[derive(Debug, Args)]
pub struct Rollback {
    /// The mapping's name.
    pub mapping: String,
    /// For whose files.
    #[command(flatten)]
    pub whose: Whose,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway mappings list` and `history`.
#[derive(Debug, Args)]
pub struct List {
    /// Only this organisation, by its ODS code.
    #[arg(long)]
    pub organisation: Option<String>,
    /// Where.
    #[command(flatten)]
    pub place: Place,
}
