//! Opening the store that a configuration names.

use std::path::Path;
use std::sync::Arc;

use store::{Options, PostgresOptions, PostgresStore, SqliteStore, Store};

use crate::config::{self, Place};
use crate::exit::Failure;

/// Opens what `[store]` names, making the folder of the embedded one if it is not there.
pub async fn open(config: &config::Store) -> Result<Arc<dyn Store>, Failure> {
    match config.place()? {
        Place::Folder(folder) => open_folder(&folder),
        Place::Postgres(address) => open_postgres(&address, config.owner()?).await,
    }
}

/// The same, and never makes a new one: for commands that have nothing to do in an empty store.
pub async fn open_existing(config: &config::Store) -> Result<Arc<dyn Store>, Failure> {
    if let Place::Folder(folder) = config.place()?
        && !folder.join(FILE).is_file()
    {
        return Err(Failure::usage(format!(
            "{} holds no records of Causeway: check store.folder",
            folder.display()
        )));
    }
    open(config).await
}

/// The embedded store's file in its folder.
pub const FILE: &str = "causeway.sqlite";

/// Opens the embedded store, making its folder if it is not there.
pub fn open_folder(folder: &Path) -> Result<Arc<dyn Store>, Failure> {
    std::fs::create_dir_all(folder).map_err(|error| {
        Failure::failed(format!("{} cannot be made: {error}", folder.display()))
    })?;
    let store =
        SqliteStore::open(&folder.join(FILE), Options::default()).map_err(Failure::failed)?;
    Ok(Arc::new(store))
}

async fn open_postgres(address: &str, owner: Option<String>) -> Result<Arc<dyn Store>, Failure> {
    let mut options = PostgresOptions::new(address);
    options.owner_url = owner;
    let store = PostgresStore::connect(options)
        .await
        .map_err(Failure::failed)?;
    Ok(Arc::new(store))
}
