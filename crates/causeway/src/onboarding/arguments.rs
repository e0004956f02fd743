//! The command lines of `causeway tenant`, `causeway client` and `causeway agreement`.

use std::path::PathBuf;

use clap::{Args, Subcommand};

use crate::cli::Format;

/// What every command of these needs.
#[derive(Debug, Args)]
pub struct Common {
    /// The server's configuration.
    #[arg(long)]
    pub config: PathBuf,
}

/// Who does it: it is recorded.
#[derive(Debug, Args)]
pub struct By {
    /// Who records it.
    #[arg(long)]
    pub by: String,
}

/// `causeway tenant`.
#[derive(Debug, Args)]
pub struct Tenants {
    /// What to do.
    #[command(subcommand)]
    pub action: TenantAction,
}

/// What can be done with tenants.
#[derive(Debug, Subcommand)]
pub enum TenantAction {
    /// Take a care provider on, or change its profile.
    #[command(
        after_help = "Example:\n  causeway tenant add willow-house --ods VM001 --name \"Willow House\" --phone \"01632 960001\" --identifier cqc-location=1-1234567890 --config causeway.toml --by \"Pat Operator\"\n\nThe name and the telephone number, which should be answered day and night, are shown in every summary. A file whose mapping finds another code than these in it is refused. It replaces what was known of the tenant, and a running server goes by it within seconds."
    )]
    Add(AddTenant),
    /// The care providers that count now.
    List(List),
    /// End a care provider's part: its clients and the agreements about its people end with it. What is stored stays, and nobody is shown it.
    End(End),
}

/// `causeway tenant add`.
#[derive(Debug, Args)]
pub struct AddTenant {
    /// The tenant's name: short, and never changed, for every id is made from it.
    pub tenant: String,
    /// Its ODS code.
    #[arg(long)]
    pub ods: String,
    /// Its name, as readers of a summary see it.
    #[arg(long)]
    pub name: String,
    /// The telephone number that is answered day and night.
    #[arg(long)]
    pub phone: Option<String>,
    /// A code by which its files may name it: ods=…, council=…, cqc-provider=…, cqc-location=…, home=…
    #[arg(long = "identifier", value_name = "KIND=CODE")]
    pub identifiers: Vec<String>,
    /// Common settings.
    #[command(flatten)]
    pub common: Common,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
}

/// `causeway client`.
#[derive(Debug, Args)]
pub struct Clients {
    /// What to do.
    #[command(subcommand)]
    pub action: ClientAction,
}

/// What can be done with clients.
#[derive(Debug, Subcommand)]
pub enum ClientAction {
    /// Let a system call for an organisation.
    #[command(
        after_help = "Examples:\n  causeway client add gp-system --organisation A81001 --config causeway.toml --by \"Pat Operator\"                          a consumer\n  causeway client add willow-system --organisation VM001 --tenant willow-house --config causeway.toml --by \"Pat Operator\"   a provider"
    )]
    Add(AddClient),
    /// The clients that count now.
    List(List),
    /// Let a system call no longer: its next request is refused.
    End(End),
}

/// `causeway client add`.
#[derive(Debug, Args)]
pub struct AddClient {
    /// The client id that its tokens name.
    pub id: String,
    /// The ODS code of the organisation that it acts for.
    #[arg(long)]
    pub organisation: String,
    /// For a provider: its tenant.
    #[arg(long)]
    pub tenant: Option<String>,
    /// Common settings.
    #[command(flatten)]
    pub common: Common,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
}

/// `causeway agreement`.
#[derive(Debug, Args)]
pub struct Agreements {
    /// What to do.
    #[command(subcommand)]
    pub action: AgreementAction,
}

/// What can be done with agreements.
#[derive(Debug, Subcommand)]
pub enum AgreementAction {
    /// Let an organisation see a provider's people for direct care, or change how.
    #[command(
        after_help = "Example:\n  causeway agreement add --consumer A81001 --provider VM001 --from 2026-04-01 --config causeway.toml --by \"Pat Operator\""
    )]
    Add(AddAgreement),
    /// The agreements that count now.
    List(List),
    /// End an agreement at once.
    #[command(
        after_help = "Example:\n  causeway agreement end A81001/VM001 --config causeway.toml --by \"Pat Operator\""
    )]
    End(End),
}

/// `causeway agreement add`.
#[derive(Debug, Args)]
pub struct AddAgreement {
    /// The ODS code of the organisation that sees.
    #[arg(long)]
    pub consumer: String,
    /// The ODS code of the provider whose people are seen.
    #[arg(long)]
    pub provider: String,
    /// The first day that it holds, as 2026-04-01.
    #[arg(long)]
    pub from: String,
    /// The last day that it holds; without end when left out.
    #[arg(long)]
    pub until: Option<String>,
    /// A resource type that is shared; all when none is named.
    #[arg(long = "type", value_name = "TYPE")]
    pub types: Vec<String>,
    /// Common settings.
    #[command(flatten)]
    pub common: Common,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
}

/// `… list`.
#[derive(Debug, Args)]
pub struct List {
    /// Common settings.
    #[command(flatten)]
    pub common: Common,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `… end`.
#[derive(Debug, Args)]
pub struct End {
    /// What is ended, as `list` names it.
    pub key: String,
    /// Common settings.
    #[command(flatten)]
    pub common: Common,
    /// Who does it.
    #[command(flatten)]
    pub by: By,
}
