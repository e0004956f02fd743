//! FHIR packages: `causeway packages`, and which packages the other commands use.

mod add;
mod list;
mod registry;
mod settings;
mod tell;

use crate::cli::{PackageAction, Packages};
use crate::exit::{Exit, Failure};

pub use settings::Settings;

/// Runs the command.
pub fn run(arguments: &Packages) -> Result<Exit, Failure> {
    match &arguments.action {
        PackageAction::Add(arguments) => add::run(arguments),
        PackageAction::List(arguments) => list::list(arguments),
        PackageAction::Info(arguments) => list::info(arguments),
        PackageAction::Remove(arguments) => list::remove(arguments),
    }
}
