//! `causeway rebuild`: past files, read again with the mapping that is active now.

use super::arguments::Rebuild;
use super::opened::{Opened, agrees, left_alone, undecided};
use super::submissions::told;
use crate::cli::Format;
use crate::exit::{Exit, Failure};
use crate::output;

/// Runs the command: it shows what would change before it changes anything.
pub fn run(arguments: &Rebuild) -> Result<Exit, Failure> {
    let by = arguments.who.by()?;
    let opened = Opened::at(&arguments.place)?;
    let (works, tenant) = (&opened.works, &opened.tenant);
    let plan = opened
        .runtime
        .block_on(works.pipeline.plan_rebuild(tenant, &arguments.source))
        .map_err(undecided)?;
    match arguments.place.format {
        Format::Text => output::print(&plan.to_text())?,
        Format::Json => output::print_json(&plan)?,
    }
    if !agrees("Read them again?", arguments.yes)? {
        return left_alone();
    }
    let begun = opened
        .runtime
        .block_on(works.decisions.rebuild(tenant, &arguments.source, &by))
        .map_err(undecided)?;
    let outcome = opened.follow_up(&arguments.who)?;
    told(arguments.place.format, "rebuild", outcome, &begun)
}
