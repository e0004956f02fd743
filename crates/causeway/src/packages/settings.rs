//! Where packages are, and which are used.

use std::env;
use std::path::{Path, PathBuf};

use definitions::{PackageFolder, PackageName};

use crate::config;
use crate::exit::Failure;

/// HL7's registry of FHIR packages.
pub const PUBLIC_REGISTRY: &str = "https://packages.fhir.org";

/// What the configuration, the environment and the command line say of packages.
#[derive(Debug)]
pub struct Settings {
    /// Where they are.
    pub folder: PackageFolder,
    /// Which are used, those of the configuration first.
    pub used: Vec<PackageName>,
    /// Where others are fetched from.
    pub registry: String,
}

impl Settings {
    /// The settings, the command line's names after those of the configuration.
    pub fn new(config: &config::Packages, names: &[String]) -> Result<Self, Failure> {
        let folder = match config
            .folder
            .clone()
            .or_else(|| path_of("CAUSEWAY_PACKAGES"))
        {
            Some(folder) => folder,
            None => own_folder().ok_or_else(|| {
                Failure::usage(
                    "it is not known where packages are kept: set CAUSEWAY_PACKAGES to a folder",
                )
            })?,
        };
        let mut folder = PackageFolder::new(folder);
        let cache = config
            .fhir_cache
            .clone()
            .or_else(|| path_of("CAUSEWAY_FHIR_CACHE"))
            .or_else(|| Some(home()?.join(".fhir").join("packages")));
        if let Some(cache) = cache {
            folder = folder.with_fhir_cache(cache);
        }
        let used = config
            .used
            .iter()
            .chain(names)
            .map(|name| parse(name))
            .collect::<Result<_, _>>()?;
        Ok(Self {
            folder,
            used,
            registry: config
                .registry
                .clone()
                .unwrap_or_else(|| PUBLIC_REGISTRY.to_owned()),
        })
    }

    /// The settings of a command that may be given a configuration file.
    pub fn read(config: Option<&Path>, names: &[String]) -> Result<Self, Failure> {
        let config = match config {
            Some(path) => config::Packages::read(path)?,
            None => config::Packages::default(),
        };
        Self::new(&config, names)
    }
}

/// A package's name or path as somebody writes it.
pub fn parse(text: &str) -> Result<PackageName, Failure> {
    PackageName::parse(text).ok_or_else(|| {
        Failure::usage(format!(
            "{text} names no package: give a name such as hl7.fhir.uv.ips@2.0.0, a .tgz, or a folder"
        ))
    })
}

/// The user's own folder of packages, where the platform keeps such data.
fn own_folder() -> Option<PathBuf> {
    let data = if cfg!(windows) {
        path_of("LOCALAPPDATA")
    } else if cfg!(target_os = "macos") {
        Some(home()?.join("Library").join("Application Support"))
    } else {
        path_of("XDG_DATA_HOME").or_else(|| Some(home()?.join(".local").join("share")))
    };
    Some(data?.join("causeway").join("packages"))
}

fn home() -> Option<PathBuf> {
    path_of(if cfg!(windows) { "USERPROFILE" } else { "HOME" })
}

fn path_of(name: &str) -> Option<PathBuf> {
    env::var_os(name)
        .filter(|value| !value.is_empty())
        .map(PathBuf::from)
}
