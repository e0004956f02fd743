//! What changes a store: installing, activating, rolling back.

use std::sync::Arc;

use mapping_registry::{Registry, RegistryError};
use serde_json::json;
use store::{MappingOutcome, MappingStamp, Store};

use super::arguments::{Activate, Install, Place, Rollback};
use crate::chosen::refused;
use crate::cli::Format;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::import::registry;
use crate::knowledge::Knowledge;
use crate::{known, locate, output, stores};

/// A server's store, opened for its mappings.
pub(super) struct Opened {
    pub(super) config: Config,
    pub(super) store: Arc<dyn Store>,
    pub(super) registry: Registry,
    pub(super) runtime: tokio::runtime::Runtime,
}

impl Opened {
    pub(super) fn at(place: &Place) -> Result<Self, Failure> {
        let config = Config::read(&place.config)?;
        let knowledge = Knowledge::configured(&config.packages, &config.terminology, &[])?;
        let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
        let store = runtime.block_on(stores::open(&config.store))?;
        let config = runtime.block_on(known::laid_over(config, store.as_ref()))?;
        let registry = registry(store.clone(), &knowledge, config.server.mode.gate());
        Ok(Self {
            config,
            store,
            registry,
            runtime,
        })
    }
}

/// `causeway mappings install`.
pub fn install(arguments: &Install) -> Result<Exit, Failure> {
    let files = locate::files(&arguments.folder)?;
    let opened = Opened::at(&arguments.place)?;
    let by = match &arguments.by {
        Some(by) => by.clone(),
        None => ["USER", "LOGNAME", "USERNAME"]
            .into_iter()
            .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
            .ok_or_else(|| Failure::usage("say who installs it, for the record: --by NAME"))?,
    };
    let installed = opened
        .runtime
        .block_on(opened.registry.install(files.as_ref(), &by));
    let (stamp, outcome) = installed.map_err(|error| {
        if let RegistryError::Errors(loaded) = &error {
            for issue in diagnostics::errors(&loaded.issues) {
                eprint!("{}", locate::render(issue, &loaded.sources));
            }
        }
        refused(error)
    })?;
    let reviews = opened
        .runtime
        .block_on(opened.store.reviews(&stamp.hash))
        .map_err(Failure::failed)?;
    let (new, added) = match outcome {
        MappingOutcome::Installed { new, reviews } => (new, reviews),
        _ => (false, 0),
    };
    match arguments.place.format {
        Format::Json => output::print_json(&json!({
            "name": stamp.name,
            "version": stamp.version,
            "hash": stamp.hash,
            "new": new,
            "reviewsAdded": added,
            "reviewed": !reviews.is_empty(),
        }))?,
        Format::Text => {
            let what = match (new, added) {
                (true, _) => "installed",
                (false, 0) => "installed already; nothing has changed",
                (false, _) => "installed already; its review was added",
            };
            let review = match reviews.last() {
                None => "not clinically reviewed: in production it cannot be activated".to_owned(),
                Some(review) => format!("reviewed {} by {}", review.date, review.reviewer),
            };
            output::print(&format!(
                "{}@{} {what} (content {})\n{review}\n",
                stamp.name, stamp.version, stamp.hash
            ))?;
        }
    }
    Ok(Exit::Fine)
}

/// `causeway mappings activate`.
pub fn activate(arguments: &Activate) -> Result<Exit, Failure> {
    let Some((name, version)) = arguments.mapping.split_once('@') else {
        return Err(Failure::usage(format!(
            "{} names no version: write NAME@VERSION, as `causeway mappings list` shows it",
            arguments.mapping
        )));
    };
    let opened = Opened::at(&arguments.place)?;
    let tenant = opened.config.tenant(&arguments.whose.organisation)?;
    let source = arguments.whose.source.as_deref();
    let outcome = opened
        .runtime
        .block_on(
            opened
                .registry
                .activate(&tenant, source, name, version, &arguments.whose.by),
        )
        .map_err(refused)?;
    let whose = whose(&arguments.whose.organisation, source);
    let (text, before) = match outcome {
        MappingOutcome::AlreadyActive => (
            format!("{name}@{version} was active for {whose} already; nothing has changed\n"),
            None,
        ),
        MappingOutcome::Activated { before } => {
            let instead = match &before {
                Some(before) => format!(", instead of {}", before.version),
                None => String::new(),
            };
            (
                format!("{name}@{version} is active for {whose}{instead}\n"),
                before,
            )
        }
        _ => (String::new(), None),
    };
    tell(
        arguments.place.format,
        &text,
        &json!({
            "active": { "name": name, "version": version },
            "before": before.as_ref().map(named),
            "organisation": arguments.whose.organisation,
            "source": source,
        }),
    )
}

/// `causeway mappings rollback`.
pub fn roll_back(arguments: &Rollback) -> Result<Exit, Failure> {
    let opened = Opened::at(&arguments.place)?;
    let tenant = opened.config.tenant(&arguments.whose.organisation)?;
    let source = arguments.whose.source.as_deref();
    let name = arguments
        .mapping
        .split_once('@')
        .map_or(arguments.mapping.as_str(), |(name, _)| name);
    let outcome = opened
        .runtime
        .block_on(
            opened
                .registry
                .roll_back(&tenant, source, name, &arguments.whose.by),
        )
        .map_err(refused)?;
    let MappingOutcome::RolledBack { from, to } = outcome else {
        return Err(Failure::failed("the store gave no answer to the roll-back"));
    };
    let whose = whose(&arguments.whose.organisation, source);
    tell(
        arguments.place.format,
        &format!(
            "{}@{} is active for {whose} again, instead of {}\nwhat {} stored stays until a file is read again: send the last export once more\n",
            to.name, to.version, from.version, from.version
        ),
        &json!({
            "active": named(&to),
            "before": named(&from),
            "organisation": arguments.whose.organisation,
            "source": source,
        }),
    )
}

fn named(stamp: &MappingStamp) -> serde_json::Value {
    json!({ "name": stamp.name, "version": stamp.version, "hash": stamp.hash })
}

fn whose(organisation: &str, source: Option<&str>) -> String {
    match source {
        None => organisation.to_owned(),
        Some(source) => format!("{organisation}, source {source}"),
    }
}

fn tell(format: Format, text: &str, value: &serde_json::Value) -> Result<Exit, Failure> {
    match format {
        Format::Text => output::print(text)?,
        Format::Json => output::print_json(value)?,
    }
    Ok(Exit::Fine)
}
