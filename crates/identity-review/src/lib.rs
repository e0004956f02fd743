//! Who is who, where a person has to look (CS-2, CS-3).
//!
//! [`examine`] looks for doubts about people whom a file has brought and puts them into the review
//! queue; [`Desk`] is where somebody reads the queue and decides; [`trace`] asks PDS about the people
//! of a tenant whose numbers nobody has traced.
//!
//! Invariants:
//! - Nothing here links anybody: the rule does ([`identity::link`]), or a person, whose decision holds
//!   for exactly the records that it names and is written with who, when and why.
//! - Each of the three can be stopped at any time and begun again: what was done is not done twice.
//! - No name, birth date or number is in a case, a log line or an error.

mod desk;
mod examine;
mod tracing_run;
mod words;

pub use desk::{Desk, NotDecided, Sign};
pub use examine::{Examined, examine};
pub use tracing_run::{TraceReport, TraceRun, trace};
pub use words::case_in_words;

use identity::Claim;
use store::{Sight, Store, Tenant};

/// What a stored Patient says of its person; nothing when it is not there to be read.
async fn claim_of(
    store: &dyn Store,
    sight: &Sight,
    tenant: &Tenant,
    patient: &str,
) -> Result<Option<(Claim, json::Value)>, store::Error> {
    let found = store.read(sight, "Patient", patient).await?;
    let Some(found) = found.filter(|found| found.tenant == *tenant) else {
        return Ok(None);
    };
    let resource = json::parse(&found.body)
        .map_err(|_| store::Error::Database("a stored Patient is not JSON any more".to_owned()))?;
    Ok(Some((Claim::of_patient(&resource), resource)))
}
