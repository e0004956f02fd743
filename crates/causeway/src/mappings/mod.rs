//! `causeway mappings`: reviewed, installed, activated, rolled back.

mod arguments;
mod folders;
mod listing;
mod steps;

pub use arguments::Mappings;

use arguments::Action;

use crate::exit::{Exit, Failure};

/// Runs the command.
pub fn run(arguments: &Mappings) -> Result<Exit, Failure> {
    match &arguments.action {
        Action::Review(arguments) => folders::review(arguments),
        Action::Status(arguments) => folders::status(arguments),
        Action::Install(arguments) => steps::install(arguments),
        Action::Activate(arguments) => steps::activate(arguments),
        Action::Rollback(arguments) => steps::roll_back(arguments),
        Action::List(arguments) => listing::list(arguments),
        Action::History(arguments) => listing::history(arguments),
    }
}
