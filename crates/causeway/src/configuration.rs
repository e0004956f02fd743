//! `causeway config check`: everything of a configuration that can be checked without a network.

use std::path::PathBuf;

use access::Access;
use clap::{Args, Subcommand};
use serde_json::json;

use crate::cli::Format;
use crate::config::{Config, Overlay, Place};
use crate::exit::{Exit, Failure};
use crate::output;
use crate::{ways, ways_out};

/// `causeway config`.
#[derive(Debug, Args)]
pub struct Configuration {
    /// What to do.
    #[command(subcommand)]
    pub action: Action,
}

/// What can be done with a configuration.
#[derive(Debug, Subcommand)]
pub enum Action {
    /// Check a configuration file with what the environment lays over it, the secrets and keys that it names included. Nothing is opened, changed or sent.
    #[command(
        after_help = "Examples:\n  causeway config check --config causeway.toml\n  CAUSEWAY__SERVER__LISTEN=0.0.0.0:8080 causeway config check --config causeway.toml\n\nExit codes: 0 it can be used, 2 it cannot."
    )]
    Check(Check),
}

/// `causeway config check`.
#[derive(Debug, Args)]
pub struct Check {
    /// The configuration file.
    #[arg(long)]
    pub config: PathBuf,
    /// How it is printed.
    #[arg(long, value_enum, default_value_t = Format::Text)]
    pub format: Format,
}

/// Runs the command.
pub fn run(arguments: &Configuration) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::Check(check) => run_check(check),
    }
}

fn run_check(arguments: &Check) -> Result<Exit, Failure> {
    let config = Config::read(&arguments.config)?;
    let overlay = Overlay::of_environment().map_err(Failure::usage)?;
    let over: Vec<&str> = overlay.names().collect();
    let remarks = checked(&config)?;
    let place = match config.store.place()? {
        Place::Folder(folder) => format!("SQLite in {}", folder.display()),
        Place::Postgres(_) => "PostgreSQL".to_owned(),
    };
    let keys = config.submissions.archive_keys()?;
    match arguments.format {
        Format::Json => output::print_json(&json!({
            "usable": true,
            "mode": format!("{:?}", config.server.mode).to_lowercase(),
            "listen": config.server.listen.to_string(),
            "base": config.server.base,
            "store": place,
            "organisations": config.access.tenants.len(),
            "clients": config.auth.clients.len(),
            "agreements": config.access.agreements.len(),
            "archiveKeys": keys.names().collect::<Vec<_>>(),
            "environment": over,
            "remarks": remarks,
        }))?,
        Format::Text => {
            let mut text = format!(
                "{} can be used\n  {:?} mode, listening on {}, known as {}\n  records in {place}; raw files {}\n  {} organisations, {} clients, {} agreements\n",
                arguments.config.display(),
                config.server.mode,
                config.server.listen,
                config.server.base,
                match keys.names().last() {
                    None => "are kept unencrypted".to_owned(),
                    Some(name) => format!("are encrypted with the key {name}"),
                },
                config.access.tenants.len(),
                config.auth.clients.len(),
                config.access.agreements.len(),
            );
            if !over.is_empty() {
                text.push_str(&format!("  from the environment: {}\n", over.join(", ")));
            }
            for remark in &remarks {
                text.push_str(&format!("  please check: {remark}\n"));
            }
            output::print(&text)?;
        }
    }
    Ok(Exit::Fine)
}

/// Checks what one part of a configuration says of another. What may be meant so is a remark.
fn checked(config: &Config) -> Result<Vec<String>, Failure> {
    config.auth.check().map_err(Failure::usage)?;
    Access::new(config.access.clone()).map_err(Failure::usage)?;
    config.id_secret()?;
    if let Some(pds) = &config.pds {
        pds.client()?;
    }
    let mut remarks = ways::check(config)?;
    ways_out::check(config)?;
    for client in &config.auth.clients {
        let Some(tenant) = &client.tenant else {
            let shared = |consumer: &str| consumer.eq_ignore_ascii_case(&client.organisation);
            if !config
                .access
                .agreements
                .iter()
                .any(|agreement| shared(&agreement.consumer))
            {
                remarks.push(format!(
                    "the client {} is a consumer of {}, which no agreement names: it sees nobody",
                    client.id, client.organisation
                ));
            }
            continue;
        };
        let known = config
            .access
            .tenants
            .iter()
            .find(|known| known.name == *tenant);
        match known {
            None => {
                return Err(Failure::usage(format!(
                    "auth.clients: {} is of the tenant {tenant}, which access.tenants does not name",
                    client.id
                )));
            }
            Some(known)
                if !known
                    .organisation
                    .eq_ignore_ascii_case(&client.organisation) =>
            {
                return Err(Failure::usage(format!(
                    "auth.clients: {} is of {}, and its tenant {tenant} is of {}: a client acts for its own organisation",
                    client.id, client.organisation, known.organisation
                )));
            }
            Some(_) => {}
        }
    }
    for organisation in &config.organisations {
        if !config
            .access
            .tenants
            .iter()
            .any(|tenant| tenant.organisation.eq_ignore_ascii_case(&organisation.ods))
        {
            remarks.push(format!(
                "organisations names {}, which is no tenant's organisation",
                organisation.ods
            ));
        }
    }
    for tenant in &config.access.tenants {
        let profile = config
            .organisations
            .iter()
            .find(|known| known.ods.eq_ignore_ascii_case(&tenant.organisation));
        if profile.is_none_or(|profile| profile.phone.is_none()) {
            remarks.push(format!(
                "{} has no telephone number under [[organisations]]: a summary that may be incomplete cannot say whom to ask",
                tenant.organisation
            ));
        }
    }
    Ok(remarks)
}
