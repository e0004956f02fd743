//! The command line of `causeway validate`.

use std::num::NonZero;
use std::path::PathBuf;

use clap::{Args, ValueEnum};
use diagnostics::Severity;

use crate::cli::PackageOptions;

/// `causeway validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// JSON, NDJSON or XML files (also as .gz), folders, globs in quotes; `-` for standard input.
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// A profile to check against besides those in meta.profile: a short name or a URL. May be repeated.
    #[arg(long)]
    pub profile: Vec<String>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// From which severity on an issue makes the command fail (exit code 1).
    #[arg(long, value_enum, default_value_t = FailOn::Error)]
    pub fail_on: FailOn,
    /// On how many threads. Default: as many as the machine has cores.
    #[arg(long)]
    pub threads: Option<NonZero<usize>>,
    /// The largest resource that is read, in MiB.
    #[arg(long, value_name = "MIB", default_value = "64")]
    pub max_resource: NonZero<usize>,
    /// Print nothing to standard output: the exit code says it.
    #[arg(long, short)]
    pub quiet: bool,
    /// A FHIR terminology server to ask about codes that cannot be decided offline, instead of the configuration's. Systems, codes and value sets are sent, nothing of a person.
    #[arg(long, value_name = "URL")]
    pub terminology_server: Option<String>,
    /// Which definitions count.
    #[command(flatten)]
    pub packages: PackageOptions,
}

impl Validate {
    /// The largest resource that is read, in bytes.
    pub fn max_resource(&self) -> usize {
        self.max_resource.get().saturating_mul(1024 * 1024)
    }
}

/// How results are printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A line for each issue and a summary, for people.
    Text,
    /// A line of JSON for each resource, in the order of the input.
    Json,
    /// An OperationOutcome on a line for each resource, in the order of the input.
    Outcome,
}

/// From which severity on an issue makes the command fail.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum FailOn {
    /// Errors.
    Error,
    /// Errors and warnings.
    Warning,
    /// Any issue at all.
    Information,
}

impl FailOn {
    /// The severity itself.
    pub fn severity(self) -> Severity {
        match self {
            Self::Error => Severity::Error,
            Self::Warning => Severity::Warning,
            Self::Information => Severity::Information,
        }
    }
}
