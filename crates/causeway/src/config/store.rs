//! `[store]`: where the records are.

use std::path::{Path, PathBuf};

use serde::Deserialize;

use crate::exit::Failure;

/// `[store]`.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
pub struct Store {
    /// The folder of the embedded database; made if it is not there. With PostgreSQL, the folder for
    /// what a command notes down while it works.
    pub folder: Option<PathBuf>,
    /// The environment variable that holds the address of a PostgreSQL database.
    pub url_env: Option<String>,
    /// The file that holds the address of a PostgreSQL database.
    pub url_file: Option<PathBuf>,
    /// The address itself, where it holds no secret: `postgres://causeway@db.example/causeway`.
    pub url: Option<String>,
    /// The environment variable that holds the address by which the tables' owner connects to
    /// PostgreSQL, to bring them up to date. Default: the server's own role does.
    pub owner_url_env: Option<String>,
    /// A file with at least 32 bytes that nobody else knows, from which ids are made. It must never
    /// change, and must be kept as safe as the data: with it, an id can be traced back to a person.
    pub id_secret_file: PathBuf,
}

/// Where a store is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Place {
    /// SQLite in a folder.
    Folder(PathBuf),
    /// PostgreSQL at an address, which may hold a secret.
    Postgres(String),
}

impl Store {
    /// The same with its paths taken from where the file is.
    pub(super) fn beside(mut self, folder: &Path) -> Self {
        for path in [&mut self.folder, &mut self.url_file].into_iter().flatten() {
            *path = folder.join(&*path);
        }
        self.id_secret_file = folder.join(&self.id_secret_file);
        self
    }

    pub(super) fn check(&self) -> Result<(), Failure> {
        let addresses = [
            self.url.is_some(),
            self.url_env.is_some(),
            self.url_file.is_some(),
        ];
        match addresses.into_iter().filter(|there| *there).count() {
            0 if self.folder.is_none() => Err(Failure::usage(
                "store names nowhere: give `folder` for the embedded database, or `url`, `url-env` or `url-file` for PostgreSQL",
            )),
            0 | 1 => Ok(()),
            _ => Err(Failure::usage(
                "store: give only one of `url`, `url-env` and `url-file`",
            )),
        }
    }

    /// Where the records are.
    pub fn place(&self) -> Result<Place, Failure> {
        let address = match (&self.url, &self.url_env, &self.url_file) {
            (Some(url), _, _) => url.clone(),
            (None, Some(name), _) => std::env::var(name).map_err(|_| {
                Failure::usage(format!(
                    "store.url-env names the environment's {name}, which is not set"
                ))
            })?,
            (None, None, Some(path)) => std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", path.display()))
            })?,
            (None, None, None) => {
                return match &self.folder {
                    Some(folder) => Ok(Place::Folder(folder.clone())),
                    None => Err(Failure::usage("store names no folder")),
                };
            }
        };
        let address = address.trim();
        if address.starts_with("postgres://") || address.starts_with("postgresql://") {
            return Ok(Place::Postgres(address.to_owned()));
        }
        // Not shown: it may hold a password.
        Err(Failure::usage(
            "the store's address is not one of PostgreSQL: it begins with postgres://",
        ))
    }

    /// The address by which the owner of PostgreSQL's tables connects.
    pub fn owner(&self) -> Result<Option<String>, Failure> {
        let Some(name) = &self.owner_url_env else {
            return Ok(None);
        };
        std::env::var(name).map(Some).map_err(|_| {
            Failure::usage(format!(
                "store.owner-url-env names the environment's {name}, which is not set"
            ))
        })
    }

    /// The folder for what a command notes down.
    pub fn notes(&self) -> Result<&Path, Failure> {
        self.folder.as_deref().ok_or_else(|| {
            Failure::usage("store.folder is not set: this command notes down there how far it came")
        })
    }

    /// How the store is named to a person.
    pub fn shown(&self) -> String {
        match (&self.url, &self.url_env, &self.url_file, &self.folder) {
            (None, None, None, Some(folder)) => folder.display().to_string(),
            _ => "the PostgreSQL database".to_owned(),
        }
    }
}
