//! `causeway`: the one binary. It reads the command line and the configuration, wires the crates
//! together, and says what happened; whatever it says, a crate below has decided.

mod backup;
mod check;
mod chosen;
mod cli;
mod config;
mod configuration;
mod convert;
mod demo;
mod desk;
mod diff_mapping;
mod exit;
mod explain;
mod import;
mod knowledge;
mod known;
mod locate;
mod mappings;
mod new_mapping;
mod observe;
mod onboarding;
mod out_file;
mod outbox;
mod output;
mod packages;
mod progress;
mod pulse;
mod revalidate;
mod review;
mod serve;
mod service;
mod stores;
mod submit;
mod terminology;
mod test;
mod validate;
mod ways;
mod ways_out;
mod works;

use std::process::ExitCode;

use clap::Parser as _;

use cli::{Cli, Command};

fn main() -> ExitCode {
    let cli = Cli::parse();
    let outcome = match cli.command {
        Command::Convert(arguments) => convert::run(&arguments),
        Command::Check(arguments) => check::run(&arguments),
        Command::NewMapping(arguments) => new_mapping::run(&arguments),
        Command::Test(arguments) => test::run(&arguments),
        Command::Explain(arguments) => explain::run(&arguments),
        Command::Validate(arguments) => validate::run(&arguments),
        Command::Revalidate(arguments) => revalidate::run(&arguments),
        Command::Packages(arguments) => packages::run(&arguments),
        Command::Terminology(arguments) => terminology::run(&arguments),
        Command::Mappings(arguments) => mappings::run(&arguments),
        Command::DiffMapping(arguments) => diff_mapping::run(&arguments),
        Command::Import(arguments) => import::run(&arguments),
        Command::Submit(arguments) => submit::run(&arguments),
        Command::Submissions(arguments) => desk::run_submissions(&arguments),
        Command::Quarantine(arguments) => desk::run_quarantine(&arguments),
        Command::Rebuild(arguments) => desk::run_rebuild(&arguments),
        Command::Archive(arguments) => desk::run_archive(&arguments),
        Command::Outbox(arguments) => outbox::run(&arguments),
        Command::Identity(arguments) => review::run(&arguments),
        Command::Tenant(arguments) => onboarding::tenants(&arguments),
        Command::Client(arguments) => onboarding::clients(&arguments),
        Command::Agreement(arguments) => onboarding::agreements(&arguments),
        Command::Backup(arguments) => backup::backup(&arguments),
        Command::Restore(arguments) => backup::restore(&arguments),
        Command::Config(arguments) => configuration::run(&arguments),
        Command::Serve(arguments) => serve::run(&arguments),
        Command::Demo(arguments) => demo::run(&arguments),
    };
    match outcome {
        Ok(exit) => exit.into(),
        Err(failure) => {
            eprintln!("causeway: {}", failure.message);
            failure.exit.into()
        }
    }
}
