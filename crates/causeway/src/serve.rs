//! `causeway serve`.

use std::sync::Arc;

use store::Store;

use crate::cli::Serve;
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::pulse::Pulse;
use crate::service::{Service, listen, serve};
use crate::ways_out::WaysOut;
use crate::works::{self, Crew, Works};
use crate::{known, observe, review, stores, ways};

/// Runs the command.
pub fn run(arguments: &Serve) -> Result<Exit, Failure> {
    observe::start("info");
    install_tls();
    let config = Config::read(&arguments.config)?;
    // A server without its secret does not start.
    config.id_secret()?;
    let tracing = config.pds.as_ref().map(review::Pds::tracing).transpose()?;
    works::arm(config.server.mode.gate())?;
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
        let store = stores::open(&config.store).await?;
        let file = known::of_file(&config);
        let config = known::laid_over(config, store.as_ref()).await?;
        only_reviewed(&config, store.as_ref()).await?;
        let works = Works::configured(&config, store.clone(), &knowledge)?;
        // Bound before a worker starts: a process that cannot serve takes no job.
        let listener = listen(config.server.listen).await?;
        let crew = Crew::none();
        let desk = works.desk(&config.submissions, &crew);
        let mut service = Service::from_config(&config, store.clone(), desk, &knowledge).await?;
        let health = Arc::new(api::Health::default());
        service.api.health = Some(health.clone());
        let location = service.api.summary.clone();
        let providers = service.api.providers.clone();
        let access = service.access.clone();
        let (router, auth) = service.router(&knowledge).await?;
        let watched = ways::start(&config, store.clone(), &works, &crew)?;
        let sending = WaysOut::start(&config, store.clone(), &access, &location).await?;
        let live = known::Live {
            auth,
            access,
            providers,
            pipeline: works.pipeline.clone(),
        };
        tokio::spawn(live.follow(store.clone(), file));
        crew.start(&works, &config.submissions);
        tokio::spawn(Pulse::new(store.clone(), config.tenants(), health).run());
        tokio::spawn(review::watch(store, config.tenants(), tracing));
        tracing::info!(
            listen = %config.server.listen,
            base = config.server.base,
            mode = ?config.server.mode,
            "serving"
        );
        if let Some(banner) = config.server.mode.shown().banner() {
            tracing::warn!("{banner}");
        }
        let outcome = serve(listener, router, crew).await;
        watched.stop().await;
        sending.stop().await;
        outcome
    })?;
    Ok(Exit::Fine)
}

/// In production nothing is served that a mapping made which no clinician has reviewed (CS-21). Such
/// data can only be there from a time when the server was a test system, and a test system's data
/// has no place in anybody's care: the server does not start over it.
async fn only_reviewed(config: &Config, store: &dyn Store) -> Result<(), Failure> {
    if !config.server.mode.gate().asks_for_review() {
        return Ok(());
    }
    let used = store.used().await.map_err(Failure::failed)?;
    let unreviewed: Vec<String> = used
        .iter()
        .filter(|used| !used.reviewed)
        .map(|used| {
            format!(
                "\n  {}: {} files by {}@{} (content {})",
                config.organisation(&used.tenant),
                used.submissions,
                used.stamp.name,
                used.stamp.version,
                used.stamp.hash.get(..12).unwrap_or(&used.stamp.hash)
            )
        })
        .collect();
    if unreviewed.is_empty() {
        return Ok(());
    }
    Err(Failure::usage(format!(
        "this server is in production, and {} holds records that mappings made which no clinician has reviewed (CS-21):{}\nhave exactly that content reviewed and installed (`causeway mappings review`, `causeway mappings install`), or begin with an empty [store] folder and send the exports again with reviewed mappings; a system that serves nobody's care says mode = \"test\" under [server]",
        config.store.shown(),
        unreviewed.concat()
    )))
}

/// Chooses the one TLS implementation of the program.
pub fn install_tls() {
    // An error means that it was chosen before, which is as well.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
