//! `causeway serve`.

use std::io::IsTerminal as _;

use tracing_subscriber::EnvFilter;

use crate::cli::Serve;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::import::open_store;
use crate::knowledge::Knowledge;
use crate::service::{Service, listen, serve};

/// Runs the command.
pub fn run(arguments: &Serve) -> Result<Exit, Failure> {
    log_to_stderr("info");
    install_tls();
    let config = Config::read(&arguments.config)?;
    // Read now although only `import` makes ids, so that a server without its secret does not start.
    config.id_secret()?;
    if let Some(risk) = &config.summary.publish_location_of_untraced {
        tracing::warn!(
            accepted_by = risk.accepted_by,
            on = risk.on,
            reason = risk.reason,
            "the location of untraced people is published"
        );
    }
    let knowledge = Knowledge::embedded();
    let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
    runtime.block_on(async {
        let store = open_store(&config.store.folder)?;
        let router = Service::from_config(&config, store, &knowledge)?
            .router(&knowledge)
            .await?;
        let listener = listen(config.server.listen).await?;
        tracing::info!(listen = %config.server.listen, base = config.server.base, "serving");
        serve(listener, router).await
    })?;
    Ok(Exit::Fine)
}

/// Sends log lines to standard error: text, or JSON where `CAUSEWAY_LOG=json`.
pub fn log_to_stderr(default: &str) {
    let filter = EnvFilter::try_from_default_env().unwrap_or_else(|_| EnvFilter::new(default));
    let builder = tracing_subscriber::fmt()
        .with_env_filter(filter)
        .with_ansi(std::io::stderr().is_terminal())
        .with_writer(std::io::stderr);
    let outcome = if std::env::var("CAUSEWAY_LOG").as_deref() == Ok("json") {
        builder.json().try_init()
    } else {
        builder.try_init()
    };
    if let Err(error) = outcome {
        eprintln!("causeway: log lines go nowhere: {error}");
    }
}

/// Chooses the one TLS implementation of the program.
pub fn install_tls() {
    // An error means that it was chosen before, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
