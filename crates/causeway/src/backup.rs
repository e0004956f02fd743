//! `causeway backup` and `causeway restore`, for the embedded store.

use std::path::{Path, PathBuf};

use clap::Args;
use serde_json::json;
use store::{Options, SqliteStore, Store as _, Tenant};

use crate::cli::Format;
use crate::config::{Config, Place};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::stores::FILE;

/// `causeway backup`.
#[derive(Debug, Args)]
pub struct Backup {
    /// The server's configuration. The server may be running.
    #[arg(long)]
    pub config: PathBuf,
    /// The file that the copy is written to; it must not be there yet.
    #[arg(long)]
    pub to: PathBuf,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// `causeway restore`.
#[derive(Debug, Args)]
pub struct Restore {
    /// The server's configuration. Its folder must hold no store yet, and no server may be running.
    #[arg(long)]
    pub config: PathBuf,
    /// The copy that `causeway backup` wrote.
    #[arg(long)]
    pub from: PathBuf,
    /// How the outcome is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Copies the store while it is in use.
pub fn backup(arguments: &Backup) -> Result<Exit, Failure> {
    let config = Config::read(&arguments.config)?;
    let file = file(&config)?;
    if !file.is_file() {
        return Err(Failure::usage(format!(
            "{} is not there: there is nothing to back up",
            file.display()
        )));
    }
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(async {
        let store = SqliteStore::open(&file, Options::default()).map_err(Failure::failed)?;
        store.backup(&arguments.to).await.map_err(Failure::failed)
    })?;
    // What is told is read from the copy: it is the copy that has to be good.
    tell(&runtime, &arguments.to, arguments.format, &config)
}

/// Puts a copy in the place of a store that is not there.
pub fn restore(arguments: &Restore) -> Result<Exit, Failure> {
    let config = Config::read(&arguments.config)?;
    let file = file(&config)?;
    if let Some(folder) = file.parent() {
        std::fs::create_dir_all(folder).map_err(|error| {
            Failure::failed(format!("{} cannot be made: {error}", folder.display()))
        })?;
    }
    SqliteStore::restore(&arguments.from, &file).map_err(Failure::usage)?;
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    tell(&runtime, &file, arguments.format, &config)
}

fn file(config: &Config) -> Result<PathBuf, Failure> {
    match config.store.place()? {
        Place::Folder(folder) => Ok(folder.join(FILE)),
        Place::Postgres(_) => Err(Failure::usage(
            "the records are in PostgreSQL: back it up with its own tools, see docs/operator.md",
        )),
    }
}

/// Says what is in a store: a hash for each organisation, the same wherever the same is stored.
fn tell(
    runtime: &tokio::runtime::Runtime,
    file: &Path,
    format: Format,
    config: &Config,
) -> Result<Exit, Failure> {
    let hashes = runtime.block_on(async {
        let store = SqliteStore::open(file, Options::default()).map_err(Failure::failed)?;
        let mut hashes = Vec::new();
        for tenant in config.tenants() {
            let hash = store.fingerprint(&tenant).await.map_err(Failure::failed)?;
            hashes.push((tenant, hash));
        }
        Ok::<Vec<(Tenant, String)>, Failure>(hashes)
    })?;
    match format {
        Format::Json => output::print_json(&json!({
            "file": file.display().to_string(),
            "organisations": hashes
                .iter()
                .map(|(tenant, hash)| json!({
                    "organisation": config.organisation(tenant),
                    "hash": hash,
                }))
                .collect::<Vec<_>>(),
        }))?,
        Format::Text => {
            let mut text = format!("{}\n", file.display());
            for (tenant, hash) in &hashes {
                text.push_str(&format!("  {}  {hash}\n", config.organisation(tenant)));
            }
            output::print(&text)?;
        }
    }
    Ok(Exit::Fine)
}
