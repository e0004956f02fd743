//! `causeway import`: an export into the store of a server.

use std::sync::Arc;

use identity::IdSpace;
use jiff::Timestamp;
use mapping_registry::{Gate, Registry};
use search::Indexer;
use store::Store;
use submission::{Delivery, Pipeline, Report, ReportState, SubmitError};

use crate::chosen::Chosen;
use crate::cli::{Format, Import};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::known;
use crate::output;
use crate::progress::Progress;
use crate::stores;

/// Runs the command.
pub fn run(arguments: &Import) -> Result<Exit, Failure> {
    let config = Config::read(&arguments.config)?;
    if !arguments.input.exists() {
        return Err(Failure::input(format!(
            "there is no file {}",
            arguments.input.display()
        )));
    }
    let knowledge =
        Knowledge::configured(&config.packages, &config.terminology, &arguments.package)?;
    let gate = config.server.mode.gate();
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    let report = runtime.block_on(async {
        let store = stores::open(&config.store).await?;
        let config = known::laid_over(config, store.as_ref()).await?;
        let tenant = config.tenant(&arguments.organisation)?;
        let registry = registry(store.clone(), &knowledge, gate);
        let chosen = Chosen::of(
            &registry,
            &tenant,
            arguments.mapping.as_deref(),
            arguments.source.as_deref(),
            &knowledge,
        )
        .await?;
        if let Some(note) = &chosen.note {
            eprintln!("{note}");
        }
        let pipeline = pipeline(
            store,
            &knowledge,
            IdSpace::with_secret(&config.id_secret()?),
        )
        .with_gate(gate);
        let _progress = Progress::start("importing");
        pipeline
            .submit(Delivery {
                tenant,
                source: chosen.source,
                mapping: chosen.mapping,
                input: source::Input::path(&arguments.input),
                as_of: arguments.as_of.clone(),
                received: Timestamp::now(),
            })
            .await
            .map_err(|error| match error {
                SubmitError::Unreviewed(_) => Failure::usage(error),
                error => Failure::failed(error),
            })
    })?;
    match arguments.format {
        Format::Text => output::print(&report.to_text())?,
        Format::Json => output::print_json(&report)?,
    }
    Ok(exit_of(&report))
}

/// How a command ends that took a file in.
pub fn exit_of(report: &Report) -> Exit {
    match report.state {
        ReportState::Refused => Exit::Input,
        _ if report.counts.quarantined > 0 => Exit::Quarantined,
        _ => Exit::Fine,
    }
}

/// The mappings of a store.
pub fn registry(store: Arc<dyn Store>, knowledge: &Knowledge, gate: Gate) -> Registry {
    Registry::new(
        store,
        knowledge.definitions,
        knowledge.terminology.clone(),
        gate,
    )
}

/// The pipeline into a store.
pub fn pipeline(store: Arc<dyn Store>, knowledge: &Knowledge, ids: IdSpace) -> Pipeline {
    Pipeline::new(
        store,
        Arc::new(knowledge.validator()),
        Arc::new(Indexer::new(knowledge.definitions)),
        ids,
    )
}
