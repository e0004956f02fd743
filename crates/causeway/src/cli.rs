//! The command line.

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::backup::{Backup, Restore};
use crate::configuration::Configuration;
use crate::desk::{Archive, Quarantine, Rebuild, Submissions};
use crate::diff_mapping::DiffMapping;
use crate::mappings::Mappings;
use crate::onboarding::{Agreements, Clients, Tenants};
use crate::outbox::Outbox;
use crate::review::Identity;
use crate::submit::Submit;
use crate::terminology::Terminology;
use crate::validate::Validate;

const EXAMPLES: &str = "\
Examples:
  causeway demo --once                                         see it work, with fictional people
  causeway convert --mapping cld-r1 export.csv --out people.ndjson --report report.json
  causeway new-mapping export.xlsx --name my-home              draft a mapping from a sample
  causeway check mappings/                                     are the mapping files right?
  causeway test mappings/                                      do they make what their tests expect?
  causeway explain --mapping cld-r1 export.csv --row 12        where does each element come from?
  causeway validate people.ndjson                              is this valid UK Core?
  causeway import --config causeway.toml --organisation A1B2C --mapping cld-r1 export.csv
  causeway serve --config causeway.toml                        the FHIR API
  causeway packages add hl7.fhir.uv.ips@2.0.0                  definitions besides R4 and UK Core
  causeway revalidate --config causeway.toml                   what is stored, against today's packages

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
    /// Draft a mapping from a sample of an export: columns, types, secrets, keys, and likely rules.
    #[command(
        after_help = "Examples:\n  causeway new-mapping export.xlsx --name my-home\n  causeway new-mapping sample.csv --synthetic   fictional people: their values may be written down\n\nWithout --synthetic no value of a cell is written down, only patterns and counts."
    )]
    NewMapping(NewMapping),
    /// Prove as much of a mapping as can be proved before a record is read.
    #[command(
        after_help = "Examples:\n  causeway check mappings/\n  causeway check --watch mappings/my-home   again on every save, with the mapping's tests\n  causeway check --explain M051             what a number means"
    )]
    Check(Check),
    /// Run the tests of mappings.
    #[command(
        after_help = "Examples:\n  causeway test mappings/\n  causeway test mappings/cld-r1 --accept   rewrite what is expected, then read the diff\n  causeway test mappings/ --coverage --coverage-min rules=100 --junit results.xml"
    )]
    Test(Test),
    /// Say of each element which line of the mapping and which cells of the export it was made of, and why something was not made. It prints values of the export: for the eyes of the organisation that sent it only.
    #[command(
        after_help = "Examples:\n  causeway explain --mapping cld-r1 export.csv --resource Patient/1f0c…   one resource\n  causeway explain --mapping cld-r1 export.csv --resource Patient          all of a type\n  causeway explain --mapping cld-r1 export.csv --row 12                    all that became of a record, and what did not\n  causeway explain --mapping mods-json export.ndjson --format json         a line of JSON for each outcome\n\nExit codes: 0 found, 1 nothing fits what was asked for, 2 unusable arguments or mapping, 4 unusable input. The JSON: docs/explain.md."
    )]
    Explain(Explain),
    /// Check resources against their profiles.
    #[command(
        after_help = "Examples:\n  causeway validate people.ndjson\n  causeway validate --profile UKCore-Patient patient.xml\n  causeway validate folder/ 'exports/*.ndjson.gz' --fail-on warning\n  causeway validate --format json - < people.ndjson\n\nExit codes: 0 valid, 1 something is not valid, 2 unusable: an argument, a profile, a package, or an input in which nothing could be read. What each issue code means: docs/validation.md."
    )]
    Validate(Validate),
    /// A mapping's life: review it, install it, activate it for an organisation, roll it back.
    #[command(
        after_help = "Examples:\n  causeway mappings status mappings/\n  causeway mappings review mappings/cld-r1 --reviewer \"Dr A Example\" --role \"Clinical safety officer\" --registration \"GMC 1234567\"\n  causeway mappings install mappings/cld-r1 --config causeway.toml --by \"Pat Operator\"\n  causeway mappings activate cld-r1@1.0.0 --config causeway.toml --organisation A1B2C --by \"Pat Operator\"\n  causeway mappings rollback cld-r1 --config causeway.toml --organisation A1B2C --by \"Pat Operator\"\n  causeway mappings list --config causeway.toml"
    )]
    Mappings(Mappings),
    /// What a change of a mapping would do to a real export, by person and in clinical words.
    #[command(
        after_help = "Examples:\n  causeway diff-mapping HEAD:mappings/cld-r1 mappings/cld-r1 export.csv\n  causeway diff-mapping cld-r1@1.0.0 mappings/cld-r1 export.csv --config causeway.toml\n\nIt holds values of the export, so it is for the organisation that sent it; people are named by row, or by name with --show-names.\n\nExit codes: 0 nothing changes, 1 something does, 2 unusable."
    )]
    DiffMapping(DiffMapping),
    /// Read an export into the store of a server.
    #[command(
        after_help = "Example:\n  causeway import --config causeway.toml --organisation A1B2C --mapping generic-carehome-xlsx home.xlsx"
    )]
    Import(Import),
    /// Send an export to a server over the network, and read its report.
    #[command(
        after_help = "Examples:\n  causeway submit export.csv --to https://care.example.org --source my-home --client-id willow-house --key client-key.pem --key-id 2026 --wait\n  causeway submit export.csv --to https://care.example.org --source my-home --token-file token.txt\n\nA sending that the network breaks is tried again with the same id, so the server never takes it twice.\n\nExit codes: 0 the server has it (with --wait: all of it went through), 1 the network or the server failed, 2 the arguments are unusable or the server does not let this client, 3 some records were held back or something waits for a person, 4 the file was refused."
    )]
    Submit(Submit),
    /// What came in, what became of it, and what people decide: confirm, decline, withdraw, replay.
    #[command(
        after_help = "Examples:\n  causeway submissions list --config causeway.toml --organisation VM001\n  causeway submissions show ID --config causeway.toml\n  causeway submissions confirm ID --config causeway.toml --by \"Pat Operator\" --note \"checked with the home\""
    )]
    Submissions(Submissions),
    /// What was held back: list it, read it again, discard it.
    #[command(
        after_help = "Examples:\n  causeway quarantine list --config causeway.toml --source my-home\n  causeway quarantine replay --source my-home --code V004 --config causeway.toml --by \"Pat Operator\""
    )]
    Quarantine(Quarantine),
    /// Read a source's past files again with the mapping that is active now; shows what would change first.
    #[command(
        after_help = "Example:\n  causeway rebuild --source my-home --config causeway.toml --by \"Pat Operator\""
    )]
    Rebuild(Rebuild),
    /// Raw files as they were sent: write one out, or erase it for good.
    #[command(
        after_help = "Examples:\n  causeway archive get ID --out export.csv --config causeway.toml\n  causeway archive erase ID --config causeway.toml --by \"Pat Operator\" --note \"erasure request 12\""
    )]
    Archive(Archive),
    /// The care providers: take one on, change its profile, end its part.
    #[command(
        after_help = "Examples:\n  causeway tenant add willow-house --ods VM001 --name \"Willow House\" --phone \"01632 960001\" --config causeway.toml --by \"Pat Operator\"\n  causeway tenant list --config causeway.toml\n\nWhat is recorded lies over the configuration file, and a running server goes by it within seconds."
    )]
    Tenant(Tenants),
    /// The systems that may call: let one call, and no longer.
    #[command(
        after_help = "Example:\n  causeway client add gp-system --organisation A81001 --config causeway.toml --by \"Pat Operator\""
    )]
    Client(Clients),
    /// The agreements by which one organisation sees another's people: make one, end one.
    #[command(
        after_help = "Examples:\n  causeway agreement add --consumer A81001 --provider VM001 --from 2026-04-01 --config causeway.toml --by \"Pat Operator\"\n  causeway agreement end A81001/VM001 --config causeway.toml --by \"Pat Operator\""
    )]
    Agreement(Agreements),
    /// What waits to be sent on to other systems, and what they refused: list it, send it again.
    #[command(
        after_help = "Examples:\n  causeway outbox list --config causeway.toml --state dead\n  causeway outbox retry shared-care-record --config causeway.toml\n\nMore: docs/destinations.md."
    )]
    Outbox(Outbox),
    /// Who is who: cases that wait for a person, decisions, merges, and tracing with PDS.
    #[command(
        after_help = "Examples:\n  causeway identity list --config causeway.toml\n  causeway identity decide 12 --keep-apart --config causeway.toml --by pat.operator --why \"two people: both homes asked\"\n  causeway identity undo 3 --config causeway.toml --by pat.operator --why \"wrong case\"\n\nMore: docs/identity.md."
    )]
    Identity(Identity),
    /// Add, list and remove FHIR packages: definitions besides R4 core and UK Core, which are built in.
    #[command(
        after_help = "Examples:\n  causeway packages add hl7.fhir.uv.ips@2.0.0\n  causeway packages list\n  causeway validate --package hl7.fhir.uv.ips@2.0.0 summary.json"
    )]
    Packages(Packages),
    /// Add, list and remove releases of SNOMED CT and dm+d that the site has a licence for, so that their codes are checked without a network.
    #[command(
        after_help = "Examples:\n  causeway terminology add uk_sct2mo.zip nhsbsa_dmd.zip\n  causeway terminology list\n  causeway terminology remove snomed-ct\n\nThe files come from NHS England's TRUD under the licence of whoever uses them; nothing of them leaves this machine. More: docs/terminology.md."
    )]
    Terminology(Terminology),
    /// Check what is stored against the packages that are used now, and make its search index anew.
    #[command(
        after_help = "Examples:\n  causeway revalidate --config causeway.toml\n  causeway revalidate --config causeway.toml --format json > findings.ndjson\n\nExit codes: 0 everything conforms, 1 something no longer does, 2 unusable. Nothing that is stored is changed but the search index."
    )]
    Revalidate(Revalidate),
    /// Copy the embedded store while it is in use.
    #[command(
        after_help = "Example:\n  causeway backup --config causeway.toml --to backups/2026-11-22.sqlite\n\nKeep the id secret and the archive's keys with it."
    )]
    Backup(Backup),
    /// Put a backup in the place of a store that is lost.
    #[command(
        after_help = "Example:\n  causeway restore --config causeway.toml --from backups/2026-11-22.sqlite"
    )]
    Restore(Restore),
    /// Check a server's configuration.
    #[command(after_help = "Example:\n  causeway config check --config causeway.toml")]
    Config(Configuration),
    /// Serve the FHIR API, take files in, and work on them.
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
    /// How many threads map and validate; 0 takes as many as the machine has. What is made is the
    /// same with any number.
    #[arg(long, default_value_t = 0)]
    pub threads: usize,
    /// How the report is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Which definitions count.
    #[command(flatten)]
    pub packages: PackageOptions,
}

/// `causeway new-mapping`.
#[derive(Debug, Args)]
pub struct NewMapping {
    /// A sample of the export: CSV, XLSX, JSON or NDJSON.
    pub input: PathBuf,
    /// The mapping's name. Default: the name of --out, else the file's.
    #[arg(long)]
    pub name: Option<String>,
    /// The folder of mappings, or the mapping's own. Default: mappings
    #[arg(long)]
    pub out: Option<PathBuf>,
    /// The people in the file are fictional: write down value lists, a sample and a first test case.
    #[arg(long)]
    pub synthetic: bool,
}

/// `causeway check`.
#[derive(Debug, Args)]
pub struct Check {
    /// Mapping folders, or a folder of them.
    #[arg(required_unless_present = "explain")]
    pub paths: Vec<PathBuf>,
    /// Check and test again whenever a file changes, until Ctrl-C.
    #[arg(long, conflicts_with = "explain")]
    pub watch: bool,
    /// Print what the number of a finding means, with an example and how to mend it.
    #[arg(long, value_name = "NUMBER", conflicts_with = "paths")]
    pub explain: Option<String>,
    /// How findings are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Which definitions count.
    #[command(flatten)]
    pub packages: PackageOptions,
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
    /// Also list the rules, branches, columns, rows of code tables and uses of fragments that no case reaches.
    #[arg(long)]
    pub coverage: bool,
    /// Fail where less is reached, in per cent: of one kind (rules=100, code-rows=90), or of each (80). May be repeated.
    #[arg(long, value_name = "KIND=PERCENT")]
    pub coverage_min: Vec<crate::test::Least>,
    /// Also write the results here, as JUnit XML.
    #[arg(long, value_name = "FILE")]
    pub junit: Option<PathBuf>,
    /// How results are printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Which definitions count.
    #[command(flatten)]
    pub packages: PackageOptions,
}

/// `causeway explain`.
#[derive(Debug, Args)]
pub struct Explain {
    /// The mapping: the name of a shipped one, a name under ./mappings, or a folder.
    #[arg(long)]
    pub mapping: String,
    /// The export.
    pub input: PathBuf,
    /// Only this resource, as Type/id; or a type, for all of it.
    #[arg(long, value_name = "TYPE/ID")]
    pub resource: Option<String>,
    /// Only what becomes of the record in this row, as a spreadsheet counts them; of NDJSON the line.
    #[arg(long)]
    pub row: Option<u64>,
    /// Only what becomes of the records of this sheet.
    #[arg(long)]
    pub sheet: Option<String>,
    /// Only what becomes of the record at this JSON pointer.
    #[arg(long)]
    pub pointer: Option<String>,
    /// The ODS code of the organisation that the export comes from; ids depend on it.
    #[arg(long, default_value = "LOCAL")]
    pub organisation: String,
    /// The source's name at that organisation; ids depend on it. Default: the mapping's name.
    #[arg(long)]
    pub source: Option<String>,
    /// What day or moment the export is true of, where the file does not say so itself.
    #[arg(long)]
    pub as_of: Option<String>,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// Which definitions count.
    #[command(flatten)]
    pub packages: PackageOptions,
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
    /// The mapping: a name, NAME@VERSION of an installed one, or a folder. What is active for the organisation goes before a folder of that name. Default: what is active, where it is one.
    #[arg(long)]
    pub mapping: Option<String>,
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
    /// A FHIR package that counts besides those of the configuration: NAME@VERSION, or the path of a .tgz or a folder.
    #[arg(long = "package", value_name = "NAME_OR_PATH")]
    pub package: Vec<String>,
}

/// `causeway serve`.
#[derive(Debug, Args)]
pub struct Serve {
    /// The configuration.
    #[arg(long)]
    pub config: PathBuf,
    /// A FHIR package that counts besides those of the configuration: NAME@VERSION, or the path of a .tgz or a folder.
    #[arg(long = "package", value_name = "NAME_OR_PATH")]
    pub package: Vec<String>,
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

/// Which packages a command works with.
#[derive(Debug, Clone, Default, Args)]
pub struct PackageOptions {
    /// A FHIR package whose definitions count before those that are built in: an installed one as NAME@VERSION, or the path of a .tgz or of a folder that holds one unpacked. May be repeated.
    #[arg(long = "package", value_name = "NAME_OR_PATH")]
    pub package: Vec<String>,
    /// A configuration file, of which only [packages] is read.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

/// `causeway packages`.
#[derive(Debug, Args)]
pub struct Packages {
    /// What to do.
    #[command(subcommand)]
    pub action: PackageAction,
}

/// What can be done with packages.
#[derive(Debug, Subcommand)]
pub enum PackageAction {
    /// Install packages and those that they need.
    #[command(
        after_help = "Examples:\n  causeway packages add hl7.fhir.uv.ips@2.0.0\n  causeway packages add fhir.r4.ukcore.stu3.currentbuild@latest\n  causeway packages add --offline packages/*.tgz"
    )]
    Add(PackageAdd),
    /// What is built in and what is installed.
    #[command(after_help = "Example:\n  causeway packages list --format json")]
    List(PackageList),
    /// What one package defines and needs, and what is wrong with it.
    #[command(
        after_help = "Examples:\n  causeway packages info hl7.fhir.uv.ips@2.0.0\n  causeway packages info downloads/package.tgz"
    )]
    Info(PackageInfo),
    /// Take an installed package away.
    #[command(after_help = "Example:\n  causeway packages remove hl7.fhir.uv.ips@2.0.0")]
    Remove(PackageRemove),
}

/// Which folder of packages.
#[derive(Debug, Clone, Default, Args)]
pub struct PackagePlace {
    /// The folder of packages. Default: the configuration's, else $CAUSEWAY_PACKAGES, else one of the user's own.
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// A configuration file, of which only [packages] is read.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

impl PackagePlace {
    /// The settings of the configuration, with the folder named here.
    pub fn settings(&self) -> Result<crate::packages::Settings, crate::exit::Failure> {
        let mut config = match &self.config {
            Some(path) => crate::config::Packages::read(path)?,
            None => crate::config::Packages::default(),
        };
        if let Some(folder) = &self.folder {
            config.folder = Some(folder.clone());
        }
        config.used.clear();
        crate::packages::Settings::new(&config, &[])
    }
}

/// `causeway packages add`.
#[derive(Debug, Args)]
pub struct PackageAdd {
    /// Packages: NAME@VERSION (VERSION may be 4.0.x or latest), the path of a .tgz, or of a folder that holds one unpacked.
    #[arg(required = true)]
    pub packages: Vec<String>,
    /// Where packages are fetched from. Default: the configuration's, else HL7's at https://packages.fhir.org.
    #[arg(long)]
    pub registry: Option<String>,
    /// Fetch nothing: what is needed and not here is only named.
    #[arg(long)]
    pub offline: bool,
    /// Where they go.
    #[command(flatten)]
    pub place: PackagePlace,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway packages list`.
#[derive(Debug, Args)]
pub struct PackageList {
    /// Where they are.
    #[command(flatten)]
    pub place: PackagePlace,
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway packages info`.
#[derive(Debug, Args)]
pub struct PackageInfo {
    /// A package: NAME@VERSION, or a path.
    pub package: String,
    /// Where it is.
    #[command(flatten)]
    pub place: PackagePlace,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway packages remove`.
#[derive(Debug, Args)]
pub struct PackageRemove {
    /// A package: NAME@VERSION, or a name of which one version is there.
    pub package: String,
    /// Where it is.
    #[command(flatten)]
    pub place: PackagePlace,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway revalidate`.
#[derive(Debug, Args)]
pub struct Revalidate {
    /// The server's configuration.
    #[arg(long)]
    pub config: PathBuf,
    /// A FHIR package that counts besides those of the configuration: NAME@VERSION, or the path of a .tgz or a folder.
    #[arg(long = "package", value_name = "NAME_OR_PATH")]
    pub package: Vec<String>,
    /// Only the records of the organisation with this ODS code.
    #[arg(long)]
    pub organisation: Option<String>,
    /// Forget an earlier run that was interrupted, and begin anew.
    #[arg(long)]
    pub restart: bool,
    /// How findings are printed: text, or a line of JSON for each resource and one at the end.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}
