//! MESH mailboxes and watched folders, as the configuration names them.

use std::sync::Arc;

use diagnostics::Issue;
use store::{Store, Tenant};
use ways_in::{Ways, WaysIn};

use crate::config::Config;
use crate::exit::Failure;
use crate::works::{Crew, Works};

/// Begins to watch. To be called within a runtime.
pub fn start(
    config: &Config,
    store: Arc<dyn Store>,
    works: &Works,
    crew: &Crew,
) -> Result<WaysIn, Failure> {
    let crew = crew.clone();
    let tenants = config.access.tenants.clone();
    let watched = WaysIn::start(Ways {
        mailboxes: config.mesh.clone(),
        folders: config.folder.clone(),
        intake: works.intake.clone(),
        tenant_of: Arc::new(move |organisation| {
            tenants
                .iter()
                .find(|tenant| tenant.organisation == organisation)
                .map(|tenant| Tenant::new(tenant.name.as_str()))
        }),
        queued: Arc::new(move || crew.wake()),
        store,
    })
    .map_err(|issue| told(&issue))?;
    for settings in &config.mesh {
        tracing::info!(mailbox = %settings.mailbox, "a MESH mailbox is watched");
    }
    for settings in &config.folder {
        tracing::info!(folder = %settings.path.display(), "a folder is watched");
    }
    Ok(watched)
}

/// Checks what can be checked without opening anything; what may be meant so is a remark.
pub fn check(config: &Config) -> Result<Vec<String>, Failure> {
    ways_in::check(&config.mesh, &config.folder).map_err(|issue| told(&issue))?;
    let mut named = Vec::new();
    for settings in &config.mesh {
        named.extend(settings.routes.iter().map(|route| &route.organisation));
    }
    for settings in &config.folder {
        named.extend(settings.sources.iter().map(|source| &source.organisation));
    }
    named.sort();
    named.dedup();
    named.retain(|organisation| config.tenant(organisation).is_err());
    Ok(named
        .into_iter()
        .map(|organisation| {
            format!(
                "files are to come for {organisation}, which is not under [[access.tenants]]: they are left where they are until it is known"
            )
        })
        .collect())
}

fn told(issue: &Issue) -> Failure {
    let help = issue.help.as_deref().unwrap_or_default();
    Failure::usage(format!("{}\n{help}", issue.message))
}
