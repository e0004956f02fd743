//! Releases of licensed codes, and the terminology server: `causeway terminology`, and which of both
//! the other commands use.

use std::env;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use clap::{Args, Subcommand};
use diagnostics::Issue;
use serde_json::json;
use terminology::Release;
use terminology::release::{compile, compiled};
use terminology_server::{Settings, TerminologyServer};
use validation::{CodeCheck, Decision};

use crate::cli::Format;
use crate::config;
use crate::exit::{Exit, Failure};
use crate::output;

/// `causeway terminology`.
#[derive(Debug, Args)]
pub struct Terminology {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with releases.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Compile release files: zips as downloaded from TRUD, or folders that hold them unpacked.
    Add(Add),
    /// Which releases are there.
    List(List),
    /// Take a release away.
    Remove(Remove),
}

/// `causeway terminology add`.
#[derive(Debug, Args)]
pub struct Add {
    /// Release files of SNOMED CT (RF2, with a Snapshot folder) and of dm+d (f_….xml). All zips of one edition are given together.
    #[arg(required = true)]
    pub files: Vec<PathBuf>,
    /// Where they go.
    #[command(flatten)]
    pub place: Place,
}

/// `causeway terminology list`.
#[derive(Debug, Args)]
pub struct List {
    /// Where they are.
    #[command(flatten)]
    pub place: Place,
    /// How the list is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway terminology remove`.
#[derive(Debug, Args)]
pub struct Remove {
    /// Its name as `list` shows it: snomed-ct or dmd.
    pub name: String,
    /// Where it is.
    #[command(flatten)]
    pub place: Place,
}

/// Which folder of releases.
#[derive(Debug, Clone, Default, Args)]
pub struct Place {
    /// The folder of compiled releases. Default: the configuration's, else $CAUSEWAY_TERMINOLOGY, else one of the user's own.
    #[arg(long)]
    pub folder: Option<PathBuf>,
    /// A configuration file, of which only [terminology] is read.
    #[arg(long)]
    pub config: Option<PathBuf>,
}

impl Place {
    fn folder(&self) -> Result<PathBuf, Failure> {
        if let Some(folder) = &self.folder {
            return Ok(folder.clone());
        }
        let config = match &self.config {
            Some(path) => config::Terminology::read(path)?,
            None => config::Terminology::default(),
        };
        folder(&config).ok_or_else(|| {
            Failure::usage(
                "it is not known where releases are kept: set CAUSEWAY_TERMINOLOGY to a folder",
            )
        })
    }
}

/// Runs the command.
pub fn run(arguments: &Terminology) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::Add(arguments) => add(arguments),
        Action::List(arguments) => list(arguments),
        Action::Remove(arguments) => remove(arguments),
    }
}

fn add(arguments: &Add) -> Result<Exit, Failure> {
    let folder = arguments.place.folder()?;
    let found = compile(&arguments.files, &folder).map_err(unusable)?;
    for issue in &found.issues {
        eprintln!("{issue}");
    }
    for path in &found.compiled {
        let release = Release::open(path).map_err(unusable)?;
        output::print(&line(path, &release))?;
    }
    Ok(Exit::Fine)
}

fn list(arguments: &List) -> Result<Exit, Failure> {
    let folder = arguments.place.folder()?;
    let mut exit = Exit::Fine;
    for path in compiled(&folder).map_err(unusable)? {
        match (Release::open(&path), arguments.format) {
            (Ok(release), Format::Text) => output::print(&line(&path, &release))?,
            (Ok(release), Format::Json) => output::print_json(&json!({
                "name": name(&path),
                "system": release.system(),
                "version": release.version(),
                "codes": release.count(),
                "sources": release.sources(),
            }))?,
            (Err(issue), _) => {
                eprintln!("{issue}");
                exit = Exit::Failed;
            }
        }
    }
    Ok(exit)
}

fn remove(arguments: &Remove) -> Result<Exit, Failure> {
    let folder = arguments.place.folder()?;
    let all = compiled(&folder).map_err(unusable)?;
    let Some(path) = all.iter().find(|path| name(path) == arguments.name) else {
        let names: Vec<String> = all.iter().map(|path| name(path)).collect();
        return Err(Failure::usage(format!(
            "there is no release {} in {} (there: {})",
            arguments.name,
            folder.display(),
            if names.is_empty() {
                "none".to_owned()
            } else {
                names.join(", ")
            }
        )));
    };
    std::fs::remove_file(path).map_err(|error| {
        Failure::failed(format!("{} cannot be removed: {error}", path.display()))
    })?;
    Ok(Exit::Fine)
}

fn name(path: &Path) -> String {
    path.file_stem()
        .map(|stem| stem.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn line(path: &Path, release: &Release) -> String {
    format!(
        "{}  {}  version {}  {} codes\n",
        name(path),
        release.system(),
        release.version(),
        release.count()
    )
}

fn unusable(issue: Box<Issue>) -> Failure {
    Failure::usage(issue.to_string())
}

/// Where releases are, as far as that is known.
fn folder(config: &config::Terminology) -> Option<PathBuf> {
    config
        .releases
        .clone()
        .or_else(|| path_of("CAUSEWAY_TERMINOLOGY"))
        .or_else(|| Some(data_folder()?.join("causeway").join("terminology")))
}

/// Where the platform keeps a user's data.
fn data_folder() -> Option<PathBuf> {
    if cfg!(windows) {
        path_of("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        Some(path_of("HOME")?.join("Library").join("Application Support"))
    } else {
        path_of("XDG_DATA_HOME").or_else(|| Some(path_of("HOME")?.join(".local").join("share")))
    }
}

fn path_of(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}

/// The releases that are there. One that cannot be used is told, and its codes stay open.
///
/// # Errors
/// When the folder is there and cannot be read.
pub fn open(config: &config::Terminology) -> Result<Vec<Arc<Release>>, Failure> {
    let Some(folder) = folder(config) else {
        return Ok(Vec::new());
    };
    let mut releases = Vec::new();
    for path in compiled(&folder).map_err(unusable)? {
        match Release::open(&path) {
            Ok(release) => releases.push(Arc::new(release)),
            Err(issue) => eprintln!("{issue}"),
        }
    }
    Ok(releases)
}

/// What decides open code checks, if a server is named on the command line or in a configuration.
///
/// # Errors
/// When the server's settings cannot be used.
pub fn decider(
    url: Option<&str>,
    config: Option<&Path>,
) -> Result<Option<impl Fn(&[CodeCheck]) -> Vec<Decision> + Send + Sync + use<>>, Failure> {
    let configured = match config {
        Some(path) => config::Terminology::read(path)?.server,
        None => None,
    };
    let settings = match (url, configured) {
        // The credentials are for the server that they stand beside.
        (Some(url), Some(settings)) if settings.url == url => settings,
        (Some(url), _) => Settings::of(url),
        (None, Some(settings)) => settings,
        (None, None) => return Ok(None),
    };
    let server = TerminologyServer::new(&settings).map_err(unusable)?;
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .map_err(|error| Failure::failed(format!("no thread can be started: {error}")))?;
    Ok(Some(move |checks: &[CodeCheck]| {
        runtime.block_on(server.decide(checks))
    }))
}
