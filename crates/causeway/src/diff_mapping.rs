//! `causeway diff-mapping`: what a change of a mapping would do to a real file.

mod revision;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::Args;
use identity::IdSpace;
use mapping::{Mapping, RunContext};
use mapping_difference::{
    Difference, DifferenceError, HEADER, PersonChange, Run, person_text, totals_text,
};
use serde_json::json;

use crate::chosen::refused;
use crate::cli::{Format, PackageOptions};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::import::registry;
use crate::knowledge::Knowledge;
use crate::progress::Progress;
use crate::{locate, output, stores};

/// `causeway diff-mapping`.
#[derive(Debug, Args)]
pub struct DiffMapping {
    /// The mapping as it is: a folder, a shipped name, NAME@VERSION of an installed one (with --config), or REVISION:FOLDER of a git repository.
    pub old: String,
    /// The mapping as it would be, named in the same ways.
    pub new: String,
    /// The export.
    pub export: PathBuf,
    /// How it is printed: text, or a line of JSON for each person and one at the end.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
    /// A server's configuration: its packages count, and mappings that are installed in its store can be named. The server must not be running.
    #[arg(long)]
    pub config: Option<PathBuf>,
    /// Show names, NHS numbers, addresses and dates of birth.
    #[arg(long)]
    pub show_names: bool,
    /// What day or moment the export is true of, where the file does not say so itself.
    #[arg(long)]
    pub as_of: Option<String>,
    /// A FHIR package that counts besides: NAME@VERSION, or the path of a .tgz or a folder.
    #[arg(long = "package", value_name = "NAME_OR_PATH")]
    pub package: Vec<String>,
}

/// Runs the command.
pub fn run(arguments: &DiffMapping) -> Result<Exit, Failure> {
    if !arguments.export.exists() {
        return Err(Failure::usage(format!(
            "there is no file {}",
            arguments.export.display()
        )));
    }
    let knowledge = Knowledge::of(&PackageOptions {
        package: arguments.package.clone(),
        config: arguments.config.clone(),
    })?;
    let old = mapping_named(&arguments.old, arguments.config.as_deref(), &knowledge)?;
    let new = mapping_named(&arguments.new, arguments.config.as_deref(), &knowledge)?;
    // Both sides are one source: ids differ only where the mappings make them differ.
    let context = RunContext {
        tenant: "LOCAL".to_owned(),
        source: old.name().to_owned(),
        ids: IdSpace::published(),
        as_of: arguments.as_of.clone(),
    };
    let validator = knowledge.validator();
    let progress = Progress::start("comparing");
    let difference = Difference::between(
        &Run {
            mapping: &old,
            validator: &validator,
        },
        &Run {
            mapping: &new,
            validator: &validator,
        },
        &source::Input::path(&arguments.export),
        &context,
        &mut |records| progress.records(records),
    )
    .map_err(unusable)?;
    drop(progress);

    let mut first = true;
    let totals = difference
        .report::<Stopped>(arguments.show_names, &mut |person| {
            if std::mem::take(&mut first) && arguments.format == Format::Text {
                output::print(&format!("{HEADER}\n")).map_err(Stopped)?;
            }
            print(person, arguments.format).map_err(Stopped)
        })
        .map_err(|stopped| stopped.0)?;
    match arguments.format {
        Format::Text => {
            let gap = if first { "" } else { "\n" };
            output::print(&format!("{gap}{}", totals_text(&totals)))?;
        }
        Format::Json => output::print_json(&json!({
            "summary": totals,
            "issues": totals.issues(),
            "changes": totals.changes(),
            "old": stamp(&old),
            "new": stamp(&new),
        }))?,
    }
    Ok(if totals.changes() {
        Exit::Failed
    } else {
        Exit::Fine
    })
}

fn print(person: &PersonChange, format: Format) -> Result<(), Failure> {
    match format {
        Format::Text => output::print(&person_text(person)),
        Format::Json => output::print_json(person),
    }
}

fn stamp(mapping: &Mapping) -> serde_json::Value {
    json!({ "name": mapping.name(), "version": mapping.version(), "hash": mapping.hash() })
}

/// Why the report was not carried to its end.
struct Stopped(Failure);

impl From<DifferenceError> for Stopped {
    fn from(error: DifferenceError) -> Self {
        Self(unusable(error))
    }
}

/// 1 says that something changes, so whatever goes wrong is 2.
fn unusable(error: DifferenceError) -> Failure {
    Failure::usage(error)
}

fn mapping_named(
    name: &str,
    config: Option<&Path>,
    knowledge: &Knowledge,
) -> Result<Arc<Mapping>, Failure> {
    let path = Path::new(name);
    if path.exists() || path.join(mapping::MAPPING_FILE).is_file() {
        return locate::mapping(name, knowledge);
    }
    if let Some((name, version)) = name.split_once('@') {
        return installed(name, version, config, knowledge);
    }
    if let Some((revision, folder)) = name.split_once(':') {
        let checked_out = revision::check_out(revision, folder)?;
        return locate::mapping(&checked_out.folder().display().to_string(), knowledge);
    }
    locate::mapping(name, knowledge)
}

fn installed(
    name: &str,
    version: &str,
    config: Option<&Path>,
    knowledge: &Knowledge,
) -> Result<Arc<Mapping>, Failure> {
    let config = config.ok_or_else(|| {
        Failure::usage(format!(
            "{name}@{version} lies in a server's store: name the server with --config causeway.toml"
        ))
    })?;
    let config = Config::read(config)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::usage)?;
    runtime.block_on(async {
        let store = stores::open(&config.store)
            .await
            .map_err(|failure| Failure::usage(failure.message))?;
        let registry = registry(store, knowledge, config.server.mode.gate());
        let stamp = registry.find(name, version).await.map_err(refused)?.stamp;
        let mapping = registry.load(&stamp).await.map_err(refused)?;
        Ok(Arc::new(mapping))
    })
}
