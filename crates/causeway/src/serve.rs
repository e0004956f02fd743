//! `causeway serve`.

use crate::cli::Serve;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::import::open_store;
use crate::knowledge::Knowledge;
use crate::observe;
use crate::service::{Service, listen, serve};

/// Runs the command.
pub fn run(arguments: &Serve) -> Result<Exit, Failure> {
    observe::start("info");
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
    let knowledge =
        Knowledge::configured(&config.packages, &config.terminology, &arguments.package)?;
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

/// Chooses the one TLS implementation of the program.
pub fn install_tls() {
    // An error means that it was chosen before, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
