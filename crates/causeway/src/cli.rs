//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

const EXAMPLES: &str = "\
Examples:
  causeway demo --once                                         see it work, with fictional people
  causeway convert --mapping cld-r1 export.csv --out people.ndjson --report report.json
  causeway check mappings/                                     are the mapping files right?
  causeway test mappings/                                      do they make what their tests expect?
  causeway validate people.ndjson                              is this valid UK Core?
  causeway import --config causeway.toml --organisation A1B2C --mapping cld-r1 export.csv
  causeway serve --config causeway.toml                        the FHIR API

Exit codes:
  0  all went through
  1  something that was checked does not hold
  2  the arguments or the mapping are unusable
  3  some records were quarantined
  4  the input is unusable";

/// The command line as a whole.
#[derive(Debug, Parser)]
#[command(
    name = "causeway",
    version,
    about = "Carries care records across: vendors' exports in, validated FHIR R4 UK Core out.",
    after_help = EXAMPLES
)]
pub struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub command: Command,
}

/// The commands.
#[derive(Debug, Subcommand)]
pub enum Command {
    /// Turn an export into FHIR resources, and say what went through and what did not.
    #[command(
        after_help = "Example:\n  causeway convert --mapping cld-r1 export.csv --out people.ndjson --report report.json"
    )]
    Convert(Convert),
    /// Prove as much of a mapping as can be proved before a record is read.
    #[command(after_help = "Example:\n  causeway check mappings/")]
    Check(Check),
    /// Run the tests of mappings.
    #[command(
        after_help = "Examples:\n  causeway test mappings/\n  causeway test mappings/cld-r1 --accept   rewrite what is expected, then read the diff"
    )]
    Test(Test),
    /// Check resources against their profiles.
    #[command(
        after_help = "Examples:\n  causeway validate people.ndjson\n  causeway validate --profile UKCore-Patient patient.xml\n  causeway validate --format json - < people.ndjson"
    )]
    Validate(Validate),
    /// Read an export into the store of a server.
    #[command(
        after_help = "Example:\n  causeway import --config causeway.toml --organisation A1B2C --mapping generic-carehome-xlsx home.xlsx"
    )]
    Import(Import),
    /// Serve the FHIR API.
    #[command(after_help = "Example:\n  causeway serve --config causeway.toml")]
    Serve(Serve),
    /// Convert the shipped samples, serve them, and show how to fetch a care summary. Fictional people only.
    #[command(
        after_help = "Examples:\n  causeway demo\n  causeway demo --once\n  causeway demo --port 0 --info info.json"
    )]
    Demo(Demo),
}

/// How text is printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// For people.
    Text,
    /// For programs.
    Json,
}

/// `causeway convert`.
#[derive(Debug, Args)]
pub struct Convert {
    /// The mapping: the name of a shipped one, a name under ./mappings, or a folder.
    #[arg(long)]
    pub mapping: String,
    /// The export.
    pub input: PathBuf,
    /// Where the resources go, as NDJSON; `-` for standard output.
    #[arg(long)]
    pub out: PathBuf,
    /// Where the report goes, as JSON: what was quarantined, every issue, and what was lost. It holds values of the export.
    #[arg(long)]
    pub report: Option<PathBuf>,
    /// The ODS code of the organisation that the export comes from; ids depend on it.
    #[arg(long, default_value = "LOCAL")]
    pub organisation: String,
    /// The source's name at that organisation; ids depend on it. Default: the mapping's name.
    #[arg(long)]
    pub source: Option<String>,
    /// What day or moment the export is true of, where the file does not say so itself.
    #[arg(long)]
    pub as_of: Option<String>,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Mapping folders, or a folder of them.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway test`.
#[derive(Debug, Args)]
pub struct Test {
    /// Mapping folders, or a folder of them.
    #[arg(required = true)]
    pub paths: Vec<PathBuf>,
    /// Only cases whose name holds this.
    #[arg(long)]
    pub filter: Option<String>,
    /// Rewrite what is expected by what is made.
    #[arg(long)]
    pub accept: bool,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway validate`.
#[derive(Debug, Args)]
pub struct Validate {
    /// JSON, NDJSON or XML files; `-` for standard input.
    #[arg(required = true)]
    pub inputs: Vec<PathBuf>,
    /// Profiles to check against besides those in meta.profile: short names or URLs.
    #[arg(long)]
    pub profile: Vec<String>,
    /// How results are printed: text, or a line of JSON for each resource.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway import`.
#[derive(Debug, Args)]
pub struct Import {
    /// The server's configuration.
    #[arg(long)]
    pub config: PathBuf,
    /// The ODS code of the organisation that the export comes from.
    #[arg(long)]
    pub organisation: String,
    /// The mapping.
    #[arg(long)]
    pub mapping: String,
    /// The source's name at that organisation. Default: the mapping's name.
    #[arg(long)]
    pub source: Option<String>,
    /// What day or moment the export is true of, where the file does not say so itself.
    #[arg(long)]
    pub as_of: Option<String>,
    /// The export.
    pub input: PathBuf,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration.
    #[arg(long)]
    pub config: PathBuf,
}

/// `causeway demo`.
#[derive(Debug, Args)]
pub struct Demo {
    /// Fetch the summary over HTTP, print it, and end.
    #[arg(long)]
    pub once: bool,
    /// The port on 127.0.0.1; 0 for any that is free. Default: 8080, and any free one with --once.
    #[arg(long)]
    pub port: Option<u16>,
    /// Write the address, tokens and NHS number here once everything is ready, as JSON.
    #[arg(long)]
    pub info: Option<PathBuf>,
    /// The folder for its data, which must be empty or its own. Default: a temporary one.
    #[arg(long)]
    pub data: Option<PathBuf>,
}
