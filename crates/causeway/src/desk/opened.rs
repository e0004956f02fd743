//! A server's store, opened for one of its organisations.

use std::io::{BufRead as _, IsTerminal as _, Write as _};
use std::sync::Arc;

use access::Access;
use store::{Sight, Store, Tenant};
use submission::{By, Undecided};

use super::arguments::{Place, Who};
use crate::config::Config;
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::works::Works;
use crate::{known, output, stores};

/// Everything that a command needs.
pub struct Opened {
    /// The organisation.
    pub tenant: Tenant,
    /// Everything of it.
    pub sight: Sight,
    /// The store.
    pub store: Arc<dyn Store>,
    /// What acts on it.
    pub works: Works,
    /// What waits for answers.
    pub runtime: tokio::runtime::Runtime,
}

impl Opened {
    /// Opens it.
    pub fn at(place: &Place) -> Result<Self, Failure> {
        let config = Config::read(&place.config)?;
        let knowledge = Knowledge::configured(&config.packages, &config.terminology, &[])?;
        let runtime = tokio::runtime::Runtime::new().map_err(Failure::failed)?;
        let store = runtime.block_on(stores::open_existing(&config.store))?;
        let config = runtime.block_on(known::laid_over(config, store.as_ref()))?;
        let tenant = match (&place.organisation, config.tenants().as_slice()) {
            (Some(ods), _) => config.tenant(ods)?,
            (None, [only]) => only.clone(),
            (None, _) => {
                return Err(Failure::usage(
                    "this server has several organisations: say which, by its ODS code, with --organisation",
                ));
            }
        };
        let works = Works::configured(&config, store.clone(), &knowledge)?;
        Ok(Self {
            sight: Access::pipeline(&tenant),
            tenant,
            store,
            works,
            runtime,
        })
    }

    /// What follows from a decision is done here where that is asked for, and otherwise told.
    pub fn follow_up(&self, who: &Who) -> Result<&'static str, Failure> {
        if !who.now {
            return Ok("queued; a running server does it");
        }
        self.runtime
            .block_on(submission::work_off(&self.works.pipeline))
            .map_err(Failure::failed)?;
        Ok("done")
    }
}

impl Who {
    /// Who decides: as they say, else the user who is logged in.
    pub fn by(&self) -> Result<By, Failure> {
        let who = self
            .by
            .clone()
            .or_else(|| {
                ["USER", "LOGNAME", "USERNAME"]
                    .into_iter()
                    .find_map(|name| std::env::var(name).ok().filter(|user| !user.is_empty()))
            })
            .ok_or_else(|| Failure::usage("say who decides, for the record: --by NAME"))?;
        Ok(By {
            who,
            note: self.note.clone(),
        })
    }
}

/// A decision that was not taken down, for the user.
pub fn undecided(error: Undecided) -> Failure {
    match error {
        Undecided::Store(error) => Failure::failed(error),
        other => Failure::usage(other),
    }
}

/// Asks on the terminal; what is no terminal cannot say yes.
pub fn agrees(question: &str, yes: bool) -> Result<bool, Failure> {
    if yes {
        return Ok(true);
    }
    if !std::io::stdin().is_terminal() {
        return Err(Failure::usage(
            "nothing was changed: run it again with --yes to do it",
        ));
    }
    output::print(&format!("{question} [y/N] "))?;
    let _ = std::io::stdout().flush();
    let mut line = String::new();
    std::io::stdin()
        .lock()
        .read_line(&mut line)
        .map_err(Failure::failed)?;
    Ok(matches!(line.trim(), "y" | "Y" | "yes"))
}

/// Said when the user did not agree.
pub fn left_alone() -> Result<Exit, Failure> {
    output::print("Nothing was changed.\n")?;
    Ok(Exit::Fine)
}
