//! Who is known, by the configuration file and by what operators recorded in the store.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use access::Access;
use api::Providers;
use auth::Auth;
use directory::{Known, Problem};
use store::{Store, Tenant};
use submission::Pipeline;

use crate::config::{Config, Organisation};
use crate::exit::Failure;
use crate::service::providers;

/// How often a server looks whether something was recorded.
const EVERY: Duration = Duration::from_secs(1);

/// What the configuration file says.
pub fn of_file(config: &Config) -> Known {
    let organisations = config.access.tenants.iter().map(|tenant| {
        let profile = config
            .organisations
            .iter()
            .find(|known| known.ods.eq_ignore_ascii_case(&tenant.organisation));
        directory::Organisation {
            tenant: tenant.name.clone(),
            ods: tenant.organisation.clone(),
            name: profile.map_or_else(|| tenant.organisation.clone(), |known| known.name.clone()),
            phone: profile.and_then(|known| known.phone.clone()),
            identifiers: profile
                .map(|known| known.identifiers.clone())
                .unwrap_or_default(),
        }
    });
    Known::of_file(
        organisations,
        &config.auth.clients,
        &config.access.agreements,
    )
}

/// The configuration with what is recorded laid over it.
pub async fn laid_over(config: Config, store: &dyn Store) -> Result<Config, Failure> {
    let rows = store.directory().await.map_err(Failure::failed)?;
    if rows.is_empty() {
        return Ok(config);
    }
    let known = of_file(&config).with(&rows).map_err(Failure::usage)?;
    known.check().map_err(|problem| {
        Failure::usage(format!(
            "{problem}: the configuration file and what was recorded with `causeway tenant`, `client` and `agreement` do not fit together"
        ))
    })?;
    Ok(replaced(config, &known))
}

/// The configuration with these in place of those that the file names.
fn replaced(mut config: Config, known: &Known) -> Config {
    config.access = known.access();
    config.auth.clients = known.auth();
    config.organisations = organisations(known);
    config
}

fn organisations(known: &Known) -> Vec<Organisation> {
    known
        .organisations
        .values()
        .map(|organisation| Organisation {
            ods: organisation.ods.clone(),
            name: organisation.name.clone(),
            phone: organisation.phone.clone(),
            identifiers: organisation.identifiers.clone(),
        })
        .collect()
}

/// What of a running server goes by who is known.
pub struct Live {
    /// Who calls.
    pub auth: Auth,
    /// Who may see whom: shared by the interface and the ways out.
    pub access: Access,
    /// What readers of a summary are shown of the providers.
    pub providers: Providers,
    /// By which codes files may name their senders.
    pub pipeline: Pipeline,
}

impl Live {
    /// Goes by what is recorded from now on, within a second of its being recorded. Runs until it is
    /// aborted.
    pub async fn follow(self, store: Arc<dyn Store>, file: Known) {
        directory::watch(store, file, EVERY, move |known| self.apply(known)).await;
    }

    fn apply(&self, known: &Known) -> Result<(), Problem> {
        // Who may see whom goes first: in between, nobody sees more than before or after.
        self.access
            .replace(known.access())
            .map_err(|error| Problem::new(error.to_string()))?;
        self.auth
            .replace_clients(&known.auth())
            .map_err(|error| Problem::new(error.to_string()))?;
        let tenants = known.access().tenants;
        self.providers
            .replace(providers(&tenants, &organisations(known)));
        let senders: BTreeMap<Tenant, _> = tenants
            .iter()
            .map(|tenant| {
                (
                    Tenant::new(tenant.name.as_str()),
                    known.identifiers(&tenant.name),
                )
            })
            .collect();
        self.pipeline.replace_senders(senders);
        Ok(())
    }
}
